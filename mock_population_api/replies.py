"""Answers given under a request ID, so that a request that is sent again is answered again and not done again.

An answer is remembered for 24 hours, in memory, as long as all of them together stay within a limit; then the oldest
are forgotten. A forgotten one is done again, which for every route is harmless: questions change nothing, enrichments
come out the same, and jobs have a key of their own. Only successes are remembered.
"""

import threading
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from mock_population_api.problems import Problem
from mock_population_api.security import Clock, now

KEPT = timedelta(hours=24)
_MOST_BYTES = 256 * 1024 * 1024
_OVERHEAD = 512


@dataclass(frozen=True)
class Reply:
    """An answer as it left."""

    status: int
    media_type: str
    body: bytes


@dataclass
class _Asked:
    """A request: what it asked, since when, and the packed answer once there is one."""

    fingerprint: bytes
    at: datetime
    status: int = 0
    media_type: str = ""
    packed: bytes | None = None

    def size(self) -> int:
        return _OVERHEAD + len(self.packed or b"")


class Replies:
    """What was answered to whom under which request ID. May be shared by threads."""

    def __init__(self, clock: Clock = now, most_bytes: int = _MOST_BYTES) -> None:
        self._clock = clock
        self._most_bytes = most_bytes
        self._bytes = 0
        self._asked: OrderedDict[tuple[str, str], _Asked] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, client: str, request_id: str, fingerprint: bytes) -> Reply | None:
        """The answer given before, or None: then the request is under way until `keep` or `drop`.

        Args:
            client: who asks; request IDs of others don't matter.
            request_id: of the request.
            fingerprint: of all that the answer depends on.

        Raises:
            Problem: request_id_reused for another request, request_in_flight while the first is under way.
        """
        with self._lock:
            self._forget_old()
            known = self._asked.get((client, request_id))
            if known is None:
                self._put((client, request_id), _Asked(fingerprint, self._clock()))
                return None
            if known.fingerprint != fingerprint:
                raise Problem("request_id_reused")
            if known.packed is None:
                raise Problem("request_in_flight", headers={"Retry-After": "1"})
            return Reply(known.status, known.media_type, zlib.decompress(known.packed))

    def keep(self, client: str, request_id: str, reply: Reply) -> None:
        """Remember the answer of a request that is under way."""
        packed = zlib.compress(reply.body, 1)
        with self._lock:
            asked = self._take((client, request_id))
            if asked is not None:
                asked.status, asked.media_type, asked.packed = reply.status, reply.media_type, packed
                self._put((client, request_id), asked)

    def drop(self, client: str, request_id: str) -> None:
        """Forget a request that came to nothing, so that it may be tried again."""
        with self._lock:
            self._take((client, request_id))

    def _put(self, key: tuple[str, str], asked: _Asked) -> None:
        self._asked[key] = asked
        self._bytes += asked.size()
        while self._bytes > self._most_bytes and len(self._asked) > 1:
            self._take(next(iter(self._asked)))

    def _take(self, key: tuple[str, str]) -> _Asked | None:
        asked = self._asked.pop(key, None)
        self._bytes -= asked.size() if asked else 0
        return asked

    def _forget_old(self) -> None:
        oldest_kept = self._clock() - KEPT
        while self._asked:
            key, asked = next(iter(self._asked.items()))
            if asked.at > oldest_kept:
                return
            self._take(key)

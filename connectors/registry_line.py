"""One request to the registry, until it is answered: token, headers, retries, breaker, what was said read.

No question, answer or header of a request ever enters an error or a log line; errors are raised outside of
`except` blocks, so that none carries an httpx2 exception, whose request holds people, as its context.
"""

import logging
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import httpx2

from connectors.errors import RegistryNonsense, RegistryProblem, RegistryRefused, RegistryUnreachable
from connectors.registry_messages import Call, Credentials, Failure, Identity, Reply, read_json
from connectors.registry_patience import Breaker, Clock, Limits, Pace, RetryBudget, backoff

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass
class _Effort:
    """The state of one `ask`: until when, under which ID, whether another token may help, how often tried."""

    ends: float
    request_id: str
    may_renew: bool
    tries: int = 0
    failures: int = 0
    token: str = field(default="", repr=False)


class Line:
    """Asks the registry and insists.

    Args:
        http: a client whose base URL is the registry; it is not closed here.
        credentials: for the token.
        identity: for the headers of every request.
        limits: patience.
        clock: time, sleep and chance.
    """

    def __init__(
        self,
        http: httpx2.Client,
        credentials: Credentials,
        identity: Identity,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._http = http
        self._identity = identity
        self._limits = limits
        self._clock = clock
        self._timeout = httpx2.Timeout(limits.timeout, connect=min(10.0, limits.timeout))
        self._budget = RetryBudget(limits, clock)
        self._breaker = Breaker(limits, clock)
        self._pace = Pace(clock)
        self._token = _Token(self, credentials, clock)

    def ask(self, call: Call, read: Callable[[Reply], _T]) -> _T:
        """Send a request until its answer can be read.

        Args:
            call: the request; every try carries the same request ID.
            read: makes something of a successful reply, or raises RegistryNonsense, upon which the request is
                tried again.

        Raises:
            RegistryUnreachable: no answer within the deadline or the tries, or the registry is down; or none at the first
                try of a call that is not insisted on.
            RegistryRefused: any status that a retry can't cure.
            RegistryNonsense: answers came, but none that could be read.
        """
        effort = _Effort(self._clock.now() + self._limits.deadline, str(uuid.uuid4()), call.authorised)
        self._budget.earn()
        while True:
            outcome = self._try(call, effort)
            if isinstance(outcome, Reply) and outcome.is_success:
                content = _content(outcome, read)
                if not isinstance(content, RegistryNonsense):
                    return content
                self._pause(call, effort, Failure("unreadable answer"), content)
            elif outcome.kind == "status 401" and effort.may_renew:
                effort.may_renew = False
                self._token.discard(effort.token)
            elif isinstance(outcome, Reply) and outcome.status == 401 and outcome.may_pass:
                self._token.discard(effort.token)
                self._pause(call, effort, outcome, RegistryRefused(401, outcome.problem_code))
            elif isinstance(outcome, Reply) and (
                not outcome.may_pass or outcome.problem_code in call.understood
            ):
                raise RegistryRefused(outcome.status, outcome.problem_code)
            else:
                self._pause(call, effort, outcome, RegistryUnreachable(self.url(call), effort.tries))

    def rest(self, tries: int) -> None:
        """Wait as before a try that follows so many."""
        self._clock.sleep(backoff(tries, self._limits, self._clock))

    def url(self, call: Call) -> str:
        """Where a call goes, without credentials and questions."""
        base = self._http.base_url
        port = f":{base.port}" if base.port else ""
        return f"{base.scheme}://{base.host}{port}{base.path.rstrip('/')}{call.route}"

    def _try(self, call: Call, effort: _Effort) -> Reply | Failure:
        headers = {**call.headers}
        if call.authorised:
            effort.token = self._token.current()
            headers |= self._identity.headers()
            headers |= {"Authorization": f"Bearer {effort.token}", "X-Request-ID": effort.request_id}
        self._await_turn(call, effort)
        effort.tries += 1
        outcome: Reply | Failure = Failure("interrupted")
        try:
            outcome = self._send(call, headers, effort)
        finally:
            self._learn(outcome)
        return outcome

    def _await_turn(self, call: Call, effort: _Effort) -> None:
        while not self._breaker.is_open():
            if (wait := self._pace.enter()) == 0.0:
                return
            if self._clock.now() + wait > effort.ends:
                break
            self._clock.sleep(wait)
        raise RegistryUnreachable(self.url(call), max(effort.tries, self._breaker.failures))

    def _learn(self, outcome: Reply | Failure) -> None:
        if isinstance(outcome, Failure):
            self._pace.leave({})
            self._breaker.failed()
            return
        self._pace.leave(outcome.headers, outcome.retry_after if outcome.status in {429, 503} else 0.0)
        if outcome.status >= 500:
            self._breaker.failed()
        else:
            self._breaker.succeeded()

    def _send(self, call: Call, headers: Mapping[str, str], effort: _Effort) -> Reply | Failure:
        request = self._http.build_request(
            call.method,
            call.path or call.route,
            params=dict(call.params) or None,
            content=call.content or None,
            headers=dict(headers),
            timeout=self._timeout,
        )
        try:
            response = self._http.send(request, stream=True, auth=None, follow_redirects=False)
            try:
                body = self._body(response, effort)
            finally:
                response.close()
        except (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, httpx2.InvalidURL) as error:
            return Failure(type(error).__name__, may_pass=False)
        except httpx2.HTTPError as error:
            return Failure(type(error).__name__)
        if body is None:
            return Failure("answer too slow or too long")
        return Reply(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body)

    def _body(self, response: httpx2.Response, effort: _Effort) -> bytes | None:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._limits.answer_bytes or self._clock.now() > effort.ends:
                return None
        return bytes(body)

    def _pause(self, call: Call, effort: _Effort, outcome: Reply | Failure, error: RegistryProblem) -> None:
        """Wait before the next try, or raise `error` when there is none."""
        effort.failures += outcome.kind != "status 429"
        if not (outcome.may_pass and call.insist) or effort.failures >= self._limits.attempts:
            raise error
        wait = backoff(effort.tries, self._limits, self._clock)
        # a little later than asked, lest all threads come back in the same instant
        asked = outcome.retry_after + min(wait, 1.0)
        # a 429 says itself when to come back, and holds everybody until then: it is no part of a storm
        wait = (
            asked
            if outcome.kind == "status 429" and outcome.retry_after
            else max(wait, asked, self._budget.spend())
        )
        if self._clock.now() + wait > effort.ends:
            raise error
        _log.info(
            "registry: %s, %s, try %d, next in %.1f s, request %s",
            call,
            outcome.kind,
            effort.tries,
            wait,
            effort.request_id,
        )
        self._clock.sleep(wait)


class _Token:
    """The access token, renewed before it expires and when the registry no longer takes it."""

    def __init__(self, line: Line, credentials: Credentials, clock: Clock) -> None:
        self._line = line
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        form = httpx2.QueryParams(
            grant_type="client_credentials",
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            scope=credentials.scope,
        )
        self._call = Call(
            "POST",
            "/oauth/token",
            content=str(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            authorised=False,
        )

    def current(self) -> str:
        """A token that is good for a while yet."""
        with self._lock:
            if not self._token or self._clock.now() >= self._renew_at:
                asked_at = self._clock.now()
                self._token, seconds = self._line.ask(self._call, _read_token)
                self._renew_at = asked_at + max(seconds - 60.0, seconds * 0.8)
            return self._token

    def discard(self, token: str) -> None:
        """Forget this token, unless another thread has renewed it already."""
        with self._lock:
            if self._token == token:
                self._token = ""


def _content(reply: Reply, read: Callable[[Reply], _T]) -> _T | RegistryNonsense:
    try:
        return read(reply)
    except RegistryNonsense as nonsense:
        return nonsense


def _read_token(reply: Reply) -> tuple[str, float]:
    content = read_json(reply, "POST /oauth/token")
    token, seconds = content.get("access_token"), content.get("expires_in")
    if not isinstance(token, str) or not re.fullmatch(r"[!-~]{1,8192}", token):
        raise RegistryNonsense("POST /oauth/token: field access_token")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 1e9:
        raise RegistryNonsense("POST /oauth/token: field expires_in")
    return token, float(seconds)

"""How fast something goes and how long it will still take."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pipelines.texts import Texts

_ENOUGH_SECONDS = 1.0
"""A rate from less than this is chance."""


@dataclass
class Headway:
    """Counts of one stage over time; a count that falls begins anew."""

    now: Callable[[], float] = time.monotonic
    _first: tuple[float, int] | None = field(default=None, init=False)
    _last: int = field(default=0, init=False)

    def of(self, done: int, total: int, text: Texts) -> str:
        """`12,000 / 100,000, 340 a second, 4.3 min left`; without a rate as long as there is none, or where it is less than one a second."""
        words = f"{text.number(done)} / {text.number(total)}"
        if self._first is None or done < self._last:
            self._first = (self.now(), done)
        self._last = done
        seconds, count = self.now() - self._first[0], done - self._first[1]
        if seconds < _ENOUGH_SECONDS or count <= 0 or done >= total:
            return words
        left = text.decimal((total - done) * seconds / count / 60)
        if count < seconds:
            return text("headway_slow", counts=words, minutes=left)
        return text("headway", counts=words, rate=text.number(round(count / seconds)), minutes=left)

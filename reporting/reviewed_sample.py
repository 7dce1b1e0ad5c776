"""How many automatic links are right, by people's word on a random sample of them, and how surely that is known."""

from dataclasses import dataclass
from functools import cached_property

from reporting.bounds import share_bounds

_EACH_SIDE = 0.975
"""Two sides at this confidence make an interval of 95 %."""


@dataclass(frozen=True)
class Sample:
    """Links that were drawn, by what people said of them."""

    right: int
    wrong: int
    unsure: int
    """Nobody could tell, or people differ."""
    waiting: int
    """Nobody has looked yet."""

    @property
    def judged(self) -> int:
        """Links that people call right or wrong."""
        return self.right + self.wrong

    @cached_property
    def _bounds(self) -> tuple[float, float]:
        return share_bounds(self.right, self.judged, _EACH_SIDE)

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval of the share that is right (Clopper and Pearson)."""
        return self._bounds[0]

    @property
    def high(self) -> float:
        """Its upper end."""
        return self._bounds[1]

    @cached_property
    def to_halve(self) -> int:
        """How many more must be looked at until the interval is half as wide, if they turn out as those before."""
        wanted, least, most = (self.high - self.low) / 2, self.judged, 5 * self.judged
        while least < most:
            middle = (least + most) // 2
            low, high = share_bounds(round(self.right / self.judged * middle), middle, _EACH_SIDE)
            least, most = (least, middle) if high - low <= wanted else (middle + 1, most)
        return least - self.judged

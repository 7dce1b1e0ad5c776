"""What each school does in the same way for all its records, drawn once a school."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from mock_population_api.assumptions import HabitAssumptions, Mix

Codes = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Habits:
    """Parallel columns, one element per school; each element the name of a form in `HabitAssumptions`."""

    encoding: Codes
    tone_style: Codes
    capitals: Codes
    spacing: Codes
    dates: Codes
    numbers: Codes
    gender: Codes
    places: Codes
    relations: Codes
    citizenship: Codes
    drops_thi: npt.NDArray[np.bool_]

    def of(self, schools: npt.NDArray[np.integer]) -> "Habits":
        """The habits of each record's school."""
        return Habits(*(getattr(self, field.name)[schools] for field in fields(self)))


def _draw(mix: Mix, count: int, rng: np.random.Generator) -> Codes:
    forms, weights = (
        np.array([form for form, _ in mix], dtype=object),
        np.array([weight for _, weight in mix]),
    )
    return forms[np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(count), side="right")]


def draw_habits(count: int, rates: HabitAssumptions, rng: np.random.Generator) -> Habits:
    """Habits for so many schools."""
    return Habits(
        encoding=_draw(rates.encoding, count, rng),
        tone_style=_draw(rates.tone_style, count, rng),
        capitals=_draw(rates.capitals, count, rng),
        spacing=_draw(rates.spacing, count, rng),
        dates=_draw(rates.dates, count, rng),
        numbers=_draw(rates.numbers, count, rng),
        gender=_draw(rates.gender, count, rng),
        places=_draw(rates.places, count, rng),
        relations=_draw(rates.relations, count, rng),
        citizenship=_draw(rates.citizenship, count, rng),
        drops_thi=rng.random(count) < rates.drops_thi,
    )

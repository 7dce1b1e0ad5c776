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


def draw_forms(mix: Mix, count: int, rng: np.random.Generator) -> Codes:
    """A form of the mix for each of so many."""
    forms, weights = (
        np.array([form for form, _ in mix], dtype=object),
        np.array([weight for _, weight in mix]),
    )
    return forms[np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(count), side="right")]


def draw_habits(count: int, rates: HabitAssumptions, rng: np.random.Generator) -> Habits:
    """Habits for so many schools."""
    return Habits(
        encoding=draw_forms(rates.encoding, count, rng),
        tone_style=draw_forms(rates.tone_style, count, rng),
        capitals=draw_forms(rates.capitals, count, rng),
        spacing=draw_forms(rates.spacing, count, rng),
        dates=draw_forms(rates.dates, count, rng),
        numbers=draw_forms(rates.numbers, count, rng),
        gender=draw_forms(rates.gender, count, rng),
        places=draw_forms(rates.places, count, rng),
        relations=draw_forms(rates.relations, count, rng),
        citizenship=draw_forms(rates.citizenship, count, rng),
        drops_thi=rng.random(count) < rates.drops_thi,
    )

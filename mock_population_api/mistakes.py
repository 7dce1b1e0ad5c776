"""The registry's own mistakes: a word of a name, a day, a year or a gender keyed in wrongly."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mock_population_api.assumptions import PeopleAssumptions
from mock_population_api.draws import Ints
from mock_population_api.households import People, years_of
from mock_population_api.naming import KINH, NOTHING, similar_given

Bools = npt.NDArray[np.bool_]

KINDS = ("name", "day", "year", "gender")
_GIVEN, _FIRST_MIDDLE = 3, 1


@dataclass(frozen=True)
class Registered:
    """What the registry holds of its people; differs from the people themselves where it is wrong."""

    names: Ints
    born: Ints
    female: Bools
    wrong: Bools
    """One column for each of `KINDS`."""


def _misheard(names: Ints, rng: np.random.Generator) -> Ints:
    """Another given name that sounds alike, or the first middle word lost."""
    heard, lost = names.copy(), names.copy()
    heard[:, _GIVEN] = similar_given(names[:, _GIVEN], rng.random(len(names)))
    lost[:, _FIRST_MIDDLE] = NOTHING
    drops = (rng.random(len(names)) < 0.5) & (names[:, _FIRST_MIDDLE] != NOTHING)
    return np.where(drops[:, None], lost, heard)


def keyed_in(people: People, names: Ints, rates: PeopleAssumptions, rng: np.random.Generator) -> Registered:
    """The people as their entries have them."""
    chances = (rates.wrong_name, rates.wrong_day, rates.wrong_year, rates.wrong_gender)
    wrong = rng.random((len(people), len(KINDS))) < np.array(chances)
    misheard = _misheard(names, rng)
    wrong[:, 0] &= (people.group == KINH) & (misheard != names).any(axis=1)
    shifted = people.born - rng.integers(1, 12, len(people))
    wrong[:, 1] &= years_of(shifted) == people.years()
    wrong[:, 2] &= ~wrong[:, 1]
    return Registered(
        names=np.where(wrong[:, :1], misheard, names),
        born=np.select([wrong[:, 1], wrong[:, 2]], [shifted, people.born - 365], people.born),
        female=people.female ^ wrong[:, 3],
        wrong=wrong,
    )


def listed(wrong: Bools) -> pa.ListArray:
    """The kinds of mistakes of each row, as lists of words."""
    rows, kinds = np.nonzero(wrong)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(wrong)))])
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.array(np.array(KINDS)[kinds], pa.string())
    )

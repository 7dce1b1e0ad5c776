"""Which numbers people hold: the personal ID, 12-digit numbers cancelled since, 9-digit numbers of before."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mock_population_api.assumptions import PeopleAssumptions
from mock_population_api.draws import Ints
from mock_population_api.geography import geography, read_reference
from mock_population_api.households import People, years_of
from mock_population_api.mistakes import Registered
from mock_population_api.personal_ids import Share, as_text, former_numbers, personal_ids, structure

Bools = npt.NDArray[np.bool_]

_LAST_YEAR_OF_NINE_DIGITS = 2001
_SHARED_RANGE = (271_450_001, 271_500_000)
_SHARED_PREFIX = 27
"""Numbers of this range were issued twice, in two neighbouring provinces of one prefix."""


@dataclass(frozen=True)
class HeldNumbers:
    """One personal ID each, and the others as lists."""

    current: Ints
    superseded: pa.ListArray
    former: pa.ListArray


def _lists(owners: Ints, numbers: Ints, width: int, count: int) -> pa.ListArray:
    order = np.lexsort((numbers, owners))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=count))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), as_text(numbers[order], width))


def _current_and_superseded(
    people: People, registered: Registered, rates: PeopleAssumptions, rng: np.random.Generator, share: Share
) -> tuple[Ints, pa.ListArray]:
    codes = np.array([int(code) for code in geography().province_codes])
    province, year = codes[people.birth_province], years_of(registered.born)
    owners = np.flatnonzero(rng.random(len(people)) < rates.superseded)
    why = rng.integers(0, 3, len(owners))
    before = structure(
        np.where(why == 0, codes[people.home[owners]], province[owners]),
        registered.female[owners] ^ (why == 1),
        year[owners] - (why == 2),
    )
    # drawn together, so that a cancelled number is nobody's number today
    numbers = personal_ids(np.concatenate([structure(province, registered.female, year), before]), share)
    return numbers[: len(people)], _lists(owners, numbers[len(people) :], 12, len(people))


def _prefixes(provinces: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """An issuing prefix of each province (positions among the 63) and its number of digits."""
    codes = geography().province_codes
    table: list[list[str]] = [[] for _ in codes]
    for row in read_reference("cmnd_prefixes.csv"):
        table[codes.index(row["province_code"])].append(row["prefix"])
    most = max(len(prefixes) for prefixes in table)
    filled = [[prefixes[at % len(prefixes)] for at in range(most)] for prefixes in table]
    picks = rng.integers(0, most, len(provinces))
    numbers = np.array([[int(prefix) for prefix in row] for row in filled])[provinces, picks]
    widths = np.array([[len(prefix) for prefix in row] for row in filled])[provinces, picks]
    return numbers, widths


def _issued_twice(numbers: Ints, rates: PeopleAssumptions, rng: np.random.Generator) -> Ints:
    """Some numbers handed out a second time, and those of the range that two provinces shared."""
    again = np.flatnonzero(rng.random(len(numbers)) < rates.number_issued_twice)
    numbers = numbers.copy()
    numbers[again] = numbers[rng.integers(0, max(len(numbers), 1), len(again))]
    shared = np.flatnonzero(
        (numbers // 10**7 == _SHARED_PREFIX) & (rng.random(len(numbers)) < rates.number_of_shared_range)
    )
    numbers[shared] = rng.integers(_SHARED_RANGE[0], _SHARED_RANGE[1] + 1, len(shared))
    half = len(shared) // 2
    numbers[shared[half : 2 * half]] = numbers[shared[:half]]
    return numbers


def _former(people: People, rates: PeopleAssumptions, rng: np.random.Generator, share: Share) -> pa.ListArray:
    old_enough = people.years() <= _LAST_YEAR_OF_NINE_DIGITS
    first = np.flatnonzero(old_enough & (rng.random(len(people)) < rates.holds_former_number))
    second = first[rng.random(len(first)) < rates.second_former_number]
    provinces = np.concatenate([people.birth_province[first], people.home[second]])
    numbers = former_numbers(*_prefixes(provinces, rng), share)
    return _lists(
        np.concatenate([first, second]),
        _issued_twice(numbers, rates, rng),
        9,
        len(people),
    )


def hold_numbers(
    people: People, registered: Registered, rates: PeopleAssumptions, rng: np.random.Generator, share: Share
) -> HeldNumbers:
    """Numbers for everybody.

    Raises:
        NumbersExhausted: when a group of personal IDs is used up.
    """
    current, superseded = _current_and_superseded(people, registered, rates, rng, share)
    return HeldNumbers(current, superseded, _former(people, rates, rng, share))

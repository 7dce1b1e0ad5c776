"""One batch of the country: its people, their names and numbers, and the entries the registry has of them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.independent import assumptions as rates
from benchmarks.independent.families import People, World, alive, founders, joined, kept, year_of
from benchmarks.independent.names import Names, cohort_of
from benchmarks.independent.numbers import as_text, former_numbers, personal_ids
from benchmarks.independent.places import Places, drawn
from matching.schemas import ENTRY

_PEOPLE_PER_FOUNDER = 4.8
"""What a founder's line leaves in the registry, a little more than it does."""


@dataclass(frozen=True)
class Batch:
    """People with names and numbers; text columns are Arrow, row by row with `people`."""

    people: People
    words: np.ndarray
    name: pa.Array
    personal_id: pa.Array
    superseded: pa.Array
    """Null where there is none."""
    former: pa.Array
    former_second: pa.Array
    year_only: np.ndarray


def make_batch(seed: int, batch: int, batches: int, size: int, places: Places, names: Names) -> Batch:
    """People of one batch, exactly so many."""
    rng = np.random.default_rng([seed, 1, batch])
    people = _sized(rng, size, places, names)
    first = rng.random(size) < np.array(rates.FIRST_OF_JANUARY)[cohort_of(people.year)]
    people.born[first] = new_year(year_of(people.born[first]))
    rows = names.words(rng, people)
    ids, superseded = _ids(rng, people, places, batch, batches)
    former, second = _former(rng, people, places, batch, batches)
    year_only = rng.random(size) < np.array(rates.YEAR_ONLY)[cohort_of(people.year)]
    return Batch(people, rows, names.texts(rows), ids, superseded, former, second, year_only)


def new_year(year: np.ndarray) -> np.ndarray:
    """1 January of these years, in days since 1970."""
    return (year - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)


def _sized(rng: np.random.Generator, size: int, places: Places, names: Names) -> People:
    """Families, cut or filled up with people who have none here."""
    people = World(rng, places, names).grow(max(2, int(size / _PEOPLE_PER_FOUNDER)))
    people = kept(people, alive(rng, people))
    surplus = len(people) - size
    if surplus > 0:
        has_children = np.zeros(len(people), bool)
        for parent in (people.father, people.mother):
            has_children[parent[parent >= 0]] = True
        order = np.lexsort(
            (rng.random(len(people)), has_children | (people.partner >= 0) | (people.age < 25))
        )
        keep = np.ones(len(people), bool)
        keep[order[:surplus]] = False
        return kept(people, keep)
    single = founders(rng, -surplus, rng.uniform(1950, 2004, -surplus), places, names)
    single.couple -= len(people)
    return joined([people, single])


def _text(numbers: np.ndarray, digits: int, absent: np.ndarray | None = None) -> pa.Array:
    found = pa.array(as_text(numbers, digits)).cast(pa.string())
    return found if absent is None else pc.if_else(pa.array(absent), pa.scalar(None, pa.string()), found)


def _ids(
    rng: np.random.Generator, people: People, places: Places, batch: int, batches: int
) -> tuple[pa.Array, pa.Array]:
    """Current numbers, and the cancelled ones of those whose province, gender or year was once keyed in wrongly."""
    codes = places.old_province.astype("U3").astype(np.int64)
    province, woman, year = codes[people.birth_place], people.woman.astype(np.int64), people.year
    again = np.flatnonzero(rng.random(len(people)) < rates.SUPERSEDED)
    slip = rng.integers(0, 3, len(again))
    province = np.concatenate([province, np.where(slip == 0, codes[people.home[again]], province[again])])
    woman = np.concatenate([woman, np.where(slip == 1, 1 - woman[again], woman[again])])
    year = np.concatenate([year, year[again] - (slip == 2)])
    ids = personal_ids(rng, province, woman, year, batch, batches)
    cancelled = np.full(len(people), -1, np.int64)
    cancelled[again] = ids[len(people) :]
    return _text(ids[: len(people)], 12), _text(np.maximum(cancelled, 0), 12, cancelled < 0)


def _former(
    rng: np.random.Generator, people: People, places: Places, batch: int, batches: int
) -> tuple[pa.Array, pa.Array]:
    """9-digit numbers, and second ones issued after a move."""
    chance, year = np.zeros(len(people)), people.year
    for until, share in reversed(rates.FORMER_BY_BIRTH_YEAR):
        chance[year <= until] = share
    has = np.flatnonzero(rng.random(len(people)) < chance)
    moved = rng.random(len(has)) < rates.FORMER_FROM_ELSEWHERE
    issued = np.where(moved, places.lived_in(rng, len(has)), people.birth_place[has])
    more = np.flatnonzero(rng.random(len(has)) < rates.SECOND_FORMER)
    province = places.province_rank[np.concatenate([issued, people.home[has[more]]])]
    numbers = former_numbers(rng, province, batch, batches)
    first, second = (np.full(len(people), -1, np.int64) for _ in range(2))
    first[has], second[has[more]] = numbers[: len(has)], numbers[len(has) :]
    return tuple(_text(np.maximum(side, 0), 9, side < 0) for side in (first, second))


def entries(seed: int, number: int, batch: Batch, places: Places, absent: np.ndarray) -> pa.Table:
    """The registry's entries (`matching.schemas.ENTRY`) of everybody but those absent, in the order of the number."""
    rng = np.random.default_rng([seed, 2, number])
    people = batch.people
    born = np.where(batch.year_only, new_year(people.year), people.born)
    columns = {
        "personal_id": batch.personal_id,
        "full_name": batch.name,
        "birth_date": pa.array(born.astype(np.int32)).cast(pa.date32()),
        "birth_precision": _either(batch.year_only, "year", "day"),
        "gender": _either(people.woman, "F", "M"),
        "birth_province": _taken(places.old_province, people.birth_place),
        "residence_province": _taken(places.province, people.home),
        "residence_commune": _taken(places.code, people.home),
        **_parents(rng, batch, absent),
        "former_ids": _lists(batch.former, batch.former_second),
        "superseded_ids": _lists(batch.superseded),
        "status": _either(_died(rng, people), "deceased", "alive"),
    }
    table = pa.table([columns[field.name] for field in ENTRY], schema=ENTRY)
    present = table.filter(pa.array(~absent))
    return present.take(pc.sort_indices(present["personal_id"]))


def _either(mask: np.ndarray, yes: str, no: str) -> pa.Array:
    return pc.if_else(pa.array(mask), yes, no)


def _taken(texts: np.ndarray, rows: np.ndarray) -> pa.Array:
    return pa.array(texts, pa.string()).take(pa.array(rows))


def _died(rng: np.random.Generator, people: People) -> np.ndarray:
    """Whether the entry is of somebody dead: the older, the likelier."""
    weight = np.exp(np.maximum(people.age - 30, 0) / rates.DIED_YEARS)
    dead = np.zeros(len(people), bool)
    dead[drawn(rng, np.cumsum(weight), int(rates.DIED * len(people)))] = True
    return dead


def _parents(rng: np.random.Generator, batch: Batch, absent: np.ndarray) -> dict[str, pa.Array]:
    known, age = np.zeros(len(absent)), batch.people.age
    for until, share in reversed(rates.PARENTS_KNOWN):
        known[age < until] = share
    found = {}
    for name, parent in (("father_id", batch.people.father), ("mother_id", batch.people.mother)):
        missing = (parent < 0) | (rng.random(len(parent)) >= known)
        missing |= absent[np.maximum(parent, 0)]
        found[name] = batch.personal_id.take(pa.array(parent, mask=missing))
    return found


def _lists(*columns: pa.Array) -> pa.Array:
    """For each row the list of what is not null."""
    there = np.column_stack([pc.is_valid(column).to_numpy(zero_copy_only=False) for column in columns])
    offsets = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int32)
    rows, which = np.nonzero(there)
    stacked = pa.concat_arrays(
        [column if isinstance(column, pa.Array) else column.combine_chunks() for column in columns]
    )
    return pa.ListArray.from_arrays(pa.array(offsets), stacked.take(pa.array(which * len(there) + rows)))

"""The true facts of everybody a school writes down, whether the registry knows them or not."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mock_population_api.draws import Ints, keyed_uniform
from mock_population_api.enrolment import commune_positions
from mock_population_api.geography import geography

Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
Days = npt.NDArray[np.datetime64]

CITIZEN = "Việt Nam"


@dataclass(frozen=True)
class Persons:
    """Columns of one length; text columns hold None where there is nothing."""

    personal_id: Objects
    """None for who isn't in the registry."""
    name: Objects
    born: Days
    day_known: Bools
    """False for those whose day of birth nobody knows."""
    female: Bools
    birth_province: Ints
    commune: Ints
    former: Objects
    superseded: Objects
    minority: Bools
    nationality: Objects
    document: Objects
    """Number of a foreign passport."""
    born_abroad: Objects

    def __len__(self) -> int:
        return len(self.name)

    def take(self, rows: Ints) -> "Persons":
        """Those at the positions."""
        return Persons(*(getattr(self, f.name)[rows] for f in fields(self)))

    def joined(self, others: "Persons") -> "Persons":
        """Both, one after the other."""
        return together([self, others])


def together(groups: Sequence[Persons]) -> Persons:
    """All groups, one after the other."""
    names = [f.name for f in fields(Persons)]
    return Persons(*(np.concatenate([getattr(group, name) for group in groups]) for name in names))


def present(column: Objects) -> Bools:
    """Where a text column holds something."""
    return np.fromiter((value is not None for value in column), dtype=bool, count=len(column))


def nothing(count: int) -> Objects:
    """A text column without any value."""
    return np.full(count, None, dtype=object)


def as_objects(column: pa.ChunkedArray | pa.Array) -> Objects:
    """A text column as Python strings and None."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=object)


def _first_of_lists(column: pa.ChunkedArray) -> Objects:
    lists = column.combine_chunks()
    found = pc.greater(pc.list_value_length(lists), 0)
    firsts = pc.list_element(pc.if_else(found, lists, pa.scalar([None], lists.type)), 0)
    return as_objects(firsts)


def _true_dates(entries: pa.Table) -> Days:
    """Where the registry knows only the year, families know the day: any day, always the same one."""
    written = entries["birth_date"].combine_chunks().cast(pa.int32()).to_numpy().astype(np.int64)
    numbers = pc.cast(entries["personal_id"], pa.int64()).to_numpy()
    days = {"day": 1, "month": 28, "year": 365}
    room = np.array([days[word] for word in entries["birth_precision"].to_pylist()])
    born: Days = (written + (keyed_uniform(numbers, 21) * room).astype(np.int64)).astype("datetime64[D]")
    return born


def from_entries(entries: pa.Table, truth: pa.Table, knows_day: float) -> Persons:
    """The people behind entries: what the registry holds, put right where it is wrong.

    Args:
        entries: rows of a registry folder.
        truth: rows of the truth beside it that concern these entries (more do no harm).
        knows_day: share of families who know the day of birth where the registry doesn't.
    """
    told = truth.take(pc.index_in(entries["personal_id"], value_set=truth["personal_id"].combine_chunks()))
    gender = pc.coalesce(told["gender"], entries["gender"])
    right_date = as_days(told["birth_date"])
    born = _true_dates(entries)
    land = geography()
    provinces = pc.index_in(entries["birth_province"], value_set=pa.array(land.province_codes))
    numbers = pc.cast(entries["personal_id"], pa.int64()).to_numpy()
    return Persons(
        personal_id=as_objects(entries["personal_id"]),
        name=as_objects(pc.coalesce(told["full_name"], entries["full_name"])),
        born=np.where(np.isnat(right_date), born, right_date),
        day_known=pc.equal(entries["birth_precision"], "day").to_numpy()
        | (keyed_uniform(numbers, 22) < knows_day),
        female=pc.equal(gender, "F").to_numpy(),
        birth_province=provinces.to_numpy().astype(np.int64),
        commune=commune_positions(entries["residence_commune"]),
        former=_first_of_lists(entries["former_ids"]),
        superseded=_first_of_lists(entries["superseded_ids"]),
        minority=pc.fill_null(told["minority"], fill_value=False).to_numpy().astype(bool),
        nationality=np.full(entries.num_rows, CITIZEN, dtype=object),
        document=nothing(entries.num_rows),
        born_abroad=nothing(entries.num_rows),
    )


def as_days(column: pa.ChunkedArray) -> Days:
    """Dates as days, not-a-time where null."""
    return np.asarray(column.combine_chunks().to_numpy(zero_copy_only=False)).astype("datetime64[D]")

"""Records and answers of a registry in their numeric forms (`matching.columns`, `matching.nametable`)."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.columns import Entries, Records, packed
from matching.compiled import compiled, int64
from matching.nametable import Array, Names, name_table
from matching.profile import Profile
from matching.rows import side_by_side
from matching.text_bytes import text_bytes

GENDERS = (None, "M", "F")
"""Code of a gender: its position."""

FOUND_BY = (None, "current", "superseded", "former")
"""How a lookup found an entry; the position is the code, 0 for a pair that no lookup found."""


def record_columns(records: pa.Table, profile: Profile) -> tuple[Records, Names, pa.Array]:
    """Normalised records (RECORDS, optionally with father_name, mother_name) in the order of the table, their distinct names, and these as text."""
    columns = ("name", "name_other", "father_name", "mother_name")
    positions, text = _read_names([_optional(records, column) for column in columns])
    return (
        Records(
            name=positions[0],
            name_other=np.where(positions[1] == positions[0], -1, positions[1]).astype(np.int32),
            birth=_birth(records["birth_from"], records["birth_precision"]),
            gender=_code(records["gender"], GENDERS),
            birth_province=digits(records["birth_province"], np.int16),
            birth_region=digits(records["birth_region"], np.int8),
            home=digits(records["residence_province"], np.int8),
            commune=digits(records["residence_commune"], np.int32),
            number=digits(records["claimed_id"], np.int64),
            number_other=digits(records["claimed_other"], np.int64),
            former=digits(records["claimed_former"], np.int64),
            father_name=positions[2],
            mother_name=positions[3],
            reference=_reference(records),
        ),
        name_table(text, profile),
        text,
    )


def _reference(records: pa.Table) -> Array:
    """The child's birth year of each guardian, where it is known."""
    if CHILD_YEAR not in records.column_names:
        return np.zeros(len(records), np.int16)
    return np.asarray(
        pc.fill_null(combined(records[CHILD_YEAR]), 0).to_numpy(zero_copy_only=False).astype(np.int16)
    )


CHILD_YEAR = "child_birth_year"
"""Column of guardians' RECORDS: when their (first) child was born."""


def entry_columns(entries: pa.Table, positions: Callable[[Sequence[pa.Array]], Sequence[Array]]) -> Entries:
    """Answers of a registry (ENTRY with father_name, mother_name) in their order.

    Args:
        entries: as answered.
        positions: of the names of columns, of all together: parents' names are people's names, most of which are read for somebody anyhow.
    """
    written = [
        combined(entries[name]).cast(pa.string()) for name in ("full_name", "father_name", "mother_name")
    ]
    own, fathers, mothers = positions(written)
    precision = pc.fill_null(entries["birth_precision"], "day")
    compared = Entries(
        entry=digits(entries["personal_id"], np.int64),
        name=own,
        birth=_birth(entries["birth_date"], pc.if_else(pc.is_valid(entries["birth_date"]), precision, None)),
        gender=_code(entries["gender"], GENDERS),
        birth_province=digits(entries["birth_province"], np.int16),
        home=digits(entries["residence_province"], np.int8),
        commune=digits(entries["residence_commune"], np.int32),
        father_name=fathers,
        mother_name=mothers,
        deceased=pc.fill_null(pc.equal(combined(entries["status"]), "deceased"), fill_value=False).to_numpy(
            zero_copy_only=False
        ),
    )
    return side_by_side(compared)


def combined(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column as one array."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    # combining copies even a single chunk
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _optional(records: pa.Table, column: str) -> pa.Array:
    return (
        combined(records[column]) if column in records.column_names else pa.nulls(len(records), pa.string())
    )


def _read_names(columns: list[pa.Array]) -> tuple[list[Array], pa.Array]:
    """Positions (int32, -1 for none) of the names of each column among all distinct ones, and these."""
    whole = pa.concat_arrays([column.cast(pa.string()) for column in columns]).dictionary_encode()
    codes = pc.fill_null(whole.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    sizes = np.cumsum([0, *map(len, columns)])
    parts = [np.ascontiguousarray(codes[a:b]) for a, b in pairwise(sizes)]
    return parts, whole.dictionary


def _birth(first_day: pa.ChunkedArray | pa.Array, precision: pa.ChunkedArray | pa.Array) -> Array:
    """A date and its precision as one number."""
    dates, known = combined(first_day), combined(precision)
    to_day, to_month = pc.equal(known, "day"), pc.is_in(known, value_set=pa.array(["day", "month"]))
    some = pc.and_kleene(pc.is_valid(known), pc.is_valid(dates))
    parts = [
        pc.fill_null(pc.if_else(pc.and_kleene(some, there), part(dates), None), 0).to_numpy(
            zero_copy_only=False
        )
        for part, there in ((pc.year, some), (pc.month, to_month), (pc.day, to_day))
    ]
    return packed(*parts)


def _code(column: pa.ChunkedArray | pa.Array, words: tuple[str | None, ...]) -> Array:
    position = pc.index_in(combined(column), value_set=pa.array(words[1:], pa.string()))
    code: Array = pc.fill_null(pc.add(position, 1), 0).to_numpy(zero_copy_only=False).astype(np.int8)
    return code


def digits(column: pa.ChunkedArray | pa.Array, kind: type) -> Array:
    """Codes and numbers as integers; what is not all digits, or too large to be one, is 0."""
    text = combined(column).cast(pa.string())
    numbers = _numbers(*text_bytes(text))
    fits = numbers <= np.iinfo(kind).max
    if text.null_count:
        fits &= text.is_valid().to_numpy(zero_copy_only=False)
    fitting: Array = np.where(fits, numbers, 0).astype(kind)
    return fitting


@compiled
def _numbers(start: Array, letters: Array) -> Array:
    """Each text of one to twelve digits as a number, any other as 0."""
    numbers = np.zeros(len(start) - 1, np.int64)
    for i in range(len(numbers)):
        if not 0 < start[i + 1] - start[i] <= 12:
            continue
        value = int64(0)
        for k in range(start[i], start[i + 1]):
            digit = int64(letters[k]) - 48
            if not 0 <= digit <= 9:
                value = int64(0)
                break
            value = value * 10 + digit
        numbers[i] = value
    return numbers


def id_text(numbers: Array, width: int = 12) -> pa.Array:
    """Numbers as text with their zeros; 0 becomes null."""
    text = pc.utf8_lpad(pa.array(numbers.astype(np.int64)).cast(pa.string()), width, "0")
    return pc.if_else(pa.array(numbers != 0), text, None)

"""Numeric forms of records and entries: what is compared and joined, without a string in it.

A name travels as a 64-bit hash of its canonical form (`name_key`), its words in a table beside, so that 100 M
people carry their distinct names once. Hashes are computed here and never by an engine: the same name has the
same key on every machine. With a million distinct names, two share a key with a chance of about 3 in 100 million.

Codes: 0 stands for unknown in every code column; dates are days since 1970-01-01, null when the day isn't known.
"""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.normalise.names import entry_names, fold, sound
from matching.normalise.places import region_of_birth_province

PRECISIONS = (None, "year", "month", "day")
"""Code of a date's precision: its position."""

GENDERS = (None, "M", "F")

FOUND_BY = (None, "current", "superseded", "former")
"""How a lookup found an entry; the position is the code, 0 for a pair that no lookup found."""

_i8, _i16, _i32, _i64 = pa.int8(), pa.int16(), pa.int32(), pa.int64()

NAME_FEATURES = pa.schema(
    [
        pa.field("name_key", _i64),
        pa.field("name", pa.string()),
        pa.field("folded", _i64),  # without marks
        pa.field("sound", _i64),  # of the whole name, without spaces
        pa.field("given", _i64),  # sound of the last word
        pa.field("sorted", _i64),  # words without marks, in alphabetical order
        pa.field("ends", _i64),  # first and last word without marks
    ]
)
"""A distinct name and the keys that blocking joins on."""

_PERSON = [
    pa.field("name_key", _i64),
    pa.field("folded", _i64),
    pa.field("sound", _i64),
    pa.field("given", _i64),
    pa.field("sorted", _i64),
    pa.field("birth_day", _i32),
    pa.field("year", _i16),
    pa.field("month", _i8),
    pa.field("day", _i8),
    pa.field("precision", _i8),
    pa.field("gender", _i8),
    pa.field("birth_province", _i16),
    pa.field("birth_region", _i8),
    pa.field("residence_province", _i8),
    pa.field("residence_commune", _i32),
]

RECORD_KEYS = pa.schema(
    [
        pa.field("row", _i32),
        *_PERSON,
        pa.field("number", _i64),  # claimed 12-digit number, 0 when none
        pa.field("former", _i64),
        pa.field("number_other", _i64),
        pa.field("father_name", _i64),  # name keys of the parents on record
        pa.field("mother_name", _i64),
    ]
)
"""Records while they are compared; a record with a second reading of its name has two rows of one `row`."""

ENTRY_KEYS = pa.schema(
    [
        pa.field("entry", _i64),  # the personal ID as a number
        *_PERSON,
        pa.field("father", _i64),
        pa.field("mother", _i64),
        pa.field("father_name", _i64),
        pa.field("mother_name", _i64),
        pa.field("deceased", pa.bool_()),
    ]
)
"""Entries while they are compared."""

COMPARED = (
    "entry",
    "name_key",
    "birth_day",
    "year",
    "month",
    "day",
    "precision",
    "gender",
    "birth_province",
    "birth_region",
    "residence_province",
    "residence_commune",
    "father_name",
    "mother_name",
    "deceased",
)
"""The columns of an entry that comparisons read."""

PAIRS = pa.schema(
    [
        pa.field("row", _i32),
        pa.field("record_name", _i64),  # the reading of the record's name that found the pair
        pa.field("rule", _i8),  # position in matching.blocking.RULES, -1 when found by number or family
        pa.field("found_by", _i8),  # position in FOUND_BY
        pa.field("prior", pa.float64()),  # P(it is this entry) before evidence; null: any entry is as likely
        *[ENTRY_KEYS.field(name) for name in COMPARED],
    ]
)
"""Record row and entry worth comparing, with what is compared of the entry."""


def text_key(text: str) -> int:
    """A signed 64-bit hash, equal on every machine; never 0, which stands for unknown."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True) or 1


def name_features(names: Sequence[str]) -> pa.Table:
    """Keys of distinct canonical names, as NAME_FEATURES."""
    folded = [fold(name) for name in names]
    sounds = [sound(name) for name in folded]
    columns = {
        "name_key": map(text_key, names),
        "name": names,
        "folded": map(text_key, folded),
        "sound": (text_key(heard.replace(" ", "")) for heard in sounds),
        "given": (text_key(_last_word(heard)) for heard in sounds),
        "sorted": (text_key(" ".join(sorted(name.split(" ")))) for name in folded),
        "ends": (text_key(f"{name.split(' ', 1)[0]} {_last_word(name)}") for name in folded),
    }
    return pa.table(
        {key: pa.array(list(values), NAME_FEATURES.field(key).type) for key, values in columns.items()}
    )


def _last_word(text: str) -> str:
    return text.rsplit(" ", 1)[-1]


def record_keys(records: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Normalised records (RECORDS) as RECORD_KEYS and the NAME_FEATURES of their names.

    `row` is the position in the table; every record has at least one row, without a name its name keys are 0.
    """
    rows = pa.array(np.arange(len(records), dtype=np.int32))
    base = {
        "row": rows,
        "name": records["name"],
        "name_other": records["name_other"],
        **_birth(records["birth_from"], records["birth_precision"]),
        "gender": _code(records["gender"], GENDERS),
        "birth_province": _digits(records["birth_province"], _i16),
        "birth_region": _digits(records["birth_region"], _i8),
        "residence_province": _digits(records["residence_province"], _i8),
        "residence_commune": _digits(records["residence_commune"], _i32),
        "number": _digits(records["claimed_id"], _i64),
        "former": _digits(records["claimed_former"], _i64),
        "number_other": _digits(records["claimed_other"], _i64),
        "father_name": _optional_name(records, "father_name"),
        "mother_name": _optional_name(records, "mother_name"),
    }
    table = pa.table(base)
    other = table.filter(pc.is_valid(table["name_other"]))
    first = table.drop_columns("name_other")
    second = (
        other.drop_columns("name")
        .rename_columns(
            ["name" if name == "name_other" else name for name in other.drop_columns("name").column_names]
        )
        .select(first.column_names)
    )
    both = pa.concat_tables([first, second])
    names = _distinct([both["name"], both["father_name"], both["mother_name"]])
    features = name_features(names or [NAMELESS])
    return _with_features(both, features, RECORD_KEYS), features


NAMELESS = "x"
"""Stands in the tables by name where no record has one: nobody compares with it."""


def _optional_name(records: pa.Table, column: str) -> pa.ChunkedArray | pa.Array:
    return records[column] if column in records.column_names else pa.nulls(len(records), pa.string())


def entry_keys(entries: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Answers of a registry (ENTRY with father_name, mother_name, any further columns) as ENTRY_KEYS and NAME_FEATURES.

    Columns beyond ENTRY (`asked`, `ref`, …) are kept in front.
    """
    names = {column: entry_names(entries[column]) for column in ("full_name", "father_name", "mother_name")}
    known = pc.fill_null(entries["birth_precision"], "day")
    birth_precision = pc.if_else(pc.is_valid(entries["birth_date"]), known, None)
    base = {
        "entry": _digits(entries["personal_id"], _i64),
        "name": names["full_name"],
        **_birth(entries["birth_date"], birth_precision),
        "gender": _code(entries["gender"], GENDERS),
        "birth_province": _digits(entries["birth_province"], _i16),
        "birth_region": regions_of(entries["birth_province"]),
        "residence_province": _digits(entries["residence_province"], _i8),
        "residence_commune": _digits(entries["residence_commune"], _i32),
        "father": _digits(entries["father_id"], _i64),
        "mother": _digits(entries["mother_id"], _i64),
        "father_name": names["father_name"],
        "mother_name": names["mother_name"],
        "deceased": pc.fill_null(pc.equal(entries["status"], "deceased"), fill_value=False),
    }
    features = name_features(_distinct(list(names.values())))
    keys = _with_features(pa.table(base), features, ENTRY_KEYS)
    answered = set(base) | {"full_name", "personal_id", "birth_date", "birth_precision", "status",
                            "father_id", "mother_id", "former_ids", "superseded_ids"}  # fmt: skip
    for position, column in enumerate(name for name in entries.column_names if name not in answered):
        keys = keys.add_column(position, entries.schema.field(column), entries[column])
    return keys, features


def _combined(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _distinct(columns: Iterable[pa.ChunkedArray | pa.Array]) -> list[str]:
    combined = pa.concat_arrays([pc.unique(_combined(column)) for column in columns])
    return [name for name in pc.unique(combined).to_pylist() if name is not None]


def _with_features(table: pa.Table, features: pa.Table, schema: pa.Schema) -> pa.Table:
    """Replace names by their keys and add the blocking keys of `name`; rows without a name get 0."""
    position = {
        column: pc.index_in(_combined(table[column]), value_set=_combined(features["name"]))
        for column in ("name", "father_name", "mother_name")
    }
    columns = {name: table[name] for name in schema.names if name in table.column_names}
    for key in ("name_key", "folded", "sound", "given", "sorted"):
        columns[key] = pc.fill_null(_combined(features[key]).take(position["name"]), 0)
    for parent in ("father_name", "mother_name"):
        columns[parent] = pc.fill_null(_combined(features["name_key"]).take(position[parent]), 0)
    return pa.table({field.name: columns[field.name] for field in schema}, schema=schema)


def _birth(first_day: pa.ChunkedArray, precision: pa.ChunkedArray | pa.Array) -> dict[str, pa.Array]:
    """A date and its precision as birth_day, year, month, day, precision; parts not known are null."""
    code = _code(precision, PRECISIONS)
    days = _combined(first_day).cast(_i32)
    known = [pc.greater_equal(code, wanted) for wanted in (1, 2, 3)]
    dates = _combined(first_day)
    return {
        "birth_day": pc.if_else(known[2], days, None),
        "year": pc.if_else(known[0], pc.year(dates).cast(_i16), None),
        "month": pc.if_else(known[1], pc.month(dates).cast(_i8), None),
        "day": pc.if_else(known[2], pc.day(dates).cast(_i8), None),
        "precision": code,
    }


def _code(column: pa.ChunkedArray | pa.Array, words: tuple[str | None, ...]) -> pa.Array:
    position = pc.index_in(_combined(column), value_set=pa.array(words[1:], pa.string()))
    return pc.fill_null(pc.add(position, 1), 0).cast(_i8)


def _digits(column: pa.ChunkedArray | pa.Array, dtype: pa.DataType) -> pa.Array:
    """Codes and numbers as integers; what is not all digits, or too large to be one, is 0."""
    text = _combined(column)
    all_digits = pc.fill_null(pc.match_substring_regex(text, "^[0-9]{1,12}$"), fill_value=False)
    numbers = pc.fill_null(pc.if_else(all_digits, text, None).cast(_i64), 0)
    largest = int(np.iinfo(dtype.to_pandas_dtype()).max)
    return pc.if_else(pc.less_equal(numbers, largest), numbers, 0).cast(dtype)


def regions_of(provinces: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Province of 2025 (2 digits, as a number) of each 3-digit birth province; 0 where there is none."""
    return _digits(region_of_birth_province(provinces), _i8)


def id_text(numbers: np.ndarray) -> pa.Array:
    """Personal IDs as 12-digit text; 0 becomes null."""
    return pa.array([f"{number:012d}" if number else None for number in numbers.tolist()], pa.string())

"""A foreign pair of files in our shape: OUT/education, OUT/registry, OUT/truth/truth.parquet.

Every record is one of `teachers`, the kind without families; the other tables are there and empty.
"""

import datetime
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from matching.normalise.plain_values import read_dates, read_genders
from matching.profile import PEOPLE
from matching.schemas import EDUCATION_TABLES, ENTRY

ABOUT = "about.json"
"""File of OUT that says which source it is and the day to which ages are reckoned."""

KIND = "teacher"
_SCHOOL = {"school_code": "one", "name": "one", "level": "", "province_code": "01", "commune_code": ""}

_MULTIPLIER, _SHIFT, _NUMBERS = 387_420_489_007, 271_828_182_845, 10**12
"""An odd multiplier that 5 doesn't divide makes a permutation of all twelve-digit numbers."""


def numbers_of(rows: int) -> list[str]:
    """Personal IDs of rows that have none: row numbers sent through a fixed permutation, so that they say nothing."""
    return [f"{(row * _MULTIPLIER + _SHIFT) % _NUMBERS:012d}" for row in range(1, rows + 1)]


def write_about(source: str, as_of: datetime.date, out: Path) -> None:
    """`OUT/about.json`: what `benchmarks.foreign.run` must know."""
    out.mkdir(parents=True, exist_ok=True)
    (out / ABOUT).write_text(json.dumps({"source": source, "as_of": as_of.isoformat()}))


def names(parts: Sequence[pd.Series]) -> list[str | None]:
    """Full names from columns, family name first; a part that stands for no name is left out."""
    read = [[PEOPLE.canonical(text) for text in column.fillna("")] for column in parts]
    whole = (" ".join(filter(None, words)) for words in zip(*read, strict=True))
    return [name or None for name in whole]


def write_education(records: pd.DataFrame, out: Path) -> None:
    """`OUT/education`: the columns of `teachers` that the records have, all text."""
    tables = {name: schema.empty_table() for name, schema in EDUCATION_TABLES.items()}
    tables["schools"] = pa.Table.from_pylist([_SCHOOL], schema=EDUCATION_TABLES["schools"])
    whole = records.assign(school_code="one", role="").reindex(columns=EDUCATION_TABLES["teachers"].names)
    tables["teachers"] = pa.Table.from_pandas(
        whole, schema=EDUCATION_TABLES["teachers"], preserve_index=False
    )
    folder = out / "education"
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        pyarrow.csv.write_csv(table, folder / f"{name}.csv")


def write_registry(entries: pd.DataFrame, as_of: datetime.date, out: Path) -> None:
    """`OUT/registry`: entries with `birth_date` and `gender` as the source types them, read as records are."""
    dates = read_dates(pa.array(entries["birth_date"], pa.string()), pa.array([""] * len(entries)), as_of)
    given = [
        field.name for field in ENTRY if field.name in entries and field.name not in {"birth_date", "gender"}
    ]
    columns = {name: pa.array(entries[name], ENTRY.field(name).type, from_pandas=True) for name in given} | {
        "birth_date": dates.first,
        "birth_precision": dates.precision,
        "gender": read_genders(pa.array(entries["gender"], pa.string())).value,
    }
    absent = {field.name: pa.nulls(len(entries), field.type) for field in ENTRY if field.name not in columns}
    table = pa.table({**absent, **columns}).select(ENTRY.names).cast(ENTRY)
    folder = out / "registry"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        table.take(pa.array(np.argsort(entries["personal_id"].to_numpy()))), folder / "entries.parquet"
    )


def write_truth(record_ids: Sequence[str], personal_ids: Sequence[str | None], out: Path) -> None:
    """`OUT/truth/truth.parquet` as the mock's worlds have it; `personal_id` is null where the registry has nobody."""
    size = len(record_ids)
    table = pa.table(
        {
            "kind": pa.repeat(KIND, size),
            "record_id": pa.array(record_ids, pa.string()),
            "personal_id": pa.array(personal_ids, pa.string(), from_pandas=True),
            "errors": pa.array([[]] * size, pa.list_(pa.string())),
            "minority": pa.repeat(False, size),
        }
    )
    folder = out / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / "truth.parquet")

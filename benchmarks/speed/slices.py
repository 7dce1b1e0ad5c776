"""Part of a world's records as an education folder of its own: some kinds, and of these a share."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

KINDS = ("teacher", "student", "guardian")

PARTS = 1_000
"""A share is so many thousandths."""


def sliced(education: Path, folder: Path, kinds: Sequence[str] = KINDS, share: float = 1.0) -> int:
    """Write the folder; guardians come with their children, tables of other kinds are empty.

    Args:
        education: of the world.
        folder: where it goes.
        kinds: which records.
        share: of teachers and students, chosen by a hash of their IDs: a greater share holds the smaller one.

    Returns:
        How many records.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        for table in ("schools", "teachers", "students", "guardians", "student_guardians"):
            con.execute(f"CREATE VIEW {table} AS FROM '{education}/{table}.parquet'")
        tables = {
            "schools": "FROM schools",
            "teachers": f"FROM teachers WHERE {'teacher' in kinds} AND {_chosen('teacher_id', share)}",
            "students": f"FROM students WHERE {'student' in kinds} AND {_chosen('student_id', share)}",
            "student_guardians": f"FROM student_guardians WHERE {'guardian' in kinds} AND {_chosen('student_id', share)}",
            "guardians": f"FROM guardians WHERE {'guardian' in kinds} AND guardian_id IN "
            f"(SELECT guardian_id FROM student_guardians WHERE {_chosen('student_id', share)})",
        }
        for table, query in tables.items():
            con.sql(query).write_parquet(str(folder / f"{table}.parquet"))
    return sum(len_of(folder / f"{kind}s.parquet") for kind in KINDS)


def _chosen(column: str, share: float) -> str:
    return f"md5_number_lower({column}) % {PARTS} < {round(share * PARTS)}"


def len_of(path: Path) -> int:
    """Rows of a Parquet file."""
    ((rows,),) = duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchall()
    return rows

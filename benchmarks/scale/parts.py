"""An education folder cut into parts by the province of the school; a guardian with children in two provinces is in both parts.

    python -m benchmarks.scale.parts EDUCATION OUT [--parts 12]

Provinces are put together until there are so many parts, the largest first into what is smallest.
"""

import argparse
from pathlib import Path

import duckdb

OF_PART = {
    "schools": "SELECT * FROM of_part",
    "students": "SELECT s.* FROM students s SEMI JOIN of_part USING (school_code)",
    "teachers": "SELECT t.* FROM teachers t SEMI JOIN of_part USING (school_code)",
    "student_guardians": "SELECT g.* FROM student_guardians g SEMI JOIN ({students}) USING (student_id)",
    "guardians": "SELECT g.* FROM guardians g SEMI JOIN ({student_guardians}) USING (guardian_id)",
}

SIZES = """
    SELECT province_code, count(*) AS records FROM (SELECT school_code FROM students UNION ALL SELECT school_code FROM teachers)
    JOIN schools USING (school_code) GROUP BY ALL ORDER BY records DESC, province_code
"""


def main() -> None:
    """Cut."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("education", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--parts", type=int, default=12)
    asked = parser.parse_args()
    cut(asked.education, asked.out, asked.parts)


def cut(education: Path, out: Path, parts: int) -> None:
    """Write the parts of a folder of Parquet tables."""
    with duckdb.connect() as con:
        for table in OF_PART:
            con.execute(f"CREATE VIEW {table} AS SELECT * FROM '{education / table}.parquet'")
        for number, provinces in enumerate(_evenly(con.sql(SIZES).fetchall(), parts), 1):
            folder = out / f"province={number:02}"
            folder.mkdir(parents=True, exist_ok=True)
            con.execute(
                "CREATE OR REPLACE TEMP TABLE of_part AS SELECT * FROM schools WHERE list_contains(?, province_code)",
                [provinces],
            )
            for table, query in OF_PART.items():
                con.execute(f"COPY ({_whole(query)}) TO '{folder / table}.parquet' (FORMAT parquet)")


def _evenly(sizes: list[tuple[str, int]], parts: int) -> list[list[str]]:
    """Provinces by part; no part is empty."""
    filled: list[tuple[int, list[str]]] = [(0, []) for _ in range(min(parts, len(sizes)))]
    for province, records in sizes:
        smallest = min(range(len(filled)), key=lambda at: filled[at][0])
        had, provinces = filled[smallest]
        filled[smallest] = had + records, [*provinces, province]
    return [provinces for _, provinces in filled]


def _whole(query: str) -> str:
    while "{" in query:
        query = query.format(**OF_PART)
    return query


if __name__ == "__main__":
    main()

"""Speed and quality of `identity-sync link` on a generated world; synthetic data, errors are assumptions of the generator.

    python -m benchmarks.link WORLD [--people 1000000 --students 20000 --teachers 16000 --seed 1 --profile default] [--runs 3]

Makes the world under WORLD unless it is there, links it in a process of its own (default settings), and prints, per kind: records,
recall, false links with the upper end of their 95 % interval, and what minority names get; then seconds and peak memory,
and as a floor the time of one hash join of both sides by name and birth date as typed, in the same run.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import duckdb

from benchmarks.quality.intervals import upper_bound
from benchmarks.quality.measured import Run, measured
from benchmarks.quality.worlds import OPTIONS, World, made

QUALITY = """
    SELECT d.kind, {group} AS whose, count(*) AS records, count(t.personal_id) AS findable,
           count(*) FILTER (d.outcome = 'linked') AS linked,
           count(*) FILTER (d.outcome = 'linked' AND d.personal_id IS DISTINCT FROM t.personal_id) AS false_links,
           count(*) FILTER (d.outcome = 'linked' AND d.personal_id = t.personal_id) AS found,
           count(*) FILTER (d.outcome = 'clerical_review') AS review
    FROM '{world}/out/decisions.parquet' d JOIN '{world}/truth/truth.parquet' t USING (kind, record_id)
    {where} GROUP BY ALL ORDER BY ALL
"""


def main() -> None:
    """Make, link, score, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("world", type=Path)
    for name, default in {**OPTIONS, "runs": 3}.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    asked = parser.parse_args()
    made(World(asked.world), vars(asked))
    runs = [linked(asked.world) for _ in range(asked.runs)]
    for line in quality(asked.world):
        print(line)
    print(
        f"link: {_median(runs, 'wall'):.1f} s wall, {_median(runs, 'cpu'):.1f} s CPU, peak {_median(runs, 'peak'):.0f} MB"
    )
    print(f"floor, one hash join by name and birth date as typed: {floor(asked.world):.1f} s")


def _median(runs: list[Run], name: str) -> float:
    return statistics.median(getattr(run, name) for run in runs)


def linked(world: Path) -> Run:
    """`identity-sync link` with default settings."""
    command = [
        sys.executable,
        "-m",
        "pipelines.cli",
        "link",
        *(str(world / name) for name in ("education", "registry", "out")),
    ]
    return measured(command)


def quality(world: Path) -> list[str]:
    """One line per kind, for all and for minority names."""
    lines = [
        f"{'kind':9}{'whose':10}{'records':>9}{'linked':>9}{'recall':>9}{'false':>7}{'per 10,000':>12}{'upper':>8}{'review':>8}"
    ]
    for group, where in (("'all'", ""), ("'minority'", "WHERE t.minority")):
        rows = duckdb.sql(QUALITY.format(world=world, group=group, where=where)).fetchall()
        for kind, whose, records, findable, links, wrong, found, review in rows:
            rate, upper = 1e4 * wrong / max(links, 1), 1e4 * upper_bound(wrong, links)
            lines.append(
                f"{kind:9}{whose:10}{records:9}{links:9}{found / max(findable, 1):9.4f}{wrong:7}{rate:12.2f}{upper:8.2f}{review:8}"
            )
    return lines


def floor(world: Path) -> float:
    """What nobody can be faster than: every row of both sides read and joined once by DuckDB."""
    start = time.perf_counter()
    with duckdb.connect() as con:
        con.sql(
            f"""
            SELECT count(*) FROM (SELECT strip_accents(lower(full_name)) AS name, CAST(birth_date AS VARCHAR) AS born
                                  FROM '{world}/registry/*.parquet') e
            JOIN (SELECT strip_accents(lower(full_name)) AS name, birth_date AS born FROM '{world}/education/teachers.parquet'
                  UNION ALL SELECT strip_accents(lower(full_name)), birth_date FROM '{world}/education/students.parquet'
                  UNION ALL SELECT strip_accents(lower(full_name)), birth_date FROM '{world}/education/guardians.parquet') r
            USING (name, born)
            """
        ).fetchall()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()

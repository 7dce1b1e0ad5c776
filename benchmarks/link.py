"""Speed and quality of `identity-sync link` on a generated world; synthetic data, errors are assumptions of the generator.

    python -m benchmarks.link WORLD [--people 1000000 --students 20000 --teachers 16000 --seed 1 --profile default] [--runs 3]

Makes the world under WORLD unless it is there, links it in a process of its own (default settings), and prints, per kind: records,
recall, false links with the upper end of their 95 % interval, and what minority names get; then seconds and peak memory,
and as a floor the time of one hash join of both sides by name and birth date as typed, in the same run.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

QUALITY = """
    SELECT d.kind, {group} AS whose, count(*) AS records, count(t.personal_id) AS findable,
           count(*) FILTER (d.outcome = 'linked') AS linked,
           count(*) FILTER (d.outcome = 'linked' AND d.personal_id IS DISTINCT FROM t.personal_id) AS false_links,
           count(*) FILTER (d.outcome = 'linked' AND d.personal_id = t.personal_id) AS found,
           count(*) FILTER (d.outcome = 'clerical_review') AS review
    FROM '{world}/out/decisions.parquet' d JOIN '{world}/truth/truth.parquet' t USING (kind, record_id)
    {where} GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True)
class Run:
    """One run: wall seconds, CPU seconds of all its processes, peak resident MB."""

    wall: float
    cpu: float
    peak: float


def main() -> None:
    """Make, link, score, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("world", type=Path)
    for name, default in (
        ("people", 1_000_000),
        ("students", 20_000),
        ("teachers", 16_000),
        ("seed", 1),
        ("runs", 3),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--profile", default="default")
    asked = parser.parse_args()
    generate(asked)
    runs = [linked(asked.world) for _ in range(asked.runs)]
    for line in quality(asked.world):
        print(line)
    print(
        f"link: {_median(runs, 'wall'):.1f} s wall, {_median(runs, 'cpu'):.1f} s CPU, peak {_median(runs, 'peak'):.0f} MB"
    )
    print(f"floor, one hash join by name and birth date as typed: {floor(asked.world):.1f} s")


def _median(runs: list[Run], name: str) -> float:
    return statistics.median(getattr(run, name) for run in runs)


def generate(asked: argparse.Namespace) -> None:
    """The world by the mock's own command, unless it is there."""
    if (asked.world / "truth" / "truth.parquet").exists():
        return
    options = [
        f"--{name}={getattr(asked, name)}" for name in ("people", "students", "teachers", "seed", "profile")
    ]
    command = [
        sys.executable,
        "-m",
        "mock_population_api.cli",
        "generate",
        *options,
        "--out",
        str(asked.world),
    ]
    subprocess.run(command, check=True)


def linked(world: Path) -> Run:
    """`identity-sync link` with default settings."""
    command = [
        sys.executable,
        "-m",
        "pipelines.cli",
        "link",
        *(str(world / name) for name in ("education", "registry", "out")),
    ]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    return Run(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


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


def upper_bound(events: int, trials: int) -> float:
    """Upper end of the two-sided 95 % interval of a rate (Clopper and Pearson 1934), by bisection on the binomial sum."""
    low, high = events / max(trials, 1), 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(events, trials, middle) > 0.025 else (low, middle)
    return high


def _at_most(events: int, trials: int, rate: float) -> float:
    """P(at most so many events)."""
    logs = [
        math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        + k * math.log(max(rate, 1e-300)) + (trials - k) * math.log1p(-min(rate, 1 - 1e-12))
        for k in range(events + 1)
    ]  # fmt: skip
    return sum(map(math.exp, logs))


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

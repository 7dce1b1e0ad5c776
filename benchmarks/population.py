"""Speed and memory of making people: python -m benchmarks.population FOLDER [--people 1000000] [--seed 1].

The floor beside it: the same number of rows of random integers and one date, written as Parquet by DuckDB in the same run.
"""

import argparse
import resource
import time
from pathlib import Path

import duckdb

from mock_population_api.population import write_population


def main() -> None:
    """Write the people, then the floor; print seconds and the largest process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    start = time.perf_counter()
    write_population(asked.folder / "registry", asked.people, asked.seed, truth=asked.folder / "truth")
    taken = time.perf_counter() - start
    peak = (
        max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        / 1024
    )
    start = time.perf_counter()
    duckdb.sql(
        f"""COPY (SELECT hash(i) AS a, hash(i + 1) AS b, hash(i + 2) AS c, DATE '1950-01-01' + (hash(i) % 25000)::INT AS d
        FROM range({asked.people}) t(i)) TO '{asked.folder}/floor.parquet' (FORMAT parquet, COMPRESSION zstd)"""
    )
    print(
        f"{asked.people:,} people: {taken:.1f} s, largest process {peak:.0f} MB; floor {time.perf_counter() - start:.1f} s"
    )


if __name__ == "__main__":
    main()

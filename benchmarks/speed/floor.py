"""What linking can't be faster than: the registry's keys read once, and one hash join with the records by folded name and birth date.

    python -m benchmarks.speed.floor WORLD [--kinds teacher,student,guardian] [--runs 3]

DuckDB on Parquet that holds nothing but those keys, made beforehand under WORLD/floor. It finds what has the same name and date and nothing else: no
slip is forgiven, nothing is weighed. Only the query is timed.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.speed.slices import KINDS

FOLDED = "replace(strip_accents(lower(full_name)), 'đ', 'd')"


@dataclass(frozen=True)
class Floor:
    """Seconds of one run."""

    cpu: float
    wall: float
    pairs: int


def prepared(world: Path) -> Path:
    """The keys of both sides, written unless they are there."""
    folder = world / "floor"
    folder.mkdir(exist_ok=True)
    sources = {
        "registry": f"SELECT CAST(personal_id AS BIGINT) AS entry, {FOLDED} AS name, birth_date AS born FROM '{world}/registry/*.parquet'"
    }
    for kind in KINDS:
        birth = (
            "coalesce(try_strptime(birth_date, ['%d/%m/%Y', '%Y-%m-%d', '%d-%m-%Y', '%d.%m.%Y'])::DATE, NULL)"
        )
        sources[kind] = (
            f"SELECT {kind}_id AS record, {FOLDED} AS name, {birth} AS born FROM '{world}/education/{kind}s.parquet'"
        )
    with duckdb.connect() as con:
        for name, query in sources.items():
            if not (folder / f"{name}.parquet").exists():
                con.sql(query).write_parquet(str(folder / f".{name}.parquet"))
                (folder / f".{name}.parquet").replace(folder / f"{name}.parquet")
    return folder


def floor(keys: Path, kinds: Sequence[str]) -> Floor:
    """Run the join once."""
    records = ", ".join(f"'{keys}/{kind}.parquet'" for kind in kinds)
    wall, cpu = time.perf_counter(), time.process_time()
    with duckdb.connect() as con:
        con.execute(
            f"CREATE TEMP TABLE found AS SELECT r.record, e.entry FROM '{keys}/registry.parquet' e "
            f"JOIN read_parquet([{records}]) r USING (name, born)"
        )
        ((pairs,),) = con.sql("SELECT count(*) FROM found").fetchall()
    return Floor(time.process_time() - cpu, time.perf_counter() - wall, pairs)


def median_of(runs: Sequence[Floor]) -> Floor:
    """Medians of several runs."""
    return Floor(
        statistics.median(run.cpu for run in runs), statistics.median(run.wall for run in runs), runs[0].pairs
    )


def main() -> None:
    """Prepare, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("world", type=Path)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    keys = prepared(asked.world)
    found = median_of([floor(keys, asked.kinds.split(",")) for _ in range(asked.runs)])
    print(json.dumps({"cpu": round(found.cpu, 2), "wall": round(found.wall, 2), "pairs": found.pairs}))


if __name__ == "__main__":
    main()

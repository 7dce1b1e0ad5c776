"""What linking can't be faster than: the registry's keys read once, and one hash join with the records by folded name and birth date.

    python -m benchmarks.speed.floor WORLD [--kinds teacher,student,guardian] [--runs 3]

DuckDB on Parquet that holds nothing but those keys, made beforehand (the registry's are kept under WORLD/floor). It finds what has the same name and date and nothing else: no
slip is forgiven, nothing is weighed. Only the query is timed.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.speed.slices import KINDS, sliced

FOLDED = "replace(strip_accents(lower(full_name)), 'đ', 'd')"


@dataclass(frozen=True)
class Floor:
    """Seconds of one run."""

    cpu: float
    wall: float
    pairs: int


BORN = "try_strptime(birth_date, ['%d/%m/%Y', '%Y-%m-%d', '%d-%m-%Y', '%d.%m.%Y'])::DATE"


@dataclass(frozen=True)
class Keys:
    """Parquet of the keys of both sides."""

    registry: Path
    records: Path


def prepared(world: Path, education: Path, work: Path) -> Keys:
    """Write the keys.

    Args:
        world: whose registry; its keys are kept under WORLD/floor.
        education: the records, as Parquet.
        work: where their keys go.
    """
    keys = Keys(world / "floor" / "registry.parquet", work / "floor.parquet")
    keys.registry.parent.mkdir(exist_ok=True)
    sources = (
        f"SELECT {kind}_id AS record, {FOLDED} AS name, {BORN} AS born FROM '{education}/{kind}s.parquet'"
        for kind in KINDS
    )
    with duckdb.connect() as con:
        if not keys.registry.exists():
            part = keys.registry.with_suffix(".part")
            con.sql(
                f"SELECT CAST(personal_id AS BIGINT) AS entry, {FOLDED} AS name, birth_date AS born FROM '{world}/registry/*.parquet'"
            ).write_parquet(str(part))
            part.replace(keys.registry)
        con.sql(" UNION ALL ".join(sources)).write_parquet(str(keys.records))
    return keys


def floor(keys: Keys) -> Floor:
    """Run the join once."""
    wall, cpu = time.perf_counter(), time.process_time()
    with duckdb.connect() as con:
        con.execute(
            f"CREATE TEMP TABLE found AS SELECT r.record, e.entry FROM '{keys.registry}' e JOIN '{keys.records}' r USING (name, born)"
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
    with tempfile.TemporaryDirectory() as work:
        sliced(asked.world / "education", Path(work), asked.kinds.split(","))
        keys = prepared(asked.world, Path(work), Path(work))
        found = median_of([floor(keys) for _ in range(asked.runs)])
    print(json.dumps({"cpu": round(found.cpu, 2), "wall": round(found.wall, 2), "pairs": found.pairs}))


if __name__ == "__main__":
    main()

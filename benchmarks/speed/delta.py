"""The night after a nation was linked: a share of the records has changed, and what that doesn't concern keeps its decision.

    python -m benchmarks.speed.delta EDUCATION REGISTRY INDEX RESULTS OUT [--share 0.01] [--parts-at-once N] [--json FILE]

RESULTS is what `benchmarks.speed.nation` made of EDUCATION with this code. A copy of EDUCATION is made in OUT/education, untimed: of a share of the records of each kind the number is gone,
and the name stands in capitals. Then it is linked with `--previous RESULTS` into OUT/results. OUT must not be there yet. *chosen* are the records that were changed so, *kept* those that keep their decision
(the rest was decided on anew); where a part could not go on from RESULTS nothing is printed.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.speed.link import identity_sync
from benchmarks.speed.nation import compile_code, told
from benchmarks.speed.watched import watched

CHANGING = ("students", "teachers", "guardians")


def changed_copy(education: Path, out: Path, share: float) -> int:
    """Copy a folder in parts, with some of its records changed.

    Returns:
        How many were chosen.
    """
    rng, count = np.random.default_rng(1), 0
    for path in sorted(education.glob("province=*/*.parquet")):
        to = out / path.parent.name / path.name
        to.parent.mkdir(parents=True, exist_ok=True)
        if path.stem not in CHANGING:
            shutil.copy(path, to)
            continue
        # without the column that the folder's name stands for
        table = pq.read_table(path, partitioning=None)
        chosen = rng.random(len(table)) < share
        count += int(chosen.sum())
        pq.write_table(_changed(table, pa.array(chosen)), to, compression="zstd")
    return count


def _changed(table: pa.Table, chosen: pa.Array) -> pa.Table:
    """The numbers of the chosen taken away, and their names in capitals."""
    nothing = pa.nulls(len(table), table.schema.field("claimed_id").type)
    names = pc.if_else(chosen, pc.utf8_upper(table["full_name"]), table["full_name"])
    numbers = pc.if_else(chosen, nothing, table["claimed_id"])
    at = table.column_names.index
    table = table.set_column(at("full_name"), "full_name", names)
    return table.set_column(at("claimed_id"), "claimed_id", numbers)


def kept_in(results: Path) -> int:
    """Decisions that were kept, of all parts.

    Raises:
        SystemExit: A part was linked as if for the first time.
    """
    kept = [json.loads(mark.read_text())["kept"] for mark in results.glob("province=*/counts.json")]
    if not kept or None in kept:
        sys.exit("some parts could not go on from RESULTS: another program, setting or index")
    return sum(kept)


def main() -> None:
    """Change, link, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("education", "registry", "index", "results", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--parts-at-once", type=int)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if asked.out.exists():
        sys.exit(f"{asked.out} is there already")
    chosen = changed_copy(asked.education, asked.out / "education", asked.share)
    compile_code()
    at_once = ["--parts-at-once", asked.parts_at_once] if asked.parts_at_once else []
    results = asked.out / "results"
    previous = ["--index", asked.index, "--previous", asked.results]
    run = watched(
        identity_sync("link", asked.out / "education", asked.registry, results, *previous, *at_once)
    )
    found = json.dumps({"chosen": chosen, "kept": kept_in(results)} | told(run, results), indent=1)
    if asked.json:
        asked.json.write_text(found)
    print(found)


if __name__ == "__main__":
    main()

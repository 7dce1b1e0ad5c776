"""Link a world through a failing registry, for several seeds, and from an extract.

    python -m benchmarks.faults.run WORLD WORK [--seeds 1,2,3] [--batch 500] [--bulk-from 5000]

WORLD is what `mock-population-api generate` made; store and index go to WORK. Told are, for the run without faults and for each seed: seconds
of linkage, calls, jobs, facts sent by outcome, and whether the decisions are the same to the last digit; and the same linkage from an extract.
"""

import argparse
import shutil
from pathlib import Path

from benchmarks.faults.linked import Linked, School, digest, link_school, link_through, read_school
from benchmarks.faults.service import serving
from connectors.registry_index import build_index
from connectors.registry_patience import Limits
from connectors.snapshot import Snapshot

FREE = "free"


def from_extract(school: School, world: Path, work: Path) -> float:
    """Seconds of the linkage from an extract, with code that is compiled."""
    snapshot = Snapshot(build_index(world / "registry", work / "index"))
    few = School({kind: table.slice(0, 200) for kind, table in school.records.items()}, school.families)
    link_school(few, snapshot, 300_000)
    seconds, linkages = link_school(school, snapshot, 300_000)
    print(
        f"from an extract: {seconds:.1f} s, {school.size / seconds:,.0f} records a second, {digest(linkages)}",
        flush=True,
    )
    return seconds


def told(name: str, run: Linked, school: School, free: Linked | None) -> None:
    """One line."""
    same = (
        ""
        if free is None
        else f", decisions {'the same' if run.digest == free.digest else 'OTHERS'}, {run.asked / free.asked:.3f} × the calls"
    )
    facts = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(run.facts.items()))
    print(
        f"{name}: {run.seconds:.1f} s, {school.size / run.seconds:,.0f} records a second, {run.linked:,} linked, {run.asked:,} calls, "
        f"{run.jobs} jobs, facts {facts}{same}",
        flush=True,
    )


def main() -> None:
    """Extract, no faults, faults."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("world", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--bulk-from", type=int, default=5_000)
    asked = parser.parse_args()
    seeds = [int(seed) for seed in asked.seeds.split(",") if seed]
    # what an earlier run told the registry would be known there
    shutil.rmtree(asked.work / "store", ignore_errors=True)
    school, limits = (
        read_school(asked.world / "education"),
        Limits(batch=asked.batch, bulk_from=asked.bulk_from),
    )
    print(f"{school.size:,} records", flush=True)
    from_extract(school, asked.world, asked.work)
    with serving(
        asked.world / "registry", asked.work / "store", [FREE, *(f"seed-{seed}" for seed in seeds)]
    ) as service:
        free = link_through(service, FREE, school, limits)
        told("no faults", free, school, None)
        for seed in seeds:
            service.fail(f"seed-{seed}", seed)
            told(f"seed {seed}", link_through(service, f"seed-{seed}", school, limits), school, free)


if __name__ == "__main__":
    main()

"""Link a world through a failing registry, for several seeds, and from an extract.

    python -m benchmarks.faults.run WORLD WORK [--seeds 1,2,3] [--batch 1000] [--bulk-from 500] [--times 3]

WORLD is what `mock-population-api generate` made; store and index go to WORK. Told are, `--times` times in turn, the linkage from an extract and through
the service without faults, and then for each seed: seconds of linkage, seconds of processor (client and service together), calls, jobs, facts sent by
outcome, and whether the decisions are the same to the last digit.
"""

import argparse
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.faults.linked import Linked, School, digest, link_school, link_through, read_school
from benchmarks.faults.service import Service, processor_seconds, serving
from connectors.registry_index import build_index
from connectors.registry_patience import DEFAULT_LIMITS, Limits
from connectors.snapshot import Snapshot

Extract = Callable[[], tuple[float, float]]


def from_extract(school: School, world: Path, work: Path) -> Extract:
    """What links from an extract, with code that is compiled; tells seconds, and those of the processor."""
    snapshot = Snapshot(build_index(world / "registry", work / "index"))
    few = School({kind: table.slice(0, 200) for kind, table in school.records.items()}, school.families)
    link_school(few, snapshot, 300_000)

    def linked() -> tuple[float, float]:
        before = processor_seconds()
        seconds, linkages = link_school(school, snapshot, 300_000)
        used = processor_seconds() - before
        print(
            f"from an extract: {seconds:.1f} s ({used:.1f} s of processor), {school.size / seconds:,.0f} records a second, "
            f"{digest(linkages)}, load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        return seconds, used

    return linked


def in_turn(extract: Extract, service: Service, school: School, limits: Limits, times: int) -> Linked:
    """Extract and service one after the other, so that both meet the same load; the last run without faults."""
    pairs = []
    for turn in range(times):
        alone = extract()
        free = link_through(service, f"free-{turn}", school, limits)
        told("no faults", free, school, None)
        pairs.append((alone[0] / free.seconds, alone[1] / free.processor))
    wall, processor = (median(share) for share in zip(*pairs, strict=True))
    print(
        f"through the service: {wall:.0%} of the extract's throughput, {processor:.0%} by processor (medians)"
    )
    return free


def told(name: str, run: Linked, school: School, free: Linked | None) -> None:
    """One line."""
    same = (
        ""
        if free is None
        else f", decisions {'the same' if run.digest == free.digest else 'OTHERS'}, {run.asked / free.asked:.3f} × the calls"
    )
    facts = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(run.facts.items()))
    print(
        f"{name}: {run.seconds:.1f} s ({run.processor:.1f} s of processor), {school.size / run.seconds:,.0f} records a second, {run.linked:,} linked, {run.asked:,} calls, "
        f"{run.jobs} jobs, facts {facts}{same}, load {os.getloadavg()[0]:.1f}",
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
    parser.add_argument("--batch", type=int, default=DEFAULT_LIMITS.batch)
    parser.add_argument("--bulk-from", type=int, default=DEFAULT_LIMITS.bulk_from)
    parser.add_argument("--times", type=int, default=3)
    asked = parser.parse_args()
    seeds = [int(seed) for seed in asked.seeds.split(",") if seed]
    # what an earlier run told the registry would be known there
    shutil.rmtree(asked.work / "store", ignore_errors=True)
    school, limits = (
        read_school(asked.world / "education"),
        Limits(batch=asked.batch, bulk_from=asked.bulk_from),
    )
    print(f"{school.size:,} records", flush=True)
    extract = from_extract(school, asked.world, asked.work)
    clients = [f"free-{turn}" for turn in range(asked.times)] + [f"seed-{seed}" for seed in seeds]
    with serving(asked.world / "registry", asked.work / "store", clients) as service:
        free = in_turn(extract, service, school, limits, asked.times)
        for seed in seeds:
            service.fail(f"seed-{seed}", seed)
            told(f"seed {seed}", link_through(service, f"seed-{seed}", school, limits), school, free)


if __name__ == "__main__":
    main()

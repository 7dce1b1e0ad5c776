"""A nation in parts, linked once: time, CPU, and the memory of all processes together.

    python -m benchmarks.speed.nation EDUCATION REGISTRY INDEX OUT [--parts-at-once N] [--json FILE]

EDUCATION holds parts (`province=…`), INDEX is the index of REGISTRY, OUT must not be there yet. The samples are linked first, so that code is compiled. *own* is the most
memory (GiB) that the processes had beside mapped files, *together* with the pages of the index that are in memory, each counted once (PSS).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.speed.link import identity_sync
from benchmarks.speed.watched import Watched, watched

SAMPLES = Path("data/samples")


def compile_code() -> None:
    """Link the samples, untimed."""
    with tempfile.TemporaryDirectory() as out:
        command = identity_sync("link", SAMPLES / "education", SAMPLES / "registry", out)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def records_of(out: Path) -> dict[str, int]:
    """Kind → records decided on, as the marks of the parts say."""
    total: dict[str, int] = {}
    for mark in out.glob("province=*/counts.json"):
        for kind, outcomes in json.loads(mark.read_text())["counts"].items():
            total[kind] = total.get(kind, 0) + sum(outcomes.values())
    return total


def told(run: Watched, out: Path) -> dict[str, object]:
    """What is printed."""
    records = records_of(out)
    return {
        "parts": len(list(out.glob("province=*/counts.json"))),
        "records": records,
        "wall_seconds": round(run.run.wall),
        "cpu_seconds": round(run.run.cpu),
        "cpu_us_per_record": round(1e6 * run.run.cpu / max(sum(records.values()), 1), 1),
        "own_gib": round(run.anonymous / 1024, 1),
        "together_gib": round(run.together / 1024, 1),
    }


def main() -> None:
    """Link, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("education", "registry", "index", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--parts-at-once", type=int)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if asked.out.exists():
        sys.exit(f"{asked.out} is there already: parts that are done would not be done again")
    compile_code()
    at_once = ["--parts-at-once", asked.parts_at_once] if asked.parts_at_once else []
    command = identity_sync(
        "link", asked.education, asked.registry, asked.out, "--index", asked.index, *at_once
    )
    found = json.dumps(told(watched(command), asked.out), indent=1)
    if asked.json:
        asked.json.write_text(found)
    print(found)


if __name__ == "__main__":
    main()

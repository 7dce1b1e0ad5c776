"""What `identity-sync link --index` costs, with the floor (`benchmarks.speed.floor`) in the same run.

    python -m benchmarks.speed.link WORLD INDEX [--kinds teacher] [--share 1.0] [--runs 3] [--json FILE] [-- OPTION …]

INDEX is used, or built before anything is timed, and a few records are linked first, so that code is compiled. Each run is a process of its own: it reads the records, opens the index, links, and
writes its results; floor and link take turns, and medians are told. *resident* is the largest process with the pages of the index that it looked at,
*anonymous* all processes without them. What stands after `--` is passed to `identity-sync link`.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.speed.floor import floor, median_of, prepared
from benchmarks.speed.slices import KINDS, sliced
from benchmarks.speed.watched import Watched, watched


@dataclass(frozen=True)
class Cost:
    """Medians: seconds, MB."""

    records: int
    wall: float
    cpu: float
    resident: float
    anonymous: float
    floor_cpu: float = 0.0
    floor_wall: float = 0.0

    def as_dict(self) -> dict[str, float]:
        """For JSON, with what follows from it."""
        ratio = (
            {"cpu_by_floor": self.cpu / self.floor_cpu, "wall_by_floor": self.wall / self.floor_wall}
            if self.floor_cpu
            else {}
        )
        told = asdict(self) | {"cpu_us_per_record": 1e6 * self.cpu / max(self.records, 1)} | ratio
        return {name: round(value, 2) for name, value in told.items()}


def identity_sync(*words: object) -> list[str]:
    """A command line of the program."""
    return [sys.executable, "-m", "pipelines.cli", *map(str, words)]


FEW = 0.001
"""Share of the records whose linkage is not timed."""


def made_ready(world: Path, index: Path, work: Path) -> None:
    """An index that is there, and code that is compiled."""
    command = identity_sync("index", world / "registry", index)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    sliced(world / "education", work / "few", share=FEW)
    linked(work / "few", world, index, work / "out-few")


def linked(education: Path, world: Path, index: Path, out: Path, options: Sequence[str] = ()) -> Watched:
    """One run."""
    return watched(identity_sync("link", education, world / "registry", out, "--index", index, *options))


def cost(records: int, runs: Sequence[Watched]) -> Cost:
    """Medians of several runs."""
    wall, cpu, resident = (
        statistics.median(getattr(one.run, name) for one in runs) for name in ("wall", "cpu", "peak")
    )
    return Cost(records, wall, cpu, resident, statistics.median(one.anonymous for one in runs))


def main() -> None:
    """Index, slice, link, print."""
    asked, options = arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        made_ready(asked.world, asked.index, work)
        education = work / "education"
        records = sliced(asked.world / "education", education, asked.kinds.split(","), asked.share)
        keys = prepared(asked.world, education, work)
        pairs = [
            (floor(keys), linked(education, asked.world, asked.index, work / f"out-{run}", options))
            for run in range(asked.runs)
        ]
    least = median_of([one for one, _ in pairs])
    found = cost(records, [one for _, one in pairs])
    told = Cost(**asdict(found) | {"floor_cpu": least.cpu, "floor_wall": least.wall}).as_dict()
    say(told, asked.json)


def arguments(doc: str | None) -> tuple[argparse.Namespace, list[str]]:
    """What was asked, and what is for the program itself."""
    own = sys.argv[1 : sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    return parser.parse_args(own), sys.argv[len(own) + 2 :]


def say(told: object, path: Path | None) -> None:
    """Print, and keep where that was asked for."""
    text = json.dumps(told, indent=1)
    print(text)
    if path is not None:
        path.write_text(text + "\n")


if __name__ == "__main__":
    main()

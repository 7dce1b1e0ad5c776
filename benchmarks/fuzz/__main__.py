"""Feed every reader with hostile input, by numbers of cases or by time.

    python -m benchmarks.fuzz [--cases 10000000] [--seconds 600] [--seed 1] [--reader NAME]

Cells of columns (names, dates, numbers, genders, places) are most of the cases; two thirds of the time are theirs, the rest is shared by the readers of files, whose cases are
good files that were changed. Told are cases, those refused by errors of our own, and every other error by class and place. Exit code 1 where there is one.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.fuzz.limits import Found, watched
from benchmarks.fuzz.readers import Reader, readers

_PORTION_SECONDS = 60.0
"""So long one process works: what it gathers is seen, and a death costs little."""


def run(reader: Reader, cases: int, seconds: float, seed: int, folder: Path) -> Found:
    """Cases of one reader until there are enough or the time is over."""
    found, began, portion = Found(), time.monotonic(), 0
    while found.cases < cases and (left := seconds - (time.monotonic() - began)) > 0:
        name = f"{reader.name} {seed}.{portion}"
        made = reader.cases(random.Random(name), folder / str(portion))
        (folder / str(portion)).mkdir(parents=True, exist_ok=True)
        watched(made, min(left, _PORTION_SECONDS), cases - found.cases, name, found)
        portion += 1
    return found


def main() -> int:
    """All readers, one after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reader", default="")
    given = parser.parse_args()
    total, faults = 0, 0
    with tempfile.TemporaryDirectory(prefix="fuzz-") as work:
        for place, reader in enumerate(one for one in readers() if given.reader in one.name):
            share = reader.share / 3 if reader.share else 2 / 3
            found = run(reader, given.cases, given.seconds * share, given.seed, Path(work) / str(place))
            total, faults = total + found.cases, faults + found.faults.total()
            print(
                f"{reader.name}: {found.cases:,} cases in {found.seconds:.0f} s, {found.ours:,} refused, {found.memory / 2**20:.0f} MB at most",
                flush=True,
            )
            for fault, count in found.faults.most_common():
                print(f"    {count:,} × {fault}", flush=True)
    print(f"{total:,} cases, {faults:,} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

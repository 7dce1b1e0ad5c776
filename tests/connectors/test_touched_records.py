"""Whose guardians a change of the registry concerns."""

import datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.registry_changes import Touched
from connectors.registry_index import build_index
from connectors.snapshot import Snapshot
from connectors.touched_records import touched_families
from matching.schemas import DECISIONS, ENTRY, FAMILIES, RECORDS

FATHER, MOTHER, FIRST, SECOND = "001080000001", "001182000002", "001210000003", "001212000004"
STRANGER, THEIRS = "001083000005", "001211000006"


def entry(number, name, born, **family):
    return {
        "personal_id": number,
        "full_name": name,
        "birth_date": datetime.date.fromisoformat(born),
        "birth_precision": "day",
        "gender": "M",
        "birth_province": "001",
        "residence_province": "01",
        "residence_commune": "00004",
        "status": "alive",
    } | family


HOUSE = {"father_id": FATHER, "mother_id": MOTHER}
PEOPLE = [
    entry(FATHER, "Đỗ Quang Khải", "1980-05-03"),
    entry(MOTHER, "Lý Thị Mơ", "1982-12-31", gender="F"),
    entry(FIRST, "Đỗ Quang An", "2010-01-02", **HOUSE),
    entry(SECOND, "Đỗ Quang Bình", "2012-03-04", **HOUSE),
    entry(STRANGER, "Phạm Văn Sơn", "1983-02-02"),
    entry(THEIRS, "Phạm Văn Tùng", "2011-08-09", father_id=STRANGER),
]


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    pq.write_table(pa.Table.from_pylist(PEOPLE, schema=ENTRY), folder / "part-0.parquet")
    return Snapshot(build_index(folder, tmp_path_factory.mktemp("index")))


def touched_by(registry, *changed, linked=(("s1", FIRST), ("s2", THEIRS))):
    """Guardians to be decided on again, once these entries changed."""
    guardians = [{"kind": "guardian", "record_id": one} for one in ("g1", "g2", "g3")]
    families = [
        ("s1", "g1", "father"),
        ("s1", "g2", "mother"),
        ("s2", "g3", "father"),
        ("s2", "moved", "mother"),
    ]
    students = [
        {"kind": "student", "record_id": student, "personal_id": number} for student, number in linked
    ]
    people = [one for one in PEOPLE if one["personal_id"] in changed]
    found = touched_families(
        pa.Table.from_pylist(guardians, schema=RECORDS),
        pa.Table.from_pylist(students, schema=DECISIONS),
        pa.Table.from_pylist(
            [dict(zip(FAMILIES.names, link, strict=True)) for link in families], schema=FAMILIES
        ),
        Touched(pa.Table.from_pylist(people, schema=ENTRY), np.array(sorted(map(int, changed)))),
        registry,
    )
    return sorted(found.to_pylist())


def test_a_brother_of_a_linked_child_concerns_its_guardians(registry):
    assert touched_by(registry, SECOND) == ["g1", "g2"]


def test_the_child_itself_does_too_and_of_guardians_only_those_who_are_there(registry):
    assert touched_by(registry, THEIRS) == ["g3"]
    assert touched_by(registry, FIRST, THEIRS) == ["g1", "g2", "g3"]


def test_people_without_known_parents_concern_no_family(registry):
    assert touched_by(registry, STRANGER) == []
    assert touched_by(registry) == []


def test_a_child_that_is_not_linked_leads_to_nobody(registry):
    assert touched_by(registry, SECOND, linked=(("s1", None), ("s2", THEIRS))) == []

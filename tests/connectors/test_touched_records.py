"""Whose guardians a change of the registry concerns."""

import datetime

import numpy as np
import pyarrow as pa
import pytest

from connectors.registry_changes import Touched
from connectors.touched_records import touched_families
from matching.schemas import DECISIONS, ENTRY, FAMILIES, RECORDS
from tests.entries import entry, registry_of

FATHER, MOTHER, FIRST, SECOND = "001080000001", "001182000002", "001210000003", "001212000004"
STRANGER, THEIRS = "001083000005", "001211000006"


HOUSE = {"father_id": FATHER, "mother_id": MOTHER}
PEOPLE = [
    entry(FATHER, "Đỗ Quang Khải", datetime.date(1980, 5, 3)),
    entry(MOTHER, "Lý Thị Mơ", datetime.date(1982, 12, 31), gender="F"),
    entry(FIRST, "Đỗ Quang An", datetime.date(2010, 1, 2), **HOUSE),
    entry(SECOND, "Đỗ Quang Bình", datetime.date(2012, 3, 4), **HOUSE),
    entry(STRANGER, "Phạm Văn Sơn", datetime.date(1983, 2, 2)),
    entry(THEIRS, "Phạm Văn Tùng", datetime.date(2011, 8, 9), father_id=STRANGER),
]


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    return registry_of(PEOPLE, tmp_path_factory.mktemp("family"))


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

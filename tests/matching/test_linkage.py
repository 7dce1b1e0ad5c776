"""Decisions on small sets where each record's fate is plain."""

import datetime
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.registry_index import build_index
from connectors.snapshot import Snapshot
from matching import model
from matching.deciding import through_guardians
from matching.decision import Outcome, Reason
from matching.found import CASCADE, CONFIRMED, LinkSettings, nothing_found
from matching.linkage import Terms, link
from matching.passes import family
from matching.schemas import ENTRY, FAMILIES, RECORDS
from matching.sector import link_sector

SETTINGS = LinkSettings(sample=20)


def entry(number, name, born, **known):
    base = {
        "personal_id": number,
        "full_name": name,
        "birth_date": datetime.date.fromisoformat(born),
        "birth_precision": "day",
        "gender": "M",
        "birth_province": number[:3],
        "residence_province": "38",
        "residence_commune": "14797",
        "status": "alive",
    }
    return {**base, **known}


def record(kind, key, name, born=None, **known):
    day = datetime.date.fromisoformat(born) if born else None
    base = {
        "kind": kind,
        "record_id": key,
        "name": name,
        "birth_from": day,
        "birth_to": day,
        "birth_precision": "day" if day else None,
        "residence_province": "38",
        "residence_commune": "14797",
        "claimed_form": "personal" if "claimed_id" in known else "missing",
    }
    return {**base, **known}


def crowd(size):
    """Strangers, each with a name and day of their own."""
    start = datetime.date(1960, 1, 2)
    return [
        entry(f"0010{number:08d}", f"Phạm {chr(97 + number % 26)}o Văn {number % 97}", str(start + datetime.timedelta(number)),
              residence_province="01", residence_commune="00004")
        for number in range(size)
    ]  # fmt: skip


FATHER = entry("038080000001", "Đỗ Quang Khải", "1980-05-03")
MOTHER = entry("038182000002", "Hồ Thị Thu Vân", "1982-07-09", gender="F")
CHILD = entry(
    "038211000003",
    "Đỗ Minh Triết",
    "2011-09-05",
    father_id=FATHER["personal_id"],
    mother_id=MOTHER["personal_id"],
)
SISTER = entry(
    "038313000004", "Đỗ Hải Yến", "2013-02-11", gender="F", mother_id=MOTHER["personal_id"]
)  # the registry doesn't name her father
FAMILY = [FATHER, MOTHER, CHILD, SISTER]


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    pq.write_table(pa.Table.from_pylist([*FAMILY, *crowd(3_000)], schema=ENTRY), folder / "part-0.parquet")
    return Snapshot(build_index(folder, tmp_path_factory.mktemp("index")))


def decided(registry, kind, *records, **options):
    table = pa.Table.from_pylist(list(records), schema=RECORDS)
    linkage = link(
        table, Terms(registry, model.load()[kind], registry.frequencies(), SETTINGS, "run"), **options
    )
    return linkage.decisions.to_pylist(), linkage


def test_number_name_and_date_agree(registry):
    (one,), _ = decided(
        registry, "teacher", record("teacher", "T1", "đỗ quang khải", "1980-05-03", claimed_id="038080000001")
    )
    assert (one["outcome"], one["reason"], one["personal_id"]) == (
        Outcome.LINKED,
        Reason.NUMBER_VERIFIED,
        "038080000001",
    )


def test_a_number_whose_holder_differs_is_no_proof(registry):
    (one,), _linkage = decided(
        registry, "teacher", record("teacher", "T1", "lý thị mơ", "1999-12-31", claimed_id="038080000001")
    )
    assert (one["outcome"], one["personal_id"]) != (Outcome.LINKED, "038080000001")
    assert one["reason"] == Reason.NUMBER_OF_ANOTHER


def test_a_rare_name_and_day_need_no_number(registry):
    (one,), _ = decided(registry, "teacher", record("teacher", "T1", "do quang khai", "1980-05-03"))
    assert (one["outcome"], one["reason"]) == (Outcome.LINKED, Reason.EVIDENCE_AGREES)


def test_nobody_and_too_little(registry):
    decisions, _ = decided(
        registry, "teacher", record("teacher", "T1", "lý thị mơ", "1999-12-31"), record("teacher", "T2", None)
    )
    assert [one["reason"] for one in decisions] == [Reason.NOBODY_FOUND, Reason.TOO_LITTLE_DATA]


def test_without_a_single_name_numbers_are_looked_up_all_the_same(registry):
    (one,), _ = decided(
        registry, "teacher", record("teacher", "T1", None, "1980-05-03", claimed_id="038080000001")
    )
    assert one["candidate_id"] or one["personal_id"] == "038080000001"
    assert one["reason"] != Reason.NUMBER_OF_ANOTHER


def test_a_foreigner_is_left_out_and_decided_all_the_same(registry):
    (one,), _ = decided(
        registry,
        "teacher",
        record("teacher", "T1", "đỗ quang khải", "1980-05-03", left_out="foreign_national"),
    )
    assert (one["outcome"], one["reason"], one["candidate_id"]) == (
        Outcome.UNLINKED,
        Reason.FOREIGN_NATIONAL,
        None,
    )


def test_no_records_no_decisions(registry):
    decisions, linkage = decided(registry, "teacher")
    assert (decisions, linkage.facts) == ([], None)


def test_who_is_contested_can_be_looked_at(registry):
    records = [
        record("teacher", "T1", "đỗ quang khải", "1980-05-03", claimed_id="038080000001"),
        record("teacher", "T2", "đỗ quang khải", "1980-05-03", claimed_id="038080000001"),
    ]
    decisions, linkage = decided(registry, "teacher", *records)
    assert sorted(one["reason"] for one in decisions) == [Reason.DUPLICATE_RECORD, Reason.NUMBER_VERIFIED]
    assert len(linkage.candidates) == 0


def sector(registry, students, guardians, families):
    records = {
        "teacher": RECORDS.empty_table(),
        "student": pa.Table.from_pylist(students, schema=RECORDS),
        "guardian": pa.Table.from_pylist(guardians, schema=RECORDS),
    }
    table = pa.Table.from_pylist(
        [dict(zip(FAMILIES.names, row, strict=True)) for row in families], schema=FAMILIES
    )
    result = link_sector(
        records,
        table,
        {
            kind: Terms(registry, one, registry.frequencies(), SETTINGS, "run")
            for kind, one in model.load().items()
        },
    )
    return {
        (row["kind"], row["record_id"]): (row["outcome"], row["reason"], row["personal_id"])
        for linkage in result.values()
        for row in linkage.decisions.to_pylist()
    }


def year_only(key, name, year):
    return record("guardian", key, name) | {
        "birth_from": datetime.date(year, 1, 1), "birth_to": datetime.date(year, 12, 31), "birth_precision": "year",
    }  # fmt: skip


def test_parents_are_found_by_the_linked_child(registry):
    found = sector(
        registry,
        [record("student", "S1", "đỗ minh triết", "2011-09-05", claimed_id="038211000003")],
        [year_only("G1", "do quang khai", 1980), year_only("G2", "hồ thị thu vân", 1982)],
        [("S1", "G1", "father"), ("S1", "G2", "mother")],
    )
    assert found["guardian", "G1"] == (Outcome.LINKED, Reason.FAMILY_AGREES, "038080000001")
    assert found["guardian", "G2"] == (Outcome.LINKED, Reason.FAMILY_AGREES, "038182000002")


def test_a_father_whom_the_registry_does_not_name_is_found_by_the_brother(registry):
    found = sector(
        registry,
        [record("student", "S1", "đỗ hải yến", "2013-02-11", claimed_id="038313000004")],
        [year_only("G1", "do quang khai", 1980)],
        [("S1", "G1", "father")],
    )
    assert found["guardian", "G1"] == (Outcome.LINKED, Reason.FAMILY_AGREES, "038080000001")


def test_two_records_of_one_pupil_never_both_claim_to_be_the_first(registry):
    found = sector(
        registry,
        [
            record("student", "S1", "đỗ minh triết", "2011-09-05", claimed_id="038211000003"),
            record(
                "student",
                "S2",
                "đỗ minh triết",
                "2011-01-01",
                residence_province=None,
                residence_commune=None,
            ),
        ],
        [year_only("G1", "đỗ quang khải", 1980)],
        [("S1", "G1", "father"), ("S2", "G1", "father")],
    )
    of_child = [reason for outcome, reason, number in found.values() if number == "038211000003"]
    assert len(of_child) - of_child.count(Reason.DUPLICATE_RECORD) == 1


def test_pupils_found_once_their_guardians_were_known_count_as_found_through_the_family():
    """Else the next night would take them for witnesses of the guardians who found them."""
    fuzzy = CASCADE.index("fuzzy")
    decided_by = np.array([fuzzy, -1, CONFIRMED, fuzzy, fuzzy], np.int8)
    found = replace(nothing_found(5), decided_by=decided_by)
    records = pa.table({"record_id": ["S1", "S2", "S3", "S4", "G1"]})
    kin = pa.table(
        {
            "record_id": ["S1", "S2", "S3", "G1"],
            "slot": pa.array([family.CHILD] * 3 + [family.GRANDPARENT], pa.int8()),
            "prior": [0.9] * 4,
            "at": pa.array([7] * 4, pa.int32()),
        },
        family.KIN,
    )
    after = through_guardians(found, records, kin).decided_by
    assert after.tolist() == [CASCADE.index("family"), -1, CONFIRMED, fuzzy, fuzzy]
    assert through_guardians(found, records, None) is found

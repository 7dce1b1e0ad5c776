"""What people decided, against what the machine would have done with the same records."""

import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.registry_index import build_index
from connectors.snapshot import Snapshot
from matching import model
from matching.decision import BY_PERSON, Outcome, Reason, Verdict
from matching.found import LinkSettings
from matching.linkage import Terms, link
from matching.schemas import ENTRY, RECORDS, VERDICTS

KHAI, TWIN, STRANGER = "038080000001", "038080000002", "001070000009"


def entry(number, name, born, home="38"):
    known = {"birth_precision": "day", "gender": "M", "birth_province": number[:3], "status": "alive"}
    place = {"residence_province": home, "residence_commune": "14797" if home == "38" else "00004"}
    return {
        "personal_id": number,
        "full_name": name,
        "birth_date": datetime.date.fromisoformat(born),
        **known,
        **place,
    }


def record(key="T1", name="đỗ quang khải", born="1980-05-03", **known):
    day = datetime.date.fromisoformat(born)
    base = {"kind": "teacher", "record_id": key, "name": name, "birth_from": day, "birth_to": day}
    place = {"birth_precision": "day", "residence_province": "38", "residence_commune": "14797"}
    return base | place | {"claimed_form": "missing"} | known


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    first = datetime.date(1960, 1, 2)
    crowd = [
        entry(
            f"0010{n:08d}",
            f"Phạm {chr(97 + n % 26)}o Văn {n % 97}",
            str(first + datetime.timedelta(n)),
            "01",
        )
        for n in range(3_000)
    ]
    people = [
        entry(KHAI, "Đỗ Quang Khải", "1980-05-03"),
        entry(TWIN, "Đỗ Quang Khởi", "1980-05-03"),
        entry(STRANGER, "Lý Thị Mơ", "1970-12-31", "01"),
    ]
    pq.write_table(pa.Table.from_pylist([*people, *crowd], schema=ENTRY), folder / "part-0.parquet")
    return Snapshot(build_index(folder, tmp_path_factory.mktemp("index")))


def decided(registry, *records, said=()):
    """Decisions by record, and candidates by record; `said`: (record, verdict, entry)."""
    verdicts = pa.Table.from_pylist(
        [
            dict(zip(VERDICTS.names, ("teacher", record, str(verdict), number), strict=True))
            for record, verdict, number in said
        ],
        schema=VERDICTS,
    )
    terms = Terms(
        registry,
        model.load()["teacher"],
        registry.frequencies(),
        LinkSettings(sample=20),
        "run",
        verdicts=verdicts,
    )
    linkage = link(pa.Table.from_pylist(list(records), schema=RECORDS), terms)
    shown: dict[str, list[str]] = {}
    for row in linkage.candidates.to_pylist():
        shown.setdefault(row["record_id"], []).append(row["personal_id"])
    return {row["record_id"]: row for row in linkage.decisions.to_pylist()}, shown


def test_a_confirmed_entry_is_the_records_whatever_the_machine_thinks(registry):
    said = [("T1", Verdict.SAME, STRANGER)]
    one = decided(registry, record(), said=said)[0]["T1"]
    assert (one["outcome"], one["reason"]) == (Outcome.LINKED, Reason.CONFIRMED_BY_PERSON)
    assert (one["personal_id"], one["decided_by"]) == (STRANGER, BY_PERSON)
    assert one["match_probability"] is None


def test_a_denied_entry_is_never_linked_and_the_rest_competes_on(registry):
    claiming = record(claimed_id=KHAI, claimed_form="personal")
    assert decided(registry, claiming)[0]["T1"]["personal_id"] == KHAI
    decisions, shown = decided(registry, claiming, said=[("T1", Verdict.NOT_SAME, KHAI)])
    assert decisions["T1"]["personal_id"] is None
    assert decisions["T1"]["candidate_id"] != KHAI
    assert KHAI not in shown.get("T1", [])


def test_what_is_denied_for_one_record_is_open_to_another(registry):
    records = (record("T1"), record("T2"))
    decisions, _ = decided(registry, *records, said=[("T1", Verdict.NOT_SAME, KHAI)])
    assert decisions["T1"]["personal_id"] != KHAI
    assert decisions["T2"]["personal_id"] == KHAI


@pytest.mark.parametrize(
    ("verdict", "outcome", "reason"),
    [
        (Verdict.UNSURE, Outcome.CLERICAL_REVIEW, Reason.REVIEWER_UNSURE),
        (Verdict.BACK_TO_SCHOOL, Outcome.UNLINKED, Reason.SENT_TO_SCHOOL),
        (Verdict.NO_NUMBER, Outcome.UNLINKED, Reason.NO_NUMBER_YET),
        (Verdict.CONFLICT, Outcome.CLERICAL_REVIEW, Reason.REVIEWERS_DIFFER),
    ],
)
def test_who_decided_on_nobody_keeps_the_record_open_with_its_candidates(registry, verdict, outcome, reason):
    decisions, shown = decided(registry, record(), said=[("T1", verdict, KHAI)])
    assert (decisions["T1"]["outcome"], decisions["T1"]["reason"]) == (outcome, reason)
    assert shown["T1"][0] == KHAI


def test_an_entry_that_nobody_had_seen_may_still_be_found(registry):
    decisions, _ = decided(registry, record(), said=[("T1", Verdict.NO_NUMBER, None)])
    assert decisions["T1"]["personal_id"] == KHAI


def test_while_people_differ_nothing_is_linked(registry):
    decisions, _ = decided(registry, record(), said=[("T1", Verdict.CONFLICT, None)])
    assert decisions["T1"]["reason"] == Reason.REVIEWERS_DIFFER


def test_the_machine_does_not_contest_what_a_person_confirmed(registry):
    records = (
        record("T1", "lý thị mơ", "1971-01-01"),
        record("T2", claimed_id=KHAI, claimed_form="personal"),
    )
    decisions, _ = decided(registry, *records, said=[("T1", Verdict.SAME, KHAI)])
    assert decisions["T1"]["personal_id"] == KHAI
    assert decisions["T1"]["reason"] == Reason.CONFIRMED_BY_PERSON
    assert decisions["T2"]["personal_id"] != KHAI


def test_verdicts_on_other_records_change_nothing(registry):
    said = [("T9", Verdict.SAME, STRANGER), ("T9", Verdict.NOT_SAME, KHAI)]
    assert decided(registry, record(), said=said) == decided(registry, record())

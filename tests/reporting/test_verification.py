from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from reporting.former_provinces import former_of_commune, former_of_whole_province, former_rates
from reporting.verification import (
    OPEN_SINCE,
    Deadlines,
    progress,
    state_counts,
    verification,
)

TODAY = date(2026, 11, 21)


def standing(
    partition: Any, *, since: dict[str, tuple[date, int]] | None = None, **deadlines: Any
) -> dict[str, Any]:
    """Record → its row."""
    tables = partition.tables
    known = [
        {"kind": "student", "record_id": record, "open_since": day, "runs": runs}
        for record, (day, runs) in (since or {}).items()
    ]
    table = verification(
        tables["decisions"],
        tables["records"],
        TODAY,
        pa.Table.from_pylist(known, schema=OPEN_SINCE),
        Deadlines(**deadlines),
    )
    return {row["record_id"]: row for row in table.to_pylist()}


@pytest.mark.parametrize(
    ("reason", "form", "state", "holder"),
    [
        ("number_verified", "personal", "confirmed", None),
        ("superseded_number_followed", "personal", "linked", None),
        ("evidence_agrees", "missing", "linked", None),
        ("nobody_found", "missing", "no_number", "school"),
        ("nobody_found", "placeholder", "no_number", "school"),
        ("nobody_found", None, "no_number", "school"),
        ("no_number_yet", "missing", "no_number", "police"),
        ("several_fit", "missing", "no_number", "reviewer"),
        ("number_wrong_form", "wrong_form", "wrong_form", "school"),
        ("number_lost", "lost_in_spreadsheet", "wrong_form", "school"),
        ("birth_date_differs", "zero_restored", "wrong_form", "school"),
        ("several_fit", "personal", "verifying", "reviewer"),
        ("could_not_ask", "personal", "verifying", "nobody"),
        ("birth_date_differs", "personal", "differs", "school"),
        ("name_differs", "former", "differs", "school"),
    ],
)
def test_the_state_is_the_first_step_that_has_not_succeeded(
    partition: Any, reason: str, form: str | None, state: str, holder: str | None
) -> None:
    partition.person("s1", reason, claimed_form=form)
    row = standing(partition)["s1"]
    assert (row["state"], row["lies_with"]) == (state, holder)
    assert row["collected"] == (form not in {None, "missing", "placeholder"})


def test_a_link_that_a_person_made_is_confirmed(partition: Any) -> None:
    partition.person("s1", "evidence_agrees", decided_by="person", claimed_form="missing")
    assert standing(partition)["s1"]["state"] == "confirmed"


def test_age_counts_from_the_first_run_that_left_it_open(partition: Any) -> None:
    for record in ("old", "new"):
        partition.person(record, "name_differs", claimed_form="personal")
    partition.person("linked")
    rows = standing(partition, since={"old": (date(2026, 8, 1), 70), "linked": (date(2026, 1, 1), 9)})
    assert (rows["old"]["open_since"], rows["old"]["runs"], rows["old"]["age"]) == (
        date(2026, 8, 1),
        70,
        "from_90",
    )
    assert (rows["new"]["open_since"], rows["new"]["runs"], rows["new"]["age"]) == (TODAY, 1, "under_30")
    assert (rows["linked"]["open_since"], rows["linked"]["runs"], rows["linked"]["overdue"]) == (
        None,
        None,
        None,
    )


def test_when_the_deadline_has_passed_it_lies_with_the_next_office_too(partition: Any) -> None:
    partition.person("s1", "nobody_found", claimed_form="personal")
    on_time = standing(partition, since={"s1": (date(2026, 10, 22), 3)}, days=30)["s1"]
    late = standing(partition, since={"s1": (date(2026, 10, 21), 3)}, days=30)["s1"]
    assert (on_time["due"], on_time["overdue"], on_time["also_with"]) == (TODAY, False, [])
    assert (late["overdue"], late["lies_with"], late["also_with"]) == (True, "school", ["justice", "police"])


def test_grade_12_is_due_before_its_exam(partition: Any) -> None:
    partition.person("s1", "name_differs", grade="12A1", level="THPT")
    partition.person("s2", "name_differs", grade="11")
    partition.person("s3", "name_differs", grade=None, level="Đại học")
    partition.person("t1", "name_differs", kind="teacher", grade=None)
    rows = standing(partition, grade_12=date(2026, 12, 1))
    assert {record: row["cohort"] for record, row in rows.items()} == {
        "s1": "grade_12", "s2": "to_grade_11", "s3": "higher", "t1": None,
    }  # fmt: skip
    assert rows["s1"]["due"] == date(2026, 12, 1)
    assert rows["s2"]["due"] == date(2026, 12, 21)


def test_who_is_left_out_stands_nowhere_and_all_others_are_counted_once(partition: Any) -> None:
    partition.schools = [{"school_code": "01000001", "name": "Trường Tiểu học Kim Đồng"}]
    partition.person("s1")
    partition.person("s2", "nobody_found", claimed_form="missing")
    partition.person("s3", "foreign_national", left_out="foreign_national")
    tables = partition.tables
    verified = verification(tables["decisions"], tables["records"], TODAY)
    assert sum(state_counts(verified)["records"].to_pylist()) == len(verified) == 2
    [school] = progress(verified, tables["schools"]).to_pylist()
    assert (school["school_name"], school["confirmed"], school["no_number"], school["overdue"]) == (
        "Trường Tiểu học Kim Đồng", 1, 1, 0,
    )  # fmt: skip


def test_the_old_province_follows_from_the_commune_or_is_not_told(partition: Any) -> None:
    partition.schools = [
        {"school_code": "a", "commune_code": "27226"},  # was Hồ Chí Minh
        {"school_code": "b", "commune_code": "25747"},  # was Bình Dương
        {"school_code": "c", "commune_code": None},
        {"school_code": "d", "commune_code": None},
    ]
    for school, province in (("a", "79"), ("b", "79"), ("c", "79"), ("d", "01")):
        partition.person(f"s{school}", school_code=school, province=province)
    tables = partition.tables
    rows = former_rates(tables["decisions"], tables["records"], tables["schools"]).to_pylist()
    assert {(row["province"], row["former"]): row["linked"] for row in rows} == {
        ("79", "079"): 1, ("79", "074"): 1, ("79", None): 1, ("01", "001"): 1,
    }  # fmt: skip


def test_a_commune_of_two_old_provinces_belongs_to_none() -> None:
    assert "10843" not in former_of_commune()  # parts of Hải Dương and of Hải Phòng
    assert set(former_of_commune().values()) <= {f"{number:03}" for number in range(1, 97)}
    assert len(former_of_whole_province()) == 11

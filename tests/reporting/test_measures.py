from datetime import date
from typing import Any

import pyarrow as pa

from reporting.facts import measure, together
from reporting.quality import NOTHING_VERIFIED, VERIFIED, quality

TODAY = date(2026, 11, 21)


def _words(partition: Any, verified: pa.Table = NOTHING_VERIFIED) -> dict[str, int]:
    tables = partition.tables
    [row] = quality(tables["decisions"], tables["records"], tables["rejects"], TODAY, verified).to_pylist()
    return {name: value for name, value in row.items() if name not in {"kind", "province"}}


def test_correct_is_of_what_was_linked_and_compared(partition: Any) -> None:
    agrees = {"name": "same", "birth_date": "same_day", "gender": "same"}
    partition.person("a", evidence=agrees)
    partition.person("b", evidence={**agrees, "name": "marks_differ"})
    partition.person("c", evidence={**agrees, "gender": "different"})
    partition.person("d", evidence=None)  # not compared: no verdict
    partition.person("e", "name_differs", evidence=agrees)  # not linked: nothing to be right about
    words = _words(partition)
    assert (words["compared"], words["correct"]) == (3, 1)


def test_complete_needs_person_and_number_from_school_or_run(partition: Any) -> None:
    partition.person("a")
    partition.person("b", "evidence_agrees", claimed_id=None)  # this run attached one
    partition.person("c", "nobody_found", claimed_id=None)
    partition.person("d", birth_precision="year")
    partition.person("e", gender=None)
    words = _words(partition)
    assert (words["complete"], words["in_scope"]) == (2, 5)


def test_clean_has_no_reject_no_duplicate_no_wrong_form(partition: Any) -> None:
    partition.person("a")
    partition.person("b", "duplicate_record")
    partition.person("c", "number_wrong_form")
    partition.person("d")
    partition.rejects = [
        {"table": "students", "row": 4, "record_id": "d", "column": "birth_date", "reason": "unreadable"},
        {"table": "teachers", "row": 9, "record_id": "a", "column": "birth_date", "reason": "unreadable"},
    ]
    assert _words(partition)["clean"] == 1


def test_live_counts_earlier_confirmations_for_a_month(partition: Any) -> None:
    partition.person("a")
    partition.person("b", "could_not_ask")
    partition.person("c", "could_not_ask")
    days = [date(2026, 10, 21), date(2026, 10, 20)]
    verified = pa.table(
        {"kind": ["student"] * 2, "record_id": ["b", "c"], "verified_on": days}, schema=VERIFIED
    )
    assert _words(partition, verified)["live"] == 2


def test_left_out_records_count_nowhere(partition: Any) -> None:
    partition.person("a")
    partition.person("b", "foreign_national", left_out="foreign_national")
    assert _words(partition)["in_scope"] == 1


def test_schools_with_open_records_the_most_first(partition: Any) -> None:
    partition.schools = [{"school_code": "01000001", "name": "Trường A"}]
    partition.person("a")
    partition.person("b", "name_differs")
    partition.person("c", "several_fit", outcome="clerical_review")
    partition.person("d", "name_differs")
    partition.person("e", "nobody_found", school_code="01000002")
    partition.person("f", school_code="01000003")
    rows = partition.measures.schools.to_pylist()
    assert [(row["school_code"], row["open"], row["in_scope"]) for row in rows] == [
        ("01000001", 3, 4),
        ("01000002", 1, 1),
    ]
    assert (rows[0]["school_name"], rows[0]["school_acts"], rows[0]["main_reason"]) == (
        "Trường A",
        2,
        "name_differs",
    )
    assert rows[1]["school_name"] is None


def test_partitions_add_up(partition: Any) -> None:
    partition.person("a")
    partition.rejects = [
        {"table": "students", "row": 1, "record_id": None, "column": None, "reason": "too_few_fields"}
    ]
    once = partition.measures
    twice = together([once, once])
    assert sum(twice.rates["records"].to_pylist()) == 2
    assert sum(twice.rejects["rejected"].to_pylist()) == 2
    assert together([]).quality.num_rows == 0


def test_measuring_nothing_is_fine(partition: Any) -> None:
    tables = partition.tables
    nothing = measure(
        tables["decisions"], tables["records"], tables["schools"], tables["rejects"], today=TODAY
    )
    assert nothing.rates.num_rows == nothing.schools.num_rows == 0

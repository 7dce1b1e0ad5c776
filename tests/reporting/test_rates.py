import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from reporting.errors import CountsDisagreeError
from reporting.rates import LINK_RATES, TOTALS, breakdown, rates, totals, write_rates


@pytest.fixture
def counted(partition: Any) -> pa.Table:
    """Two pupils linked, one open, one in review, one left out twice over; one teacher; a grade-12 pupil."""
    partition.person("s1")
    partition.person("s2", "evidence_agrees", decided_by="exact_key")
    partition.person("s3", "nobody_found")
    partition.person("s4", "several_fit", outcome="clerical_review")
    partition.person("s5", "foreign_national", left_out="foreign_national")
    partition.person("s6", "foreign_national")
    partition.person("s7", grade="Lớp 12A1", level="upper_secondary")
    partition.person("s8", "name_differs", grade="2", province="79")
    partition.person("t1", kind="teacher", grade=None, level=None)
    tables = partition.tables
    return rates(tables["decisions"], tables["records"])


def test_every_record_counts_once(counted: pa.Table) -> None:
    assert counted.schema == LINK_RATES
    [row] = totals(counted).to_pylist()
    assert row == dict(zip(TOTALS, (9, 2, 7, 4, 1, 2), strict=True))


def test_out_of_scope_is_out_of_the_denominator_and_keeps_its_reason(counted: pa.Table) -> None:
    assert breakdown(counted, ["kind", "reason"], ["left_out"]).to_pylist() == [
        {"kind": "student", "reason": "foreign_national", "records": 2}
    ]
    assert counted.filter(pa.compute.equal(counted["outcome"], "left_out"))["decided_by"].null_count == 1


def test_by_kind_and_province(counted: pa.Table) -> None:
    rows = {
        (row["kind"], row["province"]): (row["linked"], row["in_scope"])
        for row in totals(counted, ["kind", "province"]).to_pylist()
    }
    assert rows == {("student", "01"): (3, 5), ("student", "79"): (0, 1), ("teacher", "01"): (1, 1)}


def test_grade_12_is_apart_and_no_other_grade_is(counted: pa.Table) -> None:
    rows = {row["grade_12"]: row["records"] for row in totals(counted, ["grade_12"]).to_pylist()}
    assert rows == {False: 8, True: 1}


def test_by_pass(counted: pa.Table) -> None:
    assert breakdown(counted, ["decided_by"], ["linked"]).to_pylist() == [
        {"decided_by": "claimed_id", "records": 3},
        {"decided_by": "exact_key", "records": 1},
    ]


def test_nothing_counted_gives_zeros() -> None:
    assert totals(LINK_RATES.empty_table()).to_pylist() == [dict.fromkeys(TOTALS, 0)]


def test_a_record_without_decision_is_refused(partition: Any) -> None:
    partition.person("s1")
    partition.person("s2")
    tables = partition.tables
    with pytest.raises(CountsDisagreeError) as wrong:
        rates(tables["decisions"].slice(0, 1), tables["records"])
    assert (wrong.value.undecided, wrong.value.unknown, wrong.value.repeated) == (1, 0, 0)


def test_two_decisions_and_a_decision_about_nobody_are_refused(partition: Any) -> None:
    partition.person("s1")
    tables = partition.tables
    twice = pa.concat_tables([tables["decisions"]] * 2)
    with pytest.raises(CountsDisagreeError, match="1 decided more than once"):
        rates(twice, tables["records"])
    with pytest.raises(CountsDisagreeError, match="1 decisions without a record"):
        rates(tables["decisions"], tables["records"].slice(0, 0))


def test_rates_csv_has_both_numbers_and_the_reasons_on_every_line(counted: pa.Table, tmp_path: Path) -> None:
    path = write_rates(tmp_path, counted)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert sum(int(row["linked"]) for row in rows) == 4
    first = next(
        row
        for row in rows
        if row["kind"] == "student" and row["province"] == "01" and row["level"] == "primary"
    )
    assert (first["province_name"], first["linked"], first["in_scope"], first["link_rate_percent"]) == (
        "Hà Nội",
        "2",
        "4",
        "50",
    )
    assert first["left_out:foreign_national"] == "2"
    assert first["linked:exact_key"] == "1"
    assert first["unlinked:nobody_found"] == "1"
    assert first["clerical_review:several_fit"] == "1"
    assert all(int(row["records"]) == int(row["left_out"]) + int(row["in_scope"]) for row in rows)

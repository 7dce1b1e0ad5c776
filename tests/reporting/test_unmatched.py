import csv
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText

from connectors.worklist import COLUMNS, KEYS, SEALED, Answer, sealed
from reporting.open_rows import ListFacts, rows_by_province
from reporting.unmatched import in_file_name, write_school_workbooks, write_unmatched
from reporting.workbook import FIRST_ROW

HOSTILE = [
    "=cmd|' /C calc'!A0",
    '<script>alert(1)</script> & "x"',
    "Lê\x00Văn\x1bA",
    "_x0041_",
    "ạ" * 100_000,
    "@SUM(1)",
]


@pytest.fixture
def people(partition: Any) -> Any:
    """Open pupils of two schools and an open teacher; one linked, one left out."""
    partition.schools = [{"school_code": "01000001", "name": "Trường Tiểu học Kim Đồng"}]
    partition.person(
        "s1",
        "birth_date_differs",
        typed={"full_name": "Trần Thị Ước"},
        evidence={"name": "same", "birth_date": "day_month_swapped"},
    )
    partition.candidate("s1", 2, "035315009999", "TRẦN THỊ ƯỚT")
    partition.candidate("s1", 1, "001315008888", "TRẦN THI ƯỚC", born=date(2015, 4, 3))
    partition.person(
        "s2", "number_wrong_form", typed={"full_name": "Lê An", "claimed_id": "1315000001"}, evidence=None
    )
    partition.person(
        "s3",
        "several_fit",
        outcome="clerical_review",
        typed={"full_name": "Bùi Văn Ân"},
        school_code="01000002",
    )
    partition.person("t1", "nobody_found", kind="teacher", grade=None, evidence=None)
    partition.person("s4")
    partition.person("s5", "foreign_national", left_out="foreign_national")
    return partition


def _lists(people: Any, facts: ListFacts, out: Path) -> dict[str, list[dict[str, str]]]:
    files = write_unmatched(out, people.lists, facts)
    return {path.name: _rows(path) for path in files if path.suffix == ".csv"}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_files_per_province_and_kind(people: Any, list_facts: ListFacts, tmp_path: Path) -> None:
    people.person("s9", "nobody_found", province="79")
    files = write_unmatched(tmp_path, people.lists, list_facts)
    assert [path.name for path in files] == [
        "unmatched-01-teacher.csv",
        "unmatched-01-student.csv",
        "unmatched-01.xlsx",
        "unmatched-79-student.csv",
        "unmatched-79.xlsx",
    ]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    assert sorted(tmp_path.iterdir()) == sorted(files)


def test_every_open_record_is_in_a_list_and_no_other(
    people: Any, list_facts: ListFacts, tmp_path: Path
) -> None:
    lists = _lists(people, list_facts, tmp_path)
    assert [row["record_id"] for row in lists["unmatched-01-student.csv"]] == [
        "s2",
        "s1",
        "s3",
    ]  # school, then given name
    assert [row["record_id"] for row in lists["unmatched-01-teacher.csv"]] == ["t1"]


def test_a_row_says_what_differs_and_who_acts(people: Any, list_facts: ListFacts, tmp_path: Path) -> None:
    row = _lists(people, list_facts, tmp_path)["unmatched-01-student.csv"][1]
    assert row["why"] == "Sai khác ngày sinh"
    assert row["field"] == "Ngày sinh: đảo ngày và tháng"
    assert row["actor"] == "Nhà trường, Công an cấp xã"
    assert (row["outcome"], row["reason"], row["match_key"]) == (
        "unlinked",
        "birth_date_differs",
        "name+ birth_date~",
    )
    assert row["school_name"] == "Trường Tiểu học Kim Đồng"


def test_candidates_stand_side_by_side_with_masked_numbers(
    people: Any, list_facts: ListFacts, tmp_path: Path
) -> None:
    row = _lists(people, list_facts, tmp_path)["unmatched-01-student.csv"][1]
    assert [row[f"candidate_{rank}_number"] for rank in (1, 2, 3)] == ["••••••••8888", "••••••••9999", ""]
    assert (row["candidate_1_birth_date"], row["candidate_1_gender"], row["candidate_1_birth_province"]) == (
        "03/04/2015",
        "Nữ",
        "Hà Nam",
    )
    assert row["candidate_1_key"] == list_facts.pseudonym("001315008888")


def test_no_whole_number_is_in_any_file(people: Any, list_facts: ListFacts, tmp_path: Path) -> None:
    people.person(
        "s7", "name_differs", typed={"full_name": "Lê Lan 001315001234", "claimed_id": "001 315 001 234"}
    )
    for path in write_unmatched(tmp_path, people.lists, list_facts):
        parts = [path.read_bytes()]
        if path.suffix == ".xlsx":
            with ZipFile(path) as book:
                parts = [book.read(name) for name in book.namelist() if "sheet" in name.lower()]
        for part in parts:
            assert not re.search(
                rb"\d{9}|\d{3} \d{3} \d{3}", re.sub(rb"<sheetView.*?</sheetViews>", b"", part)
            )


def test_the_number_typed_shows_that_digits_are_missing(
    people: Any, list_facts: ListFacts, tmp_path: Path
) -> None:
    row = _lists(people, list_facts, tmp_path)["unmatched-01-student.csv"][0]
    assert row["claimed_id"] == "••••••0001"


def test_a_seal_holds_and_breaks_when_a_key_changes(
    people: Any, list_facts: ListFacts, tmp_path: Path
) -> None:
    row = _lists(people, list_facts, tmp_path)["unmatched-01-student.csv"][0]
    values = [row[column] for column in SEALED]
    assert sealed(list_facts.key, values, row["checksum"])
    assert not sealed(list_facts.key, ["s1", *values[1:]], row["checksum"])
    assert not sealed(b"another", values, row["checksum"])


def test_a_fingerprint_changes_with_what_was_typed(people: Any, list_facts: ListFacts) -> None:
    [(_, before)] = rows_by_province(people.lists, list_facts)
    people.raw[0]["birth_date"] = "05/03/2015"
    [(_, after)] = rows_by_province(people.lists, list_facts)
    changed = {
        old.cells["record_id"]
        for old, new in zip(before, after, strict=True)
        if old.cells["fingerprint"] != new.cells["fingerprint"]
    }
    assert changed == {"s1"}


@pytest.fixture
def sheet(people: Any, list_facts: ListFacts, tmp_path: Path) -> Any:
    """The pupils' sheet, read back with its rich text."""
    files = write_unmatched(tmp_path, people.lists, list_facts)
    return openpyxl.load_workbook(next(path for path in files if path.suffix == ".xlsx"), rich_text=True)[
        "Học sinh"
    ]


def _cell(sheet: Any, row: int, column: str) -> Any:
    return sheet.cell(FIRST_ROW + 1 + row, COLUMNS.index(column) + 1)


def test_the_workbook_holds_the_same_as_the_csv(people: Any, list_facts: ListFacts, tmp_path: Path) -> None:
    lists = _lists(people, list_facts, tmp_path)
    book = openpyxl.load_workbook(tmp_path / "unmatched-01.xlsx")
    assert book.sheetnames == ["Giáo viên", "Học sinh", "Hướng dẫn"]
    rows = list(book["Học sinh"].iter_rows(min_row=FIRST_ROW + 1, values_only=True))
    assert [cell.value for cell in book["Học sinh"][1]] == list(COLUMNS)
    assert [[value or "" for value in row] for row in rows] == [
        list(row.values()) for row in lists["unmatched-01-student.csv"]
    ]


def test_cells_are_text_and_only_the_decision_is_open(sheet: Any) -> None:
    for column in COLUMNS:
        cell = _cell(sheet, 0, column)
        if cell.value is None and column not in {"decision", "note"}:
            continue
        assert cell.number_format == "@"
        assert cell.protection.locked is (column not in {"decision", "note"})
    assert sheet.protection.sheet


def test_the_decision_is_chosen_from_a_list(sheet: Any) -> None:
    [choice] = sheet.data_validations.dataValidation
    letter = openpyxl.utils.get_column_letter(COLUMNS.index("decision") + 1)
    assert str(choice.sqref) == f"{letter}4:{letter}6"
    assert choice.type == "list"
    assert choice.formula1.strip('"').split(",") == [
        "Đúng người này (1)", "Đúng người này (2)", "Đúng người này (3)", "Không phải", "Chưa rõ", "Trả về trường", "Chưa có số định danh",
    ]  # fmt: skip
    assert len(choice.formula1) <= 255
    assert len(Answer) == 7


def test_header_is_frozen_filtered_and_keys_are_hidden(sheet: Any) -> None:
    assert sheet.freeze_panes == "C4"
    assert sheet.auto_filter.ref.endswith("6")
    assert sheet.row_dimensions[1].hidden
    hidden = {column for place, column in enumerate(COLUMNS, 1) if _hidden(sheet, place)}
    assert hidden == {*KEYS, *(f"candidate_{rank}_probability" for rank in (1, 2, 3))}


def _hidden(sheet: Any, place: int) -> bool:
    return any(group.hidden and group.min <= place <= group.max for group in sheet.column_dimensions.values())


def test_letters_and_marks_that_differ_look_different(sheet: Any) -> None:
    first, second = (_cell(sheet, 1, f"candidate_{rank}_name").value for rank in (1, 2))
    assert isinstance(first, CellRichText)
    assert isinstance(second, CellRichText)
    [mark] = [run for run in first if not isinstance(run, str)]
    [letter] = [run for run in second if not isinstance(run, str)]
    assert (mark.text, mark.font.u) == ("I", "single")
    assert (letter.text, letter.font.u) == ("T", None)
    assert mark.font.color.rgb != letter.font.color.rgb
    assert str(first) == "TRẦN THI ƯỚC"


def test_swapped_day_and_month_are_marked(sheet: Any) -> None:
    runs = _cell(sheet, 1, "candidate_1_birth_date").value
    assert [str(run) for run in runs] == ["03/04", "/2015"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_do_no_harm(partition: Any, list_facts: ListFacts, tmp_path: Path, name: str) -> None:
    partition.schools = [{"school_code": "../../etc", "name": name}]
    partition.person(
        "s1", "name_differs", typed={"full_name": name, "birth_place": name}, school_code="../../etc"
    )
    partition.candidate("s1", 1, "001315008888", name[::-1])
    [row] = _lists(partition, list_facts, tmp_path)["unmatched-01-student.csv"]
    assert not row["full_name"].startswith(("=", "@"))
    assert len(row["full_name"]) <= 300
    sheet = openpyxl.load_workbook(tmp_path / "unmatched-01.xlsx")["Học sinh"]
    cell = _cell(sheet, 0, "full_name")
    assert cell.data_type == "s"
    assert "'" + cell.value == row["full_name"] or cell.value == row["full_name"]
    [school] = write_school_workbooks(tmp_path / "schools", partition.lists, list_facts)
    assert school.parent == tmp_path / "schools" / "01"


def test_a_school_gets_its_own_people_only(people: Any, list_facts: ListFacts, tmp_path: Path) -> None:
    files = write_school_workbooks(tmp_path, people.lists, list_facts)
    assert [str(path.relative_to(tmp_path)) for path in files] == [
        "01/unmatched-01000001.xlsx",
        "01/unmatched-01000002.xlsx",
    ]
    book = openpyxl.load_workbook(files[1])
    assert book.sheetnames == ["Học sinh", "Hướng dẫn"]
    assert book["Học sinh"].max_row == FIRST_ROW + 1


def test_lists_in_english(people: Any, list_facts: ListFacts, tmp_path: Path) -> None:
    lists = _lists(people, replace(list_facts, language="en"), tmp_path)
    assert lists["unmatched-01-student.csv"][1]["why"] == "Birth date differs"
    assert openpyxl.load_workbook(tmp_path / "unmatched-01.xlsx").sheetnames == [
        "Teachers",
        "Students",
        "Guide",
    ]


def test_nothing_open_makes_no_file(partition: Any, list_facts: ListFacts, tmp_path: Path) -> None:
    partition.person("s1")
    assert write_unmatched(tmp_path, partition.lists, list_facts) == []


def test_codes_that_name_other_files_become_digests() -> None:
    assert in_file_name("01") == "01"
    assert in_file_name(None) == "none"
    assert re.fullmatch(r"x[0-9a-f]{8}", in_file_name("../../etc/passwd"))
    assert in_file_name("a/b") != in_file_name("a/c")


def test_records_without_a_province_are_listed_too(
    partition: Any, list_facts: ListFacts, tmp_path: Path
) -> None:
    partition.person("s1", "nobody_found", province=None, school_code=None)
    files = write_unmatched(tmp_path, partition.lists, list_facts)
    assert [path.name for path in files] == ["unmatched-none-student.csv", "unmatched-none.xlsx"]

"""What a run changed, in words, as a page and as a workbook."""

import re
from io import BytesIO

import openpyxl
import pyarrow as pa
import pytest

from connectors.link_news import LINK_NEWS
from connectors.run_diff import Change
from matching.schemas import RAW_RECORDS, SCHOOLS
from reporting.changes_page import render_changes
from reporting.changes_workbook import changes_workbook
from reporting.run_changes import Cause, Counted, RunChanges, change_lines, named
from reporting.texts import LANGUAGES, texts

SCHOOL = {"school_code": "38000001", "name": "Trường Tiểu học Điện Biên", "province_code": "38"}


def typed(record_id, name):
    return {
        "kind": "student",
        "record_id": record_id,
        "province": "38",
        "school_code": "38000001",
        "full_name": name,
    }


def news(record_id, change, before=None, after=None, cause=None, fields="", **more):
    told = {"before_id": before, "before_reason": "evidence_agrees" if before else None, "after_id": after}
    told |= {"reason": "number_verified", "decided_by": "claimed_id", "cause": cause, "fields": fields}
    return {"record_id": record_id, "change": change, **told, **more}


@pytest.fixture
def changes():
    raw = pa.Table.from_pylist(
        [
            typed("1", "Lê Thị Ước"),
            typed("2", "=cmd|'/c calc'!A1"),
            typed("3", "Lê Văn An"),
            typed("4", "Hà Bé"),
        ],
        schema=RAW_RECORDS,
    )
    rows = [
        news("1", "changed", "038315000001", "038315000009", Cause.CORRECTED, "full_name claimed_id"),
        news("2", "lost", "038315000002", None, Cause.PERSON),
        news("3", "gained", None, "038315000003", Cause.NEW),
        news("4", "gained", None, "038315000004"),
    ]
    fields = [*LINK_NEWS, pa.field("cause", pa.string()), pa.field("fields", pa.string())]
    schools = pa.Table.from_pylist([SCHOOL], schema=SCHOOLS)
    table = named(
        "student", pa.Table.from_pylist(rows, schema=pa.schema(fields)), raw, schools, stopped=False
    )
    counted = Counted("student", "38", (3, 1, 1), stopped=False)
    return RunChanges("2026-11-22T01-30-00-ab12", True, True, (counted,), table)


def test_lines_say_who_and_why_by_given_name(changes):
    found = list(change_lines(changes.rows(Change.GAINED), texts("vi")))
    assert [(one.record_id, one.name, one.school) for one in found] == [
        ("3", "Lê Văn An", "Trường Tiểu học Điện Biên"),
        ("4", "Hà Bé", "Trường Tiểu học Điện Biên"),
    ]
    assert found[0].why == "Hồ sơ mới. Số định danh đúng, họ tên và ngày sinh khớp"
    assert found[1].why == "Số định danh đúng, họ tên và ngày sinh khớp"
    (changed,) = change_lines(changes.rows(Change.CHANGED), texts("vi"))
    assert changed.why.startswith("Hồ sơ đã sửa: họ tên, số định danh đã khai. Số định danh đúng")
    assert "Trước đây: Không có số dùng được" in changed.why


def test_the_workbook_is_text_without_whole_numbers_or_formulas(changes):
    book = openpyxl.load_workbook(BytesIO(changes_workbook(changes, texts("vi"))))
    assert book.sheetnames == ["Đổi sang số khác", "Mất số", "Được gắn số"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if re.search(r"\d{12}", cell.value)]
    assert [row[1].value for row in book["Được gắn số"].iter_rows(min_row=3)] == ["3", "4"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_it_in_both_languages_and_masks_numbers(changes, language):
    page = render_changes(changes, texts(language))
    assert texts(language)("changes.dry_run") in page
    assert texts(language)("report.changed_alarm", count="1") in page
    assert "••••••••0009" in page
    assert not re.search(r"\d{12}", page)
    assert "=cmd|&#39;/c calc&#39;!A1" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_and_change_has_its_text(language):
    known = texts(language).messages
    wanted = [f"changes.cause.{one}" for one in Cause] + [
        key for one in Change for key in (f"changes.{one}", f"changes.about.{one}")
    ]
    assert [key for key in wanted if key not in known] == []

import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

from connectors.conflicts import CONFLICTS
from reporting.follow_lists import FollowTables, write_follow_lists, write_office_lists
from reporting.open_rows import ListFacts
from reporting.verification import OPEN_SINCE, verification

TODAY = date(2026, 11, 21)


@pytest.fixture
def followed(partition: Any) -> FollowTables:
    """Open pupils of two schools, two records of one number, one person twice, a link in conflict."""
    partition.schools = [
        {"school_code": "01000001", "name": "Trường Tiểu học Kim Đồng", "commune_code": "00004"},
        {"school_code": "01000002", "name": "Trường THCS Chu Văn An", "commune_code": "00008"},
    ]
    partition.person("01", "nobody_found", typed={"full_name": "Trần Thị Ước", "claimed_id": "001315000021"},
                     claimed_id="001315000021", claimed_form="personal", residence_commune="00004")  # fmt: skip
    partition.person("02", "number_lost", typed={"full_name": "=Lê An", "claimed_id": "1,2E+11"},
                     claimed_id=None, claimed_form="lost_in_spreadsheet", school_code="01000002")  # fmt: skip
    partition.person("03", "no_number_yet", typed={"full_name": "Bùi Ân", "claimed_id": ""}, claimed_id=None,
                     claimed_form="missing")  # fmt: skip
    for record, name in (("04", "Phạm Thị Bình"), ("05", "Phạm Thị Ánh")):
        partition.person(record, "number_shared", claimed_form="personal", claimed_id="001315000099",
                         typed={"full_name": name, "claimed_id": "001315000099"})  # fmt: skip
    partition.person("06", typed={"full_name": "Vũ Hà"}, claimed_id="001315000077", claimed_form="personal")
    partition.person(
        "07", typed={"full_name": "Vũ Giang"}, claimed_id="001315000078", claimed_form="personal"
    )
    tables = partition.tables
    decisions = tables["decisions"].to_pylist()
    for row in decisions[-2:]:
        row["personal_id"] = "001315000077"
    changed = pa.Table.from_pylist(decisions, schema=tables["decisions"].schema)
    partition_lists = partition.lists
    since = pa.Table.from_pylist(
        [{"kind": "student", "record_id": "01", "open_since": date(2026, 1, 5), "runs": 290}],
        schema=OPEN_SINCE,
    )
    conflicts = pa.Table.from_pylist(
        [{"kind": "student", "record_id": "06", "province": "01", "cause": "not_found_again",
          "held_id": "001315000077", "reason": "nobody_found", "open_since": "2026-11-01T00:00:00+00:00"}],
        schema=CONFLICTS,
    )  # fmt: skip
    lists = type(partition_lists)(
        changed, *(getattr(partition_lists, name) for name in ("candidates", "records", "raw", "schools"))
    )
    return FollowTables(lists, verification(changed, tables["records"], TODAY, since), conflicts)


def _sheets(path: Path) -> dict[str, list[tuple[str, ...]]]:
    book = openpyxl.load_workbook(path)
    return {
        sheet.title: [
            tuple(cell or "" for cell in row) for row in sheet.iter_rows(min_row=3, values_only=True)
        ]
        for sheet in book
    }


def test_each_office_has_what_lies_with_it(
    followed: FollowTables, list_facts: ListFacts, tmp_path: Path
) -> None:
    files = write_follow_lists(tmp_path, "01", followed, list_facts)
    assert [path.name for path in files] == [
        "follow-01.xlsx",
        "school-01.xlsx",
        "police-01.xlsx",
        "justice-01.xlsx",
    ]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    names = {
        path.stem: {cell for rows in _sheets(path).values() for row in rows for cell in row} for path in files
    }
    assert {"Trần Thị Ước", "=Lê An", "Phạm Thị Ánh"} <= names["school-01"]
    assert "Bùi Ân" not in names["school-01"]
    # overdue at the school since February, so the police and the justice office have it too
    assert "Trần Thị Ước" in names["police-01"] & names["justice-01"]
    assert "Bùi Ân" in names["police-01"] - names["justice-01"]
    assert "=Lê An" not in names["police-01"]


def test_offices_see_no_number_and_nobody_a_whole_one(
    followed: FollowTables, list_facts: ListFacts, tmp_path: Path
) -> None:
    for path in write_follow_lists(tmp_path, "01", followed, list_facts):
        cells = [cell for rows in _sheets(path).values() for row in rows for cell in row]
        assert not any("001315" in cell for cell in cells)
        if path.stem.startswith(("police", "justice")):
            assert not any("•" in cell for cell in cells)


def test_the_data_officer_has_four_lists(
    followed: FollowTables, list_facts: ListFacts, tmp_path: Path
) -> None:
    sheets = _sheets(write_follow_lists(tmp_path, "01", followed, list_facts)[0])
    assert list(sheets) == ["Tồn lâu", "Trùng số", "Trùng hồ sơ", "Xung đột"]
    assert sheets["Tồn lâu"][0][:2] == ("05/01/2026", "290")
    assert [(row[0], row[3]) for row in sheets["Trùng số"]] == [("1", "Phạm Thị Ánh"), ("1", "Phạm Thị Bình")]
    assert [row[3] for row in sheets["Trùng hồ sơ"]] == ["Vũ Giang", "Vũ Hà"]
    assert sheets["Xung đột"][0][:2] == ("01/11/2026", "Lần này không tìm lại được")


def test_a_school_s_file_holds_its_own_pupils_only(
    followed: FollowTables, list_facts: ListFacts, tmp_path: Path
) -> None:
    files = write_office_lists(tmp_path, followed, list_facts, lambda record: str(record["school_code"]))
    other = tmp_path / "01000002" / "school.xlsx"
    assert other in files
    assert [row[1] for row in _sheets(other)["Học sinh"]] == ["=Lê An"]


def test_cells_are_text_locked_but_for_the_answer(
    followed: FollowTables, list_facts: ListFacts, tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(write_follow_lists(tmp_path, "01", followed, list_facts)[1])
    sheet = book["Học sinh"]
    assert sheet.protection.sheet
    [row] = [row for row in sheet.iter_rows(min_row=3) if row[0].value == "02"]
    assert all(cell.number_format == "@" and cell.data_type != "f" for cell in row if cell.value)
    assert [cell.protection.locked for cell in row] == [True] * (len(row) - 2) + [False, False]
    [choices] = sheet.data_validations.dataValidation
    assert "Đã sửa hồ sơ" in choices.formula1


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_it_without_a_word(
    followed: FollowTables, list_facts: ListFacts, tmp_path: Path
) -> None:
    path = write_follow_lists(tmp_path, "01", followed, list_facts)[1]
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76",
               "--outdir", str(tmp_path), str(path)]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0
    # that there is no Java is said of every document
    assert [line for line in done.stderr.splitlines() if line.strip() and "javaldx" not in line] == []
    text = path.with_suffix(".csv").read_text(encoding="utf-8")
    assert "Trần Thị Ước" in text
    assert "\n01," in text


def test_nobody_open_means_no_file(partition: Any, list_facts: ListFacts, tmp_path: Path) -> None:
    partition.person("s1")
    tables = partition.tables
    followed = FollowTables(
        partition.lists, verification(tables["decisions"], tables["records"], TODAY), CONFLICTS.empty_table()
    )
    assert write_follow_lists(tmp_path, "01", followed, list_facts) == []

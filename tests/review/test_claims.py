"""What is read out of lists, whatever Excel and people made of them."""

import os
import random
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from connectors.errors import ListUnreadable
from connectors.list_files import read_list
from connectors.worklist import COLUMNS, DECIDED, KEYS, Answer
from matching.decision import Verdict
from reporting.texts import texts
from review.claims import Fault, claims_of

from .conftest import KEY, list_file, row

A, B, C = "001315000001", "001315000002", "001315000003"


def one(labels, *rows, **shape):
    claims, faults = claims_of(list_file(*rows, **shape), labels, KEY)
    return claims, [fault.fault for fault in faults]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("answer", Answer)
def test_every_answer_of_the_drop_down_is_understood(labels, language, answer):
    said = texts(language)(f"answer.{answer}")
    (claim,), faults = one(labels, row(decision=said, candidates=(A, B, C)))
    assert faults == []
    assert claim.verdict == (Verdict.SAME if answer.startswith("same") else Verdict(answer))
    assert len(claim.candidates) == (1 if answer.startswith("same") else 3)


@pytest.mark.parametrize(
    "said", ["khong phai", "KHÔNG PHẢI", " Không  phải ", "Không ph?i", "not_same", "Not the same"]
)
def test_an_answer_is_understood_without_marks_and_with_letters_lost(labels, said):
    (claim,), _ = one(labels, row(decision=said, candidates=(A,)))
    assert claim.verdict == Verdict.NOT_SAME


@pytest.mark.parametrize("said", ["có lẽ", "?", "Đúng người này", "=1+1"])
def test_other_words_are_no_answer(labels, said):
    assert one(labels, row(decision=said, candidates=(A,))) == ([], [Fault.ANSWER_UNKNOWN])


def test_rows_without_an_answer_claim_nothing(labels):
    assert one(labels, row(), row(note="chỉ ghi chú")) == ([], [])


def test_columns_may_be_moved_added_and_left_out(labels):
    some = ["note", *reversed(KEYS), "decision", "record_id"]
    cells = row(decision="unsure", note="xem lại")
    (claim,), faults = one(labels, cells | {"thêm": "x"}, columns=[*some, "thêm"])
    assert (claim.record_id, claim.note, faults) == ("001", "xem lại", [])


@pytest.mark.parametrize("language", ["vi", "en"])
def test_without_the_hidden_row_the_header_that_people_see_will_do(labels, language):
    text = texts(language)
    needed = ["record_id", *DECIDED, *KEYS]
    bands = ["", text("band.decided"), *[""] * (len(needed) - 2)]
    header = [text(f"column.{name}") for name in needed]
    (claim,), faults = one(labels, row(decision="unsure"), columns=needed, header=header, above=[bands])
    assert (claim.place.row, faults) == (3, [])


def test_the_header_below_the_hidden_row_is_no_decision(labels):
    text = texts("vi")
    band, header = (
        dict.fromkeys(COLUMNS, "") | {"decision": text(key)} for key in ("band.decided", "column.decision")
    )
    assert one(labels, band, header, row(decision="unsure"))[1] == []


def test_zeros_that_a_spreadsheet_took_come_back_by_the_seal(labels):
    (claim,), _ = one(labels, row("000123", decision="unsure", then={"record_id": "123"}))
    assert claim.record_id == "000123"


@pytest.mark.parametrize("shown", ["3,8002E+09", "3.8002e+9", "3,800200E+09"])
def test_a_number_that_a_spreadsheet_shortened_comes_back_where_nothing_was_lost(labels, shown):
    (claim,), _ = one(labels, row("3800200000", decision="unsure", then={"record_id": shown}))
    assert claim.record_id == "3800200000"
    assert one(labels, row("3800200001", decision="unsure", then={"record_id": shown})) == (
        [],
        [Fault.ID_ROUNDED],
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"record_id": "002"}, Fault.KEYS_CHANGED),
        ({"candidate_1_key": "XYZ"}, Fault.KEYS_CHANGED),
        ({"fingerprint": "aaaa"}, Fault.KEYS_CHANGED),
        ({"checksum": ""}, Fault.KEYS_LOST),
        ({"checksum": "ff"}, Fault.KEYS_CHANGED),
    ],
)
def test_edited_keys_are_found(labels, changes, fault):
    assert one(labels, row(decision="same_1", candidates=(A,), then=changes)) == ([], [fault])


def test_a_candidate_that_is_not_there_cannot_be_chosen(labels):
    assert one(labels, row(decision="same_2", candidates=(A,))) == ([], [Fault.NO_SUCH_CANDIDATE])


def test_what_is_missing_or_twice_is_named(labels):
    columns = [name for name in COLUMNS if name not in {"run", "fingerprint"}]
    file = list_file(row(decision="unsure"), columns=columns)
    (fault,) = claims_of(file, labels, KEY)[1]
    assert (fault.fault, set(fault.columns)) == (Fault.COLUMNS_MISSING, {"run", "fingerprint"})
    assert one(labels, row(decision="unsure"), columns=[*COLUMNS, "decision"])[1] == [Fault.COLUMN_TWICE]
    assert one(labels, columns=["a", "b"])[1] == [Fault.NO_HEADER]


def test_one_record_with_two_answers_says_nothing_and_the_same_answer_twice_is_one(labels):
    assert one(labels, row(decision="unsure"), row(decision="no_number")) == ([], [Fault.TWICE] * 2)
    claims, faults = one(labels, row(decision="unsure"), row(decision="unsure"))
    assert (len(claims), faults) == (2, [])


def test_sorted_filtered_and_shortened_lists_are_the_same_rows(labels):
    rows = [row(f"{number:03}", decision="unsure") for number in range(30)]
    random.Random(1).shuffle(rows)
    claims, _ = one(labels, *rows[:20])
    assert {claim.record_id for claim in claims} == {cells["record_id"] for cells in rows[:20]}


def written(path, rows, separator, encoding, end="\r\n"):
    def quoted(cell):
        return (
            '"' + cell.replace('"', '""') + '"' if any(sign in cell for sign in f'{separator}"\n') else cell
        )

    lines = [
        separator.join(map(quoted, cells))
        for cells in [COLUMNS, *[[one[name] for name in COLUMNS] for one in rows]]
    ]
    path.write_bytes(end.join([*lines, ""]).encode(encoding, "replace"))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_as_excel_writes_it(labels, tmp_path, separator, encoding):
    rows = [row("00007", decision="Trả về trường", note='có "dấu", ;\tvà\nhai dòng', then={"record_id": "7"})]
    file = read_list(written(tmp_path / "list.csv", rows, separator, encoding))
    (claim,), faults = claims_of(file, labels, KEY)
    assert (claim.record_id, claim.verdict, faults) == ("00007", Verdict.BACK_TO_SCHOOL, [])
    assert claim.note == 'có "dấu", ; và hai dòng'


def test_csv_in_the_windows_code_page_with_the_letters_it_lacks(labels, tmp_path):
    answers = ["Đúng người này (1)", "Chưa rõ", "Không phải", "Trả về trường", "Chưa có số định danh"]
    rows = [row(f"S{place}", decision=said, candidates=(A,)) for place, said in enumerate(answers)]
    file = read_list(written(tmp_path / "list.csv", rows, ";", "cp1258"))
    claims, faults = claims_of(file, labels, KEY)
    assert ([claim.verdict for claim in claims], faults) == (
        [Verdict.SAME, Verdict.UNSURE, Verdict.NOT_SAME, Verdict.BACK_TO_SCHOOL, Verdict.NO_NUMBER],
        [],
    )


def test_a_quote_that_nobody_closed_costs_one_row(labels, tmp_path):
    rows = [row("S1", decision="unsure"), row("S2", decision="unsure"), row("S3", decision="unsure")]
    path = written(tmp_path / "list.csv", rows, ",", "utf-8")
    path.write_bytes(path.read_bytes().replace(b"S2,", b'"S2,'))
    claims, faults = claims_of(read_list(path), labels, KEY)
    assert [claim.record_id for claim in claims] == ["S1", "S3"]
    assert [fault.fault for fault in faults] == [Fault.ROW_DAMAGED]


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("a.xlsx", b"PK\x03\x04 and no more", "damaged"),
        ("b.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "protected"),
        ("c.pdf", b"%PDF", "kind"),
    ],
)
def test_files_that_are_no_lists_are_refused_with_a_reason(tmp_path, name, content, cause):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ListUnreadable) as refused:
        read_list(path)
    assert refused.value.cause == cause
    with pytest.raises(ListUnreadable):
        read_list(tmp_path / "nobody.xlsx")


@pytest.mark.parametrize("member", ["[Content_Types].xml", "xl/workbook.xml"])
def test_a_workbook_with_a_damaged_part_is_not_left_open(tmp_path, member):
    """Windows lets nobody replace a file that is."""
    path = tmp_path / "list.xlsx"
    Workbook().save(path)
    with ZipFile(path) as good:
        parts = {name: good.read(name) for name in good.namelist()}
    with ZipFile(path, "w") as made:
        for name, content in parts.items():
            made.writestr(name, b"<no" if name == member else content)
    with pytest.raises(ListUnreadable) as refused:
        read_list(path)
    # the error holds on to what its reader had in hand
    assert refused.value.cause == "damaged"
    assert str(path) not in {os.path.realpath(handle) for handle in Path("/proc/self/fd").iterdir()}


@given(cells=st.lists(st.lists(st.text(max_size=8), max_size=6), max_size=6))
def test_any_cells_at_all_are_claims_or_faults(labels, cells):
    head = ["record_id", "decision", "checksum", *[name for name in KEYS if name != "checksum"]]
    wide = [[*some, *[""] * len(head)][: len(head)] for some in cells]
    rows = [dict(zip(head, some, strict=True)) for some in wide]
    claims, _ = claims_of(list_file(*rows, columns=head), labels, KEY)
    assert claims == []

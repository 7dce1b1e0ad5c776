"""One CSV file in whatever state: encodings, separators, quotes, bad rows; the fast and the careful reader agree."""

import csv
import io
import unicodedata
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.csv_rows import LINE_LIMIT, _read_careful, _read_fast, read_csv_rows
from connectors.errors import EncodingProblem, FolderProblem
from connectors.text_form import csv_layout

NAMES = ["id", "name", "place"]
one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def saved(folder: Path, content: bytes | str, encoding: str = "utf-8") -> Path:
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def read(path: Path, names: list[str] = NAMES) -> tuple[list[tuple[str | None, ...]], list[tuple[int, str]]]:
    data, rejects = read_csv_rows(path, csv_layout(path), names, "table")
    rows = list(zip(*(data[name].to_pylist() for name in data.column_names if name != "row"), strict=True))
    return rows, list(zip(rejects["row"].to_pylist(), rejects["reason"].to_pylist(), strict=True))


VIETNAMESE = "id,name,place\nA,Nguyễn Thị Hoà,Đắk Lắk\nB,Đỗ Văn Ưởng,Huế\n"
PEOPLE = [("A", "Nguyễn Thị Hoà", "Đắk Lắk"), ("B", "Đỗ Văn Ưởng", "Huế")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be-bom"])
def test_unicode_in_every_form_reads_the_same(tmp_path: Path, encoding: str) -> None:
    text = VIETNAMESE
    if encoding.endswith("-bom"):
        text, encoding = "\ufeff" + text, encoding.removesuffix("-bom")
    assert read(saved(tmp_path, text, encoding)) == (PEOPLE, [])


def windows_vietnamese(text: str) -> bytes:
    """As Windows writes it: base letter, then the tone mark."""
    kept = []
    for letter in text:
        decomposed = unicodedata.normalize("NFD", letter)
        tones = [mark for mark in decomposed if mark in "\u0300\u0301\u0303\u0309\u0323"]
        rest = unicodedata.normalize("NFC", "".join(mark for mark in decomposed if mark not in tones))
        kept.append(rest + "".join(tones))
    return "".join(kept).encode("cp1258")


def test_windows_vietnamese_is_told_by_its_letters(tmp_path: Path) -> None:
    rows, rejects = read(saved(tmp_path, windows_vietnamese(VIETNAMESE)))
    assert [tuple(unicodedata.normalize("NFC", cell or "") for cell in row) for row in rows] == PEOPLE
    assert rejects == []


@pytest.mark.parametrize(
    "content",
    [
        "id,name,place\nA,NguyÔn V¨n §øc,B¾c Ninh\n".encode("cp1252"),  # TCVN3
        "id,name,place\nA,Nguyeãn Vaên Ñöùc,Haø Noäi\n".encode("cp1252"),  # VNI
        bytes(range(128, 256)) * 20,
    ],
    ids=["tcvn3", "vni", "noise"],
)
def test_an_unknown_encoding_is_refused_with_the_file_and_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = saved(tmp_path, content)
    with pytest.raises(EncodingProblem, match="save it as 'CSV UTF-8'") as refused:
        csv_layout(path)
    assert str(path) in str(refused.value)


def test_a_few_damaged_bytes_do_not_change_what_the_rest_is_read_as(tmp_path: Path) -> None:
    content = VIETNAMESE.encode() * 5 + b"C,Nguy\xe1\xbb,Hu\xe1\xba\xbf\n"
    rows, rejects = read(saved(tmp_path, content))
    assert rows[:2] == PEOPLE
    assert rows[-1][0] == "C"
    assert "\ufffd" in str(rows[-1][1])
    assert rejects == []


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_separator_and_line_ends_are_told(tmp_path: Path, separator: str, line_end: str) -> None:
    text = VIETNAMESE.replace(",", separator).replace("\n", line_end)
    assert read(saved(tmp_path, text)) == (PEOPLE, [])


def test_excels_separator_line_and_blank_lines_before_the_header_are_skipped(tmp_path: Path) -> None:
    assert read(saved(tmp_path, "sep=;\r\n\r\nid;name;place\r\nA;b,c;d\r\n")) == ([("A", "b,c", "d")], [])


def test_a_header_is_known_in_any_writing_and_order(tmp_path: Path) -> None:
    text = '\ufeff Place ,"NAME\t",extra,ID\nHuế,An,x,007\n'
    assert read(saved(tmp_path, text)) == ([("007", "An", "Huế")], [])


def test_text_is_kept_as_typed_and_empty_cells_are_null(tmp_path: Path) -> None:
    text = 'id,name,place\n001099012345, An ,""\n1E5,NA,null\n'
    assert read(saved(tmp_path, text)) == ([("001099012345", " An ", None), ("1E5", "NA", "null")], [])


def test_rows_of_another_length_are_rejected_by_their_number_and_the_rest_goes_on(tmp_path: Path) -> None:
    text = "id,name,place\nA,b,c\nB,b\n\nC,b,c,d\nD,b,c\n,,\nE\n"
    rows, rejects = read(saved(tmp_path, text))
    assert rows == [("A", "b", "c"), ("D", "b", "c")]
    assert rejects == [(2, "too_few_fields"), (4, "too_many_fields"), (7, "too_few_fields")]


def test_row_numbers_count_the_rows_before_that_were_left_out(tmp_path: Path) -> None:
    path = saved(tmp_path, "id,name,place\nA,b,c\nB,b\n\nC,b,c\n")
    data, _ = read_csv_rows(path, csv_layout(path), NAMES, "table")
    assert data["row"].to_pylist() == [1, 4]


@pytest.mark.parametrize(
    ("text", "rows", "rejects"),
    [
        ('A,"b,c\nB,b,c\nC,b,c\n', [("B", "b", "c"), ("C", "b", "c")], [(1, "quote_not_closed")]),
        ('A,"b,c\nB,b,c\nC,"b,c\nD,b,c\n', [("B", "b", "c"), ("D", "b", "c")],
         [(1, "quote_not_closed"), (3, "quote_not_closed")]),
        ('A,b,c\nB,b,"c\n', [("A", "b", "c")], [(2, "quote_not_closed")]),
        ('A,"số 5\nngõ 3, phố Huế",c\nB,b,c\n', [("A", "số 5\nngõ 3, phố Huế", "c"), ("B", "b", "c")], []),
        ('A,H"Nghia,c\nB,"H""Wer",c\n', [("A", 'H"Nghia', "c"), ("B", 'H"Wer', "c")], []),
    ],
    ids=["swallows the rest", "two of them", "last line", "a real line break", "quotes in names"],
)  # fmt: skip
def test_a_quote_that_nobody_closed_costs_its_own_row_only(
    tmp_path: Path, text: str, rows: list[tuple[str, ...]], rejects: list[tuple[int, str]]
) -> None:
    assert read(saved(tmp_path, "id,name,place\n" + text)) == (rows, rejects)


def test_a_quote_that_swallows_hundreds_of_rows_costs_one(tmp_path: Path) -> None:
    rest = "".join(f"{number},b\n" for number in range(300))
    rows, rejects = read(saved(tmp_path, 'id,name\nA,"b\n' + rest), ["id", "name"])
    assert len(rows) == 300
    assert rejects == [(1, "quote_not_closed")]


def test_a_cell_of_ten_megabytes_is_read_and_a_longer_line_rejected(tmp_path: Path) -> None:
    long, too_long = "x" * 10_000_000, "y" * (LINE_LIMIT + 10)
    rows, rejects = read(saved(tmp_path, f"id,name,place\nA,{long},c\nB,{too_long},c\nC,b,c\n"))
    assert [row[0] for row in rows] == ["A", "C"]
    assert len(rows[0][1] or "") == 10_000_000
    assert rejects == [(2, "row_too_long")]


def test_reading_leaves_the_csv_modules_limit_as_it_was(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    read(saved(tmp_path, 'id,name,place\nA,"b\nB,b,c\n'))
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    "content", ["", "\n\n", "\ufeff", "sep=;\n"], ids=["nothing", "blank", "mark", "sep"]
)
def test_a_file_without_header_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(FolderProblem, match="no header"):
        csv_layout(saved(tmp_path, content))


def test_a_header_with_a_column_twice_is_refused_without_repeating_it(tmp_path: Path) -> None:
    with pytest.raises(FolderProblem, match="1 column names occur twice") as refused:
        csv_layout(saved(tmp_path, "Nguyễn Kín,Nguyễn Kín\n"))
    assert "Kín" not in str(refused.value)


def test_a_header_alone_gives_an_empty_table(tmp_path: Path) -> None:
    assert read(saved(tmp_path, "id,name,place")) == ([], [])
    assert read(saved(tmp_path, "id,name,place\r\n")) == ([], [])


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8) | st.sampled_from(
    ['"', '""', ",", ";", "\n", "\r\n", "=1+1", "'", "\t", "NULL", "00", "nan", "\\N", "\ufeff", " "]
)


@one_folder
@given(st.lists(st.tuples(st.integers(0, 9999).map(str), cells, cells), max_size=6))
def test_what_a_proper_writer_wrote_is_read_back(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(NAMES)
    writer.writerows(rows)
    found, rejects = read(saved(tmp_path, text.getvalue()))
    plain = [tuple(cell or None for cell in row) for row in rows]
    if not any("\n" in cell or "\r" in cell for row in rows for cell in row):
        assert (found, rejects) == (plain, [])
    # a cell that holds a line which looks like a whole row may be taken for a stray quote: rejected, never merged
    assert len(found) + len(rejects) >= len(rows)


broken = st.text(st.sampled_from('ab,"\n\r; é'), max_size=40)


@one_folder
@given(broken)
def test_the_fast_reader_says_the_same_as_the_careful_one_or_nothing(tmp_path: Path, text: str) -> None:
    path = saved(tmp_path, "id,name,place\n" + text)
    layout = csv_layout(path)
    fast, careful = _read_fast(path, layout, NAMES), _read_careful(path, layout, NAMES)
    if fast is not None:
        assert filled(fast[0]) == filled(careful[0])
        assert sorted(fast[1]) == sorted(careful[1])


def filled(data: pa.Table) -> list[dict[str, str | int]]:
    return [row for row in data.to_pylist() if any(row[name] for name in NAMES)]


@one_folder
@given(st.binary(max_size=60))
def test_any_bytes_at_all_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    with suppress(EncodingProblem):
        rows, rejects = read(saved(tmp_path, b"id,name,place\n" + content))
        assert len(rows) + len(rejects) <= content.count(b"\n") + content.count(b"\r") + 1

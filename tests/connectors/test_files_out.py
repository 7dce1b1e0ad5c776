"""Files that leave: whole, private, harmless in a spreadsheet, and the same when read back."""

import csv
import io
import stat
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.csv_rows import read_csv_rows
from connectors.files_out import guard, unguard, whole_file, write_csv, write_parquet
from connectors.text_form import csv_layout

DANGEROUS = "=+-@\t\r\n\x00＝＋－＠"
one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
hostile = st.text(st.sampled_from("=+-@\t\r\n\"',;|'＝＋－＠ aĐễ0\\"), max_size=12) | st.text(
    st.characters(codec="utf-8"), max_size=12
)


def cells_of(path: Path) -> list[list[str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_csv_has_a_mark_crlf_and_text_only(tmp_path: Path) -> None:
    people = pa.table(
        {"id": ["001", None], "born": [date(2011, 9, 5), None], "rows": [3, 4], "ok": [True, None]}
    )
    write_csv(people, tmp_path / "new" / "out.csv")
    content = (tmp_path / "new" / "out.csv").read_bytes()
    assert content == '\ufeff"id","born","rows","ok"\r\n"001","2011-09-05","3","true"\r\n,,"4",\r\n'.encode()


@pytest.mark.parametrize(
    "cell", ["=cmd|' /C calc'!A0", "+84 9", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''-1"]
)
def test_cells_that_a_spreadsheet_would_run_are_made_harmless(tmp_path: Path, cell: str) -> None:
    write_csv(pa.table({"note": [cell]}), tmp_path / "out.csv")
    [[_], [written]] = cells_of(tmp_path / "out.csv")
    assert written.startswith("'" + cell[0])
    assert unguard(written) == cell


@pytest.mark.parametrize(
    ("cell", "kept"),
    [("a;=1", "a;'=1"), ("a\n+1", "a\n'+1"), ("a\t@x", "a\t'@x"), ("a;'=1", "a;''=1"), ("a; b-c", "a; b-c")],
)
def test_no_other_way_of_parting_cells_makes_a_formula(cell: str, kept: str) -> None:
    [guarded] = guard(pa.chunked_array([[cell]], pa.string())).to_pylist()
    assert guarded == kept
    assert unguard(guarded) == cell


def test_a_column_name_is_guarded_as_well(tmp_path: Path) -> None:
    write_csv(pa.table({"=1": ["a"]}), tmp_path / "out.csv")
    assert cells_of(tmp_path / "out.csv")[0] == ["'=1"]


@given(hostile)
@example("'a")
@example("'")
def test_unguard_is_the_exact_inverse_of_guard(text: str) -> None:
    [guarded] = guard(pa.chunked_array([[text]], pa.string())).to_pylist()
    assert unguard(guarded) == text
    assert not guarded.startswith(tuple(DANGEROUS))


@one_folder
@given(st.lists(st.tuples(st.integers(0, 99).map(str), hostile, hostile), min_size=1, max_size=5))
def test_hostile_text_comes_back_from_csv_as_it_went(
    tmp_path: Path, rows: list[tuple[str, str, str]]
) -> None:
    path = tmp_path / "out.csv"
    write_csv(pa.table(dict(zip("abc", map(list, zip(*rows, strict=True)), strict=True))), path)
    header, *written = cells_of(path)
    assert header == ["a", "b", "c"]
    assert [[unguard(cell) for cell in row] for row in written] == [list(row) for row in rows]


@one_folder
@given(st.lists(st.tuples(st.integers(0, 99).map(str), hostile), min_size=1, max_size=5))
def test_what_we_write_we_read(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    rows = [(key, " ".join(text.split())) for key, text in rows]
    path = tmp_path / "out.csv"
    write_csv(pa.table({"id": [key for key, _ in rows], "name": [text for _, text in rows]}), path)
    data, rejects = read_csv_rows(path, csv_layout(path), ["id", "name"], "out")
    assert [unguard(cell or "") for cell in data["name"].to_pylist()] == [text for _, text in rows]
    assert rejects.num_rows == 0


def test_parquet_keeps_types_and_schema(tmp_path: Path) -> None:
    table = pa.table({"id": ["001"], "rank": pa.array([1], pa.int8())})
    write_parquet(table, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").equals(table)


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    write_csv(pa.table({"a": ["1"]}), tmp_path / "out.csv")
    write_parquet(pa.table({"a": ["1"]}), tmp_path / "out.parquet")
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_failure_leaves_the_old_file_and_no_remains(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def fail() -> None:
        with whole_file(path) as stream:
            stream.write(b"half")
            assert path.read_text() == "old"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]

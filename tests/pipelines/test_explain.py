"""identity-sync explain: from the files of a link or of a run to a table, a picture, a page."""

import xml.etree.ElementTree as ET
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matching.parts import PARTS
from matching.schemas import CANDIDATES, DECISIONS, ENTRY, RAW_RECORDS
from matching.weights_table import WEIGHTS
from pipelines.cli import Exit, run

NUMBER = "038211000003"
EVIDENCE = {"name": "same", "birth_date": "year_off", "gender": "missing", "residence": "same_commune"}


def decision(kind, record):
    return {
        "kind": kind, "record_id": record, "outcome": "clerical_review", "reason": "birth_date_differs", "candidate_id": NUMBER,
        "match_probability": 0.9, "evidence": EVIDENCE, "model": "m", "run": "r",
    }  # fmt: skip


def weights(kind, record):
    parts = {**dict.fromkeys(PARTS, 0.0), "prior": -20.0, "name": 16.0, "place": 7.0}
    return {
        "kind": kind, "record_id": record, "rank": 1, "personal_id": NUMBER, "weight": 3.0, "probability": 0.9, "nobody": 0.1,
        "evidence": EVIDENCE, "decided_by": "fuzzy", "model": "m", **parts,
    }  # fmt: skip


def write(folder, **tables):
    folder.mkdir(parents=True)
    schemas = {"decisions": DECISIONS, "candidates": CANDIDATES, "weights": WEIGHTS, "raw": RAW_RECORDS}
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(rows, schema=schemas[name]), folder / f"{name}.parquet")
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with settings and the results of a link; the guardian shares the student's ID S2."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "identity-sync.toml").write_text('home = "home"\n')
    keys = [("student", "S1"), ("student", "S2"), ("guardian", "S2")]
    write(
        tmp_path / "out", decisions=[decision(*key) for key in keys], weights=[weights(*key) for key in keys], candidates=[]
    )  # fmt: skip
    return tmp_path


def test_the_terminal_has_levels_weights_and_what_if(here, capsys):
    assert run(["explain", "S1", "--out", "out", "--lang", "en"]) == Exit.DONE
    said = capsys.readouterr().out
    for words in (
        "Clerical review",
        "Birth date differs",
        "+16.0",
        "Fuzzy comparison",
    ):
        assert words in said
    assert NUMBER not in said
    assert run(["explain", "S1", "--out", "out", "--numbers"]) == Exit.DONE
    said = capsys.readouterr().out
    assert NUMBER in said
    assert "Cần xem xét" in said


def test_the_picture_and_the_page_are_files(here):
    assert run(["explain", "S1", "--out", "out", "--svg", "a.svg", "--html", "a.html"]) == Exit.DONE
    assert ET.parse(here / "a.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert "Content-Security-Policy" in (here / "a.html").read_text(encoding="utf-8")
    assert (here / "a.html").stat().st_mode & 0o777 == 0o600


def test_what_was_typed_and_who_is_behind_the_number_can_be_added(here, capsys):
    (here / "in").mkdir()
    (here / "in" / "schools.csv").write_text(
        "school_code,name,province_code\nA,Trường A,38\n", encoding="utf-8"
    )
    (here / "in" / "students.csv").write_text(
        "student_id,school_code,full_name,birth_date\nS1,A,Đỗ Minh Triết,05/09/2012\n", encoding="utf-8"
    )
    (here / "registry").mkdir()
    entry = {
        "personal_id": NUMBER, "full_name": "Đỗ Minh Triết", "birth_date": date(2011, 9, 5), "birth_precision": "day",
    }  # fmt: skip
    pq.write_table(pa.Table.from_pylist([entry], schema=ENTRY), here / "registry" / "part-0.parquet")
    assert run(["explain", "S1", "--out", "out", "--education", "in", "--registry", "registry"]) == Exit.DONE
    said = capsys.readouterr().out
    assert said.count("Đỗ Minh Triết") == 2
    assert "05/09/2012" in said
    assert "05/09/2011" in said


def test_a_run_is_looked_through_partition_by_partition(here, capsys):
    raw = [{"kind": "student", "record_id": "S1", "full_name": "Đỗ Minh Triết"}]
    write(here / "home/runs/run-1/01/student", decisions=[decision("student", "S9")], candidates=[], raw=[])
    write(here / "home/runs/run-1/38/student", decisions=[decision("student", "S1")], candidates=[], raw=raw)
    assert run(["explain", "S1", "--run", "run-1", "--lang", "en"]) == Exit.DONE
    said = capsys.readouterr().out
    assert "Đỗ Minh Triết" in said
    assert "weights of the comparisons were not kept" in " ".join(said.split())
    assert run(["explain", "S1", "--run", "run-1", "--svg", "a.svg"]) == Exit.SETTINGS
    assert "weights.parquet" in capsys.readouterr().err
    assert not (here / "a.svg").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["nobody", "--out", "out"], ["S1", "--out", "out", "--kind", "teacher"], ["S2", "--out", "out"], ["S1"],
        ["S1", "--out", "out", "--run", "r"], ["S1", "--run", "never"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_cannot_be_meant_ends_with_two(here, words, capsys):
    assert run(["explain", *words]) == Exit.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err


def test_kinds_tell_records_of_one_id_apart(here, capsys):
    assert run(["explain", "S2", "--out", "out", "--kind", "guardian", "--lang", "en"]) == Exit.DONE
    assert "guardians" in capsys.readouterr().out


def test_a_folder_without_results_ends_with_three(here, capsys):
    (here / "empty").mkdir()
    assert run(["explain", "S1", "--out", "empty"]) == Exit.SETTINGS
    assert "decisions.parquet" in capsys.readouterr().err

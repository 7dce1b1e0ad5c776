"""The weights of a folder's results, night after night: a record's lines are those of the run that decided on it last."""

import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.errors import FolderProblem
from matching.weights_table import WEIGHTS
from pipelines.kept_weights import SINCE, WHOLE, lines_of, write_since, write_whole


def lines(*which, number="001"):
    """Lines of records, each `kind/id`, and how many candidates it has."""
    rows = [
        dict.fromkeys(WEIGHTS.names)
        | {"kind": one.split("/")[0], "record_id": one.split("/")[1], "rank": rank + 1, "personal_id": number}
        for one, candidates in which
        for rank in range(candidates)
    ]
    return pa.Table.from_pylist(rows, schema=WEIGHTS)


def ids(**kinds):
    return {kind: pa.array(some, pa.string()) for kind, some in kinds.items()}


def numbers(folder, record):
    kind, record_id = record.split("/")
    return [
        row["personal_id"] for row in lines_of(folder, [("record_id", "=", record_id), ("kind", "=", kind)])
    ]


MANY = [(f"student/s{place}", 2) for place in range(100)]


@pytest.fixture
def first(tmp_path):
    folder = tmp_path / "first"
    folder.mkdir()
    write_whole(folder, lines(*MANY, ("teacher/s1", 1)))
    return folder


@pytest.fixture
def night(first, tmp_path):
    """S1 has another candidate now, s2 none, and the teacher of the same ID was not decided on."""
    folder = tmp_path / "night"
    folder.mkdir()
    write_since(folder, first, ids(student=["s1", "s2", "s1"]), lines(("student/s1", 1), number="002"))
    return folder


def test_lines_are_those_of_the_last_run_that_decided(night):
    assert numbers(night, "student/s0") == ["001", "001"]
    assert numbers(night, "student/s1") == ["002"]
    assert numbers(night, "student/s2") == []
    assert numbers(night, "teacher/s1") == ["001"]
    assert numbers(night, "student/nobody") == []


def test_the_results_before_stay_as_they_were(first, night):
    assert numbers(first, "student/s1") == ["001", "001"]
    assert (first / WHOLE).samefile(night / WHOLE)


def test_nights_follow_nights_also_in_one_place(night):
    write_since(night, night, ids(student=["s2"], teacher=["s1"]), lines(("student/s2", 3), number="003"))
    assert numbers(night, "student/s1") == ["002"]
    assert numbers(night, "student/s2") == ["003"] * 3
    assert numbers(night, "teacher/s1") == []


def test_once_there_are_many_all_are_put_together(first, night, tmp_path):
    again = [f"s{place}" for place in range(50)]
    out = tmp_path / "out"
    out.mkdir()
    write_since(
        out, night, ids(student=again), lines(*((f"student/{one}", 1) for one in again[1:]), number="004")
    )
    assert not (out / SINCE).exists()
    assert pq.read_table(out / WHOLE).schema.equals(WEIGHTS)
    assert pq.read_table(out / WHOLE)["rank"].null_count == 0
    assert numbers(out, "student/s0") == []
    assert numbers(out, "student/s1") == ["004"]
    assert numbers(out, "student/s99") == ["001", "001"]
    assert numbers(out, "teacher/s1") == ["001"]
    assert numbers(first, "student/s0") == ["001", "001"]


def test_a_run_over_all_ends_what_nights_left(night):
    write_whole(night, lines(("student/s1", 1), number="005"))
    assert numbers(night, "student/s1") == ["005"]
    assert numbers(night, "student/s2") == []


def test_killed_while_all_are_put_together_no_record_gets_its_older_lines_back(night, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    again = [f"s{place}" for place in range(10, 60)]
    with monkeypatch.context() as here:
        here.setattr("pipelines.kept_weights.write_parquet", killed)
        with pytest.raises(KeyboardInterrupt):
            write_since(night, night, ids(student=again), lines(*((f"student/{one}", 1) for one in again)))
    assert numbers(night, "student/s1") == ["002"]
    assert numbers(night, "student/s2") == []


def test_results_without_weights_are_named(first, tmp_path):
    (first / WHOLE).unlink()
    with pytest.raises(FolderProblem, match=r"holds no weights\.parquet"):
        write_since(tmp_path, first, ids(student=["s1"]), lines())


def test_where_files_cannot_have_two_names_they_are_copied(first, tmp_path, monkeypatch):
    def elsewhere(*_):
        raise OSError(18, "another file system")

    monkeypatch.setattr(os, "link", elsewhere)
    out = tmp_path / "out"
    out.mkdir()
    (out / WHOLE).write_bytes(b"of a run that broke off")
    write_since(out, first, ids(student=[]), lines())
    assert numbers(out, "student/s0") == ["001", "001"]
    assert not (first / WHOLE).samefile(out / WHOLE)


def test_without_weights_nothing_is_told(tmp_path):
    assert numbers(tmp_path, "student/s1") == []

"""`identity-sync link` on folders: one decision for every record, whatever the folder holds."""

import csv
import datetime
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.errors import ColumnsMissing, FolderProblem
from matching.decision import LINKED_REASONS
from matching.engines.local import HERE
from matching.engines.processes import Processes
from matching.schemas import CANDIDATES, DECISIONS, REJECTS
from pipelines.link_folder import link_folders

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
AS_OF = datetime.date(2026, 11, 1)


def linked(education, out, registry=SAMPLES / "registry"):
    return link_folders(education, registry, out, as_of=AS_OF, run="a-run")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The samples, linked once."""
    return linked(SAMPLES / "education", tmp_path_factory.mktemp("out"))


def by_record(path):
    return {(row["kind"], row["record_id"]): row for row in pq.read_table(path).to_pylist()}


def rows_of(table):
    with (SAMPLES / "education" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_one_decision_for_every_record_in_the_contract_form(whole):
    assert pq.read_schema(whole.decisions).equals(DECISIONS)
    assert pq.read_schema(whole.candidates).equals(CANDIDATES)
    assert pq.read_schema(whole.rejects).equals(REJECTS)
    wanted = {
        *(("student", row["student_id"]) for row in rows_of("students")),
        *(("teacher", row["teacher_id"]) for row in rows_of("teachers")),
        *(("guardian", row["guardian_id"]) for row in rows_of("guardians")),
    }
    decisions = by_record(whole.decisions)
    assert set(decisions) == wanted
    assert sum(sum(counts.values()) for counts in whole.counts.values()) == len(wanted)


def test_only_links_carry_a_number_and_every_decision_its_reason(whole):
    for row in by_record(whole.decisions).values():
        assert (
            (row["personal_id"] is not None)
            == (row["outcome"] == "linked")
            == (row["reason"] in LINKED_REASONS)
        )
        assert row["outcome"] in {"linked", "clerical_review", "unlinked"}
        assert (row["decided_by"] is not None) == (row["outcome"] == "linked")
        assert row["run"] == "a-run"
        assert row["model"]


def test_links_are_right_and_most_are_found(whole):
    truth = {
        (r["kind"], r["record_id"]): r["personal_id"]
        for r in pq.read_table(SAMPLES / "truth/truth.parquet").to_pylist()
    }
    decisions = by_record(whole.decisions)
    links = {key: row["personal_id"] for key, row in decisions.items() if row["outcome"] == "linked"}
    assert [key for key, number in links.items() if number != truth[key]] == []
    for kind, least in (("teacher", 0.97), ("student", 0.96), ("guardian", 0.92)):
        findable = [key for key, number in truth.items() if key[0] == kind and number is not None]
        assert sum(key in links for key in findable) / len(findable) >= least


def test_candidates_are_shown_for_open_records_only_best_first(whole):
    decisions = by_record(whole.decisions)
    shown = pq.read_table(whole.candidates).to_pylist()
    assert shown
    for row in shown:
        assert decisions[row["kind"], row["record_id"]]["outcome"] != "linked"
        assert row["entry_full_name"]
        assert 1 <= row["rank"] <= 3


def test_nothing_of_the_work_is_left_behind(whole):
    assert sorted(path.name for path in whole.decisions.parent.iterdir()) == [
        "candidates.parquet", "decisions.parquet", "kept", "rejects.parquet", "weights.parquet",
    ]  # fmt: skip


def test_the_same_folders_give_the_same_decisions(whole, tmp_path):
    again = linked(SAMPLES / "education", tmp_path)
    assert by_record(again.decisions) == by_record(whole.decisions)


@pytest.fixture
def education(tmp_path):
    folder = tmp_path / "education"
    shutil.copytree(SAMPLES / "education", folder)
    return folder


def change(folder, table, edit):
    """Rewrite one table row by row."""
    path = folder / f"{table}.csv"
    rows = rows_of(table)
    names = list(rows[0])
    edit(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def reasons(result, record_id):
    return {
        row["reason"] for row in pq.read_table(result.rejects).to_pylist() if row["record_id"] == record_id
    }


def test_a_missing_table_is_named(education, tmp_path):
    (education / "students.csv").unlink()
    with pytest.raises(ColumnsMissing, match="students"):
        linked(education, tmp_path / "out")


def test_a_missing_column_is_named(education, tmp_path):
    path = education / "teachers.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("full_name", "ho_ten", 1), encoding="utf-8")
    with pytest.raises(ColumnsMissing, match="full_name"):
        linked(education, tmp_path / "out")


def test_no_registry_is_named(education, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FolderProblem, match="parquet"):
        linked(education, tmp_path / "out", registry=tmp_path / "empty")


def test_an_empty_table_is_no_error(education, tmp_path):
    path = education / "guardians.csv"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    result = linked(education, tmp_path / "out")
    assert result.counts["guardian"] == {}
    assert result.counts["teacher"]["linked"] > 100


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_an_encoding_with_a_mark_is_read_as_it_is(education, tmp_path, whole, encoding):
    for path in education.glob("*.csv"):
        path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    assert by_record(linked(education, tmp_path / "out").decisions) == by_record(whole.decisions)


def test_an_optional_column_may_be_absent_and_any_other_may_be_there(education, tmp_path):
    path = education / "teachers.csv"
    rows = rows_of("teachers")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["shoe_size", "full_name", "teacher_id", "school_code", "birth_date"])
        writer.writeheader()
        writer.writerows(
            {
                "shoe_size": "41",
                **{name: row[name] for name in ("full_name", "teacher_id", "school_code", "birth_date")},
            }
            for row in rows
        )
    result = linked(education, tmp_path / "out")
    assert sum(result.counts["teacher"].values()) == len(rows)
    assert result.counts["teacher"]["linked"] > 0.5 * len(rows)


def test_broken_rows_and_cells_are_rejected_and_the_rest_goes_on(education, tmp_path, whole):
    ids = [row["student_id"] for row in rows_of("students")[:6]]

    def damage(rows):
        rows[0]["birth_date"] = "31/02/2011"
        rows[1]["claimed_id"] = "1.2E+11"
        rows[2]["full_name"] = "x" * 10_000_000
        rows[4]["student_id"] = rows[3]["student_id"]

    change(education, "students", damage)
    with (education / "students.csv").open("a", encoding="utf-8") as file:
        file.write(
            "one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve,thirteen,fourteen,fifteen\n"
        )
    result = linked(education, tmp_path / "out")
    decisions = by_record(result.decisions)
    assert reasons(result, ids[0]) == {"impossible_day"}
    assert reasons(result, ids[1]) == {"number_lost"}
    assert len(reasons(result, ids[2])) >= 1
    assert len(reasons(result, ids[3])) >= 1
    assert {key for key in by_record(whole.decisions) if key[0] == "student"} - set(decisions) == {
        ("student", ids[4])
    }
    assert {("student", one) for one in (*ids[:4], ids[5])} <= set(decisions)


def test_a_guardian_of_nobody_is_said_and_the_rest_goes_on(education, tmp_path):
    change(education, "student_guardians", lambda rows: rows[0].update(student_id="nobody"))
    result = linked(education, tmp_path / "out")
    assert any(
        row["table"].startswith("student_guardians") for row in pq.read_table(result.rejects).to_pylist()
    )
    assert sum(result.counts["guardian"].values()) == len(rows_of("guardians"))


def test_parquet_with_numbers_as_numbers_keeps_working(tmp_path, education):
    rows = rows_of("teachers")
    (education / "teachers.csv").unlink()
    table = pa.Table.from_pylist(rows)
    at = table.column_names.index("school_code")
    pq.write_table(
        table.set_column(at, "school_code", table["school_code"].dictionary_encode()),
        education / "teachers.parquet",
    )
    result = linked(education, tmp_path / "out")
    assert sum(result.counts["teacher"].values()) == len(rows)


def test_the_command_says_what_is_missing_and_exits_with_3(tmp_path, education):
    (education / "schools.csv").unlink()
    command = [
        sys.executable,
        "-m",
        "pipelines.cli",
        "link",
        str(education),
        str(SAMPLES / "registry"),
        str(tmp_path / "out"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "schools" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def in_parts(tmp_path):
    """An education folder of two parts, each the samples whole."""
    for name in ("province=01", "province=66"):
        shutil.copytree(SAMPLES / "education", tmp_path / "education" / name)
    return tmp_path / "education"


@pytest.mark.parametrize("engine", [HERE, Processes(at_once=2)], ids=["one by one", "side by side"])
def test_a_folder_in_parts_is_linked_part_by_part_and_goes_on_where_it_stood(
    in_parts, tmp_path, whole, engine
):
    index, out, told = tmp_path / "index", tmp_path / "out", []

    def parts_linked():
        return link_folders(
            in_parts,
            SAMPLES / "registry",
            out,
            index=index,
            as_of=AS_OF,
            run="a-run",
            engine=engine,
            progress=lambda what, *counts: told.append(counts) if what == "parts" else None,
        )

    done = parts_linked()
    assert done.parts == ("province=01", "province=66")
    assert told == [(1, 2), (2, 2)]
    for name in done.parts:
        assert by_record(out / name / "decisions.parquet") == by_record(whole.decisions)
    assert done.counts == {
        kind: {outcome: 2 * count for outcome, count in outcomes.items()}
        for kind, outcomes in whole.counts.items()
    }
    files = [out / name / "decisions.parquet" for name in done.parts]
    written = [path.stat().st_mtime_ns for path in files]
    (out / "province=66" / "counts.json").unlink()  # as if it had been killed there
    unfinished = [
        out / name / place / ".decisions.parquet.x7.part" for name in done.parts for place in ("", "kept")
    ]
    for path in unfinished:
        path.touch()
    assert parts_linked().counts == done.counts
    assert files[0].stat().st_mtime_ns == written[0]
    assert files[1].stat().st_mtime_ns > written[1]
    assert not any(path.exists() for path in unfinished)


def test_the_command_links_parts_side_by_side(in_parts, tmp_path, whole):
    command = [sys.executable, "-m", "pipelines.cli", "link", str(in_parts), str(SAMPLES / "registry")]
    options = [str(tmp_path / "out"), "--parts-at-once", "2", "--json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    assert sum(json.loads(done.stdout)["counts"]["teacher"].values()) == 2 * sum(
        whole.counts["teacher"].values()
    )


def test_a_part_whose_files_changed_is_decided_on_again(in_parts, tmp_path):
    index, out = tmp_path / "index", tmp_path / "out"
    shutil.rmtree(in_parts / "province=66")

    def teachers():
        done = link_folders(in_parts, SAMPLES / "registry", out, index=index, as_of=AS_OF, run="a-run")
        return sum(done.counts["teacher"].values())

    before = teachers()
    path = in_parts / "province=01" / "teachers.csv"
    path.write_text(
        "".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8"
    )
    assert teachers() == before - 1


def test_what_a_part_lacks_is_said_before_an_index_is_built(in_parts, tmp_path):
    (in_parts / "province=66" / "schools.csv").unlink()
    with pytest.raises(ColumnsMissing, match="schools"):
        link_folders(
            in_parts,
            SAMPLES / "registry",
            tmp_path / "out",
            index=tmp_path / "index",
            as_of=AS_OF,
            run="a-run",
        )
    assert not (tmp_path / "index").exists()

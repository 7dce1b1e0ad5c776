"""`link --previous`: what no change concerns keeps its decision, and everything ends as if all had been decided on."""

import datetime
import json
import random
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.errors import FolderProblem
from connectors.files import read_education_folder
from connectors.files_out import write_arrow
from connectors.registry_changes import merge_changes
from connectors.registry_index import build_index
from matching.found import LinkSettings
from matching.schemas import EDUCATION_TABLES, ENTRY
from pipelines.link_folder import link_folders

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
AS_OF = datetime.date(2026, 11, 1)
PEOPLE = ("students", "teachers", "guardians")


def linked(education, out, index, previous=None, run="a-run", **options):
    return link_folders(
        education, SAMPLES / "registry", out, index=index, previous=previous, as_of=AS_OF, run=run, **options
    )


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    build_index(SAMPLES / "registry", folder)
    return folder


@pytest.fixture(scope="module")
def first(index, tmp_path_factory):
    return linked(SAMPLES / "education", tmp_path_factory.mktemp("first"), index).out


def decisions(out):
    rows = pq.read_table(out / "decisions.parquet").to_pylist()
    return {(row["kind"], row["record_id"]): row for row in rows}


def outcomes(out):
    """Not the reasons: how many namesakes somebody has, and with it the pass, may change with others in the registry."""
    return {key: (row["outcome"], row["personal_id"]) for key, row in decisions(out).items()}


def changed(education, folder, draw, share):
    """A folder some of whose records are gone, new, or hold something else."""
    tables = read_education_folder(education)
    folder.mkdir()
    for name in EDUCATION_TABLES:
        table = getattr(tables, name)
        rows = table.to_pylist()
        if name in PEOPLE:
            rows = [row for row in rows if draw.random() > share / 4]
            for row in rows:
                if draw.random() < share:
                    column = draw.choice(["full_name", "birth_date", "claimed_id", "residence_commune"])
                    row[column] = draw.choice([None, draw.choice(rows)[column], f"{row[column]}1"])
            rows += [
                row | {f"{name[:-1]}_id": f"N{draw.random()}"} for row in rows if draw.random() < share / 4
            ]
        elif name == "student_guardians":
            rows = [row for row in rows if draw.random() > share / 4]
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), folder / f"{name}.parquet")
    return folder


def night_of_the_registry(out, draw, path):
    """Changes of some people: linked ones and others corrected, removed, superseded; some new."""
    people = pq.read_table(SAMPLES / "registry").cast(ENTRY, safe=False).to_pylist()
    some = draw.sample(people, 60)
    held = {row["personal_id"] for row in decisions(out).values()}
    some += draw.sample([person for person in people if person["personal_id"] in held], 30)
    rows = []
    for person in some:
        change = draw.choice(["changed", "changed", "removed", "superseded", "new"])
        row = person | {"change": change, "superseded_by": None}
        if change == "changed":
            row["full_name"] = draw.choice(people)["full_name"]
        if change == "superseded":
            row["superseded_by"] = draw.choice(people)["personal_id"]
        if change == "new":
            row["personal_id"] = f"{person['personal_id'][:6]}{draw.randrange(10**6):06d}"
        rows.append(row)
    schema = pa.schema([*ENTRY, pa.field("change", pa.string()), pa.field("superseded_by", pa.string())])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return path


def everything_in_question(out, folder):
    """The results as if every record had changed since: the same models, nothing to keep."""
    shutil.copytree(out, folder)
    path = folder / "kept" / "records.arrow"
    with pa.ipc.open_file(path) as file:
        records = file.read_all()
    at = records.column_names.index("print")
    write_arrow(records.set_column(at, "print", pa.array([0] * len(records), pa.uint64())), path)
    return folder


@pytest.mark.parametrize(
    "seed",
    # with whom: somebody new is as like as the entry found in spite of a slip; guardians who confirmed the pupil who confirms them;
    # a school's code for genders, told by others than the record
    [8, 37, pytest.param(10, marks=pytest.mark.slow), pytest.param(5, marks=pytest.mark.slow)],
)
def test_nights_one_after_the_other_end_as_one_run_over_all(first, index, tmp_path, seed):
    """All of them under the models of the first run, which has other ones until it has learned them."""
    draw = random.Random(seed)
    own = tmp_path / "index"
    shutil.copytree(index, own)
    sunday = linked(
        SAMPLES / "education", tmp_path / "s", own, everything_in_question(first, tmp_path / "q"), "sunday"
    )
    monday = changed(SAMPLES / "education", tmp_path / "monday", draw, 0.03)
    after_monday = linked(monday, tmp_path / "a", own, sunday.out, "monday")
    assert after_monday.kept > 0.7 * len(decisions(first))
    merge_changes(own, [night_of_the_registry(first, draw, tmp_path / "changes.parquet")])
    tuesday = changed(monday, tmp_path / "tuesday", draw, 0.03)
    after_tuesday = linked(tuesday, tmp_path / "b", own, after_monday.out, "tuesday")
    assert 0 < after_tuesday.kept < len(decisions(after_tuesday.out))
    asked_anew = linked(tuesday, tmp_path / "c", own, everything_in_question(first, tmp_path / "d"), "all")
    assert asked_anew.kept == 0
    assert outcomes(after_tuesday.out) == outcomes(asked_anew.out)


def with_one_student_changed(folder, student, **cells):
    """The samples, with other cells in one record."""
    shutil.copytree(SAMPLES / "education", folder)
    tables = read_education_folder(folder)
    rows = [row | cells if row["student_id"] == student else row for row in tables.students.to_pylist()]
    for path in folder.glob("students.*"):
        path.unlink()
    pq.write_table(pa.Table.from_pylist(rows, schema=tables.students.schema), folder / "students.parquet")
    return folder


@pytest.fixture(scope="module")
def family(first):
    """A linked student, and the guardians who were found by the family and have no home of their own."""
    tables, found = read_education_folder(SAMPLES / "education"), decisions(first)
    homeless = {row["guardian_id"] for row in tables.guardians.to_pylist() if not row["residence_province"]}
    for link in tables.student_guardians.to_pylist():
        student, guardian = (("student", link["student_id"]), ("guardian", link["guardian_id"]))
        settled = found[student]["decided_by"] == "exact_key" and found[guardian]["decided_by"] == "family"
        if settled and link["guardian_id"] in homeless:
            return student, guardian
    pytest.fail("the samples have no such family")


@pytest.mark.parametrize(
    ("cells", "told"), [({"grade": "13"}, False), ({"residence_province": "Cà Mau"}, True)]
)
def test_a_family_is_decided_on_again_where_what_it_is_told_changed(
    first, index, family, tmp_path, cells, told
):
    student, guardian = family
    education = with_one_student_changed(tmp_path / "education", student[1], **cells)
    after = decisions(linked(education, tmp_path / "out", index, first, "a-night").out)
    assert after[student]["run"] == "a-night"
    assert (after[guardian]["run"] == "a-night") == told


def test_without_changes_every_decision_is_kept_with_the_run_that_made_it(first, index, tmp_path):
    again = linked(SAMPLES / "education", tmp_path, index, first, "another-run")
    assert again.kept == len(decisions(first))
    assert decisions(again.out) == decisions(first)
    for name in ("candidates", "rejects"):
        assert len(pq.read_table(tmp_path / f"{name}.parquet")) == len(
            pq.read_table(first / f"{name}.parquet")
        )


def test_results_can_be_brought_up_to_date_where_they_lie(first, index, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(first, out)
    monday = changed(SAMPLES / "education", tmp_path / "monday", random.Random(6), 0.02)
    beside = linked(monday, tmp_path / "beside", index, first)
    in_place = linked(monday, out, index, out)
    assert in_place.kept == beside.kept
    assert outcomes(out) == outcomes(beside.out)


def test_a_part_of_its_own_keeps_its_decisions(first, index, tmp_path):
    parts = tmp_path / "education"
    shutil.copytree(SAMPLES / "education", parts / "province=66")
    once = linked(parts, tmp_path / "once", index)
    shutil.copytree(SAMPLES / "education", parts / "province=01")
    again = linked(parts, tmp_path / "again", index, once.out, "another-run")
    assert once.kept is None
    assert again.kept == len(decisions(first))


def test_other_settings_decide_on_everything(first, index, tmp_path):
    again = linked(
        SAMPLES / "education", tmp_path, index, first, "strict", settings=LinkSettings(false_link_target=1e-5)
    )
    assert again.kept is None
    assert {row["run"] for row in decisions(again.out).values()} == {"strict"}


def test_an_extract_indexed_anew_decides_on_everything(first, tmp_path):
    registry = tmp_path / "registry"
    shutil.copytree(SAMPLES / "registry", registry, copy_function=shutil.copy)
    again = link_folders(
        SAMPLES / "education", registry, tmp_path / "out", previous=first, as_of=AS_OF, run="new"
    )
    assert again.kept is None


def test_results_of_another_program_are_decided_on_anew_whatever_it_kept(first, index, tmp_path):
    previous = tmp_path / "previous"
    shutil.copytree(first, previous)
    kept = previous / "kept" / "kept.json"
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"basis": "another"}))
    (previous / "kept" / "records.arrow").rename(previous / "kept" / "records.another")
    again = linked(SAMPLES / "education", tmp_path / "out", index, previous)
    assert again.kept is None
    assert outcomes(again.out) == outcomes(first)


@pytest.mark.parametrize("damage", ["no folder", "no results", "half-written"])
def test_results_that_cannot_be_gone_on_from_are_named(first, index, tmp_path, damage):
    previous = tmp_path / "previous"
    if damage == "no results":
        previous.mkdir()
    if damage == "half-written":
        shutil.copytree(first, previous)
        (previous / "kept" / "records.arrow").write_bytes(b"ARROW1")
    with pytest.raises(FolderProblem, match="holds no results to go on from"):
        linked(SAMPLES / "education", tmp_path / "out", index, previous)

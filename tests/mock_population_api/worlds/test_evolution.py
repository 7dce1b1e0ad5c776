import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from mock_population_api.evolution import evolve
from mock_population_api.generation_errors import NoSchools


@pytest.fixture(scope="module")
def night(world, tmp_path_factory):
    out = tmp_path_factory.mktemp("night")
    return out, evolve(world.folder, out, 2)


def after(night, table):
    return {
        row[f"{table[:-1]}_id"]: row
        for row in pq.read_table(night[0] / "education" / f"{table}.parquet").to_pylist()
    }


def test_a_night_changes_a_few_records_and_says_how_many(world, night):
    before = {row["student_id"]: row for row in world.tables["students"].to_pylist()}
    later, counts = after(night, "students"), night[1]
    assert len(later.keys() - before.keys()) == counts.new_students > 0
    assert len(before.keys() - later.keys()) == counts.left
    changed = [key for key in before.keys() & later.keys() if before[key] != later[key]]
    assert 0 < len(changed) < 0.05 * len(before)
    last = pc.max(world.tables["students"]["updated_at"]).as_py()
    assert all(later[key]["updated_at"] > last for key in [*changed, *(later.keys() - before.keys())])


def test_the_truth_still_covers_every_record(night):
    truth = pq.read_table(night[0] / "truth" / "truth.parquet").to_pylist()
    records = {key for table in ("students", "teachers", "guardians") for key in after(night, table)}
    assert {row["record_id"] for row in truth} == records
    assert len(truth) == len(records)


def test_a_corrected_record_agrees_with_its_entry(world, night):
    entries = {row["personal_id"]: row for row in world.registry.to_pylist()}
    was = {row["record_id"]: row for row in world.truth.to_pylist()}
    now = pq.read_table(night[0] / "truth" / "truth.parquet").to_pylist()
    corrected = [
        row
        for row in now
        if row["kind"] == "student"
        and row["record_id"] in was
        and was[row["record_id"]]["errors"] != row["errors"]
    ]
    students = after(night, "students")
    assert corrected
    for row in corrected:
        assert students[row["record_id"]]["claimed_id"] == row["personal_id"]
        assert entries[row["personal_id"]]["status"] == "alive"


def test_the_same_night_twice_is_the_same(world, night, tmp_path):
    evolve(world.folder, tmp_path, 2)
    for path in (night[0] / "education").iterdir():
        assert path.read_bytes() == (tmp_path / "education" / path.name).read_bytes()


def test_a_folder_without_schools_is_an_error(tmp_path):
    with pytest.raises(NoSchools, match="generate first"):
        evolve(tmp_path, tmp_path, 1)

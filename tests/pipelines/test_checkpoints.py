import os
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from pipelines.checkpoints import Checkpoint, expired_runs, owners_folder, remove_runs, run_held
from pipelines.errors import CheckpointDamaged, RunBusy

TABLE = pa.table({"record_id": ["1", "2"], "number": pa.array([None, "001"], pa.string())})


@pytest.fixture
def kept(tmp_path):
    checkpoint = Checkpoint(tmp_path / "runs" / "run-1" / "38" / "student")
    checkpoint.keep("extract", {"raw": TABLE}, {"records": 2})
    return checkpoint


def test_what_is_kept_is_read_back_whole(kept):
    assert kept.done("extract")
    assert not kept.done("link")
    assert kept.table("extract", "raw").equals(TABLE)
    assert kept.facts("extract") == {"records": 2}


def test_files_and_folders_are_for_their_owner_only(kept, tmp_path):
    for path in (tmp_path / "runs").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_a_stage_without_its_manifest_is_not_done(kept):
    (kept.folder / "extract.json").unlink()
    assert not kept.done("extract")


@pytest.mark.parametrize("how", ["changed", "cut off", "gone"])
def test_a_damaged_table_is_not_used(kept, how):
    path = kept.path("raw")
    content = path.read_bytes()
    path.unlink()
    if how != "gone":
        path.write_bytes(content[:-1] if how == "cut off" else content[:-1] + b"\x00")
    with pytest.raises(CheckpointDamaged, match="38/student/raw"):
        kept.table("extract", "raw")


def test_a_manifest_that_is_no_json_is_told(kept):
    (kept.folder / "extract.json").write_text("{")
    with pytest.raises(CheckpointDamaged, match="extract"):
        kept.facts("extract")


def test_a_run_is_held_by_one_process_at_a_time(tmp_path):
    with run_held(tmp_path, "run-1"), pytest.raises(RunBusy), run_held(tmp_path, "run-1"):
        pass
    with run_held(tmp_path, "run-1"):
        pass


def test_runs_are_removed_by_their_last_day(tmp_path):
    now = datetime(2026, 11, 21, tzinfo=UTC)
    for name, days in (("old", 100), ("new", 1)):
        folder = owners_folder(tmp_path / name)
        (folder / "table").touch()
        moment = (now - timedelta(days=days)).timestamp()
        for path in (folder / "table", folder):
            os.utime(path, (moment, moment))
    found = expired_runs(tmp_path, now, 90)
    assert [folder.name for folder in found] == ["old"]
    remove_runs(found)
    assert [folder.name for folder in tmp_path.iterdir()] == ["new"]
    assert expired_runs(tmp_path / "nowhere", now, 90) == []

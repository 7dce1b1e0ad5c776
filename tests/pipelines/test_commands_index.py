"""identity-sync index: builds, merges, and says what it did; the same words in both languages."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.change_files import CHANGES
from connectors.registry_index import built_index
from matching.profile import PROFILES
from pipelines import commands_index
from pipelines.cli import Exit, run


@pytest.fixture
def folders(world, tmp_path):
    return [str(world.folder / "registry"), str(tmp_path / "index")]


def told(capsys, *words):
    assert run(["index", *words, "--json"]) == Exit.DONE
    return json.loads(capsys.readouterr().out)


def removed(path, number):
    pq.write_table(pa.Table.from_pylist([{"personal_id": number, "change": "removed"}], schema=CHANGES), path)
    return str(path)


def test_an_index_is_built_and_changes_are_merged(folders, tmp_path, capsys):
    first = told(capsys, *folders)
    assert first["entries"] > 1_000
    assert first["bytes"] > 0
    assert told(capsys, *folders)["state"] == first["state"]
    number = pq.read_table(folders[0], columns=["personal_id"])["personal_id"][0].as_py()
    file = removed(tmp_path / "changes.parquet", number)
    merged = told(capsys, folders[1], folders[1], "--changes", file)
    assert merged["entries"] == first["entries"] - 1
    assert told(capsys, *folders, "--changes", file)["state"] == merged["state"]
    assert built_index(tmp_path / "index").state == merged["state"]


@pytest.mark.parametrize(("language", "words"), [("vi", "Chỉ mục"), ("en", "entries")])
def test_it_says_what_it_made_and_every_stage(folders, tmp_path, capsys, language, words):
    assert run(["--lang", language, "index", *folders, "--profile", "people"]) == Exit.DONE
    said = capsys.readouterr()
    assert words in said.out
    assert len(said.err.splitlines()) == 12


def test_no_index_to_merge_into(folders, tmp_path, capsys):
    assert run(["--lang", "en", "index", folders[1], folders[1]]) == Exit.SETTINGS
    assert "no finished index" in capsys.readouterr().err


def test_the_profiles_that_there_are_can_be_asked_for():
    assert set(commands_index.PROFILES) == set(PROFILES)


def test_link_uses_an_index_or_builds_it(world, folders, tmp_path, capsys):
    words = ["--set", "as_of=2026-11-21", "link", str(world.folder / "education")]
    assert run([*words, folders[0], str(tmp_path / "a"), "--index", folders[1], "--json"]) == Exit.DONE
    first = json.loads(capsys.readouterr().out)["counts"]
    state = built_index(tmp_path / "index").state
    assert run([*words, folders[0], str(tmp_path / "b"), "--index", folders[1], "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["counts"] == first
    assert run([*words, folders[1], str(tmp_path / "c"), "--profile", "vietnam", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["counts"] == first
    assert built_index(tmp_path / "index").state == state

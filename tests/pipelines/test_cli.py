"""The command line: messages, exit codes, what stands on stdout. What needs Prefect is in test_sync."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest

from connectors.database import open_database
from connectors.education import create_sync_tables
from connectors.errors import DatabaseReadOnly, ProvinceLocked, RegistryRefused, RegistryUnreachable
from matching.errors import UnknownRule
from pipelines.cli import Exit, app, run
from pipelines.errors import Ending, RunBusy, RunIncomplete, ScheduleEnded, SettingsWrong, StageFailed
from pipelines.texts import LANGUAGES, texts


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current folder with settings and an empty education database."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "identity-sync.toml").write_text('database_url = "sqlite:///education.db"\nhome = "home"\n')
    engine = open_database("sqlite:///education.db")
    create_sync_tables(engine)
    engine.dispose()
    return tmp_path


def education(folder):
    folder.mkdir()
    (folder / "schools.csv").write_text("school_code,name,province_code\nS1,Trường A,38\n", encoding="utf-8")
    (folder / "students.csv").write_text(
        "student_id,school_code,full_name\n0001,S1,Nguyễn Văn A\n,S1,B\n", encoding="utf-8"
    )
    return folder


def test_load_tells_what_it_did_and_does_it_once(folder, capsys):
    assert run(["--lang", "en", "load", str(education(folder / "in"))]) == Exit.DONE
    first = capsys.readouterr()
    assert "students: 1 new, 0 changed, 0 unchanged" in first.out
    assert "record_id_missing 1" in first.out
    assert run(["load", str(folder / "in"), "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["tables"]["students"]["unchanged"] == 1
    with sqlite3.connect("education.db") as database:
        assert database.execute("select student_id from students").fetchall() == [("0001",)]
    database.close()


def test_a_folder_that_breaks_the_contract_ends_with_three(folder, capsys):
    (folder / "in").mkdir()
    assert run(["load", "in"]) == Exit.SETTINGS
    assert "schools" in capsys.readouterr().err


def test_a_database_that_can_only_be_read_ends_with_three(folder, capsys):
    education(folder / "in")
    url = f"sqlite:///file:{folder / 'education.db'}?mode=ro&uri=true"
    assert run(["--lang", "en", "--set", f"database_url={url}", "load", "in"]) == Exit.SETTINGS
    assert "can only be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["sync", "--province", "Atlantis"], ["sync", "--tinh", "Quảng"], ["sync", "--kind", "dog"], ["sync", "--resume"],
        ["sync", "--run", "nobody"], ["sync", "--accept-gate", "iron"], ["runs", "show", "nobody"], ["report"],
        ["--set", "nonsense=1", "runs", "list"], ["--lang", "de", "runs", "list"], ["fly"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_cannot_be_meant_ends_with_two(folder, words, capsys):
    assert run(words) == Exit.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err


def test_several_provinces_that_fit_are_listed(folder, capsys):
    run(["sync", "--tinh", "Quảng"])
    assert "22 Quảng Ninh, 44 Quảng Trị" in capsys.readouterr().err


def test_settings_that_cannot_be_used_end_with_three(folder, capsys):
    assert run(["--set", "link_from=9", "config", "show"]) == Exit.SETTINGS
    assert "link_from" in capsys.readouterr().err


def test_config_show_says_where_each_value_comes_from(folder, monkeypatch, capsys):
    monkeypatch.setenv("IDENTITY_SYNC_REGISTRY_SECRET", "geheim")
    assert run(["--set", "link_from=0.995", "config", "show", "--origin"]) == Exit.DONE
    out = capsys.readouterr().out
    assert "link_from = 0.995   # command line" in out
    assert "registry_secret = ********   # IDENTITY_SYNC_REGISTRY_SECRET" in out
    assert "home = " in out
    assert "# identity-sync.toml" in out
    assert "geheim" not in out


def test_runs_are_listed_even_where_there_are_none(folder, capsys):
    assert run(["runs", "list", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == []


def test_link_works_on_folders_alone(world, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [str(world.folder / "education"), str(world.folder / "registry"), "out"]
    assert run(["--set", "as_of=2026-11-21", "link", *words, "--json"]) == Exit.DONE
    told = json.loads(capsys.readouterr().out)
    assert told["counts"]["teacher"]["linked"] > 40
    assert Path(told["decisions"]).is_file()


class _Raising(click.Command):
    def __init__(self, error):
        super().__init__("raise")
        self._error = error

    def invoke(self, ctx):
        raise self._error


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingsWrong(["home (default): wrong"]), Exit.SETTINGS),
        (RunBusy("run-1"), Exit.HELD),
        (ProvinceLocked("38", "run-1", "2026-11-21"), Exit.HELD),
        (RegistryUnreachable("http://registry/v1/info", 3), Exit.REGISTRY),
        (RegistryRefused(401, "client_unknown"), Exit.SETTINGS),
        (DatabaseReadOnly("sqlite://", "readonly", "Change it."), Exit.SETTINGS),
        (UnknownRule("x", ["y"]), Exit.SETTINGS),
        (ScheduleEnded("server", 3), Exit.BROKEN),
        (StageFailed("link", "student", "38", "ValueError", "x:1"), Exit.BROKEN),
        (ValueError("Nguyễn Văn Kín 038099012345"), Exit.BROKEN),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        *[
            (RunIncomplete("run-1", ending, {"38": "what"}, {}), code)
            for ending, code in zip(
                Ending, (Exit.INTERRUPTED, Exit.REGISTRY, Exit.PROVINCES, Exit.HELD, Exit.GATE), strict=True
            )
        ],
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else value.name,
)
def test_every_error_has_a_message_and_a_code(error, code, language, capsys):
    group = click.Group("identity-sync", {"raise": _Raising(error)}, params=app.params, callback=app.callback)
    assert run(["--lang", language, "raise"], group) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()
    assert "Kín" not in said.err


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_and_option_has_help_in_both_languages(language):
    context = click.Context(app, info_name="identity-sync")
    context.params = {"lang": language}
    waiting = [app.get_command(context, name) for name in app.list_commands(context)]
    while waiting:
        command = waiting.pop()
        assert command.help in texts(language).messages.values(), command.name
        for param in command.params:
            if isinstance(param, click.Option):
                assert param.help in texts(language).messages.values(), f"{command.name} {param.name}"
        waiting += command.commands.values() if isinstance(command, click.Group) else []


def test_both_languages_have_the_same_texts():
    first, second = (texts(language).messages for language in LANGUAGES)
    assert first.keys() == second.keys()


def test_help_needs_no_settings_and_little_time(tmp_path):
    program = Path(sys.executable).with_name("identity-sync")
    done = subprocess.run(
        [program, "--lang", "en", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "Attach 12-digit personal IDs" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sync", "--help"], "Cách dùng: identity-sync sync [OPTIONS]"),
        (["sync", "--help"], "Hiện hướng dẫn này rồi kết thúc."),
        (["review", "export"], "Lỗi: Thiếu đối số 'OUT'."),
        (["fly"], "Không có lệnh 'fly'."),
        (["sync", "--kind", "dog"], "Giá trị của '--kind' không dùng được"),
        (["--lang", "en", "sync", "--kind", "dog"], "Invalid value for '--kind'"),
    ],
)
def test_what_click_says_is_said_in_the_language_of_the_officer(folder, words, told, capsys):
    run(words)
    said = capsys.readouterr()
    assert told in said.out + said.err

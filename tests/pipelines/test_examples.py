"""The example under the help of every command does what it says: all of them, one after the other, in one folder."""

import shlex
import shutil
import sqlite3
from contextlib import closing
from functools import partial

import click
import pytest

from pipelines.cli import Exit, app, run
from pipelines.examples import EXAMPLES, LATER, RECORD, RUN
from pipelines.means import open_means
from pipelines.scope import Kind, Scope
from pipelines.settings import read_settings
from pipelines.texts import LANGUAGES, texts

from .conftest import AS_OF


def commands(group, *before):
    """Names of all commands that do something."""
    context = click.Context(app, info_name="identity-sync")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield " ".join([*before, name])
            yield from commands(command, *before, name)
        else:
            yield " ".join([*before, name])


@pytest.fixture(scope="module")
def story(world, tmp_path_factory):
    """The folder of the examples: two runs, a record of that name, files and a registry beside."""
    from pipelines.sync import sync_provinces

    folder = tmp_path_factory.mktemp("story")
    shutil.copytree(world.folder / "education", folder / "education")
    shutil.copytree(world.folder / "registry", folder / "registry")
    shutil.copy(world.database, folder / "education.db")
    (folder / "education.db").chmod(0o600)
    (folder / "password.txt").touch(mode=0o600)
    (folder / "password.txt").write_text("một mật khẩu để thử")
    (folder / "identity-sync.toml").write_text(
        f'database_url = "sqlite:///{folder / "education.db"}"\nhome = "home"\nregistry_url = "{world.address}"\n'
        f'registry_secret_file = "{world.secret}"\nas_of = "{AS_OF}"\ngate_registry_age_days = 36500\n'
    )
    with closing(sqlite3.connect(folder / "education.db")) as database, database:
        some = "(select min(student_id) from students join schools using (school_code) where province_code = '38')"
        for table in ("student_guardians", "students"):
            database.execute(f"update {table} set student_id = ? where student_id = {some}", [RECORD])
    settings = read_settings(folder / "identity-sync.toml").settings
    with open_means(settings) as means:
        sync_provinces(means, RUN, Scope(as_of=AS_OF, provinces=("38",)))
        sync_provinces(means, LATER, Scope(as_of=AS_OF, provinces=("48",), kinds=(Kind.TEACHER,)))
    return folder


@pytest.fixture
def without_servers(world, monkeypatch):
    """Neither a Prefect server, nor a page that would go on, nor another world."""
    import uvicorn

    from pipelines import commands_demo, commands_registry, schedule, sync

    # the world is there, and one like it has been linked for the story
    monkeypatch.setattr(
        commands_demo, "make_world", lambda demo, size: shutil.copytree(world.folder, demo.world)
    )
    monkeypatch.setattr(commands_demo, "sync_and_tell", lambda *words: None)
    monkeypatch.setattr(sync, "sync_flow", lambda means: partial(sync.sync_provinces, means))
    monkeypatch.setattr(uvicorn, "run", lambda app, **_: None)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setattr(commands_registry, "job_flow", lambda name, work: lambda run: work())
    monkeypatch.setattr(schedule, "run_schedule", lambda *_: None)


def test_every_command_has_an_example():
    assert sorted(commands(app)) == sorted(EXAMPLES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_ends_with_the_example_on_one_line(language, capsys):
    for name, example in EXAMPLES.items():
        assert run(["--lang", language, *name.split(), "--help"]) == Exit.DONE
        told = capsys.readouterr().out
        assert f"{texts(language)('help.example')}\n    identity-sync {example}\n" in told, name


def test_every_example_runs(story, without_servers, monkeypatch, capfd):
    monkeypatch.chdir(story)
    # what a command sets for processes that it starts is gone when the test ends
    monkeypatch.setenv("IDENTITY_SYNC_CONFIG", str(story / "identity-sync.toml"))
    monkeypatch.setenv("PREFECT_HOME", str(story / "prefect"))
    for name, example in EXAMPLES.items():
        code = run(shlex.split(example))
        told = capfd.readouterr()
        # the story's registry has a secret that anybody can guess, and the check says so
        assert (name, code) == (name, Exit.SETTINGS if name == "config check" else Exit.DONE), (
            told.err or told.out
        )

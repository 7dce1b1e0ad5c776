"""identity-sync demo: a whole trial by one command."""

import sys
from pathlib import Path

import click

from connectors.database import open_database
from connectors.education import load_folder
from connectors.files import read_education_folder
from pipelines.cli import Asked
from pipelines.commands_sync import near, sync_and_tell
from pipelines.demo import Demo, Size, make_world, pass_a_night, write_config
from pipelines.means import utc_now
from pipelines.scope import Scope, new_run
from pipelines.settings import Settings, read_settings
from pipelines.texts import Texts


@click.command()
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("var/demo"), show_default=True
)
@click.option("--people", type=click.IntRange(1_000), default=Size.people, show_default=True)
@click.option("--students", type=click.IntRange(0), default=Size.students, show_default=True)
@click.option("--teachers", type=click.IntRange(0), default=Size.teachers, show_default=True)
@click.pass_obj
def demo(asked: Asked, folder: Path, people: int, students: int, teachers: int) -> None:
    """A full trial on synthetic data; the second time: one night of changes."""
    text, trial = asked.text(), Demo(folder)
    again = trial.is_made and trial.database.is_file()
    if again:
        _say(text("demo.kept", path=trial.world))
        _say(text("demo.night"))
        pass_a_night(trial)
    else:
        _say(text("demo.world", path=trial.world))
        make_world(trial, Size(people, students, teachers))
    write_config(trial)
    settings = read_settings(trial.config, asked.given | {"language": asked.lang}).settings
    _load(trial, settings, text)
    _say(text("demo.nightly" if again else "demo.first"))
    now = utc_now()
    sync_and_tell(
        settings, text, new_run(now), Scope(as_of=settings.as_of or now.date(), everything=not again)
    )
    _say(text("demo.next", program=near(Path(sys.executable).with_name("identity-sync"))))


def _load(trial: Demo, settings: Settings, text: Texts) -> None:
    _say(text("demo.loading", path=trial.database))
    engine = open_database(settings.database_url)
    load_folder(engine, read_education_folder(trial.world / "education"))
    engine.dispose()


def _say(words: str) -> None:
    click.echo(words, err=True)

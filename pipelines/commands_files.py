"""Commands on folders: load one into the education database, link one against a registry folder."""

import json
from collections import Counter
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path

import click

from pipelines.cli import Asked
from pipelines.commands_index import PROFILES
from pipelines.progress import told
from pipelines.scope import new_run
from pipelines.texts import Texts

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def load(asked: Asked, folder: Path, as_json: bool) -> None:
    """Load a folder of CSV or Parquet into the education database."""
    from connectors.database import open_database
    from connectors.education import load_folder
    from connectors.files import read_education_folder

    settings, text = asked.settings(), asked.text()
    tables = read_education_folder(folder)
    engine = open_database(settings.database_url)
    counts = {table: asdict(one) for table, one in load_folder(engine, tables).items()}
    engine.dispose()
    rejects = Counter(tables.rejects["reason"].to_pylist())
    if as_json:
        click.echo(json.dumps({"tables": counts, "rejects": rejects}, ensure_ascii=False))
        return
    for table, one in counts.items():
        click.echo(
            text("load.table", table=table, **{name: text.number(count) for name, count in one.items()})
        )
    if rejects:
        click.echo(text("load.rejects", count=text.number(rejects.total()), reasons=_listed(rejects, text)))


def _listed(counted: Counter[str], text: Texts) -> str:
    return ", ".join(f"{name} {text.number(count)}" for name, count in counted.most_common())


@click.command()
@click.argument("education", type=_FOLDER)
@click.argument("registry", type=_FOLDER)
@click.argument("out", type=_FOLDER)
@click.option("--index", type=_FOLDER)
@click.option("--previous", type=_FOLDER)
@click.option("--profile", "names", type=click.Choice(PROFILES), default="vietnam", show_default=True)
@click.option("--memory", default="1500MB", show_default=True)
@click.option("--engine", type=click.Choice(["local", "spark"]))
@click.option("--master", metavar="URL")
@click.option("--parts-at-once", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def link(  # noqa: PLR0913, PLR0917 (options of a command)
    asked: Asked,
    education: Path,
    registry: Path,
    out: Path,
    index: Path | None,
    previous: Path | None,
    names: str,
    memory: str,
    engine: str | None,
    master: str | None,
    parts_at_once: int | None,
    as_json: bool,
) -> None:
    """Link two folders of files; no database, no service."""
    from pipelines.engines import engine_of
    from pipelines.link_folder import link_folders

    on = {
        "engine": engine,
        "spark_master": master,
        "parts_at_once": parts_at_once,
    }
    asked = replace(
        asked, given=asked.given | {name: value for name, value in on.items() if value is not None}
    )
    settings, text = asked.settings_for_files(), asked.text()
    with told(text) as progress, engine_of(settings, out) as runs:
        done = link_folders(
            education,
            registry,
            out,
            index=index,
            previous=previous,
            profile=names,
            memory=memory,
            settings=settings.link_settings(),
            as_of=settings.as_of or date.today(),  # noqa: DTZ011 (the officer's own day)
            run=new_run(datetime.now(UTC)),
            progress=progress.counted,
            engine=runs,
        )
    if as_json:
        paths = {name: str(getattr(done, name)) for name in ("decisions", "candidates", "rejects")}
        click.echo(json.dumps({"counts": done.counts, "kept": done.kept, **paths}, ensure_ascii=False))
        return
    for kind, outcomes in done.counts.items():
        parts = [
            f"{text(f'outcome.{name}')} {text.number(count)}" for name, count in sorted(outcomes.items())
        ]
        click.echo(text("link.outcomes", kind=text(f"kinds.{kind}"), outcomes=", ".join(parts)))
    if previous is not None:
        text_id = "link.all" if done.kept is None else "link.kept"
        click.echo(text(text_id, count=text.number(done.kept or 0)))
    click.echo(text("link.written", path=done.decisions))

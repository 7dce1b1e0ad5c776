"""Commands that look: runs, and settings; and the one that clears away what is kept too long."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from connectors.database import open_database
from connectors.schema import is_prepared
from pipelines.checkpoints import expired_runs, remove_runs
from pipelines.cli import Asked
from pipelines.commands_changes import diff, rollback
from pipelines.commands_config import check
from pipelines.errors import RunUnknown
from pipelines.history import RunLine, partitions, run_line
from pipelines.history import runs as read_runs
from pipelines.means import runs_folder, utc_now
from pipelines.province_names import province_name
from pipelines.settings import Settings, shown_value


@click.group()
def runs() -> None:
    """Runs."""


@runs.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_runs(asked: Asked, as_json: bool) -> None:
    """List runs."""
    engine = open_database(asked.settings().database_url)
    found = read_runs(engine) if is_prepared(engine) else []
    engine.dispose()
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        taken_back = f"  ← {one.rollback_of}" if one.rollback_of else ""
        click.echo(f"{one.run}  {one.state:<12} {_scope_words(one)}{taken_back}")
    if not found:
        click.echo(asked.text()("runs.none"), err=True)


def _scope_words(one: RunLine) -> str:
    codes = one.scope.get("provinces") or []
    kinds = ", ".join(one.scope.get("kinds", []))
    return f"{', '.join(province_name(code) for code in codes) or '*'}; {kinds}"


@runs.command()
@click.argument("run")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def show(asked: Asked, run: str, as_json: bool) -> None:
    """One run, partition by partition."""
    engine = open_database(asked.settings().database_url)
    line = run_line(engine, run) if is_prepared(engine) else None
    if line is None:
        raise RunUnknown(run)
    found = partitions(engine, run)
    engine.dispose()
    if as_json:
        click.echo(
            json.dumps({**asdict(line), "partitions": [asdict(one) for one in found]}, ensure_ascii=False)
        )
        return
    click.echo(f"{line.run}  {line.state}  {line.started_at} … {line.ended_at or ''}")
    for one in found:
        counts = ", ".join(f"{name} {count}" for name, count in one.counts.items() if count)
        click.echo(
            f"  {province_name(one.province):<14} {one.kind:<9} {one.state:<10} {one.rows:>9}  {counts}{one.message or ''}"
        )


@runs.command()
@click.option("--dry-run", is_flag=True)
@click.pass_obj
def prune(asked: Asked, dry_run: bool) -> None:
    """Delete the tables of runs kept longer than keep_runs_days."""
    settings, text = asked.settings(), asked.text()
    found = expired_runs(runs_folder(settings), utc_now(), settings.keep_runs_days)
    if not dry_run:
        remove_runs(found)
    names = ", ".join(folder.name for folder in found) or "–"
    click.echo(text("prune.would" if dry_run else "prune.done", count=len(found), names=names))


runs.add_command(diff)
runs.add_command(rollback)


@click.group()
def config() -> None:
    """Settings."""


@config.command("show")
@click.option("--origin", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def show_config(asked: Asked, origin: bool, as_json: bool) -> None:
    """Show the settings; secrets are masked."""
    known = asked.known()
    rows = {name: (shown_value(name, known.settings), known.origins[name]) for name in Settings.model_fields}
    if as_json:
        click.echo(
            json.dumps(
                {name: {"value": value, "origin": where} for name, (value, where) in rows.items()},
                ensure_ascii=False,
            )
        )
        return
    for name, (value, where) in rows.items():
        click.echo(f"{name} = {value}" + (f"   # {_beside(where)}" if origin else ""))


def _beside(origin: str) -> str:
    """A file by its path as seen from here."""
    path = Path(origin)
    return (
        str(path.relative_to(Path.cwd()))
        if path.is_absolute() and path.is_relative_to(Path.cwd())
        else origin
    )


config.add_command(check)

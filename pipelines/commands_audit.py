"""Commands that keep the database: is the audit whole, of which revision are the tables."""

import json
from dataclasses import asdict

import click

from connectors import schema
from connectors.database import open_database, reading
from connectors.schema import is_prepared
from pipelines.auditing import audit_verdict
from pipelines.cli import Asked, Exit


@click.group()
def audit() -> None:
    """The audit."""


@audit.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def verify(asked: Asked, as_json: bool) -> int:
    """Look for entries changed, missing, out of order or cut off."""
    settings, text = asked.settings(), asked.text()
    engine = open_database(settings.database_url)
    try:
        verdict = audit_verdict(settings, engine) if is_prepared(engine) else None
    finally:
        engine.dispose()
    if verdict is None:
        click.echo(text("runs.none"), err=True)
        return Exit.DONE
    if as_json:
        click.echo(json.dumps(asdict(verdict), ensure_ascii=False))
    else:
        for one in verdict.broken:
            click.echo(f"{text(f'audit.{one.fault}')}: {one.what}")
        told = "audit.broken" if verdict.broken else "audit.whole"
        click.echo(text(told, entries=text.number(verdict.entries), heads=text.number(verdict.heads)))
    return Exit.AUDIT if verdict.broken else Exit.DONE


@click.group()
def database() -> None:
    """The tables that the sync owns."""


@database.command()
@click.pass_obj
def upgrade(asked: Asked) -> None:
    """Bring the tables to the revision of this program; rows stay."""
    engine = open_database(asked.settings().database_url)
    try:
        before, after = schema.upgrade(engine)
    finally:
        engine.dispose()
    told = "database.unchanged" if before == after else "database.upgraded"
    click.echo(asked.text()(told, before=before or "–", after=after))


@database.command()
@click.pass_obj
def status(asked: Asked) -> None:
    """Of which revision the tables are, and which this program needs."""
    engine = open_database(asked.settings().database_url)
    try:
        with reading(engine) as connection:
            found = schema.revision_of(connection)
    finally:
        engine.dispose()
    click.echo(asked.text()("database.status", found=found or "–", needed=schema.HEAD))

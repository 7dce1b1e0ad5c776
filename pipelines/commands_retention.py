"""identity-sync retention: what is kept for too long, told first and deleted when asked."""

import json

import click

from connectors.database import open_database
from pipelines.cli import Asked
from pipelines.means import utc_now
from pipelines.retention import delete, overdue
from pipelines.scope import new_run


@click.command()
@click.option("--delete", "really", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def retention(asked: Asked, really: bool, as_json: bool) -> None:
    """Tell what is kept for too long; delete it with --delete."""
    settings, text, now = asked.settings(), asked.text(), utc_now()
    engine = open_database(settings.database_url)
    try:
        found = delete(settings, engine, new_run(now), now) if really else overdue(settings, engine, now)
    finally:
        engine.dispose()
    names = {"runs": [path.name for path in found.runs], "reports": [path.name for path in found.reports]}
    if as_json:
        click.echo(json.dumps({"deleted": really, "counts": found.counts, **names}))
        return
    click.echo(text("retention.done" if really else "retention.would"), err=True)
    for name, count in found.counts.items():
        listed = f"  ({', '.join(names[name])})" if names.get(name) else ""
        click.echo(text(f"retention.{name}", count=text.number(count)) + listed)

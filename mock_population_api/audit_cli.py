"""`audit`: whether the record of disclosures is still what was written."""

from pathlib import Path

import click

from mock_population_api.audit import Audit
from mock_population_api.errors import MockRegistryError
from mock_population_api.store import locked


@click.command()
@click.argument("store", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--head", help="A head kept elsewhere, as `GET /v1/audit` told it: LINE:DIGEST.")
def audit(store: Path, head: str | None) -> None:
    """Check the audit of STORE, which no service may be using: every line, its people, and that none is missing."""
    try:
        with locked(store):
            record = Audit(store)
            finding, lines = record.finding(head), record.lines()
            record.close()
    except MockRegistryError as error:
        raise click.ClickException(str(error)) from error
    if finding is not None:
        raise click.ClickException(f"{store}: {finding}")
    click.echo(f"{lines:,} lines, all as they were written")

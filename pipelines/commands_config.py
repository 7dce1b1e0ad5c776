"""identity-sync config check: what of the set-up is weaker than it has to be."""

import json
from dataclasses import asdict

import click

from pipelines.cli import Asked, Exit
from pipelines.weak_settings import weaknesses


@click.command("check")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def check(asked: Asked, as_json: bool) -> int:
    """Tell what of the settings and files is weak."""
    text, found = asked.text(), weaknesses(asked.known())
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False))
    else:
        for one in found:
            click.echo(f"{one.where}: {text(f'weak.{one.word}')}")
        if not found:
            click.echo(text("weak.none"), err=True)
    return Exit.SETTINGS if found else Exit.DONE

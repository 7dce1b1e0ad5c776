"""Lists for those who act: schools, police, justice offices."""

from pathlib import Path

import click

from pipelines.cli import Asked
from pipelines.commands_sync import codes, near


@click.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--province", "--tinh", "provinces", multiple=True)
@click.option(
    "--by", type=click.Choice(["province", "commune", "school"]), default="province", show_default=True
)
@click.pass_obj
def lists(asked: Asked, out: Path, provinces: tuple[str, ...], by: str) -> None:
    """Write the lists of who must act."""
    from connectors.database import open_database
    from connectors.education import provinces as all_provinces
    from pipelines.office_lists import export_office_lists

    settings, text = asked.settings(), asked.text()
    chosen = codes(provinces, text)
    engine = open_database(settings.database_url)
    try:
        files = export_office_lists(settings, engine, chosen or all_provinces(engine), out, by)
    finally:
        engine.dispose()
    for path in files:
        click.echo(near(path))
    words = (
        text("lists.written", count=text.number(len(files)), path=near(out)) if files else text("lists.none")
    )
    click.echo(words, err=True)

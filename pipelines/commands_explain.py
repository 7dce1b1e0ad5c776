"""identity-sync explain: one decision laid open on the terminal, as a picture, as a page."""

from pathlib import Path

import click

from matching.schemas import KINDS
from pipelines.cli import Asked
from pipelines.errors import WeightsNotKept
from pipelines.texts import LANGUAGES

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("record")
@click.option("--out", "results", type=_FOLDER)
@click.option("--run", default="")
@click.option("--kind", type=click.Choice(KINDS))
@click.option("--lang", type=click.Choice(LANGUAGES))
@click.option("--education", type=_FOLDER)
@click.option("--registry", type=_FOLDER)
@click.option("--numbers", is_flag=True)
@click.option("--svg", type=_FILE)
@click.option("--html", type=_FILE)
@click.pass_obj
def explain(
    asked: Asked,
    /,
    record: str,
    results: Path | None,
    run: str,
    kind: str | None,
    lang: str | None,
    numbers: bool,
    **paths: Path | None,
) -> None:
    """Explain one decision: its candidates, what each comparison weighed, what it would be without it."""
    from rich.console import Console

    from pipelines.means import runs_folder
    from pipelines.record_files import rows_in_folder, rows_in_run
    from reporting.explanation import case
    from reporting.explanation_page import write_explanation, write_picture
    from reporting.explanation_terminal import print_explanation
    from reporting.texts import texts

    if (results is None) == (not run):
        raise click.UsageError(asked.text()("explain.where"))
    settings = asked.settings_for_files()
    if results is not None:
        found = case(rows_in_folder(results, record, kind, paths["education"], paths["registry"]))
    else:
        found = case(rows_in_run(runs_folder(settings) / run, record, kind, paths["registry"]))
    language = lang or settings.language
    print_explanation(Console(), found, texts(language), whole_numbers=numbers)
    if page := paths["html"]:
        write_explanation(page, found, language, synthetic=settings.synthetic, whole_numbers=numbers)
    if file := paths["svg"]:
        if not found.weighed:
            raise WeightsNotKept(record)
        write_picture(file, found, language)

"""Commands that run: sync, its report once more."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click

from pipelines.cli import Asked
from pipelines.errors import RunIncomplete
from pipelines.gates import GATE_NAMES
from pipelines.means import Means, open_means, reports_folder, utc_now
from pipelines.prefect_environment import prepare_prefect
from pipelines.progress import told
from pipelines.province_names import became_part, ordered, province_code
from pipelines.scope import Kind, Scope, new_run
from pipelines.settings import Settings
from pipelines.texts import Texts


@click.command()
@click.option("--province", "--tinh", "provinces", multiple=True)
@click.option("--kind", "kinds", multiple=True, type=click.Choice([str(kind) for kind in Kind]))
@click.option("--all", "everything", is_flag=True)
@click.option("--dry-run", is_flag=True)
@click.option("--resume", is_flag=True)
@click.option("--run", default="")
@click.option("--accept-gate", "accepted_gates", multiple=True, type=click.Choice(GATE_NAMES))
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def sync(
    asked: Asked,
    /,
    provinces: tuple[str, ...],
    kinds: tuple[str, ...],
    resume: bool,
    run: str,
    as_json: bool,
    **choices: object,
) -> None:
    """Link and write back: what is new, changed or not linked; or everything."""
    settings, text = asked.settings(), asked.text()
    today = settings.as_of or date.today()  # noqa: DTZ011 (the officer's own day; matching has no clock)
    chosen = tuple(kind for kind in Kind if not kinds or kind in kinds)
    scope = Scope.model_validate(
        {"as_of": today, "provinces": codes(provinces, text), "kinds": chosen, **choices}
    )
    if resume or run:
        run, scope = _resumable(settings, run, scope.accepted_gates)
    sync_and_tell(settings, text, run or new_run(utc_now()), scope, as_json=as_json)


def codes(names: tuple[str, ...], text: Texts) -> tuple[str, ...]:
    """Provinces by code; told where a name became part of another."""
    for name in names:
        if (match := became_part(name)) is not None:
            old = match.old.name if match.old and match.old.name != match.province.name else name
            click.echo(
                text("province.moved", old=old, new=match.province.name, code=match.province.code), err=True
            )
    return ordered([province_code(name) for name in names])


def _resumable(settings: Settings, run: str, accepted_gates: tuple[str, ...]) -> tuple[str, Scope]:
    from connectors.database import open_database
    from pipelines.resuming import resumable

    engine = open_database(settings.database_url)
    try:
        found, scope = resumable(engine, settings, run)
    finally:
        engine.dispose()
    return found, scope.model_copy(update={"accepted_gates": (*scope.accepted_gates, *accepted_gates)})


def sync_and_tell(settings: Settings, text: Texts, run: str, scope: Scope, *, as_json: bool = False) -> None:
    """One run under Prefect, and its headline.

    Raises:
        RunIncomplete: Not all of it could be done; the headline is told all the same.
    """
    click.echo(text("run.begins", run=run), err=True)
    prepare_prefect(settings.home)
    from pipelines.sync import sync_flow

    with told(text) as progress, open_means(settings, progress) as means:
        if means.behind:
            click.echo(text("clock.behind", behind=str(means.behind).partition(".")[0]), err=True)
        try:
            done = Done(means, run, scope, sync_flow(means)(run, scope))
        except RunIncomplete as incomplete:
            _tell(Done(means, run, scope, incomplete.written), text, as_json=as_json)
            raise
        _tell(done, text, as_json=as_json)


@dataclass(frozen=True)
class Done:
    """A run that has ended, for its headline."""

    means: Means
    run: str
    scope: Scope
    written: dict[str, int]


def _tell(done: Done, text: Texts, *, as_json: bool) -> None:
    from connectors.education import provinces
    from pipelines.reports import run_rates
    from reporting.rates import totals
    from reporting.run_file import headline

    settings = done.means.settings
    rates = run_rates(settings, done.run, done.scope.provinces or tuple(provinces(done.means.engine)))
    out = reports_folder(settings, done.run)
    if as_json:
        counts = {row.pop("kind"): row for row in totals(rates, ["kind"]).to_pylist()}
        facts = {"run": done.run, "counts": counts, "written": done.written, "reports": str(out)}
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    click.echo(headline(rates, settings.language))
    if done.written:
        shown = {name: text.number(count) for name, count in done.written.items()}
        click.echo(text("run.would_write" if done.scope.dry_run else "run.written", **shown))
        if any(count for name, count in done.written.items() if name.startswith("said_")):
            click.echo(text("run.said", **shown))
    _tell_papers(out, settings, text)


def _tell_papers(out: Path, settings: Settings, text: Texts) -> None:
    """How long the stages took and where the report and the lists are; nothing for a run that has none."""
    from pipelines.measures import folder_of_lists

    page = _page(out, settings)
    if page.is_file():
        seconds = json.loads((out / "run.json").read_text(encoding="utf-8"))["stage_seconds"]
        stages = [f"{text(f'stage.{stage}')} {text.decimal(value)}" for stage, value in seconds.items()]
        click.echo(text("run.seconds", stages=", ".join(stages)))
        click.echo(text("run.report", path=near(page)))
        click.echo(text("run.lists", path=near(folder_of_lists(out))))
        click.echo(text("run.changes", path=near(out / "changes.html")))


def _page(out: Path, settings: Settings) -> Path:
    return out / ("report.html" if settings.language == "vi" else f"report.{settings.language}.html")


def near(path: Path) -> Path:
    """A path as seen from here."""
    full = path.absolute()
    return full.relative_to(Path.cwd()) if full.is_relative_to(Path.cwd()) else full


@click.command()
@click.argument("run", default="")
@click.option("--published", is_flag=True)
@click.option("--monthly", metavar="YYYY-MM")
@click.pass_obj
def report(asked: Asked, run: str, published: bool, monthly: str | None) -> None:
    """Write the report of a run again (the last one by default), or the figures of a month."""
    settings, text = asked.settings(), asked.text()
    if monthly is not None:
        if run or published:
            raise click.UsageError(text("monthly.alone"))
        _report_month(settings, text, monthly)
        return
    from pipelines.reports_again import write_again

    click.echo(text("run.report", path=near(write_again(settings, run, published=published))))


def _report_month(settings: Settings, text: Texts, month: str) -> None:
    from connectors.database import open_database
    from pipelines.monthly import write_monthly

    engine = open_database(settings.database_url)
    try:
        papers = write_monthly(settings, engine, month)
    finally:
        engine.dispose()
    for path in (papers.page, papers.workbook, papers.pdf):
        if path is not None:
            click.echo(text("run.report", path=near(path)))
    if papers.pdf is None:
        click.echo(text("monthly.no_pdf"), err=True)

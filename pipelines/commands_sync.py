"""Commands that run: sync, its report once more, the schedules."""

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import click

from pipelines.cli import Asked, Exit
from pipelines.errors import RunIncomplete, RunUnknown
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
def sync(asked: Asked, provinces: tuple[str, ...], resume: bool, run: str, as_json: bool, **wanted: Any) -> None:  # noqa: ANN401 (Click hands over what the options say)
    """Link and write back: what is new, changed or not linked; or everything."""
    settings, text = asked.settings(), asked.text()
    wanted["kinds"] = tuple(kind for kind in Kind if kind in wanted["kinds"]) or tuple(Kind)
    today = settings.as_of or date.today()  # noqa: DTZ011 (the officer's own day; matching has no clock)
    scope = Scope(as_of=today, provinces=_codes(provinces, text), **wanted)
    if resume or run:
        run, scope = resumable(settings, run, scope.accepted_gates)
    sync_and_tell(settings, text, run or new_run(utc_now()), scope, as_json=as_json)


def _codes(names: tuple[str, ...], text: Texts) -> tuple[str, ...]:
    """Provinces by code; told where a name became part of another."""
    for name in names:
        if (match := became_part(name)) is not None:
            old = match.old.name if match.old else name
            click.echo(text("province.moved", old=old, new=match.province.name, code=match.province.code), err=True)
    return ordered([province_code(name) for name in names])


def resumable(settings: Settings, run: str, accepted_gates: tuple[str, ...]) -> tuple[str, Scope]:
    """The run to continue and what it takes: the one named, else the last one that did not end.

    Raises:
        RunUnknown: There is none.
    """
    from connectors.database import open_database
    from connectors.writeback import DONE
    from pipelines import history

    engine = open_database(settings.database_url)
    found = history.runs(engine, limit=1000) if history.is_prepared(engine) else []
    engine.dispose()
    able = [one for one in found if (one.run == run and one.state != DONE) or (not run and one.state in history.STATES_TO_RESUME)]
    if not able:
        raise RunUnknown(run)
    scope = Scope.model_validate(able[0].scope)
    return able[0].run, scope.model_copy(update={"accepted_gates": (*scope.accepted_gates, *accepted_gates)})


def sync_and_tell(settings: Settings, text: Texts, run: str, scope: Scope, *, as_json: bool = False) -> None:
    """One run under Prefect, and its headline.

    Raises:
        RunIncomplete: Not all of it could be done; the headline is told all the same.
    """
    click.echo(text("run.begins", run=run), err=True)
    prepare_prefect(settings.home)
    from pipelines.sync import sync_flow

    with told(text) as progress, open_means(settings, progress) as means:
        try:
            written = sync_flow(means)(run, scope)
        except RunIncomplete as incomplete:
            _tell(means, text, run, scope, incomplete.written, as_json)
            raise
        _tell(means, text, run, scope, written, as_json)


def _tell(means: Means, text: Texts, run: str, scope: Scope, written: dict[str, int], as_json: bool) -> None:  # noqa: PLR0913, PLR0917
    from connectors.education import provinces
    from pipelines.measures import folder_of_lists
    from pipelines.reports import run_rates
    from reporting.rates import totals
    from reporting.run_file import headline

    settings = means.settings
    rates = run_rates(settings, run, scope.provinces or tuple(provinces(means.engine)))
    out = reports_folder(settings, run)
    if as_json:
        counts = {row.pop("kind"): row for row in totals(rates, ["kind"]).to_pylist()}
        click.echo(json.dumps({"run": run, "counts": counts, "written": written, "reports": str(out)}, ensure_ascii=False))
        return
    click.echo(headline(rates, settings.language))
    if written:
        shown = {name: text.number(count) for name, count in written.items()}
        click.echo(text("run.would_write" if scope.dry_run else "run.written", **shown))
    if (page := _page(out, settings)).is_file():
        click.echo(text("run.report", path=_near(page)))
        click.echo(text("run.lists", path=_near(folder_of_lists(out))))


def _page(out: Path, settings: Settings) -> Path:
    return out / ("report.html" if settings.language == "vi" else f"report.{settings.language}.html")


def _near(path: Path) -> Path:
    """A path as seen from here."""
    full = path.resolve()
    return full.relative_to(Path.cwd()) if full.is_relative_to(Path.cwd()) else full


@click.command()
@click.argument("run", default="")
@click.pass_obj
def report(asked: Asked, run: str) -> None:
    """Write the report of a run again (the last one by default)."""
    from pipelines.reports_again import write_again

    settings, text = asked.settings(), asked.text()
    page = write_again(settings, run)
    click.echo(text("run.report", path=_near(page)))


@click.command()
@click.pass_obj
def schedule(asked: Asked) -> int:
    """Serve the schedules: nightly, monthly, one province on demand."""
    settings, text = asked.settings(), asked.text()
    if not os.environ.get("PREFECT_API_URL"):
        click.echo(text("schedule.no_server"), err=True)
        return Exit.SETTINGS
    prepare_prefect(settings.home)
    from pipelines.deployments import serve_schedules

    serve_schedules()
    return Exit.DONE

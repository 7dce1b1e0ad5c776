"""Commands beside the sync: the registry's changes, residences, facts told to it, the hand-over to the exam system."""

import json
from collections.abc import Callable
from datetime import date

import click

from pipelines.cli import Asked
from pipelines.commands_sync import codes, near
from pipelines.job_words import job_lines
from pipelines.means import open_means, reports_folder, utc_now
from pipelines.prefect_environment import prepare_prefect
from pipelines.progress import told
from pipelines.registry_jobs import Cohort, Counts, Job, job_flow
from pipelines.scope import Kind, new_run
from pipelines.settings import Settings
from pipelines.texts import Texts

_PROVINCES = click.option("--province", "--tinh", "provinces", multiple=True)
_GRADES = click.option("--grade", "--lop", "grades", multiple=True)
_DRY = click.option("--dry-run", is_flag=True)
_JSON = click.option("--json", "as_json", is_flag=True)
_KINDS = click.option("--kind", "kinds", multiple=True, type=click.Choice([str(kind) for kind in Kind]))
_PURPOSES = ("school-enrolment", "examination")


@click.command()
@_DRY
@_JSON
@click.pass_obj
def changes(asked: Asked, /, dry_run: bool, as_json: bool) -> None:
    """Bring the registry's changes to the links."""
    from pipelines.changes import bring_changes

    _run(asked, "changes", Cohort(tuple(Kind)), bring_changes, dry_run=dry_run, as_json=as_json)


@click.command()
@_PROVINCES
@_KINDS
@_GRADES
@click.option("--purpose", type=click.Choice(_PURPOSES), default=_PURPOSES[0], show_default=True)
@_DRY
@_JSON
@click.pass_obj
def residence(
    asked: Asked,
    /,
    provinces: tuple[str, ...],
    kinds: tuple[str, ...],
    grades: tuple[str, ...],
    purpose: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Ask for the permanent residence of linked records."""
    from pipelines.residence import ask_residence

    cohort = Cohort(_kinds(kinds, (Kind.STUDENT,)), codes(provinces, asked.text()), grades)
    _run(
        asked, "residence", cohort, lambda job: ask_residence(job, purpose), dry_run=dry_run, as_json=as_json
    )


@click.command()
@_PROVINCES
@_GRADES
@click.option("--school-year", default="")
@_DRY
@_JSON
@click.pass_obj
def enrich(
    asked: Asked,
    /,
    provinces: tuple[str, ...],
    grades: tuple[str, ...],
    school_year: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Tell the registry where linked people learn and work."""
    from pipelines.enrichment import KINDS, school_year_of, send_facts

    year = school_year or school_year_of(_today(asked.settings()))
    cohort = Cohort((Kind.STUDENT,) if grades else KINDS, codes(provinces, asked.text()), grades)
    _run(asked, "enrich", cohort, lambda job: send_facts(job, year), dry_run=dry_run, as_json=as_json)


def hand_over_files(
    asked: Asked, provinces: tuple[str, ...], grades: tuple[str, ...], *, dry_run: bool, as_json: bool
) -> None:
    """Write a cohort with its numbers, and who is still missing."""
    from pipelines.exam import hand_over

    cohort = Cohort((Kind.STUDENT,), codes(provinces, asked.text()), grades)
    _run(asked, "exam", cohort, hand_over, dry_run=dry_run, as_json=as_json)


def _kinds(chosen: tuple[str, ...], otherwise: tuple[Kind, ...]) -> tuple[Kind, ...]:
    return tuple(Kind(kind) for kind in chosen) or otherwise


def _today(settings: Settings) -> date:
    return settings.as_of or date.today()  # noqa: DTZ011 (the officer's own day)


def _run(
    asked: Asked,
    name: str,
    cohort: Cohort,
    work: Callable[[Job], Counts],
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """One job under Prefect, and what came of it."""
    settings, text = asked.settings(), asked.text()
    run = new_run(utc_now())
    click.echo(text("run.begins", run=run), err=True)
    prepare_prefect(settings.home)
    with told(text) as progress, open_means(settings, progress) as means:
        job = Job(means, run, _today(settings), cohort, dry_run)
        means.told.begin(1)
        means.told.stage("", "", name)
        counts = job_flow(name, lambda: work(job))(run)
    _tell(name, run, counts, settings, text, dry_run=dry_run, as_json=as_json)


def _tell(
    name: str, run: str, counts: Counts, settings: Settings, text: Texts, *, dry_run: bool, as_json: bool
) -> None:
    folder = reports_folder(settings, run)
    if as_json:
        facts = {"run": run, "job": name, "dry_run": dry_run, "counts": counts, "lists": str(folder)}
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    for line in job_lines(name, counts, text):
        click.echo(line)
    if dry_run:
        click.echo(text("job.dry_run"))
    elif folder.is_dir():
        click.echo(text("run.lists", path=near(folder)))

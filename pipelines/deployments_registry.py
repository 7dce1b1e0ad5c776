"""The schedules of the jobs beside the sync: changes every night before it, the others when an officer asks."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from prefect import flow
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from pipelines import changes, enrichment, exam, residence
from pipelines.failures import told_without_people
from pipelines.means import open_means, utc_now
from pipelines.registry_jobs import Cohort, Counts, Job
from pipelines.scope import Kind, new_run
from pipelines.settings import read_settings

CHANGES_AT = "30 0 * * *"
"""An hour before the night's sync, which decides anew on what was corrected."""


@flow(name="registry-changes", persist_result=False, log_prints=False)
def registry_changes(dry_run: bool = False) -> dict[str, Any]:
    """The registry's changes since the last time, brought to the links.

    Args:
        dry_run: Say what would be written, write nothing.
    """
    return _run(Cohort(tuple(Kind)), changes.bring_changes, dry_run=dry_run)


@flow(name="registry-residence", persist_result=False, log_prints=False)
def registry_residence(
    provinces: list[str] | None = None,
    grades: list[str] | None = None,
    purpose: str = "school-enrolment",
    dry_run: bool = False,
) -> dict[str, Any]:
    """Permanent residence of linked students.

    Args:
        provinces: Codes of the 34; all when none is chosen.
        grades: Grades as the schools write them; all when none is chosen.
        purpose: The registry's code of what it is asked for.
        dry_run: Say how many would be asked, ask nobody.
    """
    cohort = Cohort((Kind.STUDENT,), tuple(provinces or ()), tuple(grades or ()))
    return _run(cohort, lambda job: residence.ask_residence(job, purpose), dry_run=dry_run)


@flow(name="registry-enrich", persist_result=False, log_prints=False)
def registry_enrich(
    provinces: list[str] | None = None, school_year: str = "", dry_run: bool = False
) -> dict[str, Any]:
    """School, grade and role of linked people, told to the registry.

    Args:
        provinces: Codes of the 34; all when none is chosen.
        school_year: Such as 2026-2027; that of the day when none is given.
        dry_run: Say how many would be told, tell nobody.
    """
    year = school_year or enrichment.school_year_of(date.today())  # noqa: DTZ011 (the day where the run runs)
    cohort = Cohort(enrichment.KINDS, tuple(provinces or ()))
    return _run(cohort, lambda job: enrichment.send_facts(job, year), dry_run=dry_run)


@flow(name="exam-hand-over", persist_result=False, log_prints=False)
def exam_hand_over(
    provinces: list[str] | None = None, grades: list[str] | None = None, dry_run: bool = False
) -> dict[str, Any]:
    """A cohort with its numbers for the exam system, and who is still missing.

    Args:
        provinces: Codes of the 34; all when none is chosen.
        grades: Grades as the schools write them; 12 when none is chosen.
        dry_run: Count only.
    """
    cohort = Cohort((Kind.STUDENT,), tuple(provinces or ()), tuple(grades or ("12",)))
    return _run(cohort, exam.hand_over, dry_run=dry_run)


def _run(cohort: Cohort, work: Callable[[Job], Counts], *, dry_run: bool) -> dict[str, Any]:
    settings = read_settings().settings
    today = settings.as_of or date.today()  # noqa: DTZ011 (the day where the run runs)
    with open_means(settings) as means:
        job = Job(means, new_run(utc_now()), today, cohort, dry_run)
        return told_without_people(lambda: work(job), "registry job")


def registry_deployments() -> Sequence[RunnerDeployment]:
    """What is served beside the sync's own."""
    nightly = RunnerDeployment.from_flow(
        registry_changes,
        "nightly",
        schedules=[Cron(CHANGES_AT, timezone="Asia/Ho_Chi_Minh")],
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    others = (registry_residence, registry_enrich, exam_hand_over)
    return [
        nightly,
        *[
            RunnerDeployment.from_flow(one, "on-demand", entrypoint_type=EntrypointType.MODULE_PATH)
            for one in others
        ],
    ]

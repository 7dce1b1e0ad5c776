"""The schedules of the jobs beside the sync: changes every night before it, the others when an officer asks."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from prefect import State, flow
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from connectors.education_tables import moment
from pipelines import changes, enrichment, exam, residence
from pipelines.registry_jobs import Cohort, Counts, Job, job_since
from pipelines.scheduled import take_turn, tell_of_crash, this_turn
from pipelines.scope import Kind
from pipelines.settings import Settings

Told = dict[str, Any] | State[Any]


@flow(name="registry-changes", persist_result=False, log_prints=False, on_crashed=[tell_of_crash])
def registry_changes(dry_run: bool = False) -> Told:
    """Thay đổi của hệ thống dân cư kể từ lần trước (the registry's changes since the last time).

    Args:
        dry_run: Chỉ cho biết sẽ ghi gì, không ghi (say what would be written, write nothing).
    """
    return _run(Cohort(tuple(Kind)), changes.bring_changes, dry_run=dry_run, once="changes")


@flow(name="registry-residence", persist_result=False, log_prints=False, on_crashed=[tell_of_crash])
def registry_residence(
    provinces: list[str] | None = None,
    grades: list[str] | None = None,
    purpose: str = "school-enrolment",
    dry_run: bool = False,
) -> Told:
    """Nơi thường trú của học sinh đã có mã (permanent residence of linked students).

    Args:
        provinces: Mã tỉnh; không chọn thì tất cả (codes of the 34; all when none is chosen).
        grades: Lớp, như trường ghi; không chọn thì tất cả (grades as the schools write them; all when none is chosen).
        purpose: Mã mục đích của hệ thống dân cư (the registry's code of what it is asked for).
        dry_run: Chỉ đếm, không hỏi (say how many would be asked, ask nobody).
    """
    cohort = Cohort((Kind.STUDENT,), tuple(provinces or ()), tuple(grades or ()))
    return _run(cohort, lambda job: residence.ask_residence(job, purpose), dry_run=dry_run)


@flow(name="registry-enrich", persist_result=False, log_prints=False, on_crashed=[tell_of_crash])
def registry_enrich(provinces: list[str] | None = None, school_year: str = "", dry_run: bool = False) -> Told:
    """Trường, lớp, vai trò của người đã có mã, gửi cho hệ thống dân cư (school facts told to the registry).

    Args:
        provinces: Mã tỉnh; không chọn thì tất cả (codes of the 34; all when none is chosen).
        school_year: Ví dụ 2026-2027; để trống thì năm học hiện nay (that of the day when none is given).
        dry_run: Chỉ đếm, không gửi (say how many would be told, tell nobody).
    """
    year = school_year or enrichment.school_year_of(date.today())  # noqa: DTZ011 (the day where the run runs)
    cohort = Cohort(enrichment.KINDS, tuple(provinces or ()))
    return _run(cohort, lambda job: enrichment.send_facts(job, year), dry_run=dry_run)


@flow(name="exam-hand-over", persist_result=False, log_prints=False, on_crashed=[tell_of_crash])
def exam_hand_over(
    provinces: list[str] | None = None, grades: list[str] | None = None, dry_run: bool = False
) -> Told:
    """Danh sách dự thi kèm mã, và ai còn thiếu (a cohort with its numbers for the exam system).

    Args:
        provinces: Mã tỉnh; không chọn thì tất cả (codes of the 34; all when none is chosen).
        grades: Lớp; không chọn thì lớp 12 (grades as the schools write them; 12 when none is chosen).
        dry_run: Chỉ đếm (count only).
    """
    cohort = Cohort((Kind.STUDENT,), tuple(provinces or ()), tuple(grades or ("12",)))
    return _run(cohort, exam.hand_over, dry_run=dry_run)


def _run(cohort: Cohort, work: Callable[[Job], Counts], *, dry_run: bool, once: str = "") -> Told:
    """One turn of a job; `once` is its name where a turn that was missed is made up by any later one."""
    turn = this_turn()
    today = turn.settings.as_of or date.today()  # noqa: DTZ011 (the day where the run runs)

    def made_up(due: datetime) -> str | None:
        return job_since(turn.settings.database_url, once, moment(due)) if once else None

    return take_turn(turn, lambda means: dict(work(Job(means, turn.run, today, cohort, dry_run))), made_up)


def registry_deployments(settings: Settings) -> Sequence[RunnerDeployment]:
    """What is served beside the sync's own."""
    nightly = RunnerDeployment.from_flow(
        registry_changes,
        "nightly",
        schedules=[Cron(settings.changes_at, timezone="Asia/Ho_Chi_Minh")],
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

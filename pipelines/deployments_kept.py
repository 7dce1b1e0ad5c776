"""The schedules of the upkeep: the month's figures on paper, and what was kept long enough deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from prefect import State, flow
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from pipelines.means import Means, utc_now
from pipelines.monthly import write_monthly
from pipelines.retention import delete
from pipelines.scheduled import Counts, take_turn, tell_of_crash, this_turn
from pipelines.settings import Settings

TIME_ZONE = "Asia/Ho_Chi_Minh"
FIGURES_AT = "0 6 21 * *"
"""The morning after the monthly run."""


@flow(name="monthly-figures", persist_result=False, log_prints=False, on_crashed=[tell_of_crash])
def monthly_figures(month: str = "") -> dict[str, Any] | State[Any]:
    """Số liệu tháng, đến hạn trước ngày 22 (the figures of a month).

    Args:
        month: YYYY-MM; để trống thì tháng này (this month if empty).
    """
    chosen = month or f"{datetime.now(ZoneInfo(TIME_ZONE)):%Y-%m}"
    return take_turn(this_turn(), lambda means: _figures(means, chosen))


def _figures(means: Means, month: str) -> Counts:
    papers = write_monthly(means.settings, means.engine, month)
    return {"papers": sum(path is not None for path in (papers.page, papers.workbook, papers.pdf))}


@flow(name="retention", persist_result=False, log_prints=False, on_crashed=[tell_of_crash])
def retention() -> dict[str, Any] | State[Any]:
    """Xóa những gì đã hết thời hạn lưu (what was kept long enough is deleted)."""
    turn = this_turn()
    return take_turn(turn, lambda means: delete(means.settings, means.engine, turn.run, utc_now()).counts)


def upkeep_deployments(settings: Settings) -> Sequence[RunnerDeployment]:
    """What is served beside the runs."""
    return [
        RunnerDeployment.from_flow(
            one,
            name,
            schedules=[Cron(cron, timezone=TIME_ZONE)],
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for one, name, cron in (
            (monthly_figures, "monthly", FIGURES_AT),
            (retention, "weekly", settings.retention_at),
        )
    ]

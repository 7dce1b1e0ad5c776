"""The schedules: every night what changed, once a month everything, and one province whenever an officer asks.

The figures are due before the 22nd of each month; the full run on the 20th leaves a day to look at its gates. Each flow reads the
settings where it runs, from the environment of the process that serves it. What the form in Prefect's page says of its fields is
what stands under Args, in the officers' language.
"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from prefect import State, flow
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from connectors.database import open_database
from connectors.education_tables import moment
from matching.people import provinces
from pipelines.deployments_kept import upkeep_deployments
from pipelines.deployments_registry import registry_deployments
from pipelines.means import Means
from pipelines.resuming import begun_or, whole_run_since
from pipelines.scheduled import Counts, Turn, take_turn, tell_of_crash, this_turn
from pipelines.scope import Kind, Scope
from pipelines.settings import Settings
from pipelines.sync import sync_provinces

TIME_ZONE = "Asia/Ho_Chi_Minh"

Province = StrEnum("Province", {f"P{code}": one.name for code, one in provinces().items()})  # type: ignore[misc]
"""The 34 by name, for a form; a plain Enum would put its class into the names of runs."""


@flow(name="sync-all", persist_result=False, log_prints=False, on_crashed=[tell_of_crash])
def sync_all(everything: bool = False, resume: str = "") -> dict[str, Any] | State[Any]:
    """Tất cả các tỉnh (all provinces).

    Args:
        everything: Chạy lại mọi hồ sơ, không chỉ hồ sơ mới, có thay đổi hoặc chưa có mã (all records, not only what is new, changed or open).
        resume: Tên lần chạy cần chạy tiếp; để trống để chạy lần mới (a run to continue; empty for a new one).
    """
    turn = this_turn()
    # whoever names a run means one that there is
    fresh = None if resume else Scope(as_of=_today(turn.settings), everything=everything)
    return take_turn(
        turn,
        lambda means: _sync(means, turn.run, fresh),
        lambda due: _whole_run_since(turn, due, everything=everything),
    )


@flow(
    name="sync-province",
    flow_run_name="{province}",
    persist_result=False,
    log_prints=False,
    on_crashed=[tell_of_crash],
)
def sync_province(
    province: Province, kinds: list[Kind] | None = None, everything: bool = False, dry_run: bool = False
) -> dict[str, Any] | State[Any]:
    """Một tỉnh (one province).

    Args:
        province: Tỉnh cần chạy (which).
        kinds: Loại hồ sơ; không chọn thì chạy tất cả (kinds of record; all when none is chosen).
        everything: Chạy lại mọi hồ sơ, không chỉ hồ sơ mới, có thay đổi hoặc chưa có mã (all records).
        dry_run: Chỉ cho biết sẽ ghi gì, không ghi (say what would be written, write nothing).
    """
    turn = this_turn()
    code = next(code for code, one in provinces().items() if one.name == province.value)
    chosen = tuple(kind for kind in Kind if not kinds or kind in kinds)
    fresh = Scope(
        as_of=_today(turn.settings), provinces=(code,), kinds=chosen, everything=everything, dry_run=dry_run
    )
    return take_turn(turn, lambda means: _sync(means, turn.run, fresh))


def _sync(means: Means, run: str, fresh: Scope | None) -> Counts:
    # tried again, or started again in Prefect's page, it is the run that it was
    return dict(sync_provinces(means, run, begun_or(means.engine, means.settings, run, fresh)))


def _whole_run_since(turn: Turn, due: datetime, *, everything: bool) -> str | None:
    engine = open_database(turn.settings.database_url)
    try:
        return whole_run_since(engine, moment(due), everything=everything, but=turn.run)
    finally:
        engine.dispose()


def _today(settings: Settings) -> date:
    return settings.as_of or date.today()  # noqa: DTZ011 (the day where the run runs; matching has no clock)


def deployments(settings: Settings) -> Sequence[RunnerDeployment]:
    """What is served: nightly, monthly, one province on demand; then the jobs beside the sync, and the upkeep."""
    # a run that is still under way is not to be followed by another at once: the next night comes
    alone = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    nightly = RunnerDeployment.from_flow(
        sync_all,
        "nightly",
        schedules=[Cron(settings.nightly_at, timezone=TIME_ZONE)],
        concurrency_limit=alone,
        entrypoint_type=EntrypointType.MODULE_PATH,
        description="Hồ sơ mới, có thay đổi hoặc chưa có mã, mỗi đêm.",
    )
    monthly = RunnerDeployment.from_flow(
        sync_all,
        "monthly",
        schedules=[Cron(settings.monthly_at, timezone=TIME_ZONE)],
        parameters={"everything": True},
        concurrency_limit=alone,
        entrypoint_type=EntrypointType.MODULE_PATH,
        description="Mọi hồ sơ, mỗi tháng một lần, trước ngày 22.",
    )
    on_demand = RunnerDeployment.from_flow(
        sync_province,
        "on-demand",
        entrypoint_type=EntrypointType.MODULE_PATH,
        description="Chạy lại một tỉnh.",
    )
    return [nightly, monthly, on_demand, *registry_deployments(settings), *upkeep_deployments(settings)]

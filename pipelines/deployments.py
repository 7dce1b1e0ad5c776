"""The schedules: every night what changed, once a month everything, and one province whenever an officer asks.

The figures are due before the 22nd of each month; the full run on the 20th leaves a day to look at its gates. Each flow reads the
settings where it runs, from the environment of the process that serves it.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from prefect import flow, serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from matching.people import provinces
from pipelines.deployments_registry import registry_deployments
from pipelines.means import open_means, utc_now
from pipelines.scope import Kind, Scope, new_run
from pipelines.settings import read_settings
from pipelines.sync import sync_provinces

TIME_ZONE = "Asia/Ho_Chi_Minh"
NIGHTLY = "30 1 * * *"
MONTHLY = "30 3 20 * *"

Province = StrEnum("Province", {f"P{code}": one.name for code, one in provinces().items()})  # type: ignore[misc]
"""The 34 by name, for a form; a plain Enum would put its class into the names of runs."""


@flow(name="sync-all", persist_result=False, log_prints=False)
def sync_all(everything: bool = False) -> dict[str, Any]:
    """All provinces.

    Args:
        everything: All records, not only those that are new, changed or not linked.
    """
    return _sync(Scope(as_of=_today(), everything=everything))


@flow(name="sync-province", flow_run_name="{province}", persist_result=False, log_prints=False)
def sync_province(
    province: Province, kinds: list[Kind] | None = None, everything: bool = False, dry_run: bool = False
) -> dict[str, Any]:
    """One province.

    Args:
        province: Which.
        kinds: Kinds of record; all when none is chosen.
        everything: All records, not only those that are new, changed or not linked.
        dry_run: Say what would be written, write nothing.
    """
    code = next(code for code, one in provinces().items() if one.name == province.value)
    chosen = tuple(kind for kind in Kind if not kinds or kind in kinds)
    return _sync(
        Scope(as_of=_today(), provinces=(code,), kinds=chosen, everything=everything, dry_run=dry_run)
    )


def _sync(scope: Scope) -> dict[str, Any]:
    settings = read_settings().settings
    if settings.as_of is not None:
        scope = scope.model_copy(update={"as_of": settings.as_of})
    with open_means(settings) as means:
        return sync_provinces(means, new_run(utc_now()), scope)


def _today() -> date:
    return date.today()  # noqa: DTZ011 (the day where the run runs; matching has no clock)


def deployments() -> Sequence[RunnerDeployment]:
    """What is served: nightly, monthly, one province on demand; then the jobs beside the sync."""
    # a run that is still under way is not to be followed by another at once: the next night comes
    alone = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    nightly = RunnerDeployment.from_flow(
        sync_all,
        "nightly",
        schedules=[Cron(NIGHTLY, timezone=TIME_ZONE)],
        concurrency_limit=alone,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    monthly = RunnerDeployment.from_flow(
        sync_all,
        "monthly",
        schedules=[Cron(MONTHLY, timezone=TIME_ZONE)],
        parameters={"everything": True},
        concurrency_limit=alone,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    on_demand = RunnerDeployment.from_flow(
        sync_province, "on-demand", entrypoint_type=EntrypointType.MODULE_PATH
    )
    return [nightly, monthly, on_demand, *registry_deployments()]


def serve_schedules() -> None:
    """Serve all schedules from this process, until it is stopped."""
    serve(*deployments(), limit=1)

"""The schedules on a real server: with another SQLAlchemy it once took deployments and never scheduled a run."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipelines.settings import Settings

SETTINGS = Settings(database_url="sqlite://")
pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("prefect")]


def scheduled(deployment):
    """Runs that the server has scheduled by itself, once there are any."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId

    deadline = time.monotonic() + 60
    with get_client(sync_client=True) as client:
        while time.monotonic() < deadline:
            chosen = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
            found = client.read_flow_runs(deployment_filter=chosen)
            # others on this server may have made up for a turn of theirs
            if by_cron := [run for run in found if run.auto_scheduled]:
                return by_cron
            time.sleep(0.2)
    return []


def test_the_crons_become_runs_at_the_hour_that_officers_expect(prefect_api):
    from pipelines.deployments import deployments

    nightly, monthly = [one.apply() for one in deployments(SETTINGS)[:2]]
    nights = sorted(run.expected_start_time for run in scheduled(nightly))
    here = [moment.astimezone(ZoneInfo("Asia/Ho_Chi_Minh")) for moment in nights]
    assert {(moment.hour, moment.minute) for moment in here} == {(1, 30)}
    assert {moment.astimezone(UTC).hour for moment in nights} == {18}
    assert nights[0] - datetime.now(UTC) <= timedelta(days=1)
    months = [run.expected_start_time.astimezone(ZoneInfo("Asia/Ho_Chi_Minh")) for run in scheduled(monthly)]
    assert {moment.day for moment in months} == {20}


def test_a_province_is_chosen_by_name_from_a_list():
    from pipelines.deployments import deployments

    schema = deployments(SETTINGS)[2]._parameter_openapi_schema
    names = schema.definitions["Province"]["enum"]
    assert len(names) == 34
    assert "Thanh Hóa" in names
    assert schema.required == ["province"]


def test_every_job_beside_the_sync_can_be_started_from_the_page():
    from pipelines.deployments import deployments

    there = {f"{one.flow_name}/{one.name}" for one in deployments(SETTINGS)}
    assert there >= {
        "registry-changes/nightly", "registry-residence/on-demand", "registry-enrich/on-demand", "exam-hand-over/on-demand",
        "monthly-figures/monthly", "retention/weekly",
    }  # fmt: skip


def test_who_watches_is_told_what_every_flow_is_called():
    from pipelines.deployments import deployments
    from pipelines.scheduled import JOBS

    assert {one.flow_name for one in deployments(SETTINGS)} == set(JOBS)

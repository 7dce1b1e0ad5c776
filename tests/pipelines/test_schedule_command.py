"""identity-sync schedule as an officer's service: it serves, runs, tells, stops, and makes up for what it missed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.database import open_database
from connectors.education_tables import moment

from .sinks import web_hook
from .test_sync import change, rows

pytestmark = [pytest.mark.flow, pytest.mark.slow, pytest.mark.xdist_group("prefect")]


@contextmanager
def schedule(settings, **environment):
    """The service, ended with all its processes whatever the test does; yields it and where its talk goes."""
    values = {name: getattr(settings, name) for name in settings.model_fields_set}
    given = {f"IDENTITY_SYNC_{name.upper()}": str(value) for name, value in values.items()}
    program = Path(sys.executable).with_name("identity-sync")
    talk = settings.home.parent / "schedule.log"
    with talk.open("wb") as out:
        service = subprocess.Popen(
            [str(program), "--lang", "en", "schedule"],
            env=os.environ | given | environment,
            stdout=out,
            stderr=out,
        )
    try:
        yield service, talk
    finally:
        service.terminate()
        service.wait(120)


def until(true, seconds=150):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come to that in time")


def descendants(pid):
    """Processes below one, however deep."""
    below = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        below.setdefault(int(words[1]), []).append(int(stat.parent.name))
    found, waiting = set(), [pid]
    while waiting:
        some = below.get(waiting.pop(), [])
        found.update(some)
        waiting += some
    return found


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_it_makes_up_for_missed_nights_once_and_ends_with_all_its_processes(world, tmp_path, prefect_server):
    settings = world.settings(tmp_path, registry_officer="night")
    database = open_database(settings.database_url)
    from connectors.education import create_sync_tables

    create_sync_tables(database)
    database.dispose()
    # the last night was four nights ago
    before = moment(datetime.now(UTC) - timedelta(days=4))
    scope = '{"as_of": "2026-11-17", "everything": true}'
    change(
        settings,
        "insert into sync_runs (run, started_at, ended_at, state, scope) values ('old', ?, ?, 'done', ?)",
        before, before, scope,
    )  # fmt: skip
    with web_hook() as (address, told), schedule(
        settings, PREFECT_API_URL=prefect_server.api, IDENTITY_SYNC_NOTIFY_WEBHOOK=address
    ) as (service, talk):  # fmt: skip
        run = until(lambda: list((settings.home / "runs").glob("*/38/student/normalise.json")))
        processes = descendants(service.pid)
        assert len(processes) >= 2
        service.send_signal(signal.SIGTERM)
        assert service.wait(90) == 0, talk.read_text()
        assert [pid for pid in processes if not gone(pid)] == []
        [(broken_off, state)] = rows(settings, "select run, state from sync_runs where run <> 'old'")
        assert (run[0].parts[-4], state) == (broken_off, "interrupted")
        assert told == []
    assert "all their processes have ended" in talk.read_text()

"""`identity-sync schedule`: Prefect's server, where none is named, and the process that serves the schedules; together, and ended together."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2

from pipelines.checkpoints import run_held
from pipelines.children import adopt_orphans, end_children, ending_with_us, stop
from pipelines.errors import ScheduleEnded
from pipelines.page_password import page_password
from pipelines.settings import Settings, secret_named

_START_SECONDS = 300.0
_POLL_SECONDS = 0.2
_RUNS_SECONDS = 60.0
"""How long runs may take to write down that they were interrupted; systemd's own limit must be longer."""
_SERVER_SECONDS = 20.0


def run_schedule(settings: Settings, environment: Mapping[str, str]) -> None:
    """Run all of it until interrupted.

    Args:
        settings: The installation's.
        environment: Variables for the processes; without `PREFECT_API_URL` a server of our own is started.

    Raises:
        RunBusy: Another process does so already.
        ScheduleEnded: One of the processes ended by itself; the others were ended.
    """
    with run_held(settings.home / "schedule", "schedule"):
        adopt_orphans()
        try:
            _until_one_ends(settings, dict(environment))
        finally:
            # a second signal must not leave anybody behind
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            end_children(_SERVER_SECONDS)


def _until_one_ends(settings: Settings, environment: dict[str, str]) -> None:
    words = [str(Path(sys.executable).with_name("prefect")), "server", "start", "--host", "127.0.0.1"]
    started: dict[str, subprocess.Popen[bytes]] = {}
    try:
        if not environment.get("PREFECT_API_URL"):
            environment |= _of_server(settings)
            words += ["--port", str(settings.prefect_port)]
            started["server"] = _started(words, environment)
            _await_server(environment["PREFECT_API_URL"], started["server"])
        started["runs"] = _started([sys.executable, "-m", "pipelines.serving"], environment)
        while (ended := _ended(started)) is None:
            time.sleep(_POLL_SECONDS)
        raise ScheduleEnded(*ended)
    finally:
        with _deaf():
            # runs first: they tell the server that they were interrupted
            for name, seconds in (("runs", _RUNS_SECONDS), ("server", _SERVER_SECONDS)):
                if name in started:
                    stop(started[name], seconds)


def _of_server(settings: Settings) -> dict[str, str]:
    password = page_password(settings.home)
    told = {
        "PREFECT_API_URL": f"http://127.0.0.1:{settings.prefect_port}/api",
        "PREFECT_SERVER_API_AUTH_STRING": password,
        "PREFECT_API_AUTH_STRING": password,
    }
    if (url := secret_named(settings, "prefect_database_url")) is not None:
        told["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = _asynchronous(url)
    return told


def _asynchronous(url: str) -> str:
    """The address for the driver that Prefect's server has."""
    scheme, colon, rest = url.partition("://")
    return f"postgresql+asyncpg{colon}{rest}" if scheme in ("postgresql", "postgres") else url


def _started(words: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # a session of its own: Ctrl-C is for us, and we say who ends when
    return subprocess.Popen(  # noqa: S603 (our own programs, our own words)
        ending_with_us(words),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
    )


def _ended(started: Mapping[str, subprocess.Popen[bytes]]) -> tuple[str, int] | None:
    return next(((name, one.returncode) for name, one in started.items() if one.poll() is not None), None)


def _await_server(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise ScheduleEnded("server", server.returncode)
        with suppress(httpx2.HTTPError):
            if httpx2.get(f"{address}/health", timeout=5).is_success:
                return
        time.sleep(_POLL_SECONDS)
    raise ScheduleEnded("server", None)


@contextmanager
def _deaf() -> Iterator[None]:
    before = {one: signal.signal(one, signal.SIG_IGN) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)

"""A tiny world, the real registry over loopback, a real Prefect server: each made once, and copied where a test writes."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx2
import pytest

from connectors.database import open_database
from connectors.education import create_sync_tables, load_folder
from connectors.files import read_education_folder
from pipelines.local_registry import local_registry
from pipelines.settings import Settings

BIN = Path(sys.executable).parent
AS_OF = date(2026, 11, 21)
PROVINCES = ("38", "48")


@dataclass(frozen=True)
class World:
    """Synthetic people: registry, schools, truth; and the registry being served."""

    folder: Path
    database: Path
    secret: Path
    address: str

    def settings(self, home, **changes):
        """Settings over a copy of the database, in a home of the test's own."""
        home.mkdir(parents=True, exist_ok=True)
        database = home / "education.db"
        if not database.exists():
            shutil.copy(self.database, database)
        wanted = {
            "database_url": f"sqlite:///{database}",
            "home": home / "sync",
            "registry_url": self.address,
            "registry_secret_file": self.secret,
            "as_of": AS_OF,
            "gate_registry_age_days": 36_500,
        }
        return Settings(**(wanted | changes))


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    program = str(BIN / "mock-population-api")
    size = ["--people", "3000", "--students", "300", "--teachers", "60", "--provinces", ",".join(PROVINCES)]
    subprocess.run([program, "generate", *size, "--out", str(folder)], check=True, capture_output=True)
    database = folder / "education.db"
    engine = open_database(f"sqlite:///{database}")
    load_folder(engine, read_education_folder(folder / "education"))
    engine.dispose()
    secret = folder / "registry.secret"
    secret.touch(mode=0o600)
    secret.write_text("a secret of the tests only")
    command = [
        program, "serve", "--registry", str(folder / "registry"), "--store", str(folder / "store"),
        "--client", f"identity-sync:{secret}", "--ready-file", "{ready_file}",
    ]  # fmt: skip
    with local_registry(command, folder / "beside") as address:
        yield World(folder, database, secret, address)


@dataclass(frozen=True)
class PrefectServer:
    """A Prefect server of its own: where it answers, where its database lies, what it said."""

    api: str
    database: Path
    log: Path


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory):
    home = tmp_path_factory.mktemp("prefect")
    port = free_port()
    told = {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "1",
        "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "1",
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    log = home / "server.log"
    with log.open("wb") as out:
        words = [str(BIN / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen(words, env=clean | told, stdout=out, stderr=out)
    try:
        await_health(f"http://127.0.0.1:{port}/api/health", process)
        yield PrefectServer(f"http://127.0.0.1:{port}/api", home / "prefect.db", log)
    finally:
        process.terminate()
        process.wait(30)


def await_health(url, process):
    """Until the server answers; a start-up on a busy machine takes its time."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(url, timeout=2).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError("the Prefect server did not come up")


@pytest.fixture
def prefect_api(prefect_server):
    """Flows of this process talk to the server; heartbeats, which cost each flow a second, are off."""
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_API_URL: prefect_server.api, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield prefect_server


@pytest.fixture
def settings(tmp_path):
    """Of a database of the test's own, without anybody in it."""
    return Settings(database_url=f"sqlite:///{tmp_path}/education.db", home=tmp_path / "home")


@pytest.fixture
def engine(settings):
    engine = open_database(settings.database_url)
    create_sync_tables(engine)
    yield engine
    engine.dispose()

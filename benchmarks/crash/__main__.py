"""Kill whole runs at random until they are done, on SQLite and on PostgreSQL, and hold what they leave against undisturbed ones.

    python -m benchmarks.crash [--kills 200] [--seconds 900] [--seed 1] [--database sqlite|postgresql|both] [--work FOLDER]

A run is `identity-sync sync` as a process of its own (forked from one that has everything imported), with a Prefect server, the mock registry
as a process, and a database; it is killed by SIGKILL, and so is the registry now and then. Printed are how many kills fell in each stage, the questions that were
asked in vain, and every table or file that ended otherwise than undisturbed, by name. Exit code 1 where there is one. Synthetic people only.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

_ROOM = 2**30


def asked() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seconds", type=float, help="after which no run is begun")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--scene", choices=("first", "night", "both"), default="both")
    parser.add_argument("--work", type=Path, help="kept; a temporary folder otherwise")
    parser.add_argument("--world", type=Path, help="a world that was made before")
    parser.add_argument("--prefect-api", help="a Prefect server that runs")
    parser.add_argument("--small", action="store_true", help="teachers only: a look in some seconds")
    return parser.parse_args()


def _quick_disk() -> str | None:
    """A folder in memory, where there is one: a SIGKILL asks nothing of the disk."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM else None


def prefect_server(home: Path, port: int) -> subprocess.Popen[bytes]:
    """A Prefect server; it takes its time, so nobody waits for it here."""
    home.mkdir(parents=True, exist_ok=True)
    words = ["-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "server.log").open("wb") as log:
        return subprocess.Popen([sys.executable, *words], stdout=log, stderr=log)


def main() -> int:
    """Prefect first, since it reads its environment when it is imported; then everything."""
    given = asked()
    work = given.work or Path(tempfile.mkdtemp(prefix="crash-", dir=_quick_disk()))
    home = work / "prefect"
    quiet = {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
    }
    os.environ |= {"PREFECT_HOME": str(home), **quiet}
    server, api = None, given.prefect_api
    if api is None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        server, api = prefect_server(home, port), f"http://127.0.0.1:{port}/api"
    os.environ["PREFECT_API_URL"] = api
    try:
        from benchmarks.crash.lanes import run_lanes

        return run_lanes(given, work, api)
    finally:
        if server is not None:
            server.terminate()
            server.wait(60)
        if given.work is None:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

"""A service in a process of its own, ready, signed in, and ended again."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

_RUN = "from mock_population_api.serve import serve; serve()"
_UNLIMITED = ("--rate", "1000000", "--burst", "1000000", "--daily-quota", "1000000000")


@dataclass(frozen=True)
class Served:
    """Where a service is, how long it took to be ready (s), and what to send with every request."""

    address: str
    ready_after: float
    process: int
    headers: dict[str, str]

    def anonymous(self) -> float:
        """Memory of its own now, MB."""
        return self._status("RssAnon")

    def peak(self) -> float:
        """Most memory ever, pages of files included, MB."""
        return self._status("VmHWM")

    def processor_seconds(self) -> float:
        """Processor time used up to now: what stays the same on a machine that others use too."""
        times = Path(f"/proc/{self.process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")

    def _status(self, name: str) -> float:
        lines = Path(f"/proc/{self.process}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def stated() -> dict[str, str]:
    """The headers of one more request."""
    return {
        "X-Request-ID": str(uuid.uuid4()),
        "X-Purpose": "link-education",
        "X-Agency": "MOET",
        "X-Officer": "officer-1",
    }


@contextmanager
def serving(registry: Path, store: Path) -> Iterator[Served]:
    """Serve `registry` from `store`, which is built first where it isn't there."""
    # ended from outside, it shall still end the service
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ready = store / "ready"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-c", _RUN, "--registry", str(registry), "--store", str(store)]
    began = time.perf_counter()
    process = subprocess.Popen([*command, "--ready-file", str(ready), "--demo-client", *_UNLIMITED])
    try:
        while not ready.exists() and process.poll() is None:
            time.sleep(0.02)
        address = ready.read_text(encoding="utf-8")
        httpx2.get(f"{address}/readyz", timeout=60).raise_for_status()
        took = time.perf_counter() - began
        yield Served(address, took, process.pid, _headers(address, store))
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait()


def _headers(address: str, store: Path) -> dict[str, str]:
    secret = (store / "demo-client.secret").read_text(encoding="utf-8")
    form = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": secret}
    token = httpx2.post(f"{address}/oauth/token", data=form, timeout=60).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}

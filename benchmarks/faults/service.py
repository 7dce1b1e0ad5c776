"""The mock registry as a process of its own, with a client for each run and an operator who sets faults."""

import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from connectors.registry_messages import Credentials, Identity

SHARES = {
    "too_many_requests": 0.15,
    "internal_error": 0.04,
    "bad_gateway": 0.03,
    "unavailable": 0.03,
    "reset": 0.05,
    "lost_answer": 0.05,
    "cut_off": 0.01,
}
"""Fault → share of the requests that meet it: 429, 5xx, resets, answers lost after the work was done, bodies cut off."""

IDENTITY = Identity("link-education", "MOET", "benchmark")
SCOPES = ("info", "lookup", "trace", "relatives", "bulk", "enrich", "residence", "changes")
_RUN = "from mock_population_api.serve import serve; serve()"
_UNLIMITED = ("--rate", "1000000", "--burst", "1000000", "--daily-quota", "1000000000")


class Counting(httpx2.HTTPTransport):
    """Hands requests on and counts them by route."""

    def __init__(self) -> None:
        """Nothing counted yet."""
        super().__init__(limits=httpx2.Limits(max_connections=16))
        self.calls: Counter[str] = Counter()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Count, then send."""
        path = request.url.path
        job = "/v1/jobs/result" if path.endswith("/result") else "/v1/jobs/state"
        self.calls[job if path.startswith("/v1/jobs/") else path] += 1
        return super().handle_request(request)


def processor_seconds(process: int | str = "self") -> float:
    """Processor time that a process has used up to now: what stays the same on a machine that others use too."""
    times = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Service:
    """A service that runs."""

    address: str
    store: Path
    secret: str
    process: int

    def credentials(self, client: str) -> Credentials:
        """Of one of its clients."""
        return Credentials(client, self.secret, " ".join(SCOPES))

    def fail(self, client: str, seed: int) -> None:
        """From now on requests of `client` meet faults."""
        rules = [
            {"fault": fault, "client": client, "share": share, "seed": seed + place, "seconds": 1}
            for place, (fault, share) in enumerate(SHARES.items())
        ]
        with httpx2.Client(base_url=self.address, timeout=60) as http:
            form = {"grant_type": "client_credentials", "client_id": "operator", "client_secret": self.secret}
            token = http.post("/oauth/token", data=form).raise_for_status().json()["access_token"]
            headers = {
                "Authorization": f"Bearer {token}",
                "X-Request-ID": str(uuid.uuid4()),
                **IDENTITY.headers(),
            }
            http.put("/v1/faults", json={"rules": rules}, headers=headers).raise_for_status()

    def jobs(self, client: str) -> int:
        """Bulk jobs that it took from a client."""
        with closing(sqlite3.connect(f"file:{self.store / 'jobs.sqlite'}?mode=ro", uri=True)) as database:
            asked = "SELECT count(*) FROM jobs WHERE client = ?"
            return int(database.execute(asked, (client,)).fetchone()[0])


@contextmanager
def serving(
    registry: Path, store: Path, clients: Sequence[str], options: Sequence[str] = ()
) -> Iterator[Service]:
    """Serve `registry` from `store` to `clients` and an operator."""
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret_file, toml, ready = store / "clients.secret", store / "clients.toml", store / "ready"
    ready.unlink(missing_ok=True)
    secret_file.touch(mode=0o600)
    secret_file.write_text(secrets.token_hex(16), encoding="utf-8")
    scopes = ", ".join(f'"{scope}"' for scope in SCOPES)
    own = [f'[clients.{name}]\nsecret_file = "{secret_file}"\nscopes = [{scopes}]\n' for name in clients]
    own.append(f'[clients.operator]\nsecret_file = "{secret_file}"\nscopes = ["faults"]\n')
    toml.write_text("\n".join(own), encoding="utf-8")
    command = [sys.executable, "-c", _RUN, "--registry", str(registry), "--store", str(store)]
    command += ["--ready-file", str(ready), "--clients", str(toml), *_UNLIMITED, *options]
    # ended from outside, it shall still end the service
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while not ready.exists():
            if process.poll() is not None:
                raise SystemExit("the registry did not come up")
            time.sleep(0.05)
        address, secret = (file.read_text(encoding="utf-8") for file in (ready, secret_file))
        yield Service(address, store, secret, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        signal.signal(signal.SIGTERM, before)

"""The mock registry as a process that can be killed and comes back at the same address."""

import os
import signal
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.crash.forked import fork
from benchmarks.crash.worlds import World
from mock_population_api.cli import app as mock

_START_SECONDS = 600.0
"""On a machine that is busy; a process that ended is seen at once."""


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class RegistryProcess:
    """A service, forked from a process that has it imported."""

    world: World
    store: Path
    port: int = field(default_factory=free_port)
    _pid: int = 0

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def _ready(self) -> Path:
        return self.store.with_suffix(".ready")

    def start(self) -> None:
        """Serve, and wait until it does."""
        self._ready.unlink(missing_ok=True)
        self._pid = fork(self._serve)
        deadline = time.monotonic() + _START_SECONDS
        while not self._ready.exists():
            if os.waitpid(self._pid, os.WNOHANG)[0] or time.monotonic() > deadline:
                raise SystemExit(f"the registry did not come up; see {self.store.with_suffix('.log')}")
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def _serve(self) -> int:
        out = os.open(self.store.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        folders = ["--registry", str(self.world.registry), "--store", str(self.store)]
        client = ["--client", f"identity-sync:{self.world.secret}"]
        told = ["--port", str(self.port), "--ready-file", str(self._ready)]
        much = ["--rate", "1000000", "--burst", "1000000", "--daily-quota", "1000000000"]
        mock(["serve", *folders, *client, *told, *much], standalone_mode=False)
        return 0

"""A standalone Spark cluster on this machine: a master and workers of one core, from the pip package; for tests and measurements.

Each process leads a group of its own, so that a worker can be killed with all that it started, as a machine that loses its power.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from socket import create_connection, socket

PATIENCE = 180.0
"""Seconds that the cluster may take to come up."""

MEMORY = "256m"
LITTLE_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"


class StandaloneCluster:
    """A master and its workers."""

    def __init__(self, folder: Path, port: int) -> None:
        """Start a master; its logs and work go to the folder."""
        self._folder = folder
        self.master = f"spark://127.0.0.1:{port}"
        web = ["--webui-port", "0"]
        self._processes = [self._started("Master", "--host", "127.0.0.1", "--port", str(port), *web)]
        self.workers: list[int] = []
        """Process groups."""

    def add_worker(self) -> None:
        """One more worker of one core."""
        work = ["--work-dir", str(self._folder / "work"), "--webui-port", "0", "--host", "127.0.0.1"]
        worker = self._started("Worker", "--cores", "1", "--memory", "2g", *work, self.master)
        self._processes.append(worker)
        self.workers.append(worker.pid)

    def kill_worker(self, number: int) -> None:
        """Kill a worker and all that it started, without warning."""
        self._kill(self.workers[number])

    def wait(self) -> None:
        """Until the master listens and all workers are known to it."""
        ended = time.monotonic() + PATIENCE
        while self._log().count("Registering worker") < len(self.workers):
            if time.monotonic() > ended:
                raise TimeoutError(f"no cluster after {PATIENCE} s: {self._folder}")
            time.sleep(0.2)

    def stop(self) -> None:
        """End all processes."""
        for process in reversed(self._processes):
            self._kill(process.pid)
            process.wait()

    def _kill(self, group: int) -> None:
        # an executor and its Python processes lead groups of their own below the worker
        for pid in [group, *_below(group)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _log(self) -> str:
        log = self._folder / "Master.log"
        return log.read_text(encoding="utf-8") if log.exists() else ""

    def _started(self, kind: str, *arguments: str) -> subprocess.Popen[bytes]:
        spec = find_spec("pyspark")
        assert spec is not None
        assert spec.origin is not None
        home = Path(spec.origin).parent
        environment = os.environ | {
            "SPARK_HOME": str(home), "SPARK_DAEMON_MEMORY": MEMORY, "SPARK_DAEMON_JAVA_OPTS": LITTLE_JAVA, "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }  # fmt: skip
        command = [home / "bin" / "spark-class", f"org.apache.spark.deploy.{kind.lower()}.{kind}", *arguments]
        with (self._folder / f"{kind}.log").open("ab") as log:
            return subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True, cwd=self._folder
            )


def _below(process: int) -> list[int]:
    """All processes that a process started, and those that they started."""
    children = Path(f"/proc/{process}/task/{process}/children")
    try:
        own = [
            int(pid)
            for task in children.parent.parent.iterdir()
            for pid in (task / "children").read_text().split()
        ]
    except FileNotFoundError:
        return []
    return [pid for child in own for pid in (child, *_below(child))]


@contextmanager
def standalone_cluster(folder: Path, workers: int) -> Iterator[StandaloneCluster]:
    """A cluster that is up."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    cluster = StandaloneCluster(folder, port)
    try:
        _await_port(port)
        for _ in range(workers):
            cluster.add_worker()
        cluster.wait()
        yield cluster
    finally:
        cluster.stop()


def _await_port(port: int) -> None:
    ended = time.monotonic() + PATIENCE
    while True:
        try:
            create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > ended:
                raise
            time.sleep(0.2)
        else:
            return

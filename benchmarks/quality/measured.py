"""A command run in a process of its own, with what it took."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """One run: wall seconds, CPU seconds of all its processes, resident MB of the largest of them."""

    wall: float
    cpu: float
    peak: float


def measured(command: Sequence[str]) -> Run:
    """Run a command to its end, its standard output thrown away.

    Raises:
        SystemExit: it failed; its exit code.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    return Run(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)

"""Processes of our own beside us: they end when we end, however that comes."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_POLL_SECONDS = 0.1


def ending_with_us(words: Sequence[str]) -> list[str]:
    """The command, asking the kernel to be stopped when we are killed: else it would go on without anybody knowing."""
    if sys.platform != "linux":
        return list(words)
    asked = f"import ctypes, os, sys; ctypes.CDLL(None).prctl({_PR_SET_PDEATHSIG}, {signal.SIGTERM:d})"
    return [sys.executable, "-c", f"{asked}; os.execvp(sys.argv[1], sys.argv[1:])", *words]


def stop(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask a process to end, and end it where it doesn't in time."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def adopt_orphans() -> None:
    """Processes whose parent below us dies become ours, so that `end_children` finds them."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_children(seconds: float) -> int:
    """End every process that is still ours, and theirs, by asking first.

    Args:
        seconds: How long they may take.

    Returns:
        How many had to be killed.
    """
    deadline = time.monotonic() + seconds
    asked: set[int] = set()
    while (found := children()) and time.monotonic() < deadline:
        for pid in found - asked:
            _signal(pid, signal.SIGTERM)
        asked |= found
        time.sleep(_POLL_SECONDS)
    killed = 0
    while found := children():
        for pid in found:
            _signal(pid, signal.SIGKILL)
        killed += len(found)
        time.sleep(_POLL_SECONDS)
    return killed


def children() -> set[int]:
    """Processes whose parent we are, those that have ended taken off."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    there = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    return {pid for pid in there if _parent(pid) == os.getpid()}


def _parent(pid: int) -> int | None:
    try:
        # the name, in brackets, may hold anything
        after_name = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        )
    except OSError:
        return None
    return int(after_name.split()[1])


def _signal(pid: int, which: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, which)

"""Calls in processes that are forked from this one, so that it stays as it is: without threads, connections or open files."""

import ctypes
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_PR_SET_PDEATHSIG = 1


class Wrong(Exception):
    """Something that must not be."""


@dataclass(frozen=True)
class Forked:
    """A call that another process makes."""

    pid: int
    reading: int

    def answer(self) -> Any:
        """What it returned.

        Raises:
            Wrong: It failed.
        """
        with os.fdopen(self.reading) as answer:
            told = answer.read()
        if os.waitpid(self.pid, 0)[1]:
            raise Wrong("a process of the harness failed; see its words above")
        return json.loads(told)


def fork(call: Callable[[], int]) -> int:
    """A process that makes a call and ends with the code that it returns; it ends with its parent.

    Returns:
        Its number.
    """
    if pid := os.fork():
        return pid
    code = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        code = call()
    except BaseException:  # noqa: BLE001 (nothing may come back into the parent's code)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def begin_call(call: Callable[[], Any]) -> Forked:
    """Have another process call; what it returns must be JSON."""
    reading, writing = os.pipe()

    def told() -> int:
        os.close(reading)
        with os.fdopen(writing, "w") as out:
            json.dump(call(), out)
        return 0

    pid = fork(told)
    os.close(writing)
    return Forked(pid, reading)


def in_child(call: Callable[[], Any]) -> Any:
    """Have another process call, and wait."""
    return begin_call(call).answer()

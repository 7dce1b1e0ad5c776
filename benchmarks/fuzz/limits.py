"""A call under limits of time and memory, in a process of its own; what it met is told by class and place, never by its words."""

import json
import os
import resource
import select
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from connectors.errors import ConnectorError
from matching.errors import MatchingError
from pipelines.errors import PipelineError
from reporting.errors import ReportingError
from review.errors import ReviewError

OURS = (ConnectorError, MatchingError, PipelineError, ReportingError, ReviewError)
_OURS_LIE_IN = ("connectors", "matching", "normalise", "pipelines", "reporting", "review")
CASE_SECONDS = 20.0
"""No single case takes longer."""
MORE_MEMORY = 1_200 * 2**20
"""Bytes of address space that reading may take beside what the process has."""

Case = tuple[int, Callable[[], object]]
"""How many cases it counts for, and the call."""


@dataclass
class Found:
    """What came of many cases."""

    cases: int = 0
    ours: int = 0
    """Refused by an error of ours."""
    seconds: float = 0.0
    memory: int = 0
    """Largest resident memory, bytes."""
    faults: Counter[str] = field(default_factory=Counter)
    """Class and place of every other error, of hangs and of deaths."""


def watched(cases: Iterator[Case], seconds: float, most: int, seed: str, found: Found) -> None:
    """Make cases in a process of its own until there are enough or the time is over; what they meet goes to `found`."""
    reading, writing = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            os.close(reading)
            _make(cases, writing, began + seconds, most)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    ended = _listen(reading, found)
    if not ended:
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    if not ended:
        found.faults[f"hung for more than {CASE_SECONDS:.0f} s ({seed})"] += 1
    elif status:
        found.faults[f"died with {os.waitstatus_to_exitcode(status)} ({seed})"] += 1
    found.seconds += time.monotonic() - began
    os.close(reading)


def _listen(reading: int, found: Found) -> bool:
    """False where nothing came for too long."""
    half = ""
    while select.select([reading], [], [], CASE_SECONDS + 10)[0]:
        told = os.read(reading, 65_536).decode()
        if not told:
            return True
        *lines, half = (half + told).split("\n")
        for line in map(json.loads, lines):
            found.cases += line["cases"]
            found.ours += line["ours"]
            found.memory = max(found.memory, line["memory"])
            found.faults.update(line["faults"])
    return False


def _make(cases: Iterator[Case], writing: int, deadline: float, most: int) -> None:
    _limit_memory()
    made, last, told = 0, time.monotonic(), {"cases": 0, "ours": 0, "memory": 0, "faults": {}}
    for count, call in cases:
        word = _met_in_time(call)
        made += count
        told["cases"] += count
        told["ours"] += word == "ours"
        if word and word != "ours":
            told["faults"][word] = told["faults"].get(word, 0) + 1
        if time.monotonic() - last > 0.5 or made >= most or time.monotonic() > deadline:
            told["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            os.write(writing, json.dumps(told).encode() + b"\n")
            last, told = time.monotonic(), {"cases": 0, "ours": 0, "memory": 0, "faults": {}}
        if made >= most or time.monotonic() > deadline:
            return


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MORE_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _met_in_time(call: Callable[[], object]) -> str:
    signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, CASE_SECONDS)
    try:
        return met(call)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def met(call: Callable[[], object]) -> str:
    """What a call met: empty where all went well, `ours` for an error of ours, else what it was and where."""
    try:
        call()
    except OURS:
        return "ours"
    except Exception as error:  # noqa: BLE001 (whatever it is, it is what is looked for)
        return _told(error)
    return ""


class Survived(Exception):
    """Something came through that must not."""


def _too_long(*_: object) -> None:
    raise TimeoutError("a case takes too long")


def _told(error: Exception) -> str:
    frames = list(traceback.extract_tb(error.__traceback__))
    own = [frame for frame in frames if Path(frame.filename).parent.name in _OURS_LIE_IN] or frames
    what = f": {error}" if isinstance(error, Survived) else ""
    return f"{type(error).__name__} at {Path(own[-1].filename).name}:{own[-1].lineno}{what}"

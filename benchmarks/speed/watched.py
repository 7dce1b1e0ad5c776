"""A command measured together with the memory that is its own: files that it maps count as resident, and are nobody's."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality.measured import Run, measured

EVERY = 0.1
"""Seconds between two looks."""


@dataclass(frozen=True)
class Watched:
    """One run, and the most anonymous memory (MB) that its processes had together."""

    run: Run
    anonymous: float


def watched(command: Sequence[str]) -> Watched:
    """Run a command to its end, looking at its processes meanwhile.

    Raises:
        SystemExit: it failed; its exit code.
    """
    seen, ended = [0.0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(seen, ended), daemon=True)
    watcher.start()
    try:
        run = measured(command)
    finally:
        ended.set()
        watcher.join()
    return Watched(run, seen[0])


def _watch(seen: list[float], ended: threading.Event) -> None:
    while not ended.wait(EVERY):
        seen[0] = max(seen[0], sum(map(_anonymous, _descendants(os.getpid()))))


def _descendants(process: int) -> list[int]:
    found = []
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, _text(children).split()):
            found += [child, *_descendants(child)]
    return found


def _anonymous(process: int) -> float:
    for line in _text(Path(f"/proc/{process}/status")).splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process ended between two looks
        return ""

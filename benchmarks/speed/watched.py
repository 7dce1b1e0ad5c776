"""A command measured together with the memory that is its own: files that it maps count as resident, and are nobody's."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality.measured import Run, measured

EVERY = 0.1
"""Seconds between two looks."""

TOGETHER_EVERY = 20
"""Looks between two that count shared pages, which is slow."""


@dataclass(frozen=True)
class Watched:
    """One run, and the most memory (MiB) that its processes had together."""

    run: Run
    anonymous: float
    """Without mapped files."""
    together: float = 0.0
    """With the pages of mapped files that are in memory, each counted once."""


def watched(command: Sequence[str]) -> Watched:
    """Run a command to its end, looking at its processes meanwhile.

    Raises:
        SystemExit: it failed; its exit code.
    """
    seen, ended = [0.0, 0.0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(seen, ended), daemon=True)
    watcher.start()
    try:
        run = measured(command)
    finally:
        ended.set()
        watcher.join()
    return Watched(run, *seen)


def _watch(seen: list[float], ended: threading.Event) -> None:
    looks = 0
    while not ended.wait(EVERY):
        processes = _descendants(os.getpid())
        seen[0] = max(seen[0], sum(_memory(process, "status", "RssAnon:") for process in processes))
        if looks % TOGETHER_EVERY == 0:
            seen[1] = max(seen[1], sum(_memory(process, "smaps_rollup", "Pss:") for process in processes))
        looks += 1


def _descendants(process: int) -> list[int]:
    found = []
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, _text(children).split()):
            found += [child, *_descendants(child)]
    return found


def _memory(process: int, file: str, what: str) -> float:
    for line in _text(Path(f"/proc/{process}/{file}")).splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    return 0.0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process ended between two looks
        return ""

"""Units of work side by side, each in a process of this machine that has one core to itself.

Reading names and writing tables is Python's work and runs on one core, however many there are; two units at once keep two busy. All
processes look at the same mapped files, which are in memory once.
"""

import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from typing import Any

import pyarrow as pa

from matching.engines.engine import Result, Told, Unit
from matching.engines.local import Threads
from matching.errors import UnitsFailed

MEMORY_EACH = 6 << 30
"""Bytes of memory that the machine has per unit under way, unless it is told otherwise: a province of two million records takes as much."""


def most_at_once() -> int:
    """As many units as the machine has cores, and memory for."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        memory = MEMORY_EACH
    return max(1, min(os.cpu_count() or 1, memory // MEMORY_EACH))


@dataclass(frozen=True)
class Processes(Threads):
    """The engine of one machine for many units; what is no unit is searched in threads."""

    at_once: int = 1
    """Units under way."""

    def __reduce__(self) -> tuple[type[Threads], tuple[int]]:
        # in a unit: the core that it has
        return Threads, (max(1, (self.threads or os.cpu_count() or 1) // self.at_once),)

    def each(
        self, do: Callable[[Unit], Result], units: Sequence[Unit], told: Told = lambda *_: None
    ) -> list[Result]:
        """See `matching.engines.engine.Engine`; the first error ends the whole once what is under way has ended.

        Raises:
            UnitsFailed: a process was ended from outside.
        """
        if self.at_once == 1 or len(units) < 2:
            return super().each(do, units, told)
        done: list[Result] = []
        with (
            _environment(),
            ProcessPoolExecutor(
                min(self.at_once, len(units)), multiprocessing.get_context("spawn"), _begun
            ) as pool,
        ):
            try:
                for answer in pool.map(partial(_answer, do), units):
                    done.append(answer.result())
                    told(len(done), len(units))
            except BrokenProcessPool as error:
                raise UnitsFailed(len(units) - len(done), len(units), 1, _ENDED) from error
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
        return done


@contextmanager
def _environment() -> Iterator[None]:
    """What libraries of the processes that are begun read when they start."""
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_ENDED = "process ended from outside, perhaps for want of memory"

_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # memory that is given back is taken again a moment later, and cleared each time
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    # likewise Arrow's, by its allocator
    "MIMALLOC_PURGE_DELAY": "-1",
}


def _begun() -> None:
    pa.set_cpu_count(1)
    # columns of texts are many objects and no cycles: looking for those among them every few hundred is for nothing
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(parent: int) -> None:
    """Who is killed leaves nobody behind who would write beside the next run."""
    wait([parent])
    os._exit(1)


@dataclass(frozen=True)
class _Answer:
    """What came of a unit, in a form that can travel: an error as its parts, since few can be made anew from their text alone."""

    value: Any
    error: tuple[type[Exception], tuple[object, ...], dict[str, object]] | None = None

    def result(self) -> Any:  # noqa: ANN401 (a unit's own)
        """The value, or the error raised."""
        if self.error is None:
            return self.value
        kind, arguments, facts = self.error
        error = kind.__new__(kind)
        error.args = arguments
        error.__dict__.update(facts)
        raise error


def _answer(do: Callable[[Unit], object], unit: Unit) -> _Answer:
    try:
        return _Answer(do(unit))
    except Exception as error:  # noqa: BLE001 (it is raised again where the units were asked for)
        return _Answer(None, (type(error), error.args, error.__dict__))

"""What is compiled when it is first used is compiled once, in processes of its own, while tests that do without it run.

As a program, `python -P tests/compiling.py linkage` compiles one half; the result is kept where the packages keep it. Each half's process holds
a lock until it ends, and tests that need the half wait for it. Two workers that met uncompiled code would both compile all of it.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path

TESTS = Path(__file__).parent
SAMPLES = TESTS.parent / "data" / "samples"
WITHOUT = ("reporting", "review", "matching/normalise", "mock_population_api/worlds", "connectors")
"""Folders of tests that do without compiled code,"""
BUT = ("test_registry_index", "test_registry_parts", "test_snapshot", "test_traced")
"""but for files whose names begin so."""


def needed(path: Path) -> tuple[str, ...]:
    """The halves that the tests of a file call."""
    known = path.relative_to(TESTS).as_posix()
    if known.startswith(WITHOUT) and not path.name.startswith(BUT):
        return ()
    return ("search",) if known.startswith("mock_population_api") else ("search", "linkage")


def compile_linkage(folder: Path) -> None:
    """Link the samples from folder to folder, which calls all that is compiled."""
    from pipelines.cli import run

    os.environ["IDENTITY_SYNC_AS_OF"] = "2026-11-01"
    if run(["link", str(SAMPLES / "education"), str(SAMPLES / "registry"), str(folder)]):
        raise SystemExit(1)


def compile_search(folder: Path) -> None:
    """Make a store of the samples' registry, and ask it about somebody."""
    from mock_population_api.building import build_store
    from mock_population_api.search import warm_up
    from mock_population_api.store import Store

    build_store(SAMPLES / "registry", folder)
    store = Store(folder)
    warm_up(store)
    store.close()


HALVES: dict[str, Callable[[Path], None]] = {"linkage": compile_linkage, "search": compile_search}


@cache
def _kept() -> Path:
    """Where compiled code is kept, for every state of the sources apart."""
    from matching.compiled import cache_folder

    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or cache_folder())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@cache
def _mark(half: str) -> Path:
    """A file that says that a half is there."""
    from matching.compiled import sources_digest
    from mock_population_api.compiled import _folder

    digest = sha256(f"{sources_digest()} {_folder().name}".encode()).hexdigest()
    return _kept() / f"{half}-{digest[:16]}"


def _lock(half: str) -> Path:
    return _kept() / f"{half}.lock"


def begin() -> list[subprocess.Popen[bytes]]:
    """Start what isn't there yet, unless somebody else has; the processes."""
    begun = [_begin(half) for half in HALVES if not _mark(half).exists()]
    return [process for process in begun if process]


def _begin(half: str) -> subprocess.Popen[bytes] | None:
    with _lock(half).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        words, quiet = [sys.executable, "-P", __file__, half], subprocess.DEVNULL
        return subprocess.Popen(words, pass_fds=[lock.fileno()], stdout=quiet, stderr=quiet)


@cache
def await_end(half: str) -> None:
    """Until nobody compiles it; what could not be compiled then, tests compile themselves."""
    with _lock(half).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)


def main(half: str) -> None:
    """Compile a half, and say so."""
    with tempfile.TemporaryDirectory() as folder:
        HALVES[half](Path(folder) / "out")
    _mark(half).touch()


if __name__ == "__main__":
    main(sys.argv[1])

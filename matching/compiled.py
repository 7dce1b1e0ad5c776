"""How functions are compiled, and where compiled code is kept: apart for every state of this package's sources.

Numba looks at the age of a function's own file only; a constant or a function that it took from another module would stay as it was. So
the sources of the whole package name the folder: code that was compiled from other sources is never run.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba
import numpy as np

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """A function compiled when it is first called; it holds no lock while it runs."""
    return _with(function)


def either(function: Function) -> Function:
    """The same, but it may make no array, and in return counts no references to those it is given; compiled code and Python may call it.

    Counting them for a few dozen arrays, pair by pair, took half of the time of a search.
    """
    return _with(function, _nrt=False)


def inner(function: Function) -> Function:
    """`either`, but called by compiled code only: what would unpack Python's objects for it takes longer to compile than a small function itself."""
    return _with(function, _nrt=False, no_cpython_wrapper=True)


int64 = cast("Callable[[int], int]", np.int64)
"""A number of the type that compiled code reckons with. A function is compiled once for every type of what it is given, and a number as it is
written in a call is a type of its own."""


def _with(function: Function, **options: bool) -> Function:
    # numba's stubs know none of the options that it only passes on
    made = numba.njit(cache=True, nogil=True, no_cfunc_wrapper=True, **options)(function)  # type: ignore[call-overload]
    return cast("Function", made)


_PACKAGE = Path(__file__).parent


def sources_digest() -> str:
    """A hash of all sources of the package, and of the compiler's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Beside the package where that can be written to, else in the user's folder for temporary files."""
    beside = _PACKAGE / "__pycache__"
    if os.access(beside if beside.exists() else _PACKAGE, os.W_OK):
        return beside / f"compiled-{sources_digest()}"
    return Path(tempfile.gettempdir()) / f"identity-sync-{os.getuid()}" / f"compiled-{sources_digest()}"


def use_cache_folder() -> None:
    """Tell the compiler, unless the environment (NUMBA_CACHE_DIR) says where."""
    if not os.environ.get("NUMBA_CACHE_DIR"):
        numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]

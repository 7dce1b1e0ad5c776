"""How functions are compiled, and where compiled code is kept: apart for every state of the modules that have any.

The compiler looks at the age of a function's own file only, and would go on with what the function took from another one. So the sources of
this package name the folder, beside the package or, where that can't be written, in the user's folder for temporary files.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])

_MODULES = (
    "columns",
    "compiled",
    "finding",
    "likeness",
    "name_keys",
    "prefetch",
    "ranking",
    "text_hashes",
    "written_texts",
)
_PACKAGE = Path(__file__).parent


def compiled(function: Function) -> Function:
    """A function compiled when it is first called; other threads run meanwhile."""
    with _kept_apart():
        return cast("Function", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def leaf(function: Function) -> Function:
    """The same for what makes no array: references to those it is given aren't counted, which would cost more than its work."""
    with _kept_apart():
        made = numba.njit(
            cache=True,
            nogil=True,
            error_model="numpy",
            _nrt=False,
            no_cpython_wrapper=True,
            no_cfunc_wrapper=True,
        )(function)  # type: ignore[call-overload]
    return cast("Function", made)


@cache
def _folder() -> Path:
    digest = hashlib.sha256(numba.__version__.encode())
    for module in _MODULES:
        digest.update((_PACKAGE / f"{module}.py").read_bytes())
    kept = f"searching-{digest.hexdigest()[:16]}"
    beside = _PACKAGE / "__pycache__"
    if os.access(beside if beside.exists() else _PACKAGE, os.W_OK):
        return beside / kept
    return Path(tempfile.gettempdir()) / f"mock-population-api-{os.getuid()}" / kept


@contextmanager
def _kept_apart() -> Iterator[None]:
    """Others may keep compiled code elsewhere: the setting is put back."""
    before = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    if not os.environ.get("NUMBA_CACHE_DIR"):
        numba.config.CACHE_DIR = str(_folder())  # type: ignore[attr-defined]
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before  # type: ignore[attr-defined]

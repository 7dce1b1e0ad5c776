"""A scheduled run tries again what may succeed later: what failed, what another run held, a registry that was away."""

from collections.abc import Callable
from typing import TypeVar

from connectors.errors import DatabaseLocked, DatabaseUnreachable, ProvinceLocked, RegistryUnreachable
from pipelines.errors import Ending, RegistryNotStarted, RunIncomplete

_T = TypeVar("_T")
PASSING = (RegistryUnreachable, RegistryNotStarted, ProvinceLocked, DatabaseUnreachable, DatabaseLocked)
"""Errors that may be gone a little later."""
_ENDINGS = frozenset({Ending.FAILED, Ending.HELD, Ending.REGISTRY})
"""A gate holds until somebody has looked at it, and who interrupts a run wants it to end."""


def may_succeed_later(error: Exception) -> bool:
    """Whether trying again is worth it."""
    return error.ending in _ENDINGS if isinstance(error, RunIncomplete) else isinstance(error, PASSING)


def tried_again(work: Callable[[], _T], times: int, wait: Callable[[Exception], None]) -> _T:
    """Do some work, and do it again where it failed on something that may pass.

    Args:
        work: Takes up where it stood when it is called again.
        times: How often at most after the first time.
        wait: Called with the error before each further time.

    Raises:
        Exception: That of the last time.
    """
    for _ in range(times):
        try:
            return work()
        except Exception as error:
            if not may_succeed_later(error):
                raise
            passing = error
        wait(passing)
    return work()

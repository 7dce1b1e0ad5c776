"""What may be said of a failure: our own errors keep to counts and IDs, every other one is told by its class and place."""

import errno
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from connectors.errors import ConnectorError
from matching.errors import MatchingError
from pipelines.errors import DiskFull, PipelineError, StageFailed
from reporting.errors import ReportingError
from review.errors import ReviewError

OURS = (ConnectorError, MatchingError, ReportingError, ReviewError, PipelineError)
"""Errors whose texts hold no name, birth date or number of a person."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Disk, quota or the largest file that is allowed is full."""

_T = TypeVar("_T")


def told_without_people(call: Callable[[], _T], stage: str, kind: str = "", province: str = "") -> _T:
    """Call, let our own errors through alone, and turn every other one into StageFailed.

    Prefect stores exceptions with all that hangs on them, and an Arrow or database error repeats the value that it stumbled
    over: what is raised here hangs on nothing.

    Raises:
        StageFailed: For errors that nobody foresaw.
    """
    told: Exception
    try:
        return call()
    except OURS as error:
        error.__cause__ = error.__context__ = None
        told = error
    except Exception as error:  # noqa: BLE001 (whatever it is, it may not reach Prefect as it is)
        told = disk_full(error) or StageFailed(stage, kind, province, type(error).__name__, place_of(error))
    # outside of the handler: an error raised in it would carry the other one as its context
    raise told


def disk_full(error: Exception) -> DiskFull | None:
    """What is told where there was no room; None where it was something else."""
    full = isinstance(error, OSError) and error.errno in _NO_ROOM
    return DiskFull(place_of(error)) if full else None


def place_of(error: BaseException) -> str:
    """Where it was raised: the innermost frame of our own packages, as module and line, without its locals."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename] or list(frames)
    last = own[-1]
    return f"{Path(last.filename).stem}:{last.lineno}"

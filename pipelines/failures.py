"""What may be said of a failure: our own errors keep to counts and IDs, every other one is told by its class and place."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from connectors.errors import ConnectorError
from matching.errors import MatchingError
from pipelines.errors import PipelineError, StageFailed
from reporting.errors import ReportingError
from review.errors import ReviewError

OURS = (ConnectorError, MatchingError, ReportingError, ReviewError, PipelineError)
"""Errors whose texts hold no name, birth date or number of a person."""

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
        told = StageFailed(stage, kind, province, type(error).__name__, place_of(error))
    # outside of the handler: an error raised in it would carry the other one as its context
    raise told


def place_of(error: BaseException) -> str:
    """Where it was raised: the innermost frame of our own packages, as module and line, without its locals."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename] or list(frames)
    last = own[-1]
    return f"{Path(last.filename).stem}:{last.lineno}"

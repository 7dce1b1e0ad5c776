"""What may be said of a failure: our own errors keep to counts and IDs, every other one is told by its class and place."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.errors import ConnectorError
from matching.errors import MatchingError
from pipelines.errors import PipelineError, StageFailed
from reporting.errors import ReportingError

OURS = (ConnectorError, MatchingError, ReportingError, PipelineError)
"""Errors whose texts hold no name, birth date or number of a person."""


@contextmanager
def told_without_people(stage: str, kind: str, province: str) -> Iterator[None]:
    """Let our own errors through alone, without what they came from; turn every other one into StageFailed.

    Prefect stores exceptions with all that hangs on them: an Arrow or database error repeats the value that it stumbled over.

    Raises:
        StageFailed: For errors that nobody foresaw.
    """
    try:
        yield
    except OURS as error:
        ours: PipelineError | ConnectorError | MatchingError | ReportingError = error
        ours.__cause__ = ours.__context__ = None
    except Exception as error:  # noqa: BLE001 (whatever it is, it may not reach Prefect as it is)
        ours = StageFailed(stage, kind, province, type(error).__name__, place_of(error))
    else:
        return
    raise ours


def place_of(error: BaseException) -> str:
    """Where it was raised: the innermost frame of our own packages, as module and line, without its locals."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename] or list(frames)
    last = own[-1]
    return f"{Path(last.filename).stem}:{last.lineno}"

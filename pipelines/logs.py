"""What may stand in a log: our own words and Prefect's, numbers masked, errors by class and place.

Our errors name nobody (`pipelines.failures`), so this is the last net. Words of other packages are not let through: a driver's message
repeats the value that it stumbled over.
"""

import logging
import os
import re
import resource
import sys
import threading
from types import TracebackType

from pipelines.failures import place_of

SPOKEN_FOR = ("identity_sync", "pipelines", "connectors", "review", "reporting", "matching", "prefect")
"""Loggers whose words are let through."""
_NUMBER = re.compile(r"(?<![0-9])[0-9]{9,12}(?![0-9])")
_MASK = "••••"


def masked(text: str) -> str:
    """The text without numbers that can be somebody's."""
    return _NUMBER.sub(_MASK, text)


def in_short(error: BaseException | None) -> str:
    """An error, and what it came from, by class and place."""
    told = []
    while error is not None:
        told.append(
            f"{type(error).__name__} at {place_of(error)}" if error.__traceback__ else type(error).__name__
        )
        error = error.__cause__ or error.__context__
    return " from ".join(told)


class LastNet(logging.Filter):
    """Rewrites what is logged before a handler sees it; drops nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask numbers, shorten trace-backs, replace the words of others."""
        if record.name.partition(".")[0] in SPOKEN_FOR:
            record.msg = masked(record.getMessage())
        else:
            record.msg = f"{record.name}: {record.levelname.lower()} at {record.module}:{record.lineno}"
        record.args = ()
        if record.exc_info:
            record.exc_text = in_short(record.exc_info[1])
            record.exc_info = None
        record.stack_info = None
        return True


_NET = LastNet()


def guard_handlers() -> None:
    """Put the net before every handler that there is; once is enough, twice does no harm."""
    for handler in _handlers():
        handler.addFilter(_NET)


def unguard_handlers() -> None:
    """Take it away again, where a process goes on to something else."""
    for handler in _handlers():
        handler.removeFilter(_NET)


def _handlers() -> set[logging.Handler]:
    loggers = [
        logging.getLogger(),
        *[logging.getLogger(name) for name in list(logging.root.manager.loggerDict)],
    ]
    return {handler for logger in loggers for handler in logger.handlers}


def guard_process() -> None:
    """For a process of ours: files for their owner only, no core dumps, no trace-back with an error's own words."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.basicConfig(
        level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    guard_handlers()
    sys.excepthook = _told
    threading.excepthook = _told_by_thread


def _told(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    sys.stderr.write(f"{in_short(error)}\n")


def _told_by_thread(failure: threading.ExceptHookArgs) -> None:
    name = failure.thread.name if failure.thread else "thread"
    sys.stderr.write(f"{name}: {in_short(failure.exc_value)}\n")

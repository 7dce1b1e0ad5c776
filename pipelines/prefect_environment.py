"""What Prefect is told before it is imported: where its files lie, and to talk to nobody outside.

It reads its settings from the environment, `prefect.toml` only in the current folder and typing errors in it never, so
everything that matters stands here. What the surroundings say already stays as it is.
"""

import os
from pathlib import Path

from pipelines.checkpoints import owners_folder

_ALWAYS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "",
    # tasks that end are events, and events are the bulk of its database
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
}
_WITH_SERVER = {
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    # the page is asked by browsers of this machine, and by nobody else's script
    "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
}
_WITHOUT_SERVER = {
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
    # the first start makes its database; 20 seconds, its own limit, are too short on a busy machine
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    # our own lines say what happens; its traces would only repeat them
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
}


def prepare_prefect(home: Path, *, served: bool = False) -> None:
    """Set the environment for Prefect; must be called before it is imported.

    Args:
        home: Where its files lie, in a folder of their own.
        served: Whether a server is there, or will be.
    """
    folder = owners_folder((home / "prefect").resolve())
    wanted = {"PREFECT_HOME": str(folder), **_ALWAYS}
    if served:
        wanted |= _WITH_SERVER
    elif not os.environ.get("PREFECT_API_URL"):
        wanted |= _WITHOUT_SERVER
    for name, value in wanted.items():
        os.environ.setdefault(name, value)

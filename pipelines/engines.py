"""The engine that a command runs on, as the settings say."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from matching.engines.engine import Engine
from matching.engines.processes import Processes, most_at_once
from pipelines.errors import EngineMissing
from pipelines.settings import Settings

FOLDER = ".units"
"""In the folder of the results: what units of work find and leave; gone once all is done, whichever engine did the last of it."""


@contextmanager
def engine_of(settings: Settings, out: Path) -> Iterator[Engine]:
    """The engine, for as long as it is needed.

    Args:
        settings: which.
        out: where the results go; on a cluster all machines see it.

    Raises:
        EngineMissing: what it needs isn't installed.
    """
    if settings.engine == "local":
        yield Processes(at_once=settings.parts_at_once or most_at_once())
        # of a run that broke off on a cluster: it holds people, and nobody goes on from it
        shutil.rmtree(out / FOLDER, ignore_errors=True)
        return
    if find_spec("pyspark") is None:
        raise EngineMissing("pyspark", "identity-sync[spark]")
    remote = (settings.spark_master or "").startswith("sc://")
    if not remote and shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise EngineMissing("Java", "Java 17")
    from matching.engines.spark import Cluster, spark

    cluster = Cluster(
        settings.spark_master, out / FOLDER, settings.spark_options, most_here=settings.spark_records
    )
    with spark(cluster) as engine:
        yield engine

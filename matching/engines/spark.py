"""The linkage on a Spark cluster: Spark hands out units and asks again when a machine is lost; what a unit does is the same everywhere.

No row passes through Spark. A unit is a few words, reads files that all machines see, and writes one; what comes back is that it was done. So the
cluster needs no tuning for joins or shuffles, and a unit that was done twice was done once.
"""

import os
import pickle
import shutil
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from matching.engines.engine import Count, Result, Search, Told, Unit
from matching.engines.local import HERE, Threads
from matching.engines.search_units import do_search, result_of, units_of
from matching.errors import ClusterUnreachable, MatchingError, TooManyHere, UnitsFailed
from matching.posterior import Weighed, put_together

ATTEMPTS = 4
"""How often a unit is asked for. Spark itself asks again when a machine is lost, but on a local master it doesn't."""

AT_ONCE = 10_000
"""Records of a unit of search: about a second."""

MOST_HERE = 200_000
"""Records of a kind that one process brings together: all kinds of them take some two gigabytes (5 kB a record)."""

CONNECT = "sc://"
"""How the address of a Spark Connect server begins."""

_FAULTS = (PySparkException, Py4JError)

_ANSWER = "unit long, result binary, fault string"


@dataclass(frozen=True)
class Spark:
    """The engine of a cluster."""

    session: SparkSession
    folder: Path
    """Private, and seen by all machines under the same name: where units find what they need, and leave results."""
    at_once: int = AT_ONCE
    """Records of a unit of search; a search for no more of them isn't worth the way."""
    threads: int = 1
    """Cores that a task has (`spark.task.cpus`)."""
    most_here: int = MOST_HERE

    def __reduce__(self) -> tuple[type[Threads], tuple[int]]:
        # in a unit there is no cluster: what it runs, it runs on the cores of its task
        return Threads, (self.threads,)

    def searched(self, search: Search, count: Count = lambda *_: None) -> Weighed:
        """See `matching.engines.engine.Engine`.

        Raises:
            TooManyHere: there are so many records that their candidates can't come together in this process.
        """
        if len(search.subjects) > self.most_here:
            raise TooManyHere(len(search.subjects), self.most_here)
        if len(search.rows) <= self.at_once:
            return HERE.searched(search, count)
        units = units_of(search, self.folder, self.at_once, self.threads)
        for pairs, by_rule in self.each(do_search, units):
            count(pairs, np.array(by_rule, np.int64))
        return put_together([result_of(unit) for unit in units])

    def each(
        self, do: Callable[[Unit], Result], units: Sequence[Unit], told: Told = lambda *_: None
    ) -> list[Result]:
        """See `matching.engines.engine.Engine`: a task per unit."""
        done: dict[int, Result] = {}
        fault = ""
        for _ in range(ATTEMPTS):
            todo = [at for at in range(len(units)) if at not in done]
            if not todo:
                break
            try:
                answers = self._asked(do, [units[at] for at in todo])
            except _FAULTS as error:
                # its text may hold values out of a traceback
                fault = type(error).__name__
                continue
            for at, result, said in answers:
                if said is None:
                    done[todo[at]] = pickle.loads(result)  # noqa: S301 (our own unit's)
                fault = said or fault
            told(len(done), len(units))
        if len(done) < len(units):
            raise UnitsFailed(len(units) - len(done), len(units), ATTEMPTS, fault)
        return [done[at] for at in range(len(units))]

    def _asked(
        self, do: Callable[[Unit], Result], units: Sequence[Unit]
    ) -> list[tuple[int, bytes, str | None]]:
        work = partial(_answers, partial(_answer, do), units, self.threads)
        with _quiet():
            answers = self.session.range(0, len(units), 1, len(units)).mapInArrow(work, _ANSWER).collect()
        return [(row["unit"], row["result"], row["fault"]) for row in answers]


def _answers(
    answer: Callable[[Any], tuple[bytes | None, str | None]],
    units: Sequence[Any],
    threads: int,
    batches: Iterator[pa.RecordBatch],
) -> Iterator[pa.RecordBatch]:
    """On the cluster: the units whose numbers a task was given."""
    pa.set_cpu_count(threads)
    for batch in batches:
        for at in batch.column(0).to_pylist():
            result, fault = answer(units[at])
            columns = [
                pa.array([at], pa.int64()),
                pa.array([result], pa.binary()),
                pa.array([fault], pa.string()),
            ]
            yield pa.RecordBatch.from_arrays(columns, ["unit", "result", "fault"])


def _answer(do: Callable[[Unit], Result], unit: Unit) -> tuple[bytes | None, str | None]:
    """What came of a unit, or what went wrong: no more of an error than may be shown."""
    try:
        return pickle.dumps(do(unit)), None
    except Exception as error:  # noqa: BLE001 (whatever it is, the unit is asked for again)
        last = traceback.extract_tb(error.__traceback__)[-1]
        text = f": {error}" if isinstance(error, MatchingError) else ""
        return None, f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}{text}"


@dataclass(frozen=True)
class Cluster:
    """Where an engine is to run."""

    master: str | None
    """`spark://…`, `yarn`, `k8s://…`, `local[2]`, or `sc://…` for Spark Connect; None for what `spark-submit` says."""
    folder: Path
    """Private, and seen by all machines under the same name."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Of Spark, e.g. `spark.executor.memory`."""
    at_once: int = AT_ONCE
    """Records of a unit of search."""
    most_here: int = MOST_HERE
    """Records of a kind whose candidates may come together in the process that hands out work."""


@contextmanager
def spark(cluster: Cluster) -> Iterator[Spark]:
    """An engine on a cluster; what units left is deleted once all went well, and is there to go on from otherwise.

    Raises:
        ClusterUnreachable: there is none.
    """
    cluster.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    session = session_on(cluster.master, cluster.options)
    try:
        yield Spark(
            session,
            cluster.folder.resolve(),
            cluster.at_once,
            int(cluster.options.get("spark.task.cpus", "1")),
            cluster.most_here,
        )
    finally:
        session.stop()
    shutil.rmtree(cluster.folder)


_LITTLE_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
"""Java only hands out units: compiling it well costs more than it saves."""

_DEFAULTS = {
    "spark.app.name": "identity-sync",
    "spark.ui.showConsoleProgress": "false",
    # neither process keeps data in Java
    "spark.driver.memory": "512m",
    "spark.executor.memory": "512m",
    "spark.driver.extraJavaOptions": _LITTLE_JAVA,
    "spark.executor.extraJavaOptions": _LITTLE_JAVA,
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.adaptive.enabled": "false",
}


def session_on(master: str | None, options: Mapping[str, str]) -> SparkSession:
    """A session; a process has one at a time.

    Args:
        master: see `Cluster`.
        options: of Spark.

    Raises:
        ClusterUnreachable: there is no cluster.
    """
    # the same interpreter, which is right for an image or a shared folder; a packed environment is named in the variable
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder, given = SparkSession.builder, _DEFAULTS | dict(options)
    if master and master.startswith(CONNECT):
        # whoever started the server has chosen all the rest
        builder, given = (
            builder.remote(master),
            {of: on for of, on in given.items() if of.startswith("spark.sql.")},
        )
    elif master:
        builder = builder.master(master)
    for name, value in given.items():
        builder = builder.config(name, value)
    try:
        with _quiet():
            return builder.getOrCreate()
    except _FAULTS as error:
        raise ClusterUnreachable(master or "spark-submit", type(error).__name__) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warning that data frames of pandas 3 may not work: none are used."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield

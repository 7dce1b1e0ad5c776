"""What the linkage takes on Spark, and whether it ends the same as on one machine; synthetic data.

    python -m benchmarks.scale.link EDUCATION INDEX OUT --on local|threads|cluster|MASTER [--workers 2] [--kill 5] [--stumble] [--at-once 10000]

Links a folder (whole, or in parts `province=…`, see `benchmarks.scale.parts`) against an index made before, and prints a line of JSON: seconds, CPU seconds of all
processes (the cluster's too), seconds that units were under way, what units took by themselves (CPU seconds in all and of the executor that did most, the peak of one process), and
the peaks of the process that hands out work and of its Java. `local` is the engine of one machine (with the pairs it compared, and CPU seconds of searching), `threads` is
Spark in one process (local[2]), `cluster` a standalone cluster of workers of one core each on this machine, anything else the address of one. `--kill` kills a worker with all that it started, once so many
units are done; `--stumble` makes the first unit of every stage fail twice.

    python -m benchmarks.scale.link --same OUT OTHER

Compares two results record by record, all columns.
"""

import argparse
import ctypes
import datetime
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark import SparkContext

from benchmarks.scale.cluster import StandaloneCluster, standalone_cluster
from matching.engines.engine import Engine
from matching.engines.local import Threads
from matching.engines.spark import Cluster, Spark, spark
from pipelines.folder_job import TABLES
from pipelines.link_folder import link_folders

AS_OF = datetime.date(2026, 11, 1)
OPTIONS = {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1"}
PR_SET_CHILD_SUBREAPER = 36


class Watched(Spark):
    """Adds up what units take; on the way it kills a worker, or makes units fail, as asked."""

    seconds = 0.0
    log = Path()
    """A line for each unit that was done."""
    cluster: StandaloneCluster | None = None
    kill_after: int | None = None
    stumbles = False

    def each(self, do, units, told=lambda *_: None):
        """See Spark."""
        if Watched.kill_after is not None and Watched.cluster is not None:
            killed = (Watched.cluster, Watched.log, Watched.kill_after)
            threading.Thread(target=kill_after, args=killed, daemon=True).start()
            Watched.kill_after = None
        begun = time.perf_counter()
        timed = taking_time(do, Watched.log)
        if Watched.stumbles:
            done = super().each(
                stumbling(timed, self.folder / f"falls-{begun}"), list(enumerate(units)), told
            )
        else:
            done = super().each(timed, units, told)
        Watched.seconds += time.perf_counter() - begun
        return done


def kill_after(cluster: StandaloneCluster, log: Path, done: int) -> None:
    """Kill a worker once so many lines stand in the log."""
    while not log.exists() or len(log.read_text(encoding="utf-8").splitlines()) < done:
        time.sleep(0.02)
    cluster.kill_worker(0)


class Counting(Threads):
    """The engine of one machine; adds up the pairs that it compares, and what searching takes."""

    pairs = 0
    cpu = 0.0

    def searched(self, search, count=lambda *_: None):
        """See Threads."""

        def count_too(pairs, by_rule):
            Counting.pairs += pairs
            count(pairs, by_rule)

        before = time.process_time()
        found = super().searched(search, count_too)
        Counting.cpu += time.process_time() - before
        return found


def taking_time(do, log: Path):
    """A unit that notes whose it was, and what it took."""

    def take_time(unit):
        begun, before = time.time(), time.process_time()
        done = do(unit)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        # the parent is the executor's own Python process
        facts = {
            "executor": os.getppid(),
            "begun": begun,
            "ended": time.time(),
            "cpu": time.process_time() - before,
            "peak_mb": peak,
        }
        with log.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(facts) + "\n")
        return done

    return take_time


def taken(log: Path) -> dict[str, float]:
    """What all units took."""
    units = (
        [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    )
    by_executor: dict[int, float] = {}
    for unit in units:
        by_executor[unit["executor"]] = by_executor.get(unit["executor"], 0.0) + unit["cpu"]
    return {
        "units_done": len(units),
        "units_cpu": sum(by_executor.values()),
        "busiest_cpu": max(by_executor.values(), default=0.0),
        "peak_unit_mb": max((unit["peak_mb"] for unit in units), default=0.0),
    }


def stumbling(do, falls: Path):
    """A unit that is numbered 0 fails twice before it is done."""

    def stumble(numbered):
        number, unit = numbered
        falls.mkdir(exist_ok=True)
        if number == 0 and len(list(falls.iterdir())) < 2:
            (falls / str(time.time_ns())).touch()
            raise OSError
        return do(unit)

    return stumble


@contextmanager
def engine_of(asked: argparse.Namespace) -> Iterator[Engine]:
    """The engine asked for."""
    if asked.on == "local":
        yield Counting()
        return
    with ExitStack() as stack:
        master = "local[2]" if asked.on == "threads" else asked.on
        if asked.on == "cluster":
            Watched.cluster = stack.enter_context(standalone_cluster(asked.out / "cluster", asked.workers))
            master = Watched.cluster.master
        Watched.log = asked.out.resolve() / "units.jsonl"
        Watched.log.unlink(missing_ok=True)
        Watched.kill_after, Watched.stumbles = asked.kill, asked.stumble
        made = stack.enter_context(spark(Cluster(master, asked.out / ".units", OPTIONS, asked.at_once)))
        yield Watched(made.session, made.folder, made.at_once)


def main() -> None:
    """Link and print, or compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--same", action="store_true")
    parser.add_argument("--on", default="local")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kill", type=int)
    parser.add_argument("--stumble", action="store_true")
    parser.add_argument("--at-once", type=int, default=10_000)
    asked = parser.parse_args()
    if asked.same:
        sys.exit(0 if same(*asked.folders) else 1)
    education, index, asked.out = asked.folders
    asked.out.mkdir(parents=True, exist_ok=True)
    # whoever outlives its parent (Java, its Python processes) becomes ours, and is counted
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    begun = time.perf_counter()
    with engine_of(asked) as engine:
        up = time.perf_counter()
        done = link_folders(education, index, asked.out, as_of=AS_OF, run="a-run", engine=engine)
        linked, java = time.perf_counter() - up, _peak_of_java()
    _reap()
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    facts = {
        "on": asked.on, "workers": asked.workers, "parts": len(done.parts), "up": up - begun, "link": linked, "units": Watched.seconds,
        "cpu": own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime, "cpu_here": own.ru_utime + own.ru_stime,
        "peak_here_mb": own.ru_maxrss / 1024, "peak_java_mb": java, "pairs": Counting.pairs, "search_cpu": Counting.cpu, **taken(asked.out / "units.jsonl"), "counts": done.counts,
    }  # fmt: skip
    print(
        json.dumps(
            {name: round(fact, 1) if isinstance(fact, float) else fact for name, fact in facts.items()}
        )
    )


def _peak_of_java() -> float:
    """Of the Java that belongs to this process; 0 where there is none."""
    if (gateway := SparkContext._gateway) is None:  # noqa: SLF001 (as below)
        return 0.0
    status = Path(f"/proc/{gateway.proc.pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _reap() -> None:
    """Wait until all that was started has ended; Java stays as long as somebody may speak to it."""
    if (gateway := SparkContext._gateway) is not None:  # noqa: SLF001 (there is no other way to end it)
        gateway.shutdown()
        gateway.proc.stdin.close()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def same(one: Path, other: Path) -> bool:
    """Whether two results are equal, told table by table."""
    equal = True
    for name in TABLES:
        tables = [_table(out, name) for out in (one, other)]
        agree = tables[0].equals(tables[1])
        print(f"{name}: {len(tables[0]):,} rows, {'equal' if agree else 'DIFFERENT'}")
        equal &= agree
    return equal


def _table(out: Path, name: str) -> pa.Table:
    files = sorted(out.glob(f"province=*/{name}.parquet")) or [out / f"{name}.parquet"]
    return pa.concat_tables([pq.read_table(file, partitioning=None) for file in files])


if __name__ == "__main__":
    main()

"""`identity-sync link` on Spark: every record ends as it does on one machine, whatever happens to the machines."""

import datetime
import json
import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from matching.errors import TooManyHere, UnitsFailed
from pipelines.cli import run
from pipelines.link_folder import link_folders

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("spark"),
    pytest.mark.skipif(
        shutil.which("java") is None and not os.environ.get("JAVA_HOME"),
        reason="NOTHING OF SPARK WAS TESTED: there is no Java (apt-get install openjdk-17-jre-headless)",
    ),
]
pyspark = pytest.importorskip(
    "pyspark", reason="NOTHING OF SPARK WAS TESTED: pip install identity-sync[spark]"
)

from pyspark.sql import SparkSession  # noqa: E402 (after the skip)

from benchmarks.scale.cluster import standalone_cluster  # noqa: E402
from matching.engines.local import HERE, Threads  # noqa: E402
from matching.engines.spark import Cluster, Spark, session_on, spark  # noqa: E402

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
AS_OF = datetime.date(2026, 11, 1)
OPTIONS = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}
TABLES = ("decisions", "candidates", "rejects", "weights")


def tables(out):
    return {name: pq.read_table(out / f"{name}.parquet", partitioning=None) for name in TABLES}


def linked(education, index, out, **how):
    return link_folders(education, SAMPLES / "registry", out, index=index, as_of=AS_OF, run="a-run", **how)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return tmp_path_factory.mktemp("index")


@pytest.fixture(scope="module")
def local(index, tmp_path_factory):
    """The samples as this machine links them."""
    out = tmp_path_factory.mktemp("local")
    linked(SAMPLES / "education", index, out)
    return tables(out)


@pytest.fixture(scope="module")
def in_parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("education")
    for name in ("province=01", "province=48", "province=66"):
        shutil.copytree(SAMPLES / "education", folder / name)
    return folder


@pytest.fixture
def two_threads(tmp_path):
    """Spark on this machine, kept for the next test; so few records a unit that there are some."""
    engine = Spark(session_on("local[2]", OPTIONS), tmp_path / "units", at_once=600)
    engine.folder.mkdir()
    return engine


@pytest.fixture
def no_session():
    """A process has one session: the one that is kept ends."""
    if (session := SparkSession.getActiveSession()) is not None:
        session.stop()


class Stumbling(Spark):
    """Runs units that fail when they are first done, so many times, as `often` says of their number."""

    def each(self, do, units, told=lambda *_: None):
        falls, often = self.folder / "falls", self.often

        def stumble(numbered):
            number, unit = numbered
            fallen = falls / str(number)
            fallen.mkdir(parents=True, exist_ok=True)
            if len(list(fallen.iterdir())) < often.get(number, 0):
                (fallen / str(time.time_ns())).touch()
                raise ValueError("Nguyễn Văn A, 001099000001")
            return do(unit)

        return super().each(stumble, list(enumerate(units)), told)


def stumbling(engine, **often):
    made = Stumbling(engine.session, engine.folder, engine.at_once)
    object.__setattr__(made, "often", {int(number.strip("_")): times for number, times in often.items()})
    return made


class BrokenOff(Threads):
    """This machine, which dies after the first unit."""

    def each(self, do, units, told=None):
        do(units[0])
        raise KeyboardInterrupt


@pytest.mark.usefixtures("no_session")
def test_the_command_runs_on_spark_and_leaves_nothing_behind(index, local, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("IDENTITY_SYNC_SPARK_OPTIONS", json.dumps(OPTIONS))
    monkeypatch.setenv("IDENTITY_SYNC_AS_OF", AS_OF.isoformat())
    out = tmp_path / "out"
    folders = [str(SAMPLES / "education"), str(SAMPLES / "registry"), str(out), "--index", str(index)]
    assert run(["link", *folders, "--engine", "spark", "--master", "local[2]", "--json"]) == 0
    counted = json.loads(capsys.readouterr().out)["counts"]
    assert sum(sum(outcomes.values()) for outcomes in counted.values()) == len(local["decisions"])
    assert sorted(path.name for path in out.iterdir()) == sorted(
        [*(f"{name}.parquet" for name in TABLES), "kept"]
    )


def test_units_that_fail_twice_are_done_the_third_time(two_threads, index, local, tmp_path):
    engine = stumbling(two_threads, _0=2, _1=1)
    linked(SAMPLES / "education", index, tmp_path / "out", engine=engine)
    assert tables(tmp_path / "out") == local


def test_a_unit_that_always_fails_ends_the_run_and_what_was_done_is_done(two_threads, index, local, tmp_path):
    with pytest.raises(UnitsFailed, match="ValueError") as caught:
        linked(SAMPLES / "education", index, tmp_path / "out", engine=stumbling(two_threads, _1=99))
    assert "001099000001" not in str(caught.value)
    done = {path: path.stat().st_mtime_ns for path in (two_threads.folder / "units").iterdir()}
    assert done
    linked(SAMPLES / "education", index, tmp_path / "out", engine=two_threads)
    assert tables(tmp_path / "out") == local
    assert {path: path.stat().st_mtime_ns for path in done} == done


def test_parts_are_linked_on_the_cluster_and_a_run_goes_on_with_another_engine(
    two_threads, in_parts, index, local, tmp_path
):
    out = tmp_path / "out"
    begun = tmp_path / "begun"
    shutil.copytree(in_parts / "province=01", begun / "province=01")
    shutil.copytree(begun, tmp_path / "education")
    linked(tmp_path / "education", index, out)
    shutil.copytree(in_parts / "province=48", tmp_path / "education" / "province=48")
    first = (out / "province=01" / "decisions.parquet").stat().st_mtime_ns
    done = linked(tmp_path / "education", index, out, engine=two_threads)
    assert (out / "province=01" / "decisions.parquet").stat().st_mtime_ns == first
    second = (out / "province=48" / "decisions.parquet").stat().st_mtime_ns
    assert linked(tmp_path / "education", index, out).counts == done.counts
    assert (out / "province=48" / "decisions.parquet").stat().st_mtime_ns == second
    for part in done.parts:
        assert tables(out / part) == local


@pytest.mark.parametrize("begun_on", ["spark", "local"])
def test_a_run_that_broke_off_on_one_engine_ends_the_same_on_the_other(
    begun_on, two_threads, in_parts, index, local, tmp_path
):
    out, marks = tmp_path / "out", ("province=01", "province=48", "province=66")
    broken = stumbling(two_threads, _1=99) if begun_on == "spark" else BrokenOff()
    with pytest.raises((UnitsFailed, KeyboardInterrupt)):
        linked(in_parts, index, out, engine=broken)
    done = {path: path.stat().st_mtime_ns for path in out.glob("province=*/counts.json")}
    assert out / marks[0] / "counts.json" in done
    assert out / marks[1] / "counts.json" not in done
    linked(in_parts, index, out, engine=HERE if begun_on == "spark" else two_threads)
    assert {path: path.stat().st_mtime_ns for path in done} == done
    for part in marks:
        assert tables(out / part) == local


def test_more_records_than_one_process_may_hold_are_refused(two_threads, index, tmp_path):
    with pytest.raises(TooManyHere, match="parts"):
        linked(SAMPLES / "education", index, tmp_path, engine=replace(two_threads, most_here=10))


@pytest.mark.usefixtures("no_session")
def test_a_worker_that_is_killed_changes_nothing(index, local, tmp_path):
    out = tmp_path / "out"
    with (
        standalone_cluster(tmp_path / "cluster", workers=2) as cluster,
        spark(Cluster(cluster.master, tmp_path / "units", OPTIONS, at_once=600)) as engine,
    ):
        killer = threading.Thread(target=kill_once_begun, args=(cluster, tmp_path / "units" / "units"))
        killer.start()
        linked(SAMPLES / "education", index, out, engine=engine)
        killer.join()
    assert tables(out) == local


def kill_once_begun(cluster, units):
    """When the first result of a unit is there."""
    ended = time.monotonic() + 300
    while not (units.is_dir() and any(path.suffix == ".json" for path in units.iterdir())):
        assert time.monotonic() < ended
        time.sleep(0.01)
    cluster.kill_worker(0)

"""Jobs beside the sync that ask or tell the registry about linked people: how they run, what they take, what is noted of them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from prefect import Flow, flow

from connectors.audit import head_of
from connectors.database import open_database, reading, writing
from connectors.education import create_sync_tables, provinces, read_links, read_partition
from connectors.education_tables import LINKS, moment
from connectors.registry_tables import registry_runs
from connectors.schema import is_prepared
from matching.schemas import RAW_RECORDS
from pipelines.auditing import keep_head
from pipelines.failures import told_without_people
from pipelines.logs import guard_handlers
from pipelines.means import Means, reports_folder
from pipelines.scope import Kind

Counts = dict[str, int]


@dataclass(frozen=True)
class Cohort:
    """Whom a job is about."""

    kinds: tuple[Kind, ...]
    provinces: tuple[str, ...] = ()
    """Codes of the 34; empty for all that have schools."""
    grades: tuple[str, ...] = ()
    """As the education database has them; empty for all."""


@dataclass(frozen=True)
class Job:
    """One run of a job."""

    means: Means
    run: str
    as_of: date
    cohort: Cohort
    dry_run: bool = False

    @property
    def folder(self) -> Path:
        """Where its lists go."""
        return reports_folder(self.means.settings, self.run)

    def provinces(self) -> tuple[str, ...]:
        """The provinces it takes."""
        return self.cohort.provinces or tuple(provinces(self.means.engine))

    def records(self, kind: Kind, province: str) -> pa.Table:
        """RAW_RECORDS of the cohort in a province."""
        batches = read_partition(self.means.engine, kind, province)
        raw = pa.Table.from_batches(batches, RAW_RECORDS)
        grades = pa.array(self.cohort.grades, pa.string())
        return raw.filter(pc.is_in(raw["grade"], value_set=grades)) if self.cohort.grades else raw

    def links(self, kind: Kind, province: str) -> pa.Table:
        """LINKS of a partition as they stand."""
        if not is_prepared(self.means.engine):
            return LINKS.empty_table()
        return read_links(self.means.engine, kind, province)

    def told(self, done: int, total: int) -> None:
        """How far its questions are."""
        self.means.told.counted("registry", done, total)


def job_flow(name: str, work: Callable[[], Counts]) -> Flow[[str], Counts]:
    """A job as a Prefect flow, which is told its run's name and its counts alone."""

    @flow(name=name, flow_run_name="{run}", persist_result=False, log_prints=False)
    def run_job(run: str) -> Counts:
        guard_handlers()
        return told_without_people(work, name)

    return run_job


@contextmanager
def noted(job: Job, name: str) -> Iterator[Counter[str]]:
    """Note in the database that a job begins and how it ends; yields the counts that are noted."""
    counts: Counter[str] = Counter()
    if job.dry_run:
        yield counts
        return
    create_sync_tables(job.means.engine)
    mine = registry_runs.c.run == job.run
    began = {"run": job.run, "job": name, "started_at": moment(job.means.clock()), "state": "running"}
    with writing(job.means.engine) as connection:
        connection.execute(registry_runs.delete().where(mine))
        connection.execute(registry_runs.insert().values(**began))
    state = "failed"
    try:
        yield counts
        state = "done"
    finally:
        ended = {"ended_at": moment(job.means.clock()), "state": state, "counts": json.dumps(counts)}
        with writing(job.means.engine) as connection:
            connection.execute(registry_runs.update().where(mine).values(**ended))
        keep_head(job.means.settings, job.run, head_of(job.means.engine))


def job_since(database_url: str, name: str, begun: str) -> str | None:
    """A run of a job that began at a moment or later and is done, if there is one."""
    engine = open_database(database_url)
    try:
        if not is_prepared(engine):
            return None
        of = registry_runs.c
        which = sa.and_(of.job == name, of.started_at >= begun, of.state == "done")
        with reading(engine) as connection:
            return connection.scalar(sa.select(of.run).where(which).limit(1))
    finally:
        engine.dispose()


def last_begun(engine: sa.Engine, name: str) -> str | None:
    """When the last run of a job that is done began."""
    of = registry_runs.c
    query = sa.select(of.started_at).where(of.job == name, of.state == "done")
    with reading(engine) as connection:
        return connection.scalar(query.order_by(of.started_at.desc()).limit(1))

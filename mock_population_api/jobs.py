"""Bulk questions: uploaded, worked off one after the other, downloaded until they expire.

A job is a row in SQLite and a folder. Its questions stay on disk until it is finished, so that a service that was
stopped goes on with what it had accepted, and a finished result is there after any restart.
"""

import hashlib
import io
import json
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from mock_population_api.audit import Audit
from mock_population_api.problems import Problem
from mock_population_api.schemas import FOUND, RELATIVES, TRACED
from mock_population_api.search import trace_passes
from mock_population_api.security import Caller, Clock, now
from mock_population_api.shown import Shown
from mock_population_api.store import Store

PASS_ROWS = 100_000
"""Questions answered together; a service that is stopped ends those that it is at."""

SCHEMAS = {"lookup": FOUND, "trace": TRACED, "relatives": RELATIVES}
"""Operation → what its result holds."""

_TABLE = """
    CREATE TABLE IF NOT EXISTS jobs (
        job_id TEXT PRIMARY KEY, client TEXT NOT NULL, idempotency_key TEXT NOT NULL, operation TEXT NOT NULL,
        state TEXT NOT NULL, caller TEXT NOT NULL, body_digest TEXT, progress REAL NOT NULL DEFAULT 0,
        rows INTEGER, sha256 TEXT, problem TEXT, expires_at TEXT NOT NULL, UNIQUE (client, idempotency_key))
"""
_FIELDS = "job_id, client, operation, state, caller, body_digest, progress, rows, sha256, problem, expires_at"


@dataclass(frozen=True)
class Job:
    """A job as it stands."""

    job_id: str
    client: str
    operation: str
    state: str
    """receiving | queued | running | done | failed | expired."""
    caller: str
    body_digest: str | None
    progress: float
    rows: int | None
    sha256: str | None
    problem: str | None
    expires_at: str


@dataclass(frozen=True)
class JobLimits:
    """How much a client may leave with the service."""

    most_rows: int = 1_000_000
    most_bytes: int = 512 * 1024 * 1024
    most_waiting: int = 100
    kept: timedelta = timedelta(hours=24)


class JobStopped(Exception):
    """The service stops; the job begins again when it is back."""


class Hashed(io.RawIOBase):
    """A file that is written from its beginning to its end, and its SHA-256 with it."""

    def __init__(self, file: Path) -> None:
        """Begin the file."""
        self._out, self._digest = file.open("wb"), hashlib.sha256()

    def writable(self) -> bool:
        """That it is."""
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - whatever holds bytes
        """More of it."""
        self._digest.update(data)
        return self._out.write(data)

    def close(self) -> None:
        """All is written."""
        self._out.close()
        super().close()

    def digest(self) -> str:
        """Of all that was written, in hexadecimal digits."""
        return self._digest.hexdigest()


class Jobs:
    """The jobs of one store and the one thread that works them off."""

    def __init__(
        self, store: Store, audit: Audit, limits: JobLimits | None = None, clock: Clock = now
    ) -> None:
        """Take up the jobs in the store's folder; `start` begins working."""
        self.limits = limits or JobLimits()
        self._store = store
        self._audit = audit
        self._clock = clock
        self._folder = store.folder / "jobs"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._worker: threading.Thread | None = None
        file = store.folder / "jobs.sqlite"
        file.touch(mode=0o600)
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(_TABLE)
        self._recover()

    def start(self) -> None:
        """Begin working off what is queued, unless that is going on already."""
        if self._worker is not None:
            return
        self._worker = threading.Thread(target=self._work, name="bulk-jobs", daemon=True)
        self._worker.start()

    def stop(self) -> None:
        """Rest once the questions that are being answered are; what is not done is queued again at the next start."""
        self._stopping.set()
        self._wake.set()
        if self._worker is not None:
            self._worker.join()
        self._database.close()

    def reserve(self, caller: Caller, operation: str, key: str) -> tuple[Job, bool]:
        """The job of this client and key, and whether it is new and now waits for its questions.

        Raises:
            Problem: idempotency_in_flight while another request brings the questions, queue_full.
        """
        self.expire()
        job_id = str(uuid.uuid4())
        expires = (self._clock() + self.limits.kept).isoformat(timespec="seconds")
        with self._lock:
            waiting = "SELECT count(*) FROM jobs WHERE state IN ('receiving', 'queued', 'running')"
            if self._database.execute(waiting).fetchone()[0] >= self.limits.most_waiting:
                raise Problem("queue_full", headers={"Retry-After": "30"})
            made = self._database.execute(
                "INSERT OR IGNORE INTO jobs (job_id, client, idempotency_key, operation, state, caller, expires_at)"
                " VALUES (?, ?, ?, ?, 'receiving', ?, ?)",
                (job_id, caller.client, key, operation, _packed(caller), expires),
            ).rowcount
            question = f"SELECT {_FIELDS} FROM jobs WHERE client = ? AND idempotency_key = ?"
            job = Job(*self._database.execute(question, (caller.client, key)).fetchone())
        if made:
            self._of(job.job_id).mkdir(mode=0o700)
        elif job.state == "receiving":
            raise Problem("idempotency_in_flight", headers={"Retry-After": "1"})
        return job, bool(made)

    def upload_file(self, job: Job) -> Path:
        """Where the questions of a reserved job are written while they arrive."""
        return self._of(job.job_id) / "upload"

    def submit(self, job: Job, questions: pa.Table, body_digest: str) -> None:
        """Queue a reserved job with its checked questions."""
        folder = self._of(job.job_id)
        with (
            pa.OSFile(str(folder / "questions.arrow"), "wb") as sink,
            pa.ipc.new_file(sink, questions.schema) as writer,
        ):
            writer.write_table(questions)
        (folder / "upload").unlink(missing_ok=True)
        self._set(job.job_id, state="queued", body_digest=body_digest)
        self.start()
        self._wake.set()

    def forget(self, job: Job) -> None:
        """Drop a reserved job whose questions did not arrive or were refused, so that its key is free again."""
        with self._lock:
            self._database.execute("DELETE FROM jobs WHERE job_id = ?", (job.job_id,))
        shutil.rmtree(self._of(job.job_id), ignore_errors=True)

    def get(self, client: str, job_id: str) -> Job:
        """A job of `client`.

        Raises:
            Problem: job_unknown, also for a job of somebody else; result_expired.
        """
        self.expire()
        with self._lock:
            question = f"SELECT {_FIELDS} FROM jobs WHERE job_id = ? AND client = ?"
            row = self._database.execute(question, (job_id, client)).fetchone()
        if row is None:
            raise Problem("job_unknown")
        job = Job(*row)
        if job.state == "expired":
            raise Problem("result_expired")
        return job

    def result_file(self, job: Job) -> Path:
        """The finished result of `job`: an Arrow IPC stream.

        Raises:
            Problem: job_unfinished or job_failed.
        """
        if job.state == "failed":
            raise Problem("job_failed")
        if job.state != "done":
            raise Problem("job_unfinished", headers={"Retry-After": "1"})
        return self._of(job.job_id) / "result.arrows"

    def states(self) -> dict[str, int]:
        """How many jobs are in which state."""
        with self._lock:
            counts = self._database.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall()
        return {"queued": 0, "running": 0, "done": 0, "failed": 0, "expired": 0, **dict(counts)}

    def expire(self) -> None:
        """Delete finished jobs whose time is over; their keys are free again."""
        moment = self._clock().isoformat(timespec="seconds")
        with self._lock:
            over = self._database.execute(
                "SELECT job_id FROM jobs WHERE expires_at <= ? AND state IN ('done', 'failed')", (moment,)
            ).fetchall()
            self._database.executemany(
                "UPDATE jobs SET state = 'expired', idempotency_key = 'expired ' || job_id WHERE job_id = ?",
                over,
            )
        for (job_id,) in over:
            shutil.rmtree(self._of(job_id), ignore_errors=True)

    def _of(self, job_id: str) -> Path:
        return self._folder / job_id

    def _set(self, job_id: str, **values: object) -> None:
        assignments = ", ".join(f"{column} = ?" for column in values)
        with self._lock:
            self._database.execute(
                f"UPDATE jobs SET {assignments} WHERE job_id = ?", (*values.values(), job_id)
            )

    def _recover(self) -> None:
        """Queue again what was running; drop what had not fully arrived."""
        halves = self._database.execute(
            "DELETE FROM jobs WHERE state = 'receiving' RETURNING job_id"
        ).fetchall()
        for (job_id,) in halves:
            shutil.rmtree(self._of(job_id), ignore_errors=True)
        self._database.execute("UPDATE jobs SET state = 'queued', progress = 0 WHERE state = 'running'")

    def _fail(self, job: Job) -> None:
        """Give `job` up and free its key, so that the same questions may be sent again."""
        key = f"failed {job.job_id}"
        self._set(job.job_id, state="failed", problem="internal_error", idempotency_key=key)

    def _next(self) -> Job | None:
        with self._lock:
            question = f"SELECT {_FIELDS} FROM jobs WHERE state = 'queued' ORDER BY rowid LIMIT 1"
            row = self._database.execute(question).fetchone()
        return Job(*row) if row else None

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            job = self._next()
            if job is None:
                self._wake.wait()
                continue
            try:
                self._run(job)
            except JobStopped:
                return
            except Exception:  # noqa: BLE001 - one job's failure must not end the thread that serves the others
                self._fail(job)
                shutil.rmtree(self._of(job.job_id), ignore_errors=True)

    def _run(self, job: Job) -> None:
        folder = self._of(job.job_id)
        self._set(job.job_id, state="running")
        partial = folder / "result.partial"
        with pa.memory_map(str(folder / "questions.arrow")) as source:
            questions = pa.ipc.open_file(source).read_all()
            rows, digest, shown = self._write_result(job, questions, partial)
        self._audit.record_many(_unpacked(job.caller), f"jobs/{job.operation}", job.job_id, shown)
        partial.rename(folder / "result.arrows")
        expires = (self._clock() + self.limits.kept).isoformat(timespec="seconds")
        self._set(job.job_id, state="done", progress=1.0, rows=rows, sha256=digest, expires_at=expires)
        (folder / "questions.arrow").unlink()

    def _write_result(self, job: Job, questions: pa.Table, file: Path) -> tuple[int, str, Shown]:
        """Write the answers; how many rows they are, their SHA-256, and whom they show."""
        rows, shown, schema = 0, Shown(), SCHEMAS[job.operation]
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        file.touch(mode=0o600)
        with Hashed(file) as sink, pa.ipc.new_stream(sink, schema, options=options) as writer:
            for done, batches in enumerate(self._answers(job.operation, questions), 1):
                for batch in batches:
                    if self._stopping.is_set():
                        raise JobStopped
                    writer.write_batch(batch)
                    shown.add(batch["personal_id"])
                    rows += len(batch)
                self._set(job.job_id, progress=min(0.99, done * PASS_ROWS / len(questions)))
        return rows, sink.digest(), shown

    def _answers(self, operation: str, questions: pa.Table) -> Iterator[Iterable[pa.RecordBatch]]:
        """The answers to all questions, PASS_ROWS of them after the other."""
        if operation == "trace":
            yield from trace_passes(self._store, questions, PASS_ROWS)
            return
        ask = self._store.lookup if operation == "lookup" else self._store.relatives
        numbers = questions.column("number").combine_chunks()
        for first in range(0, len(numbers), PASS_ROWS):
            yield ask(numbers.slice(first, PASS_ROWS)).to_batches(max_chunksize=65_536)


def _packed(caller: Caller) -> str:
    return json.dumps(asdict(caller) | {"scopes": sorted(caller.scopes)})


def _unpacked(text: str) -> Caller:
    members = json.loads(text)
    return Caller(**members | {"scopes": frozenset(members["scopes"])})

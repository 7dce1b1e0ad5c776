"""Bulk jobs: upload the questions as an Arrow stream, wait, fetch the result in slices, check it, read it.

The registry is asked to hold the question for a job's state until it is finished. That question is not insisted on: where it got no answer,
the result itself is asked for, which says as well whether it is there; so a bad line costs no call more than it must.

The result is fetched by `Range`, a slice a request, so that a lost connection costs one slice. It is kept in a
temporary file without a name, and nothing of it is handed on before its SHA-256 and its row count are right.
"""

import hashlib
import hmac
import re
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa

from connectors.errors import RegistryNonsense, RegistryProblem, RegistryRefused, RegistryUnreachable
from connectors.parquet_rows import BROKEN_FILE
from connectors.registry_answers import Answer, Json, read_batch
from connectors.registry_line import Line
from connectors.registry_messages import Call, Reply, read_json
from connectors.registry_patience import Clock, Limits

ARROW_STREAM = "application/vnd.apache.arrow.stream"
_RESULT = "/v1/jobs/{id}/result"
_HOLD = {"Prefer": "wait=5"}
_UNFINISHED = "job_unfinished"
_ARROW_TYPES = frozenset({ARROW_STREAM, "application/octet-stream"})


class JobFailed(RegistryProblem):
    """The registry didn't see a job through; its questions can still be asked in smaller jobs or in batches."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"bulk job failed: {reason}")


@dataclass(frozen=True)
class Manifest:
    """What a finished job says of its result."""

    rows: int
    sha256: str


_RUNNING = Manifest(-1, "")
"""Stands for the result of a job that isn't finished."""


class BulkJobs:
    """Runs bulk jobs over a line.

    Args:
        line: to the registry.
        limits: patience and sizes.
        clock: time and sleep.
        key: what idempotency keys are derived with: a secret and the run's name, so that a run started again
            finds the jobs it had under way, and nobody can guess a question from a key.
        scratch: folder for temporary files; the system's if None.
    """

    def __init__(
        self, line: Line, limits: Limits, clock: Clock, key: bytes, scratch: Path | None = None
    ) -> None:
        self._line = line
        self._limits = limits
        self._clock = clock
        self._key = key
        self._scratch = scratch

    def submit(self, operation: str, questions: pa.Table) -> str:
        """Have the registry begin to answer many questions in one job.

        Args:
            operation: `lookup`, `trace` or `relatives`.
            questions: the columns of the operation; the first is the one an answer refers to.

        Returns:
            The job's ID.

        Raises:
            JobFailed: the registry didn't take it.
            RegistryUnreachable: no answer.
        """
        with _failing():
            return self._submit(operation, questions)

    def answers(self, job: str, asked: pa.Array, schema: pa.Schema) -> Iterator[Answer]:
        """Wait for a job and read its result.

        Args:
            job: the ID.
            asked: what the answers refer to.
            schema: of the answer: FOUND, TRACED or RELATIVES.

        Yields:
            Answers of one record batch each.

        Raises:
            JobFailed: the registry didn't finish it or no longer has it.
            RegistryUnreachable: no answer, or the job isn't done within its deadline.
            RegistryNonsense: the result isn't what its manifest says.
        """
        with _failing():
            result, rows = self._result(job)
        with result:
            if sum(batch.num_rows for batch in _batches(result)) != rows:
                raise RegistryNonsense(f"GET {_RESULT}: row count differs from the manifest's")
            for batch in _batches(result):
                yield read_batch(batch, schema, asked, f"GET {_RESULT}")

    def _submit(self, operation: str, questions: pa.Table) -> str:
        content = _stream(questions)
        call = Call(
            "POST",
            "/v1/jobs",
            content=content,
            params={"operation": operation},
            headers={
                "Content-Type": ARROW_STREAM,
                "Idempotency-Key": idempotency_key(self._key, operation, content),
            },
        )
        return self._line.ask(call, lambda reply: _job_id(read_json(reply, str(call))))

    def _result(self, job: str) -> tuple[IO[bytes], int]:
        """The checked result in a temporary file, and its rows, once the job is finished."""
        ends = self._clock.now() + self._limits.job_deadline
        wait, polls = self._limits.poll_first, 0
        while True:
            asked_at = self._clock.now()
            manifest = self._state(job)
            polls += 1
            if manifest != _RUNNING and (found := self._fetch(job, manifest)) is not None:
                return found
            if self._clock.now() + wait > ends:
                raise RegistryUnreachable(self._line.url(_state_of(job)), polls)
            # a registry that holds the question has waited in our stead
            self._clock.sleep(max(0.0, wait - (self._clock.now() - asked_at)))
            wait = min(wait * 1.5, self._limits.poll_most)

    def _state(self, job: str) -> Manifest | None:
        """What a job says of its result: _RUNNING before it is finished, None where it got no answer to that."""
        call = _state_of(job)
        try:
            content = self._line.ask(call, lambda reply: read_json(reply, str(call)))
        except (RegistryUnreachable, RegistryNonsense):
            return None
        if content.get("state") == "done":
            return _manifest(content)
        if content.get("state") == "failed":
            raise JobFailed("the registry gave it up")
        if not isinstance(content.get("state"), str):
            raise RegistryNonsense(f"{call}: field state")
        return _RUNNING

    def _fetch(self, job: str, manifest: Manifest | None) -> tuple[IO[bytes], int] | None:
        """The result in a temporary file, and its rows; fetched anew, once, when its SHA-256 is wrong. None before the job is finished."""
        for _ in range(2):
            file = tempfile.TemporaryFile(dir=self._scratch)  # noqa: SIM115 — the caller closes it
            try:
                digest, said = self._download(job, file)
            except RegistryRefused as refusal:
                file.close()
                if refusal.code == _UNFINISHED:
                    return None
                raise
            except BaseException:
                file.close()
                raise
            promised = manifest or said
            if promised is not None and digest == promised.sha256:
                return file, promised.rows
            file.close()
            if promised is None:
                return None
        raise RegistryNonsense(f"GET {_RESULT}: SHA-256 differs from the manifest's")

    def _download(self, job: str, file: IO[bytes]) -> tuple[str, Manifest | None]:
        """SHA-256 of a result, and what its own headers say of it."""
        digest, said = hashlib.sha256(), None
        start, total = 0, 1
        while start < total:
            end = start + self._limits.slice_bytes
            call = Call(
                "GET",
                _RESULT,
                path=f"/v1/jobs/{job}/result",
                # compressed, the bytes of a range would be others than those of the SHA-256
                headers=_HOLD | {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"},
                understood=frozenset({_UNFINISHED}),
            )
            first = start
            content, total, said = self._line.ask(call, lambda reply: _slice(reply, first))  # noqa: B023
            start += len(content)
            digest.update(content)
            file.write(content)
        return digest.hexdigest(), said


@contextmanager
def _failing() -> Iterator[None]:
    """A refusal of the job is its failure; one of the caller is not."""
    refused = None
    try:
        yield
    except RegistryRefused as refusal:
        if refusal.status not in {400, 404, 409, 410, 413, 415, 416, 422}:
            raise
        refused = refusal.code
    if refused is not None:
        raise JobFailed(refused)


def _state_of(job: str) -> Call:
    return Call("GET", "/v1/jobs/{id}", path=f"/v1/jobs/{job}", headers=_HOLD, insist=False)


def idempotency_key(key: bytes, operation: str, content: bytes) -> str:
    """The same UUID for the same questions under the same key."""
    code = hmac.digest(key, operation.encode() + b"\0" + content, "sha256")
    return str(uuid.UUID(bytes=code[:16], version=5))


def _stream(questions: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, questions.schema) as writer:
        writer.write_table(questions)
    return bytes(sink.getvalue())


def _batches(file: IO[bytes]) -> Iterator[pa.RecordBatch]:
    """The record batches of an Arrow stream, from its start."""
    file.seek(0)
    try:
        with pa.ipc.open_stream(file) as reader:
            batches = iter(reader)
            while (batch := next(batches, None)) is not None:
                yield batch
    except BROKEN_FILE:
        pass
    else:
        return
    raise RegistryNonsense(f"GET {_RESULT}: not an Arrow stream")


def _job_id(content: Json) -> str:
    job = content.get("job_id")
    # it becomes part of a path
    if not isinstance(job, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", job):
        raise RegistryNonsense("POST /v1/jobs: field job_id")
    return job


def _manifest(content: Json) -> Manifest:
    rows, sha256 = content.get("rows"), content.get("sha256")
    if not isinstance(rows, int) or isinstance(rows, bool) or rows < 0:
        raise RegistryNonsense("GET /v1/jobs/{id}: field rows")
    if not isinstance(sha256, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise RegistryNonsense("GET /v1/jobs/{id}: field sha256")
    return Manifest(rows, sha256.lower())


def _slice(reply: Reply, start: int) -> tuple[bytes, int, Manifest | None]:
    """The bytes of a slice, the length of the whole, and what the headers say of it."""
    where = f"GET {_RESULT}"
    if reply.media_type not in _ARROW_TYPES or "content-encoding" in reply.headers:
        raise RegistryNonsense(f"{where}: content type is not an Arrow stream")
    if reply.status == 200:
        # the registry doesn't do ranges: this is the whole
        return reply.body[start:], len(reply.body), _said(reply)
    covered = re.fullmatch(
        r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", reply.headers.get("content-range", "")
    )
    if reply.status != 206 or covered is None:
        raise RegistryNonsense(f"{where}: no content range")
    first, last, total = (int(number) for number in covered.groups())
    if first != start or len(reply.body) != last - first + 1 or not first <= last < total:
        raise RegistryNonsense(f"{where}: slice is cut off")
    return reply.body, total, _said(reply)


def _said(reply: Reply) -> Manifest | None:
    sha256 = re.fullmatch(r'"([0-9a-f]{64})"', reply.headers.get("etag", ""))
    rows = re.fullmatch(r"[0-9]{1,12}", reply.headers.get("x-row-count", ""))
    return Manifest(int(rows[0]), sha256[1]) if rows and sha256 else None

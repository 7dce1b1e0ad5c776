"""The routes of bulk jobs: upload, poll, download."""

import asyncio
import hashlib
import re
import time
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
from fastapi import APIRouter, Header, Query, Request, Security
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response

from mock_population_api import models
from mock_population_api.bodies import chunks_within, content_type
from mock_population_api.gate import GuardedRoute, demand
from mock_population_api.jobs import Job, Jobs
from mock_population_api.problems import Problem, documented
from mock_population_api.questions import ARROW, NDJSON, check, read_upload
from mock_population_api.routing import ADMITTED, SIGNED_IN, CallerHere
from mock_population_api.security import Caller
from mock_population_api.service import Service, service_of

jobs_routes = APIRouter(route_class=GuardedRoute)

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_WAIT = re.compile(r"\bwait=([0-9]{1,4})\b")
Preferred = Annotated[
    str, Header(description="`wait=5`: answer once the job is finished, or after so many seconds")
]
_LONGEST_WAIT = 5
"""Seconds that a question for a job's state is held at most; a service that is ended has to wait for it."""
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (ARROW, NDJSON)},
    }
}


@jobs_routes.post(
    "/v1/jobs",
    status_code=202,
    response_model=models.JobAccepted,
    openapi_extra=_BODY,
    dependencies=[Security(SIGNED_IN, scopes=["bulk"])],
    responses=documented(
        *ADMITTED, "body_malformed", "idempotency_in_flight", "body_too_large", "batch_too_large",
        "content_type_unsupported", "encoding_unsupported", "question_invalid", "idempotency_key_reused", "queue_full",
    ),
)  # fmt: skip
async def submit(
    request: Request,
    caller: CallerHere,
    operation: Annotated[Literal["lookup", "trace", "relatives"], Query()],
    idempotency_key: Annotated[str | None, Header()] = None,
) -> dict[str, str]:
    """Take in questions for a bulk lookup or relatives (column `number`), or a trace; the same key and body give the same job."""
    demand(caller, operation)
    kind = content_type(request)
    if kind not in {ARROW, NDJSON}:
        raise Problem("content_type_unsupported")
    key = _checked_key(idempotency_key)
    service = service_of(request)
    job, is_new = await run_in_threadpool(service.jobs.reserve, caller, operation, key)
    if not is_new:
        return await _repeated(request, service.jobs, job, operation, kind)
    try:
        file = service.jobs.upload_file(job)
        digest = await _receive(request, service.jobs, file, operation, kind)
        await run_in_threadpool(_take_in, service, job, kind, digest)
    except BaseException:
        await run_in_threadpool(service.jobs.forget, job)
        raise
    return {"job_id": job.job_id}


def _checked_key(key: str | None) -> str:
    if key is None:
        raise Problem("header_missing", errors=[{"header": "Idempotency-Key"}])
    if not _KEY.fullmatch(key):
        raise Problem("header_invalid", errors=[{"header": "Idempotency-Key"}])
    return key


async def _receive(request: Request, jobs: Jobs, file: Path | None, operation: str, kind: str) -> str:
    """Keep the body in `file`, if one is given; returns a digest of it and of what is asked with it."""
    digest = hashlib.sha256(f"{operation} {kind}\n".encode())
    if file is None:
        async for chunk in chunks_within(request, jobs.limits.most_bytes):
            digest.update(chunk)
        return digest.hexdigest()
    file.touch(mode=0o600)
    with file.open("wb") as sink:
        async for chunk in chunks_within(request, jobs.limits.most_bytes):
            digest.update(chunk)
            await run_in_threadpool(sink.write, chunk)
    return digest.hexdigest()


async def _repeated(request: Request, jobs: Jobs, job: Job, operation: str, kind: str) -> dict[str, str]:
    if await _receive(request, jobs, None, operation, kind) != job.body_digest:
        raise Problem("idempotency_key_reused")
    return {"job_id": job.job_id}


def _take_in(service: Service, job: Job, kind: str, digest: str) -> None:
    questions = read_upload(service.jobs.upload_file(job), kind, job.operation, service.jobs.limits.most_rows)
    check(questions)
    if job.operation != "trace":
        # a number asked twice is answered once
        questions = pa.table({"number": questions.column("number").unique()}, schema=questions.schema)
    service.jobs.submit(job, questions, digest)


@jobs_routes.get(
    "/v1/jobs/{job_id}",
    response_model=models.JobState,
    responses=documented(*ADMITTED, "job_unknown", "result_expired"),
    dependencies=[Security(SIGNED_IN, scopes=["bulk"])],
)
async def state(
    request: Request,
    caller: CallerHere,
    job_id: str,
    prefer: Preferred = "",
) -> JSONResponse:
    """How far a job is."""
    job = await _settled(request, caller, job_id, prefer)
    shown = {name: getattr(job, name) for name in models.JobState.model_fields}
    return JSONResponse(shown | {"state": "queued" if job.state == "receiving" else job.state})


async def _settled(request: Request, caller: Caller, job_id: str, prefer: str) -> Job:
    """A job once it is finished, or as it stands when the client prefers to wait no longer."""
    wish = _WAIT.search(prefer)
    seconds = min(int(wish[1]), _LONGEST_WAIT) if wish else 0
    if wish:
        request.state.told["Preference-Applied"] = f"wait={seconds}"
    return await _finished(service_of(request).jobs, caller.client, job_id, seconds)


async def _finished(jobs: Jobs, client: str, job_id: str, seconds: float) -> Job:
    ends, pause = time.monotonic() + seconds, 0.01
    while True:
        job = await run_in_threadpool(jobs.get, client, job_id)
        left = ends - time.monotonic()
        if job.state in {"done", "failed"} or left <= 0:
            return job
        await asyncio.sleep(min(pause, left))
        # what took long may be told a little later
        pause = min(pause * 1.3, 0.25)


@jobs_routes.get(
    "/v1/jobs/{job_id}/result",
    dependencies=[Security(SIGNED_IN, scopes=["bulk"])],
    responses={
        200: {"description": "Arrow IPC stream", "content": {ARROW: {}}},
        206: {"description": "The part that was asked for"},
        **documented(
            *ADMITTED, "job_unknown", "job_unfinished", "job_failed", "result_expired",
            "range_not_satisfiable",
        ),
    },
)  # fmt: skip
async def result(request: Request, caller: CallerHere, job_id: str, prefer: Preferred = "") -> Response:
    """The finished answer as an Arrow IPC stream; `Range` goes on where a download broke off.

    `ETag` is its SHA-256 in quotes, `X-Row-Count` its rows, as the job's state tells them.
    """
    job = await _settled(request, caller, job_id, prefer)
    file = service_of(request).jobs.result_file(job)
    _check_range(request, file)
    headers = {"ETag": f'"{job.sha256}"', "X-Row-Count": str(job.rows), "Cache-Control": "no-store"}
    return _LargeFile(file, media_type=ARROW, headers=headers)


class _LargeFile(FileResponse):
    """Gigabytes go out in pieces of half a megabyte."""

    chunk_size = 512 * 1024


def _check_range(request: Request, file: Path) -> None:
    """Refuse what the framework would refuse in plain text."""
    stated = request.headers.get("range")
    if stated is None:
        return
    size = file.stat().st_size
    parts = _RANGE.fullmatch(stated.replace(" ", ""))
    first, last = parts.groups() if parts else ("", "")
    backwards = bool(first and last) and int(first) > int(last)
    if not (first or last) or backwards or (first and int(first) >= size):
        raise Problem("range_not_satisfiable", headers={"Content-Range": f"bytes */{size}"})

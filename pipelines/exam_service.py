"""The read API of the exam system: one pupil by number, name and birth date; who asked, for what, written down before the answer.

Nothing can be listed, searched or changed. Errors are problem details (RFC 9457) that repeat nothing of what was asked.
"""

import logging
import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from fastapi import FastAPI, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from connectors.audit import Action, Auditor, Event, keyed, write_down
from connectors.errors import DatabaseProblem
from connectors.linked_students import LinkedStudents
from pipelines.exam_clients import ExamClient, ExamClients
from pipelines.exam_questions import PURPOSES, Answer, Question, answer

RUN = "exam-api"
"""Stands in the audit where other entries have their run."""
_LARGEST_BODY = 8 * 1024
_OFFICER = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_log = logging.getLogger("identity_sync.exam")

PROBLEMS = {
    "key_missing": (401, "A key is required"),
    "key_unknown": (401, "The key is not known"),
    "header_missing": (400, "A required header is missing or has a wrong form"),
    "purpose_unknown": (403, "The purpose is not on the list"),
    "body_too_large": (413, "The body is too large"),
    "content_type_unsupported": (415, "Only application/json is taken, not packed"),
    "question_invalid": (422, "The question has a wrong form"),
    "rate_exceeded": (429, "Too many questions at once"),
    "not_found": (404, "There is nothing at this address"),
    "method_not_allowed": (405, "This method is not offered here"),
    "unavailable": (503, "The database can't be reached, or the question can't be written down"),
    "internal_error": (500, "The service failed"),
}
"""Code → status and title."""


class Problem(Exception):
    """A question that is not answered."""

    def __init__(self, code: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.headers = headers or {}


@dataclass(frozen=True)
class Rate:
    """Questions that one client may ask."""

    per_second: float = 20.0
    burst: int = 100


@dataclass
class _Allowance:
    """Token buckets, one for each client."""

    rate: Rate
    clock: Callable[[], datetime]
    lock: threading.Lock = field(default_factory=threading.Lock)
    left: dict[str, tuple[float, datetime]] = field(default_factory=dict)

    def take(self, client: str) -> None:
        """Count one question.

        Raises:
            Problem: rate_exceeded.
        """
        now = self.clock()
        with self.lock:
            tokens, since = self.left.get(client, (float(self.rate.burst), now))
            gained = max(0.0, (now - since).total_seconds()) * self.rate.per_second
            tokens = min(float(self.rate.burst), tokens + gained)
            self.left[client] = (tokens - 1 if tokens >= 1 else tokens, now)
        if tokens < 1:
            raise Problem("rate_exceeded", {"Retry-After": "1"})


@dataclass(frozen=True)
class ExamDesk:
    """What questions are answered with."""

    engine: sa.Engine
    students: LinkedStudents
    clients: ExamClients
    auditor: Auditor
    clock: Callable[[], datetime]
    grades: tuple[str, ...] = ("12",)
    rate: Rate = field(default_factory=Rate)


@dataclass(frozen=True)
class _Asker:
    """Who asks, as which officer, for what, under which request ID."""

    client: ExamClient
    officer: str
    purpose: str
    request_id: str


def make_exam_app(desk: ExamDesk) -> FastAPI:
    """The application.

    Args:
        desk: What it works with; the sync tables are made.
    """
    app = FastAPI(title="identity-sync exam", openapi_url=None, docs_url=None, redoc_url=None)
    allowance = _Allowance(desk.rate, desk.clock)

    @app.post("/v1/candidates")
    async def candidates(request: Request) -> Response:
        asker = _asker(request, desk.clients)
        allowance.take(asker.client.name)
        question = await _question(request)
        found = await run_in_threadpool(_answered, desk, asker, question)
        return JSONResponse(found.model_dump(), headers=_told(asker.request_id))

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _framework_problem)
    app.add_exception_handler(DatabaseProblem, _failed("unavailable"))
    app.add_exception_handler(Exception, _failed("internal_error"))
    return app


def _answered(desk: ExamDesk, asker: _Asker, question: Question) -> Answer:
    """The answer, after it has been written down who gets it."""
    holding = desk.students.holding(question.personal_id)
    found = answer(question, holding, asker.client.provinces, desk.grades, desk.clock().date())
    facts = {
        "client": asker.client.name,
        "officer": asker.officer,
        "purpose": asker.purpose,
        "request_id": asker.request_id,
        "subject": subject_digest(desk.auditor.key, question.personal_id),
        "found": found.found,
    }
    write_down(desk.engine, desk.auditor, Event(RUN, Action.EXAM_ASKED, facts, kind="student"), desk.clock())
    return found


def subject_digest(key: bytes, number: str) -> str:
    """What stands in the audit for a number: whoever has the audit's key can look for one person, nobody can read who it was."""
    return keyed(key, f"exam subject\n{number}")[:32]


def _asker(request: Request, clients: ExamClients) -> _Asker:
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        raise Problem("key_missing", {"WWW-Authenticate": "Bearer"})
    client = clients.with_key(key.strip())
    if client is None:
        raise Problem("key_unknown", {"WWW-Authenticate": "Bearer"})
    officer, purpose = request.headers.get("x-officer", ""), request.headers.get("x-purpose", "")
    if not _OFFICER.fullmatch(officer):
        raise Problem("header_missing")
    if purpose not in PURPOSES:
        raise Problem("purpose_unknown")
    return _Asker(client, officer, purpose, _request_id(request))


def _request_id(request: Request) -> str:
    try:
        return str(uuid.UUID(request.headers.get("x-request-id", "")))
    except ValueError:
        raise Problem("header_missing") from None


async def _question(request: Request) -> Question:
    packed = request.headers.get("content-encoding", "identity").strip().lower() != "identity"
    if (
        packed
        or request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json"
    ):
        raise Problem("content_type_unsupported")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise Problem("body_too_large")
    try:
        return Question.model_validate_json(bytes(body))
    except ValidationError:
        raise Problem("question_invalid") from None


def _told(request_id: str | None) -> dict[str, str]:
    return {"Cache-Control": "no-store"} | ({"X-Request-ID": request_id} if request_id else {})


def _said(code: str, headers: dict[str, str]) -> Response:
    status, title = PROBLEMS[code]
    content = {
        "type": "about:blank",
        "code": code,
        "status": status,
        "title": title,
        "retryable": status in {429, 503},
    }
    return JSONResponse(content, status, _told(None) | headers, media_type="application/problem+json")


def _problem(_: Request, refused: Exception) -> Response:
    return (
        _said(refused.code, refused.headers) if isinstance(refused, Problem) else _said("internal_error", {})
    )


def _framework_problem(_: Request, refused: Exception) -> Response:
    status = refused.status_code if isinstance(refused, HTTPException) else 500
    return _said({404: "not_found", 405: "method_not_allowed"}.get(status, "internal_error"), {})


def _failed(code: str) -> Callable[[Request, Exception], Response]:
    def say(_: Request, failure: Exception) -> Response:
        # the error's own text may repeat a value out of a table
        _log.error("exam service: %s", type(failure).__name__)
        return _said(code, {})

    return say

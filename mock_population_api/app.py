"""The registry over HTTP: routes, each from question to audited answer."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from mock_population_api import answers, models, search
from mock_population_api.bulk import jobs_routes
from mock_population_api.gate import GuardedRoute, caller_of, of_status, of_validation
from mock_population_api.problems import Problem, answer, documented
from mock_population_api.questions import check, from_rows
from mock_population_api.security import SCOPES, Caller
from mock_population_api.service import Service
from mock_population_api.signing_in import token_routes
from mock_population_api.verify import verify

SIGNED_IN = OAuth2(
    flows=OAuthFlows(
        clientCredentials=OAuthFlowClientCredentials(
            tokenUrl="oauth/token", scopes={scope: f"use {scope}" for scope in SCOPES}
        )
    ),
    auto_error=False,
    description="The gate has checked the token before; this names it in the OpenAPI document.",
)

ADMITTED = (
    "header_missing",
    "header_invalid",
    "token_missing",
    "token_invalid",
    "token_expired",
    "scope_missing",
    "purpose_unknown",
    "internal_error",
)
ASKED = (*ADMITTED, "body_malformed", "body_too_large", "content_type_unsupported", "question_invalid")
BATCH = (*ASKED, "batch_too_large")

CallerHere = Annotated[Caller, Depends(caller_of)]

router = APIRouter(route_class=GuardedRoute)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _answer(request: Request, results: list[dict[str, Any]]) -> Response:
    body = {"as_of": _service(request).store.facts.as_of, "results": results}
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/json")


def _within_batch(asked: list[Any]) -> None:
    if len(asked) > models.MOST_IN_BATCH:
        raise Problem("batch_too_large")


def _checked(service: Service, rows: Iterable[models.Question], operation: str) -> pa.Table:
    questions = from_rows([row.model_dump() for row in rows], operation)
    with service.store.cursor() as cursor:
        check(cursor, questions)
    return questions


def _subjects(table: pa.Table) -> list[str]:
    return [number for number in table.column("personal_id").to_pylist() if number is not None]


@router.get(
    "/v1/info",
    response_model=models.Info,
    responses=documented(*ADMITTED),
    dependencies=[Security(SIGNED_IN, scopes=["info"]), Depends(caller_of)],
)
def info(request: Request) -> dict[str, Any]:
    """How many people the registry holds, as of when, from where."""
    facts = _service(request).store.facts
    return {"entries": facts.entries, "as_of": facts.as_of, "source": facts.source}


@router.post(
    "/v1/verify",
    response_model=models.VerifyAnswer,
    responses=documented(*BATCH),
    dependencies=[Security(SIGNED_IN, scopes=["verify"])],
)
def verify_people(request: Request, batch: models.VerifyBatch, caller: CallerHere) -> Response:
    """Whether statements agree with the registry: a verdict per field, nothing disclosed."""
    _within_batch(batch.questions)
    service = _service(request)
    verdicts = verify(service.store, _checked(service, batch.questions, "verify"))
    service.audit.record(caller, "verify", _subjects(verdicts))
    return _answer(request, verdicts.drop_columns(["personal_id"]).to_pylist())


@router.post(
    "/v1/lookup",
    response_model=models.LookupAnswer,
    responses=documented(*BATCH),
    dependencies=[Security(SIGNED_IN, scopes=["lookup"])],
)
def lookup(request: Request, batch: models.NumberBatch, caller: CallerHere) -> Response:
    """Entries by current, superseded or former number."""
    _within_batch(batch.numbers)
    service = _service(request)
    found = service.store.lookup(pa.array(batch.numbers, pa.string()))
    service.audit.record(caller, "lookup", _subjects(found))
    return _answer(request, answers.of_lookup(batch.numbers, found))


@router.post(
    "/v1/trace",
    response_model=models.TraceAnswer,
    responses=documented(*BATCH),
    dependencies=[Security(SIGNED_IN, scopes=["trace"])],
)
def trace(request: Request, batch: models.TraceBatch, caller: CallerHere) -> Response:
    """Candidates by name, birth date and places, best first, 50 at most for each query."""
    _within_batch(batch.queries)
    service = _service(request)
    traced = search.trace(service.store, _checked(service, batch.queries, "trace"))
    service.audit.record(caller, "trace", _subjects(traced))
    return _answer(request, answers.of_trace([query.ref for query in batch.queries], traced))


@router.post(
    "/v1/relatives",
    response_model=models.RelativesAnswer,
    responses=documented(*BATCH),
    dependencies=[Security(SIGNED_IN, scopes=["relatives"])],
)
def relatives(request: Request, batch: models.NumberBatch, caller: CallerHere) -> Response:
    """Father, mother and children of the holders of current or superseded numbers."""
    _within_batch(batch.numbers)
    service = _service(request)
    related = service.store.relatives(pa.array(batch.numbers, pa.string()))
    service.audit.record(caller, "relatives", _subjects(related))
    return _answer(request, answers.of_relatives(batch.numbers, related))


@router.get(
    "/v1/audit",
    response_model=models.AuditAnswer,
    responses=documented(*ADMITTED, "question_invalid"),
    dependencies=[Security(SIGNED_IN, scopes=["audit"])],
)
def audit(
    request: Request, caller: CallerHere, subject: Annotated[str, Query(pattern=r"^[0-9]{12}$")]
) -> dict[str, Any]:
    """Who looked at the holder of the current number `subject`, when and for what; this look is kept too."""
    record = _service(request).audit
    lines = record.about(subject)
    record.record(caller, "audit", [subject])
    return {"subject": subject, "lines": lines}


@router.get("/healthz", response_model=models.Health)
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", response_model=models.Health, responses=documented("not_ready"))
def readyz(request: Request) -> dict[str, str]:
    """The store and the audit answer."""
    service = _service(request)
    try:
        with service.store.cursor() as cursor:
            cursor.sql("SELECT key FROM entries LIMIT 1").fetchall()
        service.audit.lines()
    except Exception as failure:
        raise Problem("not_ready", headers={"Retry-After": "5"}) from failure
    return {"status": "ok"}


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    service.jobs.start()
    yield
    service.close()


def create_app(service: Service) -> FastAPI:
    """The registry over HTTP; the app closes `service` when it shuts down."""
    app = FastAPI(
        title="Mock National Population Registry",
        version="1",
        description="Synthetic people only. Another party: its rules and its numbers are its own.",
        lifespan=_running,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    for routes in (router, token_routes, jobs_routes):
        app.include_router(routes)
    app.add_exception_handler(HTTPException, _framework_error)
    app.add_exception_handler(RequestValidationError, _framework_error)
    return app


async def _framework_error(request: Request, error: Exception) -> JSONResponse:
    """Errors raised outside of any route: an unknown address, another method."""
    if isinstance(error, RequestValidationError):
        return answer(request, of_validation(error))
    return answer(
        request, of_status(error) if isinstance(error, HTTPException) else Problem("internal_error")
    )

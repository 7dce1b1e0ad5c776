"""Questions about people: verify, lookup, trace, relatives, residence; each from question to audited answer."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from fastapi import APIRouter, Depends, Request, Security
from starlette.responses import Response

from mock_population_api import answers, models, search
from mock_population_api.gate import GuardedRoute, caller_of
from mock_population_api.problems import Problem, documented
from mock_population_api.questions import check, from_rows
from mock_population_api.routing import ADMITTED, BATCH, SIGNED_IN, CallerHere, framed, people_in
from mock_population_api.service import service_of
from mock_population_api.verify import verify

question_routes = APIRouter(route_class=GuardedRoute)


def _within_batch(asked: list[Any]) -> None:
    if len(asked) > models.MOST_IN_BATCH:
        raise Problem("batch_too_large")


def _checked(rows: Iterable[models.Question], operation: str) -> pa.Table:
    questions = from_rows([row.model_dump() for row in rows], operation)
    check(questions)
    return questions


@question_routes.get(
    "/v1/info",
    response_model=models.Info,
    responses=documented(*ADMITTED),
    dependencies=[Security(SIGNED_IN, scopes=["info"]), Depends(caller_of)],
)
def info(request: Request) -> dict[str, Any]:
    """How many people the registry holds, as of when, from where."""
    facts = service_of(request).store.facts
    return {"entries": facts.entries, "as_of": facts.as_of, "source": facts.source}


@question_routes.post(
    "/v1/verify",
    response_model=models.VerifyAnswer,
    responses=documented(*BATCH),
    dependencies=[Security(SIGNED_IN, scopes=["verify"])],
)
def verify_people(request: Request, batch: models.VerifyBatch, caller: CallerHere) -> Response:
    """Whether statements agree with the registry: a verdict per field, nothing disclosed."""
    _within_batch(batch.questions)
    service = service_of(request)
    verdicts = verify(service.store, _checked(batch.questions, "verify"))
    service.audit.record(caller, "verify", people_in(verdicts))
    return framed(request, verdicts.drop_columns(["personal_id"]).to_pylist())


@question_routes.post(
    "/v1/lookup",
    response_model=models.LookupAnswer,
    responses=documented(*BATCH),
    dependencies=[Security(SIGNED_IN, scopes=["lookup"])],
)
def lookup(request: Request, batch: models.NumberBatch, caller: CallerHere) -> Response:
    """Entries by current, superseded or former number."""
    _within_batch(batch.numbers)
    service = service_of(request)
    found = service.store.lookup(pa.array(batch.numbers, pa.string()))
    service.audit.record(caller, "lookup", people_in(found))
    return framed(request, answers.of_lookup(batch.numbers, found))


@question_routes.post(
    "/v1/trace",
    response_model=models.TraceAnswer,
    responses=documented(*BATCH),
    dependencies=[Security(SIGNED_IN, scopes=["trace"])],
)
def trace(request: Request, batch: models.TraceBatch, caller: CallerHere) -> Response:
    """Candidates by name, birth date and places, best first, 50 at most for each query."""
    _within_batch(batch.queries)
    service = service_of(request)
    traced = search.trace(service.store, _checked(batch.queries, "trace"))
    service.audit.record(caller, "trace", people_in(traced))
    return framed(request, answers.of_trace([query.ref for query in batch.queries], traced))


@question_routes.post(
    "/v1/relatives",
    response_model=models.RelativesAnswer,
    responses=documented(*BATCH),
    dependencies=[Security(SIGNED_IN, scopes=["relatives"])],
)
def relatives(request: Request, batch: models.NumberBatch, caller: CallerHere) -> Response:
    """Father, mother and children of the holders of current or superseded numbers."""
    _within_batch(batch.numbers)
    service = service_of(request)
    related = service.store.relatives(pa.array(batch.numbers, pa.string()))
    service.audit.record(caller, "relatives", people_in(related))
    return framed(request, answers.of_relatives(batch.numbers, related))


@question_routes.post(
    "/v1/residence",
    response_model=models.ResidenceAnswer,
    responses=documented(*BATCH),
    dependencies=[Security(SIGNED_IN, scopes=["residence"])],
)
def residence(request: Request, batch: models.NumberBatch, caller: CallerHere) -> Response:
    """Permanent residence of the holders of current or superseded numbers, for enrolment and exam priority."""
    _within_batch(batch.numbers)
    service = service_of(request)
    found = service.store.lookup(pa.array(batch.numbers, pa.string()))
    results, shown = answers.of_residence(batch.numbers, found)
    service.audit.record(caller, "residence", shown)
    return framed(request, results)

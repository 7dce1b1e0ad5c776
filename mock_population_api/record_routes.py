"""What is kept over time: the feed of changes, facts of the education side, and who looked at whom."""

import json
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Query, Request, Security
from starlette.responses import Response

from mock_population_api import answers, models
from mock_population_api.changes import MOST_ON_PAGE
from mock_population_api.gate import GuardedRoute
from mock_population_api.problems import Problem, documented
from mock_population_api.routing import ADMITTED, BATCH, SIGNED_IN, CallerHere, framed, people_in
from mock_population_api.service import service_of
from mock_population_api.store import Store

record_routes = APIRouter(route_class=GuardedRoute)


@record_routes.get(
    "/v1/changes",
    response_model=models.ChangesAnswer,
    responses=documented(*ADMITTED, "question_invalid", "cursor_invalid"),
    dependencies=[Security(SIGNED_IN, scopes=["changes"])],
)
def changes(
    request: Request,
    caller: CallerHere,
    since: Annotated[str | None, Query(max_length=64, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ON_PAGE)] = MOST_ON_PAGE,
) -> Response:
    """Who was born, corrected, renumbered or died since `since`, oldest first; from the beginning without it."""
    service = service_of(request)
    fault = request.state.fault
    page = service.changes.page(since, limit)
    if fault is not None and fault.kind == "duplicate_page":
        page = service.changes.before(since, limit) or page
    shown = answers.of_changes(page.changes)
    if fault is not None and fault.kind == "unordered_page":
        shown.reverse()
    service.audit.record(caller, "changes", people_in(page.changes))
    body = {"as_of": service.store.facts.as_of, "changes": shown, "next": page.next, "more": page.more}
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/json")


@record_routes.post(
    "/v1/enrichments",
    response_model=models.EnrichmentAnswer,
    responses=documented(*BATCH),
    dependencies=[Security(SIGNED_IN, scopes=["enrich"])],
)
def enrich(request: Request, batch: models.EnrichmentBatch, caller: CallerHere) -> Response:
    """Take in education facts about identified people; what was rejected is listed with the reason."""
    if len(batch.facts) > models.MOST_FACTS:
        raise Problem("batch_too_large")
    refs = [fact.ref for fact in batch.facts]
    if len(set(refs)) < len(refs):
        rows = [{"row": row, "column": "ref"} for row, ref in enumerate(refs) if refs.count(ref) > 1]
        raise Problem("question_invalid", errors=rows[:20])
    service = service_of(request)
    facts = [fact.as_stated() for fact in batch.facts]
    refused = _refused(service.store, [fact.personal_id for fact in batch.facts])
    taken = sorted({fact.personal_id for fact in batch.facts} - refused.keys())
    service.audit.record(caller, "enrichments", taken)
    outcomes = service.enrichments.upsert(caller.client, facts, refused)
    accepted = sum(outcome.outcome != "rejected" for outcome in outcomes)
    results = [
        {"ref": outcome.ref, "outcome": outcome.outcome, "reason": outcome.reason} for outcome in outcomes
    ]
    return framed(request, results, accepted=accepted, rejected=len(outcomes) - accepted)


def _refused(store: Store, numbers: list[str]) -> dict[str, str]:
    """Numbers about which no fact is taken → why. Facts about restricted people are taken; nothing is disclosed."""
    found = store.lookup(pa.array(numbers, pa.string()))
    rows = found.select(["asked", "found_by", "status"]).to_pylist()
    by_number = {row["asked"]: row for row in rows}
    return {number: reason for number in numbers if (reason := _reason(by_number.get(number)))}


def _reason(row: dict[str, Any] | None) -> str | None:
    if row is None:
        return "number_unknown"
    if row["found_by"] in {"superseded", "former"}:
        return f"number_{row['found_by']}"
    return "person_deceased" if row["status"] == "deceased" else None


@record_routes.get(
    "/v1/audit",
    response_model=models.AuditAnswer,
    responses=documented(*ADMITTED, "question_invalid"),
    dependencies=[Security(SIGNED_IN, scopes=["audit"])],
)
def audit(
    request: Request, caller: CallerHere, subject: Annotated[str, Query(pattern=r"^[0-9]{12}$")]
) -> dict[str, Any]:
    """Who looked at the holder of the current number `subject`, when and for what; this look is kept too."""
    record = service_of(request).audit
    lines = record.about(subject)
    record.record(caller, "audit", [subject])
    return {"subject": subject, "lines": lines, "head": record.head()}

"""For those who run the service: whether it lives, whether it is ready, what it counts, which faults are in force."""

from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Security
from starlette.responses import Response

from mock_population_api import models
from mock_population_api.faults import FaultRule
from mock_population_api.gate import GuardedRoute
from mock_population_api.metrics import TEXT
from mock_population_api.problems import Problem, documented
from mock_population_api.routing import ADMITTED, SIGNED_IN, CallerHere
from mock_population_api.service import service_of

watching_routes = APIRouter(route_class=GuardedRoute)


@watching_routes.get("/healthz", response_model=models.Health)
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@watching_routes.get("/readyz", response_model=models.Health, responses=documented("not_ready"))
def readyz(request: Request) -> dict[str, str]:
    """The store and the audit answer."""
    service = service_of(request)
    try:
        service.store.people.at(np.zeros(1, np.int64))
        service.audit.lines()
    except Exception as failure:
        raise Problem("not_ready", headers={"Retry-After": "5"}) from failure
    return {"status": "ok"}


@watching_routes.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **documented("internal_error"),
    },
)
def metrics(request: Request) -> Response:
    """Counts and times by route, client and status, as a Prometheus server reads them; nothing about people."""
    service = service_of(request)
    text = service.metrics.text(service.store.facts.entries, service.audit.lines(), service.jobs.states())
    return Response(text, media_type=TEXT)


@watching_routes.get(
    "/v1/faults",
    response_model=models.FaultRules,
    responses=documented(*ADMITTED),
    dependencies=[Security(SIGNED_IN, scopes=["faults"])],
)
def faults_in_force(request: Request, caller: CallerHere) -> dict[str, Any]:
    """The rules in force, first come first."""
    return {"rules": [vars(rule) for rule in service_of(request).faults.rules()]}


@watching_routes.put(
    "/v1/faults",
    response_model=models.FaultRules,
    responses=documented(
        *ADMITTED, "body_malformed", "body_too_large", "content_type_unsupported", "encoding_unsupported",
        "question_invalid",
    ),
    dependencies=[Security(SIGNED_IN, scopes=["faults"])],
)  # fmt: skip
def set_faults(request: Request, wanted: models.FaultRules, caller: CallerHere) -> dict[str, Any]:
    """Put these rules in force instead of all others; an empty list ends all faults. This route meets none itself."""
    service_of(request).faults.set([FaultRule(**rule.model_dump()) for rule in wanted.rules])
    return {"rules": wanted.rules}

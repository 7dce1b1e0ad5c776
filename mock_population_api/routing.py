"""What the routes have in common: who may be named in the OpenAPI document, the problems of the gate, the answer's frame."""

import json
from typing import Annotated, Any

import pyarrow as pa
from fastapi import Depends, Request
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2
from starlette.responses import Response

from mock_population_api.gate import caller_of
from mock_population_api.security import SCOPES, Caller
from mock_population_api.service import service_of

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
    "header_missing", "header_invalid", "token_missing", "token_invalid", "token_expired", "scope_missing",
    "purpose_unknown", "agency_unknown", "officer_unknown", "rate_exceeded", "quota_exhausted", "internal_error",
    "bad_gateway", "unavailable", "maintenance", "gateway_timeout",
)  # fmt: skip
"""Problems of any request with a token."""

ASKED = (
    *ADMITTED, "body_malformed", "body_too_large", "content_type_unsupported", "encoding_unsupported",
    "question_invalid", "request_in_flight", "request_id_reused",
)  # fmt: skip
"""Problems of any request with a JSON body."""

BATCH = (*ASKED, "batch_too_large")

CallerHere = Annotated[Caller, Depends(caller_of)]


def framed(request: Request, results: list[dict[str, Any]], **more: object) -> Response:
    """Results as they leave: with the moment that the registry's knowledge is of."""
    body = {"as_of": service_of(request).store.facts.as_of, "results": results, **more}
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/json")


def people_in(table: pa.Table) -> list[str]:
    """The personal IDs that an answer shows."""
    return [number for number in table.column("personal_id").to_pylist() if number is not None]

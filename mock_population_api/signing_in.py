"""POST /oauth/token: a client's name and secret for a short-lived token."""

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request, Response

from mock_population_api import models
from mock_population_api.gate import GuardedRoute
from mock_population_api.problems import Problem, documented
from mock_population_api.security import Client
from mock_population_api.service import service_of

token_routes = APIRouter(route_class=GuardedRoute)

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"const": "client_credentials"},
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string", "format": "password"},
                        "scope": {"type": "string", "description": "scopes parted by spaces; all if absent"},
                    },
                }
            }
        },
    }
}


@token_routes.post(
    "/oauth/token",
    response_model=models.Token,
    openapi_extra=_FORM,
    responses=documented(
        "body_malformed",
        "grant_unsupported",
        "scope_unknown",
        "client_unknown",
        "body_too_large",
        "content_type_unsupported",
        "encoding_unsupported",
        "internal_error",
    ),
)
async def token(request: Request, response: Response) -> dict[str, Any]:
    """Client credentials in the form or as HTTP Basic, for a token that lasts some minutes."""
    service = service_of(request)
    form = _form(await request.body())
    if form.get("grant_type") != "client_credentials":
        raise Problem("grant_unsupported")
    client = service.clients.check(*_credentials(request, form))
    scopes = _scopes(form, client)
    response.headers["Cache-Control"] = "no-store"
    return {
        "access_token": service.tokens.issue(client, scopes),
        "token_type": "Bearer",
        "expires_in": int(service.tokens.lifetime.total_seconds()),
        "scope": " ".join(sorted(scopes)),
    }


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=20))
    except ValueError as broken:
        raise Problem("body_malformed") from broken


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    kind, _, packed = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as broken:
        raise Problem("client_unknown") from broken
    return unquote_plus(name), unquote_plus(secret)


def _scopes(form: dict[str, str], client: Client) -> frozenset[str]:
    asked = frozenset(form.get("scope", "").split())
    if not asked <= client.scopes:
        raise Problem("scope_unknown")
    return asked or client.scopes

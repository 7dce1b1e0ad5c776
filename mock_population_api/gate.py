"""What every request passes before its body is looked at: token, headers, purpose, scope, content type, size."""

import logging
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from mock_population_api.problems import Problem, answer
from mock_population_api.security import PURPOSES, Caller, Tokens

LARGEST_BODY = 8 * 1024 * 1024
"""Bytes of a JSON or form body at most; an upload has a limit of its own."""

JSON, FORM = "application/json", "application/x-www-form-urlencoded"

_log = logging.getLogger("mock_population_api")
_CODE = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True)
class Need:
    """What a route asks of a request."""

    scope: str | None
    """Scope that the token must have; None where no token is needed."""
    body: str | None = None
    """Content type of the body that the gate reads; None where the route reads it, or there is none."""


NEEDS = {
    "/oauth/token": Need(None, FORM),
    "/v1/info": Need("info"),
    "/v1/verify": Need("verify", JSON),
    "/v1/lookup": Need("lookup", JSON),
    "/v1/trace": Need("trace", JSON),
    "/v1/relatives": Need("relatives", JSON),
    "/v1/jobs": Need("bulk"),
    "/v1/jobs/{job_id}": Need("bulk"),
    "/v1/jobs/{job_id}/result": Need("bulk"),
    "/v1/audit": Need("audit"),
    "/healthz": Need(None),
    "/readyz": Need(None),
}


class GuardedRoute(APIRoute):
    """A route behind the gate; whatever goes wrong in it becomes a problem, and no value reaches a log."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """The handler with the gate before it."""
        handle = super().get_route_handler()
        need = NEEDS[self.path]

        async def guarded(request: Request) -> Response:
            try:
                if need.scope is not None:
                    request.state.caller = admit(request, need.scope)
                if need.body is not None:
                    request = await _with_body(request, need.body)
                response = await handle(request)
            except Problem as problem:
                return answer(request, problem)
            except RequestValidationError as refused:
                return answer(request, of_validation(refused))
            except HTTPException as refused:
                return answer(request, of_status(refused))
            except Exception as failure:  # noqa: BLE001 - the contract of errors ends here; a message could hold a name
                _log.error("%s failed: %s", self.path, type(failure).__name__)
                return answer(request, Problem("internal_error"))
            if need.scope is not None:
                response.headers["X-Request-ID"] = request.state.request_id
            return response

        return guarded


def admit(request: Request, scope: str) -> Caller:
    """Who sends `request`, if they may use `scope`.

    Raises:
        Problem: token_*, header_*, purpose_unknown or scope_missing.
    """
    request.state.request_id = None
    stated = request.headers.get("x-request-id")
    if stated is not None:
        request.state.request_id = _request_id(stated)
    tokens: Tokens = request.app.state.service.tokens
    client, scopes = tokens.read(_bearer(request))
    if stated is None:
        raise Problem("header_missing", errors=[{"header": "X-Request-ID"}])
    agency, officer, purpose = (_code(request, name) for name in ("X-Agency", "X-Officer", "X-Purpose"))
    if purpose not in PURPOSES:
        raise Problem("purpose_unknown")
    caller = Caller(client, scopes, request.state.request_id, purpose, agency, officer)
    demand(caller, scope)
    return caller


def demand(caller: Caller, scope: str) -> None:
    """Let `caller` go on only with `scope`.

    Raises:
        Problem: scope_missing.
    """
    if scope not in caller.scopes:
        raise Problem("scope_missing", errors=[{"scope": scope}])


def caller_of(
    request: Request,
    x_request_id: Annotated[str, Header(description="UUID of this request, echoed")] = "",
    x_purpose: Annotated[str, Header(description=f"one of {', '.join(PURPOSES)}")] = "",
    x_agency: Annotated[str, Header(description="code of the asking agency")] = "",
    x_officer: Annotated[str, Header(description="code of the responsible officer")] = "",
) -> Caller:
    """Whom the gate let in; the headers are named here for the OpenAPI document only."""
    caller: Caller = request.state.caller
    return caller


def of_validation(refused: RequestValidationError) -> Problem:
    """The problem behind a body or parameter that has not the form of the model: places only, no values."""
    errors = refused.errors()
    if any(error["type"] == "json_invalid" for error in errors):
        return Problem("body_malformed")
    places = [
        {"at": "/" + "/".join(str(part) for part in error["loc"]), "problem": error["type"]}
        for error in errors
    ]
    return Problem("question_invalid", errors=places[:20])


def of_status(refused: HTTPException) -> Problem:
    """The problem behind an error of the framework."""
    codes = {404: "route_unknown", 405: "method_not_allowed", 413: "body_too_large", 400: "body_malformed"}
    headers = dict(refused.headers) if refused.headers else None
    return Problem(codes.get(refused.status_code, "internal_error"), headers=headers)


def _request_id(stated: str) -> str:
    try:
        return str(uuid.UUID(stated))
    except ValueError as wrong:
        raise Problem("header_invalid", errors=[{"header": "X-Request-ID"}]) from wrong


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Problem("token_missing")
    return token.strip()


def _code(request: Request, name: str) -> str:
    value = request.headers.get(name)
    if value is None:
        raise Problem("header_missing", errors=[{"header": name}])
    if not _CODE.fullmatch(value):
        raise Problem("header_invalid", errors=[{"header": name}])
    return value


async def chunks_within(request: Request, most_bytes: int) -> AsyncIterator[bytes]:
    """The body as it arrives.

    Raises:
        Problem: body_too_large, before more than `most_bytes` were taken in.
    """
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > most_bytes:
        raise Problem("body_too_large")
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most_bytes:
            raise Problem("body_too_large")
        yield chunk


def content_type(request: Request) -> str:
    """The media type of the body without parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _with_body(request: Request, wanted: str) -> Request:
    """The same request with its body read, within the limit, and ready to be read once more."""
    if content_type(request) != wanted:
        raise Problem("content_type_unsupported")
    body = b"".join([chunk async for chunk in chunks_within(request, LARGEST_BODY)])

    async def replay() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, replay)

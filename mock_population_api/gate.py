"""What every request passes before it is answered.

In this order: token, headers, scope, codes, rate, content type and size; then, where the same request ID was answered
before, the answer of then. Faults that somebody has asked for are made here too.
"""

import asyncio
import hashlib
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from mock_population_api.bodies import FORM, JSON, LARGEST_BODY, read_body, with_body
from mock_population_api.envelope import answer_fault
from mock_population_api.faults import Fault
from mock_population_api.problems import Problem, answer
from mock_population_api.replies import Reply
from mock_population_api.security import PURPOSES, Caller
from mock_population_api.service import service_of
from mock_population_api.spoiling import spoiled
from mock_population_api.wire import spoil_wire

_log = logging.getLogger("mock_population_api")
_CODE = re.compile(r"[A-Za-z0-9._:-]{1,64}")

Handle = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Need:
    """What a route asks of a request."""

    scope: str | None
    """Scope that the token must have; None where the route needs no token or looks at it itself."""
    body: str | None = None
    """Content type of the body that the gate reads of a POST or PUT; None where the route reads it."""
    answer_problem: Callable[[Request, Problem], Response] = answer
    """How a problem leaves."""


NEEDS = {
    "/oauth/token": Need(None, FORM),
    "/v1/info": Need("info"),
    "/v1/verify": Need("verify", JSON),
    "/v1/lookup": Need("lookup", JSON),
    "/v1/trace": Need("trace", JSON),
    "/v1/relatives": Need("relatives", JSON),
    "/v1/residence": Need("residence", JSON),
    "/v1/enrichments": Need("enrich", JSON),
    "/v1/changes": Need("changes"),
    "/v1/jobs": Need("bulk"),
    "/v1/jobs/{job_id}": Need("bulk"),
    "/v1/jobs/{job_id}/result": Need("bulk"),
    "/v1/audit": Need("audit"),
    "/v1/faults": Need("faults", JSON),
    "/soap/citizen": Need(None, answer_problem=answer_fault),
    "/healthz": Need(None),
    "/readyz": Need(None),
    "/metrics": Need(None),
}


class GuardedRoute(APIRoute):
    """A route behind the gate; whatever goes wrong in it becomes a problem, and no value reaches a log."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """The handler with the gate before it."""
        handle = super().get_route_handler()
        need, path = NEEDS[self.path], self.path

        async def guarded(request: Request) -> Response:
            began = time.perf_counter()
            state = request.state
            state.caller, state.request_id, state.fault, state.told = None, None, None, {}
            response = await _answered(request, handle, need, path)
            response.headers.update(request.state.told)
            caller: Caller | None = request.state.caller
            seconds = time.perf_counter() - began
            service = service_of(request)
            service.metrics.answered(path, response.status_code, caller.client if caller else "", seconds)
            return response

        return guarded


async def _answered(request: Request, handle: Handle, need: Need, path: str) -> Response:
    """What `handle` answers to who may ask, or the problem there is."""
    try:
        return await _admitted(request, handle, need, path)
    except Problem as refused:
        problem = refused
    except RequestValidationError as refused:
        problem = of_validation(refused)
    except HTTPException as refused:
        problem = of_status(refused)
    except Exception as failure:  # noqa: BLE001 - the contract of errors ends here; a message could hold a name
        _log.error("%s failed: %s", path, type(failure).__name__)
        problem = Problem("internal_error")
    return need.answer_problem(request, problem)


async def _admitted(request: Request, handle: Handle, need: Need, path: str) -> Response:
    caller = None
    if need.scope is not None:
        caller = request.state.caller = admit(request, need.scope)
        request.state.told["X-Request-ID"] = caller.request_id
        charge(request, caller)
    body = b""
    if need.body is not None and request.method != "GET":
        body = await read_body(request, need.body, LARGEST_BODY)
        request = with_body(request, body)
    if caller is None or need.scope == "faults":
        return await handle(request)
    fault = await meet_fault(request, caller, path, body)
    if need.body is None:
        response = await handle(request)
    else:
        response = await remembered(request, caller, body, lambda: handle(request))
    return spoiled(response, fault)


def charge(request: Request, caller: Caller) -> None:
    """Count the request against what the client may ask; the answer tells what is left.

    Raises:
        Problem: rate_exceeded or quota_exhausted.
    """
    request.state.told.update(service_of(request).rates.take(caller.client))


async def meet_fault(request: Request, caller: Caller, path: str, body: bytes) -> Fault | None:
    """The fault that is asked for this request, after its wait; those of the line are left to the wire.

    Raises:
        Problem: The one that the fault stands for.
    """
    service = service_of(request)
    fault = service.faults.draw(caller, path, body)
    if fault is None:
        return None
    service.metrics.fault_made(fault.kind)
    if fault.kind == "latency":
        await asyncio.sleep(fault.seconds)
    if fault.kind == "token_expired":
        service.tokens.revoke(bearer(request))
    request.state.fault = fault
    spoil_wire(request.scope, fault)
    problem = fault.problem()
    if problem is not None:
        raise problem
    return fault


async def remembered(
    request: Request, caller: Caller, body: bytes, answer_now: Callable[[], Awaitable[Response]]
) -> Response:
    """The answer given before under the request's ID, else the one that `answer_now` gives.

    Raises:
        Problem: request_id_reused or request_in_flight.
    """
    replies, service = service_of(request).replies, service_of(request)
    words = (request.method, request.url.path, caller.purpose, caller.agency, caller.officer)
    fingerprint = hashlib.sha256("\n".join(words).encode() + b"\n\n" + body).digest()
    known = await run_in_threadpool(replies.begin, caller.client, caller.request_id, fingerprint)
    if known is not None:
        service.metrics.replayed()
        return Response(known.body, known.status, {"Idempotent-Replayed": "true"}, known.media_type)
    try:
        response = await answer_now()
    except BaseException:
        replies.drop(caller.client, caller.request_id)
        raise
    if not 200 <= response.status_code < 300:
        replies.drop(caller.client, caller.request_id)
        return response
    reply = Reply(response.status_code, response.headers["content-type"], bytes(response.body))
    await run_in_threadpool(replies.keep, caller.client, caller.request_id, reply)
    return response


def admit(request: Request, scope: str) -> Caller:
    """Who sends `request`, if they may use `scope`.

    Raises:
        Problem: token_*, header_*, *_unknown or scope_missing.
    """
    stated = request.headers.get("x-request-id")
    if stated is not None:
        request.state.request_id = _request_id(stated)
    service = service_of(request)
    client, scopes = service.tokens.read(bearer(request))
    if stated is None:
        raise Problem("header_missing", errors=[{"header": "X-Request-ID"}])
    agency, officer, purpose = (_code(request, name) for name in ("X-Agency", "X-Officer", "X-Purpose"))
    service.clients.allowed(client).check(purpose, agency, officer)
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


def bearer(request: Request) -> str:
    """The token that the request carries.

    Raises:
        Problem: token_missing.
    """
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

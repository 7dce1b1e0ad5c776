"""The registry over HTTP: all its routes in one app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from mock_population_api.bulk import jobs_routes
from mock_population_api.gate import of_status, of_validation
from mock_population_api.problems import Problem, answer
from mock_population_api.question_routes import question_routes
from mock_population_api.record_routes import record_routes
from mock_population_api.service import Service
from mock_population_api.signing_in import token_routes
from mock_population_api.soap import soap_routes
from mock_population_api.watching import watching_routes
from mock_population_api.wire import Wire


class _App(FastAPI):
    """Hands every message through a wire, outside of all else, so that faults of the line can be made."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            send = Wire(scope, send).send
        await super().__call__(scope, receive, send)


_AT_ONCE = 8
"""Questions that are answered at once. More are answered no sooner and hold more mapped pages: with 50 clients and 100 million entries 4 GB, not 3."""


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    service.jobs.start()
    current_default_thread_limiter().total_tokens = _AT_ONCE
    yield
    service.close()


def create_app(service: Service) -> FastAPI:
    """The registry over HTTP; the app closes `service` when it shuts down."""
    app = _App(
        title="Mock National Population Registry",
        version="1",
        description="Synthetic people only. Another party: its rules and its numbers are its own.",
        lifespan=_running,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    for routes in (question_routes, record_routes, token_routes, jobs_routes, watching_routes, soap_routes):
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

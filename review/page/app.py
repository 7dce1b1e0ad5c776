"""The review page as an application: routes, headers, what is said when something goes wrong."""

import logging
from collections.abc import Callable

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from connectors.database import reading
from connectors.errors import DatabaseProblem
from review.page import case_routes, figure_routes, list_routes, run_routes, signing_in
from review.page.desk import Desk, desk_of
from review.page.gate import FormRefused, NotAllowed, NotSignedIn, guard, language_of, to_sign_in
from review.page.rendering import STATIC, rendered, static_address, static_file
from review.texts import texts

_log = logging.getLogger("identity_sync.review")


def make_app(desk: Desk) -> FastAPI:
    """The application.

    Args:
        desk: What it works with; the sync tables are made, the open records laid out by whoever starts it.
    """
    app = FastAPI(title="identity-sync review", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.desk = desk
    app.middleware("http")(guard)
    for part in (signing_in, list_routes, case_routes, figure_routes, run_routes):
        app.include_router(part.routes)
    app.add_api_route("/static/{version}/{name}", _static, methods=["GET"])
    app.add_api_route("/health", _health, methods=["GET"])
    app.add_exception_handler(NotSignedIn, to_sign_in)
    app.add_exception_handler(FormRefused, _told("page.form_refused", 403))
    app.add_exception_handler(NotAllowed, _told("page.not_allowed", 403))
    app.add_exception_handler(DatabaseProblem, _told("page.database", 503))
    app.add_exception_handler(HTTPException, _told("page.not_found", 404))
    app.add_exception_handler(Exception, _broken)
    return app


def _told(key: str, status: int) -> Callable[[Request, Exception], Response]:
    def say(request: Request, error: Exception) -> Response:
        if status >= 500:
            _log.error("%s: %s", type(error).__name__, error)
        return _notice(request, key, status)

    return say


def _broken(request: Request, error: Exception) -> Response:
    # the error's own text may repeat a value out of a table
    _log.error("unforeseen: %s", type(error).__name__)
    return _notice(request, "page.broken", 500)


def _notice(request: Request, key: str, status: int) -> Response:
    text = texts(language_of(request))
    synthetic = desk_of(request).synthetic
    return rendered("plain.html.j2", status, t=text, title=text(key), token="", synthetic=synthetic)


def _static(version: str, name: str) -> Response:
    if name not in STATIC or f"/static/{version}/{name}" != static_address(name):
        raise HTTPException(404)
    forever = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(static_file(name), media_type=STATIC[name], headers=forever)


def _health(request: Request) -> Response:
    with reading(desk_of(request).engine) as connection:
        connection.exec_driver_sql("SELECT 1")
    return PlainTextResponse("ok")

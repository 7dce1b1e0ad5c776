"""Signing in and out, and the language."""

import hmac
import logging
from secrets import token_urlsafe

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from connectors.audit import Action
from connectors.database import reading, writing
from connectors.review_people import (
    COUNTED_FOR,
    begin_session,
    end_session,
    failures,
    forget_failures,
    note_failure,
    user_with_password,
)
from review.page.desk import desk_of
from review.page.gate import (
    LANGUAGE_COOKIE,
    Form,
    FormRefused,
    Posting,
    cookie_name,
    digest,
    language_of,
    set_cookie,
)
from review.page.rendering import rendered
from review.passwords import fits
from review.texts import LANGUAGES, texts
from review.trail import NOBODY

MOST_OF_BOTH, MOST_OF_USER, MOST_OF_ADDRESS = 5, 20, 50
"""Failed sign-ins after which a user at an address, a user anywhere, an address has to wait."""

_FORM_COOKIE = "sign-in"
_log = logging.getLogger("identity_sync.review")
routes = APIRouter()


@routes.get("/sign-in")
def ask(request: Request) -> Response:
    """The form."""
    return _form(request, problem="page.sign_in.ended" if request.query_params.get("ended") else "")


def _form(request: Request, status: int = 200, problem: str = "") -> Response:
    desk, text = desk_of(request), texts(language_of(request))
    token = request.cookies.get(cookie_name(desk, _FORM_COOKIE)) or token_urlsafe(32)
    said = text(problem, minutes=int(COUNTED_FOR.total_seconds() // 60)) if problem else ""
    page = rendered("sign_in.html.j2", status, t=text, token=token, problem=said, synthetic=desk.synthetic)
    set_cookie(desk, page, _FORM_COOKIE, token)
    return page


@routes.post("/sign-in")
def sign_in(request: Request, form: Form) -> Response:
    """Name and password for a session."""
    desk, now = desk_of(request), desk_of(request).clock()
    _known_form(request, form)
    username, address = form.get("username", "").strip()[:80], request.client.host if request.client else ""
    with reading(desk.engine) as connection:
        failed = failures(connection, username, address, now)
        known = user_with_password(connection, username)
    if (
        failed.of_both >= MOST_OF_BOTH
        or failed.of_user >= MOST_OF_USER
        or failed.of_address >= MOST_OF_ADDRESS
    ):
        _log.warning("sign-in refused: too many failures")
        return _form(request, 429, "page.sign_in.wait")
    if not fits(known[1] if known else None, form.get("password", "")) or known is None:
        with writing(desk.engine) as connection:
            note_failure(connection, username, address, now)
            who = known[0].username if known else NOBODY
            desk.trail.signing(connection, who, Action.SIGN_IN_FAILED, address, now)
        return _form(request, 403, "page.sign_in.wrong")
    token = token_urlsafe(32)
    with writing(desk.engine) as connection:
        forget_failures(connection, username, address)
        begin_session(connection, digest(token), known[0].username, token_urlsafe(32), now)
        desk.trail.signing(connection, known[0].username, Action.SIGNED_IN, address, now)
    _log.info("%s signed in", known[0].username)
    response = RedirectResponse("/", 303)
    set_cookie(desk, response, "session", token)
    return response


def _known_form(request: Request, form: Form) -> None:
    """Nobody is signed in by a form of another site: what stands in it is what stands in the cookie."""
    kept = request.cookies.get(cookie_name(desk_of(request), _FORM_COOKIE), "")
    if not kept or not hmac.compare_digest(form.get("token", "").encode(), kept.encode()):
        raise FormRefused


@routes.post("/sign-out")
def sign_out(request: Request, posted: Posting) -> Response:
    """The session ends."""
    desk = posted.desk
    with writing(desk.engine) as connection:
        end_session(connection, digest(request.cookies.get(cookie_name(desk, "session"), "")))
        address = request.client.host if request.client else ""
        desk.trail.signing(connection, posted.user.username, Action.SIGNED_OUT, address, desk.clock())
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(
        cookie_name(desk, "session"), path="/", httponly=True, samesite="strict", secure=desk.secure
    )
    return response


@routes.post("/language")
def choose_language(request: Request, form: Form) -> Response:
    """Another language from now on; whoever sends this form changes nothing but words."""
    wanted, back = form.get("language", ""), form.get("back", "/")
    local = back.startswith("/") and not back.startswith(("//", "/\\"))
    response = RedirectResponse(back if local and back.isprintable() else "/", 303)
    if wanted in LANGUAGES:
        set_cookie(desk_of(request), response, LANGUAGE_COOKIE, wanted)
    return response

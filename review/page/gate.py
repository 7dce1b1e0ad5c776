"""Who asks, and whether a form is one of ours: sessions, form tokens, headers, host names."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from connectors.review_cases import Reach
from connectors.review_page_tables import Role
from connectors.review_people import Session, User, session_of
from review.deciding import reach_of
from review.page.desk import Desk, desk_of
from review.texts import LANGUAGES, Texts, texts

LANGUAGE_COOKIE = "language"
_LARGEST_FORM = 64 * 1024
_MOST_FIELDS = 40
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    # no-referrer would also hide from us where a form was sent from
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class NotSignedIn(Exception):
    """Nobody is signed in, or not any more."""


class FormRefused(Exception):
    """A form that is not one of ours, or too large."""


class NotAllowed(Exception):
    """The user's role does not allow it."""


@dataclass(frozen=True)
class Visit:
    """A request of somebody who is signed in."""

    desk: Desk
    session: Session
    text: Texts

    @property
    def user(self) -> User:
        """Who."""
        return self.session.user

    @property
    def reach(self) -> Reach:
        """What they may see."""
        return reach_of(self.user)


@dataclass(frozen=True)
class Posted(Visit):
    """A form of somebody who is signed in, its token checked."""

    form: Mapping[str, str]


def cookie_name(desk: Desk, name: str) -> str:
    """The name of a cookie; over HTTPS one that no other host may set."""
    return f"__Host-{name}" if desk.secure else name


def set_cookie(desk: Desk, response: Response, name: str, value: str) -> None:
    """Set a cookie that scripts and other sites don't see."""
    response.set_cookie(
        cookie_name(desk, name), value, path="/", httponly=True, samesite="strict", secure=desk.secure
    )


def digest(token: str) -> str:
    """What is kept of a cookie: whoever reads the database can't sign in by it."""
    return sha256(token.encode()).hexdigest()


def language_of(request: Request) -> str:
    """The language that was chosen, else the installation's."""
    desk = desk_of(request)
    wanted = request.cookies.get(cookie_name(desk, LANGUAGE_COOKIE), "")
    return wanted if wanted in LANGUAGES else desk.language


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form.

    Raises:
        FormRefused: It is too large, or no form, or sent by another site.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise FormRefused
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/x-www-form-urlencoded":
        raise FormRefused
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_FORM:
            raise FormRefused
    try:
        return dict(
            parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
        )
    except ValueError:
        raise FormRefused from None


def visit_of(request: Request) -> Visit:
    """Who asks.

    Raises:
        NotSignedIn: Nobody, or not any more.
    """
    desk = desk_of(request)
    token = request.cookies.get(cookie_name(desk, "session"), "")
    session = session_of(desk.engine, digest(token), desk.clock()) if token else None
    if session is None:
        raise NotSignedIn
    return Visit(desk, session, texts(language_of(request)))


Form = Annotated[dict[str, str], Depends(form_of)]
Visiting = Annotated[Visit, Depends(visit_of)]


def posted_of(visit: Visiting, form: Form) -> Posted:
    """A form, its token checked.

    Raises:
        FormRefused: The token is not the session's.
    """
    if not hmac.compare_digest(form.get("token", "").encode(), visit.session.form_token.encode()):
        raise FormRefused
    return Posted(visit.desk, visit.session, visit.text, form)


Posting = Annotated[Posted, Depends(posted_of)]


def overseer_of(visit: Visiting) -> Visit:
    """Who asks, where only supervisors and auditors may.

    Raises:
        NotAllowed: A reviewer asks.
    """
    if visit.user.role == Role.REVIEWER:
        raise NotAllowed
    return visit


Overseeing = Annotated[Visit, Depends(overseer_of)]


def deciding_of(posted: Posting) -> Posted:
    """A form of somebody who may change something.

    Raises:
        NotAllowed: An auditor asks.
    """
    if posted.user.role == Role.AUDITOR:
        raise NotAllowed
    return posted


Deciding = Annotated[Posted, Depends(deciding_of)]


async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Answer to our own names only, and send the headers that keep a page to itself."""
    desk = desk_of(request)
    if request.url.hostname not in desk.hosts:
        return PlainTextResponse("unknown host name", 421)
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if desk.secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def to_sign_in(request: Request, _: Exception) -> Response:
    """Whoever is not signed in is asked to; what they sent is lost, and that is said."""
    return RedirectResponse("/sign-in?ended=1" if request.method == "POST" else "/sign-in", 303)

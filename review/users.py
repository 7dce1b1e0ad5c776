"""Users of the page: made, listed, shut out."""

import re
from datetime import datetime

import sqlalchemy as sa

from connectors.review_people import User, add_user, disable_user, set_password
from review.errors import PasswordTooShort, UsernameTaken, UsernameUnusable, UserUnknown
from review.passwords import LONGEST, SHORTEST, hashed

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


def new_user(engine: sa.Engine, user: User, password: str, now: datetime) -> None:
    """Let somebody sign in from now on.

    Raises:
        UsernameUnusable: Something else than small letters, digits, dots and dashes.
        PasswordTooShort: Or longer than can be used.
        UsernameTaken: Somebody has that username, or that name.
    """
    if not _USERNAME.fullmatch(user.username):
        raise UsernameUnusable(user.username)
    _check(password)
    if not add_user(engine, user, hashed(password), now):
        raise UsernameTaken(user.username)


def new_password(engine: sa.Engine, username: str, password: str) -> None:
    """Give somebody another password; whoever is signed in by the old one is no more.

    Raises:
        PasswordTooShort: Or longer than can be used.
        UserUnknown: There is no such user.
    """
    _check(password)
    if not set_password(engine, username, hashed(password)):
        raise UserUnknown(username)


def shut_out(engine: sa.Engine, username: str, now: datetime) -> None:
    """Let somebody sign in no more.

    Raises:
        UserUnknown: There is no such user who may.
    """
    if not disable_user(engine, username, now):
        raise UserUnknown(username)


def _check(password: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordTooShort(SHORTEST, LONGEST)

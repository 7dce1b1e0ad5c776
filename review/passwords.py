"""Passwords of the page's users: hashed with argon2, checked at the same cost whether or not there is such a user."""

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

SHORTEST = 12
"""Characters of a password, at least."""
LONGEST = 200

_hasher = PasswordHasher()
_at_once = BoundedSemaphore(2)
"""Each check takes 64 MiB; a flood of sign-ins must not take all there is."""


def hashed(password: str) -> str:
    """The hash to keep."""
    return _hasher.hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Whether a password is the one that was hashed.

    Args:
        kept: The hash; None where there is no such user, which then takes as long.
        password: As typed.
    """
    with _at_once:
        try:
            _hasher.verify(kept or _nobodys(), password[:LONGEST])
        except (Argon2Error, InvalidHashError):
            return False
    return kept is not None


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody's")

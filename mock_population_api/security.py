"""Who may ask: clients and their secrets, short-lived tokens, scopes and purposes."""

import hashlib
import hmac
import secrets
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mock_population_api.errors import ClientFileError
from mock_population_api.problems import Problem

SCOPES = (
    "verify", "lookup", "trace", "relatives", "bulk", "info", "changes", "residence", "enrich", "audit", "faults",
)  # fmt: skip
"""What a token can allow."""

ORDINARY = tuple(scope for scope in SCOPES if scope != "faults")
"""What a client is allowed whose scopes nobody has named; faults are made by those only who were told to."""

PURPOSES = ("link-education", "school-enrolment", "examination", "inspection")
"""Reasons to ask that are on the list; the first is the one of identity linkage."""

Clock = Callable[[], datetime]

_ISSUER = "mock-population-api"
_SHORTEST_SECRET = 16


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Allowed:
    """In whose name and why a client may ask; None where any code of the right form will do."""

    purposes: frozenset[str] = frozenset(PURPOSES)
    agencies: frozenset[str] | None = None
    officers: frozenset[str] | None = None

    def check(self, purpose: str, agency: str, officer: str) -> None:
        """Raise the problem of the first code that is not on its list.

        Raises:
            Problem: purpose_unknown, agency_unknown or officer_unknown.
        """
        if purpose not in self.purposes:
            raise Problem("purpose_unknown")
        if self.agencies is not None and agency not in self.agencies:
            raise Problem("agency_unknown")
        if self.officers is not None and officer not in self.officers:
            raise Problem("officer_unknown")


@dataclass(frozen=True)
class Client:
    """A client, what it may ask, and what its secret is checked against."""

    name: str
    scopes: frozenset[str]
    secret_check: str
    """SHA-256 of the secret in hex, or an argon2 hash as it stood in the file."""
    allowed: Allowed = Allowed()


@dataclass(frozen=True)
class Caller:
    """Who sent a request, for whom and why: what the audit keeps of it."""

    client: str
    scopes: frozenset[str]
    request_id: str
    purpose: str
    agency: str
    officer: str


def client_of(
    name: str, secret: str, scopes: Iterable[str] = ORDINARY, allowed: Allowed | None = None
) -> Client:
    """A client whose secret (or argon2 hash of it) is `secret`.

    Raises:
        ClientFileError: The secret is too short, or a scope is unknown.
    """
    wanted = frozenset(scopes)
    if not wanted <= set(SCOPES):
        raise ClientFileError(name, f"unknown scope; there are {', '.join(SCOPES)}")
    if secret.startswith("$argon2"):
        return Client(name, wanted, secret, allowed or Allowed())
    if len(secret) < _SHORTEST_SECRET:
        raise ClientFileError(name, f"the secret is shorter than {_SHORTEST_SECRET} characters")
    return Client(name, wanted, hashlib.sha256(secret.encode()).hexdigest(), allowed or Allowed())


def read_client(named_file: str) -> Client:
    """A client from `NAME:FILE`, the file holding its secret or an argon2 hash of it; ordinary scopes.

    Raises:
        ClientFileError: The text has no colon, or the file can't be read.
    """
    name, _, file = named_file.partition(":")
    if not name or not file:
        raise ClientFileError(name or "?", "write NAME:FILE, where FILE holds the secret")
    return client_of(name, _secret_in(name, Path(file)))


def read_clients(file: Path) -> list[Client]:
    """Clients from a TOML file: `[clients.NAME]` with `secret_file` and, as wanted, scopes and lists of codes.

    `scopes`, `purposes`, `agencies` and `officers` are lists of texts.

    Raises:
        ClientFileError: The file can't be read or is not of this form.
    """
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))["clients"]
        described = [
            (name, Path(table["secret_file"]), table.get("scopes", ORDINARY), _allowed(name, table))
            for name, table in tables.items()
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as broken:
        raise ClientFileError(
            "?", f"{file} is no list of clients ([clients.NAME] with secret_file)"
        ) from broken
    return [
        client_of(name, _secret_in(name, file.parent / secret), scopes, allowed)
        for name, secret, scopes, allowed in described
    ]


def _allowed(name: str, table: Mapping[str, Any]) -> Allowed:
    lists = {word: _codes(table[word]) for word in ("purposes", "agencies", "officers") if word in table}
    if not lists.get("purposes", frozenset()) <= set(PURPOSES):
        raise ClientFileError(name, f"unknown purpose; there are {', '.join(PURPOSES)}")
    return Allowed(**lists)


def _codes(stated: object) -> frozenset[str]:
    if not isinstance(stated, list) or not all(isinstance(code, str) for code in stated):
        raise TypeError
    return frozenset(stated)


def _secret_in(name: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as broken:
        raise ClientFileError(name, f"the secret file {file} can't be read") from broken


class Clients:
    """The clients that may fetch tokens."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._by_name = {client.name: client for client in clients}
        # an unknown name takes the same path as a wrong secret
        self._nobody = Client("", frozenset(), hashlib.sha256(secrets.token_bytes(32)).hexdigest())

    def allowed(self, name: str) -> Allowed:
        """What the client `name`, who has signed in, may state."""
        return self._by_name[name].allowed

    def check(self, name: str, secret: str) -> Client:
        """The client `name`, if `secret` is its own.

        Raises:
            Problem: client_unknown, without saying which of the two was wrong.
        """
        client = self._by_name.get(name, self._nobody)
        if not _matches(secret, client.secret_check):
            raise Problem("client_unknown", headers={"WWW-Authenticate": "Basic"})
        return client


def _matches(secret: str, check: str) -> bool:
    if not check.startswith("$argon2"):
        return hmac.compare_digest(hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest(), check)
    try:
        return PasswordHasher().verify(check, secret)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


class Tokens:
    """Makes and reads tokens. The key lives in memory only: a restart of the service ends all of them."""

    def __init__(self, lifetime: timedelta = timedelta(minutes=15), clock: Clock = now) -> None:
        self.lifetime = lifetime
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._revoked: dict[str, float] = {}

    def issue(self, client: Client, scopes: Iterable[str]) -> str:
        """A token of `client` for `scopes`."""
        moment = self._clock()
        claims: Mapping[str, object] = {
            "iss": _ISSUER,
            "aud": _ISSUER,
            "sub": client.name,
            "scope": " ".join(sorted(scopes)),
            "iat": moment,
            "exp": moment + self.lifetime,
            "jti": secrets.token_hex(8),
        }
        return jwt.encode(dict(claims), self._key, algorithm="HS256")

    def read(self, token: str) -> tuple[str, frozenset[str]]:
        """The client and the scopes that `token` speaks of.

        Raises:
            Problem: token_invalid or token_expired.
        """
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience=_ISSUER,
                issuer=_ISSUER,
                # the expiry is compared with our own clock below
                options={"require": ["exp", "sub", "scope"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as refused:
            raise Problem("token_invalid") from refused
        if self._clock().timestamp() >= claims["exp"] or token in self._revoked:
            raise Problem("token_expired")
        return claims["sub"], frozenset(claims["scope"].split())

    def revoke(self, token: str) -> None:
        """End a token before its time; from now on it counts as expired."""
        moment = self._clock().timestamp()
        self._revoked = {old: ends for old, ends in self._revoked.items() if ends > moment}
        self._revoked[token] = moment + self.lifetime.total_seconds()

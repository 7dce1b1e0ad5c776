"""What goes to the registry and what comes back: credentials, headers, a call, a reply."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.errors import RegistryNonsense
from connectors.registry_patience import retry_after

_RETRIED = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Credentials:
    """What the registry knows the client by.

    Attributes:
        client_id: name of the client.
        client_secret: its secret; not shown by `repr`.
        scope: the scopes asked for, separated by spaces.
    """

    client_id: str
    client_secret: str = field(repr=False)
    scope: str = "info lookup trace relatives bulk"


@dataclass(frozen=True)
class Identity:
    """Who asks, and what for; sent with every request and logged by the registry.

    Raises:
        ValueError: a code is empty or can't stand in a header.
    """

    purpose: str
    agency: str
    officer: str

    def __post_init__(self) -> None:
        for name in ("purpose", "agency", "officer"):
            if not re.fullmatch(r"[!-~]+", getattr(self, name)):
                raise ValueError(f"registry {name} code must be printable ASCII without spaces")

    def headers(self) -> dict[str, str]:
        """As request headers."""
        return {"X-Purpose": self.purpose, "X-Agency": self.agency, "X-Officer": self.officer}


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        route: the path as documented, for messages; `path` may carry a job's ID.
        content: the body.
        insist: whether it is tried until it is answered, or once.
        understood: codes of problems that the caller knows what to do about, and that trying again at once would not cure.
    """

    method: str
    route: str
    path: str = ""
    content: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    authorised: bool = True
    insist: bool = True
    understood: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


@dataclass(frozen=True)
class Reply:
    """An answer received in full: status, headers (lower case), body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_success(self) -> bool:
        """Whether the registry did what was asked."""
        return 200 <= self.status < 300

    @property
    def may_pass(self) -> bool:
        """Whether it is worth trying again."""
        if self.status in _RETRIED or 500 <= self.status < 600:
            return True
        # 401: the token has expired; 409: the same question or job is still under way, because an earlier answer was lost
        return self.status in {401, 409} and self._problem().get("retryable") is True

    @property
    def problem_code(self) -> str:
        """The stable code of a problem, `unknown` when there is none."""
        code = self._problem().get("code")
        # anything else might be a message that repeats the question
        return code if isinstance(code, str) and re.fullmatch(r"[a-z][a-z_.-]{0,63}", code) else "unknown"

    def _problem(self) -> dict[str, object]:
        content = _parsed(self.body) if self.media_type == "application/problem+json" else None
        return content if isinstance(content, dict) else {}

    @property
    def kind(self) -> str:
        """In a word that may be logged."""
        return f"status {self.status}"

    @property
    def media_type(self) -> str:
        """Content type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def retry_after(self) -> float:
        """Seconds that the registry asks us to wait."""
        return retry_after(self.headers) or 0.0


@dataclass(frozen=True)
class Failure:
    """A try without an answer that can be used.

    Attributes:
        kind: in a word that may be logged.
        may_pass: whether it is worth trying again.
    """

    kind: str
    may_pass: bool = True
    retry_after: float = 0.0


def read_json(reply: Reply, what: str) -> dict[str, object]:
    """The JSON object a reply holds.

    Raises:
        RegistryNonsense: another content type, no JSON, no object.
    """
    if reply.media_type != "application/json" and not reply.media_type.endswith("+json"):
        raise RegistryNonsense(f"{what}: content type is not JSON")
    content = _parsed(reply.body)
    if not isinstance(content, dict):
        raise RegistryNonsense(f"{what}: answer is cut off or not a JSON object")
    return content


def _parsed(body: bytes) -> object:
    try:
        content: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return content

"""Who may ask for the exam cohort one by one: clients with a key each, of which only a digest is kept."""

import json
import re
import secrets
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from connectors.files_out import whole_file
from pipelines.checkpoints import owners_folder
from pipelines.errors import SettingsWrong
from pipelines.settings import Settings

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_KEY_BYTES = 32


@dataclass(frozen=True)
class ExamClient:
    """A system that may ask."""

    name: str
    digest: str
    """SHA-256 of its key: the key is 256 bits of chance, so nothing slower is needed."""
    provinces: tuple[str, ...] = ()
    """Codes of the provinces whose schools' pupils it is told of; empty for all."""


class ExamClients:
    """The clients in one file, read again when it has changed: who is shut out is shut out at once."""

    def __init__(self, settings: Settings) -> None:
        """The file may not be there yet: nobody may ask then."""
        self._path = settings.home / "exam-clients.json"
        self._seen: tuple[int, int] | None = None
        self._by_digest: dict[str, ExamClient] = {}

    def with_key(self, key: str) -> ExamClient | None:
        """Who has this key; None for nobody."""
        return self._known().get(_digest(key))

    def names(self) -> list[str]:
        """All clients."""
        return sorted(client.name for client in self._known().values())

    def add(self, name: str, provinces: tuple[str, ...]) -> str:
        """Let a system ask; its key, which is told this once. A name that is there already gets a new key.

        Raises:
            SettingsWrong: The name can't be used.
        """
        if not _NAME.fullmatch(name):
            raise SettingsWrong([f"exam client {name!r}: 1 to 32 small letters, digits and hyphens"])
        key = secrets.token_urlsafe(_KEY_BYTES)
        self._write([*self._others(name), ExamClient(name, _digest(key), provinces)])
        return key

    def remove(self, name: str) -> bool:
        """Shut a system out; whether it was there."""
        others = self._others(name)
        found = len(others) < len(self._known())
        if found:
            self._write(others)
        return found

    def _others(self, name: str) -> list[ExamClient]:
        return [client for client in self._known().values() if client.name != name]

    def _known(self) -> dict[str, ExamClient]:
        if not self._path.is_file():
            return {}
        facts = self._path.stat()
        if self._seen != (facts.st_mtime_ns, facts.st_ino):
            self._by_digest = {client.digest: client for client in _read(self._path)}
            self._seen = (facts.st_mtime_ns, facts.st_ino)
        return self._by_digest

    def _write(self, clients: list[ExamClient]) -> None:
        owners_folder(self._path.parent)
        with whole_file(self._path) as stream:
            stream.write(json.dumps([asdict(client) for client in clients], indent=1).encode() + b"\n")


def _read(path: Path) -> list[ExamClient]:
    try:
        return [
            ExamClient(one["name"], one["digest"], tuple(one["provinces"]))
            for one in json.loads(path.read_text(encoding="utf-8"))
        ]
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise SettingsWrong([f"{path} can't be read ({type(broken).__name__})"]) from None


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()

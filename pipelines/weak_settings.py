"""What a set-up lacks in safety: files that others can read, secrets that can be guessed, lines that can be listened to.

Nothing here stops a run; `identity-sync config check` tells of it, and an officer decides.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa

from pipelines.errors import SettingsWrong
from pipelines.settings import SECRETS, Known, Settings, secret_named

SHORTEST_SECRET = 16
_GUESSED = (
    "changeme",
    "change-me",
    "default",
    "example",
    "identity-sync",
    "password",
    "passwort",
    "matkhau",
    "secret",
    "123456",
    "demo",
    "test",
)
_KEPT_LONG = 3 * 365


@dataclass(frozen=True)
class Weakness:
    """One thing that is weaker than it has to be."""

    word: str
    """Of the catalogue: `weak.<word>` says what it is and what to do."""
    where: str
    """A setting or a file; never a value."""


def weaknesses(known: Known, environment: Mapping[str, str] = os.environ) -> list[Weakness]:
    """Everything that is found, the gravest first within each subject.

    Args:
        known: The settings, and where they came from.
        environment: Variables of the process, for what Prefect is told.
    """
    settings = known.settings
    return [
        *_files(known),
        *_secrets(settings),
        *_lines(settings, environment),
        *_database("database_url", settings.database_url, known),
        *_database("prefect_database_url", _given(settings, "prefect_database_url"), known),
        *_kept(settings),
    ]


def _files(known: Known) -> Iterator[Weakness]:
    settings = known.settings
    if known.file is not None:
        yield from _open_to_others(known.file.resolve(), writing_only=True)
    for name in SECRETS:
        file: Path | None = getattr(settings, f"{name}_file")
        if file is not None:
            yield from _open_to_others(file)
    database = _sqlite_file(settings)
    for path in (settings.home, *sorted(settings.home.glob("*")), *([database] if database else [])):
        yield from _open_to_others(path)


def _sqlite_file(settings: Settings) -> Path | None:
    try:
        url = sa.make_url(settings.database_url)
    except sa.exc.ArgumentError:
        return None
    named = url.get_backend_name() == "sqlite" and url.database and not url.database.startswith("file:")
    return Path(str(url.database)) if named else None


def _open_to_others(path: Path, *, writing_only: bool = False) -> Iterator[Weakness]:
    """A file that others can read or change, or put another in the place of."""
    try:
        seen = path.stat()
        above = path.resolve().parent.stat()
    except OSError:
        return
    if seen.st_uid not in (os.geteuid(), 0):
        yield Weakness("owner", str(path))
    if seen.st_mode & 0o022:
        yield Weakness("writable", str(path))
    elif seen.st_mode & 0o077 and not writing_only:
        yield Weakness("readable", str(path))
    if above.st_mode & 0o022 and not above.st_mode & stat.S_ISVTX:
        yield Weakness("folder_writable", str(path.parent))


def _secrets(settings: Settings) -> Iterator[Weakness]:
    for name in ("registry_secret", "smtp_password"):
        secret = _given(settings, name)
        if secret is None:
            continue
        if any(word in secret.lower() for word in (*_GUESSED, settings.registry_client_id.lower())):
            yield Weakness("guessed", name)
        elif len(secret) < SHORTEST_SECRET or len(set(secret)) < SHORTEST_SECRET // 2:
            yield Weakness("short", name)
    for key in settings.home.glob("*.key"):
        if key.stat().st_size < 32:
            yield Weakness("short", str(key))


def _given(settings: Settings, name: str) -> str | None:
    try:
        return secret_named(settings, name)
    except SettingsWrong:
        # that others can read it is told of its file
        return None


def _lines(settings: Settings, environment: Mapping[str, str]) -> Iterator[Weakness]:
    addresses = {
        "registry_url": settings.registry_url,
        "notify_webhook": _given(settings, "notify_webhook"),
        "PREFECT_API_URL": environment.get("PREFECT_API_URL"),
    }
    for name, address in addresses.items():
        if address and _plain(address):
            yield Weakness("plain_http", name)
    if settings.notify_email and settings.smtp_security == "none" and not loopback(settings.smtp_host):
        yield Weakness("plain_mail", "smtp_security")
    if environment.get("PREFECT_API_URL") and not environment.get("PREFECT_API_AUTH_STRING"):
        yield Weakness("prefect_open", "PREFECT_API_AUTH_STRING")


def _plain(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "http" and not loopback(parts.hostname or "")


def loopback(host: str) -> bool:
    """Whether a host is this machine, by its name alone: no name is looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _database(name: str, address: str | None, known: Known) -> Iterator[Weakness]:
    try:
        url = sa.make_url(address) if address else None
    except sa.exc.ArgumentError:
        return
    if url is None or not url.get_backend_name().startswith("postgres"):
        return
    if url.password and known.origins.get(name) == str(known.file):
        yield Weakness("password_in_file", name)
    host = str(url.host or url.query.get("host", ""))
    # no host, or a path, is a socket of this machine
    if not host or host.startswith("/") or loopback(host):
        return
    mode = url.query.get("sslmode", url.query.get("ssl", ""))
    if mode not in ("require", "verify-ca", "verify-full"):
        yield Weakness("database_plain", name)
    elif mode != "verify-full":
        yield Weakness("database_unverified", name)


def _kept(settings: Settings) -> Iterator[Weakness]:
    for name in ("keep_runs_days", "keep_reports_days", "keep_looks_days"):
        if getattr(settings, name) > _KEPT_LONG:
            yield Weakness("kept_long", name)

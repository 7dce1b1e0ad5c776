"""What a run works with: settings, database, registry, models, clock; opened once, handed on, closed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import sqlalchemy as sa

from connectors.audit import Action, Auditor, Event, write_down
from connectors.database import open_database
from connectors.moments import behind
from connectors.registry import Asked, RegistryClient
from connectors.registry_messages import Credentials, Identity
from connectors.registry_patience import Limits
from matching import model
from matching.frequency import Frequencies
from matching.frequency_file import load_frequencies
from matching.model import Model
from matching.registry import RegistryFacts
from pipelines.auditing import auditor
from pipelines.checkpoints import Checkpoint
from pipelines.errors import SettingsWrong
from pipelines.kept_answers import KeptAnswers
from pipelines.local_registry import local_registry
from pipelines.progress import Silence, Told
from pipelines.scope import Scope
from pipelines.settings import Settings, secret_of


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def clock_ahead(by: timedelta) -> Callable[[], datetime]:
    """A clock that goes so far ahead of the machine's."""
    return (lambda: utc_now() + by) if by else utc_now


@dataclass(frozen=True)
class Means:
    """What every stage may use."""

    settings: Settings
    engine: sa.Engine
    http: httpx2.Client
    credentials: Credentials
    identity: Identity
    limits: Limits
    told: Told
    auditor: Auditor
    clock: Callable[[], datetime] = utc_now
    behind: timedelta = timedelta(0)
    """How far the machine's clock stands behind what the database holds; `clock` makes up for it."""

    def client(
        self, run: str, folder: Path, kind: str | None = None, province: str | None = None
    ) -> KeptAnswers:
        """A registry client for one partition of a run, its answers kept in `folder`; what it asks is written down."""
        asked = self._noting(run, self.identity, kind, province)
        client = KeptAnswers(self.http, self.credentials, self.identity, self.limits, run=run, asked=asked)
        return client.keep_in(folder, lambda done, total: self.told.counted("registry", done, total))

    def asking(self, run: str, scopes: str, purpose: str = "") -> RegistryClient:
        """A registry client for a job beside the sync, with scopes of its own and, where it has one, a purpose of its own."""
        credentials = replace(self.credentials, scope=scopes)
        identity = replace(self.identity, purpose=purpose or self.identity.purpose)
        asked = self._noting(run, identity)
        return RegistryClient(self.http, credentials, identity, self.limits, asked=asked)

    def _noting(
        self, run: str, identity: Identity, kind: str | None = None, province: str | None = None
    ) -> Asked:
        """Writes down every batch of questions before it is sent."""
        why = {"purpose": identity.purpose, "agency": identity.agency}

        def asked(operation: str, questions: int) -> None:
            facts = {"operation": operation, "questions": questions, **why}
            write_down(
                self.engine, self.auditor, Event(run, Action.ASKED, facts, kind, province), self.clock()
            )

        return asked


@dataclass(frozen=True)
class ProvinceRun:
    """One province in one run: what its stages are handed."""

    means: Means
    run: str
    scope: Scope
    province: str
    registry: RegistryFacts
    models: Mapping[str, Model]
    known: Frequencies

    def checkpoint(self, kind: str = "") -> Checkpoint:
        """What is kept of a partition; without a kind, of the province."""
        folder = runs_folder(self.means.settings) / self.run / self.province
        return Checkpoint(folder / kind if kind else folder)

    def client(self, kind: str) -> KeptAnswers:
        """The registry client of a partition."""
        return self.means.client(self.run, self.checkpoint(kind).folder / "answers", kind, self.province)


def runs_folder(settings: Settings) -> Path:
    """Where the tables of runs are kept."""
    return settings.home / "runs"


def reports_folder(settings: Settings, run: str) -> Path:
    """Where a run's reports and lists lie."""
    return settings.home / "reports" / run


def model_file(settings: Settings) -> Path:
    """The models that the last full run learned."""
    return settings.home / "model.json"


@contextmanager
def open_means(settings: Settings, told: Told | None = None) -> Iterator[Means]:
    """Open database and registry for a run.

    Raises:
        SettingsWrong: Nothing says which registry, or how to sign in there.
        DatabaseProblem: The database can't be reached.
        RegistryNotStarted: The registry that should run beside us did not come up.
    """
    limits = Limits(
        workers=settings.registry_workers,
        deadline=settings.registry_patience,
        breaker_seconds=min(15.0, settings.registry_patience / 10),
    )
    credentials = Credentials(settings.registry_client_id, secret_of(settings))
    try:
        identity = Identity(settings.registry_purpose, settings.registry_agency, settings.registry_officer)
    except ValueError as error:
        raise SettingsWrong([str(error)]) from None
    engine = open_database(settings.database_url)
    try:
        with _address(settings) as address, httpx2.Client(base_url=address) as http:
            late = behind(engine, utc_now())
            yield Means(
                settings, engine, http, credentials, identity, limits, told or Silence(), auditor(settings),
                clock_ahead(late), late,
            )  # fmt: skip
    finally:
        engine.dispose()


@contextmanager
def _address(settings: Settings) -> Iterator[str]:
    if settings.registry_url:
        yield settings.registry_url
    elif settings.registry_command:
        with local_registry(settings.registry_command, settings.home / "registry") as address:
            yield address
    else:
        raise SettingsWrong(["neither registry_url nor registry_command is given"])


def stored_models(settings: Settings) -> dict[str, Model]:
    """The models that this run's are shrunk to: those of the last full run, else those of the package."""
    file = model_file(settings)
    return model.load(file if file.is_file() else None)


def frequencies(entries: int) -> Frequencies:
    """How common names, dates and places are; a service can't be counted."""
    return load_frequencies(entries)

"""The parts of a running service, put together once and handed to the app."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mock_population_api.audit import Audit
from mock_population_api.jobs import JobLimits, Jobs
from mock_population_api.security import Client, Clients, Clock, Tokens, now
from mock_population_api.store import Store


@dataclass(frozen=True)
class Service:
    """Everything that answers a request."""

    store: Store
    clients: Clients
    tokens: Tokens
    audit: Audit
    jobs: Jobs

    def close(self) -> None:
        """Stop the jobs and let go of all files."""
        self.jobs.stop()
        self.audit.close()
        self.store.close()


def open_service(
    folder: Path,
    clients: Iterable[Client],
    *,
    limits: JobLimits | None = None,
    clock: Clock = now,
    memory_limit: str = "3GB",
) -> Service:
    """The service of the store in `folder` (made by `build_store`) for `clients`."""
    store = Store(folder, memory_limit)
    audit = Audit(folder, clock)
    return Service(store, Clients(clients), Tokens(clock=clock), audit, Jobs(store, audit, limits, clock))

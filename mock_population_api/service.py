"""The parts of a running service, put together once and handed to the app."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from mock_population_api.audit import Audit
from mock_population_api.changes import Changes
from mock_population_api.enrichments import Enrichments
from mock_population_api.faults import Faults
from mock_population_api.jobs import JobLimits, Jobs
from mock_population_api.metrics import Metrics
from mock_population_api.rates import Rate, RateLimits
from mock_population_api.replies import Replies
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
    changes: Changes
    enrichments: Enrichments
    rates: RateLimits
    replies: Replies
    faults: Faults
    metrics: Metrics

    def close(self) -> None:
        """Stop the jobs and let go of all files."""
        self.jobs.stop()
        self.enrichments.close()
        self.audit.close()
        self.store.close()


@dataclass(frozen=True)
class Policy:
    """What the service allows, withholds and pretends."""

    jobs: JobLimits | None = None
    rate: Rate | None = None
    restricted: frozenset[str] = frozenset()
    """Current numbers of people whose entries are withheld."""
    scenarios: bool = False
    """Whether magic numbers make faults (`scenarios`)."""


def open_service(
    folder: Path,
    clients: Iterable[Client],
    *,
    policy: Policy | None = None,
    changes: Path | None = None,
    clock: Clock = now,
    memory_limit: str = "3GB",
) -> Service:
    """The service of the store in `folder` (made by `build_store`) for `clients`.

    Args:
        folder: of the store; audit, jobs and enrichments are kept in it.
        clients: who may ask.
        policy: what is allowed; the defaults if None.
        changes: folder of changes, as `evolve-registry` writes them; an empty feed if None.
        clock: time.
        memory_limit: for DuckDB.

    Raises:
        MockRegistryError: a folder can't be used, or the audit has been tampered with.
    """
    rules = policy or Policy()
    audit = Audit(folder, clock)
    store = Store(folder, memory_limit, restricted=rules.restricted)
    return Service(
        store=store,
        clients=Clients(clients),
        tokens=Tokens(clock=clock),
        audit=audit,
        jobs=Jobs(store, audit, rules.jobs, clock),
        changes=Changes(changes, store.veil),
        enrichments=Enrichments(folder, clock),
        rates=RateLimits(rules.rate, clock),
        replies=Replies(clock),
        faults=Faults(clock, rules.scenarios),
        metrics=Metrics(),
    )


def service_of(request: Request) -> Service:
    """The service that `request` came to."""
    service: Service = request.app.state.service
    return service

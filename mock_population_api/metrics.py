"""What the service tells a Prometheus server: counts and times by route, client and status; nothing about people."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

TEXT = CONTENT_TYPE_LATEST
"""Media type of the text."""

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "registry_requests", "Requests answered", ("route", "status", "client"), registry=self._registry
        )
        self._seconds = Histogram(
            "registry_request_seconds", "Time to the answer", ("route",), buckets=_SECONDS, registry=self._registry
        )  # fmt: skip
        self._faults = Counter(
            "registry_faults", "Faults made on demand", ("fault",), registry=self._registry
        )
        self._replays = Counter(
            "registry_replays", "Answers given again from memory", registry=self._registry
        )
        self._jobs = Gauge("registry_jobs", "Bulk jobs by state", ("state",), registry=self._registry)
        self._audit = Gauge("registry_audit_lines", "Lines of the audit", registry=self._registry)
        self._entries = Gauge("registry_entries", "People held", registry=self._registry)

    def answered(self, route: str, status: int, client: str, seconds: float) -> None:
        """One request was answered; `client` is empty where nobody signed in."""
        self._requests.labels(route, str(status), client).inc()
        self._seconds.labels(route).observe(seconds)

    def fault_made(self, fault: str) -> None:
        """A fault was made on demand."""
        self._faults.labels(fault).inc()

    def replayed(self) -> None:
        """An answer was given again from memory."""
        self._replays.inc()

    def text(self, entries: int, audit_lines: int, jobs: dict[str, int]) -> bytes:
        """Everything in Prometheus' text form, with the state of the moment given."""
        self._entries.set(entries)
        self._audit.set(audit_lines)
        for state, count in jobs.items():
            self._jobs.labels(state).set(count)
        return generate_latest(self._registry)

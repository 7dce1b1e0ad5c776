"""Fixtures of several packages: the wheel's PostgreSQL server, started once."""

import sys
from collections.abc import Iterator

import pytest

from benchmarks.postgres_server import PostgresServer


@pytest.fixture(autouse=True)
def without_nets_left() -> Iterator[None]:
    """What a run puts before the handlers of its process must not stand before those of the next test."""
    yield
    if "pipelines.logs" in sys.modules:
        sys.modules["pipelines.logs"].unguard_handlers()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.stop()

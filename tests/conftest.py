"""Fixtures of several packages: the wheel's PostgreSQL server, started once."""

from collections.abc import Iterator

import pytest

from benchmarks.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.stop()

"""Fixtures of the connector tests: both databases, moments, and a client of a registry that fails on demand."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.audit import Auditor
from connectors.database import open_database
from connectors.education import create_tables
from connectors.registry import RegistryClient
from connectors.registry_patience import Limits

from .fake_registry import CREDENTIALS, IDENTITY, Registry, Time, connected


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'education.db'}"
    address: str = request.getfixturevalue("postgres_server").empty_database()
    return address


@pytest.fixture
def bare_engine(database_url: str) -> Iterator[sa.Engine]:
    """An open database with nothing in it."""
    engine = open_database(database_url, wait=5)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(bare_engine: sa.Engine) -> sa.Engine:
    """An open education database, its tables empty."""
    create_tables(bare_engine)
    return bare_engine


@pytest.fixture
def at() -> Callable[[float], datetime]:
    """The moment some seconds after the beginning of a test's time."""
    return lambda seconds: datetime(2026, 11, 21, 20, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.fixture
def auditor() -> Auditor:
    """Who writes down what the tests write."""
    return Auditor(b"the key of the tests only", "tests")


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def client(registry: Registry, time: Time) -> Iterator[RegistryClient]:
    with connected(registry, time) as http:
        limits = Limits(workers=1, bulk_from=10_000)
        yield RegistryClient(http, CREDENTIALS, IDENTITY, limits, clock=time.clock())

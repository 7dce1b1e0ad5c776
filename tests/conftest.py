"""Fixtures of several packages: the wheel's PostgreSQL server, started once; the order of the tests beside what is compiled first."""

import sys
from collections.abc import Iterator

import pytest

from benchmarks.postgres_server import PostgresServer

from . import compiling

COMPILING = pytest.StashKey[list]()


def pytest_configure(config: pytest.Config) -> None:
    """With several workers, what is compiled is compiled beside them."""
    several = bool(config.getoption("numprocesses", None)) and not hasattr(config, "workerinput")
    config.stash[COMPILING] = compiling.begin() if several else []


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing goes on when the tests are over."""
    for process in config.stash.get(COMPILING, []):
        process.terminate()
        process.wait()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First what waits for little that is compiled, then what stays on one worker, then the rest, which fills up whatever is left."""
    items.sort(
        key=lambda item: (len(compiling.needed(item.path)), item.get_closest_marker("xdist_group") is None)
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Wait before the test's own time begins."""
    for half in compiling.needed(item.path):
        compiling.await_end(half)
    return (yield)


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

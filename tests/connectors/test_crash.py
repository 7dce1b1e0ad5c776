"""Killed at any moment and started again until done, the database ends as after an undisturbed run."""

import multiprocessing
import random
import runpy
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.database import open_database, reading
from connectors.education import create_tables
from connectors.education_tables import sync_metadata

SCRIPT = Path(__file__).with_name("crash_child.py")
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["connectors.writeback"])


def written(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all sync tables; numbers that the database gives are left out, it may skip some."""
    engine = open_database(url)
    with reading(engine) as connection:
        found = {}
        for name, table in sync_metadata.tables.items():
            columns = [column for column in table.c if column.name != "entry" or not column.autoincrement]
            found[name] = sorted(map(repr, connection.execute(sa.select(*columns)).tuples()))
    engine.dispose()
    return found


def run_child(url: str, patience: float | None) -> int | None:
    """The child's exit code; negative when it was killed, so many seconds after it had begun to write."""
    started = processes.Event()
    child = processes.Process(target=runpy.run_path, args=(str(SCRIPT), {"url": url, "started": started}))
    child.start()
    started.wait(60)
    child.join(patience)
    child.kill()
    child.join()
    return child.exitcode


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('clean') / 'clean.db'}"
    engine = open_database(url)
    create_tables(engine)
    engine.dispose()
    assert run_child(url, None) == 0
    return written(url)


def test_a_write_that_is_killed_again_and_again_ends_as_an_undisturbed_one(
    database_url: str, clean: dict[str, list[tuple[Any, ...]]]
) -> None:
    engine = open_database(database_url)
    create_tables(engine)
    engine.dispose()
    chance = random.Random(443)
    kills = 0
    # a little more patience each time, so that it ends on the slowest machine
    while run_child(database_url, patience=chance.uniform(0, 0.05) + kills / 6) != 0:
        kills += 1
    assert kills
    assert written(database_url) == clean
    assert len(clean["link_history"]) > 500

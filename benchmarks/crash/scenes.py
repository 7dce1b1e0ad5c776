"""The two beginnings on each database: everything for the first time, and a night that finds changes, answers and conflicts."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from benchmarks.crash.child import Start
from benchmarks.crash.forked import in_child
from benchmarks.crash.lane import Scene
from benchmarks.crash.worlds import PROVINCES, World, live_until_tonight, load
from benchmarks.postgres_server import PostgresServer
from pipelines.auditing import auditor
from pipelines.seals import seal_key
from pipelines.settings import Settings


class Databases(Protocol):
    """Where databases are made and copied."""

    def empty(self, name: str) -> str:
        """A new one, with nothing in it."""

    def copy(self, name: str, to: str) -> str:
        """A copy of one that nobody uses."""


class Files:
    """SQLite."""

    def __init__(self, folder: Path) -> None:
        """In a folder."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def empty(self, name: str) -> str:
        """A file that is not there yet."""
        return f"sqlite:///{self._folder / name}.db"

    def copy(self, name: str, to: str) -> str:
        """With what stands in the journal."""
        for path in self._folder.glob(f"{name}.db*"):
            shutil.copy(path, self._folder / path.name.replace(name, to, 1))
        return self.empty(to)


class Server:
    """PostgreSQL."""

    def __init__(self, server: PostgresServer) -> None:
        """On a server."""
        self._server = server

    def empty(self, name: str) -> str:
        """From the server's own template."""
        return self._server.copy("template1", name)

    def copy(self, name: str, to: str) -> str:
        """By the server."""
        return self._server.copy(name, to)


def scenes(
    world: World, databases: Databases, work: Path, registry: str, kinds: Sequence[str] = ()
) -> dict[str, Callable[[], Scene]]:
    """Name → how a beginning is made."""

    def first() -> Scene:
        home = work / "first" / "home"
        in_child(lambda: _load(world, databases.empty("first"), home, PROVINCES[:1]))
        return Scene("first", ("sync", "--all", *kinds), _copying(databases, "first"), home)

    def night() -> Scene:
        home = work / "night" / "home"

        def lived() -> None:
            url = databases.empty("night")
            _load(world, url, home, PROVINCES)
            live_until_tonight(Start(url, home, registry, world.secret))

        in_child(lived)
        return Scene("night", ("sync", *kinds), _copying(databases, "night"), home)

    return {"first": first, "night": night}


def _load(world: World, url: str, home: Path, provinces: Sequence[str]) -> None:
    home.mkdir(parents=True, mode=0o700)
    load(world, url, provinces)
    # the keys are made once: seals are to be the same in every run
    settings = Settings(database_url=url, home=home)
    auditor(settings)
    seal_key(settings)


def _copying(databases: Databases, name: str) -> Callable[[Path], str]:
    return lambda folder: databases.copy(name, "run_" + folder.name.replace("-", "_"))

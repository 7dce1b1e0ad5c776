"""The feed of changes: who was born, corrected, renumbered or died since a client last asked.

Changes are Parquet files of schema CHANGE in one folder, oldest first by name, as `evolve-registry` writes them, one
for each night. A cursor says how many changes a client has had; it holds as long as no earlier file is altered.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from mock_population_api.building import literal
from mock_population_api.errors import ChangesFolderError
from mock_population_api.problems import Problem
from mock_population_api.restrictions import Veil
from mock_population_api.schemas import CHANGE

KINDS = ("born", "corrected", "superseded", "deceased")
MOST_ON_PAGE = 1_000
_CURSOR = re.compile(r"([0-9a-f]{12})-([0-9]{1,15})")


@dataclass(frozen=True)
class Page:
    """A piece of the feed."""

    changes: pa.Table
    """CHANGE, oldest first."""
    next: str
    """Cursor of what comes after."""
    more: bool


@dataclass(frozen=True)
class _Feed:
    """The files of a folder as they were at some moment."""

    files: tuple[Path, ...] = ()
    counts: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        """How many changes there are."""
        return sum(self.counts)

    @property
    def name(self) -> str:
        """The feed is named by where it begins: files that are added later go on with it."""
        return _named(self.files[0].name) if self.files else _EMPTY


class Changes:
    """The feed of one folder; without a folder there are no changes. May be shared by threads."""

    def __init__(self, folder: Path | None, veil: Veil | None = None) -> None:
        """Look at the files that are there now.

        Raises:
            ChangesFolderError: A file isn't what `evolve-registry` writes.
        """
        self._folder = folder
        self._veil = veil or Veil()
        files = _files(folder)
        self._feed = _Feed(files, tuple(_rows(file) for file in files))

    @property
    def total(self) -> int:
        """How many changes there are."""
        return self._now().total

    def page(self, since: str | None, most: int = MOST_ON_PAGE) -> Page:
        """Up to `most` changes after the cursor `since`; from the beginning if None.

        Restricted people are left out, so a page may be shorter than `most` though more follow.

        Raises:
            Problem: cursor_invalid.
        """
        feed = self._now()
        first = _place(feed, since)
        last = min(first + most, feed.total)
        shown = self._veil.over_changes(_between(feed, first, last))
        return Page(shown, f"{feed.name}-{last}", last < feed.total)

    def before(self, since: str | None, most: int = MOST_ON_PAGE) -> Page | None:
        """The page before the one after `since`; None where that is the first.

        Raises:
            Problem: cursor_invalid.
        """
        feed = self._now()
        first = _place(feed, since)
        return self.page(f"{feed.name}-{max(0, first - most)}", most) if first else None

    def _now(self) -> _Feed:
        """With the files that were added since; one that can't be read yet, and those after it, wait."""
        feed = self._feed
        added = _files(self._folder)[len(feed.files) :]
        for file in added:
            try:
                rows = _rows(file)
            except ChangesFolderError:
                break
            feed = _Feed((*feed.files, file), (*feed.counts, rows))
        self._feed = feed
        return feed


def _named(begin: str) -> str:
    return hashlib.sha256(begin.encode()).hexdigest()[:12]


_EMPTY = _named("")


def _files(folder: Path | None) -> tuple[Path, ...]:
    return tuple(sorted(folder.glob("*.parquet"))) if folder else ()


def _place(feed: _Feed, since: str | None) -> int:
    if since is None or since == f"{_EMPTY}-0":
        return 0
    parts = _CURSOR.fullmatch(since)
    if parts is None or parts[1] != feed.name or int(parts[2]) > feed.total:
        raise Problem("cursor_invalid")
    return int(parts[2])


def _between(feed: _Feed, first: int, last: int) -> pa.Table:
    """Changes number `first` to `last`, without the latter."""
    found, begins = [CHANGE.empty_table()], 0
    for file, rows in zip(feed.files, feed.counts, strict=True):
        low, high = max(first - begins, 0), min(last - begins, rows)
        if low < high:
            found.append(_slice(file, low, high))
        begins += rows
    return pa.concat_tables(found)


def _rows(file: Path) -> int:
    try:
        if not pq.read_schema(file).equals(CHANGE):
            raise ChangesFolderError(file, "has other columns than a file of changes")
        return int(pq.read_metadata(file).num_rows)
    except (pa.ArrowException, OSError) as broken:
        raise ChangesFolderError(file, "is not a Parquet file that can be read") from broken


def _slice(file: Path, low: int, high: int) -> pa.Table:
    question = f"SELECT * FROM read_parquet({literal(file)}, file_row_number = true) WHERE file_row_number >= $low AND file_row_number < $high ORDER BY file_row_number"
    with duckdb.connect() as engine:
        found = engine.sql(question, params={"low": low, "high": high}).to_arrow_table()
    return found.select(CHANGE.names).cast(CHANGE)

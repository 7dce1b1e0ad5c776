"""Who looked at whom, when and why: written before the answer leaves, and never changed.

One line per request stands in SQLite with the people it disclosed; those of a bulk job stand beside in one sorted
Parquet file. Each line carries a digest over itself, its people and the line before, so that a line changed, removed,
moved or put in between shows. The last line and its digest, the *head*, stand in a file of their own, written after
every line, so that lines cut off at the end show too. Whoever can alter both files can cut unseen only back to a head
that nobody else has kept: every answer of `GET /v1/audit` tells the head.
"""

import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from mock_population_api.building import literal
from mock_population_api.errors import AuditBroken
from mock_population_api.security import Caller, Clock, now
from mock_population_api.shown import Shown

MOST_LINES = 1_000
"""Lines that one question about a person returns at most, newest first."""

_TABLES = """
    CREATE TABLE IF NOT EXISTS requests (
        line INTEGER PRIMARY KEY, at TEXT NOT NULL, request_id TEXT NOT NULL, client TEXT NOT NULL,
        agency TEXT NOT NULL, officer TEXT NOT NULL, purpose TEXT NOT NULL, action TEXT NOT NULL,
        people INTEGER NOT NULL, people_digest TEXT NOT NULL, file TEXT, digest TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS disclosed (
        subject TEXT NOT NULL, line INTEGER NOT NULL, PRIMARY KEY (subject, line)) WITHOUT ROWID;
"""
_HEAD = "audit.head"
_NO_LINE = "0:"
_WITH_HEAD = 1
"""Version of a record that has a head; older ones had none."""
_COLUMNS = "line, at, request_id, client, agency, officer, purpose, action, people, people_digest, file"


@dataclass(frozen=True)
class Line:
    """One look at one person."""

    at: str
    request_id: str
    client: str
    agency: str
    officer: str
    purpose: str
    action: str


class Audit:
    """The record of all disclosures of one store."""

    def __init__(self, folder: Path, clock: Clock = now) -> None:
        """Open, or begin, the record in `folder`.

        Raises:
            AuditBroken: the last lines that were written are no longer there.
        """
        self._folder = folder
        self._disclosures = folder / "disclosures"
        self._disclosures.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = folder / "audit.sqlite"
        file.touch(mode=0o600)
        self._clock = clock
        self._lock = threading.Lock()
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(_TABLES)
        if self._database.execute("PRAGMA user_version").fetchone()[0] < _WITH_HEAD:
            self._write_head()
            self._database.execute(f"PRAGMA user_version = {_WITH_HEAD}")
        finding = self._against_head(self.kept_head())
        if finding is not None:
            self._database.close()
            raise AuditBroken(folder, finding)

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._database.close()

    def record(self, caller: Caller, action: str, subjects: Iterable[str]) -> None:
        """Keep that `caller` was shown `subjects` (personal IDs), in one write."""
        people = sorted(set(subjects))
        with self._writing():
            line = self._append(caller, action, len(people), _digest(people), None)
            self._database.executemany(
                "INSERT INTO disclosed VALUES (?, ?)", ((person, line) for person in people)
            )

    def record_many(self, caller: Caller, action: str, name: str, shown: Shown) -> None:
        """Keep that `caller` was shown so many people that they stand in a file of their own."""
        file, subjects = self._disclosures / f"{name}-{secrets.token_hex(4)}.parquet", shown.subjects()
        file.touch(mode=0o600)
        pq.write_table(pa.table({"subject": subjects}), file)
        with self._writing():
            self._append(caller, action, len(subjects), _file_digest(file), file.name)

    def about(self, subject: str) -> list[Line]:
        """Who looked at `subject`, newest first, MOST_LINES at most."""
        with self._lock:
            direct = [
                row[0]
                for row in self._database.execute("SELECT line FROM disclosed WHERE subject = ?", (subject,))
            ]
            lines = [*direct, *self._bulk_lines(subject)]
            lines = sorted(lines, reverse=True)[:MOST_LINES]
            return [self._line(number) for number in lines]

    def lines(self) -> int:
        """How many requests have been kept."""
        with self._lock:
            return self._count()

    def head(self) -> str:
        """The last line and its digest; whoever keeps it can prove later that lines are missing."""
        with self._lock:
            return self._last_line()

    def kept_head(self) -> str | None:
        """The head as the file beside tells it; None before the first line."""
        file = self._folder / _HEAD
        return file.read_text(encoding="utf-8").strip() if file.exists() else None

    def finding(self, head: str | None = None) -> str | None:
        """What is no longer as it was written, in words without people; None if nothing.

        Args:
            head: one that was kept elsewhere; the file beside if None.
        """
        with self._lock:
            return self._against_head(head or self.kept_head()) or self._broken_line()

    def _broken_line(self) -> str | None:
        kept = self._kept_digests()
        before = ""
        lines = self._database.execute(f"SELECT {_COLUMNS}, digest FROM requests ORDER BY line")
        for expected, (*line, digest) in enumerate(lines, 1):
            number, people_digest, file = line[0], line[-2], line[-1]
            if number != expected:
                return f"line {expected} is missing"
            if digest != _chained(before, line):
                return f"line {number} is not what was written there"
            found = kept.pop(number, _NOBODY) if file is None else _file_digest(self._disclosures / file)
            if found != people_digest:
                return f"the people of line {number} are not those that were written"
            before = digest
        return f"people stand with line {min(kept)}, which is missing" if kept else None

    def _against_head(self, head: str | None) -> str | None:
        if head is None:
            # the file is written after the first line, so it is absent only while there is none, or one
            return "the head is missing" if self._count() > 1 else None
        if head == _NO_LINE:
            return None
        number, _, digest = head.partition(":")
        question = "SELECT digest FROM requests WHERE line = ?"
        found = self._database.execute(question, (int(number),)).fetchone() if number.isdigit() else None
        if found is None:
            return f"lines up to {number} were written; {self._count()} are there"
        return None if found[0] == digest else f"line {number} is not what was written there"

    def _count(self) -> int:
        count: int = self._database.execute("SELECT coalesce(max(line), 0) FROM requests").fetchone()[0]
        return count

    def _last_line(self) -> str:
        last = self._database.execute(
            "SELECT line, digest FROM requests ORDER BY line DESC LIMIT 1"
        ).fetchone()
        return f"{last[0]}:{last[1]}" if last else _NO_LINE

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")
            # after the line is safe, so that a crash in between leaves a head that is older, never one that is ahead
            self._write_head()

    def _write_head(self) -> None:
        half = self._folder / f"{_HEAD}.new"
        half.touch(mode=0o600)
        half.write_text(self._last_line(), encoding="utf-8")
        half.replace(self._folder / _HEAD)

    def _append(self, caller: Caller, action: str, people: int, people_digest: str, file: str | None) -> int:
        last = self._database.execute(
            "SELECT line, digest FROM requests ORDER BY line DESC LIMIT 1"
        ).fetchone()
        number, before = (last[0] + 1, last[1]) if last else (1, "")
        moment = self._clock().isoformat(timespec="milliseconds")
        line = [
            number,
            moment,
            caller.request_id,
            caller.client,
            caller.agency,
            caller.officer,
            caller.purpose,
        ]
        line += [action, people, people_digest, file]
        self._database.execute(
            f"INSERT INTO requests ({_COLUMNS}, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*line, _chained(before, line)),
        )
        return number

    def _bulk_lines(self, subject: str) -> list[int]:
        if not any(self._disclosures.glob("*.parquet")):
            return []
        files = literal(self._disclosures / "*.parquet")
        question = f"SELECT filename FROM read_parquet({files}, filename = true) WHERE subject = $subject"
        with duckdb.connect() as engine:
            names = [Path(row[0]).name for row in engine.execute(question, {"subject": subject}).fetchall()]
        listed = "SELECT line FROM requests WHERE file = ?"
        return [row[0] for name in names for row in self._database.execute(listed, (name,))]

    def _line(self, number: int) -> Line:
        question = (
            "SELECT at, request_id, client, agency, officer, purpose, action FROM requests WHERE line = ?"
        )
        return Line(*self._database.execute(question, (number,)).fetchone())

    def _kept_digests(self) -> dict[int, str]:
        """Line → digest over the people that stand with it now."""
        rows = self._database.execute("SELECT line, subject FROM disclosed ORDER BY line, subject")
        return {
            line: _digest(subject for _, subject in group) for line, group in groupby(rows, itemgetter(0))
        }


def _digest(people: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(people).encode()).hexdigest()


_NOBODY = _digest(())


def _chained(before: str, line: list[object]) -> str:
    return hashlib.sha256(f"{before}\n{json.dumps(line, ensure_ascii=True)}".encode()).hexdigest()


def _file_digest(file: Path) -> str:
    if not file.is_file():
        return "lost"
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

"""Who looked at whom, when and why: written before the answer leaves, and never changed.

One line per request stands in SQLite with the people it disclosed; those of a bulk job stand beside in one sorted
Parquet file. Each line carries a digest over itself, its people and the line before, so that a line changed, removed
or put in between shows.
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
from mock_population_api.security import Caller, Clock, now

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
        """Open, or begin, the record in `folder`."""
        self._disclosures = folder / "disclosures"
        self._disclosures.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = folder / "audit.sqlite"
        file.touch(mode=0o600)
        self._clock = clock
        self._lock = threading.Lock()
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.executescript(_TABLES)

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

    def record_file(self, caller: Caller, action: str, name: str, result: Path) -> None:
        """Keep that `caller` was shown everybody in `result`, an Arrow IPC stream with a column `personal_id`."""
        file = self._disclosures / f"{name}-{secrets.token_hex(4)}.parquet"
        people = _write_subjects(result, file)
        with self._writing():
            self._append(caller, action, people, _file_digest(file), file.name)

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
            count: int = self._database.execute("SELECT coalesce(max(line), 0) FROM requests").fetchone()[0]
            return count

    def intact(self) -> bool:
        """Whether every line still is what was written, and none is missing but for lines cut off at the end."""
        with self._lock:
            kept = self._kept_digests()
            before = ""
            lines = self._database.execute(f"SELECT {_COLUMNS}, digest FROM requests ORDER BY line")
            for expected, (*line, digest) in enumerate(lines, 1):
                number, people_digest, file = line[0], line[-2], line[-1]
                found = kept.pop(number, _NOBODY) if file is None else _file_digest(self._disclosures / file)
                if number != expected or digest != _chained(before, line) or found != people_digest:
                    return False
                before = digest
            return not kept

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


def _write_subjects(result: Path, file: Path) -> int:
    with duckdb.connect(config={"memory_limit": "1GB"}) as engine, pa.ipc.open_stream(result) as shown:
        engine.register("shown", shown)
        engine.execute(
            f"COPY (SELECT DISTINCT personal_id AS subject FROM shown ORDER BY subject) TO {literal(file)} (FORMAT parquet)"
        )
    file.chmod(0o600)
    return int(pq.read_metadata(file).num_rows)


def _chained(before: str, line: list[object]) -> str:
    return hashlib.sha256(f"{before}\n{json.dumps(line, ensure_ascii=True)}".encode()).hexdigest()


def _file_digest(file: Path) -> str:
    if not file.is_file():
        return "lost"
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

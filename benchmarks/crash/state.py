"""What a run leaves: a digest of every table and of every file, and what tells two of them apart, without a word of their content."""

import hashlib
import json
import re
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import sqlalchemy as sa

from benchmarks.crash.child import RUN, Start
from connectors.database import open_database, reading
from connectors.education_tables import education_metadata, sync_metadata
from pipelines.auditing import audit_verdict
from pipelines.settings import Settings

_ONE_EACH = ("audit_log", "audit_head")
"""Their entries tell of every attempt; they are looked at by what they say."""
_TOLD = ("written", "rolled_back")
"""Actions that each are done once, however often the run was killed."""
_SECONDS = frozenset({"seconds", "stage_seconds"})
_OTHERS = ("prefect", "audit")
"""Folders of the home that are not compared file by file."""
_TIMES = re.compile(rb'<table class="short">\s*<caption>Time of each stage</caption>.*?</table>', re.DOTALL)
"""How long the stages took, on the report's page."""


@dataclass(frozen=True)
class Left:
    """What was left, as digests, and what cannot be the same each time as counts."""

    digests: dict[str, str]
    asked: int
    """Questions that the registry was asked, as the audit has them."""
    litter: int
    """Files that were begun and never finished."""

    def differs(self, other: "Left") -> list[str]:
        """Names of tables and files that are not the same, or not in both."""
        names = self.digests.keys() | other.digests.keys()
        return sorted(name for name in names if self.digests.get(name) != other.digests.get(name))

    def as_json(self) -> dict[str, Any]:
        """To be handed on."""
        return {"digests": self.digests, "asked": self.asked, "litter": self.litter}


def left_by(start: Start) -> Left:
    """All that lies in the database and in the home."""
    engine = open_database(start.url)
    with reading(engine) as connection:
        tables = {f"table {name}": _digest(rows) for name, rows in _tables(connection)}
        told, asked = _audit(connection)
    verdict = audit_verdict(Settings(database_url=start.url, home=start.home), engine)
    engine.dispose()
    audit = {"audit holds": "; ".join(one.what for one in verdict.broken), "audit entries": _digest(told)}
    files = {str(path.relative_to(start.home)): path for path in _files(start.home)}
    digests = tables | audit | {name: _content(path) for name, path in files.items() if not _half(path)}
    return Left(digests, asked, sum(_half(path) for path in files.values()))


def _tables(connection: sa.Connection) -> list[tuple[str, list[str]]]:
    found = []
    for name, table in {**education_metadata.tables, **sync_metadata.tables}.items():
        if name in _ONE_EACH or not sa.inspect(connection).has_table(name):
            continue
        # numbers that the database gives may leave some out
        columns = [column for column in table.c if column.name != "entry"]
        rows = connection.execute(sa.select(*columns)).tuples()
        found.append((name, sorted(repr(tuple(map(_timeless, row))) for row in rows)))
    return found


def _timeless(value: object) -> object:
    """JSON without the seconds that stages took."""
    if isinstance(value, str) and value.startswith("{"):
        return json.dumps(_without_seconds(json.loads(value)), sort_keys=True)
    return value


def _without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_seconds(one) for name, one in value.items() if name not in _SECONDS}
    return [_without_seconds(one) for one in value] if isinstance(value, list) else value


def _audit(connection: sa.Connection) -> tuple[list[str], int]:
    """What was done and written down, and how many questions the run asked."""
    rows = connection.execute(
        sa.text("SELECT run, action, kind, province, facts FROM audit_log ORDER BY entry")
    )
    told: Counter[str] = Counter()
    asked = 0
    for run, action, kind, province, facts in rows:
        if action in _TOLD:
            told[f"{run} {action} {kind} {province} {facts}"] += 1
        elif action == "asked" and run == RUN:
            asked += json.loads(facts)["questions"]
        else:
            told[f"{run} {action} {kind} {province}"] = 1
    told = Counter({line: count for line, count in told.items() if " asked " not in line})
    return [f"{count} {line}" for line, count in sorted(told.items())], asked


def _files(home: Path) -> list[Path]:
    return [
        path
        for path in sorted(home.rglob("*"))
        if path.is_file() and path.relative_to(home).parts[0] not in _OTHERS and path.name != ".held"
    ] + sorted((home / "audit").glob(".*"))


def _half(path: Path) -> bool:
    return path.name.endswith(".part")


def _content(path: Path) -> str:
    readers = {".parquet": _parquet, ".json": _json, ".xlsx": _workbook, ".html": _page}
    return readers.get(path.suffix, lambda one: _hash(one.read_bytes()))(path)


def _parquet(path: Path) -> str:
    table = pq.read_table(path, partitioning=None)
    return _hash(repr((table.schema, sorted(map(repr, table.to_pylist())))).encode())


def _json(path: Path) -> str:
    facts = _without_seconds(json.loads(path.read_text(encoding="utf-8")))
    if "tables" in facts and isinstance(facts["tables"], dict):
        # the bytes of a table's file differ from its content's digest by the writer's own words only
        for table in facts["tables"].values():
            table.pop("sha256", None)
    return _hash(json.dumps(facts, sort_keys=True).encode())


def _workbook(path: Path) -> str:
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist() if name != "docProps/core.xml"}
    return _hash(repr(sorted(parts.items())).encode())


def _page(path: Path) -> str:
    return _hash(_TIMES.sub(b"", path.read_bytes()))


def _digest(rows: list[str]) -> str:
    return _hash("\n".join(rows).encode())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]

"""The audit: one row for every write and every batch of questions to the registry, added and never changed.

Each row carries a keyed digest (HMAC-SHA256) over itself and the digest of the row before, so that a row changed, taken
out, put in between or in another order shows, and nobody without the key can make a chain that holds. The database
refuses to change or delete rows. That the end was not cut off is seen by the heads which are kept elsewhere, one per run.

Rows hold names of runs, kinds, provinces and counts; no record and no person. Those of the review page hold who of the house did what
from where, records by keyed names.
"""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from connectors.database import insert_if_absent, reading, writing
from connectors.education_tables import entry_column, moment, sync_metadata, sync_partitions, text_column

audit_log = sa.Table(
    "audit_log",
    sync_metadata,
    entry_column(numbered=False),
    text_column("at"),
    text_column("run"),
    text_column("actor"),
    text_column("action"),
    text_column("kind", needed=False),
    text_column("province", needed=False),
    text_column("facts"),
    text_column("digest"),
)
"""What was done, in the order in which it was done; `facts` as JSON."""

audit_head = sa.Table(
    "audit_head",
    sync_metadata,
    text_column("name", key=True),
    sa.Column("entry", sa.BigInteger, nullable=False),
    text_column("digest"),
)
"""One row: the last entry of the audit. Who adds one holds it until its transaction ends."""

sa.Index("audit_log_by_run", audit_log.c.run, audit_log.c.action)

_HEAD = "head"
_ROWS_AT_ONCE = 10_000

GUARDS = {
    "sqlite": tuple(
        f"CREATE TRIGGER audit_log_no_{word} BEFORE {word} ON audit_log "
        "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"
        for word in ("update", "delete")
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION audit_log_guard() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'the audit is only added to'; END $$""",
        """CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
           EXECUTE FUNCTION audit_log_guard()""",
    ),
}
"""What makes the database refuse to change the audit, by dialect."""


@sa.event.listens_for(audit_log, "after_create")
def _guard(_: sa.Table, connection: sa.Connection, **__: object) -> None:
    for statement in GUARDS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


class Action(StrEnum):
    """What an entry tells of."""

    RUN_BEGUN = "run_begun"
    RUN_ENDED = "run_ended"
    WRITTEN = "written"
    """A partition was written."""
    ROLLED_BACK = "rolled_back"
    """What a run had done to a partition was taken back."""
    STOPPED = "stopped"
    """Gates did not hold, and nothing was written."""
    ASKED = "asked"
    """A batch of questions went to the registry."""
    DELETED = "deleted"
    """What was kept long enough was deleted."""
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_FAILED = "sign_in_failed"
    DECIDED = "decided"
    """Somebody decided on a record on the review page."""
    UNDONE = "undone"
    """And took it back."""
    EXAM_ASKED = "exam_asked"
    """The exam system asked for one person; of whom stands there as a digest that nobody can make without the key."""


@dataclass(frozen=True)
class Auditor:
    """Who is written down, and the key that the chain is made with; without one nothing is written and nobody asked."""

    key: bytes = field(repr=False)
    actor: str


@dataclass(frozen=True)
class Event:
    """What is to be written down."""

    run: str
    action: Action
    facts: Mapping[str, Any]
    """Counts and words; no person, no record."""
    kind: str | None = None
    province: str | None = None


@dataclass(frozen=True)
class Head:
    """How far the audit went at some moment."""

    entry: int
    digest: str


@dataclass(frozen=True)
class Broken:
    """One place at which the audit does not hold."""

    entry: int
    """The first entry that it concerns."""
    fault: str
    """changed, missing, cut_off or unaudited."""
    what: str
    """For people: what was found, with entries and runs."""


@dataclass(frozen=True)
class Verdict:
    """What looking through the audit found."""

    entries: int
    heads: int
    broken: tuple[Broken, ...]


def add(connection: sa.Connection, auditor: Auditor, event: Event, now: datetime) -> Head:
    """Add an entry in the transaction of what it tells of; others who add one wait until it ends."""
    before = _held_head(connection)
    row = {
        "entry": before.entry + 1,
        "at": moment(now),
        "run": event.run,
        "actor": auditor.actor,
        "action": str(event.action),
        "kind": event.kind,
        "province": event.province,
        "facts": json.dumps(dict(event.facts), ensure_ascii=False, sort_keys=True),
    }
    head = Head(before.entry + 1, _chained(auditor.key, before.digest, row))
    connection.execute(audit_log.insert().values(**row, digest=head.digest))
    connection.execute(audit_head.update().values(entry=head.entry, digest=head.digest))
    return head


def write_down(engine: sa.Engine, auditor: Auditor, event: Event, now: datetime) -> Head:
    """Add an entry in a transaction of its own, before what it tells of is done.

    Raises:
        DatabaseProblem: It can't be written down, so it must not be done.
    """
    with writing(engine) as connection:
        return add(connection, auditor, event, now)


def keyed(key: bytes, text: str) -> str:
    """A digest that nobody can make without the key."""
    return hmac.digest(key, text.encode(), sha256).hex()


def head_of(engine: sa.Engine) -> Head:
    """The last entry; entry 0 where there is none."""
    with reading(engine) as connection:
        found = connection.execute(sa.select(audit_head.c.entry, audit_head.c.digest)).first()
    return Head(found.entry, found.digest) if found else Head(0, "")


def verify(engine: sa.Engine, key: bytes, heads: Mapping[str, Head]) -> Verdict:
    """Look through the whole audit.

    Args:
        engine: The education database.
        key: That the chain was made with.
        heads: Run → how far the audit went when it ended, as kept outside of the database.

    Returns:
        How many entries there are, and every place where the chain does not hold.
    """
    with reading(engine) as connection:
        last, broken, seen = _read_through(connection, key, {head.entry for head in heads.values()})
        broken += _against_heads(connection, last, heads, seen)
        broken += _unaudited(connection)
    return Verdict(last.entry, len(heads), tuple(sorted(broken, key=lambda one: one.entry)))


def _held_head(connection: sa.Connection) -> Head:
    connection.execute(insert_if_absent(connection, audit_head).values(name=_HEAD, entry=0, digest=""))
    # held until the transaction ends: a chain has one end
    row = connection.execute(sa.select(audit_head).with_for_update()).one()
    return Head(row.entry, row.digest)


def _chained(key: bytes, before: str, row: Mapping[str, Any]) -> str:
    return keyed(key, f"{before}\n{json.dumps(row, ensure_ascii=True, sort_keys=True)}")


def _entries(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    streaming = connection.execution_options(stream_results=True, yield_per=_ROWS_AT_ONCE)
    for row in streaming.execute(sa.select(audit_log).order_by(audit_log.c.entry)).mappings():
        yield dict(row)


def _read_through(
    connection: sa.Connection, key: bytes, wanted: Iterable[int]
) -> tuple[Head, list[Broken], dict[int, str]]:
    """The last entry there is, what is wrong between the first and it, and the digests of the wanted entries."""
    last, broken, seen, wanted = Head(0, ""), [], {}, set(wanted)
    for row in _entries(connection):
        digest, entry = row.pop("digest"), row["entry"]
        if entry != last.entry + 1:
            broken.append(_missing(last.entry + 1, entry - 1))
        elif digest != _chained(key, last.digest, row):
            broken.append(
                Broken(entry, "changed", f"entry {entry} is not what was written, or by another key")
            )
        if entry in wanted:
            seen[entry] = digest
        # each fault is told once: what follows is held against what stands there
        last = Head(entry, digest)
    return last, broken, seen


def _missing(first: int, last: int) -> Broken:
    return Broken(first, "missing", f"entries {first} to {last} are missing")


def _against_heads(
    connection: sa.Connection, last: Head, heads: Mapping[str, Head], seen: Mapping[int, str]
) -> list[Broken]:
    broken = []
    stored = connection.execute(sa.select(audit_head.c.entry, audit_head.c.digest)).first()
    if (Head(stored.entry, stored.digest) if stored else Head(0, "")) != last:
        broken.append(
            Broken(last.entry + 1, "cut_off", f"the audit ends at entry {last.entry}, and should go on")
        )
    for run, head in heads.items():
        if seen.get(head.entry) != head.digest:
            what = f"entry {head.entry}, the last one of run {run}, is not there as it was then"
            broken.append(Broken(head.entry, "cut_off", what))
    return broken


def _unaudited(connection: sa.Connection) -> list[Broken]:
    """Runs that wrote partitions after the audit began, and did not write so down."""
    told = sa.select(audit_log.c.entry).where(
        audit_log.c.run == sync_partitions.c.run,
        audit_log.c.kind == sync_partitions.c.kind,
        audit_log.c.province == sync_partitions.c.province,
        audit_log.c.action.in_([Action.WRITTEN, Action.ROLLED_BACK]),
    )
    begun = sa.select(sa.func.min(audit_log.c.at)).scalar_subquery()
    silent = sa.and_(
        sync_partitions.c.digest.is_not(None), sync_partitions.c.finished_at >= begun, ~sa.exists(told)
    )
    columns = [sync_partitions.c[name] for name in ("run", "kind", "province")]
    rows = connection.execute(sa.select(*columns).where(silent).order_by(*columns)).tuples()
    return [
        Broken(0, "unaudited", f"run {run} wrote {kind} {province}, and no entry says so")
        for run, kind, province in rows
    ]

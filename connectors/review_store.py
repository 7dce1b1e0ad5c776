"""Decisions of people in the education database: read, added, given a new state."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from connectors.database import reading
from connectors.education_tables import links, moment, review_items
from connectors.review_tables import State, review_decisions, review_entries, review_states
from matching.decision import Verdict

_AT_ONCE = 500
"""Keys in one question; SQLite takes a thousand."""

Key = tuple[str, str]
"""Kind and record ID."""


@dataclass(frozen=True)
class Seen:
    """An entry that a decision is about, and what it looked like."""

    personal_id: str
    fingerprint: str


@dataclass(frozen=True)
class Decision:
    """One person's word on one record."""

    kind: str
    record_id: str
    province: str
    verdict: Verdict
    entries: tuple[Seen, ...]
    """The one that was chosen, else all that were shown."""
    note: str
    reviewer: str
    run: str
    fingerprint: str
    source_file: str
    source_row: int
    source_digest: str
    settles: bool = False
    state: State = State.ACTIVE
    number: int = 0
    """Its place among all decisions; 0 before it is stored."""
    decided_at: str = ""
    """ISO 8601; set when it is stored."""

    @property
    def key(self) -> Key:
        """The record."""
        return self.kind, self.record_id

    @property
    def numbers(self) -> frozenset[str]:
        """Personal IDs of its entries."""
        return frozenset(one.personal_id for one in self.entries)


@dataclass(frozen=True)
class Standing:
    """Where a record stands now: its province, and every entry that lists may have shown beside it."""

    province: str
    numbers: frozenset[str]


DECIDED = pa.schema(
    [
        pa.field("decision", pa.int64()),
        pa.field("kind", pa.string()),
        pa.field("record_id", pa.string()),
        pa.field("verdict", pa.string()),  # of matching.decision.Verdict, conflict where one is waiting
        pa.field("fingerprint", pa.string()),
        pa.field("personal_id", pa.string()),
        pa.field("seen", pa.string()),
    ]
)
"""Decisions that hold or wait for a third, one row per entry; one without entry where none was shown."""

LIVE = (State.ACTIVE, State.CONFLICT)


def _some(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def _state() -> sa.Label[str]:
    """The present state of a decision: looked up by the index, however long the history of all is."""
    states = review_states.c
    last = sa.select(states.state).where(states.decision == review_decisions.c.decision)
    return last.order_by(states.entry.desc()).limit(1).scalar_subquery().label("state")


def hold_reviews(connection: sa.Connection) -> None:
    """Keep other imports out until the transaction ends; SQLite's writers are alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {review_decisions.name} IN SHARE ROW EXCLUSIVE MODE")


def decisions_of(connection: sa.Connection, records: Iterable[Key]) -> list[Decision]:
    """All decisions on some records, in the order in which they were stored."""
    wanted = sa.tuple_(review_decisions.c.kind, review_decisions.c.record_id)
    return _read(connection, wanted, sorted(set(records)))


def decisions_numbered(connection: sa.Connection, numbers: Sequence[int]) -> list[Decision]:
    """Some decisions by their numbers."""
    return _read(connection, review_decisions.c.decision, numbers)


def confirming(connection: sa.Connection, numbers: Iterable[str]) -> set[Key]:
    """Records that somebody linked to one of some entries."""
    found: set[Key] = set()
    joined = review_decisions.join(review_entries, review_entries.c.decision == review_decisions.c.decision)
    query = sa.select(review_decisions.c.kind, review_decisions.c.record_id).select_from(joined)
    query = query.where(review_decisions.c.verdict == Verdict.SAME)
    for some in _some(sorted(set(numbers))):
        found |= {(kind, record) for kind, record in connection.execute(
            query.where(review_entries.c.personal_id.in_(some))
        ).tuples()}  # fmt: skip
    return found


def _read(connection: sa.Connection, column: sa.ColumnElement[Any], values: Sequence[Any]) -> list[Decision]:
    query = sa.select(review_decisions, _state())
    rows: list[sa.Row[Any]] = []
    for some in _some(values):
        rows += connection.execute(query.where(column.in_(some))).all()
    seen = _entries(connection, [row.decision for row in rows])
    return sorted((_decision(row, seen.get(row.decision, ())) for row in rows), key=lambda one: one.number)


def _entries(connection: sa.Connection, decisions: Sequence[int]) -> dict[int, tuple[Seen, ...]]:
    found: dict[int, tuple[Seen, ...]] = {}
    query = sa.select(review_entries).order_by(review_entries.c.decision, review_entries.c.rank)
    for some in _some(decisions):
        for row in connection.execute(query.where(review_entries.c.decision.in_(some))):
            found[row.decision] = (*found.get(row.decision, ()), Seen(row.personal_id, row.seen))
    return found


def _decision(row: sa.Row[Any], seen: tuple[Seen, ...]) -> Decision:
    facts = dict(row._mapping)  # noqa: SLF001 (public in all but name)
    number, verdict, state = facts.pop("decision"), Verdict(facts.pop("verdict")), State(facts.pop("state"))
    note = facts.pop("note") or ""
    return Decision(**facts, number=number, verdict=verdict, state=state, note=note, entries=seen)


_STORED = (
    "kind", "record_id", "province", "verdict", "note", "reviewer", "settles", "run", "fingerprint",
    "source_file", "source_row", "source_digest",
)  # fmt: skip


def add_decisions(connection: sa.Connection, decisions: Sequence[Decision], now: datetime) -> list[int]:
    """Store decisions; their states are set apart.

    Returns:
        Their numbers, in the order given.
    """
    if not decisions:
        return []
    at = moment(now)
    rows = [{name: getattr(one, name) for name in _STORED} | {"decided_at": at} for one in decisions]
    insert = review_decisions.insert().returning(review_decisions.c.decision, sort_by_parameter_order=True)
    numbers = list(connection.scalars(insert, rows))
    entries = [
        {"decision": number, "rank": rank, "personal_id": seen.personal_id, "seen": seen.fingerprint}
        for number, one in zip(numbers, decisions, strict=True)
        for rank, seen in enumerate(one.entries, 1)
    ]
    if entries:
        connection.execute(review_entries.insert(), entries)
    return numbers


def set_states(connection: sa.Connection, states: Mapping[int, State], cause: str, now: datetime) -> None:
    """Note new states of decisions."""
    at = moment(now)
    rows = [
        {"decision": number, "state": str(state), "cause": cause, "since": at}
        for number, state in states.items()
    ]
    if rows:
        connection.execute(review_states.insert(), rows)


def count_caused(connection: sa.Connection, numbers: Iterable[int], state: State, cause: str) -> int:
    """How many of some decisions came into a state for a cause."""
    of = review_states.c
    query = sa.select(sa.func.count(sa.distinct(of.decision))).where(of.state == state, of.cause == cause)
    return sum(
        connection.execute(query.where(of.decision.in_(some))).scalar_one()
        for some in _some(sorted(set(numbers)))
    )


def live_decisions(engine: sa.Engine, kind: str) -> pa.Table:
    """What is decided on records of a kind, wherever they are: DECIDED; nothing where nobody ever decided."""
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table(review_decisions.name):
            return DECIDED.empty_table()
        seen = review_entries.c
        of = sa.select(review_decisions, _state()).where(review_decisions.c.kind == kind).subquery("of").c
        verdict = sa.case((of.state == State.CONFLICT, str(Verdict.CONFLICT)), else_=of.verdict)
        columns = (of.decision, of.kind, of.record_id, verdict, of.fingerprint, seen.personal_id, seen.seen)
        joined = of.decision.table.outerjoin(review_entries, seen.decision == of.decision)
        chosen = sa.select(*columns).select_from(joined).where(of.state.in_([str(state) for state in LIVE]))
        rows = connection.execute(chosen.order_by(of.decision, seen.rank)).all()
    columns_of = list(zip(*rows, strict=True)) or [()] * len(DECIDED)
    return pa.table([pa.array(values, field.type) for values, field in zip(columns_of, DECIDED, strict=True)],
                    schema=DECIDED)  # fmt: skip


def standing_of(connection: sa.Connection, records: Iterable[Key]) -> dict[Key, Standing]:
    """Where records stand, linked or open; those that no run has seen are absent."""
    wanted = sorted(set(records))
    found: dict[Key, Standing] = {}
    for table, number in ((links, links.c.personal_id), (review_items, review_items.c.candidates)):
        query = sa.select(table.c.kind, table.c.record_id, table.c.province, number)
        for some in _some(wanted):
            chosen = query.where(sa.tuple_(table.c.kind, table.c.record_id).in_(some))
            for kind, record, province, text in connection.execute(chosen).tuples():
                known = found.get((kind, record), Standing(province, frozenset()))
                found[kind, record] = Standing(province, known.numbers | _numbers_in(text))
    return found


def _numbers_in(text: str) -> frozenset[str]:
    if not text.startswith("["):
        return frozenset([text])
    return frozenset(candidate["personal_id"] for candidate in json.loads(text))


def count_states(engine: sa.Engine, province: str | None = None) -> dict[tuple[str, str], int]:
    """How many decisions there are by verdict and state."""
    of = sa.select(review_decisions, _state()).subquery("of").c
    query = sa.select(of.verdict, of.state, sa.func.count()).group_by(of.verdict, of.state)
    if province is not None:
        query = query.where(of.province == province)
    with reading(engine) as connection:
        rows = connection.execute(query.order_by(of.verdict, of.state)).tuples()
        return {(verdict, state): count for verdict, state, count in rows}


def waiting(engine: sa.Engine, province: str | None = None) -> list[Decision]:
    """Decisions that contradict others and wait for a third, by record."""
    of = sa.select(review_decisions.c.decision, _state()).subquery("of").c
    query = sa.select(of.decision).where(of.state == State.CONFLICT)
    with reading(engine) as connection:
        found = _read(connection, review_decisions.c.decision, list(connection.scalars(query)))
    here = [one for one in found if province is None or one.province == province]
    return sorted(here, key=lambda one: (one.key, one.number))

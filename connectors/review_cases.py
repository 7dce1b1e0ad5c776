"""Open records laid out for the review page: counted, listed, handed to one reviewer at a time.

Whatever is asked is asked within a `Reach`: a record outside it is as if it were not there.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connectors.database import bulk_insert, insert_if_absent, rows_written
from connectors.education_tables import moment
from connectors.review_page_tables import (
    TO_DO,
    CaseState,
    review_case_contents,
    review_cases,
    review_holds,
    review_layouts,
    review_looks,
)
from connectors.review_store import Key, Seen
from connectors.review_tables import review_decisions

HELD_FOR = timedelta(minutes=10)
"""How long a record that somebody opened is not given to another."""

_TRIES = 50
_cases, _holds = review_cases.c, review_holds.c

MINE, OTHERS, NOBODY = "mine", "others", "nobody"
"""By whom a record is open, as a filter."""


@dataclass(frozen=True)
class Reach:
    """What a user may see at all."""

    username: str
    reviewer: str
    """The name that stands on their decisions."""
    provinces: frozenset[str] | None
    """Codes; None for all."""


@dataclass(frozen=True)
class Wanted:
    """What of it they ask for; empty means all."""

    province: str = ""
    kind: str = ""
    reason: str = ""
    school: str = ""
    states: tuple[CaseState, ...] = ()
    held_by: str = ""


@dataclass(frozen=True)
class NewCase:
    """An open record to be laid out."""

    kind: str
    record_id: str
    province: str
    place: int
    school_code: str | None
    reason: str
    words_needed: int
    fingerprint: str
    entries: tuple[Seen, ...]
    """The candidates as they are shown."""
    content: str
    """JSON."""

    @property
    def key(self) -> Key:
        """The record."""
        return self.kind, self.record_id


@dataclass(frozen=True)
class CaseLine:
    """An open record in a list."""

    kind: str
    record_id: str
    province: str
    place: int
    reason: str
    state: CaseState
    school_code: str | None
    holder: str | None
    """The user who has it open."""
    content: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """The record."""
        return self.kind, self.record_id


@dataclass(frozen=True)
class Case(CaseLine):
    """An open record with all that is known of it."""

    run: str
    fingerprint: str
    words_needed: int
    entries: tuple[Seen, ...]


@dataclass(frozen=True)
class Count:
    """How many records have a reason, a state and a kind in a province."""

    province: str
    kind: str
    reason: str
    state: CaseState
    count: int


def laid_out(connection: sa.Connection) -> dict[tuple[str, str], str]:
    """Kind and province → the run whose open records are laid out."""
    columns = review_layouts.c.kind, review_layouts.c.province, review_layouts.c.run
    return {(kind, province): run for kind, province, run in connection.execute(sa.select(*columns)).tuples()}


def replace_cases(
    connection: sa.Connection,
    kind: str,
    province: str,
    run: str,
    cases: Sequence[NewCase],
    states: Mapping[Key, CaseState],
    now: datetime,
) -> None:
    """Lay the open records of a partition out in the place of those that lie there."""
    clear_cases(connection, kind, province)
    here = {"kind": kind, "province": province, "run": run, "laid_out_at": moment(now)}
    connection.execute(review_layouts.insert().values(here))
    # a record that moved lies in the province where a run saw it last
    _forget(connection, kind, [case.record_id for case in cases])
    narrow = [
        {
            "kind": kind, "record_id": case.record_id, "province": province, "place": case.place,
            "school_code": case.school_code, "reason": case.reason, "state": str(states[case.key]),
            "words_needed": case.words_needed, "run": run, "fingerprint": case.fingerprint,
        }
        for case in cases
    ]  # fmt: skip
    wide = [
        {
            "kind": kind, "record_id": case.record_id, "content": case.content,
            "entries": json.dumps([[seen.personal_id, seen.fingerprint] for seen in case.entries]),
        }
        for case in cases
    ]  # fmt: skip
    bulk_insert(connection, review_cases, _as_table(review_cases, narrow))
    bulk_insert(connection, review_case_contents, _as_table(review_case_contents, wide))
    if connection.dialect.name == "postgresql":
        # reviewers come at once, the server's own look at what is there a minute later
        for table in (review_cases, review_case_contents):
            connection.exec_driver_sql(f"ANALYZE {table.name}")


def clear_cases(connection: sa.Connection, kind: str, province: str) -> None:
    """Take away what is laid out of a partition."""
    here = sa.and_(_cases.kind == kind, _cases.province == province)
    contents = review_case_contents.c
    ours = sa.select(_cases.record_id).where(here)
    connection.execute(
        review_case_contents.delete().where(contents.kind == kind, contents.record_id.in_(ours))
    )
    connection.execute(review_cases.delete().where(here))
    of = sa.and_(review_layouts.c.kind == kind, review_layouts.c.province == province)
    connection.execute(review_layouts.delete().where(of))


def _forget(connection: sa.Connection, kind: str, records: Sequence[str]) -> None:
    for start in range(0, len(records), 500):
        some = records[start : start + 500]
        for table in (review_cases, review_case_contents):
            connection.execute(table.delete().where(table.c.kind == kind, table.c.record_id.in_(some)))


def _as_table(table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    numbers = {column.name for column in table.c if isinstance(column.type, sa.BigInteger)}
    schema = pa.schema(
        [pa.field(name, pa.int64() if name in numbers else pa.string()) for name in table.c.keys()]  # noqa: SIM118 (a collection of columns)
    )
    return pa.Table.from_pylist(list(rows), schema=schema)


def _within(reach: Reach) -> sa.ColumnElement[bool]:
    return sa.true() if reach.provinces is None else _cases.province.in_(sorted(reach.provinces))


def _held(now: datetime) -> sa.Join:
    """Cases, with whoever has them open."""
    same = sa.and_(
        _holds.kind == _cases.kind, _holds.record_id == _cases.record_id, _holds.until > moment(now)
    )
    return review_cases.outerjoin(review_holds, same)


def _asked(reach: Reach, wanted: Wanted) -> sa.ColumnElement[bool]:
    pairs = ((_cases.province, wanted.province), (_cases.kind, wanted.kind), (_cases.reason, wanted.reason),
             (_cases.school_code, wanted.school))  # fmt: skip
    chosen = [_within(reach), *[column == value for column, value in pairs if value]]
    if wanted.states:
        chosen.append(_cases.state.in_([str(state) for state in wanted.states]))
    held = {
        MINE: _holds.username == reach.username,
        OTHERS: _holds.username != reach.username,
        NOBODY: _holds.username.is_(None),
    }
    return sa.and_(*chosen, *([held[wanted.held_by]] if wanted.held_by in held else []))


def count_cases(connection: sa.Connection, reach: Reach) -> list[Count]:
    """All that is within reach, counted."""
    columns = (_cases.province, _cases.kind, _cases.reason, _cases.state)
    query = sa.select(*columns, sa.func.count()).where(_within(reach)).group_by(*columns)
    return [
        Count(province, kind, reason, CaseState(state), count)
        for province, kind, reason, state, count in connection.execute(query).tuples()
    ]


def list_cases(
    connection: sa.Connection,
    reach: Reach,
    wanted: Wanted,
    now: datetime,
    limit: int,
    after: tuple[str, int] = ("", 0),
) -> list[CaseLine]:
    """Some open records by province and place.

    Args:
        connection: A transaction.
        reach: Who asks.
        wanted: What for.
        now: Holds that have lapsed by then don't count.
        limit: At most so many.
        after: Province and place that they come after.
    """
    found: list[CaseLine] = []
    for part in _from(after):
        if len(found) < limit:
            found += _lines(connection, sa.and_(_asked(reach, wanted), part), now, limit - len(found))
    return found


def _from(after: tuple[str, int]) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """What comes after a place: the rest of its province, then the provinces after it.

    In two, because neither database finds its way by an index into both at once.
    """
    return sa.and_(_cases.province == after[0], _cases.place > after[1]), _cases.province > after[0]


def _lines(
    connection: sa.Connection, which: sa.ColumnElement[bool], now: datetime, limit: int
) -> list[CaseLine]:
    columns = [
        _cases[name] for name in ("kind", "record_id", "province", "place", "reason", "state", "school_code")
    ]
    chosen = (
        sa.select(*columns, _holds.username)
        .select_from(_held(now))
        .where(which)
        .order_by(_cases.province, _cases.place)
        .limit(limit)
        .subquery("chosen")
    )
    contents = review_case_contents.c
    same = sa.and_(contents.kind == chosen.c.kind, contents.record_id == chosen.c.record_id)
    query = sa.select(chosen, contents.content).select_from(chosen.join(review_case_contents, same))
    rows = connection.execute(query.order_by(chosen.c.province, chosen.c.place)).all()
    return [
        CaseLine(row.kind, row.record_id, row.province, row.place, row.reason, CaseState(row.state), row.school_code,
                 row.username, json.loads(row.content))
        for row in rows
    ]  # fmt: skip


def case_of(connection: sa.Connection, reach: Reach, key: Key, now: datetime) -> Case | None:
    """One open record; None where there is none within reach."""
    contents = review_case_contents.c
    same = sa.and_(contents.kind == _cases.kind, contents.record_id == _cases.record_id)
    query = sa.select(review_cases, _holds.username, contents.entries, contents.content).select_from(
        _held(now).join(review_case_contents, same)
    )
    query = query.where(_within(reach), _cases.kind == key[0], _cases.record_id == key[1])
    row = connection.execute(query).first()
    if row is None:
        return None
    return Case(
        kind=row.kind,
        record_id=row.record_id,
        province=row.province,
        place=row.place,
        reason=row.reason,
        state=CaseState(row.state),
        school_code=row.school_code,
        holder=row.username,
        content=json.loads(row.content),
        run=row.run,
        fingerprint=row.fingerprint,
        words_needed=row.words_needed,
        entries=tuple(Seen(number, seen) for number, seen in json.loads(row.entries)),
    )


def take_next(
    connection: sa.Connection, reach: Reach, wanted: Wanted, now: datetime, after: tuple[str, int] = ("", 0)
) -> Key | None:
    """Hand the next record to do to a reviewer, who then has it open; None where none is left.

    Records that somebody else has open are passed over, and those that a second person is to look at and that the reviewer decided
    on. After the last one it begins again with the first.
    """
    said = sa.exists().where(
        review_decisions.c.kind == _cases.kind,
        review_decisions.c.record_id == _cases.record_id,
        review_decisions.c.reviewer == reach.reviewer,
    )
    free = sa.or_(_holds.username.is_(None), _holds.username == reach.username)
    query = (
        sa.select(_cases.kind, _cases.record_id)
        .select_from(_held(now))
        .where(
            _asked(reach, Wanted(wanted.province, wanted.kind, wanted.reason, wanted.school)),
            _cases.state.in_([str(state) for state in TO_DO]),
            free,
            sa.or_(_cases.state == str(CaseState.OPEN), sa.not_(said)),
        )
        .order_by(_cases.province, _cases.place)
        .limit(1)
        # others who ask at the same moment are handed the record after it
        .with_for_update(of=review_cases, skip_locked=True)
    )
    for part in (*_from(after), sa.true()):
        for _ in range(_TRIES):
            row = connection.execute(query.where(part)).first()
            if row is None:
                break
            if hold(connection, reach, (row.kind, row.record_id), now):
                return row.kind, row.record_id
    return None


def hold(connection: sa.Connection, reach: Reach, key: Key, now: datetime) -> bool:
    """Keep a record from others for `HELD_FOR`.

    Returns:
        Whether the user has it; not where another has.
    """
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = insert(review_holds).values(
        kind=key[0], record_id=key[1], username=reach.username, until=moment(now + HELD_FOR)
    )
    free = sa.or_(_holds.username == reach.username, _holds.until <= moment(now))
    new = {"username": row.excluded.username, "until": row.excluded.until}
    taken = row.on_conflict_do_update(index_elements=["kind", "record_id"], set_=new, where=free)
    return rows_written(connection, taken) == 1


def let_go(connection: sa.Connection, reach: Reach, key: Key) -> None:
    """Give a record back; nothing happens where another has it open."""
    ours = sa.and_(_holds.kind == key[0], _holds.record_id == key[1], _holds.username == reach.username)
    connection.execute(review_holds.delete().where(ours))


def note_look(connection: sa.Connection, reach: Reach, key: Key, now: datetime) -> None:
    """Note that somebody looked at a record."""
    facts = {"kind": key[0], "record_id": key[1], "username": reach.username, "looked_at": moment(now)}
    connection.execute(review_looks.insert().values(facts))


def cases_shown(connection: sa.Connection, keys: Iterable[Key]) -> dict[Key, tuple[int, frozenset[str]]]:
    """How many words some records need and which entries are shown beside them; records not laid out are absent."""
    found = {}
    contents = review_case_contents.c
    same = sa.and_(contents.kind == _cases.kind, contents.record_id == _cases.record_id)
    query = sa.select(_cases.kind, _cases.record_id, _cases.words_needed, contents.entries).select_from(
        review_cases.join(review_case_contents, same)
    )
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), 400):
        some = wanted[start : start + 400]
        rows = connection.execute(query.where(sa.tuple_(_cases.kind, _cases.record_id).in_(some)))
        for kind, record, needed, entries in rows.tuples():
            found[kind, record] = needed, frozenset(number for number, _ in json.loads(entries))
    return found


def set_case_states(connection: sa.Connection, states: Mapping[Key, CaseState]) -> None:
    """Note what is still to be done about some records."""
    for (kind, record), state in states.items():
        here = sa.and_(_cases.kind == kind, _cases.record_id == record, _cases.state != str(state))
        connection.execute(review_cases.update().where(here).values(state=str(state)))


def take_layout(connection: sa.Connection, kind: str, province: str, now: datetime) -> None:
    """Keep other processes from laying the same partition out until the transaction ends."""
    here = {"kind": kind, "province": province, "run": "", "laid_out_at": moment(now)}
    connection.execute(insert_if_absent(connection, review_layouts).values(here))
    of = sa.and_(review_layouts.c.kind == kind, review_layouts.c.province == province)
    connection.execute(sa.select(review_layouts.c.run).where(of).with_for_update())

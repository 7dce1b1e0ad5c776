"""A run taken back: links, conflicts and open records are again exactly what they were before it.

A rollback is a run of its own, in one transaction: what the run wrote goes to the history as ended by the rollback, and what
the run ended is put back whole. So a rollback can be rolled back too. Where a later run has changed a link since, nothing
is done, unless those records shall stay as they are; lists are only put back where no later run has changed them.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connectors.audit import Action, Auditor, Event, Head, add
from connectors.database import reading, shown, writing
from connectors.education_tables import moment, sync_partitions, sync_runs
from connectors.errors import RollbackRefused
from connectors.locks import let_go, take
from connectors.versioned_tables import LINKS_KEPT, VERSIONED, Versioned, same_key, written_by
from connectors.writeback import DONE, ROLLED_BACK

RESTORED = "restored"
"""State of a partition in the rollback that restored it: no run counted anything there."""


@dataclass(frozen=True)
class RollbackCounts:
    """What taking a run back did, in links."""

    restored: int
    """Put back as they were before the run."""
    removed: int
    """Written by the run, and held no longer; what replaced a link counts here, and the link itself as restored."""
    left: int
    """Changed again by later runs, and left as these left them."""
    later: tuple[str, ...] = ()
    """The later runs."""


@dataclass(frozen=True)
class RollbackDone:
    """A run that was taken back."""

    counts: RollbackCounts
    head: Head
    """How far the audit goes with it, to be kept outside of the database."""


@dataclass(frozen=True)
class _Undo:
    """One table's part of a rollback; rows to be put back wait in a temporary table."""

    connection: sa.Connection
    kept: Versioned
    run: str
    waiting: sa.Table

    @classmethod
    def planned(cls, connection: sa.Connection, kept: Versioned, run: str) -> "_Undo":
        """Find the rows to put back: what the run ended last, where nobody has changed anything since."""
        columns = [sa.Column(column.name, column.type) for column in kept.table.c]
        waiting = sa.Table(f"restored_{kept.table.name}", sa.MetaData(), *columns, prefixes=["TEMPORARY"])
        waiting.create(connection)
        names = waiting.c.keys()
        rows = sa.select(*[kept.history.c[name] for name in names]).where(_ended_last(kept, run))
        connection.execute(waiting.insert().from_select(names, rows))
        return cls(connection, kept, run, waiting)

    def counted(self, rows: sa.FromClause, condition: sa.ColumnElement[bool]) -> Counter[tuple[str, str]]:
        """How many rows of each (kind, province)."""
        kind, province = rows.c.kind, rows.c.province
        query = sa.select(kind, province, sa.func.count()).where(condition).group_by(kind, province)
        return Counter({(one, other): count for one, other, count in self.connection.execute(query).tuples()})

    def restored(self) -> Counter[tuple[str, str]]:
        """What will be put back."""
        return self.counted(self.waiting, sa.true())

    def removed(self) -> Counter[tuple[str, str]]:
        """What the run wrote and still holds."""
        return self.counted(self.kept.table, self.kept.written_by(self.run))

    def carry_out(self, as_run: str, now: str) -> None:
        """End what the run wrote, then put back what it ended."""
        self.kept.end(self.connection, self.kept.written_by(self.run), as_run, now)
        put = {"put_by": sa.literal(as_run), "put_at": sa.literal(now)}
        values = [put.get(column.name, column).label(column.name) for column in self.waiting.c]
        rows = self.kept.table.insert().from_select(self.waiting.c.keys(), sa.select(*values))
        self.connection.execute(rows)

    def close(self) -> None:
        """Drop the temporary table."""
        self.waiting.drop(self.connection)


def preview_rollback(engine: sa.Engine, run: str) -> RollbackCounts:
    """What rolling a run back would do, records changed later being left; nothing is changed.

    Raises:
        RollbackRefused: The run wrote nothing, or was rolled back before.
    """
    with reading(engine) as connection:
        _partitions(connection, run, shown(engine.url))
        undo = _Undo.planned(connection, LINKS_KEPT, run)
        return _counts(undo, connection, run)


def roll_back(
    engine: sa.Engine, run: str, as_run: str, now: datetime, auditor: Auditor, *, keep_later: bool = False
) -> RollbackDone:
    """Take back what a run did, all of it in one transaction.

    Args:
        engine: The education database.
        run: The run to be taken back; it may be a rollback itself.
        as_run: The name of this rollback, used by no other run.
        now: When.
        auditor: Who writes it down.
        keep_later: Leave records that later runs have changed as these left them, instead of refusing.

    Raises:
        RollbackRefused: Later runs have changed records of the run, or there is nothing to take back.
        ProvinceLocked: Another run holds one of its provinces.
    """
    with writing(engine) as connection:
        partitions = _partitions(connection, run, shown(engine.url))
        provinces = sorted({province for _, province in partitions})
        for province in provinces:
            take(connection, province, as_run, now)
        undos = [_Undo.planned(connection, kept, run) for kept in VERSIONED]
        counts = _counts(undos[0], connection, run)
        if counts.left and not keep_later:
            raise RollbackRefused(shown(engine.url), run, counts.left, counts.later)
        done = {"restored": undos[0].restored(), "removed": undos[0].removed()}
        for undo in undos:
            undo.carry_out(as_run, moment(now))
            undo.close()
        touched = sorted({*partitions, *done["restored"], *done["removed"]})
        _note_runs(connection, run, as_run, touched, counts, now)
        for kind, province in touched:
            facts = {"rollback_of": run, **{name: found[kind, province] for name, found in done.items()}}
            _note_partition(connection, as_run, kind, province, facts, now)
            head = add(connection, auditor, Event(as_run, Action.ROLLED_BACK, facts, kind, province), now)
        for province in provinces:
            let_go(connection, province, as_run)
    return RollbackDone(counts, head)


def _counts(undo: _Undo, connection: sa.Connection, run: str) -> RollbackCounts:
    overtaken = _overtaken(LINKS_KEPT, run)
    query = sa.select(overtaken.c.later, sa.func.count()).group_by(overtaken.c.later)
    later = dict(connection.execute(query.order_by(overtaken.c.later)).tuples().all())
    return RollbackCounts(undo.restored().total(), undo.removed().total(), sum(later.values()), tuple(later))


def _ended_last(kept: Versioned, run: str) -> sa.ColumnElement[bool]:
    """Rows of the history that the run ended, and since whose end nobody but the run changed anything of their key."""
    old, now = kept.history, kept.table
    later = old.alias("later")
    overtaken = sa.and_(
        same_key(later, old, kept.keys),
        later.c.entry > old.c.entry,
        sa.or_(later.c.ended_by != run, written_by(later) != run),
    )
    others = sa.and_(same_key(now, old, kept.keys), written_by(now) != run)
    return sa.and_(
        old.c.ended_by == run,
        written_by(old) != run,
        ~sa.exists(sa.select(later.c.entry).where(overtaken).correlate(old)),
        ~sa.exists(sa.select(now.c.kind).where(others).correlate(old)),
    )


def _overtaken(kept: Versioned, run: str) -> sa.Subquery:
    """Keys that the run changed and others changed later; `later` is the run that did so last."""
    old, now = kept.history, kept.table
    mine = sa.or_(old.c.ended_by == run, written_by(old) == run)
    keys = [old.c[key] for key in kept.keys]
    touched = sa.select(*keys).where(mine).distinct().subquery("touched")
    last_entry = (
        sa.select(sa.func.max(old.c.entry)).where(same_key(old, touched, kept.keys)).correlate(touched)
    )
    last = old.alias("last")
    holder = touched.outerjoin(now, same_key(now, touched, kept.keys)).join(
        last, last.c.entry == last_entry.scalar_subquery()
    )
    by = sa.case((now.c.kind.is_not(None), written_by(now)), else_=last.c.ended_by)
    found = sa.select(*[touched.c[key] for key in kept.keys], by.label("later")).select_from(holder)
    return found.where(by != run).subquery("overtaken")


def _partitions(connection: sa.Connection, run: str, database: str) -> list[tuple[str, str]]:
    """(kind, province) of all that the run wrote.

    Raises:
        RollbackRefused: There are none, or they were taken back before.
    """
    written = sa.and_(sync_partitions.c.run == run, sync_partitions.c.state.in_([DONE, RESTORED]))
    query = sa.select(sync_partitions.c.kind, sync_partitions.c.province).where(written)
    found = [(kind, province) for kind, province in connection.execute(query).tuples()]
    if not found:
        raise RollbackRefused(database, run)
    return found


def _note_runs(
    connection: sa.Connection,
    run: str,
    as_run: str,
    touched: Sequence[tuple[str, str]],
    counts: RollbackCounts,
    now: datetime,
) -> None:
    """The run counts as never done; what it had taken back itself counts again."""
    before = connection.scalar(sa.select(sync_runs.c.scope).where(sync_runs.c.run == run))
    revived = json.loads(before).get("rollback_of") if before else None
    _set_state(connection, run, ROLLED_BACK, [DONE, RESTORED])
    if revived:
        was = connection.scalar(sa.select(sync_runs.c.scope).where(sync_runs.c.run == revived))
        again = RESTORED if was and json.loads(was).get("rollback_of") else DONE
        _set_state(connection, revived, again, [ROLLED_BACK])
    scope = {
        "rollback_of": run,
        "kinds": sorted({kind for kind, _ in touched}),
        "provinces": sorted({province for _, province in touched}),
    }
    row = {
        "run": as_run,
        "started_at": moment(now),
        "ended_at": moment(now),
        "state": DONE,
        "scope": json.dumps(scope, sort_keys=True),
        "counts": json.dumps({"rollback": asdict(counts)}, sort_keys=True),
    }
    connection.execute(sync_runs.insert().values(row))


def _set_state(connection: sa.Connection, run: str, state: str, of: Sequence[str]) -> None:
    partitions = sa.and_(sync_partitions.c.run == run, sync_partitions.c.state.in_(of))
    connection.execute(sync_partitions.update().where(partitions).values(state=state))
    run_state = DONE if state == RESTORED else state
    connection.execute(sync_runs.update().where(sync_runs.c.run == run).values(state=run_state))


def _note_partition(
    connection: sa.Connection, as_run: str, kind: str, province: str, facts: dict[str, Any], now: datetime
) -> None:
    row = {"run": as_run, "kind": kind, "province": province, "state": RESTORED, "finished_at": moment(now)}
    counts = {name: count for name, count in facts.items() if isinstance(count, int)}
    row |= {"counts": json.dumps(counts)}
    connection.execute(sync_partitions.insert().values(**row, rows=sum(counts.values())))

"""How staged decisions change what is held: the rule as one expression, and the statements that carry it out.

The rule: a person outranks the machine, whatever it says; a machine's new ID replaces a machine's old one, and the old
one goes to the history; less evidence than before deletes nothing. Only rows that differ are written, and what they
replace goes to a history.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from connectors.database import by_key
from connectors.education_tables import TEXT, links
from connectors.versioned_tables import (
    CONFLICTS_KEPT,
    LINKS_KEPT,
    OPEN_KEPT,
    Versioned,
)
from matching.decision import Reason


class Action(StrEnum):
    """What becomes of the link of one record."""

    OPEN = "open"
    """No link before, none now."""
    ADD = "add"
    CHANGE = "change"
    """Another ID than before."""
    RENEW = "renew"
    """The same ID for another reason, by another pass, or now confirmed by a person."""
    SAME = "same"
    END = "end"
    """A person said that the link is wrong."""
    KEEP = "keep"
    """Not found again; the link stays and is reported."""
    UNASKED = "unasked"
    """The registry could not be asked: no news, so link and lists stay as they are."""
    CONFLICT = "conflict"
    """Confirmed by a person, and the machine finds another ID; the link stays and is reported."""


class Cause(StrEnum):
    """Why a record stands in the conflicts."""

    NOT_FOUND_AGAIN = "not_found_again"
    CONFIRMED_DIFFERS = "confirmed_differs"


_CAUSES = {
    Action.KEEP: Cause.NOT_FOUND_AGAIN,
    Action.CONFLICT: Cause.CONFIRMED_DIFFERS,
}

_CONFIRMED = "confirmed"


@dataclass(frozen=True)
class Merge:
    """One partition's merge inside a transaction; the statements run in the order of the methods."""

    connection: sa.Connection
    staged: sa.Table
    run: str
    kind: str
    province: str
    now: str
    complete: bool

    def plan(self) -> sa.Table:
        """Decide for each staged record, in a temporary table that also says what is held: ID, province, confirmed or not."""
        held = {"held_id": links.c.personal_id, "held_in": links.c.province}
        planned = _temporary("planned_links", "action", *held, "confirmed")
        planned.create(self.connection)
        confirmed = sa.case((links.c.confirmed_by_person, _CONFIRMED))
        decided = [self.staged.c.record_id, _action(self.staged), *held.values(), confirmed]
        query = sa.select(*decided).select_from(self._with_links())
        with by_key(self.connection):
            self.connection.execute(planned.insert().from_select(planned.c.keys(), query))
        return planned

    def _with_links(self) -> sa.Join:
        same = sa.and_(links.c.kind == self.kind, links.c.record_id == self.staged.c.record_id)
        return self.staged.outerjoin(links, same)

    def _same(self, planned: sa.Table) -> sa.ColumnElement[bool]:
        return planned.c.record_id == self.staged.c.record_id

    def counts(self, planned: sa.Table) -> dict[Action, int]:
        """How many records each action has."""
        query = sa.select(planned.c.action, sa.func.count()).group_by(planned.c.action)
        found = {Action(action): count for action, count in self.connection.execute(query).tuples()}
        return {action: found.get(action, 0) for action in Action}

    def end_links(self, planned: sa.Table) -> None:
        """Move links that hold no longer to the history, whole."""
        ended = _among(planned, Action.CHANGE, Action.RENEW, Action.END)
        with by_key(self.connection):
            LINKS_KEPT.end(self.connection, self._links_of(ended), self.run, self.now)

    def begin_links(self, planned: sa.Table) -> None:
        """Write the links that are new."""
        row = self.staged.c
        begun = row.record_id.in_(_among(planned, Action.ADD, Action.CHANGE, Action.RENEW))
        values = {
            "kind": sa.literal(self.kind),
            "record_id": row.record_id,
            "province": sa.literal(self.province),
            "personal_id": row.personal_id,
            "reason": row.reason,
            "decided_by": row.decided_by,
            "match_probability": row.match_probability,
            "confirmed_by_person": row.by_person,
            "model": row.model,
            "run": sa.literal(self.run),
            "valid_from": sa.literal(self.now),
        }
        self.connection.execute(
            links.insert().from_select(list(values), sa.select(*values.values()).where(begun))
        )

    def move_links(self, planned: sa.Table) -> None:
        """Links follow their record into the province of its present school."""
        stays = planned.c.action.not_in([Action.CHANGE, Action.RENEW, Action.END])
        moved = sa.select(planned.c.record_id).where(stays, planned.c.held_in != self.province)
        placed = {"province": self.province, "put_by": self.run, "put_at": self.now}
        with by_key(self.connection):
            if LINKS_KEPT.remember(self.connection, self._links_of(moved), self.run, self.now):
                self.connection.execute(links.update().where(self._links_of(moved)).values(placed))

    def _links_of(self, records: sa.Select[Any]) -> sa.ColumnElement[bool]:
        # by its key: a condition on the rest would look through the links of the whole country
        return sa.and_(links.c.kind == self.kind, links.c.record_id.in_(records))

    def list_conflicts(self, planned: sa.Table) -> None:
        """Bring the list of conflicts up to date."""
        causes = {str(action): str(cause) for action, cause in _CAUSES.items()}
        cause = sa.case(causes, value=planned.c.action)
        row = self.staged.c
        wanted = sa.select(
            row.record_id,
            cause.label("cause"),
            planned.c.held_id,
            row.personal_id.label("proposed_id"),
            row.outcome,
            row.reason,
        ).join(planned, self._same(planned))
        self._replace(CONFLICTS_KEPT, wanted.where(planned.c.action.in_(list(_CAUSES))), planned)

    def list_open(self, planned: sa.Table) -> None:
        """Bring the list of open records up to date; what a person has linked is not open."""
        row = self.staged.c
        wanted = sa.select(row.record_id, row.outcome, row.reason, row.candidates)
        wanted = wanted.join(planned, self._same(planned))
        settled = sa.and_(planned.c.confirmed.is_not(None), planned.c.action != Action.END)
        is_open = sa.and_(row.personal_id.is_(None), planned.c.action != Action.UNASKED, sa.not_(settled))
        self._replace(OPEN_KEPT, wanted.where(is_open), planned)

    def _replace(self, kept: Versioned, wanted: sa.Select[Any], planned: sa.Table) -> None:
        """Make a list hold what is wanted, writing only rows that differ; what stays open keeps its first day."""
        target = kept.table
        rows = wanted.subquery("wanted")
        content = [column.name for column in rows.c if column.name != "record_id"]
        same = sa.and_(target.c.kind == self.kind, target.c.record_id == rows.c.record_id)
        values = {
            **{name: rows.c[name] for name in ("record_id", *content)},
            "kind": sa.literal(self.kind),
            "province": sa.literal(self.province),
            "run": sa.literal(self.run),
            "open_since_run": sa.func.coalesce(target.c.open_since_run, self.run),
            "open_since": sa.func.coalesce(target.c.open_since, self.now),
        }
        differs = [target.c[name].is_distinct_from(values[name]) for name in (*content, "province")]
        fresh = _temporary(f"fresh_{target.name}", *[name for name in values if name != "record_id"])
        fresh.create(self.connection)
        query = sa.select(*values.values()).select_from(rows.outerjoin(target, same)).where(sa.or_(*differs))
        self.connection.execute(fresh.insert().from_select(list(values), query))
        stale = self._stale(target, rows, fresh, planned)
        settled = sa.and_(target.c.kind == self.kind, target.c.record_id.in_(sa.select(stale.c.record_id)))
        kept.end(self.connection, settled, self.run, self.now)
        self.connection.execute(
            target.insert().from_select(list(values), sa.select(*[fresh.c[name] for name in values]))
        )
        stale.drop(self.connection)
        fresh.drop(self.connection)

    def _stale(self, target: sa.Table, rows: sa.Subquery, fresh: sa.Table, planned: sa.Table) -> sa.Table:
        """Records of a list that are written anew, or belong to this partition and are wanted no longer."""
        ours = sa.select(target.c.record_id).join(planned, planned.c.record_id == target.c.record_id)
        ours = ours.where(target.c.kind == self.kind)
        here = sa.and_(target.c.kind == self.kind, target.c.province == self.province)
        listed = sa.select(target.c.record_id).where(here) if self.complete else ours
        listing = ours.union(listed).subquery("listed")
        unasked = _has(planned, listing, planned.c.action == Action.UNASKED)
        settled = sa.and_(sa.not_(_has(rows, listing)), sa.not_(unasked))
        stale = _temporary(f"stale_{target.name}")
        stale.create(self.connection)
        found = sa.select(listing.c.record_id).where(sa.or_(_has(fresh, listing), settled))
        self.connection.execute(stale.insert().from_select(["record_id"], found))
        return stale


def _among(planned: sa.Table, *actions: Action) -> sa.Select[Any]:
    """IDs of the records that some actions are planned for."""
    return sa.select(planned.c.record_id).where(planned.c.action.in_(actions))


def _has(
    rows: sa.FromClause, target: sa.FromClause, condition: sa.ColumnElement[bool] | None = None
) -> sa.ColumnElement[bool]:
    """Whether a record of the target stands among the rows."""
    same = rows.c.record_id == target.c.record_id
    found = sa.select(sa.literal(1)).select_from(rows)
    return sa.exists(found.where(same if condition is None else sa.and_(same, condition)))


def _temporary(name: str, *columns: str) -> sa.Table:
    key = sa.Column("record_id", TEXT, primary_key=True)
    others = [sa.Column(column, TEXT) for column in columns]
    return sa.Table(name, sa.MetaData(), key, *others, prefixes=["TEMPORARY"], sqlite_with_rowid=False)


def _action(staged: sa.Table) -> sa.ColumnElement[str]:
    """The rule, first case that fits; `links` is the row held, null where there is none."""
    new, held = staged.c, links.c
    silent = new.personal_id.is_(None)
    another = new.personal_id != held.personal_id
    renewed = sa.or_(new.reason != held.reason, new.decided_by != held.decided_by)
    return sa.case(
        (sa.and_(held.record_id.is_(None), silent), Action.OPEN),
        (held.record_id.is_(None), Action.ADD),
        (sa.and_(new.by_person, silent), Action.END),
        (sa.and_(new.by_person, another), Action.CHANGE),
        (sa.and_(new.by_person, sa.or_(renewed, sa.not_(held.confirmed_by_person))), Action.RENEW),
        (sa.and_(silent, new.reason == Reason.COULD_NOT_ASK), Action.UNASKED),
        (silent, Action.KEEP),
        (sa.and_(another, held.confirmed_by_person), Action.CONFLICT),
        (another, Action.CHANGE),
        (sa.and_(renewed, sa.not_(held.confirmed_by_person)), Action.RENEW),
        else_=Action.SAME,
    )

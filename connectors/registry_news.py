"""Changes of the registry brought to the links: numbers replaced with history, the deceased flagged, what was corrected to be decided anew.

One province in one transaction; the same changes brought again change nothing.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.audit import Action, Auditor, Event, add
from connectors.database import bulk_insert, insert_if_absent, reading, rows_written, writing
from connectors.education_tables import TEXT, links, moment
from connectors.registry_tables import link_flags, link_rechecks, registry_cursors
from connectors.versioned_tables import LINKS_KEPT
from matching.decision import Reason

FEED = "changes"
DECEASED = "deceased"
_BORN = "born"


@dataclass(frozen=True)
class News:
    """What changes say of numbers.

    Attributes:
        leads_to: superseded number → the one that is current now.
        deceased: number → when that was recorded.
        touched: numbers whose entries read otherwise now, or of which something was said that this program doesn't know.
        counts: word → changes.
    """

    leads_to: dict[str, str]
    deceased: dict[str, str]
    touched: frozenset[str]
    counts: Counter[str]


def news_of(changes: pa.Table) -> News:
    """Read CHANGES, oldest first; a number superseded twice leads to the end, a circle leads nowhere and is looked at anew."""
    leads_to: dict[str, str] = {}
    deceased: dict[str, str] = {}
    touched: set[str] = set()
    # a page delivered out of order or twice says the same
    rows = changes.select(["change", "at", "personal_id", "superseded_by"]).to_pylist()
    distinct = {tuple(row.values()): row for row in sorted(rows, key=lambda row: str(row["at"]))}
    for row in distinct.values():
        number, word = row["personal_id"], row["change"]
        if word == "superseded" and row["superseded_by"]:
            leads_to[number] = row["superseded_by"]
        elif word == DECEASED:
            deceased[number] = row["at"]
        elif word != _BORN:
            touched.add(number)
    ends = {number: _end(number, leads_to) for number in leads_to}
    touched |= {number for number, end in ends.items() if end is None}
    counts = Counter(row["change"] for row in distinct.values())
    return News({number: end for number, end in ends.items() if end}, deceased, frozenset(touched), counts)


def _end(number: str, leads_to: dict[str, str]) -> str | None:
    seen = {number}
    while (following := leads_to.get(number)) is not None:
        if following in seen:
            return None
        seen.add(following)
        number = following
    return number


def cursor(engine: sa.Engine) -> str | None:
    """Where the feed was left; None before the first time."""
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table(registry_cursors.name):
            return None
        asked = sa.select(registry_cursors.c.cursor).where(registry_cursors.c.feed == FEED)
        found: str | None = connection.scalar(asked)
        return found


def move_cursor(engine: sa.Engine, to: str, as_of: str, run: str) -> None:
    """Remember where the feed was left."""
    with writing(engine) as connection:
        connection.execute(registry_cursors.delete().where(registry_cursors.c.feed == FEED))
        connection.execute(registry_cursors.insert().values(feed=FEED, cursor=to, as_of=as_of, run=run))


def provinces_touched(engine: sa.Engine, news: News) -> list[str]:
    """Provinces with links on numbers that something is said of."""
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table(links.name):
            return []
        told = _told(connection, news)
        asked = sa.select(links.c.province).join(told, told.c.number == links.c.personal_id).distinct()
        found = connection.scalars(asked.order_by(links.c.province)).all()
        told.drop(connection)
    return list(found)


def bring(
    engine: sa.Engine, news: News, province: str, run: str, now: datetime, auditor: Auditor
) -> Counter[str]:
    """Bring news to the links of a province and write that down; how many links each word concerned."""
    with writing(engine) as connection:
        told = _told(connection, news)
        counts = _Bringing(connection, told, province, run, moment(now)).all()
        told.drop(connection)
        add(connection, auditor, Event(run, Action.WRITTEN, {"job": FEED, **counts}, None, province), now)
    return counts


def preview(engine: sa.Engine, news: News, province: str) -> Counter[str]:
    """How many links each word would concern; nothing is written."""
    with reading(engine) as connection:
        told = _told(connection, news)
        asked = sa.select(told.c.word, sa.func.count()).join(links, told.c.number == links.c.personal_id)
        rows = connection.execute(asked.where(links.c.province == province).group_by(told.c.word)).tuples()
        counts = Counter(dict(rows.all()))
        told.drop(connection)
    return counts


def _told(connection: sa.Connection, news: News) -> sa.Table:
    """News as a temporary table: number, word, and what goes with it."""
    table = sa.Table(
        "registry_news",
        sa.MetaData(),
        sa.Column("number", TEXT),
        sa.Column("word", TEXT),
        sa.Column("detail", TEXT),
        prefixes=["TEMPORARY"],
    )
    table.create(connection)
    rows = [(number, "superseded", to) for number, to in news.leads_to.items()]
    rows += [(number, DECEASED, at) for number, at in news.deceased.items()]
    rows += [(number, "corrected", "") for number in sorted(news.touched)]
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    arrays = [pa.array(column, pa.string()) for column in columns]
    bulk_insert(connection, table, pa.table(arrays, names=["number", "word", "detail"]))
    return table


@dataclass(frozen=True)
class _Bringing:
    """One province in one transaction."""

    connection: sa.Connection
    told: sa.Table
    province: str
    run: str
    now: str

    def all(self) -> Counter[str]:
        """Everything; looked at before and after numbers are replaced, as something may be said of either."""
        deceased, corrected = self._flag(), self._recheck("corrected", self._said("corrected"))
        superseded = self._replace()
        deceased += self._flag()
        corrected += self._recheck("corrected", self._said("corrected"))
        shared = self._recheck("superseded", self._shared())
        return Counter(superseded=superseded, deceased=deceased, corrected=corrected, shared=shared)

    def _said(self, word: str) -> sa.ColumnElement[bool]:
        same = sa.and_(self.told.c.number == links.c.personal_id, self.told.c.word == word)
        return sa.and_(links.c.province == self.province, sa.exists(sa.select(sa.literal(1)).where(same)))

    def _flag(self) -> int:
        told = self.told
        joined = links.join(told, sa.and_(told.c.number == links.c.personal_id, told.c.word == DECEASED))
        values = [
            links.c.kind, links.c.record_id, sa.literal(DECEASED), links.c.personal_id, links.c.province,
            told.c.detail, sa.literal(self.run),
        ]  # fmt: skip
        rows = sa.select(*values).select_from(joined).where(links.c.province == self.province)
        names = ["kind", "record_id", "flag", "personal_id", "province", "at", "run"]
        insert = insert_if_absent(self.connection, link_flags)
        return rows_written(self.connection, insert.from_select(names, rows))

    def _recheck(self, cause: str, which: sa.ColumnElement[bool]) -> int:
        values = [links.c.kind, links.c.record_id, links.c.province, sa.literal(cause), sa.literal(self.run)]
        insert = insert_if_absent(self.connection, link_rechecks)
        rows = sa.select(*values).where(which)
        return rows_written(
            self.connection, insert.from_select(["kind", "record_id", "province", "cause", "run"], rows)
        )

    def _replace(self) -> int:
        """Links on superseded numbers go to the history, whole, and on with the present number."""
        which, told = self._said("superseded"), self.told
        if not LINKS_KEPT.remember(self.connection, which, self.run, self.now):
            return 0
        same = sa.and_(told.c.number == links.c.personal_id, told.c.word == "superseded")
        present = sa.select(told.c.detail).where(same).scalar_subquery()
        values = {
            "personal_id": present,
            "reason": str(Reason.SUPERSEDED_NUMBER_FOLLOWED),
            "run": self.run,
            "valid_from": self.now,
            "put_by": None,
            "put_at": None,
        }
        return rows_written(self.connection, links.update().where(which).values(**values))

    def _shared(self) -> sa.ColumnElement[bool]:
        """Links that were replaced just now and whose number another record of the kind holds too."""
        other = links.alias("other")
        same = sa.and_(
            other.c.kind == links.c.kind,
            other.c.personal_id == links.c.personal_id,
            other.c.record_id != links.c.record_id,
        )
        ours = sa.and_(links.c.province == self.province, links.c.run == self.run)
        return sa.and_(ours, sa.exists(sa.select(sa.literal(1)).where(same)))


def rechecks(engine: sa.Engine, kind: str, province: str) -> pa.ChunkedArray:
    """IDs of records that the next run decides on anew."""
    return pa.chunked_array([pc.unique(pa.array(list(_rechecks(engine, kind, province)), pa.string()))])


def _rechecks(engine: sa.Engine, kind: str, province: str) -> list[str]:
    here = sa.and_(link_rechecks.c.kind == kind, link_rechecks.c.province == province)
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table(link_rechecks.name):
            return []
        return list(connection.scalars(sa.select(link_rechecks.c.record_id).where(here)).all())


def forget_rechecks(engine: sa.Engine, kind: str, records: pa.ChunkedArray) -> None:
    """They were decided on."""
    if not len(records):
        return
    with writing(engine) as connection:
        for part in (records.slice(start, 500) for start in range(0, len(records), 500)):
            mine = sa.and_(link_rechecks.c.kind == kind, link_rechecks.c.record_id.in_(part.to_pylist()))
            connection.execute(link_rechecks.delete().where(mine))

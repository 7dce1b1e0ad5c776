"""What a run changed: who gained, lost or changed an ID, with what an officer needs to find them, and why; IDs masked."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from connectors.run_diff import Change
from matching.schemas import KINDS
from reporting.cells import masked, plain
from reporting.collation import name_key
from reporting.places import province_names
from reporting.texts import Texts


class Cause(StrEnum):
    """Why a record was decided on anew."""

    PERSON = "person"
    """Somebody decided it in review."""
    NEW = "new"
    """It was not there when the partition was read before."""
    CORRECTED = "corrected"
    """Something of the person is typed otherwise than before."""
    REGISTRY = "registry"
    """The registry said that the entry has changed."""
    AGAIN = "again"
    """It was open, or everything was decided on anew; or another record that points to the same entry changed."""


ORDER = (Change.CHANGED, Change.LOST, Change.GAINED)
"""What is looked at first: another ID than before is an alarm."""

_TEXTS = (
    "kind",
    "province",
    "change",
    "record_id",
    "full_name",
    "school_code",
    "school_name",
    "before",
    "after",
)
_WHY = ("before_reason", "before_by", "reason", "decided_by", "cause", "fields")
RUN_CHANGES = pa.schema(
    [*(pa.field(name, pa.string()) for name in (*_TEXTS, *_WHY)), pa.field("stopped", pa.bool_())]
)
"""One record whose ID differs: `change` is one of `connectors.run_diff.Change`, `before` and `after` are masked, `cause` is one of
`Cause` (null where it is not known), `fields` the columns typed otherwise, parted by blanks; `stopped`: a gate kept it from being written."""


@dataclass(frozen=True)
class Counted:
    """How many records of a partition gained, lost and changed an ID."""

    kind: str
    province: str
    counts: tuple[int, ...]
    """In the order of `connectors.run_diff.Change`."""
    stopped: bool
    """A gate kept the partition from being written."""
    kept: int = 0
    """Records that keep an ID which the run does not find, or finds to be another: they stand in the conflicts."""


@dataclass(frozen=True)
class KindCounts:
    """Sums of a kind."""

    kind: str
    stopped: bool
    counts: dict[Change, int]


@dataclass(frozen=True)
class RunChanges:
    """All that a run changed, or would have."""

    run: str
    dry_run: bool
    synthetic: bool
    counted: tuple[Counted, ...]
    table: pa.Table
    """RUN_CHANGES: of each partition and change those first by record ID, up to a limit."""

    def rows(self, change: Change) -> pa.Table:
        """Those of one change."""
        return self.table.filter(pc.equal(self.table["change"], change))

    def of(self, change: Change) -> int:
        """How many records, written or not."""
        return sum(one.counts[list(Change).index(change)] for one in self.counted)

    def by_kind(self) -> tuple[KindCounts, ...]:
        """Sums by kind; partitions that a gate stopped stand apart."""
        groups = [(kind, stopped) for kind in KINDS for stopped in (False, True)]
        found = []
        for kind, stopped in groups:
            some = [one for one in self.counted if (one.kind, one.stopped) == (kind, stopped)]
            if some:
                sums = {change: sum(one.counts[place] for one in some) for place, change in enumerate(Change)}
                found.append(KindCounts(kind, stopped, sums))
        return tuple(found)

    @property
    def kept(self) -> int:
        """Records that keep an ID which the run does not find, or finds to be another."""
        return sum(one.kept for one in self.counted)

    @property
    def stopped(self) -> bool:
        """Whether a gate kept some of it from being written."""
        return any(one.stopped for one in self.counted)


@dataclass(frozen=True)
class ChangeLine:
    """One record, in words."""

    change: Change
    kind: str
    record_id: str
    name: str
    school: str
    province: str
    before: str
    after: str
    why: str
    stopped: bool


def named(kind: str, news: pa.Table, raw: pa.Table, schools: pa.Table, *, stopped: bool) -> pa.Table:
    """Records of one partition whose ID differs, with name and school.

    Args:
        kind: Theirs.
        news: `connectors.link_news.LINK_NEWS` with `cause` and `fields`.
        raw: RAW_RECORDS; of other kinds too.
        schools: SCHOOLS.
        stopped: Whether a gate kept the partition from being written.

    Returns:
        RUN_CHANGES, by given name.
    """
    same = raw.filter(pc.equal(raw["kind"], kind))
    people = same.take(pc.index_in(news["record_id"], value_set=same["record_id"].combine_chunks()))
    place = pc.index_in(people["school_code"], value_set=schools["school_code"].combine_chunks())
    columns = {
        "kind": pa.repeat(pa.scalar(kind), len(news)),
        **{name: people[name] for name in ("province", "full_name", "school_code")},
        "school_name": pc.take(schools["name"], place),
        "before": _masked(news["before_id"]),
        "after": _masked(news["after_id"]),
        "stopped": pa.repeat(pa.scalar(stopped), len(news)),
    }
    found = pa.table(
        [columns[name] if name in columns else news[name] for name in RUN_CHANGES.names], schema=RUN_CHANGES
    )
    return found.take(pa.array(_by_name(found["full_name"].to_pylist()), pa.int64()))


def _by_name(names: list[str | None]) -> list[int]:
    return sorted(range(len(names)), key=lambda place: name_key(names[place] or ""))


def _masked(numbers: pa.ChunkedArray) -> pa.Array:
    return pa.array([masked(one) if one else None for one in numbers.to_pylist()], pa.string())


def change_lines(table: pa.Table, text: Texts) -> Iterator[ChangeLine]:
    """Rows of RUN_CHANGES in words, as they stand."""
    names = province_names()
    for row in table.to_pylist():
        yield ChangeLine(
            change=Change(row["change"]),
            kind=text(f"kinds.{row['kind']}"),
            record_id=plain(row["record_id"]),
            name=plain(row["full_name"]),
            school=plain(row["school_name"] or row["school_code"]),
            province=names.of_2025(row["province"]) if row["province"] else "",
            before=row["before"] or "–",
            after=row["after"] or "–",
            why=_why(row, text),
            stopped=row["stopped"],
        )


def _why(row: dict[str, str], text: Texts) -> str:
    """What brought it about, then what the link rests on now, and what it rested on."""
    parts = []
    if row["cause"]:
        typed = ", ".join(text.label("typed_field", name) for name in row["fields"].split())
        parts.append(text(f"changes.cause.{row['cause']}", fields=typed))
    if row["after"]:
        parts.append(text.label("reason", row["reason"]))
    if row["before"] and row["after"]:
        parts.append(text("changes.before", reason=text.label("reason", row["before_reason"])))
    return ". ".join(parts)

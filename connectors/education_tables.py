"""The tables of the education database: those of the ministry, and those that the sync owns.

Moments are text in ISO 8601, UTC (`moment`): they sort as they stand, and both databases keep them alike. Text
compares by its bytes everywhere (collation C), so that "the first" means the same in every place.
"""

from datetime import UTC, datetime

import pyarrow as pa
import sqlalchemy as sa

from matching.schemas import EDUCATION_TABLES

NO_PROVINCE = "00"
"""Partition of the records whose school is unknown; no province has this code."""

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

education_metadata = sa.MetaData()
"""The ministry's tables; the sync reads them and never creates or changes them."""
sync_metadata = sa.MetaData()
"""The tables that the sync owns."""

TABLE_KEYS = {
    "schools": ("school_code",),
    "students": ("student_id",),
    "teachers": ("teacher_id",),
    "guardians": ("guardian_id",),
    "student_guardians": ("student_id", "guardian_id"),
}
"""Education table → its key."""


def moment(when: datetime) -> str:
    """A moment as it is stored: ISO 8601 in UTC, always to the microsecond.

    Raises:
        ValueError: The moment has no time zone.
    """
    if when.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return when.astimezone(UTC).isoformat(timespec="microseconds")


def _education_columns(name: str) -> list[sa.Column[str]]:
    keys = TABLE_KEYS[name]
    return [
        sa.Column(column, TEXT, primary_key=column in keys, nullable=column not in keys)
        for column in EDUCATION_TABLES[name].names
    ]


def _education_table(name: str) -> sa.Table:
    return sa.Table(name, education_metadata, *_education_columns(name))


def loading_table(name: str) -> sa.Table:
    """A temporary table shaped as an education table."""
    return sa.Table(f"loading_{name}", sa.MetaData(), *_education_columns(name), prefixes=["TEMPORARY"])


schools = _education_table("schools")
students = _education_table("students")
teachers = _education_table("teachers")
guardians = _education_table("guardians")
student_guardians = _education_table("student_guardians")

# the way to a partition: province → schools → people → their guardians
sa.Index("schools_by_province", schools.c.province_code)
sa.Index("students_by_school", students.c.school_code)
sa.Index("teachers_by_school", teachers.c.school_code)
sa.Index("student_guardians_by_guardian", student_guardians.c.guardian_id)


def text_column(name: str, *, key: bool = False, needed: bool = True) -> sa.Column[str]:
    """A column of text."""
    return sa.Column(name, TEXT, primary_key=key, nullable=not needed)


def _link_columns() -> list[sa.Column[object]]:
    """What a link says, apart from its key."""
    return [
        text_column("province"),
        text_column("personal_id"),
        text_column("reason"),
        text_column("decided_by"),
        sa.Column("match_probability", sa.Double),
        sa.Column("confirmed_by_person", sa.Boolean, nullable=False),
        text_column("model", needed=False),
        text_column("run"),
        text_column("valid_from"),
        *_put_columns("put_by", "put_at"),
    ]


def _put_columns(*names: str) -> list[sa.Column[str]]:
    """Who put a row where it stands, and when, if not the run that it names: a rollback, or a move to another province."""
    return [text_column(name, needed=False) for name in names]


links = sa.Table(
    "links",
    sync_metadata,
    text_column("kind", key=True),
    text_column("record_id", key=True),
    *_link_columns(),
)
"""The personal ID of each linked record, and the decision it rests on; `run` and `model` are those of that decision."""


def entry_column(*, numbered: bool) -> sa.Column[int]:
    """The key of a table whose rows are only ever added; `numbered` by the database, else by us."""
    # SQLite numbers rows by itself only where the key is called INTEGER
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column("entry", number, primary_key=True, autoincrement=numbered)


link_history = sa.Table(
    "link_history",
    sync_metadata,
    entry_column(numbered=True),
    text_column("kind"),
    text_column("record_id"),
    *_link_columns(),
    text_column("valid_to"),
    text_column("ended_by"),
)
"""Links that hold no longer, whole, with the run that ended them; rows are only ever added."""

link_conflicts = sa.Table(
    "link_conflicts",
    sync_metadata,
    text_column("kind", key=True),
    text_column("record_id", key=True),
    text_column("province"),
    text_column("cause"),
    text_column("held_id"),
    text_column("proposed_id", needed=False),
    text_column("outcome"),
    text_column("reason"),
    text_column("run"),
    text_column("open_since_run"),
    text_column("open_since"),
    *_put_columns("put_by"),
)
"""Where the last run says other than what stands, and what stands was kept; `cause` is one of `merge.Cause`."""

sync_runs = sa.Table(
    "sync_runs",
    sync_metadata,
    text_column("run", key=True),
    text_column("started_at"),
    text_column("ended_at", needed=False),
    text_column("state"),
    text_column("scope"),
    text_column("model", needed=False),
    text_column("registry_as_of", needed=False),
    text_column("counts", needed=False),
)
"""Each run: its scope and counts as JSON, its model, as of when the registry was."""

sync_partitions = sa.Table(
    "sync_partitions",
    sync_metadata,
    text_column("run", key=True),
    text_column("kind", key=True),
    text_column("province", key=True),
    text_column("state"),
    sa.Column("rows", sa.BigInteger, nullable=False),
    text_column("digest", needed=False),
    text_column("counts", needed=False),
    text_column("finished_at"),
    text_column("message", needed=False),
)
"""The checkpoint: which partitions a run is done with, and what it wrote there."""

link_rates = sa.Table(
    "link_rates",
    sync_metadata,
    text_column("run"),
    text_column("kind"),
    text_column("province"),
    text_column("level", needed=False),
    text_column("grade", needed=False),
    *[
        sa.Column(name, sa.BigInteger, nullable=False)
        for name in ("in_scope", "linked", "clerical_review", "unlinked", "left_out")
    ],
    text_column("left_out_reasons", needed=False),
)
"""Counts behind the rates, per level and grade; what was left out by reason as JSON."""

review_items = sa.Table(
    "review_items",
    sync_metadata,
    text_column("kind", key=True),
    text_column("record_id", key=True),
    text_column("province"),
    text_column("outcome"),
    text_column("reason"),
    text_column("candidates"),
    text_column("run"),
    text_column("open_since_run"),
    text_column("open_since"),
    *_put_columns("put_by"),
)
"""Records that are still open; candidates as JSON (rank, personal ID, probability, levels), no names."""

province_locks = sa.Table(
    "province_locks",
    sync_metadata,
    text_column("province", key=True),
    text_column("owner"),
    text_column("heartbeat_at"),
)
"""Which run holds a province, and its last sign of life."""

sa.Index("links_by_province", links.c.kind, links.c.province)
sa.Index("links_by_number", links.c.personal_id)
sa.Index("link_history_by_record", link_history.c.kind, link_history.c.record_id)
sa.Index("link_history_by_ended_by", link_history.c.ended_by)
sa.Index("link_conflicts_by_province", link_conflicts.c.kind, link_conflicts.c.province)
sa.Index("link_rates_by_run", link_rates.c.run, link_rates.c.kind, link_rates.c.province)
sa.Index("review_items_by_province", review_items.c.kind, review_items.c.province)


def _arrow_field(column: sa.ColumnElement[object]) -> pa.Field:
    kinds = ((sa.Double, pa.float64()), (sa.Boolean, pa.bool_()), (sa.BigInteger, pa.int64()))
    return pa.field(
        column.name, next((to for kind, to in kinds if isinstance(column.type, kind)), pa.string())
    )


LINKS = pa.schema([_arrow_field(column) for column in links.c])
"""The table `links` as Arrow."""

LINK_RATES = pa.schema(
    [_arrow_field(column) for column in link_rates.c if column.name not in {"run", "kind", "province"}]
)
"""The counts of one partition as they are handed to the write-back: one row per level and grade."""

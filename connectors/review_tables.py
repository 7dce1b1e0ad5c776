"""Tables of what people decided, owned by the sync, beside the links: rows are only ever added.

A decision is one person's word on one record, as it was given; what has become of it since is its last state. Entries are those that
were shown, or the one that was chosen, each with what it looked like then.
"""

from enum import StrEnum

import sqlalchemy as sa

from connectors.education_tables import TEXT, sync_metadata

_NUMBERED = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class State(StrEnum):
    """What has become of a decision."""

    ACTIVE = "active"
    """It holds, and the next run of its province honours it."""
    WITHDRAWN = "withdrawn"
    """What it looked at has changed since: a field of the record, or of the entry."""
    SUPERSEDED = "superseded"
    """The same person decided anew, or a third settled a conflict."""
    CONFLICT = "conflict"
    """Another person's decision contradicts it; a third is awaited."""
    TAKEN_BACK = "taken_back"
    """Whoever made it undid it before any run saw it."""


OVER = (State.WITHDRAWN, State.TAKEN_BACK)
"""States in which a decision counts no longer, whatever comes."""


def _text(name: str, *, needed: bool = True) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=not needed)


review_decisions = sa.Table(
    "review_decisions",
    sync_metadata,
    sa.Column("decision", _NUMBERED, primary_key=True, autoincrement=True),
    _text("kind"),
    _text("record_id"),
    _text("province"),
    _text("verdict"),
    _text("note", needed=False),
    _text("reviewer"),
    _text("decided_at"),
    sa.Column("settles", sa.Boolean, nullable=False),
    _text("run"),
    _text("fingerprint"),
    _text("source_file"),
    sa.Column("source_row", sa.BigInteger, nullable=False),
    _text("source_digest"),
)
"""Who said what of which record, when, by which list; `fingerprint` is what the record looked like, `settles` that it ends a conflict of
others, `run` the run that the list came from."""

review_entries = sa.Table(
    "review_entries",
    sync_metadata,
    sa.Column("decision", _NUMBERED, primary_key=True, autoincrement=False),
    sa.Column("rank", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("personal_id"),
    _text("seen"),
)
"""The entries that a decision is about, and what they looked like."""

review_states = sa.Table(
    "review_states",
    sync_metadata,
    sa.Column("entry", _NUMBERED, primary_key=True, autoincrement=True),
    sa.Column("decision", _NUMBERED, nullable=False),
    _text("state"),
    _text("cause"),
    _text("since"),
)
"""Every state that a decision was in; the last one counts. `cause` is a run, a file or a word of ours."""

sa.Index("review_decisions_by_reviewer", review_decisions.c.reviewer, review_decisions.c.decided_at)
sa.Index("review_decisions_by_record", review_decisions.c.kind, review_decisions.c.record_id)
sa.Index("review_entries_by_number", review_entries.c.personal_id)
sa.Index("review_states_by_decision", review_states.c.decision, review_states.c.entry)

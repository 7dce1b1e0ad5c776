"""Tables of the review page, owned by the sync: who may review, who is signed in, and the open records laid out for them.

What is laid out of a record is what a list of it would show: numbers masked, names and dates of the candidates with it. It is replaced by
every run and goes with that run's tables.
"""

from enum import StrEnum

import sqlalchemy as sa

from connectors.education_tables import sync_metadata, text_column

_NUMBERED = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Role(StrEnum):
    """What a user of the page may do."""

    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    """Also settles what others disagree on, and sees who decided what."""
    AUDITOR = "auditor"
    """Reads only."""


class CaseState(StrEnum):
    """What is still to be done about an open record."""

    OPEN = "open"
    SECOND = "second"
    """A second person is to decide without knowing of the first."""
    UNSURE = "unsure"
    """Whoever looked was not sure; another person is to look."""
    CONFLICT = "conflict"
    DONE = "done"


TO_DO = (CaseState.OPEN, CaseState.SECOND, CaseState.UNSURE)
"""States in which a reviewer is given the record."""


review_users = sa.Table(
    "review_users",
    sync_metadata,
    text_column("username", key=True),
    text_column("name"),
    text_column("password"),
    text_column("role"),
    text_column("provinces"),
    text_column("created_at"),
    text_column("disabled_at", needed=False),
)
"""Users of the page. `name` answers for decisions, as `--reviewer` does of an import; `password` is an argon2 hash; `provinces` are codes
parted by blanks, empty for all."""

review_sessions = sa.Table(
    "review_sessions",
    sync_metadata,
    text_column("token", key=True),
    text_column("username"),
    text_column("form_token"),
    text_column("began_at"),
    text_column("seen_at"),
)
"""Who is signed in; `token` is a digest of the cookie, `form_token` stands in every form."""

review_failures = sa.Table(
    "review_failures",
    sync_metadata,
    sa.Column("failure", _NUMBERED, primary_key=True, autoincrement=True),
    text_column("username"),
    text_column("address"),
    text_column("failed_at"),
)
"""Sign-ins that failed, for as long as they count."""

review_layouts = sa.Table(
    "review_layouts",
    sync_metadata,
    text_column("kind", key=True),
    text_column("province", key=True),
    text_column("run"),
    text_column("laid_out_at"),
)
"""Whose run's open records are laid out in a partition."""

review_cases = sa.Table(
    "review_cases",
    sync_metadata,
    text_column("kind", key=True),
    text_column("record_id", key=True),
    text_column("province"),
    sa.Column("place", sa.BigInteger, nullable=False),
    text_column("school_code", needed=False),
    text_column("reason"),
    text_column("state"),
    sa.Column("words_needed", sa.BigInteger, nullable=False),
    text_column("run"),
    text_column("fingerprint"),
)
"""The open records, as narrow as counting and choosing want them; `place` is their order in the province, `words_needed` how many people
are to decide."""

review_case_contents = sa.Table(
    "review_case_contents",
    sync_metadata,
    text_column("kind", key=True),
    text_column("record_id", key=True),
    text_column("entries"),
    text_column("content"),
)
"""What is shown of each: `entries` as JSON [[personal ID, what it looks like], …] in the order shown, `content` as JSON."""

review_holds = sa.Table(
    "review_holds",
    sync_metadata,
    text_column("kind", key=True),
    text_column("record_id", key=True),
    text_column("username"),
    text_column("until"),
)
"""Who has which record open, and until when nobody else is given it."""

review_looks = sa.Table(
    "review_looks",
    sync_metadata,
    sa.Column("look", _NUMBERED, primary_key=True, autoincrement=True),
    text_column("kind"),
    text_column("record_id"),
    text_column("username"),
    text_column("looked_at"),
)
"""Who looked at which record on the page, and when; rows are only ever added."""

sa.Index("review_users_by_name", review_users.c.name, unique=True)
sa.Index("review_sessions_by_user", review_sessions.c.username)
sa.Index("review_failures_by_moment", review_failures.c.failed_at)
sa.Index("review_cases_by_place", review_cases.c.province, review_cases.c.place)
sa.Index(
    "review_cases_by_count",
    review_cases.c.province,
    review_cases.c.kind,
    review_cases.c.reason,
    review_cases.c.state,
)
sa.Index("review_cases_by_state", review_cases.c.state, review_cases.c.province, review_cases.c.place)
sa.Index("review_cases_by_school", review_cases.c.school_code, review_cases.c.place)
sa.Index("review_holds_by_user", review_holds.c.username)
sa.Index("review_looks_by_record", review_looks.c.kind, review_looks.c.record_id)

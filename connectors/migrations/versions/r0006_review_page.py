"""The review page: its users and sessions, the open records laid out for them, who has and had which open."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBERED = sa.BigInteger().with_variant(sa.Integer, "sqlite")
KEY = ("kind", "record_id")
INDEXES = {
    "review_decisions_by_reviewer": ("review_decisions", ["reviewer", "decided_at"]),
    "review_sessions_by_user": ("review_sessions", ["username"]),
    "review_failures_by_moment": ("review_failures", ["failed_at"]),
    "review_cases_by_place": ("review_cases", ["province", "place"]),
    "review_cases_by_count": ("review_cases", ["province", "kind", "reason", "state"]),
    "review_cases_by_state": ("review_cases", ["state", "province", "place"]),
    "review_cases_by_school": ("review_cases", ["school_code", "place"]),
    "review_holds_by_user": ("review_holds", ["username"]),
    "review_looks_by_record": ("review_looks", [*KEY]),
}
TABLES = (
    "review_users", "review_sessions", "review_failures", "review_layouts", "review_cases", "review_case_contents",
    "review_holds", "review_looks",
)  # fmt: skip


def _texts(*names: str, needed: bool = True) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=not needed) for name in names]


def upgrade() -> None:
    """To this revision."""
    _people()
    _records()
    op.create_index("review_users_by_name", "review_users", ["name"], unique=True)
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def _people() -> None:
    op.create_table(
        "review_users",
        *_texts("username", "name", "password", "role", "provinces", "created_at"),
        *_texts("disabled_at", needed=False),
        sa.PrimaryKeyConstraint("username"),
    )
    op.create_table(
        "review_sessions",
        *_texts("token", "username", "form_token", "began_at", "seen_at"),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_table(
        "review_failures",
        sa.Column("failure", NUMBERED, autoincrement=True),
        *_texts("username", "address", "failed_at"),
        sa.PrimaryKeyConstraint("failure"),
    )


def _records() -> None:
    op.create_table(
        "review_layouts",
        *_texts("kind", "province", "run", "laid_out_at"),
        sa.PrimaryKeyConstraint("kind", "province"),
    )
    op.create_table(
        "review_cases",
        *_texts(*KEY, "province"),
        sa.Column("place", sa.BigInteger, nullable=False),
        *_texts("school_code", needed=False),
        *_texts("reason", "state"),
        sa.Column("words_needed", sa.BigInteger, nullable=False),
        *_texts("run", "fingerprint"),
        sa.PrimaryKeyConstraint(*KEY),
    )
    op.create_table(
        "review_case_contents", *_texts(*KEY, "entries", "content"), sa.PrimaryKeyConstraint(*KEY)
    )
    op.create_table("review_holds", *_texts(*KEY, "username", "until"), sa.PrimaryKeyConstraint(*KEY))
    op.create_table(
        "review_looks",
        sa.Column("look", NUMBERED, autoincrement=True),
        *_texts(*KEY, "username", "looked_at"),
        sa.PrimaryKeyConstraint("look"),
    )


def downgrade() -> None:
    """Back to the one before: users of the page and the note of who looked at what are lost."""
    op.drop_index("review_decisions_by_reviewer", "review_decisions")
    for name in TABLES:
        op.drop_table(name)

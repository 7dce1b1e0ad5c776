"""What people decided: decisions, the entries that they are about, and what has become of them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBERED = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INDEXES = {
    "review_decisions_by_record": ("review_decisions", ["kind", "record_id"]),
    "review_entries_by_number": ("review_entries", ["personal_id"]),
    "review_states_by_decision": ("review_states", ["decision", "entry"]),
}


def _texts(*names: str, needed: bool = True) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=not needed) for name in names]


def upgrade() -> None:
    """To this revision; databases from before revisions were counted may have these tables already."""
    op.create_table(
        "review_decisions",
        sa.Column("decision", NUMBERED, autoincrement=True),
        *_texts("kind", "record_id", "province", "verdict"),
        *_texts("note", needed=False),
        *_texts("reviewer", "decided_at"),
        sa.Column("settles", sa.Boolean, nullable=False),
        *_texts("run", "fingerprint", "source_file"),
        sa.Column("source_row", sa.BigInteger, nullable=False),
        *_texts("source_digest"),
        sa.PrimaryKeyConstraint("decision"),
        if_not_exists=True,
    )
    op.create_table(
        "review_entries",
        sa.Column("decision", NUMBERED, autoincrement=False),
        sa.Column("rank", sa.BigInteger, autoincrement=False),
        *_texts("personal_id", "seen"),
        sa.PrimaryKeyConstraint("decision", "rank"),
        if_not_exists=True,
    )
    op.create_table(
        "review_states",
        sa.Column("entry", NUMBERED, autoincrement=True),
        sa.Column("decision", NUMBERED, nullable=False),
        *_texts("state", "cause", "since"),
        sa.PrimaryKeyConstraint("entry"),
        if_not_exists=True,
    )
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns, if_not_exists=True)


def downgrade() -> None:
    """Back to the one before: what people decided is lost."""
    for name in ("review_decisions", "review_entries", "review_states"):
        op.drop_table(name)

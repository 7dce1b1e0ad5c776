"""Runs that somebody asked for on the review page; automatic links that were drawn to be looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBERED = sa.BigInteger().with_variant(sa.Integer, "sqlite")
NEEDED = ("province", "asked_by", "asked_at", "state", "seen_at")
OPTIONAL = ("run", "progress", "stop_asked_at", "ended_at", "written", "message")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "asked_runs",
        sa.Column("number", NUMBERED, autoincrement=True),
        *[sa.Column(name, TEXT, nullable=False) for name in NEEDED],
        *[sa.Column(name, TEXT) for name in OPTIONAL],
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    open_only = sa.text("ended_at IS NULL")
    op.create_index(
        "asked_runs_under_way",
        "asked_runs",
        ["province"],
        unique=True,
        sqlite_where=open_only,
        postgresql_where=open_only,
    )
    key = ("kind", "record_id", "personal_id")
    names = (*key, "province", "decided_by", "drawn_at")
    columns = [sa.Column(name, TEXT, nullable=False) for name in names]
    op.create_table("link_samples", *columns, sa.PrimaryKeyConstraint(*key))
    op.create_index("link_samples_by_province", "link_samples", ["province"])


def downgrade() -> None:
    """Back to the one before: who asked for which run and which links were drawn is lost, what runs wrote and people said is not."""
    op.drop_table("link_samples")
    op.drop_table("asked_runs")

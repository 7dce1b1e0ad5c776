"""The first tables: links and their history, conflicts, open records, runs, partitions, rates, locks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBERED = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _texts(*names: str, needed: bool = True) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=not needed) for name in names]


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _link_columns() -> list[sa.Column[object]]:
    return [
        *_texts("kind", "record_id", "province", "personal_id", "reason", "decided_by"),
        sa.Column("match_probability", sa.Double),
        sa.Column("confirmed_by_person", sa.Boolean, nullable=False),
        *_texts("model", needed=False),
        *_texts("run", "valid_from"),
    ]


def upgrade() -> None:
    """To this revision."""
    key = sa.PrimaryKeyConstraint
    record = ("kind", "record_id")
    op.create_table("links", *_link_columns(), key(*record))
    op.create_table(
        "link_history",
        sa.Column("entry", NUMBERED, autoincrement=True),
        *_link_columns(),
        *_texts("valid_to", "ended_by"),
        key("entry"),
    )
    op.create_table(
        "link_conflicts",
        *_texts(*record, "province", "cause", "held_id"),
        *_texts("proposed_id", needed=False),
        *_texts("outcome", "reason", "run", "open_since_run", "open_since"),
        key(*record),
    )
    op.create_table(
        "sync_runs",
        *_texts("run", "started_at"),
        *_texts("ended_at", needed=False),
        *_texts("state", "scope"),
        *_texts("model", "registry_as_of", "counts", needed=False),
        key("run"),
    )
    op.create_table(
        "sync_partitions",
        *_texts("run", "kind", "province", "state"),
        *_counts("rows"),
        *_texts("digest", "counts", needed=False),
        *_texts("finished_at"),
        *_texts("message", needed=False),
        key("run", "kind", "province"),
    )
    op.create_table(
        "link_rates",
        *_texts("run", "kind", "province"),
        *_texts("level", "grade", needed=False),
        *_counts("in_scope", "linked", "clerical_review", "unlinked", "left_out"),
        *_texts("left_out_reasons", needed=False),
    )
    op.create_table(
        "review_items",
        *_texts(
            *record, "province", "outcome", "reason", "candidates", "run", "open_since_run", "open_since"
        ),
        key(*record),
    )
    op.create_table("province_locks", *_texts("province", "owner", "heartbeat_at"), key("province"))
    op.create_index("links_by_province", "links", ["kind", "province"])
    op.create_index("link_history_by_record", "link_history", record)
    op.create_index("link_history_by_ended_by", "link_history", ["ended_by"])
    op.create_index("link_conflicts_by_province", "link_conflicts", ["kind", "province"])
    op.create_index("link_rates_by_run", "link_rates", ["run", "kind", "province"])
    op.create_index("review_items_by_province", "review_items", ["kind", "province"])


def downgrade() -> None:
    """To no tables at all."""
    names = ["links", "link_history", "link_conflicts", "sync_runs", "sync_partitions", "link_rates"]
    for name in (*names, "review_items", "province_locks"):
        op.drop_table(name)

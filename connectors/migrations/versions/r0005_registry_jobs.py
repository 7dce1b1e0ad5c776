"""What the registry told beside links: its changes, residences, what became of facts sent to it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TABLES = {
    "registry_runs": (1, "run job started_at ended_at? state counts?"),
    "registry_cursors": (1, "feed cursor as_of run"),
    "link_rechecks": (2, "kind record_id province cause run"),
    "link_flags": (3, "kind record_id flag personal_id province at run"),
    "residences": (2, "kind record_id personal_id found province? commune? as_of run"),
    "sent_facts": (3, "kind record_id school_year personal_id digest outcome reason? run"),
}
"""Table → how many of its columns are its key, and its columns; those with a question mark may be null."""
INDEXES = {
    "link_rechecks_by_province": ("link_rechecks", ["province", "kind"]),
    "link_flags_by_province": ("link_flags", ["province", "kind"]),
}


def upgrade() -> None:
    """To this revision."""
    for name, (keys, text) in TABLES.items():
        columns = [(word.rstrip("?"), word.endswith("?")) for word in text.split()]
        made = [
            sa.Column(column, TEXT, primary_key=place < keys, nullable=optional)
            for place, (column, optional) in enumerate(columns)
        ]
        op.create_table(name, *made)
    for name, (table, columns_of) in INDEXES.items():
        op.create_index(name, table, columns_of)


def downgrade() -> None:
    """Back to the one before: what the registry told is lost, and is asked for again."""
    for name in TABLES:
        op.drop_table(name)

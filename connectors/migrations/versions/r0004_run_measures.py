"""What a run counted beside its link rates: the months are compared from it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "run_measures",
        *[sa.Column(name, TEXT, nullable=False) for name in ("run", "kind", "province")],
        sa.Column("cohort", TEXT),
        sa.Column("measure", TEXT, nullable=False),
        sa.Column("records", sa.BigInteger, nullable=False),
    )
    op.create_index("run_measures_by_run", "run_measures", ["run", "province"])


def downgrade() -> None:
    """Back to the one before: the measures of all runs are lost, their rates stay."""
    op.drop_table("run_measures")

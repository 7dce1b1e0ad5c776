"""The audit; histories of the lists, and who put a row where it is, so that a rollback restores all of it."""

import sqlalchemy as sa
from alembic import op

from connectors.audit import GUARDS

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBERED = sa.BigInteger().with_variant(sa.Integer, "sqlite")
PUT_BY = ("links", "link_history", "link_conflicts", "review_items")
PUT_AT = ("links", "link_history")


def _texts(*names: str, needed: bool = True) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=not needed) for name in names]


def _put_by() -> sa.Column[str]:
    return sa.Column("put_by", TEXT)


def _history(name: str, *columns: sa.Column[str]) -> None:
    ending = [_put_by(), *_texts("valid_to", "ended_by")]
    entry = sa.Column("entry", NUMBERED, autoincrement=True)
    op.create_table(f"{name}_history", entry, *columns, *ending, sa.PrimaryKeyConstraint("entry"))
    op.create_index(f"{name}_history_by_record", f"{name}_history", ["kind", "record_id"])
    op.create_index(f"{name}_history_by_ended_by", f"{name}_history", ["ended_by"])


def upgrade() -> None:
    """To this revision."""
    for name in PUT_BY:
        op.add_column(name, _put_by())
    for name in PUT_AT:
        op.add_column(name, sa.Column("put_at", TEXT))
    record, opened = ("kind", "record_id", "province"), ("run", "open_since_run", "open_since")
    _history("review_items", *_texts(*record, "outcome", "reason", "candidates", *opened))
    _history(
        "link_conflicts",
        *_texts(*record, "cause", "held_id"),
        *_texts("proposed_id", needed=False),
        *_texts("outcome", "reason", *opened),
    )
    _create_audit()


def _create_audit() -> None:
    op.create_table(
        "audit_log",
        sa.Column("entry", NUMBERED, autoincrement=False),
        *_texts("at", "run", "actor", "action"),
        *_texts("kind", "province", needed=False),
        *_texts("facts", "digest"),
        sa.PrimaryKeyConstraint("entry"),
    )
    op.create_index("audit_log_by_run", "audit_log", ["run", "action"])
    op.create_table(
        "audit_head",
        *_texts("name"),
        sa.Column("entry", sa.BigInteger, nullable=False),
        *_texts("digest"),
        sa.PrimaryKeyConstraint("name"),
    )
    connection = op.get_bind()
    for statement in GUARDS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Back to the one before: links stay; the audit and the histories of the lists are lost."""
    histories = [f"{name}_history" for name in ("review_items", "link_conflicts")]
    for name in (*histories, "audit_log", "audit_head"):
        op.drop_table(name)
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP FUNCTION audit_log_guard()")
    for name in PUT_AT:
        op.drop_column(name, "put_at")
    for name in PUT_BY:
        op.drop_column(name, "put_by")

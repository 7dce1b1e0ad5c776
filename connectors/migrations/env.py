"""What Alembic runs to reach the database: the connection, and its transaction, are handed in."""

from alembic import context

from connectors.schema import VERSION_TABLE, every_table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=every_table(),
    version_table=VERSION_TABLE,
    # SQLite changes a column by making the table anew
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

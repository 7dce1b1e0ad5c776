"""Which revision the tables of the sync are of, and how they come to the present one.

All tables that the sync owns hang on `connectors.education_tables.sync_metadata`; `every_table` imports the modules that
add some. Whoever adds or changes one adds a revision under `connectors/migrations/versions`. A database without any is
given all tables at once and noted as of the last revision; `tests/connectors/test_schema.py` sees to it that both ways
lead to the same.
"""

from functools import cache
from pathlib import Path

import sqlalchemy as sa

from connectors import (
    asked_runs,
    audit,
    link_samples,
    registry_tables,
    review_page_tables,
    review_tables,
    run_measures,
    versioned_tables,
)
from connectors.database import reading, shown, writing
from connectors.education_tables import links, sync_metadata
from connectors.errors import SchemaNewer, SchemaOlder

VERSION_TABLE = "identity_sync_version"
"""Alembic's own table; a name of ours, since others may keep theirs in the same database."""
FIRST, HEAD = "0001", "0008"
"""The revision of databases that were made before revisions were counted, and the present one."""

OWNERS = (
    asked_runs,
    audit,
    link_samples,
    registry_tables,
    review_page_tables,
    review_tables,
    run_measures,
    versioned_tables,
)
"""Modules that add tables; importing them is all it takes."""

_version = sa.table(VERSION_TABLE, sa.column("version_num"))


def every_table() -> sa.MetaData:
    """All tables that the sync owns."""
    return sync_metadata


def revision_of(connection: sa.Connection) -> str | None:
    """The revision of the tables; None where there are none."""
    inspector = sa.inspect(connection)
    if inspector.has_table(VERSION_TABLE):
        found: str | None = connection.scalar(sa.select(_version.c.version_num))
        return found
    return FIRST if inspector.has_table(links.name) else None


def prepare_schema(connection: sa.Connection) -> None:
    """Make all tables where there are none.

    Raises:
        SchemaOlder: There are some, and they must be upgraded.
        SchemaNewer: There are some that the program doesn't know.
    """
    found = revision_of(connection)
    if found is not None:
        _check(found, shown(connection.engine.url))
        return
    every_table().create_all(connection)
    _stamp(connection, HEAD)


def is_prepared(engine: sa.Engine) -> bool:
    """Whether the tables are there.

    Raises:
        SchemaOlder: They must be upgraded.
        SchemaNewer: The program doesn't know them.
    """
    with reading(engine) as connection:
        found = revision_of(connection)
    if found is not None:
        _check(found, shown(engine.url))
    return found is not None


def upgrade(engine: sa.Engine, revision: str = HEAD) -> tuple[str | None, str]:
    """Bring the tables to a later revision, in one transaction; rows stay.

    Returns:
        The revision before (None where there were no tables) and after.

    Raises:
        SchemaNewer: The tables are of a revision that the program doesn't know.
    """
    with writing(engine) as connection:
        found = revision_of(connection)
        if found is not None and found not in _known():
            raise SchemaNewer(shown(engine.url), found, HEAD)
        _move(connection, found, revision, up=True)
    return found, revision


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Bring the tables back to an earlier revision, in one transaction; what it has no place for is lost."""
    with writing(engine) as connection:
        _move(connection, revision_of(connection), revision, up=False)


def _check(found: str, database: str) -> None:
    if found == HEAD:
        return
    raise SchemaOlder(database, found, HEAD) if found in _known() else SchemaNewer(database, found, HEAD)


@cache
def _known() -> frozenset[str]:
    """Revisions that the program can come from."""
    from alembic.script import ScriptDirectory

    return frozenset(one.revision for one in ScriptDirectory(str(_SCRIPTS)).walk_revisions())


_SCRIPTS = Path(__file__).with_name("migrations")


def _move(connection: sa.Connection, found: str | None, revision: str, *, up: bool) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    # its values are interpolated
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    if found is not None and not sa.inspect(connection).has_table(VERSION_TABLE):
        _stamp(connection, found)
    (command.upgrade if up else command.downgrade)(config, revision)


def _stamp(connection: sa.Connection, revision: str) -> None:
    name = sa.Column("version_num", sa.String(32), primary_key=True)
    sa.Table(VERSION_TABLE, sa.MetaData(), name).create(connection, checkfirst=True)
    connection.execute(sa.insert(_version).values(version_num=revision))

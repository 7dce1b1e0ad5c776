"""Single people of the education database as they are typed now: what a decision on one of them is checked against."""

import sqlalchemy as sa

from connectors.database import reading, shown
from connectors.education_tables import TABLE_KEYS
from connectors.errors import ColumnsMissing
from connectors.partition_queries import sources
from connectors.review_store import Key
from connectors.worklist import FINGERPRINTED, record_fingerprint

_TABLES = {"student": "students", "teacher": "teachers", "guardian": "guardians"}


class PeopleNow:
    """Reads people one by one; which columns there are is found out once."""

    def __init__(self, engine: sa.Engine, key: bytes) -> None:
        """Look at the tables.

        Args:
            engine: The education database.
            key: The secret under the fingerprints.

        Raises:
            ColumnsMissing: A table is not there.
        """
        with reading(engine) as connection:
            inspector = sa.inspect(connection)
            absent = [name for name in _TABLES.values() if not inspector.has_table(name)]
            if absent:
                raise ColumnsMissing(f"education database {shown(engine.url)}", absent, {})
            types = {
                name: {column["name"]: column["type"] for column in inspector.get_columns(name)}
                for name in _TABLES.values()
            }
        self._tables = sources(types, engine.dialect.name)
        self._key = key

    def fingerprint(self, connection: sa.Connection, key: Key) -> str | None:
        """What a record looks like now; None where it is gone."""
        kind, record_id = key
        name = _TABLES[kind]
        columns = self._tables[name].c
        query = sa.select(*[columns[one] for one in FINGERPRINTED])
        row = connection.execute(query.where(columns[TABLE_KEYS[name][0]] == record_id)).first()
        if row is None:
            return None
        # as a partition is read: nothing typed is nothing
        return record_fingerprint(self._key, {name: value or None for name, value in row._asdict().items()})

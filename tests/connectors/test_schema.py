"""Revisions of the tables: both ways to the last one lead to the same, and rows survive going up and down."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from connectors.audit import Action, Auditor, Event, verify, write_down
from connectors.database import reading, writing
from connectors.education import create_sync_tables
from connectors.errors import DatabaseProblem, SchemaNewer, SchemaOlder
from connectors.schema import (
    FIRST,
    HEAD,
    VERSION_TABLE,
    downgrade,
    every_table,
    is_prepared,
    revision_of,
    upgrade,
)
from connectors.writeback import Partition, write_partition
from matching.schemas import CANDIDATES, DECISIONS

Clock = Callable[[float], datetime]

OLD_LINK = {
    "kind": "student", "record_id": "s1", "province": "01", "personal_id": "001099000001", "reason": "number_verified",
    "decided_by": "claimed_id", "match_probability": 0.999, "confirmed_by_person": True, "model": "m", "run": "r1",
    "valid_from": "2026-11-20T00:00:00.000000+00:00",
}  # fmt: skip
OLD_CONFLICT = {
    "kind": "student", "record_id": "s1", "province": "01", "cause": "not_found_again", "held_id": "001099000001",
    "proposed_id": None, "outcome": "unlinked", "reason": "nobody_found", "run": "r1", "open_since_run": "r1",
    "open_since": "2026-11-20T00:00:00.000000+00:00",
}  # fmt: skip


def insert(engine: sa.Engine, table: str, row: dict[str, Any]) -> None:
    """Add a row to a table as it is in the database, whatever the program knows of it."""
    with writing(engine) as connection:
        found = sa.Table(table, sa.MetaData(), autoload_with=connection)
        connection.execute(found.insert().values(row))


def rows(engine: sa.Engine, table: str) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        found = sa.Table(table, sa.MetaData(), autoload_with=connection)
        return [dict(row) for row in connection.execute(sa.select(found)).mappings()]


def differences(engine: sa.Engine) -> list[Any]:
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return list(compare_metadata(context, every_table()))


def refuses_changes(engine: sa.Engine, auditor: Auditor, at: Clock) -> bool:
    write_down(engine, auditor, Event("r1", Action.ASKED, {}), at(0))
    for statement in ("UPDATE audit_log SET run = 'x'", "DELETE FROM audit_log"):
        with pytest.raises(DatabaseProblem), writing(engine) as connection:
            connection.exec_driver_sql(statement)
    return True


def test_revisions_one_by_one_give_the_tables_that_the_program_knows(
    bare_engine: sa.Engine, auditor: Auditor, at: Clock
) -> None:
    assert upgrade(bare_engine) == (None, HEAD)
    assert differences(bare_engine) == []
    assert refuses_changes(bare_engine, auditor, at)


def test_tables_made_at_once_are_of_the_last_revision(
    bare_engine: sa.Engine, auditor: Auditor, at: Clock
) -> None:
    create_sync_tables(bare_engine)
    assert upgrade(bare_engine) == (HEAD, HEAD)
    assert differences(bare_engine) == []
    assert refuses_changes(bare_engine, auditor, at)


def test_rows_survive_going_up_and_down_and_up_again(
    bare_engine: sa.Engine, auditor: Auditor, at: Clock
) -> None:
    upgrade(bare_engine, FIRST)
    insert(bare_engine, "links", OLD_LINK)
    insert(bare_engine, "link_history", {**OLD_LINK, "valid_to": "2026", "ended_by": "r0"})
    insert(bare_engine, "link_conflicts", OLD_CONFLICT)
    before = {name: rows(bare_engine, name) for name in ("links", "link_history", "link_conflicts")}
    upgrade(bare_engine)
    assert rows(bare_engine, "links") == [{**OLD_LINK, "put_by": None, "put_at": None}]
    decision = {
        "kind": "student",
        "record_id": "s2",
        "outcome": "unlinked",
        "reason": "nobody_found",
        "decided_by": "fuzzy",
    }
    write_partition(
        bare_engine,
        Partition("r2", "student", "01", complete=False),
        pa.Table.from_pylist([decision], schema=DECISIONS),
        CANDIDATES.empty_table(),
        pa.table({"in_scope": [1]}),
        owner="us",
        now=at(0),
        auditor=auditor,
    )
    assert len(verify(bare_engine, auditor.key, {}).broken) == 0
    insert(bare_engine, "review_states", {"decision": 1, "state": "active", "cause": "", "since": ""})
    downgrade(bare_engine, FIRST)
    assert {name: rows(bare_engine, name) for name in before} == before
    assert [row["record_id"] for row in rows(bare_engine, "review_items")] == ["s2"]
    upgrade(bare_engine)
    assert differences(bare_engine) == []
    assert rows(bare_engine, "links") == [{**OLD_LINK, "put_by": None, "put_at": None}]
    downgrade(bare_engine, "base")
    with reading(bare_engine) as connection:
        assert sa.inspect(connection).get_table_names() == [VERSION_TABLE]


def test_tables_from_before_revisions_were_counted_are_of_the_first(bare_engine: sa.Engine) -> None:
    upgrade(bare_engine, FIRST)
    insert(bare_engine, "links", OLD_LINK)
    with writing(bare_engine) as connection:
        connection.exec_driver_sql(f"DROP TABLE {VERSION_TABLE}")
    with reading(bare_engine) as connection:
        assert revision_of(connection) == FIRST
    with pytest.raises(SchemaOlder, match="identity-sync database upgrade"):
        is_prepared(bare_engine)
    with pytest.raises(SchemaOlder):
        create_sync_tables(bare_engine)
    assert upgrade(bare_engine) == (FIRST, HEAD)
    assert is_prepared(bare_engine)
    assert len(rows(bare_engine, "links")) == 1


def test_tables_of_a_later_program_are_left_alone(bare_engine: sa.Engine) -> None:
    create_sync_tables(bare_engine)
    with writing(bare_engine) as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    for act in (is_prepared, create_sync_tables, upgrade):
        with pytest.raises(SchemaNewer, match="9999"):
            act(bare_engine)


def test_an_upgrade_that_breaks_half_way_leaves_all_as_it_was(bare_engine: sa.Engine) -> None:
    upgrade(bare_engine, FIRST)
    insert(bare_engine, "links", OLD_LINK)
    with writing(bare_engine) as connection:
        connection.exec_driver_sql("CREATE TABLE audit_head (unexpected INTEGER)")
    with pytest.raises(DatabaseProblem):
        upgrade(bare_engine)
    with reading(bare_engine) as connection:
        assert revision_of(connection) == FIRST
        assert not sa.inspect(connection).has_table("audit_log")
    assert rows(bare_engine, "links") == [OLD_LINK]

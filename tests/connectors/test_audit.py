"""The audit: what it tells, that nothing is written without it, and that it can't be changed unseen."""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from connectors.audit import Action, Auditor, Event, Head, audit_log, head_of, verify, write_down
from connectors.database import reading, writing
from connectors.education_tables import links
from connectors.errors import DatabaseProblem
from connectors.runs import RunFacts, begin_run, end_run
from connectors.writeback import Partition, write_partition
from matching.schemas import CANDIDATES, DECISIONS

Clock = Callable[[float], datetime]
LINKED = {
    "kind": "student", "record_id": "s1", "outcome": "linked", "reason": "number_verified", "personal_id": "001099000001",
    "decided_by": "claimed_id", "match_probability": 0.999,
}  # fmt: skip


def write(engine: sa.Engine, auditor: Auditor, now: datetime, run: str = "r1") -> None:
    write_partition(
        engine,
        Partition(run, "student", "01", noted={"accepted_gates": ["rejects"]}),
        pa.Table.from_pylist([LINKED], schema=DECISIONS),
        CANDIDATES.empty_table(),
        pa.table({"in_scope": [1]}),
        owner="us",
        now=now,
        auditor=auditor,
    )


@pytest.fixture
def heads(engine: sa.Engine, auditor: Auditor, at: Clock) -> dict[str, Head]:
    """Two runs of five entries each, and how far the audit went at their ends."""
    kept = {}
    for place, run in enumerate(("r1", "r2")):
        begin_run(engine, RunFacts(run, {}), at(place), auditor)
        for number in range(2):
            asked = Event(run, Action.ASKED, {"operation": "trace", "questions": number}, "student", "01")
            write_down(engine, auditor, asked, at(place))
        write(engine, auditor, at(place), run)
        kept[run] = end_run(engine, run, "done", {}, at(place), auditor)
    return kept


def tampered(engine: sa.Engine, *statements: str) -> None:
    """Change the audit as one who owns the database can, past the guards."""
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE audit_log DISABLE TRIGGER ALL")
        else:
            for word in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER audit_log_no_{word}")
        for statement in statements:
            connection.exec_driver_sql(statement)


def faults(engine: sa.Engine, auditor: Auditor, heads: dict[str, Head]) -> list[tuple[str, int]]:
    return [(one.fault, one.entry) for one in verify(engine, auditor.key, heads).broken]


def test_what_was_not_touched_holds(engine: sa.Engine, auditor: Auditor, heads: dict[str, Head]) -> None:
    verdict = verify(engine, auditor.key, heads)
    assert (verdict.entries, verdict.heads, verdict.broken) == (10, 2, ())
    assert head_of(engine) == heads["r2"]


def test_a_write_is_told_with_its_counts_and_without_people(
    engine: sa.Engine, auditor: Auditor, heads: dict[str, Head]
) -> None:
    with reading(engine) as connection:
        rows = [dict(row) for row in connection.execute(sa.select(audit_log)).mappings()]
    [first, _] = [row for row in rows if row["action"] == "written"]
    facts = json.loads(first["facts"])
    assert (first["run"], first["actor"], first["kind"], first["province"]) == (
        "r1",
        "tests",
        "student",
        "01",
    )
    assert (facts["rows"], facts["counts"]["added"], facts["accepted_gates"]) == (1, 1, ["rejects"])
    assert "001099000001" not in str(rows)
    assert "s1" not in str(rows)
    assert "key of the tests" not in repr(auditor)


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE audit_log SET actor = 'nobody' WHERE entry = 3"], [("changed", 3)]),
        (["UPDATE audit_log SET facts = '{}' WHERE entry = 4"], [("changed", 4)]),
        (["DELETE FROM audit_log WHERE entry = 6"], [("missing", 6)]),
        (["DELETE FROM audit_log WHERE entry < 3"], [("missing", 1)]),
        (
            [
                "UPDATE audit_log SET entry = -2 WHERE entry = 2",
                "UPDATE audit_log SET entry = 2 WHERE entry = 3",
                "UPDATE audit_log SET entry = 3 WHERE entry = -2",
            ],
            [("changed", 2), ("changed", 3), ("changed", 4)],
        ),
        (["DELETE FROM audit_log WHERE entry > 8"], [("cut_off", 9), ("cut_off", 10), ("unaudited", 0)]),
        (
            [
                "DELETE FROM audit_log WHERE entry > 8",
                "UPDATE audit_head SET entry = 8, digest = (SELECT digest FROM audit_log WHERE entry = 8)",
            ],
            [("cut_off", 10), ("unaudited", 0)],
        ),
        (
            ["UPDATE audit_log SET digest = 'made up' WHERE entry = 10"],
            [("changed", 10), ("cut_off", 10), ("cut_off", 11)],
        ),
        (
            ["UPDATE sync_partitions SET province = '79' WHERE run = 'r2'"],
            [("unaudited", 0)],
        ),
    ],
    ids=[
        "edited",
        "facts",
        "deleted",
        "beginning",
        "reordered",
        "cut off",
        "cut off with head",
        "end",
        "not told",
    ],
)
def test_every_way_to_change_it_shows(
    engine: sa.Engine,
    auditor: Auditor,
    heads: dict[str, Head],
    statements: list[str],
    found: list[tuple[str, int]],
) -> None:
    tampered(engine, *statements)
    assert sorted(faults(engine, auditor, heads)) == sorted(found)


def test_a_chain_made_anew_without_the_key_does_not_hold(
    engine: sa.Engine, auditor: Auditor, heads: dict[str, Head], at: Clock
) -> None:
    tampered(engine, "DELETE FROM audit_log", "DELETE FROM audit_head")
    forger = Auditor(b"a guess", "tests")
    for number in range(10):
        write_down(engine, forger, Event("r1", Action.ASKED, {}), at(number))
    assert len([one for one in faults(engine, auditor, heads) if one[0] == "changed"]) == 10


def test_the_database_refuses_to_change_it(engine: sa.Engine, heads: dict[str, Head]) -> None:
    statements = ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log WHERE entry = 10"]
    if engine.dialect.name == "postgresql":
        statements.append("TRUNCATE audit_log")
    for statement in statements:
        with pytest.raises(DatabaseProblem), writing(engine) as connection:
            connection.exec_driver_sql(statement)


def test_what_cannot_be_written_down_is_not_written(engine: sa.Engine, auditor: Auditor, at: Clock) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("ALTER TABLE audit_log RENAME TO audit_log_away")
    with pytest.raises(DatabaseProblem):
        write(engine, auditor, at(0))
    with reading(engine) as connection:
        assert connection.execute(sa.select(links)).all() == []


def test_entries_of_several_writers_make_one_chain(engine: sa.Engine, auditor: Auditor, at: Clock) -> None:
    def ask() -> None:
        for number in range(5):
            write_down(engine, auditor, Event("r1", Action.ASKED, {"questions": number}), at(number))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict: Any = verify(engine, auditor.key, {})
    assert (verdict.entries, verdict.broken) == (20, ())

"""Writing a partition back: the rule, what is written, what a second time writes, and who may write."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from connectors.audit import Auditor
from connectors.database import open_database, reading, writing
from connectors.education import create_sync_tables, create_tables, read_links
from connectors.education_tables import moment, sync_metadata
from connectors.errors import (
    DatabaseProblem,
    DecisionsRefused,
    ProvinceLocked,
    RollbackRefused,
    RunRolledBack,
)
from connectors.link_news import link_news
from connectors.locks import acquire
from connectors.rollback import preview_rollback, roll_back
from connectors.runs import (
    RunFacts,
    begin_run,
    end_run,
    note_partition,
    partition_states,
    read_rates,
)
from connectors.schema import VERSION_TABLE
from connectors.staging import DECIDED_BY_PERSON
from connectors.writeback import MANY, Partition, WriteCounts, write_partition
from matching.schemas import CANDIDATES, DECISIONS

Clock = Callable[[float], datetime]

# synthetic numbers
ID_A, ID_B, ID_C = "001099000001", "001099000002", "001199000003"
AUDITOR = Auditor(b"the key of the tests only", "tests")
RATES = pa.table({"level": ["thpt"], "grade": ["12"], "in_scope": [2], "linked": [1], "unlinked": [1]})


def decided(record_id: str, personal_id: str | None = None, **facts: Any) -> dict[str, Any]:
    row = {"kind": "student", "record_id": record_id, "personal_id": personal_id, "model": "m1", "run": "r1"}
    if personal_id:
        row |= {
            "outcome": "linked",
            "reason": "number_verified",
            "decided_by": "claimed_id",
            "match_probability": 0.999,
        }
    else:
        row |= {"outcome": "unlinked", "reason": "nobody_found", "decided_by": "fuzzy"}
    return row | facts


def candidate(record_id: str, rank: int, personal_id: str, probability: float = 0.5) -> dict[str, Any]:
    return {
        "kind": "student", "record_id": record_id, "rank": rank, "personal_id": personal_id,
        "match_probability": probability, "evidence": {"name": "same", "birth_date": "coarse"},
        "entry_full_name": "Nguyễn Thị Kín",
    }  # fmt: skip


def write(
    engine: sa.Engine, now: datetime, *rows: dict[str, Any], run: str = "r1", candidates: list[dict[str, Any]] | None = None,
    province: str = "01", complete: bool = True, owner: str = "us",
) -> WriteCounts:  # fmt: skip
    decisions = pa.Table.from_pylist(list(rows), schema=DECISIONS)
    found = pa.Table.from_pylist(candidates or [], schema=CANDIDATES)
    partition = Partition(run, "student", province, complete)
    return write_partition(engine, partition, decisions, found, RATES, owner=owner, now=now, auditor=AUDITOR)


def rows(engine: sa.Engine, table: str) -> list[dict[str, Any]]:
    chosen = sync_metadata.tables[table]
    order = [chosen.c.record_id] if "record_id" in chosen.c else list(chosen.c)
    with reading(engine) as connection:
        return [dict(row._mapping) for row in connection.execute(sa.select(chosen).order_by(*order))]


def content(engine: sa.Engine, table: str) -> list[dict[str, Any]]:
    """Rows without who put them back."""
    return [
        {**row, **{name: None for name in ("put_by", "put_at") if name in row}} for row in rows(engine, table)
    ]


def held(engine: sa.Engine) -> dict[str, str]:
    return {row["record_id"]: row["personal_id"] for row in rows(engine, "links")}


def state(engine: sa.Engine) -> dict[str, list[dict[str, Any]]]:
    return {name: rows(engine, name) for name in sync_metadata.tables}


def test_a_first_write_adds_links_open_items_rates_and_a_checkpoint(engine: sa.Engine, at: Clock) -> None:
    found = [candidate("s2", 2, ID_C, 0.25), candidate("s2", 1, ID_B, 0.5000001)]
    counts = write(engine, at(0), decided("s1", ID_A), decided("s2"), candidates=found)
    assert counts == WriteCounts(added=1)
    [link] = read_links(engine, "student", "01").to_pylist()
    assert (link["record_id"], link["personal_id"], link["reason"]) == ("s1", ID_A, "number_verified")
    assert (link["confirmed_by_person"], link["run"], link["model"]) == (False, "r1", "m1")
    assert link["valid_from"] == "2026-11-21T20:00:00.000000+00:00"
    [item] = rows(engine, "review_items")
    assert (item["record_id"], item["reason"], item["open_since_run"]) == ("s2", "nobody_found", "r1")
    listed = json.loads(item["candidates"])
    assert [(one["personal_id"], one["match_probability"]) for one in listed] == [(ID_B, 0.5), (ID_C, 0.25)]
    assert listed[0]["evidence"]["birth_date"] == "coarse"
    assert "Kín" not in item["candidates"]
    assert (
        read_rates(engine, "r1").to_pylist()[0] | {"in_scope": 2, "left_out": 0, "linked": 1}
        == read_rates(engine, "r1").to_pylist()[0]
    )
    [checkpoint] = rows(engine, "sync_partitions")
    assert (checkpoint["state"], checkpoint["rows"]) == ("done", 2)
    assert rows(engine, "province_locks") == []


def test_the_same_run_again_writes_nothing_at_all(engine: sa.Engine, at: Clock) -> None:
    first = write(engine, at(0), decided("s1", ID_A), decided("s2"), candidates=[candidate("s2", 1, ID_B)])
    before = state(engine)
    again = write(engine, at(9), decided("s2"), decided("s1", ID_A), candidates=[candidate("s2", 1, ID_B)])
    assert again == first
    assert state(engine) == before


def test_a_later_run_with_the_same_decisions_writes_only_its_own_rates_and_checkpoint(
    engine: sa.Engine, at: Clock
) -> None:
    write(engine, at(0), decided("s1", ID_A), decided("s2"), candidates=[candidate("s2", 1, ID_B)])
    before = state(engine)
    noise = candidate("s2", 1, ID_B, 0.500_000_1)
    counts = write(
        engine,
        at(9),
        decided("s1", ID_A, match_probability=0.99),
        decided("s2"),
        run="r2",
        candidates=[noise],
    )
    after = state(engine)
    assert counts == WriteCounts(unchanged=1)
    for table in ("links", "link_history", "link_conflicts", "review_items"):
        assert after[table] == before[table], table


def test_another_personal_id_replaces_the_link_and_the_old_one_goes_to_the_history(
    engine: sa.Engine, at: Clock
) -> None:
    write(engine, at(0), decided("s1", ID_A))
    assert write(engine, at(9), decided("s1", ID_B), run="r2") == WriteCounts(changed=1)
    assert held(engine) == {"s1": ID_B}
    [old] = rows(engine, "link_history")
    assert (old["personal_id"], old["run"], old["ended_by"]) == (ID_A, "r1", "r2")
    assert old["valid_from"] < old["valid_to"]


def test_another_reason_renews_the_link_and_counts_as_unchanged(engine: sa.Engine, at: Clock) -> None:
    write(engine, at(0), decided("s1", ID_A))
    counts = write(engine, at(9), decided("s1", ID_A, reason="evidence_agrees", decided_by="fuzzy"), run="r2")
    assert counts == WriteCounts(unchanged=1, renewed=1)
    assert rows(engine, "links")[0]["reason"] == "evidence_agrees"
    assert rows(engine, "link_history")[0]["reason"] == "number_verified"


def test_less_evidence_deletes_nothing_and_is_reported(engine: sa.Engine, at: Clock) -> None:
    write(engine, at(0), decided("s1", ID_A))
    assert write(engine, at(9), decided("s1"), run="r2") == WriteCounts(kept=1)
    assert held(engine) == {"s1": ID_A}
    [conflict] = rows(engine, "link_conflicts")
    assert (conflict["cause"], conflict["held_id"], conflict["proposed_id"]) == (
        "not_found_again",
        ID_A,
        None,
    )
    assert [item["record_id"] for item in rows(engine, "review_items")] == ["s1"]
    assert write(engine, at(99), decided("s1", ID_A), run="r3") == WriteCounts(unchanged=1)
    assert rows(engine, "link_conflicts") == []
    assert rows(engine, "review_items") == []


def test_a_registry_that_could_not_be_asked_changes_nothing(engine: sa.Engine, at: Clock) -> None:
    write(engine, at(0), decided("s1", ID_A), decided("s2", ID_B))
    write(engine, at(1), decided("s1", ID_A), decided("s2"), run="r2")
    before = state(engine)
    silent = {"reason": "could_not_ask"}
    counts = write(
        engine, at(2), decided("s1", **silent), decided("s2", **silent), decided("s3", **silent), run="r3"
    )
    assert counts == WriteCounts(unasked=2)
    assert rows(engine, "links") == before["links"]
    assert rows(engine, "link_conflicts") == before["link_conflicts"]
    items = {item["record_id"]: item["reason"] for item in rows(engine, "review_items")}
    assert items == {"s2": "nobody_found", "s3": "could_not_ask"}


def test_a_link_that_a_person_confirmed_is_never_replaced_or_opened_by_the_machine(
    engine: sa.Engine, at: Clock
) -> None:
    write(engine, at(0), decided("s1", ID_A), decided("s2", ID_C))
    confirmed = write(
        engine, at(1), decided("s1", ID_A, decided_by=DECIDED_BY_PERSON), run="r2", complete=False
    )
    assert confirmed == WriteCounts(unchanged=1, renewed=1)
    assert write(engine, at(2), decided("s1", ID_B), run="r3", complete=False) == WriteCounts(conflicts=1)
    [conflict] = rows(engine, "link_conflicts")
    assert (conflict["cause"], conflict["held_id"], conflict["proposed_id"]) == (
        "confirmed_differs",
        ID_A,
        ID_B,
    )
    assert write(engine, at(3), decided("s1"), run="r4", complete=False) == WriteCounts(kept=1)
    assert rows(engine, "review_items") == []
    renewed = write(engine, at(4), decided("s1", ID_A, reason="family_agrees"), run="r5", complete=False)
    assert renewed == WriteCounts(unchanged=1)
    assert held(engine) == {"s1": ID_A, "s2": ID_C}
    assert rows(engine, "links")[0]["confirmed_by_person"] is True


def many() -> list[dict[str, Any]]:
    return [decided(f"s{n}", f"0010990{n:05d}") for n in range(MANY)]


@pytest.mark.postgres
def test_postgresql_is_told_at_once_how_large_the_links_have_become(postgres_server: Any, at: Clock) -> None:
    engine = open_database(postgres_server.empty_database(), wait=5)
    create_tables(engine)
    write(engine, at(0), *many())
    with reading(engine) as connection:
        known = "SELECT reltuples FROM pg_class WHERE relname = 'links'"
        assert connection.exec_driver_sql(known).scalar_one() == MANY
    engine.dispose()


@pytest.mark.postgres
def test_what_is_written_stands_when_its_size_cannot_be_told(postgres_server: Any, at: Clock) -> None:
    engine = open_database(postgres_server.empty_database(), wait=1)
    create_tables(engine)
    with writing(engine) as vacuuming:
        vacuuming.exec_driver_sql("LOCK TABLE links IN SHARE UPDATE EXCLUSIVE MODE")
        assert write(engine, at(0), *many()).added == MANY
    assert len(held(engine)) == MANY
    engine.dispose()


def test_a_person_replaces_and_ends_any_link(engine: sa.Engine, at: Clock) -> None:
    write(engine, at(0), decided("s1", ID_A), decided("s2", ID_C))
    person = {"decided_by": DECIDED_BY_PERSON}
    counts = write(engine, at(1), decided("s1", ID_B, **person), decided("s2", **person), run="r2")
    assert counts == WriteCounts(changed=1, ended=1)
    assert held(engine) == {"s1": ID_B}
    assert {row["personal_id"] for row in rows(engine, "link_history")} == {ID_A, ID_C}


def test_what_stays_open_keeps_its_first_day_and_what_is_settled_leaves_the_list(
    engine: sa.Engine, at: Clock
) -> None:
    write(engine, at(0), decided("s1"), decided("s2"), decided("s3"))
    write(engine, at(9), decided("s1", reason="weak_evidence"), decided("s2", ID_A), decided("s4"), run="r2")
    items = {
        item["record_id"]: (item["reason"], item["open_since_run"], item["run"])
        for item in rows(engine, "review_items")
    }
    assert items == {"s1": ("weak_evidence", "r1", "r2"), "s4": ("nobody_found", "r2", "r2")}


def test_a_part_of_a_partition_leaves_the_rest_of_the_list_alone(engine: sa.Engine, at: Clock) -> None:
    write(engine, at(0), decided("s1"), decided("s2"))
    write(engine, at(9), decided("s1", ID_A), run="r2", complete=False)
    assert [item["record_id"] for item in rows(engine, "review_items")] == ["s2"]


def test_a_record_that_moved_takes_its_link_and_its_open_item_along(engine: sa.Engine, at: Clock) -> None:
    write(engine, at(0), decided("s1", ID_A), decided("s2"))
    counts = write(engine, at(9), decided("s1", ID_A), decided("s2"), run="r2", province="79")
    assert counts == WriteCounts(unchanged=1)
    assert read_links(engine, "student", "79")["record_id"].to_pylist() == ["s1"]
    assert [(item["province"], item["open_since_run"]) for item in rows(engine, "review_items")] == [
        ("79", "r1")
    ]
    assert write(engine, at(10), run="r2") == WriteCounts()
    assert held(engine) == {"s1": ID_A}
    assert len(rows(engine, "review_items")) == 1


def test_kinds_do_not_touch_each_other(engine: sa.Engine, at: Clock) -> None:
    write(engine, at(0), decided("x", ID_A), decided("y"))
    teachers = pa.Table.from_pylist(
        [decided("x", ID_B, kind="teacher"), decided("y", ID_C, kind="teacher")], schema=DECISIONS
    )
    partition = Partition("r1", "teacher", "01")
    write_partition(
        engine, partition, teachers, CANDIDATES.empty_table(), RATES, owner="us", now=at(1), auditor=AUDITOR
    )
    assert read_links(engine, "student", "01")["personal_id"].to_pylist() == [ID_A]
    assert len(rows(engine, "review_items")) == 1


def test_a_preview_counts_the_same_and_writes_nothing(engine: sa.Engine, at: Clock) -> None:
    write(engine, at(0), decided("s1", ID_A), decided("s2", ID_B), decided("s3", ID_C))
    before = state(engine)
    plan = [decided("s1", ID_C), decided("s2"), decided("s3", ID_C), decided("s4", ID_B)]
    decisions = pa.Table.from_pylist(plan, schema=DECISIONS)
    partition = Partition("r2", "student", "01")
    foreseen, news = link_news(engine, partition, decisions, CANDIDATES.empty_table(), 10)
    assert state(engine) == before
    told = [(row["record_id"], row["change"], row["before_id"], row["after_id"]) for row in news.to_pylist()]
    assert told == [("s1", "changed", ID_A, ID_C), ("s4", "gained", None, ID_B)]
    assert foreseen == WriteCounts(added=1, changed=1, kept=1, unchanged=1)
    assert write(engine, at(9), *plan, run="r2") == foreseen


def test_nothing_is_written_while_another_run_holds_the_province(engine: sa.Engine, at: Clock) -> None:
    acquire(engine, "01", "them", at(0))
    before = state(engine)
    with pytest.raises(ProvinceLocked) as refused:
        write(engine, at(60), decided("s1", ID_A))
    assert (refused.value.province, refused.value.owner) == ("01", "them")
    assert state(engine) == before


def test_our_own_lock_outlives_the_write(engine: sa.Engine, at: Clock) -> None:
    acquire(engine, "01", "us", at(0))
    write(engine, at(60), decided("s1", ID_A))
    assert [row["owner"] for row in rows(engine, "province_locks")] == ["us"]


@pytest.mark.parametrize(
    "wrong",
    [
        [decided("s1", "1099000001")],
        [decided("s1", None, outcome="linked")],
        [decided("s1", ID_A), decided("s1", ID_B)],
        [decided("s1", ID_A, outcome="clerical_review")],
        [decided("s1", ID_A, kind="teacher")],
        [decided("s1", outcome="perhaps")],
        [decided("s1", ID_A, reason=None)],
        [decided(None)],  # type: ignore[arg-type]
    ],
    ids=[
        "short",
        "no id",
        "twice",
        "id of an open record",
        "other kind",
        "outcome",
        "no reason",
        "no record",
    ],
)
def test_decisions_that_contradict_themselves_are_refused_whole(
    engine: sa.Engine, at: Clock, wrong: list[dict[str, Any]]
) -> None:
    with pytest.raises(DecisionsRefused) as refused:
        write(engine, at(0), decided("s9", ID_C), *wrong)
    assert ID_A not in str(refused.value)
    assert rows(engine, "links") == []


def test_a_failure_half_way_leaves_the_partition_as_it_was(engine: sa.Engine, at: Clock) -> None:
    write(engine, at(0), decided("s1", ID_A))
    before = state(engine)
    broken = pa.table({"in_scope": ["many"]})
    decisions = pa.Table.from_pylist([decided("s1", ID_B)], schema=DECISIONS)
    with pytest.raises(DecisionsRefused):
        write_partition(
            engine,
            Partition("r2", "student", "01"),
            decisions,
            CANDIDATES.empty_table(),
            broken,
            owner="us",
            now=at(1),
            auditor=AUDITOR,
        )
    # the checkpoint comes last, after everything else was written
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX one_checkpoint ON sync_partitions (kind)")
    with pytest.raises(DatabaseProblem):
        write(engine, at(1), decided("s1", ID_B), run="r2")
    assert state(engine) == before


def test_sync_tables_are_made_once_and_the_ministrys_never(bare_engine: sa.Engine) -> None:
    create_sync_tables(bare_engine)
    create_sync_tables(bare_engine)
    with reading(bare_engine) as connection:
        assert set(sa.inspect(connection).get_table_names()) == {*sync_metadata.tables, VERSION_TABLE}


def test_a_rollback_restores_what_was_before_and_keeps_what_came_after(engine: sa.Engine, at: Clock) -> None:
    write(
        engine,
        at(0),
        decided("s1", ID_A),
        decided("s2", ID_B),
        decided("s5", ID_A, reason="duplicate_record"),
    )
    before = {row["record_id"]: row for row in rows(engine, "links")}
    person = decided("s5", decided_by=DECIDED_BY_PERSON)
    write(engine, at(1), decided("s1", ID_B), decided("s2", ID_C), decided("s3", ID_A), person, run="r2")
    write(engine, at(2), decided("s2", ID_A), run="r3", complete=False)
    with pytest.raises(RollbackRefused) as refused:
        roll_back(engine, "r2", "undo", at(3), AUDITOR)
    assert (refused.value.records, refused.value.later) == (1, ("r3",))
    assert "--keep-later" in str(refused.value)
    foreseen = preview_rollback(engine, "r2")
    counts = roll_back(engine, "r2", "undo", at(3), AUDITOR, keep_later=True).counts
    assert counts == foreseen
    assert (counts.restored, counts.removed, counts.left, counts.later) == (2, 2, 1, ("r3",))
    after = {row["record_id"]: row for row in rows(engine, "links")}
    put = {"put_by": "undo", "put_at": moment(at(3))}
    assert after["s1"] == before["s1"] | put
    assert after["s5"] == before["s5"] | put
    assert after["s2"]["personal_id"] == ID_A
    assert "s3" not in after
    assert {row["ended_by"] for row in rows(engine, "link_history")} == {"r2", "r3", "undo"}
    with pytest.raises(RollbackRefused, match="rolled back before"):
        roll_back(engine, "r2", "undo again", at(4), AUDITOR, keep_later=True)
    assert {row["record_id"]: row for row in rows(engine, "links")} == after


def test_a_rollback_of_a_run_that_wrote_twice_goes_back_before_both(engine: sa.Engine, at: Clock) -> None:
    write(engine, at(0), decided("s1", ID_A))
    before = rows(engine, "links")
    write(engine, at(1), decided("s1", ID_B), run="r2")
    write(engine, at(2), decided("s1", ID_C), run="r2")
    roll_back(engine, "r2", "undo", at(3), AUDITOR)
    assert content(engine, "links") == [{**row, "put_by": None, "put_at": None} for row in before]


def test_runs_and_their_partitions_are_noted(engine: sa.Engine, at: Clock) -> None:
    facts = RunFacts(
        "r1", {"kinds": ["student"], "provinces": ["01"]}, model="m1", registry_as_of="2026-11-20"
    )
    begin_run(engine, facts, at(0), AUDITOR)
    write(engine, at(1), decided("s1", ID_A))
    note_partition(engine, Partition("r1", "teacher", "01"), "gated", "link rate fell", at(2))
    note_partition(engine, Partition("r1", "teacher", "01"), "failed", "no registry", at(3))
    note_partition(engine, Partition("r1", "student", "01"), "failed", "too late", at(3))
    assert partition_states(engine, "r1") == {("student", "01"): "done", ("teacher", "01"): "failed"}
    begin_run(engine, facts, at(4), AUDITOR)
    end_run(engine, "r1", "partial", {"added": 1}, at(5), AUDITOR)
    [run] = rows(engine, "sync_runs")
    assert (run["started_at"] < run["ended_at"], run["state"], json.loads(run["counts"])) == (
        True,
        "partial",
        {"added": 1},
    )


def test_a_persons_decision_that_a_later_run_only_repeats_outranks_nothing(
    engine: sa.Engine, at: Clock
) -> None:
    yes = {"decided_by": DECIDED_BY_PERSON}
    write(engine, at(0), decided("s1", ID_A, **yes), decided("s2", ID_C))
    # meanwhile the person has found out better
    write(engine, at(1), decided("s1", ID_B, run="r2", **yes), run="r2", complete=False)
    told = [decided("s1", ID_A, **yes), decided("s2", ID_B, run="night", **yes)]
    counts = write_partition(
        engine,
        Partition("night", "student", "01", repeats=True),
        pa.Table.from_pylist(told, schema=DECISIONS),
        CANDIDATES.empty_table(),
        RATES,
        owner="night",
        now=at(2),
        auditor=AUDITOR,
    )
    assert counts == WriteCounts(conflicts=1, changed=1)
    assert held(engine) == {"s1": ID_B, "s2": ID_B}
    assert [row["confirmed_by_person"] for row in rows(engine, "links")] == [True, True]


def test_a_run_that_was_rolled_back_writes_no_more(engine: sa.Engine, at: Clock) -> None:
    begin_run(engine, RunFacts("r1", {}), at(0), AUDITOR)
    write(engine, at(1), decided("s1", ID_A))
    roll_back(engine, "r1", "undo", at(2), AUDITOR)
    before = state(engine)
    with pytest.raises(RunRolledBack):
        write(engine, at(3), decided("s1", ID_B))
    assert state(engine) == before


def test_a_rollback_restores_lists_and_provinces_too(engine: sa.Engine, at: Clock) -> None:
    write(engine, at(0), decided("s1", ID_A), decided("s2"), decided("s3"))
    before = {name: content(engine, name) for name in ("links", "link_conflicts", "review_items")}
    moved = [decided("s1"), decided("s2", ID_B), decided("s3", reason="weak_evidence"), decided("s4")]
    write(engine, at(1), *moved, run="r2", province="79")
    assert {row["province"] for row in rows(engine, "links")} == {"79"}
    roll_back(engine, "r2", "undo", at(2), AUDITOR)
    assert {name: content(engine, name) for name in before} == before

"""Random runs and rollbacks against a model that fits on a page: every key has a list of who made it what."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.audit import Auditor, verify
from connectors.database import open_database, reading
from connectors.education import create_tables
from connectors.errors import ProvinceLocked, RollbackRefused
from connectors.locks import acquire
from connectors.rollback import preview_rollback, roll_back
from connectors.run_diff import diff
from connectors.runs import RunFacts, begin_run, end_run
from connectors.staging import DECIDED_BY_PERSON
from connectors.versioned_tables import VERSIONED
from connectors.writeback import Partition, write_partition
from matching.schemas import CANDIDATES, DECISIONS

AUDITOR = Auditor(b"the key of the tests only", "tests")
RECORDS = ("s1", "s2", "s3")
# synthetic numbers
IDS = ("001099000001", "001099000002", "001199000003")
REASONS = ("number_verified", "evidence_agrees")


@dataclass(frozen=True)
class Said:
    """What a run says of one record."""

    personal_id: str | None
    reason: str
    by_person: bool
    candidate: str | None


@dataclass(frozen=True)
class Run:
    province: str
    says: dict[str, Said]


@dataclass(frozen=True)
class Back:
    """Roll back one of the runs so far, counted from the last."""

    steps: int
    keep_later: bool


said = st.builds(
    Said,
    st.sampled_from((None, *IDS)),
    st.sampled_from(REASONS),
    st.booleans(),
    st.sampled_from((None, *IDS)),
)
runs = st.builds(
    Run, st.sampled_from(("01", "79")), st.dictionaries(st.sampled_from(RECORDS), said, min_size=1)
)
backs = st.builds(Back, st.integers(0, 3), st.booleans())
# more runs than rollbacks, else there is nothing to take back
histories = st.lists(st.one_of(runs, runs, backs), min_size=2, max_size=7)


@dataclass
class Model:
    """Link: (ID, reason, pass, confirmed, province); None where there is none."""

    links: dict[str, list[tuple[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    taken_back: dict[str, bool] = field(default_factory=dict)
    undoes: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, run: Run) -> None:
        self.taken_back[name] = False
        for record, said in run.says.items():
            held = last(self.links[record])
            put(self.links[record], name, self.decide(held, said, run.province))

    def decide(self, held: Any, said: Said, province: str) -> Any:
        """The rule once more, in the order in which a person would say it."""
        decided_by = DECIDED_BY_PERSON if said.by_person else "fuzzy"
        new = said.personal_id and (said.personal_id, said.reason, decided_by, said.by_person, province)
        kept = held and (*held[:4], province)
        if said.by_person:
            same = held and new and (held[:4] == new[:4])
            return kept if same else new
        if new is None:
            return kept
        if held and held[3]:
            return kept
        if held and held[0] == new[0]:
            return kept if held[1:3] == new[1:3] else new
        return new

    def roll_back(self, run: str, name: str, *, keep_later: bool) -> bool:
        """Whether it is done."""
        overtaken = [one for one in self.links.values() if touched(one, run) and one[-1][0] != run]
        if self.taken_back[run] or (overtaken and not keep_later):
            return False
        for versions in self.links.values():
            if versions and versions[-1][0] == run:
                before = [*versions]
                while before and before[-1][0] == run:
                    before.pop()
                put(versions, name, last(before))
        self.taken_back |= {run: True, name: False}
        if run in self.undoes:
            self.taken_back[self.undoes[run]] = False
        self.undoes[name] = run
        return True


def last(versions: list[tuple[str, Any]]) -> Any:
    return versions[-1][1] if versions else None


def put(versions: list[tuple[str, Any]], name: str, value: Any) -> None:
    if value != last(versions):
        versions.append((name, value))


def touched(versions: list[tuple[str, Any]], run: str) -> bool:
    return any(writer == run for writer, _ in versions)


def clock() -> Iterator[datetime]:
    now = datetime(2026, 11, 21, 20, tzinfo=UTC)
    while True:
        now += timedelta(seconds=1)
        yield now


def decisions_of(run: Run) -> pa.Table:
    rows = []
    for record, said in run.says.items():
        linked = {"outcome": "linked", "personal_id": said.personal_id, "reason": said.reason}
        opened = {"outcome": "unlinked", "candidate_id": said.candidate, "reason": "nobody_found"}
        decided_by = DECIDED_BY_PERSON if said.by_person else "fuzzy"
        outcome = linked if said.personal_id else opened
        rows.append({"kind": "student", "record_id": record, "decided_by": decided_by, **outcome})
    return pa.Table.from_pylist(rows, schema=DECISIONS)


def write(engine: sa.Engine, name: str, run: Run, now: datetime) -> None:
    begin_run(engine, RunFacts(name, {}), now, AUDITOR)
    partition = Partition(name, "student", run.province, complete=False)
    rates = pa.table({"in_scope": [len(run.says)]})
    found = CANDIDATES.empty_table()
    write_partition(engine, partition, decisions_of(run), found, rates, owner=name, now=now, auditor=AUDITOR)
    end_run(engine, name, "done", {}, now, AUDITOR)


def content(engine: sa.Engine) -> dict[str, list[dict[str, Any]]]:
    """All that can be taken back, without who put it there."""
    found = {}
    with reading(engine) as connection:
        for kept in VERSIONED:
            columns = [column for column in kept.table.c if column.name not in {"put_by", "put_at"}]
            query = sa.select(*columns).order_by(*[kept.table.c[key] for key in kept.keys])
            found[kept.table.name] = [dict(row) for row in connection.execute(query).mappings()]
    return found


def as_modelled(engine: sa.Engine) -> dict[str, Any]:
    names = ("personal_id", "reason", "decided_by", "confirmed_by_person", "province")
    return {row["record_id"]: tuple(row[name] for name in names) for row in content(engine)["links"]}


def play(engine: sa.Engine, history: list[Run | Back]) -> None:
    model, names, ticks = Model(), [], clock()
    states: dict[str, dict[str, Any]] = {}
    for number, step in enumerate(history):
        name, before = f"r{number}", content(engine)
        if isinstance(step, Run):
            write(engine, name, step, next(ticks))
            model.write(name, step)
        elif not names:
            continue
        else:
            taken = names[-1 - step.steps % len(names)]
            done = model.roll_back(taken, name, keep_later=step.keep_later)
            assert carried_out(engine, taken, name, next(ticks), keep_later=step.keep_later) == done
            if not done:
                assert content(engine) == before
                continue
            if taken == names[-1]:
                # nothing came in between, so that every table is exactly what it was before
                assert content(engine) == states[taken]
        states[name] = before
        names.append(name)
        links = {record: last(versions) for record, versions in model.links.items() if last(versions)}
        assert as_modelled(engine) == links
    assert verify(engine, AUDITOR.key, {}).broken == ()


def carried_out(engine: sa.Engine, run: str, name: str, now: datetime, *, keep_later: bool) -> bool:
    try:
        foreseen = preview_rollback(engine, run)
        done = roll_back(engine, run, name, now, AUDITOR, keep_later=keep_later)
    except RollbackRefused:
        return False
    assert done.counts == foreseen
    return True


@given(history=histories)
@settings(max_examples=12, deadline=None)
def test_runs_and_rollbacks_in_any_order_are_what_the_model_says(history: list[Run | Back]) -> None:
    engine = open_database("sqlite://")
    create_tables(engine)
    play(engine, history)
    engine.dispose()


@pytest.mark.parametrize("seed", range(1))
def test_so_they_are_on_both_databases(engine: sa.Engine, seed: int) -> None:
    chance = random.Random(seed)
    history: list[Run | Back] = []
    for _ in range(14):
        says = {
            record: Said(
                chance.choice((None, *IDS)),
                chance.choice(REASONS),
                chance.random() < 0.3,
                chance.choice((None, *IDS)),
            )
            for record in chance.sample(RECORDS, chance.randint(1, 3))
        }
        back = Back(chance.randint(0, 2), chance.random() < 0.5)
        history.append(back if chance.random() < 0.35 else Run(chance.choice(("01", "79")), says))
    play(engine, history)


def test_a_rollback_is_refused_while_another_run_holds_a_province(engine: sa.Engine, at: Any) -> None:
    write(engine, "r1", Run("01", {"s1": Said(IDS[0], REASONS[0], False, None)}), at(0))
    acquire(engine, "01", "them", at(1))
    before = content(engine)
    with pytest.raises(ProvinceLocked):
        roll_back(engine, "r1", "undo", at(2), AUDITOR)
    assert content(engine) == before


def test_the_difference_of_two_runs_says_who_and_why(engine: sa.Engine, at: Any) -> None:
    machine = {record: Said(IDS[place], REASONS[0], False, None) for place, record in enumerate(RECORDS)}
    moments = [at(number).isoformat(timespec="microseconds") for number in range(4)]
    write(engine, "r0", Run("01", {"s1": machine["s1"], "s2": machine["s2"]}), at(0))
    person = {"s1": Said(IDS[2], REASONS[1], True, None), "s2": Said(None, REASONS[0], True, None)}
    write(engine, "r1", Run("01", {**person, "s3": machine["s3"]}), at(1))
    seen = {one.record_id: one for one in diff(engine, moments[0], moments[1])}
    assert {record: str(one.change) for record, one in seen.items()} == {
        "s1": "changed",
        "s2": "lost",
        "s3": "gained",
    }
    assert (seen["s1"].before.personal_id, seen["s1"].after.personal_id) == (IDS[0], IDS[2])
    assert (seen["s1"].after.decided_by, seen["s1"].after.reason, seen["s1"].after.run) == (
        "person",
        REASONS[1],
        "r1",
    )
    assert (seen["s2"].after, seen["s2"].ended_by) == (None, "r1")
    backwards = {one.record_id: str(one.change) for one in diff(engine, moments[1], moments[0])}
    assert backwards == {"s1": "changed", "s2": "gained", "s3": "lost"}
    roll_back(engine, "r1", "undo", at(2), AUDITOR)
    assert diff(engine, moments[0], moments[2]) == []
    undone = {one.record_id: one for one in diff(engine, moments[1], moments[2])}
    assert (str(undone["s3"].change), undone["s3"].ended_by) == ("lost", "undo")
    assert (undone["s2"].after.personal_id, undone["s2"].after.run) == (IDS[1], "undo")
    assert diff(engine, moments[2], moments[3]) == []

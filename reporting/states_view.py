"""What the report shows of collecting and verifying, and of the 63 provinces: numbers only, no words, no markup."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from matching.explain import Actor
from matching.reference import read_table
from matching.schemas import KINDS
from reporting.verification import OPEN_STATES, Age, Cohort, State

LINES = (
    ("student", Cohort.TO_GRADE_11),
    ("student", Cohort.GRADE_12),
    ("student", Cohort.HIGHER),
    *[(kind, None) for kind in KINDS if kind != "student"],
)
"""Kind and cohort of each line, in order: pupils first, whose numbers are collected now."""


@dataclass(frozen=True)
class StateLine:
    """Where the records of a group stand."""

    kind: str
    cohort: str | None
    by_state: tuple[int, ...]
    """In the order of `State`."""
    overdue: int
    collected: int
    """For how many the school has typed a number, whatever became of it."""

    @property
    def records(self) -> int:
        """All in scope."""
        return sum(self.by_state)

    @property
    def done(self) -> int:
        """Linked or confirmed."""
        return sum(self.by_state[list(State).index(state)] for state in (State.LINKED, State.CONFIRMED))

    @property
    def open(self) -> int:
        """Not done."""
        return self.records - self.done


@dataclass(frozen=True)
class HolderLine:
    """What lies with one actor, and for how long."""

    actor: Actor
    by_age: tuple[int, ...]
    """In the order of `Age`."""
    overdue: int

    @property
    def records(self) -> int:
        """All."""
        return sum(self.by_age)


@dataclass(frozen=True)
class ProvinceStates:
    """Pupils of a province: to grade 11, and grade 12."""

    code: str | None
    to_grade_11: StateLine | None
    grade_12: StateLine | None


@dataclass(frozen=True)
class StatesView:
    """The section on collecting and verifying."""

    lines: tuple[StateLine, ...]
    holders: tuple[HolderLine, ...]
    provinces: tuple[ProvinceStates, ...]


@dataclass(frozen=True)
class FormerLine:
    """One of the 63 inside one of the 34; (linked, in scope) by kind, None where a kind has nobody there."""

    province: str | None
    former: str | None
    by_kind: tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class FormerView:
    """The drill-down to the 63."""

    lines: tuple[FormerLine, ...]
    untold: int
    """Records whose province of before can't be told."""


def states_view(states: pa.Table) -> StatesView:
    """Arrange `reporting.verification.STATE_COUNTS`."""
    found = {(line.kind, line.cohort): line for line in state_lines(states)}
    lines = tuple(found[key] for key in LINES if key in found)
    return StatesView(lines, _holders(states), _provinces(states))


def state_lines(states: pa.Table) -> list[StateLine]:
    """A line for each kind and cohort that occurs."""
    summed = states.group_by(["kind", "cohort", "state", "collected", "overdue"]).aggregate(
        [("records", "sum")]
    )
    parts: dict[tuple[str, str | None], list[dict[str, Any]]] = {}
    for row in summed.to_pylist():
        parts.setdefault((row["kind"], row["cohort"]), []).append(row)

    def records(rows: list[dict[str, Any]], **wanted: object) -> int:
        return sum(
            row["records_sum"] for row in rows if all(row[name] == value for name, value in wanted.items())
        )

    return [
        StateLine(
            kind,
            cohort,
            tuple(records(rows, state=str(state)) for state in State),
            records(rows, overdue=True),
            records(rows, collected=True),
        )
        for (kind, cohort), rows in parts.items()
    ]


def _holders(states: pa.Table) -> tuple[HolderLine, ...]:
    open_ones = states.filter(pc.is_in(states["state"], value_set=pa.array(list(map(str, OPEN_STATES)))))
    summed = open_ones.group_by(["lies_with", "age", "overdue"]).aggregate([("records", "sum")]).to_pylist()
    found = []
    for actor in Actor:
        rows = [row for row in summed if row["lies_with"] == actor]
        by_age = tuple(sum(row["records_sum"] for row in rows if row["age"] == age) for age in Age)
        if rows:
            found.append(HolderLine(actor, by_age, sum(row["records_sum"] for row in rows if row["overdue"])))
    return tuple(sorted(found, key=lambda line: -line.records))


def _provinces(states: pa.Table) -> tuple[ProvinceStates, ...]:
    pupils = states.filter(pc.equal(states["kind"], "student"))
    codes = sorted(pc.unique(pupils["province"]).to_pylist(), key=lambda code: (code is None, code or ""))
    lines = []
    for code in codes:
        here = pc.is_null(pupils["province"]) if code is None else pc.equal(pupils["province"], code)
        by_cohort = {line.cohort: line for line in state_lines(pupils.filter(here))}
        if {Cohort.TO_GRADE_11, Cohort.GRADE_12} & by_cohort.keys():
            lines.append(
                ProvinceStates(code, by_cohort.get(Cohort.TO_GRADE_11), by_cohort.get(Cohort.GRADE_12))
            )
    return tuple(lines)


def former_view(former: pa.Table, kinds: Sequence[str]) -> FormerView:
    """Arrange `reporting.former_provinces.FORMER_RATES`: only provinces that were merged, and parts in the order of their codes."""
    merged = _merged()
    summed = former.group_by(["province", "former", "kind"]).aggregate(
        [("in_scope", "sum"), ("linked", "sum")]
    )
    cells: dict[tuple[str | None, str | None], dict[str, tuple[int, int]]] = {}
    for row in summed.to_pylist():
        if row["province"] in merged or row["former"] is None:
            of = cells.setdefault((row["province"], row["former"]), {})
            of[row["kind"]] = row["linked_sum"], row["in_scope_sum"]
    order = sorted(cells, key=lambda key: (key[0] or "~", key[1] or "~"))
    lines = tuple(FormerLine(*key, tuple(cells[key].get(kind) for kind in kinds)) for key in order)
    untold = sum(row["in_scope_sum"] for row in summed.to_pylist() if row["former"] is None)
    return FormerView(lines, untold)


def _merged() -> frozenset[str]:
    """Provinces of today that were put together of several."""
    codes = [row["new_code_2025"] for row in read_table("id_province_codes", ("new_code_2025",))]
    return frozenset(code for code in codes if codes.count(code) > 1)

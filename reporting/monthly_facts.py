"""The figures of a month, which are due before the 22nd, beside those of the month before: numbers only, no words.

A month counts up to the end of the 21st in Việt Nam: its figures are those of the last run of each province before then, and the month
before likewise. So two months are two states of the same records, not two samples.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from matching.explain import Actor, actors
from matching.schemas import KINDS
from reporting.rates import totals
from reporting.report_view import Figures, figures_of
from reporting.verification import Cohort, State

WORDS = ("correct", "complete", "clean", "live")


@dataclass(frozen=True)
class MonthFigures:
    """What was known at the end of a month."""

    rates: pa.Table
    """`reporting.rates.LINK_RATES` of the last run of each partition."""
    measures: pa.Table
    """`connectors.run_measures.MEASURED` of the same runs."""


@dataclass(frozen=True)
class MonthlyFacts:
    """Everything the monthly report says."""

    month: str
    """YYYY-MM."""
    ends: date
    """The last day that counts."""
    now: MonthFigures
    before: MonthFigures | None
    """None where nothing was written before the month began."""
    runs: tuple[str, ...]
    """The runs the figures are from, the last first."""
    last_written: datetime | None
    not_this_month: tuple[tuple[str, str], ...]
    """(kind, province) whose last run was before the month began: their figures are old."""
    models: tuple[str, ...]
    registry_as_of: tuple[str, ...]
    code_version: str
    synthetic: bool


@dataclass(frozen=True)
class Count:
    """A count of a whole, and both a month before; None where that is not known."""

    part: int
    whole: int
    part_before: int | None = None
    whole_before: int | None = None

    @property
    def gained(self) -> int | None:
        """How many more than a month before."""
        return None if self.part_before is None else self.part - self.part_before

    @property
    def points(self) -> float | None:
        """The change of the share, in percentage points."""
        if self.part_before is None or not self.whole or not self.whole_before:
            return None
        return 100 * (self.part / self.whole - self.part_before / self.whole_before)


@dataclass(frozen=True)
class GroupLine:
    """One kind or cohort: records in scope, and of them with a number, linked, confirmed."""

    kind: str
    cohort: str | None
    collected: Count
    linked: Count
    confirmed: Count
    overdue: int


@dataclass(frozen=True)
class MonthlyView:
    """What the monthly report shows."""

    kinds: tuple[tuple[str, Figures, Count], ...]
    groups: tuple[GroupLine, ...]
    provinces: tuple[tuple[str | None, tuple[Count | None, ...]], ...]
    reasons: tuple[tuple[str, tuple[Actor, ...], Count], ...]
    holders: tuple[tuple[str, Count], ...]
    quality: tuple[tuple[str, tuple[Count, ...]], ...]
    """Kind → the four words."""


def monthly_view(facts: MonthlyFacts) -> MonthlyView:
    """Arrange the figures of a month."""
    now, before = facts.now, facts.before
    kinds = _kinds(now.rates, before.rates if before else None)
    counted = _Measured(now.measures, before.measures if before and len(before.measures) else None)
    return MonthlyView(
        kinds,
        _groups(counted),
        _provinces(now.rates, before.rates if before else None, [kind for kind, _, _ in kinds]),
        _reasons(counted),
        tuple((actor, counted.of(f"lies_with.{actor}", "open")) for actor in Actor if counted.sum(f"lies_with.{actor}")),
        tuple((kind, _quality(counted, kind)) for kind, _, _ in kinds if counted.sum("quality.in_scope", kind)),
    )  # fmt: skip


class _Measured:
    """Sums of measures, of now and of a month before."""

    def __init__(self, now: pa.Table, before: pa.Table | None) -> None:
        self._now = _added(now)
        self._before = None if before is None else _added(before)
        self.names = sorted({measure for _, _, measure in self._now})

    def sum(self, measure: str, kind: str | None = None, cohort: str | None = None) -> int:
        return _sum(self._now, measure, kind, cohort)

    def sum_before(self, measure: str, kind: str | None = None, cohort: str | None = None) -> int | None:
        return None if self._before is None else _sum(self._before, measure, kind, cohort)

    def of(self, measure: str, whole: str, kind: str | None = None) -> Count:
        """A measure, of all in scope or of all that is open."""
        parts = [f"state.{state}" for state in State if whole == "in_scope" or state not in _DONE]
        known = self._before is not None
        return Count(
            self.sum(measure, kind),
            sum(self.sum(part, kind) for part in parts),
            self.sum_before(measure, kind),
            sum(self.sum_before(part, kind) or 0 for part in parts) if known else None,
        )


_DONE = (State.LINKED, State.CONFIRMED)
_Sums = dict[tuple[str, str | None, str], int]


def _added(table: pa.Table) -> _Sums:
    rows = table.group_by(["kind", "cohort", "measure"]).aggregate([("records", "sum")]).to_pylist()
    return {(row["kind"], row["cohort"], row["measure"]): row["records_sum"] for row in rows}


def _sum(sums: _Sums, measure: str, kind: str | None, cohort: str | None) -> int:
    return sum(
        count
        for (of, group, name), count in sums.items()
        if name == measure and kind in (None, of) and cohort in (None, group)
    )


def _kinds(now: pa.Table, before: pa.Table | None) -> tuple[tuple[str, Figures, Count], ...]:
    figures = {row["kind"]: figures_of(row) for row in totals(now, ["kind"]).to_pylist()}
    earlier = _earlier(before, ["kind"])
    return tuple(
        (kind, figures[kind], _count(figures[kind], earlier.get((kind,))))
        for kind in KINDS
        if kind in figures
    )


def _earlier(before: pa.Table | None, by: Sequence[str]) -> dict[tuple[str | None, ...], Figures]:
    if before is None:
        return {}
    return {tuple(row[name] for name in by): figures_of(row) for row in totals(before, by).to_pylist()}


def _count(now: Figures, before: Figures | None) -> Count:
    if before is None:
        return Count(now.linked, now.in_scope)
    return Count(now.linked, now.in_scope, before.linked, before.in_scope)


def _provinces(
    now: pa.Table, before: pa.Table | None, kinds: Sequence[str]
) -> tuple[tuple[str | None, tuple[Count | None, ...]], ...]:
    by = ["province", "kind"]
    cells = {(row["province"], row["kind"]): figures_of(row) for row in totals(now, by).to_pylist()}
    earlier = _earlier(before, by)
    codes = sorted(pc.unique(now["province"]).to_pylist(), key=lambda code: (code is None, code or ""))
    return tuple(
        (
            code,
            tuple(
                _count(cells[code, kind], earlier.get((code, kind))) if (code, kind) in cells else None
                for kind in kinds
            ),
        )
        for code in codes
    )


def _groups(counted: _Measured) -> tuple[GroupLine, ...]:
    keys = [*(("student", cohort) for cohort in Cohort), ("teacher", None), ("guardian", None)]
    lines = [_group(counted, kind, cohort) for kind, cohort in keys]
    return tuple(line for line in lines if line.linked.whole)


def _group(counted: _Measured, kind: str, cohort: str | None) -> GroupLine:
    def added(measures: Sequence[str]) -> tuple[int, int | None]:
        before = [counted.sum_before(measure, kind, cohort) for measure in measures]
        return sum(counted.sum(measure, kind, cohort) for measure in measures), (
            None if None in before else sum(count or 0 for count in before)
        )

    whole, whole_before = added([f"state.{state}" for state in State])

    def count(*measures: str) -> Count:
        now, before = added(measures)
        return Count(now, whole, before, whole_before)

    return GroupLine(
        kind,
        cohort,
        count("collected"),
        count(*[f"state.{state}" for state in _DONE]),
        count(f"state.{State.CONFIRMED}"),
        counted.sum("overdue", kind, cohort),
    )


def _reasons(counted: _Measured) -> tuple[tuple[str, tuple[Actor, ...], Count], ...]:
    found = [name.removeprefix("reason.") for name in counted.names if name.startswith("reason.")]
    lines = [(reason, actors(reason), counted.of(f"reason.{reason}", "open")) for reason in found]
    return tuple(sorted(lines, key=lambda line: (-line[2].part, line[0])))


def _quality(counted: _Measured, kind: str) -> tuple[Count, ...]:
    counts = []
    for word in WORDS:
        of = "quality.compared" if word == "correct" else "quality.in_scope"
        counts.append(
            Count(
                counted.sum(f"quality.{word}", kind),
                counted.sum(of, kind),
                counted.sum_before(f"quality.{word}", kind),
                counted.sum_before(of, kind),
            )
        )
    return tuple(counts)

"""What the report shows, in the order and grouping in which it shows it: numbers only, no words, no markup."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from matching.explain import Actor, actors
from matching.schemas import KINDS
from reporting.facts import ReportFacts
from reporting.places import province_names
from reporting.rates import LEFT_OUT, breakdown, totals
from reporting.school_levels import LEVELS, school_levels
from reporting.states_view import FormerView, StatesView, former_view, states_view

SCHOOLS_SHOWN = 20
OPEN = ("clerical_review", "unlinked")


@dataclass(frozen=True)
class Figures:
    """The totals of a group."""

    records: int = 0
    left_out: int = 0
    in_scope: int = 0
    linked: int = 0
    clerical_review: int = 0
    unlinked: int = 0

    @property
    def open(self) -> int:
        """In scope and not linked."""
        return self.in_scope - self.linked

    @property
    def share(self) -> float | None:
        """Linked of in scope, None where nothing is in scope."""
        return self.linked / self.in_scope if self.in_scope else None


@dataclass(frozen=True)
class KindView:
    """One kind: its figures, what was left out and why, the change since the last run."""

    kind: str
    figures: Figures
    left_out: tuple[tuple[str, int], ...]
    before: Figures | None

    @property
    def change(self) -> float | None:
        """Of the link rate, in percentage points."""
        if self.before is None or self.before.share is None or self.figures.share is None:
            return None
        return 100 * (self.figures.share - self.before.share)

    @property
    def gained(self) -> int | None:
        """How many more are linked than in the last run; negative if fewer."""
        return None if self.before is None else self.figures.linked - self.before.linked


@dataclass(frozen=True)
class Step:
    """One pass of the cascade: what it linked, what was linked before it, how many pairs it compared (None: not known)."""

    decided_by: str
    linked: int
    before: int
    compared: int | None = None


@dataclass(frozen=True)
class ReasonView:
    """One reason of staying open, by kind."""

    reason: str
    by_kind: tuple[int, ...]
    records: int
    actors: tuple[Actor, ...]


@dataclass(frozen=True)
class ActorView:
    """What waits for one actor: records counted where the actor is the one to begin with."""

    actor: Actor
    records: int
    reasons: tuple[ReasonView, ...]


@dataclass(frozen=True)
class LevelView:
    """One school level of one kind, or the grade-12 cohort."""

    kind: str
    level: str | None
    grade_12: bool
    figures: Figures


@dataclass(frozen=True)
class ProvinceView:
    """One province: its figures by kind, None where the kind has no records there."""

    code: str | None
    by_kind: tuple[Figures | None, ...]


@dataclass(frozen=True)
class QualityView:
    """The four words for one kind."""

    kind: str
    in_scope: int
    compared: int
    correct: int
    complete: int
    clean: int
    live: int


@dataclass(frozen=True)
class ReportView:
    """Everything on the page."""

    kinds: tuple[KindView, ...]
    provinces: tuple[ProvinceView, ...]
    levels: tuple[LevelView, ...]
    steps: tuple[tuple[KindView, tuple[Step, ...]], ...]
    actors: tuple[ActorView, ...]
    duplicates: int
    quality: tuple[QualityView, ...]
    schools: tuple[dict[str, Any], ...]
    schools_in_all: int
    rejects: tuple[dict[str, Any], ...]
    calibration: tuple[dict[str, Any], ...]
    states: StatesView
    former: FormerView


def view(facts: ReportFacts) -> ReportView:
    """Arrange the facts of a run."""
    rates = facts.measures.rates
    kinds = view_kinds(rates, facts.previous)
    names = [kind.kind for kind in kinds]
    schools = facts.measures.schools.sort_by([("open", "descending"), ("school_code", "ascending")])
    return ReportView(
        kinds,
        _provinces(rates, names, facts.run.scope.provinces),
        _levels(rates),
        _steps(rates, kinds, facts.run.passes, {one.kind: one.compared for one in facts.search}),
        _actors(rates, names),
        sum(
            row["records"]
            for row in breakdown(rates, ["reason", "kind"], ["linked"]).to_pylist()
            # a guardian has a record for every child
            if row["reason"] == "duplicate_record" and row["kind"] != "guardian"
        ),
        _quality(facts.measures.quality, names),
        tuple(schools.slice(0, SCHOOLS_SHOWN).to_pylist()),
        len(schools),
        _rejects(facts.measures.rejects),
        tuple(facts.calibration.to_pylist()) if facts.calibration is not None else (),
        states_view(facts.measures.states),
        former_view(facts.measures.former, names),
    )


def figures_of(row: Mapping[str, Any]) -> Figures:
    """The figures in a row of `reporting.rates.totals`."""
    return Figures(*(row[name] for name in Figures.__dataclass_fields__))


def _in_order(kinds: Iterable[str]) -> list[str]:
    return sorted(set(kinds), key=lambda kind: (KINDS.index(kind) if kind in KINDS else len(KINDS), kind))


def view_kinds(rates: pa.Table, previous: pa.Table | None) -> tuple[KindView, ...]:
    """Each kind in `rates` (LINK_RATES), compared with `previous` where it is given."""
    now = {row["kind"]: figures_of(row) for row in totals(rates, ["kind"]).to_pylist()}
    before = (
        {row["kind"]: figures_of(row) for row in totals(previous, ["kind"]).to_pylist()}
        if previous is not None
        else {}
    )
    left_out: dict[str, list[tuple[str, int]]] = {}
    for row in breakdown(rates, ["kind", "reason"], [LEFT_OUT]).to_pylist():
        left_out.setdefault(row["kind"], []).append((row["reason"], row["records"]))
    return tuple(
        KindView(kind, now[kind], tuple(left_out.get(kind, ())), before.get(kind)) for kind in _in_order(now)
    )


def _provinces(rates: pa.Table, kinds: Sequence[str], scope: Sequence[str]) -> tuple[ProvinceView, ...]:
    cells = {
        (row["province"], row["kind"]): figures_of(row)
        for row in totals(rates, ["province", "kind"]).to_pylist()
    }
    names = province_names().since_2025
    codes = sorted({code for code, _ in cells} | set(scope), key=lambda code: (code not in names, code or ""))
    return tuple(ProvinceView(code, tuple(cells.get((code, kind)) for kind in kinds)) for code in codes)


def _levels(rates: pa.Table) -> tuple[LevelView, ...]:
    place = rates.schema.get_field_index("level")
    named = rates.set_column(place, "level", school_levels(rates["level"]))
    whole = [
        LevelView(row["kind"], row["level"], False, figures_of(row))
        for row in totals(named, ["kind", "level"]).to_pylist()
    ]
    cohort = [
        LevelView(row["kind"], None, True, figures_of(row))
        for row in totals(rates, ["kind", "grade_12"]).to_pylist()
        if row["grade_12"]
    ]
    order = _in_order(level.kind for level in whole)
    largest = sorted(
        whole + cohort,
        key=lambda level: (
            order.index(level.kind),
            level.grade_12,
            _age(level.level),
            -level.figures.in_scope,
        ),
    )
    return tuple(largest)


def _age(level: str | None) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)


def _steps(
    rates: pa.Table,
    kinds: Sequence[KindView],
    passes: Sequence[str],
    compared: Mapping[str, Mapping[str, int]],
) -> tuple[tuple[KindView, tuple[Step, ...]], ...]:
    linked: dict[str, dict[str, int]] = {}
    for row in breakdown(rates, ["kind", "decided_by"], ["linked"]).to_pylist():
        linked.setdefault(row["kind"], {})[row["decided_by"] or ""] = row["records"]
    return tuple(
        (kind, tuple(_in_cascade(linked.get(kind.kind, {}), compared.get(kind.kind, {}), passes)))
        for kind in kinds
    )


def _in_cascade(
    linked: Mapping[str, int], compared: Mapping[str, int], passes: Sequence[str]
) -> Iterator[Step]:
    """A step for each pass that linked or compared anything, in the order of the run; passes it doesn't name come last."""
    before = 0
    for name in [
        *(name for name in passes if name in linked or name in compared),
        *(name for name in linked if name not in passes),
    ]:
        yield Step(name, linked.get(name, 0), before, compared.get(name))
        before += linked.get(name, 0)


def _actors(rates: pa.Table, kinds: Sequence[str]) -> tuple[ActorView, ...]:
    counts: dict[str, dict[str, int]] = {}
    for row in breakdown(rates, ["reason", "kind"], OPEN).to_pylist():
        counts.setdefault(row["reason"], {})[row["kind"]] = row["records"]
    reasons = [
        ReasonView(reason, tuple(of.get(kind, 0) for kind in kinds), sum(of.values()), actors(reason))
        for reason, of in counts.items()
    ]
    reasons.sort(key=lambda reason: -reason.records)
    waiting = [(actor, tuple(reason for reason in reasons if reason.actors[0] is actor)) for actor in Actor]
    found = [
        ActorView(actor, sum(reason.records for reason in some), some) for actor, some in waiting if some
    ]
    return tuple(sorted(found, key=lambda view: -view.records))


def _quality(quality: pa.Table, kinds: Sequence[str]) -> tuple[QualityView, ...]:
    names = [name for name in QualityView.__dataclass_fields__ if name != "kind"]
    summed = quality.group_by("kind").aggregate([(name, "sum") for name in names]).to_pylist()
    rows = {row["kind"]: QualityView(row["kind"], *(row[f"{name}_sum"] for name in names)) for row in summed}
    return tuple(rows[kind] for kind in kinds if kind in rows)


def _rejects(rejects: pa.Table) -> tuple[dict[str, Any], ...]:
    summed = rejects.group_by(["table", "column", "reason"]).aggregate([("rejected", "sum")])
    ordered = summed.sort_by([("rejected_sum", "descending"), ("reason", "ascending")])
    return tuple(ordered.rename_columns({"rejected_sum": "rejected"}).to_pylist())

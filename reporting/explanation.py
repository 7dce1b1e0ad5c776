"""One decision laid open: the record, its candidates, what each comparison found and weighed. Numbers and keys only; words are put to them
in `reporting.explanation_words`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matching.explain import Standing, standing
from matching.parts import BEFORE, PARTS
from matching.weights_table import without_each

Row = Mapping[str, Any]

COMPARISONS = {
    "name": ("name",),
    "birth_date": ("birth_date",),
    "gender": ("gender",),
    "place": ("birth_place", "residence"),
    "number": ("number",),
    "parents": ("parents",),
}
"""Comparison as it is weighed → the comparisons whose levels it is made from (`matching.levels`)."""

_ENTRY_VALUES = ("full_name", "birth_date", "birth_precision", "gender", "birth_province", "residence_province",
                 "residence_commune", "status")  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """An entry that may be the person; what isn't known of it is None."""

    rank: int
    personal_id: str
    probability: float | None
    evidence: Mapping[str, str | None] | None
    entry: Row | None
    """Columns of `matching.schemas.ENTRY`."""
    parts: Mapping[str, float] | None
    """`matching.parts.PARTS` → log2."""
    weight: float | None
    """Their sum."""
    without: Mapping[str, float] | None
    """Comparison → the probability, had it not been made (`matching.weights_table.without_each`)."""

    @property
    def before(self) -> float:
        """What it weighs before any comparison; 0 where that isn't known."""
        return sum(self.parts[name] for name in BEFORE) if self.parts else 0.0


@dataclass(frozen=True)
class Case:
    """A record, what was decided, and on what."""

    decision: Row
    """A row of `matching.schemas.DECISIONS`."""
    typed: Row | None
    """Its row of `matching.schemas.RAW_RECORDS`, None where only results are at hand."""
    candidates: tuple[Candidate, ...]
    """Best first."""
    nobody: float | None
    """P(none of all candidates)."""
    weighed_by: str | None
    """The pass whose candidates these are."""

    @property
    def weighed(self) -> bool:
        """Whether weights were kept."""
        return any(candidate.parts is not None for candidate in self.candidates)


@dataclass(frozen=True)
class CaseRows:
    """What was found of one record in the files of a linkage."""

    decision: Row
    typed: Row | None
    candidates: Sequence[Row]
    """CANDIDATES."""
    weights: Sequence[Row]
    """`matching.weights_table.WEIGHTS`; empty where they weren't kept."""
    entries: Sequence[Row]
    """ENTRY, of whichever candidates are known."""


def case(rows: CaseRows) -> Case:
    """Put together what the files say of one record."""
    weights = sorted(rows.weights, key=lambda row: row["rank"])
    known = {row["personal_id"]: row for row in rows.candidates}
    entries = {row["personal_id"]: _as_entry(row, "entry_") for row in rows.candidates}
    entries |= {row["personal_id"]: _as_entry(row, "") for row in rows.entries}
    if weights:
        without = without_each(weights)
        found = [
            _weighed(row, entries.get(row["personal_id"]), less)
            for row, less in zip(weights, without, strict=True)
        ]
    else:
        shown = sorted(known.values(), key=lambda row: row["rank"]) or _decided_on(rows.decision)
        found = [_levels_only(row, entries.get(row["personal_id"])) for row in shown]
    first = weights[0] if weights else None
    return Case(
        rows.decision,
        rows.typed,
        tuple(found),
        first["nobody"] if first else None,
        first["decided_by"] if first else rows.decision["decided_by"],
    )


def level_standing(comparison: str, evidence: Mapping[str, str | None] | None) -> Standing:
    """How a comparison of COMPARISONS counts for a reader: the worst of what is known."""
    found = [standing(name, (evidence or {}).get(name)) for name in COMPARISONS[comparison]]
    order = [Standing.UNKNOWN, Standing.AGREES, Standing.NEAR, Standing.DIFFERS]
    return max(found, key=order.index)


def _weighed(row: Row, entry: Row | None, without: Mapping[str, float]) -> Candidate:
    parts = {part: row[part] for part in PARTS}
    return Candidate(
        row["rank"],
        row["personal_id"],
        row["probability"],
        row["evidence"],
        entry,
        parts,
        row["weight"],
        without,
    )


def _levels_only(row: Row, entry: Row | None) -> Candidate:
    return Candidate(
        row["rank"], row["personal_id"], row["match_probability"], row["evidence"], entry, None, None, None
    )


def _decided_on(decision: Row) -> list[Row]:
    """The one that a decision itself names."""
    number = decision["personal_id"] or decision["candidate_id"]
    return [{**decision, "rank": 1, "personal_id": number}] if number else []


def _as_entry(row: Row, prefix: str) -> Row:
    return {name: row.get(prefix + name) for name in _ENTRY_VALUES}

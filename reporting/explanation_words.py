"""A decision laid open, in words: what the terminal and the page both show."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import floor, log2, log10

from markupsafe import Markup

from matching.explain import Standing, actors
from matching.parts import BEFORE
from reporting.cells import free_text, masked, plain
from reporting.differences import written_date
from reporting.explanation import COMPARISONS, Candidate, Case, Row, level_standing
from reporting.places import province_names
from reporting.texts import NO_BREAK_SPACE, Texts
from reporting.waterfall import Mark, Step, waterfall

SIGNS = {Standing.AGREES: "=", Standing.NEAR: "≈", Standing.DIFFERS: "≠", Standing.UNKNOWN: "·"}

_VALUES = ("full_name", "birth_date", "gender", "birth_place", "residence", "number", "status")
_NEGLIGIBLE_BITS = 0.05
_MOST_DIGITS = 5


@dataclass(frozen=True)
class ValueRow:
    """One field of record and candidates, side by side."""

    label: str
    typed: str
    entries: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """One comparison with one candidate; figures are empty where weights weren't kept."""

    sign: str
    level: str
    standing: Standing
    weight: str
    without: str


@dataclass(frozen=True)
class ComparisonRow:
    """One comparison with all candidates."""

    label: str
    cells: tuple[Compared, ...]


def probability_in_words(value: float | None, text: Texts) -> str:
    """A probability in per cent, with as many digits as its distance from 0 or 1 asks for; only certainty prints as 100."""
    if value is None:
        return "–"
    distance = min(value, 1 - value)
    unit = "%" if text.language == "en" else f"{NO_BREAK_SPACE}%"
    if distance <= 10.0 ** -(_MOST_DIGITS + 2):
        edge = 10.0**-_MOST_DIGITS
        sign, shown = ("<", edge) if value < 0.5 else (">", 100 - edge)
        return f"{sign} {text.decimal(shown, _MOST_DIGITS)}{unit}"
    digits = min(max(1, floor(-log10(distance)) - 1), _MOST_DIGITS)
    # certainty is never rounded up to
    up = 0.5 if value < 0.5 else 1e-6
    return text.decimal(floor(100 * value * 10**digits + up) / 10**digits, digits) + unit


def weight_in_words(weight: float | None, text: Texts) -> str:
    """A match weight with its sign: +16,5."""
    return "–" if weight is None else text.points(weight)


def facts_in_words(case: Case, text: Texts) -> list[tuple[str, str]]:
    """What was decided: label, text."""
    decision = case.decision
    weighed_by = decision["decided_by"] or case.weighed_by
    facts = [
        (text("column.result"), text(f"outcome.{decision['outcome']}")),
        (text("column.why"), text(f"reason.{decision['reason']}")),
        (text("column.actor"), ", ".join(text(f"actor.{actor}") for actor in actors(decision["reason"]))),
        (text("column.advice"), text(f"advice.{decision['reason']}")),
        (text("explain.pass"), text.label("pass", weighed_by) if weighed_by else "–"),
        (text("explain.probability"), probability_in_words(decision["match_probability"], text)),
        (text("explain.nobody"), probability_in_words(case.nobody, text)),
        (text("report.model"), decision["model"] or "–"),
        (text("report.run"), decision["run"] or "–"),
    ]
    return [(label, shown) for label, shown in facts if shown != "–"]


def values_in_words(case: Case, text: Texts, *, whole_numbers: bool) -> list[ValueRow]:
    """Record and candidates side by side; numbers masked unless whole ones are asked for."""
    rows = [
        ValueRow(
            text(f"explain.value.{name}"),
            _typed(name, case.typed, whole=whole_numbers),
            tuple(_of_entry(name, one, text, whole=whole_numbers) for one in case.candidates),
        )
        for name in _VALUES
    ]
    return [row for row in rows if row.typed or any(row.entries)]


def comparisons_in_words(case: Case, text: Texts) -> list[ComparisonRow]:
    """Level, weight and what-if of each comparison with each candidate."""
    return [
        ComparisonRow(
            text(f"explain.field.{name}"), tuple(_compared(name, one, text) for one in case.candidates)
        )
        for name in COMPARISONS
    ]


def levels_in_words(comparison: str, evidence: Mapping[str, str | None] | None, text: Texts) -> str:
    """The level reached; of a joint comparison, each with the field's name."""
    names = COMPARISONS[comparison]
    found = {name: (evidence or {}).get(name) for name in names}
    if len(names) == 1:
        level = found[comparison]
        return text(f"level.{comparison}.{level}") if level else text("explain.not_compared")
    told = [
        f"{text(f'field.{name}')}: {text(f'level.{name}.{level}')}" for name, level in found.items() if level
    ]
    return "; ".join(told) or text("explain.not_compared")


def picture(case: Case, candidate: Candidate, text: Texts) -> Markup | None:
    """The waterfall of one candidate; None where its weights weren't kept."""
    if candidate.parts is None or candidate.weight is None:
        return None
    title = text("explain.waterfall_of", rank=candidate.rank)
    probability = probability_in_words(candidate.probability, text)
    total = Step(
        text("explain.total"),
        text("explain.total_detail", probability=probability),
        candidate.weight,
        weight_in_words(candidate.weight, text),
    )
    return waterfall(tuple(_steps(candidate, text)), total, _nobody(case, candidate, text), title)


def _steps(candidate: Candidate, text: Texts) -> Iterator[Step]:
    parts = candidate.parts or {}
    for name in BEFORE:
        if name == "prior" or abs(parts[name]) >= _NEGLIGIBLE_BITS:
            shown = weight_in_words(parts[name], text)
            yield Step(text(f"explain.part.{name}"), text(f"explain.part_help.{name}"), parts[name], shown)
    for name in COMPARISONS:
        level = levels_in_words(name, candidate.evidence, text)
        yield Step(text(f"explain.field.{name}"), level, parts[name], weight_in_words(parts[name], text))


def _nobody(case: Case, candidate: Candidate, text: Texts) -> Mark | None:
    """The weight at which a candidate would be as likely as nobody."""
    if not case.nobody or not candidate.probability or candidate.weight is None:
        return None
    return Mark(text("explain.as_nobody"), candidate.weight + log2(case.nobody) - log2(candidate.probability))


def _compared(name: str, candidate: Candidate, text: Texts) -> Compared:
    stands = level_standing(name, candidate.evidence)
    weight = weight_in_words(candidate.parts[name], text) if candidate.parts else ""
    without = probability_in_words(candidate.without[name], text) if candidate.without else ""
    return Compared(SIGNS[stands], levels_in_words(name, candidate.evidence, text), stands, weight, without)


def _typed(name: str, typed: Row | None, *, whole: bool) -> str:
    if typed is None or name == "status":
        return ""
    if name == "number":
        return plain(typed["claimed_id"]) if whole else masked(typed["claimed_id"])
    if name == "residence":
        parts = (free_text(typed["residence_commune"]), free_text(typed["residence_province"]))
        return ", ".join(part for part in parts if part)
    return free_text(typed[name])


def _of_entry(name: str, candidate: Candidate, text: Texts, *, whole: bool) -> str:
    if name == "number":
        return candidate.personal_id if whole else masked(candidate.personal_id)
    entry, places = candidate.entry, province_names()
    if entry is None:
        return ""
    if name == "birth_date":
        born = entry["birth_date"]
        return written_date(born, entry["birth_precision"]) if born else ""
    if name == "residence":
        province = places.of_2025(entry["residence_province"]) if entry["residence_province"] else ""
        return ", ".join(part for part in (entry["residence_commune"], province) if part)
    shown = {
        "full_name": plain(entry["full_name"]),
        "gender": text.label("gender", entry["gender"]) if entry["gender"] else "",
        "birth_place": places.of_number(entry["birth_province"]),
        "status": text("explain.deceased") if entry["status"] == "deceased" else "",
    }
    return shown[name]

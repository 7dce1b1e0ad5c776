"""An open record in words: field by field, what the school typed and what the registry has of each candidate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from connectors.review_cases import Case
from matching.explain import Standing, explain, standing
from reporting.cells import masked
from reporting.explanation_words import SIGNS, probability_in_words
from reporting.open_rows import fields_in_words
from reporting.places import province_names
from review.texts import Texts

VIETNAM = timezone(timedelta(hours=7))
"""The one time zone of the country."""

_FIELDS = ("name", "birth_date", "gender", "birth_place", "residence", "number", "parents")
Marks = Sequence[Sequence[str]]
Content = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """What stands in one place; as stretches where some of it differs."""

    text: str
    marks: Marks = ()
    sign: str = ""
    level: str = ""
    standing: str = ""


@dataclass(frozen=True)
class FieldRow:
    """One field of record and candidates, side by side."""

    label: str
    typed: Cell
    candidates: tuple[Cell, ...]


@dataclass(frozen=True)
class Relative:
    """One person of the family, as the school typed them."""

    relation: str
    name: str
    born: str


@dataclass(frozen=True)
class RecordView:
    """All that the page says of a record."""

    kind: str
    where: tuple[str, ...]
    """Grade, school, province."""
    reason: str
    differing: str
    actors: str
    advice: str
    rows: tuple[FieldRow, ...]
    family: tuple[Relative, ...]
    candidates: int
    deceased: tuple[int, ...]
    """Ranks of candidates whom the registry has as deceased."""
    probabilities: tuple[str, ...]
    compared: str
    """What agrees and differs in short, `name+ gender-`."""


def record_view(case: Case, text: Texts) -> RecordView:
    """A record in words."""
    content = case.content
    told = explain(content["outcome"], case.reason, content["evidence"])
    candidates = content["candidates"]
    return RecordView(
        kind=text(f"kind.{case.kind}"),
        where=tuple(_where(case, text)),
        reason=text(f"reason.{case.reason}"),
        differing=fields_in_words(told, content["claimed_form"], text),
        actors=", ".join(text(f"actor.{actor}") for actor in told.actors),
        advice=text(f"advice.{case.reason}"),
        rows=tuple(row for name in _FIELDS if (row := _row(name, content, text)) is not None),
        family=tuple(_relative(one, text) for one in content["family"]),
        candidates=len(candidates),
        deceased=tuple(rank for rank, one in enumerate(candidates, 1) if one["status"] == "deceased"),
        probabilities=tuple(probability_in_words(one["probability"], text) for one in candidates),
        compared=told.match_key,
    )


def _where(case: Case, text: Texts) -> list[str]:
    content = case.content
    grade = text("page.grade", grade=content["typed"]["grade"]) if content["typed"]["grade"] else ""
    parts = (grade, content["school_name"], province_names().of_2025(case.province))
    return [part for part in parts if part]


def _relative(one: Mapping[str, str], text: Texts) -> Relative:
    return Relative(text(f"page.relation.{one['relation']}"), one["name"], one["born"])


def _row(name: str, content: Content, text: Texts) -> FieldRow | None:
    typed = _typed(name, content, text)
    cells = tuple(_of_candidate(name, one, text) for one in content["candidates"])
    if not typed.text and not any(cell.text or cell.standing not in ("", Standing.UNKNOWN) for cell in cells):
        return None
    return FieldRow(text(f"page.field.{name}"), typed, cells)


def _typed(name: str, content: Content, text: Texts) -> Cell:
    typed = content["typed"]
    if name == "name":
        return Cell(typed["full_name"], content["marks"])
    if name == "number":
        form = text.messages.get(f"claimed_form.{content['claimed_form']}", "") if typed["claimed_id"] else ""
        return Cell(masked(typed["claimed_id"]), level=form)
    if name == "residence":
        parts = (typed["residence_commune"], typed["residence_province"])
        return Cell(", ".join(part for part in parts if part))
    if name == "parents":
        parents = [one for one in content["family"] if one["relation"] not in ("sibling", "child")]
        return Cell("; ".join(one["name"] for one in parents))
    return Cell(typed[name])


def _of_candidate(name: str, one: Content, text: Texts) -> Cell:
    level = one["levels"].get(name)
    stands = standing(name, level)
    words = text(f"level.{name}.{level}") if level and level != "missing" else ""
    shown, marks = _value(name, one, text)
    return Cell(shown, marks, SIGNS[stands] if level else "", words, str(stands) if level else "")


def _value(name: str, one: Content, text: Texts) -> tuple[str, Marks]:
    places = province_names()
    if name == "name":
        return one["full_name"], one["name_marks"]
    if name == "birth_date":
        return one["birth_date"], one["date_marks"]
    shown = {
        "gender": text.label("gender", one["gender"]) if one["gender"] else "",
        "birth_place": places.of_number(one["birth_province"]),
        "residence": places.of_2025(one["residence_province"]) if one["residence_province"] else "",
        "number": one["number"],
        "parents": "",
    }
    return shown[name], ()


def moment_in_words(when: str, text: Texts) -> str:
    """A stored moment as clocks in Việt Nam show it."""
    local = datetime.fromisoformat(when).astimezone(VIETNAM)
    return f"{local:%H:%M} {text.day(local.date())}"


def hour_in_words(when: datetime) -> str:
    """The hour and minute that clocks in Việt Nam show."""
    return f"{when.astimezone(VIETNAM):%H:%M}"


def day_began(now: datetime) -> datetime:
    """When the present day began in Việt Nam, in UTC."""
    return now.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)

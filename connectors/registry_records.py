"""What the registry keeps over time, read into tables: residences, what became of facts sent, the feed of changes.

As in `connectors.registry_answers`: strict in what must be there, unknown fields are ignored, a word that this client doesn't know
counts as no answer.
"""

from dataclasses import dataclass

import pyarrow as pa

from connectors.errors import RegistryNonsense
from connectors.registry_answers import Answer, Json, objects_of, results_of, text_of
from matching.schemas import ENTRY

_text = pa.string()

RESIDING = pa.schema(
    [
        pa.field("asked", _text),
        pa.field("found", _text),  # current | superseded | withheld | none
        pa.field("province", _text),  # 2 digits, catalogue of 2025
        pa.field("commune", _text),  # 5 digits
        pa.field("province_name", _text),
        pa.field("commune_name", _text),
        pa.field("as_of", _text),
    ]
)
"""Answer to a question for residences: one row per number."""

FACTS = pa.schema(
    [
        pa.field(name, _text)
        for name in (
            "ref",
            "personal_id",
            "role",  # student | teacher | manager | staff
            "school_year",  # 2026-2027
            "school_code",
            "grade",
            "stated_at",  # ISO 8601 with its zone
        )
    ]
)
"""What schools say of identified people, as it is sent."""

ENRICHED = pa.schema([pa.field(name, _text) for name in ("ref", "outcome", "reason")])
"""What became of each fact: created | updated | unchanged | rejected, and why it was rejected."""

CHANGES = pa.schema(
    [pa.field("change", _text), pa.field("at", _text), pa.field("superseded_by", _text), *ENTRY]
)
"""Changes of the registry, oldest first: born | corrected | superseded | deceased (other words as they are), and the entry since then.

Of a superseded number there is no entry: the number is `personal_id`, where it leads to now `superseded_by`.
"""

_FOUND = frozenset({"current", "superseded", "withheld", "none"})
_OUTCOMES = frozenset({"created", "updated", "unchanged", "rejected"})
_PLACE = ("province", "commune", "province_name", "commune_name")


def read_residence(content: Json, asked: list[str], route: str) -> Answer:
    """`POST /v1/residence` → RESIDING."""
    answered, again = results_of(content, "number", asked, route)
    as_of = text_of(content, "as_of", route)
    rows, unclear = [], []
    for number, result in answered:
        found = text_of(result, "found", f"{route}: results[]")
        if found not in _FOUND:
            unclear.append(number)
            continue
        place = result.get("residence") or {}
        if not isinstance(place, dict):
            raise RegistryNonsense(f"{route}: field residence")
        known = {name: _optional(place, name, f"{route}: residence") for name in _PLACE}
        rows.append({"asked": number, "found": found, "as_of": as_of, **known})
    return Answer(pa.Table.from_pylist(rows, schema=RESIDING), tuple(unclear), again)


def read_enrichments(content: Json, asked: list[str], route: str) -> Answer:
    """`POST /v1/enrichments` → ENRICHED."""
    answered, again = results_of(content, "ref", asked, route)
    where = f"{route}: results[]"
    told = [
        (ref, text_of(result, "outcome", where), _optional(result, "reason", where))
        for ref, result in answered
    ]
    rows = [dict(zip(ENRICHED.names, one, strict=True)) for one in told if one[1] in _OUTCOMES]
    unclear = tuple(one[0] for one in told if one[1] not in _OUTCOMES)
    return Answer(pa.Table.from_pylist(rows, schema=ENRICHED), unclear, again)


@dataclass(frozen=True)
class Page:
    """A piece of the feed of changes."""

    changes: pa.Table
    """CHANGES, as they came."""
    next: str
    more: bool
    as_of: str


def read_changes(content: Json, route: str) -> Page:
    """`GET /v1/changes` → a page."""
    rows = []
    for change in objects_of(content, "changes", route):
        where = f"{route}: changes[]"
        entry = change.get("entry")
        entry = entry if isinstance(entry, dict) else {}
        own = {name: text_of(change, name, where) for name in ("change", "at", "personal_id")}
        rows.append({**entry, **own, "superseded_by": _optional(change, "superseded_by", where)})
    more = content.get("more")
    if not isinstance(more, bool):
        raise RegistryNonsense(f"{route}: field more")
    return Page(_table(rows, route), text_of(content, "next", route), more, text_of(content, "as_of", route))


def _table(rows: list[Json], route: str) -> pa.Table:
    # dates come as text
    columns = {}
    for field in CHANGES:
        values = [row.get(field.name) for row in rows]
        try:
            kind = _text if pa.types.is_date(field.type) else field.type
            columns[field.name] = pa.array(values, kind).cast(field.type)
        except (pa.ArrowException, TypeError, ValueError):
            columns[field.name] = None
        if columns[field.name] is None:
            raise RegistryNonsense(f"{route}: field {field.name} has another type or form")
    return pa.table(columns, schema=CHANGES)


def _optional(content: Json, name: str, where: str) -> str | None:
    return None if content.get(name) is None else text_of(content, name, where)

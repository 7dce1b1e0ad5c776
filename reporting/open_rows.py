"""Open records as rows of a list: what was typed, why it is open, the candidates beside it, the seals."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from connectors.worklist import (
    CANDIDATES,
    ENTRY_SEEN,
    SEALED,
    entry_fingerprint,
    record_fingerprint,
    seal,
)
from matching.decision import OUT_OF_SCOPE
from matching.explain import Explanation, explain
from matching.schemas import KINDS
from reporting.cells import free_text, masked, plain
from reporting.collation import name_key
from reporting.differences import Kind, Stretch, marked_date, marked_name, written_date
from reporting.places import ProvinceNames, province_names
from reporting.texts import Texts, texts

_OUT = ", ".join(f"'{reason}'" for reason in sorted(OUT_OF_SCOPE))
_SHOWN_AS_TYPED = ("full_name", "birth_date", "gender", "birth_place", "grade")
_SHOWN_OF_CANDIDATE = f"""struct_pack(
        rank := rank, personal_id := personal_id, match_probability := match_probability,
        {", ".join(f"entry_{name} := entry_{name}" for name in ENTRY_SEEN)},
        evidence := struct_pack(gender := evidence.gender, birth_place := evidence.birth_place))"""


def _open(shown: str) -> str:
    return f"""
with named as (select school_code, any_value(name) as school_name from schools group by school_code),
nearest as (
    select kind, record_id, list({shown} order by rank) as nearest
    from candidates where rank <= {CANDIDATES} group by kind, record_id
)
select d.kind, d.record_id, r.province, d.outcome, d.reason, d.evidence, d.decided_by,
       w.full_name, w.birth_date, w.gender, w.birth_place, w.claimed_id, w.grade,
       w.residence_province, w.residence_commune,
       r.school_code, named.school_name, r.birth_from, r.birth_precision, r.claimed_form, nearest
from decisions d
join records r using (kind, record_id)
join raw w using (kind, record_id)
left join named on named.school_code = r.school_code
left join nearest using (kind, record_id)
where d.outcome <> 'linked' and r.left_out is null and coalesce(d.reason not in ({_OUT}), true)
"""


@dataclass(frozen=True)
class ListTables:
    """The tables of one or more partitions that lists are made from, as `matching.schemas` names them."""

    decisions: pa.Table
    candidates: pa.Table
    records: pa.Table
    raw: pa.Table
    """`RAW_RECORDS`: what the school typed is shown as typed."""
    schools: pa.Table


@dataclass(frozen=True)
class ListFacts:
    """What every list carries besides its rows."""

    run: str
    key: bytes
    """The secret under the seals of the rows."""
    pseudonym: Callable[[str], str]
    """Personal ID → a keyed pseudonym; only its holder can find the ID again."""
    synthetic: bool
    language: str = "vi"


@dataclass(frozen=True)
class ListRow:
    """One open record: column of `connectors.worklist.COLUMNS` → text, and how some of the texts compare."""

    cells: Mapping[str, str]
    marks: Mapping[str, tuple[Stretch, ...]] = field(default_factory=dict)


def rows_by_province(tables: ListTables, facts: ListFacts) -> Iterator[tuple[str | None, list[ListRow]]]:
    """The open records, province by province so that no more than one is held as rows.

    Within a province by kind (`KINDS`), school, grade and name as a class list has it.
    """
    found = find_open(tables)
    to_row = _Rows(facts, texts(facts.language), province_names())
    for province in sorted(pc.unique(found["province"]).to_pylist(), key=str):
        here = pc.is_null(found["province"]) if province is None else pc.equal(found["province"], province)
        with _uncollected():
            records = sorted(found.filter(here).to_pylist(), key=list_order)
            rows = [to_row(record) for record in records]
        yield province, rows


@contextmanager
def _uncollected() -> Iterator[None]:
    """Rows hold no cycles, and a million cells that live on are too many to be searched for some again and again."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def find_open(tables: ListTables, *, whole: bool = False) -> pa.Table:
    """The open records, what was typed of them and the nearest candidates, one row each and in no order.

    Args:
        tables: What lists are made from.
        whole: All that is known of the candidates (`matching.schemas.CANDIDATES`), not only what lists show.
    """
    with duckdb.connect() as con:
        for name in ("decisions", "candidates", "records", "raw", "schools"):
            con.register(name, getattr(tables, name))
        return con.sql(_open("candidates" if whole else _SHOWN_OF_CANDIDATE)).to_arrow_table()


def list_order(record: Mapping[str, Any]) -> tuple[int, str, tuple[int, str], str, str]:
    """Where a row of `find_open` stands among those of its province."""
    grade = record["grade"] or ""
    return (
        KINDS.index(record["kind"]),
        record["school_code"] or "",
        (len(grade), grade),  # 9 before 10
        name_key(plain(record["full_name"])),
        record["record_id"],
    )


@dataclass(frozen=True)
class _Rows:
    """Makes rows; what is the same for all of them is kept here."""

    facts: ListFacts
    text: Texts
    places: ProvinceNames
    said: dict[tuple[object, ...], dict[str, str]] = field(default_factory=dict)

    def __call__(self, record: Mapping[str, Any]) -> ListRow:
        cells = self._typed(record) | self._found(record)
        marks: dict[str, tuple[Stretch, ...]] = {}
        for candidate in record["nearest"] or ():
            shown = f"candidate_{candidate['rank']}_"
            cells |= {shown + name: text for name, text in self._candidate(candidate).items()}
            marks |= {
                shown + name: marked for name, marked in _candidate_marks(record, cells, shown, candidate)
            }
        if any(kind is not Kind.SAME for kind, _ in marks.get("candidate_1_name", ())):
            marks["full_name"] = marked_name(cells["candidate_1_name"], cells["full_name"])
        return ListRow(cells | self._seals(record, cells), marks)

    def _typed(self, record: Mapping[str, Any]) -> dict[str, str]:
        return {
            "kind": record["kind"],
            "record_id": plain(record["record_id"]),
            **{name: free_text(record[name]) for name in _SHOWN_AS_TYPED},
            "claimed_id": masked(record["claimed_id"]),
            "school_code": plain(record["school_code"]),
            "school_name": plain(record["school_name"]),
        }

    def _found(self, record: Mapping[str, Any]) -> dict[str, str]:
        """Said once for each pattern of a decision: a province has some hundreds of them."""
        levels = tuple((record["evidence"] or {}).values())
        pattern = (record["outcome"], record["reason"], record["claimed_form"], levels)
        if pattern not in self.said:
            told = explain(record["outcome"], record["reason"], record["evidence"])
            self.said[pattern] = _in_words(told, record["claimed_form"], self.text)
        return self.said[pattern]

    def _candidate(self, candidate: Mapping[str, Any]) -> dict[str, str]:
        gender = candidate["entry_gender"]
        born = candidate["entry_birth_date"]
        return {
            "number": masked(candidate["personal_id"]),
            "name": plain(candidate["entry_full_name"]),
            "birth_date": written_date(born, candidate["entry_birth_precision"]) if born else "",
            "gender": self.text.label("gender", gender) if gender else "",
            "birth_province": self.places.of_number(candidate["entry_birth_province"]),
            "probability": f"{candidate['match_probability'] or 0:.4f}",
            "key": self.facts.pseudonym(candidate["personal_id"]),
            "seen": entry_fingerprint(
                self.facts.key, {name: candidate[f"entry_{name}"] for name in ENTRY_SEEN}
            ),
        }

    def _seals(self, record: Mapping[str, Any], cells: dict[str, str]) -> dict[str, str]:
        own = {
            "run": self.facts.run,
            "fingerprint": record_fingerprint(self.facts.key, record),
        }
        return own | {"checksum": seal(self.facts.key, [(cells | own).get(column) for column in SEALED])}


def _in_words(told: Explanation, claimed_form: str | None, text: Texts) -> dict[str, str]:
    return {
        "result": text(f"outcome.{told.outcome}"),
        "why": text(f"reason.{told.reason}"),
        "field": fields_in_words(told, claimed_form, text),
        "actor": ", ".join(text(f"actor.{actor}") for actor in told.actors),
        "advice": text(f"advice.{told.reason}"),
        "outcome": told.outcome,
        "reason": told.reason,
        "match_key": told.match_key,
    }


def fields_in_words(told: Explanation, claimed_form: str | None, text: Texts) -> str:
    """The fields to look at, each with how it differs: `Ngày sinh: đảo ngày và tháng; Họ tên: sai khác dấu`."""
    levels = {found.comparison: found.level for found in told.findings}
    return "; ".join(
        f"{text(f'field.{name}')}: {text(f'level.{name}.{levels[name]}')}"
        if name in levels
        else _without_level(name, claimed_form, text)
        for name in told.fields
    )


def _without_level(name: str, claimed_form: str | None, text: Texts) -> str:
    form = text.messages.get(f"claimed_form.{claimed_form}") if name == "number" else None
    return f"{text(f'field.{name}')}: {form}" if form else text(f"field.{name}")


def _candidate_marks(
    record: Mapping[str, Any], cells: Mapping[str, str], shown: str, candidate: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[Stretch, ...]]]:
    """Column of the candidate → how its text compares with the record."""
    yield "name", marked_name(cells["full_name"], cells[shown + "name"])
    if candidate["entry_birth_date"]:
        born = candidate["entry_birth_date"], candidate["entry_birth_precision"]
        yield "birth_date", marked_date(record["birth_from"], record["birth_precision"], *born)
    evidence = candidate["evidence"] or {}
    for column, comparison in (("gender", "gender"), ("birth_province", "birth_place")):
        if evidence.get(comparison) == "different" and cells[shown + column]:
            yield column, ((Kind.LETTER, cells[shown + column]),)

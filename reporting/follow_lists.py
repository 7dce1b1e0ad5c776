"""Lists beside those of open records: what each office is to do, what has been open for long, and what should not be.

Per province: `school-38.xlsx`, `police-38.xlsx`, `justice-38.xlsx` hold what lies with that office now, each with no more than it needs to
find the person and to act; `follow-38.xlsx` is for the data officer and holds four lists: open since how many runs, one number on several
records, several records of one person, links that the last run would not make again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from matching.explain import Actor, explain
from matching.schemas import KINDS
from reporting.cells import free_text, masked, plain
from reporting.collation import name_key
from reporting.commune_names import commune_name
from reporting.list_workbook import Heading, Sheet, write_lists
from reporting.open_rows import ListFacts, ListTables, fields_in_words
from reporting.texts import Texts, texts

OFFICES = (Actor.SCHOOL, Actor.POLICE, Actor.JUSTICE)
"""Who is sent a list."""

ANSWERS = {
    Actor.SCHOOL: ("number_added", "record_corrected", "record_right", "no_papers", "left_school"),
    Actor.POLICE: ("number_issued", "entry_corrected", "entry_right", "person_unknown"),
    Actor.JUSTICE: ("birth_registered", "entry_corrected", "entry_right", "person_unknown"),
}
"""What each office may answer: words for whoever works on; corrections themselves come with the schools' data."""

_COLUMNS: dict[str, tuple[str, ...]] = {
    "school": (
        "record_id", "full_name", "birth_date", "grade", "school_name", "claimed_id", "state", "field",
        "advice", "open_since", "due",
    ),
    "office": (
        "residence", "full_name", "birth_date", "gender", "birth_place", "school_name", "state", "field",
        "advice", "open_since", "due", "record_id",
    ),
    "aged": (
        "open_since", "runs", "kind", "full_name", "birth_date", "grade", "school_name", "record_id", "state", "why",
        "lies_with", "due",
    ),
    "group": (
        "group", "claimed_id", "kind", "full_name", "birth_date", "grade", "school_name", "record_id", "state", "why",
    ),
    "conflict": (
        "open_since", "cause", "kind", "full_name", "birth_date", "grade", "school_name", "record_id", "held",
        "proposed", "why",
    ),
}  # fmt: skip
_WIDTHS = {
    "record_id": 15, "full_name": 26, "birth_date": 12, "gender": 8, "birth_place": 18, "grade": 8, "claimed_id": 14,
    "school_name": 26, "state": 20, "field": 30, "advice": 38, "open_since": 12, "due": 12, "residence": 22, "runs": 8,
    "why": 30, "lies_with": 20, "group": 8, "kind": 11, "cause": 26, "held": 14, "proposed": 14, "office_answer": 24, "note": 26,
}  # fmt: skip

_RECORDS = """
with named as (
    select school_code, any_value(name) as school_name, any_value(commune_code) as commune
    from schools group by school_code
)
select v.*, w.full_name, w.birth_date, w.gender, w.birth_place, w.claimed_id, w.grade, r.claimed_form,
       r.claimed_id as number, r.residence_commune, named.school_name, named.commune, d.evidence, d.outcome, d.personal_id,
       c.cause, c.held_id, c.proposed_id, c.open_since as conflict_since
from verification v
join records r using (kind, record_id)
join raw w using (kind, record_id)
join decisions d using (kind, record_id)
left join named on named.school_code = v.school_code
left join conflicts c using (kind, record_id)
where v.lies_with is not null or c.cause is not null
   or (v.kind, r.claimed_id) in (
       select (kind, claimed_id) from records where claimed_id is not null group by kind, claimed_id having count(*) > 1)
   or (v.kind, d.personal_id) in (
       select (kind, personal_id) from decisions where personal_id is not null
       group by kind, personal_id having count(*) > 1)
"""

_Record = Mapping[str, Any]


@dataclass(frozen=True)
class FollowTables:
    """What the lists are made from."""

    lists: ListTables
    standing: pa.Table
    """`reporting.verification.VERIFICATION` of the same records."""
    conflicts: pa.Table
    """`connectors.conflicts.CONFLICTS`."""


def write_follow_lists(out: Path, province: str, tables: FollowTables, facts: ListFacts) -> list[Path]:
    """Write the lists of a province into the folder `out`; a list that nobody stands in has no file.

    Returns:
        The files: the data officer's, then the offices'.
    """
    records, text = _records(tables), texts(facts.language)
    files = [_follow(out / f"follow-{province}.xlsx", records, text)] if records else []
    for office in OFFICES:
        theirs = [record for record in records if lies_with(record, office)]
        if theirs:
            files.append(write_office_list(out / f"{office}-{province}.xlsx", office, theirs, text))
    return files


def write_office_lists(
    out: Path, tables: FollowTables, facts: ListFacts, by: Callable[[_Record], str]
) -> list[Path]:
    """Write a workbook for each office and place: `<place>/<office>.xlsx`, the place by `by`, in it its own records only."""
    text, files = texts(facts.language), []
    parts: dict[str, list[_Record]] = {}
    for record in _records(tables):
        parts.setdefault(by(record), []).append(record)
    for place, records in sorted(parts.items()):
        for office in OFFICES:
            theirs = [record for record in records if lies_with(record, office)]
            if theirs:
                files.append(write_office_list(out / place / f"{office}.xlsx", office, theirs, text))
    return files


def lies_with(record: _Record, office: Actor) -> bool:
    """Whether an open record lies with an office: it is to begin, or the one before it is overdue."""
    return record["lies_with"] == office or office in (record["also_with"] or ())


def write_office_list(path: Path, office: Actor, records: Sequence[_Record], text: Texts) -> Path:
    """Write what lies with one office: a sheet for each kind, by commune (schools: by school), grade and name."""
    columns = _COLUMNS["school" if office is Actor.SCHOOL else "office"]
    answers = tuple(text(f"office_answer.{answer}") for answer in ANSWERS[office])
    sheets = []
    for kind in KINDS:
        some = [record for record in records if record["kind"] == kind]
        if not some:
            continue
        place = _school if office is Actor.SCHOOL else _residence
        some.sort(key=lambda record: (place(record), *_class_list(record)))
        rows = [_cells(record, columns, text) for record in some]
        about = text(f"office_about.{office}")
        sheets.append(_sheet(text(f"kinds.{kind}"), about, columns, rows, text, answers))
    return write_lists(path, sheets)


def _follow(path: Path, records: Sequence[_Record], text: Texts) -> Path:
    parts = {
        "aged": ("aged", _aged(records)),
        "same_number": ("group", _groups(records, "number", text)),
        "duplicates": ("group", _groups(_entered_once(records), "personal_id", text)),
        "conflicts": ("conflict", _conflicts(records)),
    }
    sheets = [
        _sheet(
            text(f"follow.{name}"),
            text(f"follow_about.{name}"),
            _COLUMNS[shape],
            [_cells(record, _COLUMNS[shape], text) for record in some],
            text,
        )
        for name, (shape, some) in parts.items()
    ]
    return write_lists(path, sheets)


def _records(tables: FollowTables) -> list[_Record]:
    with duckdb.connect() as con:
        for name in ("decisions", "records", "raw", "schools"):
            con.register(name, getattr(tables.lists, name))
        con.register("verification", tables.standing)
        con.register("conflicts", tables.conflicts)
        found: list[_Record] = con.sql(_RECORDS).to_arrow_table().to_pylist()
        return found


def _aged(records: Sequence[_Record]) -> list[_Record]:
    """Open records, those of the most runs first."""
    some = [record for record in records if record["lies_with"] is not None]
    return sorted(
        some, key=lambda one: (-one["runs"], one["open_since"], _kind(one), _school(one), *_class_list(one))
    )


def _groups(records: Sequence[_Record], number: str, text: Texts) -> list[_Record]:
    """Records of a kind that have a number in common, group after group; groups are numbered, the number itself is not told."""
    groups: dict[tuple[str, str], list[_Record]] = {}
    for record in records:
        if record[number]:
            groups.setdefault((record["kind"], record[number]), []).append(record)
    several = [sorted(some, key=_class_list) for some in groups.values() if len(some) > 1]
    several.sort(key=lambda some: (_kind(some[0]), _school(some[0]), *_class_list(some[0])))
    return [
        {**record, "group": text.number(place)} for place, some in enumerate(several, 1) for record in some
    ]


def _entered_once(records: Sequence[_Record]) -> list[_Record]:
    """Those who should have one record; a guardian has one for every child."""
    return [record for record in records if record["kind"] != "guardian"]


def _conflicts(records: Sequence[_Record]) -> list[_Record]:
    some = [{**record, "open_since": record["conflict_since"]} for record in records if record["cause"]]
    return sorted(some, key=lambda one: (one["open_since"], _kind(one), _school(one), *_class_list(one)))


def _kind(record: _Record) -> int:
    return KINDS.index(record["kind"])


def _school(record: _Record) -> str:
    return record["school_code"] or ""


def _residence(record: _Record) -> str:
    return name_key(commune_name(record["residence_commune"]))


def _class_list(record: _Record) -> tuple[tuple[int, str], str, str]:
    grade = record["grade"] or ""
    return (len(grade), grade), name_key(plain(record["full_name"])), record["record_id"]


def _sheet(
    name: str, about: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]], text: Texts,
    answers: tuple[str, ...] = (),
) -> Sheet:  # fmt: skip
    filled_in = ("office_answer", "note") if answers else ()
    headings = tuple(
        Heading(text("report.kind" if column == "kind" else f"column.{column}"), _WIDTHS[column])
        for column in (*columns, *filled_in)
    )
    return Sheet(name, about, headings, rows, answers, text("list.choose_help"))


def _cells(record: _Record, columns: Sequence[str], text: Texts) -> tuple[str, ...]:
    return tuple(_CELL[column](record, text) for column in columns)


def _day(name: str) -> Callable[[_Record, Texts], str]:
    def day(record: _Record, text: Texts) -> str:
        when = record[name]
        if isinstance(when, str):  # a moment of the database, ISO 8601
            when = date.fromisoformat(when[:10])
        return text.day(when) if when else ""

    return day


def _typed(name: str) -> Callable[[_Record, Texts], str]:
    return lambda record, _: free_text(record[name])


def _field(record: _Record, text: Texts) -> str:
    if record["lies_with"] is None:
        return ""
    told = explain(record["outcome"], record["reason"], record["evidence"])
    return fields_in_words(told, record["claimed_form"], text)


_CELL: dict[str, Callable[[_Record, Texts], str]] = {
    **{name: _typed(name) for name in ("full_name", "birth_date", "gender", "birth_place", "grade")},
    "kind": lambda record, text: text(f"kinds.{record['kind']}"),
    "record_id": lambda record, _: plain(record["record_id"]),
    "school_name": lambda record, _: plain(record["school_name"]) or plain(record["school_code"]),
    "claimed_id": lambda record, _: masked(record["claimed_id"]),
    "residence": lambda record, _: commune_name(record["residence_commune"]),
    "state": lambda record, text: text(f"state.{record['state']}"),
    "why": lambda record, text: text(f"reason.{record['reason']}"),
    "field": _field,
    "advice": lambda record, text: text(f"advice.{record['reason']}"),
    "lies_with": lambda record, text: ", ".join(
        text(f"actor.{actor}") for actor in (record["lies_with"], *(record["also_with"] or ())) if actor
    ),
    "open_since": _day("open_since"),
    "due": _day("due"),
    "runs": lambda record, text: text.number(record["runs"]) if record["runs"] else "",
    "group": lambda record, _: record["group"],
    "cause": lambda record, text: text(f"cause.{record['cause']}"),
    "held": lambda record, _: masked(record["held_id"]),
    "proposed": lambda record, _: masked(record["proposed_id"]),
}

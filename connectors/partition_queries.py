"""The queries behind a partition: which people belong to a province, in one shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from connectors.education_tables import NO_PROVINCE
from matching.schemas import EDUCATION_TABLES, RAW_RECORDS

_PEOPLE = {"student": ("students", "student_id"), "teacher": ("teachers", "teacher_id")}

ColumnTypes = Mapping[str, sa.types.TypeEngine[Any]]
Query = sa.Select[Any]


@dataclass(frozen=True)
class Sources:
    """Education tables as they can be read: every column of their schema, as text, absent ones null."""

    tables: Mapping[str, sa.Subquery]
    collation: str
    """The database's name for the order of bytes: what is first must not depend on its language."""

    def __getitem__(self, name: str) -> sa.Subquery:
        return self.tables[name]


def sources(types: Mapping[str, ColumnTypes], dialect: str) -> Sources:
    """Education tables as text.

    Args:
        types: Table → its columns and their types as the database has them.
        dialect: sqlite or postgresql.
    """
    tables = {name: _readable(name, columns) for name, columns in types.items()}
    return Sources(tables, "C" if dialect == "postgresql" else "BINARY")


def _readable(name: str, types: ColumnTypes) -> sa.Subquery:
    columns = [_as_text(column, types.get(column)).label(column) for column in EDUCATION_TABLES[name].names]
    return sa.select(*columns).select_from(sa.table(name)).subquery(name=f"readable_{name}")


def _as_text(name: str, kind: sa.types.TypeEngine[Any] | None) -> sa.ColumnElement[Any]:
    if kind is None:
        return sa.cast(sa.null(), sa.Text)
    column: sa.ColumnElement[Any] = sa.column(name, kind)
    # a cast would keep the database from using its index
    return column if isinstance(kind, sa.String) else sa.cast(column, sa.Text)


def _in_province(schools: sa.Subquery, province: str) -> sa.ColumnElement[bool]:
    code = schools.c.province_code
    return code.is_(None) if province == NO_PROVINCE else code == province


def _first_children(found: Sources, province: str) -> sa.Subquery:
    """Each guardian's first child: the smallest ID among those whose school has a province, else among all.

    Only guardians with a child in the province are looked at, so that a partition reads no more than itself.
    """
    links, students, schools = found["student_guardians"], found["students"], found["schools"]
    joined = links.join(students, links.c.student_id == students.c.student_id).outerjoin(
        schools, students.c.school_code == schools.c.school_code
    )
    student = students.c.student_id.collate(found.collation)
    placed = sa.func.min(sa.case((schools.c.province_code.is_not(None), student)))
    first = sa.func.coalesce(placed, sa.func.min(student)).label("student_id")
    query = sa.select(links.c.guardian_id, first).select_from(joined)
    if province != NO_PROVINCE:
        near = sa.select(links.c.guardian_id).select_from(joined).where(schools.c.province_code == province)
        query = query.where(links.c.guardian_id.in_(near))
    return query.group_by(links.c.guardian_id).subquery("first_children")


def _people(found: Sources, kind: str, province: str) -> tuple[sa.Join, sa.Subquery, sa.Subquery, str]:
    """People joined with their school; the people; where their school and grade stand; their key."""
    schools = found["schools"]
    if kind in _PEOPLE:
        name, key = _PEOPLE[kind]
        people = at_school = found[name]
        joined = people.outerjoin(schools, people.c.school_code == schools.c.school_code)
        return joined, people, at_school, key
    people, children, at_school = found["guardians"], _first_children(found, province), found["students"]
    joined = (
        people.outerjoin(children, people.c.guardian_id == children.c.guardian_id)
        .outerjoin(at_school, children.c.student_id == at_school.c.student_id)
        .outerjoin(schools, at_school.c.school_code == schools.c.school_code)
    )
    return joined, people, at_school, "guardian_id"


def records(found: Sources, kind: str, province: str, changed_since: date | None) -> Query:
    """Records of a partition in the columns of `matching.schemas.RAW_RECORDS`, by record ID."""
    joined, people, at_school, key = _people(found, kind, province)
    special: dict[str, sa.ColumnElement[Any]] = {
        "kind": sa.literal(kind),
        "record_id": people.c[key],
        "province": found["schools"].c.province_code,
        "school_code": at_school.c.school_code,
    }
    if kind != "guardian":
        special["level"] = found["schools"].c.level
    columns = [special.get(name, people.c.get(name, sa.null())).label(name) for name in RAW_RECORDS.names]
    query = sa.select(*columns).select_from(joined).where(_in_province(found["schools"], province))
    if changed_since is not None:
        # by the day: how the moment is written after it is the database's own business
        day = sa.func.substr(people.c.updated_at, 1, 10)
        query = query.where(sa.or_(people.c.updated_at.is_(None), day >= changed_since.isoformat()))
    return query.order_by(people.c[key].collate(found.collation))


def strays(found: Sources, kind: str) -> Query:
    """Records of a kind that belong to no province."""
    joined, people, _, key = _people(found, kind, NO_PROVINCE)
    return sa.select(people.c[key]).select_from(joined).where(_in_province(found["schools"], NO_PROVINCE))


def family_links(found: Sources, province: str) -> Query:
    """Student, guardian and relationship as typed, for the students of a province."""
    links, students, schools = found["student_guardians"], found["students"], found["schools"]
    joined = links.join(students, links.c.student_id == students.c.student_id).outerjoin(
        schools, students.c.school_code == schools.c.school_code
    )
    query = sa.select(links.c.student_id, links.c.guardian_id, links.c.relationship).select_from(joined)
    order = [links.c[key].collate(found.collation) for key in ("student_id", "guardian_id")]
    return query.where(_in_province(schools, province)).order_by(*order)

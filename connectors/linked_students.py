"""Students by the number that they are linked with: one person at a time, as the links stand now."""

from dataclasses import dataclass

import sqlalchemy as sa

from connectors.database import reading, shown
from connectors.education_tables import links
from connectors.errors import ColumnsMissing
from connectors.partition_queries import sources
from connectors.registry_tables import link_flags, residences

_STUDENT = "student"


@dataclass(frozen=True)
class LinkedStudent:
    """A student record with its link, and what was told beside it; names and dates as typed."""

    record_id: str
    school_code: str | None
    grade: str | None
    full_name: str | None
    birth_date: str | None
    province: str
    """Of the school, catalogue of 2025."""
    deceased: bool
    residence_province: str | None
    residence_commune: str | None
    residence_as_of: str | None


class LinkedStudents:
    """Finds students by number; which columns there are is found out once."""

    def __init__(self, engine: sa.Engine) -> None:
        """Look at the table of students.

        Args:
            engine: The education database, its sync tables made.

        Raises:
            ColumnsMissing: There is no such table.
        """
        with reading(engine) as connection:
            inspector = sa.inspect(connection)
            if not inspector.has_table("students"):
                raise ColumnsMissing(f"education database {shown(engine.url)}", ["students"], {})
            types = {column["name"]: column["type"] for column in inspector.get_columns("students")}
        self._engine = engine
        students = sources({"students": types}, engine.dialect.name)["students"].c
        mine = links.c.kind == _STUDENT
        told = links.outerjoin(
            residences,
            # a residence of somebody whom the record was linked with before is nobody's business now
            sa.and_(
                residences.c.kind == _STUDENT,
                residences.c.record_id == links.c.record_id,
                residences.c.personal_id == links.c.personal_id,
            ),
        ).join(students.student_id.table, students.student_id == links.c.record_id)
        flagged = sa.exists().where(
            link_flags.c.kind == _STUDENT,
            link_flags.c.record_id == links.c.record_id,
            link_flags.c.personal_id == links.c.personal_id,
            link_flags.c.flag == "deceased",
        )
        self._query = (
            sa.select(
                links.c.record_id,
                students.school_code,
                students.grade,
                students.full_name,
                students.birth_date,
                links.c.province,
                flagged,
                residences.c.province,
                residences.c.commune,
                residences.c.as_of,
            )
            .select_from(told)
            .where(mine, links.c.personal_id == sa.bindparam("number"))
            .order_by(links.c.record_id)
        )

    def holding(self, number: str) -> list[LinkedStudent]:
        """Records linked with a number: none, one, or several where somebody is enrolled twice.

        Raises:
            DatabaseProblem: It can't be read.
        """
        with reading(self._engine) as connection:
            rows = connection.execute(self._query, {"number": number}).tuples().all()
        return [LinkedStudent(*row) for row in rows]

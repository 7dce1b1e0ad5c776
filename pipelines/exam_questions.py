"""What the exam system asks and is told: one pupil by number, and only who states the name and birth date that belong to it."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.linked_students import LinkedStudent
from matching.normalise.dates import parse
from matching.normalise.letters import without_marks
from matching.normalise.names import canonical
from matching.people import PartialDate

Found = Literal["agrees", "differs", "none"]

PURPOSES = ("examination", "exam-priority", "exam-correction")
"""What may be asked for; the audit has it."""


class Question(BaseModel):
    """What is stated of one pupil."""

    model_config = ConfigDict(extra="forbid", strict=True)

    personal_id: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    full_name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    birth_date: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class Candidate(BaseModel):
    """A pupil's record, as the exam system may know it; neither name nor date, which it stated itself."""

    record_id: str
    school_code: str | None
    grade: str | None
    province: str
    flag: Literal["deceased"] | None
    residence_province: str | None
    residence_commune: str | None
    residence_as_of: str | None


class Answer(BaseModel):
    """What became of a question: several candidates where somebody is enrolled twice."""

    found: Found
    candidates: list[Candidate]


def answer(
    question: Question,
    holding: list[LinkedStudent],
    provinces: tuple[str, ...],
    grades: tuple[str, ...],
    today: date,
) -> Answer:
    """Hold a question against the records that are linked with its number.

    Args:
        question: As asked.
        holding: Records linked with the number.
        provinces: Whose pupils the client is told of; all if empty.
        grades: That belong to the cohort; all if empty.
        today: The day, for dates in two digits.
    """
    cohort = [
        one
        for one in holding
        if (not provinces or one.province in provinces) and (not grades or one.grade in grades)
    ]
    agreeing = [one for one in cohort if _agrees(question, one, today)]
    found: Found = "agrees" if agreeing else "differs" if cohort else "none"
    return Answer(found=found, candidates=[_shown(one) for one in agreeing])


def _agrees(question: Question, held: LinkedStudent, today: date) -> bool:
    """The same name but for case, marks and apostrophes, and the same date as far as the record knows it."""
    name = canonical(held.full_name or "")
    stated = canonical(question.full_name)
    born = parse(held.birth_date or "", as_of=today, kind="student").date
    told = PartialDate.from_iso(question.birth_date)
    if not name or not stated or born is None or told is None:
        return False
    return without_marks(name) == without_marks(stated) and born.first <= told.first <= born.last


def _shown(held: LinkedStudent) -> Candidate:
    return Candidate(
        record_id=held.record_id,
        school_code=held.school_code,
        grade=held.grade,
        province=held.province,
        flag="deceased" if held.deceased else None,
        residence_province=held.residence_province,
        residence_commune=held.residence_commune,
        residence_as_of=held.residence_as_of,
    )

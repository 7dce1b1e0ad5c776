"""The three kinds of record: students, teachers and guardians, each typed in its own way."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mock_population_api.assumptions import Assumptions
from mock_population_api.draws import Ints
from mock_population_api.enrolment import LEVELS, Enrolment, Schools, merged_of_communes
from mock_population_api.gathering import Gathered
from mock_population_api.guardians import RELATIONS, Slots, guardian_records
from mock_population_api.habits import Habits, draw_forms
from mock_population_api.personal_ids import scattered
from mock_population_api.persons import Objects, Persons, nothing, present
from mock_population_api.records import Recorded, Typed, text_table, truth_of, type_persons
from mock_population_api.slip_log import chosen
from mock_population_api.typed_dates import DATE_SLIPS
from mock_population_api.typed_numbers import Claims

_RECORD_DIGITS = (10_000, 10_000)
EXTRACT_YEAR = 2026
_TERM = (np.datetime64("2025-08-20T07:00:00"), np.datetime64("2026-10-25T17:00:00"))
_RELATION_WORDS = {
    "father/mother/guardian": RELATIONS,
    "Cha/Mẹ/Người giám hộ": ("Cha", "Mẹ", "Người giám hộ"),
    "Bố/Mẹ/Giám hộ": ("Bố", "Mẹ", "Giám hộ"),
}


def record_ids(prefixes: Sequence[str], key: int) -> Objects:
    """Opaque codes of eight digits behind each prefix, none twice under one key."""
    numbers = scattered(
        np.arange(len(prefixes)), np.zeros(len(prefixes), dtype=np.int64), _RECORD_DIGITS, key
    )
    return np.array(
        [f"{prefix}{number:08d}" for prefix, number in zip(prefixes, numbers, strict=True)], dtype=object
    )


def timestamps(count: int, rng: np.random.Generator) -> Objects:
    """Moments of the last change, during the school year."""
    seconds = rng.integers(0, int((_TERM[1] - _TERM[0]).astype(np.int64)), count)
    return np.array([str(moment) for moment in _TERM[0] + seconds.astype("timedelta64[s]")], dtype=object)


def school_codes(schools: Schools) -> Objects:
    """Eight digits: province of 2025, level, a count."""
    provinces = merged_of_communes()[schools.commune]
    return np.array(
        [
            f"{p}{level + 1}{at:05d}"
            for at, (p, level) in enumerate(zip(provinces, schools.level, strict=True))
        ],
        dtype=object,
    )


def _grade_words(enrolment: Enrolment) -> Objects:
    levels = enrolment.schools.level[enrolment.students_school]
    return np.array(
        [LEVELS[level].grades[grade] for level, grade in zip(levels, enrolment.students_grade, strict=True)],
        dtype=object,
    )


def _age(persons: Persons) -> Ints:
    return EXTRACT_YEAR - (persons.born.astype("datetime64[Y]").astype(np.int64) + 1970)


def _number_above(persons: Persons) -> Objects:
    """The number of the person in the row above."""
    return np.concatenate([[None], persons.personal_id[:-1]]) if len(persons) else nothing(0)


def _parents_numbers(gathered: Gathered, count: int) -> Objects:
    """A parent's number for each student record, else None."""
    numbers = nothing(count)
    numbers[gathered.slots.student] = gathered.persons.personal_id[gathered.slots.person]
    return numbers


@dataclass(frozen=True)
class Setting:
    """What all three kinds are typed with."""

    habits: Habits
    assumed: Assumptions
    seed: int

    def rng(self, stage: int) -> np.random.Generator:
        """A stream of chance of its own for each kind."""
        return np.random.default_rng([self.seed, stage])

    def key(self, stage: int) -> int:
        """What the codes of a kind's records hang on, so that equal codes don't tell who belongs to whom."""
        return self.seed * 100 + stage


def students_of(
    enrolment: Enrolment, gathered: Gathered, setting: Setting
) -> tuple[pa.Table, pa.Table, Objects]:
    """The table of students, the truth behind it, and their ids."""
    persons = gathered.persons.take(gathered.students)
    slips, rng = setting.assumed.slips, setting.rng(11)
    ages, shares = zip(*slips.has_number_by_age, strict=True)
    claims = Claims(held=np.interp(_age(persons), ages, shares), former=slips.student_former_number)
    parents = _parents_numbers(gathered, len(persons))
    others = np.where(rng.random(len(persons)) < 0.5, parents, _number_above(persons))
    typed = type_persons(
        Recorded(persons, enrolment.students_school, claims, others), setting.habits, setting.assumed, rng
    )
    province = merged_of_communes()[enrolment.schools.commune[enrolment.students_school]]
    ids = record_ids(province.tolist(), setting.key(11))
    columns = typed.columns | {
        "student_id": ids,
        "school_code": school_codes(enrolment.schools)[enrolment.students_school],
        "grade": _grade_words(enrolment),
        "school_year": np.full(len(ids), setting.assumed.schools.school_year, dtype=object),
        "updated_at": timestamps(len(ids), rng),
    }
    again = np.ones(len(persons), dtype=bool)
    again[np.unique(gathered.students, return_index=True)[1]] = False
    typed.log.note_where(again, "entered_twice")
    return text_table("students", columns), truth_of("student", ids, persons, typed.log.lists()), ids


def _roles(count: int, assumed: Assumptions, rng: np.random.Generator) -> Objects:
    chance = rng.random(count)
    managers, staff = assumed.schools.managers, assumed.schools.staff
    return np.select([chance < managers, chance < managers + staff], ["manager", "staff"], "teacher").astype(
        object
    )


def teachers_of(enrolment: Enrolment, gathered: Gathered, setting: Setting) -> tuple[pa.Table, pa.Table]:
    """The table of teachers, managers and staff, and the truth behind it."""
    persons = gathered.persons.take(gathered.teachers)
    slips, rng = setting.assumed.slips, setting.rng(12)
    claims = Claims(held=np.full(len(persons), slips.has_number_teacher), former=slips.teacher_former_number)
    recorded = Recorded(persons, enrolment.teachers_school, claims, _number_above(persons))
    typed = type_persons(recorded, setting.habits, setting.assumed, rng)
    ids = record_ids(["GV"] * len(persons), setting.key(12))
    columns = typed.columns | {
        "teacher_id": ids,
        "school_code": school_codes(enrolment.schools)[enrolment.teachers_school],
        "role": _roles(len(ids), setting.assumed, rng),
        "updated_at": timestamps(len(ids), rng),
    }
    return text_table("teachers", columns), truth_of("teacher", ids, persons, typed.log.lists())


def _phones(count: int, assumed: Assumptions, rng: np.random.Generator) -> Objects:
    """Numbers of a prefix that is given to nobody, in the forms people type."""
    forms = draw_forms(assumed.habits.phones, count, rng)
    digits = rng.integers(0, 1000, (count, 2))
    phones = np.array(
        [form.format(a=a, b=b) for form, (a, b) in zip(forms, digits.tolist(), strict=True)], dtype=object
    )
    phones[rng.random(count) >= assumed.slips.guardian_phone] = None
    return phones


def _as_guardians(
    typed: Typed, persons: Persons, assumed: Assumptions, rng: np.random.Generator
) -> dict[str, Objects]:
    """Guardians' columns: a year for a date, and little else."""
    slips, columns, count = assumed.slips, typed.columns, len(persons)
    year = persons.born.astype("datetime64[Y]").astype(np.int64) + 1970
    only_year = rng.random(count) < slips.guardian_year_only
    columns["birth_date"][only_year] = [str(value) for value in year[only_year]]
    typed.log.forget(only_year, *DATE_SLIPS)
    off = chosen(count, slips.guardian_year_off, rng)
    off = off[only_year[off]]
    columns["birth_date"][off] = [
        str(value) for value in year[off] + rng.choice([-2, -1, 1, 2, 10], len(off))
    ]
    typed.log.note(off, "year_off")
    for share, names, labels in (
        (1 - slips.guardian_year_missing, ("birth_date",), DATE_SLIPS),
        (slips.guardian_gender_typed, ("gender",), ("wrong_gender", "gender_missing")),
        (
            slips.guardian_residence_typed,
            ("residence_province", "residence_commune"),
            ("moved_since", "residence_missing"),
        ),
        (
            slips.guardian_birth_place_typed,
            ("birth_place",),
            ("birth_place_elsewhere", "birth_place_missing"),
        ),
    ):
        untyped = rng.random(count) >= share
        typed.log.forget(untyped, *labels)
        for name in names:
            columns[name][untyped] = None
    nowhere = ~present(columns["residence_province"]) & ~present(columns["birth_place"])
    typed.log.forget(nowhere, "places:old_names", "places:old_codes")
    return columns


def guardians_of(
    enrolment: Enrolment, gathered: Gathered, student_ids: Objects, setting: Setting
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """The table of guardians, the truth behind it, and who belongs to which student."""
    slots, rng, assumed = gathered.slots, setting.rng(13), setting.assumed
    record = guardian_records(slots, enrolment.students_school, len(enrolment.schools.level), assumed.schools)
    _, first = np.unique(record, return_index=True)
    persons, schools = (
        gathered.persons.take(slots.person[first]),
        enrolment.students_school[slots.student[first]],
    )
    claims = Claims(
        held=np.full(len(persons), assumed.slips.has_number_guardian),
        former=assumed.slips.guardian_former_number,
    )
    children = gathered.persons.personal_id[gathered.students[slots.student[first]]]
    typed = type_persons(Recorded(persons, schools, claims, children), setting.habits, assumed, rng)
    ids = record_ids(["PH"] * len(persons), setting.key(13))
    columns = _as_guardians(typed, persons, assumed, rng) | {
        "guardian_id": ids,
        "phone": _phones(len(ids), assumed, rng),
        "updated_at": timestamps(len(ids), rng),
    }
    for reason in ("step_parent", "grandparent_as_parent", "parents_swapped"):
        typed.log.note(np.unique(record[slots.wrong == reason]), reason)
    links = _links(
        slots, student_ids, ids[record], setting.habits.of(enrolment.students_school[slots.student])
    )
    return text_table("guardians", columns), truth_of("guardian", ids, persons, typed.log.lists()), links


def _links(slots: Slots, student_ids: Objects, guardian_ids: Objects, habits: Habits) -> pa.Table:
    words = [
        _RELATION_WORDS[habit][relation]
        for habit, relation in zip(habits.relations, slots.relation, strict=True)
    ]
    columns = {
        "student_id": student_ids[slots.student],
        "guardian_id": guardian_ids,
        "relationship": np.array(words, dtype=object),
    }
    return text_table("student_guardians", columns)

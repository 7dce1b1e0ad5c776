"""The education tables: which columns they have, and how person columns come to be typed."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mock_population_api.assumptions import Assumptions
from mock_population_api.draws import Ints
from mock_population_api.habits import Habits
from mock_population_api.persons import CITIZEN, Objects, Persons, present
from mock_population_api.slip_log import SlipLog, chosen
from mock_population_api.typed_dates import (
    DATE_SLIPS,
    DAY_SLIPS,
    calendar,
    slip_dates,
    write_dates,
    years_alone,
)
from mock_population_api.typed_names import drop_thi, slip_names, write_names, write_text
from mock_population_api.typed_numbers import Claims, slip_numbers, write_numbers
from mock_population_api.typed_places import write_birth_places, write_residences

PERSON_COLUMNS = (
    "full_name", "birth_date", "gender", "birth_place", "nationality", "claimed_id", "residence_province", "residence_commune",
)  # fmt: skip
"""What schools write down of a person, as text."""

COLUMNS = {
    "schools": ("school_code", "name", "level", "province_code", "commune_code"),
    "students": ("student_id", "school_code", "grade", "school_year", *PERSON_COLUMNS, "updated_at"),
    "teachers": ("teacher_id", "school_code", "role", *PERSON_COLUMNS, "updated_at"),
    "guardians": ("guardian_id", *PERSON_COLUMNS, "phone", "updated_at"),
    "student_guardians": ("student_id", "guardian_id", "relationship"),
}
"""The education folder: table → columns, all text."""

TRUTH = pa.schema(
    [
        ("kind", pa.string()),  # student | teacher | guardian
        ("record_id", pa.string()),
        ("personal_id", pa.string()),  # null for who has no entry
        ("errors", pa.list_(pa.string())),
        ("minority", pa.bool_()),
        ("in_registry", pa.bool_()),
        ("in_scope", pa.bool_()),  # false for foreign nationals
    ]
)
"""Who is behind each record."""

_GENDERS = {
    "Nam/Nữ": ("Nam", "Nữ"),
    "nam/nữ": ("nam", "nữ"),
    "M/F": ("M", "F"),
    "0/1": ("0", "1"),
    "Nữ=x": (None, "x"),
    "Male/Female": ("Male", "Female"),
}


@dataclass(frozen=True)
class Recorded:
    """One kind's records: the true person of each, the school that typed it, and what its number may be mistaken for."""

    persons: Persons
    schools: Ints
    claims: Claims
    others_numbers: Objects


@dataclass(frozen=True)
class Typed:
    """Person columns as typed, by name, and the slips in them."""

    columns: dict[str, Objects]
    log: SlipLog


def text_table(table: str, columns: dict[str, Objects]) -> pa.Table:
    """A table of the education folder out of its columns."""
    names = COLUMNS[table]
    return pa.table([pa.array(columns[name], pa.string()) for name in names], names=list(names))


def _genders(
    persons: Persons, habits: Habits, assumed: Assumptions, log: SlipLog, rng: np.random.Generator
) -> Objects:
    female = persons.female.copy()
    wrong = chosen(len(female), assumed.slips.wrong_gender, rng)
    female[wrong] = ~female[wrong]
    log.note(wrong, "wrong_gender")
    words = np.array(
        [_GENDERS[habit][is_female] for habit, is_female in zip(habits.gender, female.tolist(), strict=True)],
        dtype=object,
    )
    missing = chosen(len(female), assumed.slips.gender_missing, rng)
    words[missing] = None
    log.note(missing, "gender_missing")
    return words


def _dates(
    persons: Persons, habits: Habits, assumed: Assumptions, log: SlipLog, rng: np.random.Generator
) -> Objects:
    dates = calendar(persons.born)
    unknown = np.flatnonzero(~persons.day_known)
    dates.day[unknown], dates.month[unknown] = 1, 1
    slip_dates(dates, assumed.slips, log, rng)
    written = write_dates(dates, habits.dates, log)
    years_alone(written, dates, unknown[rng.random(len(unknown)) < assumed.slips.unknown_day_as_year])
    alone = rng.random(len(written)) < assumed.slips.year_alone
    years_alone(written, dates, np.flatnonzero(alone))
    log.forget(alone, *DAY_SLIPS)
    log.note_where(alone, "year_alone")
    missing = rng.random(len(written)) < assumed.slips.date_missing
    written[missing] = None
    log.forget(missing, *DATE_SLIPS)
    log.note_where(missing, "date_missing")
    return written


def _nationalities(persons: Persons, habits: Habits) -> Objects:
    words = habits.citizenship.copy()
    words[words == ""] = None
    foreign = persons.nationality != CITIZEN
    words[foreign] = persons.nationality[foreign]
    return words


def type_persons(
    recorded: Recorded, habits_of_schools: Habits, assumed: Assumptions, rng: np.random.Generator
) -> Typed:
    """Person columns as the schools of the records hold them."""
    persons, habits = recorded.persons, habits_of_schools.of(recorded.schools)
    log = SlipLog(len(persons))
    names = slip_names(persons.name, persons.minority, assumed.slips, log, rng)
    drop_thi(names, habits, assumed.habits, log, rng)
    numbers = slip_numbers(
        persons, recorded.others_numbers, recorded.schools, recorded.claims, assumed.slips, log, rng
    )
    provinces, communes = write_residences(persons, habits.places, assumed, log, rng)
    columns = {
        "full_name": write_names(names, habits, log),
        "birth_date": _dates(persons, habits, assumed, log, rng),
        "gender": _genders(persons, habits, assumed, log, rng),
        "birth_place": write_text(write_birth_places(persons, habits.places, assumed, log, rng), habits),
        "nationality": write_text(_nationalities(persons, habits), habits),
        "claimed_id": write_numbers(numbers, habits.numbers, log),
        "residence_province": write_text(provinces, habits),
        "residence_commune": write_text(communes, habits),
    }
    return Typed(columns, log)


def truth_of(kind: str, record_ids: Objects, persons: Persons, errors: pa.Array) -> pa.Table:
    """Who is behind the records of one kind."""
    known = present(persons.personal_id)
    columns = [
        pa.array([kind] * len(persons), pa.string()),
        pa.array(record_ids, pa.string()),
        pa.array(persons.personal_id, pa.string()),
        errors,
        pa.array(persons.minority),
        pa.array(known),
        pa.array(persons.nationality == CITIZEN),
    ]
    return pa.table(columns, schema=TRUTH)

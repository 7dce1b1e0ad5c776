"""Records as typed → records as linkage takes them, and a list of what could not be read.

Everything is done per distinct value and per school: schools have habits (an encoding, an order of day and month, a catalogue of places) and a
habit is told from all of a school's values, kind of record by kind, since each kind comes from another system.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.errors import TableMismatch
from matching.normalise.columns import Distinct, Habit, combined, spread
from matching.normalise.communes import normalise_residences
from matching.normalise.dates import DateColumn, normalise_dates
from matching.normalise.genders import Nationality, normalise_genders, read_nationality, told_by_name
from matching.normalise.identifiers import Form, NumberColumn, normalise_numbers, structures
from matching.normalise.names import normalise_names
from matching.normalise.places import normalise_provinces
from matching.normalise.plain_values import read_codes, read_dates, read_genders, read_names, read_numbers
from matching.normalise.rejects import Reject
from matching.profile import VIETNAM, Profile
from matching.schemas import RAW_RECORDS, RECORDS, REJECTS

FOREIGN_NATIONAL = "foreign_national"
"""`left_out` of records whose nationality is another country's."""


@dataclass(frozen=True)
class Habits:
    """How schools write (matching.normalise.columns.Habit), told from all of their records and kept for the days when only a few come."""

    names: Habit = field(default_factory=dict)
    dates: Habit = field(default_factory=dict)
    birth_places: Habit = field(default_factory=dict)
    residences: Habit = field(default_factory=dict)
    genders: Habit = field(default_factory=dict)

    def and_of(self, others: "Habits") -> "Habits":
        """These, and those of schools that weren't known."""
        return Habits(
            **{part.name: {**getattr(others, part.name), **getattr(self, part.name)} for part in fields(self)}
        )


@dataclass(frozen=True)
class Normalised:
    """Records read, what was wrong with them, and how their schools write."""

    records: pa.Table
    """RECORDS, in the order of what was read."""
    rejects: pa.Table
    """REJECTS, one row per value that could not be used or was used with a doubt."""
    habits: Habits


_Read = tuple[Mapping[str, pa.Array], list[tuple[str, pa.Array]], Habits]
"""Columns of RECORDS by name, of each column the codes of what was wrong, habits."""


def normalise_records(
    raw: pa.Table, as_of: datetime.date, profile: Profile = VIETNAM
) -> tuple[pa.Table, pa.Table]:
    """`normalise_with_habits` where no habits are known: RECORDS and REJECTS."""
    read = normalise_with_habits(raw, as_of, profile)
    return read.records, read.rejects


def normalise_with_habits(
    raw: pa.Table, as_of: datetime.date, profile: Profile = VIETNAM, known: Habits | None = None
) -> Normalised:
    """Read every value of every record.

    Args:
        raw: RAW_RECORDS.
        as_of: The day of the run; nobody is born after it.
        profile: Whose names, numbers and places they are.
        known: Habits told before; those of other schools are told from `raw`.

    Raises:
        TableMismatch: `raw` lacks a column.
    """
    missing = [name for name in RAW_RECORDS.names if name not in raw.column_names]
    if missing:
        raise TableMismatch("raw_records", missing)
    source = pc.binary_join_element_wise(
        pc.fill_null(combined(raw["kind"]), ""), pc.fill_null(combined(raw["school_code"]), ""), "/"
    )
    read = _read_vietnam if profile is VIETNAM else _read_people
    columns, rejects, habits = read(raw, source, as_of, known or Habits())
    kept = {name: raw[name] for name in ("kind", "record_id", "province", "school_code", "level", "grade")}
    return Normalised(pa.table({**kept, **columns}, schema=RECORDS), _rejects(raw, rejects), habits)


def _read_vietnam(raw: pa.Table, source: pa.Array, as_of: datetime.date, known: Habits) -> _Read:
    names = normalise_names(raw["full_name"], source, known.names)
    births = normalise_dates(raw["birth_date"], source, as_of, raw["kind"], known.dates)
    birth_places = normalise_provinces(raw["birth_place"], source, known.birth_places)
    residences = normalise_residences(
        raw["residence_province"], raw["residence_commune"], source, known.residences
    )
    numbers = normalise_numbers(raw["claimed_id"])
    told = _told_gender(names.name, numbers.personal_id)
    genders = normalise_genders(raw["gender"], source, told, known.genders)
    left_out, nationality_rejects = _nationalities(raw["nationality"])
    form, repair, number_rejects = _checked_numbers(numbers, births, genders.gender)

    columns = {
        "name": names.name,
        "name_other": names.other,
        "birth_from": births.first,
        "birth_to": births.last,
        "birth_precision": births.precision,
        "gender": genders.gender,
        "birth_province": birth_places.province,
        "birth_region": birth_places.region,
        "residence_province": residences.province,
        "residence_commune": residences.commune,
        "claimed_id": numbers.personal_id,
        "claimed_former": numbers.former,
        "claimed_other": repair,
        "claimed_form": form,
        "left_out": left_out,
    }
    rejects = [
        ("full_name", names.reject),
        ("birth_date", births.reject),
        ("gender", genders.reject),
        ("birth_place", _code_where(birth_places.unread, Reject.BIRTH_PLACE_UNREADABLE)),
        ("nationality", nationality_rejects),
        ("residence_province", _code_where(residences.province_unread, Reject.RESIDENCE_UNREADABLE)),
        ("residence_commune", residences.reject),
        *(("claimed_id", reject) for reject in number_rejects),
    ]
    habits = Habits(names.habit, births.habit, birth_places.habit, residences.habit, genders.habit)
    return columns, rejects, habits


def _read_people(raw: pa.Table, source: pa.Array, as_of: datetime.date, known: Habits) -> _Read:
    """Nobody is left out: who is in a registry of another country is not told by nationality."""
    names = read_names(raw["full_name"])
    births = read_dates(raw["birth_date"], source, as_of, known.dates)
    genders = read_genders(raw["gender"])
    born = read_codes(raw["birth_place"], 3, Reject.BIRTH_PLACE_UNREADABLE)
    home = read_codes(raw["residence_province"], 2, Reject.RESIDENCE_UNREADABLE)
    commune = read_codes(raw["residence_commune"], 5, Reject.COMMUNE_UNREADABLE)
    numbers = read_numbers(raw["claimed_id"])
    unknown = pa.nulls(len(raw), pa.string())
    columns = {
        "name": names.value,
        "name_other": unknown,
        "birth_from": births.first,
        "birth_to": births.last,
        "birth_precision": births.precision,
        "gender": genders.value,
        "birth_province": born.value,
        "birth_region": unknown,
        "residence_province": home.value,
        "residence_commune": commune.value,
        "claimed_id": numbers.personal_id,
        "claimed_former": unknown,
        "claimed_other": unknown,
        "claimed_form": numbers.form,
        "left_out": unknown,
    }
    rejects = [
        ("full_name", names.reject),
        ("birth_date", births.reject),
        ("gender", genders.reject),
        ("birth_place", born.reject),
        ("residence_province", home.reject),
        ("residence_commune", commune.reject),
        ("claimed_id", numbers.reject),
    ]
    return columns, rejects, Habits(dates=births.habit)


def _told_gender(names: pa.Array, personal_ids: pa.Array) -> np.ndarray:
    """What name and number say of the gender, besides what was typed: above 0 a woman, below 0 a man."""
    year, woman = structures(personal_ids)
    told: np.ndarray = told_by_name(names) + np.where(year > 0, np.where(woman, 1, -1), 0)
    sign: np.ndarray = np.sign(told)
    return sign


def _nationalities(column: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """Why records are left out, and nationalities that could not be read."""
    texts = Distinct(column)
    read = texts.map(read_nationality)
    foreign = [FOREIGN_NATIONAL if one is Nationality.FOREIGN else None for one in read]
    unread = [Reject.NATIONALITY_UNREADABLE if one is Nationality.UNREADABLE else None for one in read]
    return spread(foreign, texts.codes, pa.string()), spread(unread, texts.codes, pa.string())


_FORM_REJECTS = {
    Form.WRONG_FORM: Reject.NUMBER_WRONG_FORM,
    Form.PLACEHOLDER: Reject.NUMBER_PLACEHOLDER,
    Form.LOST_IN_SPREADSHEET: Reject.NUMBER_LOST,
    Form.FOREIGN_DOCUMENT: Reject.NUMBER_FOREIGN_DOCUMENT,
}


def _checked_numbers(
    numbers: NumberColumn, births: DateColumn, genders: pa.Array
) -> tuple[pa.Array, pa.Array, list[pa.Array]]:
    """Numbers against the rest of the record.

    A repair that contradicts birth year or gender is dropped, and its form is wrong; a number as typed is kept, since number,
    date and gender may each be the one that is wrong.

    Returns:
        Form, suggested repair, and per row the codes of what was wrong (several arrays, a number may be wrong twice).
    """
    other_year, other_gender = _contradictions(numbers.other, births, genders)
    contradicted = pa.array(other_year | other_gender)
    form = pc.if_else(contradicted, Form.WRONG_FORM.value, numbers.form)
    position = pc.index_in(numbers.form, value_set=pa.array([form.value for form in _FORM_REJECTS]))
    wrong_form = pa.array([reject.value for reject in _FORM_REJECTS.values()]).take(position)
    says_year, says_gender = _contradictions(numbers.personal_id, births, genders)
    rejects = [
        pc.coalesce(wrong_form, _code_where(other_year | other_gender, Reject.NUMBER_REPAIR_CONTRADICTED)),
        _code_where(says_year, Reject.NUMBER_SAYS_OTHER_YEAR),
        _code_where(says_gender, Reject.NUMBER_SAYS_OTHER_GENDER),
    ]
    return form, pc.if_else(contradicted, None, numbers.other), rejects


def _contradictions(
    numbers: pa.Array, births: DateColumn, genders: pa.Array
) -> tuple[np.ndarray, np.ndarray]:
    """Where a number's birth year lies outside the record's interval, and where its gender is the other one."""
    year, woman = structures(numbers)
    first, last = (
        pc.fill_null(pc.year(day), 0).to_numpy(zero_copy_only=False) for day in (births.first, births.last)
    )
    gender = np.where(woman, "F", "M")
    recorded = pc.fill_null(genders, "").to_numpy(zero_copy_only=False)
    has_number = year > 0
    return (
        has_number & (first > 0) & ((year < first) | (year > last)),
        has_number & (recorded != "") & (recorded != gender),
    )


def _code_where(wrong: np.ndarray, reject: Reject) -> pa.Array:
    return pc.if_else(pa.array(wrong, pa.bool_()), reject.value, pa.scalar(None, pa.string()))


def _rejects(raw: pa.Table, columns: list[tuple[str, pa.Array]]) -> pa.Table:
    """The codes of all columns as REJECTS, column by column; rows are those of no file."""
    tables = pc.binary_join_element_wise(combined(raw["kind"]), "s", "")
    record_ids = combined(raw["record_id"])
    parts = []
    for column, reject in columns:
        wrong = pc.is_valid(reject)
        found = pc.filter(reject, wrong)
        parts.append(
            pa.table(
                {
                    "table": pc.filter(tables, wrong),
                    "row": pa.nulls(len(found), pa.int64()),
                    "record_id": pc.filter(record_ids, wrong),
                    "column": pa.repeat(column, len(found)),
                    "reason": found,
                },
                schema=REJECTS,
            )
        )
    return pa.concat_tables(parts)

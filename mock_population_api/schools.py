"""Schools and their files: the same people as the registry's, as schools would have typed them, the truth beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from mock_population_api.assumptions import Assumptions
from mock_population_api.draws import Ints
from mock_population_api.enrolment import LEVELS, Enrolment, Schools, enrol, merged_of_communes, parts_of, take_census
from mock_population_api.gathering import Gathered, gather, with_outsiders
from mock_population_api.geography import geography
from mock_population_api.guardians import RELATIONS, Slots, guardian_records
from mock_population_api.habits import Habits, draw_habits
from mock_population_api.personal_ids import scattered
from mock_population_api.persons import Objects, Persons, nothing
from mock_population_api.records import Recorded, Typed, text_table, truth_of, type_persons
from mock_population_api.slip_log import chosen
from mock_population_api.typed_numbers import Claims

_RECORD_DIGITS = (10_000, 10_000)
_EXTRACT_YEAR = 2026
_TERM = (np.datetime64("2025-08-20T07:00:00"), np.datetime64("2026-10-25T17:00:00"))
_RELATION_WORDS = {
    "father/mother/guardian": RELATIONS,
    "Cha/Mẹ/Người giám hộ": ("Cha", "Mẹ", "Người giám hộ"),
    "Bố/Mẹ/Giám hộ": ("Bố", "Mẹ", "Giám hộ"),
}


@dataclass(frozen=True)
class Written:
    """How many records were wanted, and how many there are."""

    wanted_students: int
    wanted_teachers: int
    students: int
    teachers: int
    guardians: int
    schools: int


@dataclass(frozen=True)
class World:
    """The education tables by name, and the truth."""

    tables: dict[str, pa.Table]
    truth: pa.Table


def record_ids(prefixes: Sequence[str], start: int, seed: int) -> Objects:
    """Opaque codes of eight digits behind each prefix, none twice, counted from `start`."""
    places = np.arange(start, start + len(prefixes))
    numbers = scattered(places, np.zeros_like(places), _RECORD_DIGITS, seed)
    return np.array([f"{prefix}{number:08d}" for prefix, number in zip(prefixes, numbers, strict=True)], dtype=object)


def timestamps(count: int, rng: np.random.Generator) -> Objects:
    """Moments of the last change, during the school year."""
    seconds = rng.integers(0, int((_TERM[1] - _TERM[0]).astype(np.int64)), count)
    return np.array([str(moment) for moment in _TERM[0] + seconds.astype("timedelta64[s]")], dtype=object)


def school_codes(schools: Schools) -> Objects:
    """Eight digits: province of 2025, level, a count."""
    provinces = merged_of_communes()[schools.commune]
    return np.array([f"{p}{level + 1}{at:05d}" for at, (p, level) in enumerate(zip(provinces, schools.level, strict=True))], dtype=object)


def _school_names(schools: Schools) -> Objects:
    land, seen, names = geography(), dict[str, int](), []
    for level, commune in zip(schools.level, schools.commune, strict=True):
        kind, province = LEVELS[level], land.province_names[land.commune_province[commune]]
        place = province if kind.higher else land.commune_names[commune].split(" ", 1)[1]
        name = f"{kind.title} {place}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return np.array(names, dtype=object)


def _schools_table(schools: Schools) -> pa.Table:
    land = geography()
    columns = {
        "school_code": school_codes(schools),
        "name": _school_names(schools),
        "level": np.array([LEVELS[level].name for level in schools.level], dtype=object),
        "province_code": merged_of_communes()[schools.commune].astype(object),
        "commune_code": np.array(land.commune_codes, dtype=object)[schools.commune],
    }
    return text_table("schools", columns)


def _grade_words(enrolment: Enrolment) -> Objects:
    levels = enrolment.schools.level[enrolment.students_school]
    return np.array([LEVELS[level].grades[grade] for level, grade in zip(levels, enrolment.students_grade, strict=True)], dtype=object)


def _age(persons: Persons) -> Ints:
    return _EXTRACT_YEAR - (persons.born.astype("datetime64[Y]").astype(np.int64) + 1970)


def _in_school_order(enrolment: Enrolment) -> Enrolment:
    by_class = np.lexsort((enrolment.students_grade, enrolment.students_school))
    by_school = np.argsort(enrolment.teachers_school, kind="stable")
    return Enrolment(
        schools=enrolment.schools,
        students=enrolment.students[by_class],
        students_school=enrolment.students_school[by_class],
        students_grade=enrolment.students_grade[by_class],
        teachers=enrolment.teachers[by_school],
        teachers_school=enrolment.teachers_school[by_school],
    )


def _number_above(persons: Persons) -> Objects:
    """The number of the person in the row above."""
    return np.concatenate([[None], persons.personal_id[:-1]]) if len(persons) else nothing(0)


def _parents_numbers(gathered: Gathered, count: int) -> Objects:
    """A parent's number for each student record, else None."""
    numbers = nothing(count)
    numbers[gathered.slots.student] = gathered.persons.personal_id[gathered.slots.person]
    return numbers


@dataclass(frozen=True)
class _Setting:
    """What all three kinds are typed with."""

    habits: Habits
    assumed: Assumptions
    seed: int

    def rng(self, stage: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, stage])


def _students(enrolment: Enrolment, gathered: Gathered, setting: _Setting) -> tuple[pa.Table, pa.Table, Objects]:
    persons = gathered.persons.take(gathered.students)
    slips, rng = setting.assumed.slips, setting.rng(11)
    ages, shares = zip(*slips.has_number_by_age, strict=True)
    claims = Claims(held=np.interp(_age(persons), ages, shares), former=slips.student_former_number)
    parents = _parents_numbers(gathered, len(persons))
    others = np.where(rng.random(len(persons)) < 0.5, parents, _number_above(persons))
    typed = type_persons(Recorded(persons, enrolment.students_school, claims, others), setting.habits, setting.assumed, rng)
    province = merged_of_communes()[enrolment.schools.commune[enrolment.students_school]]
    ids = record_ids(province.tolist(), 0, setting.seed)
    columns = typed.columns | {
        "student_id": ids,
        "school_code": school_codes(enrolment.schools)[enrolment.students_school],
        "grade": _grade_words(enrolment),
        "school_year": np.full(len(ids), setting.assumed.schools.school_year, dtype=object),
        "updated_at": timestamps(len(ids), rng),
    }
    again = np.ones(len(persons), dtype=bool)
    again[np.unique(gathered.students, return_index=True)[1]] = False
    typed.log.note(again, "entered_twice")
    return text_table("students", columns), truth_of("student", ids, persons, typed.log.lists()), ids


def _roles(count: int, assumed: Assumptions, rng: np.random.Generator) -> Objects:
    chance = rng.random(count)
    managers, staff = assumed.schools.managers, assumed.schools.staff
    return np.select([chance < managers, chance < managers + staff], ["manager", "staff"], "teacher").astype(object)


def _teachers(enrolment: Enrolment, gathered: Gathered, setting: _Setting) -> tuple[pa.Table, pa.Table]:
    persons = gathered.persons.take(gathered.teachers)
    slips, rng = setting.assumed.slips, setting.rng(12)
    claims = Claims(held=np.full(len(persons), slips.has_number_teacher), former=slips.teacher_former_number)
    recorded = Recorded(persons, enrolment.teachers_school, claims, _number_above(persons))
    typed = type_persons(recorded, setting.habits, setting.assumed, rng)
    ids = record_ids(["GV"] * len(persons), 0, setting.seed)
    columns = typed.columns | {
        "teacher_id": ids,
        "school_code": school_codes(enrolment.schools)[enrolment.teachers_school],
        "role": _roles(len(ids), setting.assumed, rng),
        "updated_at": timestamps(len(ids), rng),
    }
    return text_table("teachers", columns), truth_of("teacher", ids, persons, typed.log.lists())


def _phones(count: int, share: float, rng: np.random.Generator) -> Objects:
    """Numbers of a prefix that is given to nobody, in the forms people type."""
    forms = ("0199{a:03d}{b:03d}", "0199 {a:03d} {b:03d}", "0199.{a:03d}.{b:03d}", "+84199{a:03d}{b:03d}", "199{a:03d}{b:03d}")
    picks = rng.choice(len(forms), count, p=[0.7, 0.12, 0.05, 0.05, 0.08])
    digits = rng.integers(0, 1000, (count, 2))
    phones = np.array([forms[p].format(a=a, b=b) for p, (a, b) in zip(picks, digits.tolist(), strict=True)], dtype=object)
    phones[rng.random(count) >= share] = None
    return phones


def _as_guardians(typed: Typed, persons: Persons, assumed: Assumptions, rng: np.random.Generator) -> dict[str, Objects]:
    """Guardians' columns: a year for a date, and little else."""
    slips, columns, count = assumed.slips, typed.columns, len(persons)
    year = persons.born.astype("datetime64[Y]").astype(np.int64) + 1970
    only_year = chosen(count, slips.guardian_year_only, rng)
    off = chosen(count, slips.guardian_year_off, rng)
    off = np.intersect1d(off, only_year)
    year[off] += rng.choice([-2, -1, 1, 2, 10], len(off))
    typed.log.note(off, "year_off")
    columns["birth_date"][only_year] = [str(value) for value in year[only_year]]
    missing = chosen(count, slips.guardian_year_missing, rng)
    columns["birth_date"][missing] = None
    typed.log.note(missing, "date_missing")
    for share, names in (
        (slips.guardian_gender_typed, ("gender",)),
        (slips.guardian_residence_typed, ("residence_province", "residence_commune")),
        (slips.guardian_birth_place_typed, ("birth_place",)),
    ):
        untyped = rng.random(count) >= share
        for name in names:
            columns[name][untyped] = None
    return columns


def _guardians(
    enrolment: Enrolment, gathered: Gathered, student_ids: Objects, setting: _Setting
) -> tuple[pa.Table, pa.Table, pa.Table]:
    slots, rng, assumed = gathered.slots, setting.rng(13), setting.assumed
    record = guardian_records(slots, enrolment.students_school, len(enrolment.schools.level), assumed.schools)
    _, first = np.unique(record, return_index=True)
    persons, schools = gathered.persons.take(slots.person[first]), enrolment.students_school[slots.student[first]]
    claims = Claims(held=np.full(len(persons), assumed.slips.has_number_guardian), former=assumed.slips.guardian_former_number)
    children = gathered.persons.personal_id[gathered.students[slots.student[first]]]
    typed = type_persons(Recorded(persons, schools, claims, children), setting.habits, assumed, rng)
    ids = record_ids(["PH"] * len(persons), 0, setting.seed)
    columns = _as_guardians(typed, persons, assumed, rng) | {
        "guardian_id": ids,
        "phone": _phones(len(ids), assumed.slips.guardian_phone, rng),
        "updated_at": timestamps(len(ids), rng),
    }
    for reason in ("step_parent", "grandparent_as_parent", "parents_swapped"):
        typed.log.note(np.unique(record[slots.wrong == reason]), reason)
    links = _links(slots, student_ids, ids[record], setting.habits.of(enrolment.students_school[slots.student]))
    return text_table("guardians", columns), truth_of("guardian", ids, persons, typed.log.lists()), links


def _links(slots: Slots, student_ids: Objects, guardian_ids: Objects, habits: Habits) -> pa.Table:
    words = [_RELATION_WORDS[habit][relation] for habit, relation in zip(habits.relations, slots.relation, strict=True)]
    columns = {
        "student_id": student_ids[slots.student],
        "guardian_id": guardian_ids,
        "relationship": np.array(words, dtype=object),
    }
    return text_table("student_guardians", columns)


def make_schools(
    population: Path, truth: Path, provinces: Sequence[str] | None, students: int, teachers: int, seed: int, assumed: Assumptions
) -> World:
    """Education tables of some provinces, out of the people of a registry folder and the truth beside it.

    Raises:
        NoPopulation: when the folder holds no entries.
    """
    parts = parts_of(population)
    census = take_census(parts)
    enrolment = _in_school_order(enrol(census, provinces, students, teachers, assumed.schools, seed))
    gathered = gather(parts, truth, census, enrolment, assumed.schools, seed)
    gathered = with_outsiders(gathered, assumed.schools, np.random.default_rng([seed, 5]))
    habits = draw_habits(len(enrolment.schools.level), assumed.habits, np.random.default_rng([seed, 6]))
    setting = _Setting(habits, assumed, seed)
    student_table, student_truth, student_ids = _students(enrolment, gathered, setting)
    teacher_table, teacher_truth = _teachers(enrolment, gathered, setting)
    guardian_table, guardian_truth, links = _guardians(enrolment, gathered, student_ids, setting)
    tables = {
        "schools": _schools_table(enrolment.schools),
        "students": student_table,
        "teachers": teacher_table,
        "guardians": guardian_table,
        "student_guardians": links,
    }
    return World(tables, pa.concat_tables([student_truth, teacher_truth, guardian_truth]))


def write_world(world: World, out: Path, truth: Path, form: str) -> None:
    """The tables as one file each, Parquet or CSV, and `truth.parquet`."""
    for folder in (out, truth):
        folder.mkdir(parents=True, exist_ok=True)
    for name, table in world.tables.items():
        for old in (out / f"{name}.parquet", out / f"{name}.csv"):
            old.unlink(missing_ok=True)
        if form == "csv":
            pc_csv.write_csv(table, out / f"{name}.csv", pc_csv.WriteOptions(quoting_style="needed"))
        else:
            pq.write_table(table, out / f"{name}.parquet", compression="zstd")
    pq.write_table(world.truth, truth / "truth.parquet", compression="zstd")


def write_schools(
    out: Path,
    population: Path,
    truth: Path,
    provinces: Sequence[str] | None,
    students: int,
    teachers: int,
    seed: int,
    *,
    assumptions: Assumptions | None = None,
    form: str = "parquet",
) -> Written:
    """Write an education folder and `truth/truth.parquet`; the same bytes for the same arguments.

    Args:
        out: folder for the five tables.
        population: the registry folder that `write_population` wrote.
        truth: the truth folder; `truth/population` is what `write_population` put beside the registry.
        provinces: codes of 2025; all when None.
        students: how many records to write, fewer where fewer live there.
        teachers: the same for teachers, managers and staff.
        seed: another seed, other schools.
        assumptions: the rates; `default` when None.
        form: parquet or csv.

    Raises:
        NoPopulation: when the folder holds no entries.
    """
    world = make_schools(population, truth / "population", provinces, students, teachers, seed, assumptions or Assumptions())
    write_world(world, out, truth, form)
    rows = {name: table.num_rows for name, table in world.tables.items()}
    return Written(students, teachers, rows["students"], rows["teachers"], rows["guardians"], rows["schools"])

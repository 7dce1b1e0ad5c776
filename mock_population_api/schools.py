"""Schools and their files: the same people as the registry's, as schools would have typed them, the truth beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from mock_population_api.assumptions import Assumptions
from mock_population_api.enrolment import (
    LEVELS,
    Enrolment,
    Schools,
    enrol,
    merged_of_communes,
    parts_of,
    take_census,
)
from mock_population_api.gathering import gather, with_outsiders
from mock_population_api.geography import geography
from mock_population_api.habits import draw_habits
from mock_population_api.persons import Objects
from mock_population_api.record_kinds import Setting, guardians_of, school_codes, students_of, teachers_of
from mock_population_api.records import text_table
from mock_population_api.world_folder import World, write_world


@dataclass(frozen=True)
class Written:
    """How many records were wanted, and how many there are."""

    wanted_students: int
    wanted_teachers: int
    students: int
    teachers: int
    guardians: int
    schools: int


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


def make_schools(
    population: Path,
    truth: Path,
    provinces: Sequence[str] | None,
    students: int,
    teachers: int,
    seed: int,
    assumed: Assumptions,
) -> World:
    """Education tables of some provinces, out of the people of a registry folder and the truth beside it.

    Raises:
        NoPopulation: when the folder holds no entries.
        NoStudents: when nobody goes to school there, or none was wanted.
    """
    parts = parts_of(population)
    census = take_census(parts)
    enrolment = _in_school_order(enrol(census, provinces, students, teachers, assumed.schools, seed))
    gathered = gather(parts, truth, census, enrolment, assumed, seed)
    gathered = with_outsiders(gathered, assumed.schools, np.random.default_rng([seed, 5]))
    habits = draw_habits(len(enrolment.schools.level), assumed.habits, np.random.default_rng([seed, 6]))
    setting = Setting(habits, assumed, seed)
    student_table, student_truth, student_ids = students_of(enrolment, gathered, setting)
    teacher_table, teacher_truth = teachers_of(enrolment, gathered, setting)
    guardian_table, guardian_truth, links = guardians_of(enrolment, gathered, student_ids, setting)
    tables = {
        "schools": _schools_table(enrolment.schools),
        "students": student_table,
        "teachers": teacher_table,
        "guardians": guardian_table,
        "student_guardians": links,
    }
    return World(tables, pa.concat_tables([student_truth, teacher_truth, guardian_truth]))


def write_schools(  # noqa: PLR0913 - what a world of schools is made from; nothing in it belongs together
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
    truth_out: Path | None = None,
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
        truth_out: where `truth.parquet` goes; into `truth` when None.

    Raises:
        NoPopulation: when the folder holds no entries.
        NoStudents: when nobody goes to school there, or none was wanted.
    """
    world = make_schools(
        population, truth / "population", provinces, students, teachers, seed, assumptions or Assumptions()
    )
    write_world(world, out, truth_out or truth, form)
    rows = {name: table.num_rows for name, table in world.tables.items()}
    return Written(students, teachers, rows["students"], rows["teachers"], rows["guardians"], rows["schools"])

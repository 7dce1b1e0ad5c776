"""Who is at which school: pupils near their homes, students of universities in the cities, teachers and staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mock_population_api.assumptions import SchoolAssumptions
from mock_population_api.draws import Ints, Weighted
from mock_population_api.generation_errors import NoPopulation, NoStudents
from mock_population_api.geography import geography

Bools = npt.NDArray[np.bool_]
Shorts = npt.NDArray[np.int16]

NO_LEVEL = -1
_SMALLEST_SCHOOL = 12
_SCHOOL_YEAR = 2026


@dataclass(frozen=True)
class Level:
    """A level of schooling: who belongs there by age, and what its grades are called."""

    name: str
    first_age: int
    grades: tuple[str, ...]
    title: str
    higher: bool = False


LEVELS = (
    Level("mầm non", 3, ("3 tuổi", "4 tuổi", "5 tuổi"), "Trường Mầm non"),
    Level("tiểu học", 6, ("1", "2", "3", "4", "5"), "Trường Tiểu học"),
    Level("THCS", 11, ("6", "7", "8", "9"), "Trường THCS"),
    Level("THPT", 15, ("10", "11", "12"), "Trường THPT"),
    Level("GDTX", 15, ("10", "11", "12"), "Trung tâm GDNN-GDTX"),
    Level("cao đẳng", 18, ("Năm 1", "Năm 2", "Năm 3"), "Trường Cao đẳng", higher=True),
    Level("đại học", 18, ("Năm 1", "Năm 2", "Năm 3", "Năm 4", "Năm 5"), "Trường Đại học", higher=True),
)
PUPIL_LEVELS = range(4)
"""Preschool to upper secondary, one after the other in a child's life."""
_COLLEGE = 5


@dataclass(frozen=True)
class Census:
    """What enrolment must know of everybody with an entry: parallel columns over all parts, twelve bytes a person."""

    part: Shorts
    row: npt.NDArray[np.int32]
    year: Shorts
    commune: Shorts
    female: Bools
    alive: Bools


@dataclass(frozen=True)
class Schools:
    """Parallel columns, one element per school."""

    level: Ints
    commune: Ints
    """Position among the communes of 2025; its province is the school's."""
    size: Ints


@dataclass(frozen=True)
class Enrolment:
    """Students and teachers as positions in the census, with their schools and grades."""

    schools: Schools
    students: Ints
    students_school: Ints
    students_grade: Ints
    teachers: Ints
    teachers_school: Ints


def parts_of(population: Path) -> list[Path]:
    """The files of a registry folder.

    Raises:
        NoPopulation: when there is none.
    """
    parts = sorted(population.glob("part-*.parquet"))
    if not parts:
        raise NoPopulation(population)
    return parts


def commune_positions(codes: pa.ChunkedArray) -> Ints:
    """Positions of commune codes of 2025."""
    known = pa.array(geography().commune_codes)
    positions: Ints = pc.index_in(codes, value_set=known).to_numpy().astype(np.int64)
    return positions


def merged_of_communes() -> npt.NDArray[np.str_]:
    """For each commune, the code of its province of 2025."""
    land = geography()
    return np.array(land.merged_codes)[land.commune_province]


def _census_part(path: Path, part: int) -> Census:
    table = pq.read_table(path, columns=["birth_date", "residence_commune", "gender", "status"])
    return Census(
        part=np.full(table.num_rows, part, dtype=np.int16),
        row=np.arange(table.num_rows, dtype=np.int32),
        year=pc.year(table["birth_date"]).to_numpy().astype(np.int16),
        commune=commune_positions(table["residence_commune"]).astype(np.int16),
        female=pc.equal(table["gender"], "F").to_numpy(),
        alive=pc.equal(table["status"], "alive").to_numpy(),
    )


def take_census(parts: Sequence[Path]) -> Census:
    """Everybody's age and residence, in the order of the parts."""
    taken = [_census_part(path, part) for part, path in enumerate(parts)]
    names = ("part", "row", "year", "commune", "female", "alive")
    return Census(*(np.concatenate([getattr(census, name) for census in taken]) for name in names))


def _draw_levels(age: Ints, rates: SchoolAssumptions, rng: np.random.Generator) -> Ints:
    chance = rng.random(len(age))
    upper, adult = (age >= 15) & (age <= 17), (age >= 18) & (age <= 22)
    college = adult & (age <= 20) & (chance < rates.college)
    return np.select(
        [
            (age >= 3) & (age <= 5) & (chance < rates.preschool),
            (age >= 6) & (age <= 10),
            (age >= 11) & (age <= 14),
            upper & (chance < rates.upper_secondary),
            upper & (chance < rates.upper_secondary + rates.continuing_education),
            college,
            adult & (chance < rates.college + rates.university),
        ],
        list(range(len(LEVELS))),
        NO_LEVEL,
    )


def _study_places(homes: Ints, stays: float, rng: np.random.Generator) -> Ints:
    """The province (of the 63) where each student of higher education studies: at home or drawn by the cities."""
    pull = geography().pull
    away = Weighted.of(np.arange(len(pull)), pull).at(rng.random(len(homes)))
    return np.where(rng.random(len(homes)) < stays, homes, away)


def _whole_communes(commune: Ints, wanted: int, rng: np.random.Generator) -> Bools:
    """All people of as many communes as it takes, so that brothers and sisters stay together."""
    order = rng.permutation(int(commune.max(initial=0)) + 1)[commune]
    return np.argsort(np.argsort(order, kind="stable"), kind="stable") < wanted


def _school_size(kind: Level, students: int, rates: SchoolAssumptions) -> int:
    usual = rates.students_per_university if kind.higher else rates.pupils_per_school
    return max(_SMALLEST_SCHOOL, min(usual, students // rates.fewest_schools))


def _group_into_schools(commune: Ints, per_school: int) -> Ints:
    """Neighbouring communes share a school; the school of each pupil, from 0."""
    schools = max(1, round(len(commune) / per_school))
    ranks = np.empty(len(commune), dtype=np.int64)
    ranks[np.argsort(commune, kind="stable")] = np.arange(len(commune))
    return ranks * schools // max(len(commune), 1)


def _assign(
    level: Ints, place: Ints, commune: Ints, rates: SchoolAssumptions, rng: np.random.Generator
) -> tuple[Ints, Schools]:
    """A school for each student: by level and province of 2025 (`place`, any code), near the commune."""
    groups, group = np.unique(np.stack([place, level]), axis=1, return_inverse=True)
    assigned = np.empty(len(level), dtype=np.int64)
    levels: list[int] = []
    communes: list[int] = []
    for at in range(groups.shape[1]):
        mine = np.flatnonzero(group.ravel() == at)
        kind = LEVELS[groups[1, at]]
        local = _group_into_schools(commune[mine], _school_size(kind, len(level), rates))
        count = int(local.max()) + 1
        elsewhere = rng.random(len(mine)) >= rates.school_of_home
        local[elsewhere] = rng.integers(0, count, int(elsewhere.sum()))
        order = np.argsort(local, kind="stable")
        middles = np.searchsorted(local[order], np.arange(count)) + np.bincount(local, minlength=count) // 2
        assigned[mine] = local + len(levels)
        communes += commune[mine][order][np.minimum(middles, len(mine) - 1)].tolist()
        levels += [groups[1, at]] * count
    sizes = np.bincount(assigned, minlength=len(levels))
    return assigned, Schools(np.array(levels), np.array(communes), sizes)


def _students(
    census: Census, chosen: Bools, wanted: int, rates: SchoolAssumptions, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints, Ints]:
    """Positions, levels, provinces of 2025 (as numbers) and communes of study of those who go to school in the provinces."""
    merged = merged_of_communes().astype(np.int64)
    land = geography()
    at = np.flatnonzero(census.alive & (census.year >= _SCHOOL_YEAR - 22) & (census.year <= _SCHOOL_YEAR - 3))
    level = _draw_levels(_SCHOOL_YEAR - census.year[at].astype(np.int64), rates, rng)
    at, level = at[level != NO_LEVEL], level[level != NO_LEVEL]
    commune = census.commune[at].astype(np.int64)
    higher = np.flatnonzero(level >= _COLLEGE)
    commune[higher] = land.draw_communes(
        _study_places(land.commune_province[commune[higher]], rates.studies_at_home, rng), rng
    )
    here = chosen[commune]
    at, level, commune = at[here], level[here], commune[here]
    if len(at) > wanted:
        kept = np.sort(np.flatnonzero(_whole_communes(commune, wanted, rng)))
        at, level, commune = at[kept], level[kept], commune[kept]
    return at, level, merged[commune], commune


def grades_at(age: Ints, level: Ints) -> Ints:
    """Position of the grade within the level."""
    first = np.array([kind.first_age for kind in LEVELS])[level]
    most = np.array([len(kind.grades) for kind in LEVELS])[level]
    grades: Ints = np.clip(age - first, 0, most - 1)
    return grades


def _entered_again(
    places: Ints, school: Ints, rates: SchoolAssumptions, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Students who stand in the files a second time: which, and at which school."""
    chance = rng.random(len(school))
    moved = np.flatnonzero(chance < rates.entered_at_two_schools)
    same = np.flatnonzero(chance > 1 - rates.entered_twice)
    order = np.argsort(places, kind="stable")
    start, end = (np.searchsorted(places[order], places[moved], side=side) for side in ("left", "right"))
    others = order[start + (rng.random(len(moved)) * (end - start)).astype(np.int64)]
    return np.concatenate([moved, same]), np.concatenate([school[others], school[same]])


def _teachers(
    census: Census, schools: Schools, wanted: int, rates: SchoolAssumptions, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Grown-ups of the schools' provinces, and the school of each, big schools more often."""
    merged = merged_of_communes()
    age = _SCHOOL_YEAR - census.year
    near = np.isin(merged, np.unique(merged[schools.commune]))[census.commune]
    at = np.flatnonzero(census.alive & near & (age >= rates.teacher_ages[0]) & (age <= rates.teacher_ages[1]))
    odds = np.where(census.female[at], rates.teachers_women, 1 - rates.teachers_women)
    # the smallest of exponential waiting times: a weighted draw without putting back
    at = at[np.argsort(rng.exponential(1.0, len(at)) / odds, kind="stable")[:wanted]]
    school = np.empty(len(at), dtype=np.int64)
    room = schools.size.astype(np.float64) + 1.0
    for code in np.unique(merged[schools.commune]):
        theirs = np.flatnonzero(merged[schools.commune] == code)
        mine = np.flatnonzero(merged[census.commune[at]] == code)
        school[mine] = Weighted.of(theirs, room[theirs]).at(rng.random(len(mine)))
    twice = np.flatnonzero(rng.random(len(at)) < rates.teacher_at_two_schools)
    others = rng.permutation(school)[: len(twice)]
    return np.concatenate([at, at[twice]]), np.concatenate([school, others])


def enrol(
    census: Census,
    provinces: Sequence[str] | None,
    students: int,
    teachers: int,
    rates: SchoolAssumptions,
    seed: int,
) -> Enrolment:
    """Choose students and teachers of the provinces, and build the schools they are at.

    Takes what there is when fewer live there than wanted.

    Raises:
        NoStudents: nobody goes to school there, or none was wanted.
    """
    rng = np.random.default_rng([seed, 3])
    merged = merged_of_communes()
    chosen = np.isin(merged, list(provinces)) if provinces else np.ones(len(merged), dtype=bool)
    twice = rates.entered_at_two_schools + rates.entered_twice
    at, level, place, commune = _students(
        census, chosen, max(int(students / (1 + twice)), min(students, 1)), rates, rng
    )
    if not len(at):
        raise NoStudents
    school, schools = _assign(level, place, commune, rates, rng)
    grade = grades_at(_SCHOOL_YEAR - census.year[at].astype(np.int64), level)
    again, elsewhere = _entered_again(place * len(LEVELS) + level, school, rates, rng)
    wanted = int(teachers / (1 + rates.teacher_at_two_schools))
    taught_by, taught_at = _teachers(census, schools, wanted, rates, rng)
    return Enrolment(
        schools=schools,
        students=np.concatenate([at, at[again]]),
        students_school=np.concatenate([school, elsewhere]),
        students_grade=np.concatenate([grade, grade[again]]),
        teachers=taught_by,
        teachers_school=taught_at,
    )

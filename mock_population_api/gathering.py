"""From positions in a census to persons: one part of the registry after another, with the families of its students."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mock_population_api.assumptions import Assumptions, SchoolAssumptions
from mock_population_api.draws import Ints
from mock_population_api.enrolment import LEVELS, Census, Enrolment
from mock_population_api.entries import ENTRY_TRUTH
from mock_population_api.guardians import Neighbours, Slots, write_down
from mock_population_api.outsiders import foreigners_like, returned_like, unregistered_like
from mock_population_api.persons import CITIZEN, Persons, from_entries, together
from mock_population_api.relatives import kinship

_PARENT_AGES = (26, 58)
_EXTRACT_YEAR = 2026


@dataclass(frozen=True)
class Gathered:
    """Everybody whom schools write down, and who they are in which record."""

    persons: Persons
    students: Ints
    """The person of each student record."""
    teachers: Ints
    slots: Slots
    """Persons as positions in `persons`."""


def truth_beside(truth: Path, part: Path) -> pa.Table:
    """The truth of one part; empty where the folder has none."""
    path = truth / part.name
    return pq.read_table(path, schema=ENTRY_TRUTH) if path.exists() else ENTRY_TRUTH.empty_table()


def _parent_aged(entries: pa.Table) -> Neighbours:
    age = _EXTRACT_YEAR - pc.year(entries["birth_date"]).to_numpy()
    fit = (
        (age >= _PARENT_AGES[0]) & (age <= _PARENT_AGES[1]) & pc.equal(entries["status"], "alive").to_numpy()
    )
    female = pc.equal(entries["gender"], "F").to_numpy()
    return Neighbours(men=np.flatnonzero(fit & ~female), women=np.flatnonzero(fit & female))


def _gather_part(
    path: Path, truth: pa.Table, students: Ints, grown_up: npt.NDArray[np.bool_], teachers: Ints, assumed: Assumptions, rng: np.random.Generator
) -> Gathered:  # fmt: skip
    entries = pq.read_table(path)
    slots = write_down(
        students, grown_up, kinship(entries, truth), _parent_aged(entries), assumed.schools, rng
    )
    rows, positions = np.unique(np.concatenate([students, teachers, slots.person]), return_inverse=True)
    ends = np.cumsum([len(students), len(teachers)])
    student_at, teacher_at, guardian_at = np.split(positions, ends)
    persons = from_entries(entries.take(pa.array(rows)), truth, assumed.slips.family_knows_day)
    return Gathered(persons, student_at, teacher_at, replace(slots, person=guardian_at))


def gather(
    parts: list[Path], truth: Path, census: Census, enrolment: Enrolment, assumed: Assumptions, seed: int
) -> Gathered:
    """Read the parts that hold anybody of the schools, and look up their families."""
    grown_up = np.array([level.higher for level in LEVELS])[
        enrolment.schools.level[enrolment.students_school]
    ]
    students, teachers = (
        np.empty(len(enrolment.students), dtype=np.int64),
        np.empty(len(enrolment.teachers), dtype=np.int64),
    )
    persons: list[Persons] = []
    slots: list[Slots] = []
    base = 0
    for part, path in enumerate(parts):
        mine = np.flatnonzero(census.part[enrolment.students] == part)
        ours = np.flatnonzero(census.part[enrolment.teachers] == part)
        if not len(mine) and not len(ours):
            continue
        rows, taught = (
            census.row[at].astype(np.int64) for at in (enrolment.students[mine], enrolment.teachers[ours])
        )
        rng = np.random.default_rng([seed, part, 4])
        found = _gather_part(path, truth_beside(truth, path), rows, grown_up[mine], taught, assumed, rng)
        students[mine], teachers[ours] = found.students + base, found.teachers + base
        slots.append(
            replace(found.slots, student=mine[found.slots.student], person=found.slots.person + base)
        )
        persons.append(found.persons)
        base += len(found.persons)
    all_slots = Slots(
        *(
            np.concatenate([getattr(part, name) for part in slots])
            for name in ("student", "relation", "person", "wrong")
        )
    )
    order = np.argsort(all_slots.student, kind="stable")
    ordered = Slots(*(getattr(all_slots, name)[order] for name in ("student", "relation", "person", "wrong")))
    return Gathered(together(persons), students, teachers, ordered)


Maker = Callable[[Persons, np.random.Generator], Persons]


class _Cast:
    """Persons, and the outsiders who take the place of some of them in the records of one kind."""

    def __init__(self, persons: Persons) -> None:
        self.groups = [persons]
        self.count = len(persons)

    def exchange(self, people: Ints, makers: Sequence[tuple[float, Maker]], rng: np.random.Generator) -> Ints:
        """The people of the records with a share of them exchanged, everywhere they occur."""
        known = self.groups[0]
        candidates = np.unique(people)
        candidates = candidates[~known.minority[candidates]]
        kind = np.searchsorted(
            np.cumsum([share for share, _ in makers]), rng.random(len(candidates)), side="right"
        )
        position = np.arange(len(known))
        for at, (_, make) in enumerate(makers):
            chosen = candidates[kind == at]
            self.groups.append(make(known.take(chosen), rng))
            position[chosen] = self.count + np.arange(len(chosen))
            self.count += len(chosen)
        return position[people]


def with_outsiders(gathered: Gathered, rates: SchoolAssumptions, rng: np.random.Generator) -> Gathered:
    """Some students, teachers and guardians exchanged for people whom the registry doesn't hold."""
    cast = _Cast(gathered.persons)
    students = cast.exchange(
        gathered.students,
        [
            (rates.foreign_students, foreigners_like),
            (rates.unregistered, partial(unregistered_like, days_apart=500)),
            (rates.returned_from_abroad, returned_like),
        ],
        rng,
    )
    teachers = cast.exchange(gathered.teachers, [(rates.foreign_teachers, foreigners_like)], rng)
    slots = gathered.slots
    strangers = partial(unregistered_like, days_apart=2000)
    guardians = cast.exchange(slots.person, [(rates.guardians_not_in_registry, strangers)], rng)
    persons = together(cast.groups)
    kept = persons.nationality[students[slots.student]] == CITIZEN
    remaining = Slots(slots.student[kept], slots.relation[kept], guardians[kept], slots.wrong[kept])
    return Gathered(persons, students, teachers, remaining)

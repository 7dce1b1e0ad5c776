"""Whom a school writes down beside a student, and in which slot: right, wrong, or somebody else altogether."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mock_population_api.assumptions import SchoolAssumptions
from mock_population_api.draws import Ints, keyed_uniform
from mock_population_api.relatives import NOBODY, Kinship, grandparents, uncles_and_aunts

Bools = npt.NDArray[np.bool_]

RELATIONS = ("father", "mother", "guardian")
_FATHER, _MOTHER, _GUARDIAN = range(3)
_SHARED_KEY = 31


@dataclass(frozen=True)
class Slots:
    """Parallel columns: a student record, a relation, and the person who stands there."""

    student: Ints
    relation: Ints
    person: Ints
    wrong: npt.NDArray[np.object_]
    """Why the person in the slot isn't what the slot says, else None."""


@dataclass(frozen=True)
class Neighbours:
    """Men and women of an age to be parents, among the entries of one part."""

    men: Ints
    women: Ints

    def like(self, relation: Ints, rng: np.random.Generator) -> Ints:
        """Any man in the father's slot, any woman in the mother's."""
        points = rng.random(len(relation))
        men = self.men[(points * len(self.men)).astype(np.int64)]
        women = self.women[(points * len(self.women)).astype(np.int64)]
        return np.where(relation == _FATHER, men, women)


def _written(
    rows: Ints, kin: Kinship, chance: npt.NDArray[np.float64], even_dead: float, rng: np.random.Generator
) -> Bools:
    known: Bools = (rows != NOBODY) & (kin.alive[rows] | (rng.random(len(rows)) < even_dead))
    return known & (rng.random(len(rows)) < chance)


def _stand_ins(
    slots: Slots,
    students: Ints,
    kin: Kinship,
    others: Neighbours,
    rates: SchoolAssumptions,
    rng: np.random.Generator,
) -> Slots:
    """Step-parents and grandparents in a parent's slot, father and mother exchanged."""
    person, relation, wrong = slots.person.copy(), slots.relation.copy(), slots.wrong.copy()
    chance = rng.random(len(person))
    parents = relation != _GUARDIAN
    if len(others.men) and len(others.women):
        step = np.flatnonzero(parents & (chance < rates.step_parent))
        person[step] = others.like(relation[step], rng)
        wrong[step] = "step_parent"
    limit = rates.step_parent + rates.grandparent_as_parent
    grand = np.flatnonzero(parents & (chance >= rates.step_parent) & (chance < limit))
    found = grandparents(kin, students[slots.student[grand]], rng)
    grand, found = grand[found != NOBODY], found[found != NOBODY]
    person[grand], wrong[grand] = found, "grandparent_as_parent"
    swapped = np.flatnonzero(parents & (chance > 1 - rates.parents_swapped))
    relation[swapped], wrong[swapped] = 1 - relation[swapped], "parents_swapped"
    return Slots(slots.student, relation, person, wrong)


def write_down(
    students: Ints,
    grown_up: Bools,
    kin: Kinship,
    others: Neighbours,
    rates: SchoolAssumptions,
    rng: np.random.Generator,
) -> Slots:
    """The slots of the students' records.

    Args:
        students: position of each record's student among the entries of a part.
        grown_up: whether the record is of a college or university.
        kin: who is whose parent among the entries.
        others: people who might stand in for a parent.
        rates: the assumptions.
        rng: where chance comes from.
    """
    factor = np.where(grown_up, rates.parents_of_adults_written, 1.0)
    other = np.where(
        rng.random(len(students)) < rates.guardian_is_grandparent,
        grandparents(kin, students, rng),
        uncles_and_aunts(kin, students, rng),
    )
    records, relations, people = [], [], []
    for relation, rows, share in (
        (_FATHER, kin.father[students], rates.father_written),
        (_MOTHER, kin.mother[students], rates.mother_written),
        (_GUARDIAN, other, rates.other_guardian),
    ):
        written = np.flatnonzero(_written(rows, kin, share * factor, rates.dead_parent_written, rng))
        records.append(written)
        relations.append(np.full(len(written), relation))
        people.append(rows[written])
    student = np.concatenate(records)
    slots = Slots(
        student, np.concatenate(relations), np.concatenate(people), np.full(len(student), None, dtype=object)
    )
    return _stand_ins(slots, students, kin, others, rates, rng)


def guardian_records(slots: Slots, schools: Ints, count: int, rates: SchoolAssumptions) -> Ints:
    """The guardian record of each slot: mostly one for brothers and sisters in one school, else one for each.

    Args:
        slots: with persons as positions among all persons.
        schools: the school of each student record.
        count: how many schools.
        rates: the assumptions.

    Returns:
        Record numbers from 0, ordered by first student.
    """
    key = slots.person * count + schools[slots.student]
    shared = keyed_uniform(key, _SHARED_KEY) < rates.guardian_shared_by_siblings
    unshared = -1 - np.arange(len(key))
    _, first, inverse = np.unique(np.where(shared, key, unshared), return_index=True, return_inverse=True)
    order = np.empty(len(first), dtype=np.int64)
    order[np.argsort(first, kind="stable")] = np.arange(len(first))
    return order[inverse]

"""Who is on the rolls: pupils and students of the covered communes, teachers, and the people in the slots for guardians."""

from dataclasses import dataclass

import numpy as np

from benchmarks.independent import assumptions as rates
from benchmarks.independent.families import People
from benchmarks.independent.places import drawn
from benchmarks.independent.population import Batch
from benchmarks.independent.schools import Schools

RELATIONS = (("father", "mother", "guardian"), ("bố", "mẹ", "người giám hộ"), ("Cha", "Mẹ", "Giám hộ"))


@dataclass(frozen=True)
class Roll:
    """One row per record: the person, the school; `twice` marks a person's second record."""

    person: np.ndarray
    school: np.ndarray
    grade: np.ndarray
    twice: np.ndarray


@dataclass(frozen=True)
class GuardianRoll:
    """One row per record of a guardian, and one row per link of a student's record with one."""

    person: np.ndarray
    school: np.ndarray
    mistaken: np.ndarray
    """Error by name where somebody else stands in a parent's slot, else empty."""
    link_student: np.ndarray
    link_guardian: np.ndarray
    link_slot: np.ndarray


def _enrolled(rng: np.random.Generator, age: np.ndarray) -> np.ndarray:
    chance = np.zeros(len(age))
    for low, high, share in (
        (3, 6, rates.IN_KINDERGARTEN),
        (6, 15, 1.0),
        (15, 18, rates.IN_UPPER_SECONDARY),
        (18, 23, rates.IN_HIGHER_EDUCATION),
    ):
        chance[(age >= low) & (age < high)] = share
    return rng.random(len(age)) < chance


def _school_age(people: People) -> np.ndarray:
    """Age reached in the calendar year."""
    return rates.TODAY.year - people.year


def student_roll(
    rng: np.random.Generator, batch: Batch, schools: Schools, size: int, profile: rates.Profile
) -> Roll:
    """Pupils and students, so many records; those of covered communes first."""
    age = _school_age(batch.people)
    enrolled = np.flatnonzero(_enrolled(rng, age))
    order = np.lexsort((rng.random(len(enrolled)), schools.distance[batch.people.home[enrolled]]))
    once = min(len(enrolled), size - int(size * profile.twice))
    person = enrolled[order[:once]]
    # whole families of a commune are on the roll together
    person = _with_siblings(rng, batch.people, person, enrolled)
    level = _level(rng, age[person])
    school = schools.near(rng, batch.people.home[person], level)
    again = rng.permutation(len(person))[: size - len(person)]
    elsewhere = schools.near(rng, batch.people.home[person[again]], level[again], spread=6)
    person, school = np.concatenate([person, person[again]]), np.concatenate([school, elsewhere])
    return Roll(
        person,
        school,
        _grade(age[person], schools.level[school]),
        np.arange(len(person)) >= len(person) - len(again),
    )


def _with_siblings(
    rng: np.random.Generator, people: People, person: np.ndarray, enrolled: np.ndarray
) -> np.ndarray:
    """Some single pupils give their place to brothers and sisters of others."""
    chosen = np.zeros(len(people), bool)
    chosen[person] = True
    families = np.unique(people.couple[person])
    others = enrolled[~chosen[enrolled] & np.isin(people.couple[enrolled], families)]
    others = others[rng.random(len(others)) < 0.8][: len(person) // 4]
    return np.concatenate([person[: len(person) - len(others)], others])


def _level(rng: np.random.Generator, age: np.ndarray) -> np.ndarray:
    level = np.searchsorted([6, 11, 15, 18], age, side="right")
    chance = rng.random(len(age))
    upper = np.where(chance < rates.IN_CONTINUING, 4, 3)
    return np.where(level == 3, upper, np.where(level == 4, np.where(chance < rates.IN_COLLEGE, 5, 6), level))


def _grade(age: np.ndarray, level: np.ndarray) -> np.ndarray:
    grade = np.where(level == 0, age, np.where(level < 5, age - 5, age - 17))
    text = grade.astype("U2").astype(object)
    return np.where(level == 0, text + " tuổi", np.where(level < 5, text, "Năm " + text))


def teacher_roll(
    rng: np.random.Generator, batch: Batch, schools: Schools, size: int, profile: rates.Profile
) -> Roll:
    """Teachers, managers and staff, so many records; `grade` holds the role."""
    people = batch.people
    age = people.age
    weight = np.interp(age, [21, 24, 30, 45, 58, 62], [0, 0.5, 1, 1, 0.6, 0]) * np.where(
        people.woman, rates.TEACHERS_WOMEN, 1 - rates.TEACHERS_WOMEN
    )
    weight *= np.where(schools.distance[people.home] < 2, 1.0, rates.TEACHERS_LIVE_ELSEWHERE)
    twice = int(size * profile.twice)
    person = np.unique(drawn(rng, np.cumsum(weight), 2 * size))
    person = rng.permutation(person)[: size - twice]
    again = rng.permutation(len(person))[: size - len(person)]
    person = np.concatenate([person, person[again]])
    level = drawn(rng, np.cumsum(rates.TEACHERS_BY_LEVEL), len(person))
    school = schools.near(rng, people.home[person], level, spread=4)
    roles = np.array(list(rates.ROLES), dtype=object)
    role = roles[drawn(rng, np.cumsum(list(rates.ROLES.values())), len(person))]
    return Roll(person, school, role, np.arange(len(person)) >= len(person) - len(again))


def guardian_roll(rng: np.random.Generator, batch: Batch, students: Roll) -> GuardianRoll:
    """The people in the slots for father, mother and guardian of each student's record."""
    people = batch.people
    size = len(students.person)
    father, mother = people.father[students.person], people.mother[students.person]
    partner = np.where(mother >= 0, people.partner[mother], -1)
    step = (partner >= 0) & (partner != father) & (rng.random(size) < rates.STEP_PARENT_AS_PARENT)
    slots = [np.where(step, partner, father), mother]
    wrong = [np.where(step, "step_parent", "").astype(object), np.full(size, "", object)]
    for side, parent in enumerate((father, mother)):
        line = people.father if side == 0 else people.mother
        older = np.where(parent >= 0, line[parent], -1)
        instead = (older >= 0) & (rng.random(size) < rates.GRANDPARENT_AS_PARENT)
        slots[side] = np.where(instead, older, slots[side])
        wrong[side] = np.where(instead, "grandparent_as_parent", wrong[side])
    given = [rng.random(size) < share for share in (rates.FATHER_GIVEN, rates.MOTHER_GIVEN)]
    slots = [np.where(given[side], slots[side], -1) for side in range(2)]
    lonely = (slots[0] < 0) & (slots[1] < 0)
    guardian = _grandparent(rng, people, father, mother)
    slots.append(
        np.where(
            rng.random(size)
            < np.where(lonely, rates.GRANDPARENT_WITHOUT_PARENTS, rates.GRANDPARENT_AS_GUARDIAN),
            guardian,
            -1,
        )
    )
    wrong.append(np.full(size, "", object))
    row = np.concatenate([np.flatnonzero(slot >= 0) for slot in slots])
    slot = np.concatenate([np.full(np.count_nonzero(s >= 0), number) for number, s in enumerate(slots)])
    person = np.concatenate([s[s >= 0] for s in slots])
    mistaken = np.concatenate([w[s >= 0] for w, s in zip(wrong, slots, strict=True)])
    alone = np.where(rng.random(len(row)) < rates.ONE_RECORD_FOR_SIBLINGS, 0, 1 + np.arange(len(row)))
    _, first, which = np.unique(
        np.stack([person, students.school[row], alone]), axis=1, return_index=True, return_inverse=True
    )
    # a grandfather who stands in for the father is not the guardian as well
    once = np.sort(np.unique(row * len(row) + which.ravel(), return_index=True)[1])
    return GuardianRoll(
        person=person[first],
        school=students.school[row[first]],
        mistaken=mistaken[first],
        link_student=row[once],
        link_guardian=which.ravel()[once],
        link_slot=slot[once],
    )


def _grandparent(
    rng: np.random.Generator, people: People, father: np.ndarray, mother: np.ndarray
) -> np.ndarray:
    """One of the four, where there is one."""
    found = np.full(len(father), -1)
    for number in rng.permutation(4):
        parent, line = (father, mother)[number // 2], (people.father, people.mother)[number % 2]
        older = np.where(parent >= 0, line[parent], -1)
        found = np.where(found < 0, older, found)
    return found


def absent_people(
    rng: np.random.Generator, batch: Batch, on_rolls: list[np.ndarray], size: int, near: int
) -> np.ndarray:
    """Who of the people on the rolls is not in the registry.

    Args:
        rng: Of this batch.
        batch: Its people.
        on_rolls: Persons of the students', teachers' and guardians' records.
        size: How many, at most.
        near: How many of them are twins, namesakes or siblings of people who are in it.
    """
    absent = np.zeros(len(batch.people), bool)
    everybody = np.unique(np.concatenate(on_rolls))
    for share, candidates in zip(
        rates.NEAR_SHARES.values(), _near_somebody(batch, everybody, np.unique(on_rolls[0])), strict=True
    ):
        absent[rng.permutation(candidates)[: int(near * share)]] = True
    rest = everybody[~absent[everybody]]
    absent[rng.permutation(rest)[: max(0, size - int(absent.sum()))]] = True
    return absent


def _near_somebody(
    batch: Batch, everybody: np.ndarray, students: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Students with a twin (the second of both), people with a namesake of their year, students with a sibling."""
    people = batch.people
    twins = students[people.twin[students] >= 0]
    twins = twins[twins > people.twin[twins]]
    rows = batch.words.astype(np.int64) + 1
    key = ((rows[:, 0] * 8192 + rows[:, 1]) * 8192 + rows[:, 2]) * 8192 + rows[:, 3]
    key = (key * 256 + people.year % 256) * 2 + people.woman
    _, which, count = np.unique(key, return_inverse=True, return_counts=True)
    namesakes = everybody[count[which[everybody]] > 1]
    _, which, count = np.unique(people.couple, return_inverse=True, return_counts=True)
    siblings = students[count[which[students]] > 1]
    return twins, namesakes, siblings

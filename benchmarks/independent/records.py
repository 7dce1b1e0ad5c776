"""Records as the schools would have them if nobody ever erred, in each school's own way of writing."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.independent import assumptions as rates
from benchmarks.independent.families import year_of
from benchmarks.independent.places import Places, drawn, short_names
from benchmarks.independent.population import Batch, new_year
from benchmarks.independent.rolls import GuardianRoll, Roll
from benchmarks.independent.schools import Schools

EPOCH = np.datetime64("1970-01-01", "D")
NO_DATE, YEAR, DAY = range(3)


@dataclass(frozen=True)
class World:
    """What records are made from."""

    batch: Batch
    schools: Schools
    places: Places


@dataclass
class Records:
    """Records of one kind in one batch; texts are NumPy objects with None for an empty cell."""

    kind: str
    record_id: np.ndarray
    person: np.ndarray
    school: np.ndarray
    name: np.ndarray
    born: np.ndarray
    """Days since 1970."""
    known: np.ndarray
    """NO_DATE, YEAR or DAY."""
    date_style: np.ndarray
    """A format, or a key of `dates`."""
    gender: np.ndarray
    birth_place: np.ndarray
    nationality: np.ndarray
    number: np.ndarray
    province: np.ndarray
    commune: np.ndarray
    phone: np.ndarray
    errors: list[tuple[np.ndarray, str, str]] = field(default_factory=list)
    """Rows, field, error."""

    def __len__(self) -> int:
        return len(self.person)

    def note(self, rows: np.ndarray, column: str, error: str) -> None:
        """Remember that these rows carry an error."""
        if len(rows):
            self.errors.append((rows, column, error))


def taken(texts: pa.Array, rows: np.ndarray) -> np.ndarray:
    """Texts of these rows as NumPy objects."""
    return texts.take(pa.array(rows)).to_numpy(zero_copy_only=False).astype(object)


def numbered(prefix: str, digits: int, number: int, batches: int, size: int) -> np.ndarray:
    """Record IDs that don't tell the order, different in every batch."""
    serial = (10**digits // batches * number + np.arange(size)) * 7_654_319 % 10**digits
    return np.char.add(prefix, np.char.zfill(serial.astype("U12"), digits)).astype(object)


def student_records(rng: np.random.Generator, world: World, roll: Roll, ids: np.ndarray) -> Records:
    """Students: date and gender known, places mostly as codes, a number for some."""
    limits = [age for age, _ in rates.WITH_NUMBER_BY_AGE]
    shares = np.array([share for _, share in rates.WITH_NUMBER_BY_AGE] + [rates.WITH_NUMBER_BY_AGE[-1][1]])
    share = shares[np.searchsorted(limits, world.batch.people.age[roll.person], side="right")]
    records = _person_records(rng, "student", world, roll, ids)
    records.number = _numbers(rng, world.batch, roll.person, share, 0.0)
    return records


def teacher_records(rng: np.random.Generator, world: World, roll: Roll, ids: np.ndarray) -> Records:
    """Teachers: most with a number, some still with the one of 9 digits; places as words."""
    records = _person_records(rng, "teacher", world, roll, ids)
    share = rates.TEACHERS_WITH_NUMBER
    records.number = _numbers(rng, world.batch, roll.person, share, rates.TEACHERS_WITH_FORMER)
    return records


def guardian_records(rng: np.random.Generator, world: World, roll: GuardianRoll, ids: np.ndarray) -> Records:
    """Guardians: a name, mostly a year, a phone."""
    size = len(roll.person)
    records = _person_records(rng, "guardian", world, roll, ids)
    records.known = np.array([DAY, YEAR, NO_DATE])[drawn(rng, np.cumsum(rates.GUARDIAN_BIRTH), size)]
    records.gender[rng.random(size) >= rates.GUARDIAN_GENDER] = None
    bare = rng.random(size) >= rates.GUARDIAN_ADDRESS
    records.birth_place[rng.random(size) >= rates.GUARDIAN_BIRTH_PLACE] = None
    records.province[bare] = records.commune[bare] = None
    share = rates.GUARDIANS_WITH_NUMBER
    records.number = _numbers(rng, world.batch, roll.person, share, rates.GUARDIANS_WITH_FORMER)
    phones = np.char.add("010", np.char.zfill(rng.integers(0, 10**7, size).astype("U7"), 7)).astype(object)
    records.phone[:] = np.where(rng.random(size) < rates.GUARDIAN_PHONE, phones, None)
    return records


def _person_records(
    rng: np.random.Generator, kind: str, world: World, roll: Roll | GuardianRoll, ids: np.ndarray
) -> Records:
    person, school = roll.person, roll.school
    people, places, schools = world.batch.people, world.places, world.schools
    style = (schools.teacher_place if kind == "teacher" else schools.place)[school]
    size = len(person)
    empty = np.full(size, None, object)
    year_only = world.batch.year_only[person]
    known = np.where(year_only & (rng.random(size) < rates.YEAR_ONLY_TYPED_AS_YEAR), YEAR, DAY)
    # of those whose day nobody knows most papers say 1 January
    default = year_only & (rng.random(size) < rates.YEAR_ONLY_TYPED_AS_JANUARY)
    born = np.where(default, new_year(year_of(people.born[person])), people.born[person])
    native = np.where(rng.random(size) < rates.NATIONALITY_TYPED, "Việt Nam", empty).astype(object)
    return Records(
        kind=kind,
        record_id=ids,
        person=person,
        school=school,
        name=_names(world.batch, person, schools.case[school]),
        born=born,
        known=known,
        date_style=schools.dates[school].copy(),
        gender=_genders(people.woman[person], schools.gender[school]),
        birth_place=_placed(style, people.birth_place[person], places.province, places.old_province_name),
        nationality=native,
        number=empty.copy(),
        province=_placed(style, people.home[person], places.province, places.province_name),
        commune=_placed(style, people.home[person], places.code, places.name),
        phone=empty.copy(),
    )


def _names(batch: Batch, person: np.ndarray, case: np.ndarray) -> np.ndarray:
    names = taken(batch.name, person)
    changes: dict[str, Callable[[str], str]] = {
        "upper": str.upper,
        "lower": str.lower,
        "decomposed": _decomposed,
    }
    for style, change in changes.items():
        for row in np.flatnonzero(case == style):
            names[row] = change(names[row])
    return names


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _genders(woman: np.ndarray, style: np.ndarray) -> np.ndarray:
    found = np.empty(len(woman), object)
    for words in np.unique(style.astype(str)):
        men, women = words.split("|")
        found = np.where(style == words, np.where(woman, women, men), found)
    return found


def _placed(style: np.ndarray, where: np.ndarray, codes: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Codes of the catalogue of 2025, or names with or without the kind of unit."""
    return np.where(
        style == "code", codes[where], np.where(style == "name", names[where], short_names(names)[where])
    ).astype(object)


def _numbers(
    rng: np.random.Generator, batch: Batch, person: np.ndarray, share: float | np.ndarray, former: float
) -> np.ndarray:
    """The current number, a cancelled one, or a 9-digit one, for a share of them."""
    size = len(person)
    current, old, nine = (
        taken(column, person) for column in (batch.personal_id, batch.superseded, batch.former)
    )
    numbers = np.where(
        pc.is_valid(batch.superseded).to_numpy(zero_copy_only=False)[person]
        & (rng.random(size) < rates.CANCELLED_NUMBER_KEPT),
        old,
        current,
    )
    has_nine = np.array([text is not None for text in nine], bool)
    numbers = np.where(has_nine & (rng.random(size) < former), nine, numbers)
    return np.where(rng.random(size) < share, numbers, None).astype(object)


def dates(records: Records) -> np.ndarray:
    """Birth dates as typed."""
    day = EPOCH + records.born
    texts = np.full(len(records), None, object)
    year = (day.astype("datetime64[Y]").astype(np.int64) + 1970).astype("U4").astype(object)
    only = records.known == YEAR
    texts[only] = year[only]
    whole = records.known == DAY
    for style in set(records.date_style[whole]):
        rows = np.flatnonzero(whole & (records.date_style == style))
        texts[rows] = _written(style, day[rows])
    return texts


def _written(style: str, day: np.ndarray) -> np.ndarray:
    if style == "serial":
        return (day - np.datetime64("1899-12-30", "D")).astype(np.int64).astype("U6").astype(object)
    format_ = {"d/m/Y": "%d/%m/%Y", "words": "%d tháng %m năm %Y"}.get(style, style)
    texts = pc.strftime(pa.array(day.astype("datetime64[s]")), format=format_).to_numpy(zero_copy_only=False)
    if style == "d/m/Y":
        return np.array([f"{int(text[:2])}/{int(text[3:5])}/{text[6:]}" for text in texts], object)
    return np.array([f"Ngày {text}" for text in texts], object) if style == "words" else texts.astype(object)

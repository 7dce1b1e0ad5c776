"""The catalogue of errors: each changes some rows of the records and says in which rows it could be made."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

import numpy as np

from benchmarks.independent import assumptions as rates
from benchmarks.independent.families import year_of
from benchmarks.independent.names import Names, cohort_of
from benchmarks.independent.peoples import KINH
from benchmarks.independent.places import Places
from benchmarks.independent.population import Batch
from benchmarks.independent.records import DAY, EPOCH, NO_DATE, YEAR, Records, taken
from benchmarks.independent.slips_in_names import NAME_SLIPS
from benchmarks.independent.slips_in_numbers import NUMBER_SLIPS, PLACEHOLDERS


@dataclass(frozen=True)
class Scene:
    """What a slip may look at."""

    batch: Batch
    places: Places
    names: Names
    rng: np.random.Generator
    rnd: Random
    sibling: np.ndarray
    """For each person a brother or sister who is no twin, or -1."""


Slip = Callable[[Scene, Records, np.ndarray], np.ndarray]
"""Scene, records and rows in; out, for each row, whether the error was made."""


def make_scene(seed: list[int], batch: Batch, places: Places, names: Names) -> Scene:
    """A scene with sources of chance of its own."""
    rng = np.random.default_rng(seed)
    return Scene(batch, places, names, rng, Random(int(rng.integers(1 << 62))), _siblings(batch))


def _siblings(batch: Batch) -> np.ndarray:
    couple, twin = batch.people.couple, batch.people.twin
    order = np.argsort(couple, kind="stable")
    sibling = np.full(len(couple), -1)
    for one, other in ((order[:-1], order[1:]), (order[1:], order[:-1])):
        same = (couple[one] == couple[other]) & (twin[one] != other)
        sibling[one[same]] = other[same]
    return sibling


def _texts(
    column: str, slip: Callable[[str, Random], str | None], scene: Scene, records: Records, rows: np.ndarray
) -> np.ndarray:
    """A slip of text in one column."""
    made = np.zeros(len(rows), bool)
    cells = getattr(records, column)
    for i, row in enumerate(rows.tolist()):
        if cells[row]:
            changed = slip(cells[row], scene.rnd)
            if changed is not None and changed != cells[row]:
                cells[row], made[i] = changed, True
    return made


def _put(cells: np.ndarray, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Put values where there are any and they differ."""
    made = np.array(
        [new is not None and new != old for new, old in zip(values, cells[rows], strict=True)], bool
    )
    cells[rows[made]] = values[made]
    return made


# names


def _other_given(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    """The given name before a change of name."""
    people = scene.batch.people
    who = records.person[rows]
    given = scene.names.given(
        scene.rng, people.people[who], people.woman[who].astype(int), cohort_of(year_of(people.born[who]))
    )
    texts = [scene.names.vocabulary.texts[number] for number in given]
    new = np.array(
        [f"{name.rpartition(' ')[0]} {text}" for name, text in zip(records.name[rows], texts, strict=True)],
        object,
    )
    new[people.people[who] != KINH] = None
    return _put(records.name, rows, new)


def _mothers_family(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    """The family name after the mother."""
    people = scene.batch.people
    who = records.person[rows]
    family = people.mothers_family[who]
    fits = (family >= 0) & (people.people[who] == KINH) & (family != people.family[who])
    texts = scene.names.vocabulary.texts
    new = [
        f"{texts[f]} {name.partition(' ')[2]}" if ok else None
        for f, name, ok in zip(family, records.name[rows], fits, strict=True)
    ]
    return _put(records.name, rows, np.array(new, object))


def _guardian_in_name(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    """A parent's name in the place of the child's."""
    parent = _parent(scene, records, rows)
    return _put(records.name, rows, _of_persons(scene.batch.name, parent))


# numbers


def _parent(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    people, who = scene.batch.people, records.person[rows]
    father, mother = people.father[who], people.mother[who]
    return np.where((scene.rng.random(len(rows)) < 0.55) & (father >= 0), father, mother)


def _of_persons(texts, persons: np.ndarray) -> np.ndarray:
    found = taken(texts, np.maximum(persons, 0))
    found[persons < 0] = None
    return found


def _parents_number(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    return _put(records.number, rows, _of_persons(scene.batch.personal_id, _parent(scene, records, rows)))


def _relatives_number(which: str, scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    people, who = scene.batch.people, records.person[rows]
    relative = {"sibling": scene.sibling, "twin": people.twin, "spouse": people.partner}[which][who]
    return _put(records.number, rows, _of_persons(scene.batch.personal_id, relative))


def _neighbours_number(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    """The next row's."""
    beside = records.person[(rows + 1) % len(records)]
    beside = np.where(beside == records.person[rows], -1, beside)
    return _put(records.number, rows, _of_persons(scene.batch.personal_id, beside))


def _placeholder_number(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    return _put(records.number, rows, scene.rng.choice(np.array(PLACEHOLDERS, object), len(rows)))


def _record_id_as_number(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    return _put(records.number, rows, records.record_id[rows])


def _phone_as_number(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    phones = [f"010{number:07d}" for number in scene.rng.integers(0, 10**7, len(rows))]
    return _put(records.number, rows, np.array(phones, object))


# dates


def _parts(born: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    day = EPOCH + born
    month = day.astype("datetime64[M]")
    year = day.astype("datetime64[Y]").astype(np.int64) + 1970
    return year, month.astype(np.int64) % 12 + 1, (day - month.astype("datetime64[D]")).astype(np.int64) + 1


def _days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Days since 1970; a day that the month hasn't becomes its last but few."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    return (months.astype("datetime64[D]") - EPOCH).astype(np.int64) + np.minimum(day, length) - 1


def _moved_date(change: Callable[[Scene, np.ndarray, np.ndarray, np.ndarray], tuple], year_too: bool,
                scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:  # fmt: skip
    """Another date from year, month and day; `year_too` when it shows in a bare year."""
    new = _days(*change(scene, *_parts(records.born[rows])))
    made = (new != records.born[rows]) & (
        (records.known[rows] == DAY) | (year_too & (records.known[rows] == YEAR))
    )
    records.born[rows[made]] = new[made]
    return made


def _swapped(scene, year, month, day):
    fits = day <= 12
    return year, np.where(fits, day, month), np.where(fits, month, day)


def _year_near(scene, year, month, day):
    return year + scene.rng.choice([-1, 1, -1, 1, -1, 1, 2, -2], len(year)), month, day


def _year_decade(scene, year, month, day):
    turned = year // 100 * 100 + year % 10 * 10 + year // 10 % 10
    shifted = year + np.where(year + 10 > rates.TODAY.year, -10, scene.rng.choice([-10, 10], len(year)))
    past = (scene.rng.random(len(year)) < 0.35) & (turned <= rates.TODAY.year)
    return np.where(past, turned, shifted), month, day


def _january(scene, year, month, day):
    return year, month * 0 + 1, day * 0 + 1


def _day_slip(scene, year, month, day):
    new = day + scene.rng.choice([-1, 1, -10, 10, -2, 2], len(day))
    return (
        year,
        month,
        np.where((new < 1) | (new > 28), np.where(day > 10, day % 10 + (day % 10 == 0), day + 1), new),
    )


def _month_slip(scene, year, month, day):
    new = month + scene.rng.choice([-1, 1, -1, 1, 10, -10], len(month))
    return year, np.where((new < 1) | (new > 12), month % 12 + 1, new), day


def _year_of_entry(scene, year, month, day):
    return np.full(len(year), rates.TODAY.year) - scene.rng.integers(0, 3, len(year)), month, day


def _lunar_date(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    """By the lunar calendar: three to seven weeks earlier."""
    made = records.known[rows] == DAY
    records.born[rows[made]] -= scene.rng.integers(20, 51, int(made.sum()))
    return made


def _siblings_date(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    other = scene.sibling[records.person[rows]]
    made = (other >= 0) & (records.known[rows] == DAY)
    records.born[rows[made]] = scene.batch.people.born[other[made]]
    return made


def _date_style(style: str, scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    made = (records.known[rows] == DAY) & (records.date_style[rows] != style)
    records.date_style[rows[made]] = style
    return made


def _date_left_out(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    made = records.known[rows] == DAY
    records.known[rows[made]] = np.where(scene.rng.random(int(made.sum())) < 0.6, YEAR, NO_DATE)
    return made


# gender and places


def _gender_slip(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    other = {"Nam": "Nữ", "nam": "nữ", "NAM": "NỮ"}
    other |= {woman: man for man, woman in other.items()} | {"Nu": "Nam"}
    return _put(records.gender, rows, np.array([other.get(text) for text in records.gender[rows]], object))


def _left_out(columns: tuple[str, ...], scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    made = np.zeros(len(rows), bool)
    for column in columns:
        cells = getattr(records, column)
        made |= np.array([cell is not None for cell in cells[rows]], bool)
        cells[rows] = None
    return made


def _home(scene: Scene, records: Records, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where they live, and whether the cell holds a code."""
    coded = np.array([cell is not None and cell.isdigit() for cell in records.commune[rows]], bool)
    return scene.batch.people.home[records.person[rows]], coded


def _where_given(cells: np.ndarray, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    return _put(cells, rows, np.where([cell is None for cell in cells[rows]], None, values))


def _old_commune(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    """The commune of before July 2025."""
    home, coded = _home(scene, records, rows)
    named = (
        scene.places.old_name[home]
        + np.where(scene.rng.random(len(rows)) < 0.5, ", ", " - ").astype(object)
        + scene.places.district[home]
    )
    return _where_given(records.commune, rows, np.where(coded, scene.places.old_code[home], named))


def _district_as_commune(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    home, _ = _home(scene, records, rows)
    return _where_given(records.commune, rows, scene.places.district[home])


def _address_in_words(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    home, _ = _home(scene, records, rows)
    part = scene.rng.choice(np.array(["Thôn ", "Ấp ", "Tổ dân phố ", "Xóm ", "Số nhà "], object), len(rows))
    number = scene.rng.integers(1, 30, len(rows)).astype("U3").astype(object)
    places = scene.places
    address = (
        part
        + number
        + ", "
        + places.old_name[home]
        + ", "
        + places.district[home]
        + ", "
        + places.old_province_name[home]
    )
    return _put(records.commune, rows, address)


def _old_province(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    """The province of before July 2025, by code or name: of residence or, as a code, of birth."""
    people, places = scene.batch.people, scene.places
    home, coded = _home(scene, records, rows)
    old_codes = np.array([code[1:] for code in places.old_province], object)
    made = _where_given(
        records.province, rows, np.where(coded, old_codes[home], places.old_province_name[home])
    )
    birth = people.birth_place[records.person[rows]]
    return made | _where_given(
        records.birth_place, rows, np.where(coded, old_codes[birth], places.old_province_name[birth])
    )


def _home_as_birth_place(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    return _where_given(records.birth_place, rows, records.province[rows])


def _hospital(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    birth = scene.batch.people.birth_place[records.person[rows]]
    return _where_given(records.birth_place, rows, "Bệnh viện Phụ sản " + scene.places.district[birth])


def _lived_elsewhere(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    """The address of before a move."""
    home, coded = _home(scene, records, rows)
    before = np.where(
        scene.rng.random(len(rows)) < 0.6,
        scene.places.near(scene.rng, home),
        scene.places.lived_in(scene.rng, len(rows)),
    )
    made = _where_given(
        records.commune, rows, np.where(coded, scene.places.code[before], scene.places.name[before])
    )
    _put(
        records.province,
        rows[made],
        np.where(coded, scene.places.province[before], scene.places.province_name[before])[made],
    )
    return made


NAME, NUMBER, DATE, GENDER, BIRTH_PLACE, PROVINCE, COMMUNE = (
    "full_name", "claimed_id", "birth_date", "gender", "birth_place", "residence_province", "residence_commune",
)  # fmt: skip


def _moved(change, year_too: bool = False) -> tuple[str, Slip]:
    return DATE, partial(_moved_date, change, year_too)


CATALOGUE: dict[str, tuple[str, Slip]] = {
    **{name: (NAME, partial(_texts, "name", slip)) for name, slip in NAME_SLIPS.items()},
    "other_given": (NAME, _other_given), "mothers_family": (NAME, _mothers_family), "guardian_in_name": (NAME, _guardian_in_name),
    **{name: (NUMBER, partial(_texts, "number", slip)) for name, slip in NUMBER_SLIPS.items()},
    "parents_number": (NUMBER, _parents_number),
    **{f"{who}s_number": (NUMBER, partial(_relatives_number, who)) for who in ("sibling", "twin", "spouse")},
    "neighbours_number": (NUMBER, _neighbours_number), "placeholder_number": (NUMBER, _placeholder_number),
    "record_id_as_number": (NUMBER, _record_id_as_number), "phone_as_number": (NUMBER, _phone_as_number),
    "day_month_swapped": _moved(_swapped), "year_near": _moved(_year_near, True), "year_decade": _moved(_year_decade, True),
    "first_of_january": _moved(_january), "day_slip": _moved(_day_slip), "month_slip": _moved(_month_slip),
    "year_of_entry": _moved(_year_of_entry, True), "lunar_date": (DATE, _lunar_date), "siblings_date": (DATE, _siblings_date),
    "serial_date": (DATE, partial(_date_style, "serial")), "two_digit_year": (DATE, partial(_date_style, "%d/%m/%y")),
    "date_in_words": (DATE, partial(_date_style, "words")), "date_run_together": (DATE, partial(_date_style, "%d%m%Y")),
    "date_left_out": (DATE, _date_left_out),
    "gender_slip": (GENDER, _gender_slip), "gender_left_out": (GENDER, partial(_left_out, ("gender",))),
    "old_commune": (COMMUNE, _old_commune), "address_in_words": (COMMUNE, _address_in_words), "district_as_commune": (COMMUNE, _district_as_commune),
    "old_province": (PROVINCE, _old_province), "home_as_birth_place": (BIRTH_PLACE, _home_as_birth_place), "hospital": (BIRTH_PLACE, _hospital),
    "place_left_out": (PROVINCE, partial(_left_out, ("province", "commune"))), "lived_elsewhere": (COMMUNE, _lived_elsewhere),
}  # fmt: skip
"""Error → the field it is in and how it is made."""

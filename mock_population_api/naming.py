"""Names by cohort, gender, region and group, as whole columns.

A name is a row of `SLOTS` positions in one vocabulary, -1 where a slot is empty; joining the words gives the text. So a
child can take over the father's family name, a twin the middle words, and nothing is split out of a text again.
"""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mock_population_api.assumptions import Curve, PeopleAssumptions
from mock_population_api.draws import Floats, Ints, Weighted, keyed_uniform
from mock_population_api.geography import REGIONS, read_reference
from mock_population_api.name_words import VOCABULARY, Shape, group_names, neighbours

Bools = npt.NDArray[np.bool_]

SLOTS = 5
NOTHING = -1
KINH = 0

_COHORT_STARTS = (1960, 1985, 2005)
_GENERAL = ("born_to_1959", "born_1960_1984", "born_1985_2004", "born_from_2005")
_MIDDLE_KEY, _MIDDLE_SHARED_KEY = 11, 12


@dataclass(frozen=True)
class Traits:
    """What a name depends on; columns of one length."""

    female: Bools
    year: Ints
    region: Ints
    group: Ints
    family: Ints
    """Word of the family or clan name, -1 in groups that have none."""
    mothers_family: Ints
    sibship: Ints
    """The same for siblings, else different."""


def curve_at(curve: Curve, years: Ints) -> Floats:
    """A curve of the assumptions at these years."""
    return np.interp(years, [year for year, _ in curve], [value for _, value in curve])


@functools.cache
def _family_names() -> tuple[Weighted, ...]:
    rows = read_reference("family_names.csv")
    words = [VOCABULARY.position(row["name"]) for row in rows]
    return tuple(Weighted.of(words, [float(row[region]) for row in rows]) for region in REGIONS)


@functools.cache
def _clans() -> tuple[Weighted | None, ...]:
    found: list[Weighted | None] = []
    for row in read_reference("ethnic_groups.csv"):
        words = [VOCABULARY.position(clan) for clan in row["clans"].split("|") if clan]
        found.append(Weighted.of(words, np.ones(len(words))) if words else None)
    return tuple(found)


@functools.cache
def _given_names() -> dict[tuple[bool, int], Weighted]:
    rows = read_reference("given_names.csv")
    tables = {}
    for female, letter in ((False, "M"), (True, "F")):
        mine = [row for row in rows if row["gender"] == letter]
        words = [VOCABULARY.position(row["name"]) for row in mine]
        for cohort, column in enumerate(_GENERAL):
            tables[female, cohort] = Weighted.of(words, [float(row[column]) for row in mine])
    return tables


@functools.cache
def _middle_names() -> dict[bool, Weighted]:
    rows = read_reference("middle_names.csv")
    tables = {}
    for female, letter in ((False, "M"), (True, "F")):
        mine = [row for row in rows if row["gender"] == letter]
        words = [VOCABULARY.position(row["name"]) for row in mine]
        tables[female] = Weighted.of(words, [float(row["weight"]) for row in mine])
    return tables


def founders_family(region: Ints, group: Ints, rng: np.random.Generator) -> Ints:
    """Family or clan names of people without known parents."""
    points = rng.random(len(region))
    family = np.full(len(region), NOTHING)
    for position, table in enumerate(_family_names()):
        mine = (region == position) & (group == KINH)
        family[mine] = table.at(points[mine])
    for position, clans in enumerate(_clans()):
        if clans is not None:
            mine = group == position
            family[mine] = clans.at(points[mine])
    return family


def childrens_family(group: Ints, fathers: Ints, mothers: Ints) -> Ints:
    """The father's family name, or the mother's where the group descends from mothers or no father is known."""
    from_mother = np.array([name.clan_from == "mother" for name in group_names()])[group]
    return np.where(from_mother | (fathers == NOTHING), mothers, fathers)


def _given(traits: Traits, rng: np.random.Generator) -> Ints:
    points = rng.random(len(traits.year))
    cohort = np.searchsorted(_COHORT_STARTS, traits.year, side="right")
    given = np.empty(len(points), dtype=np.int64)
    for (female, era), table in _given_names().items():
        mine = (traits.female == female) & (cohort == era)
        given[mine] = table.at(points[mine])
    return given


def _middle(traits: Traits, share: float, rng: np.random.Generator) -> Ints:
    """A middle word; siblings of one sex often have the same."""
    own = rng.random(len(traits.year))
    key = traits.sibship * 2 + traits.female
    shared = keyed_uniform(traits.sibship, _MIDDLE_SHARED_KEY) < share
    points = np.where(shared, keyed_uniform(key, _MIDDLE_KEY), own)
    middle = np.empty(len(points), dtype=np.int64)
    for female, table in _middle_names().items():
        mine = traits.female == female
        middle[mine] = table.at(points[mine])
    return middle


def _kinh_names(traits: Traits, rates: PeopleAssumptions, rng: np.random.Generator) -> Ints:
    count, year, female = len(traits.year), traits.year, traits.female
    marked = rng.random(count) < np.where(female, curve_at(rates.thi, year), curve_at(rates.van, year))
    long = rng.random(count) < np.where(
        female, curve_at(rates.four_words_women, year), curve_at(rates.four_words_men, year)
    )
    short = rng.random(count) < curve_at(rates.two_words, year)
    mothers = long & ~marked & (rng.random(count) < rates.mothers_name_as_middle)
    mothers &= (traits.mothers_family != NOTHING) & (traits.mothers_family != traits.family)
    given = _given(traits, rng)
    inner, outer = _middle(traits, rates.siblings_share_middle, rng), _middle(traits, 0.0, rng)
    mark = np.where(female, VOCABULARY.position("Thị"), VOCABULARY.position("Văn"))
    names = np.full((count, SLOTS), NOTHING)
    names[:, 0] = traits.family
    names[:, 1] = np.select(
        [short, marked, mothers, long], [NOTHING, mark, traits.mothers_family, outer], NOTHING
    )
    names[:, 2] = np.where(short | (marked & ~long), NOTHING, inner)
    names[:, 3] = given
    names[names[:, 2] == given, 2] = NOTHING
    names[names[:, 1] == names[:, 2], 1] = NOTHING
    return names


def _shaped_names(shape: Shape, family: Ints, rng: np.random.Generator) -> Ints:
    names = np.full((len(family), SLOTS), NOTHING)
    given = np.asarray(shape.given)[rng.integers(0, len(shape.given), len(family))]
    for slot, part in enumerate(shape.parts):
        names[:, slot] = {"clan": family, "given": given}.get(part, np.asarray(VOCABULARY.find(part)))
    return names


def draw_names(traits: Traits, rates: PeopleAssumptions, rng: np.random.Generator) -> Ints:
    """Names as `SLOTS` vocabulary positions a row."""
    names = _kinh_names(traits, rates, rng)
    for position, group in enumerate(group_names()):
        for female, shape in ((False, group.male), (True, group.female)):
            if shape is not None:
                mine = np.flatnonzero((traits.group == position) & (traits.female == female))
                names[mine] = _shaped_names(shape, traits.family[mine], rng)
    return names


def given_slot(names: Ints, group: Ints, female: Bools) -> Ints:
    """The given name of each row."""
    slots = np.full(len(names), 3)
    for position, kind in enumerate(group_names()):
        for is_female, shape in ((False, kind.male), (True, kind.female)):
            if shape is not None:
                slots[(group == position) & (female == is_female)] = shape.parts.index("given")
    given: Ints = names[np.arange(len(names)), slots]
    return given


def similar_given(given: Ints, points: Floats) -> Ints:
    """Another given name that looks or sounds like it: Quân, Quang; Anh, Ánh."""
    starts, others = neighbours()
    counts = starts[given + 1] - starts[given]
    picks = starts[given] + (points * np.maximum(counts, 1)).astype(np.int64)
    return np.where(counts > 0, others[np.minimum(picks, len(others) - 1)], given)


def as_text(names: Ints) -> pa.StringArray:
    """The names in words, joined by single spaces."""
    words = VOCABULARY.as_array()
    columns = [words.take(pa.array(column, mask=column < 0)) for column in names.T]
    return pc.binary_join_element_wise(*columns, " ", null_handling="skip")

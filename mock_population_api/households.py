"""Families with a life history: founders, their children, marriages, moves, births, deaths, down to today's pupils.

A generation is a set of whole columns. Couples have children; the children grow up, some move, they marry within their
province, and the couples have children in turn, until nobody is old enough. What is returned is everybody who ever
lived; who still has an entry is decided by `population`.
"""

from dataclasses import dataclass, fields
from datetime import date

import numpy as np
import numpy.typing as npt

from mock_population_api.assumptions import PeopleAssumptions
from mock_population_api.draws import Floats, Ints, Weighted, ranks_within
from mock_population_api.geography import geography, read_reference
from mock_population_api.name_words import group_names
from mock_population_api.naming import KINH, NOTHING, childrens_family, curve_at, founders_family

Bools = npt.NDArray[np.bool_]

NOBODY = -1
YEAR_DAYS = 365.25
_EPOCH_YEAR = 1970
_FOUNDING_MOTHERS = (1914, 1953)
_ADULT, _MOTHER_OLDEST, _FATHER_YOUNGEST = 19.0, 45.0, 17.0
_MOST_CHILDREN = 9
_LARGEST_AGE_GAP = 16.0
_CALENDAR = (1800, 2200)
_YEAR_STARTS = (
    (np.arange(*_CALENDAR) - _EPOCH_YEAR).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
)
_BETWEEN_BIRTHS = 1.1
_HUSBANDS_OLDER = 0.05
_GENERATIONS = 7
"""Rounds of births and marriages; the later ones are those who marry late."""


@dataclass
class People:
    """Columns of one length; mother, father and twin are positions in the same columns, -1 for nobody."""

    born: Ints
    """Days since 1970-01-01."""
    female: Bools
    mother: Ints
    father: Ints
    twin: Ints
    birth_province: Ints
    home: Ints
    """Province of residence, a position among the 63."""
    commune: Ints
    group: Ints
    family: Ints

    def __len__(self) -> int:
        return len(self.born)

    def years(self) -> Ints:
        """Year of birth."""
        return years_of(self.born)

    def joined(self, others: "People") -> "People":
        """Both, one after the other."""
        columns = (np.concatenate([getattr(self, f.name), getattr(others, f.name)]) for f in fields(self))
        return People(*columns)


@dataclass(frozen=True)
class Couples:
    """Positions of wives and their husbands, -1 where there is none."""

    wives: Ints
    husbands: Ints


def years_of(born: Ints) -> Ints:
    """The calendar year of each day, by guess and correction: numpy's own conversion is ten times slower."""
    guess = born * 400 // 146_097 + _EPOCH_YEAR - _CALENDAR[0]
    guess -= born < _YEAR_STARTS[guess]
    guess += born >= _YEAR_STARTS[guess + 1]
    years: Ints = guess + _CALENDAR[0]
    return years


def days(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(_EPOCH_YEAR, 1, 1)).days


def _first_day(years: Floats) -> Floats:
    day: Floats = (years - _EPOCH_YEAR) * YEAR_DAYS
    return day


def draw_groups(provinces: Ints, rng: np.random.Generator) -> Ints:
    """The group of a family that has always lived in the province."""
    codes, names = geography().province_codes, [group.name for group in group_names()]
    shares = np.zeros((len(codes), len(names)))
    for row in read_reference("ethnic_shares.csv"):
        shares[codes.index(row["province_code"]), names.index(row["group"])] = float(row["percent"]) / 100
    shares[:, KINH] = 1.0 - shares.sum(axis=1)
    cumulative = np.cumsum(shares, axis=1)[provinces]
    groups: Ints = np.minimum((rng.random(len(provinces))[:, None] >= cumulative).sum(axis=1), len(names) - 1)
    return groups


def newcomers(
    born: Ints, female: Bools, provinces: Ints, rng: np.random.Generator, groups: Ints | None = None
) -> People:
    """People without known parents, living where their families always have."""
    count = len(born)
    group = draw_groups(provinces, rng) if groups is None else groups
    nobody = np.full(count, NOBODY)
    return People(
        born=born,
        female=female,
        mother=nobody,
        father=nobody,
        twin=nobody,
        birth_province=provinces,
        home=provinces,
        commune=geography().draw_communes(provinces, rng),
        group=group,
        family=founders_family(geography().region[provinces], group, rng),
    )


def found(couples: int, weights: Floats, rng: np.random.Generator) -> tuple[People, Couples]:
    """The oldest generation, married, spread over the provinces by weight; wives first."""
    wives_born = _first_day(rng.uniform(*_FOUNDING_MOTHERS, couples))
    husbands_born = wives_born - rng.normal(2.5, 3.0, couples) * YEAR_DAYS
    provinces = Weighted.of(np.arange(len(weights)), weights).at(rng.random(couples))
    groups = draw_groups(provinces, rng)
    wives = newcomers(wives_born.astype(np.int64), np.ones(couples, dtype=bool), provinces, rng, groups)
    husbands = newcomers(
        husbands_born.astype(np.int64), np.zeros(couples, dtype=bool), provinces, rng, groups
    )
    husbands.home, husbands.commune = wives.home, wives.commune
    return wives.joined(husbands), Couples(np.arange(couples), np.arange(couples) + couples)


def bear(people: People, couples: Couples, rates: PeopleAssumptions, rng: np.random.Generator) -> People:
    """The children of the couples, born before the day of the extract."""
    wives = couples.wives
    mothers_year = people.years()[wives]
    counts = np.minimum(rng.poisson(curve_at(rates.children_by_mother, mothers_year)), _MOST_CHILDREN)
    couple = np.repeat(np.arange(len(wives)), counts)
    first_age = np.maximum(rng.normal(curve_at(rates.first_birth_age, mothers_year), 3.2), 16.5)
    gaps = np.where(
        ranks_within(couple) == 0, first_age[couple], _BETWEEN_BIRTHS + rng.gamma(2.0, 1.1, len(couple))
    )
    summed = np.cumsum(gaps)
    before = np.concatenate([[0.0], summed])[np.cumsum(counts) - counts]
    age = summed - before[couple]
    born = (people.born[wives][couple] + age * YEAR_DAYS).astype(np.int64)
    fathers = couples.husbands[couple]
    too_young = (fathers != NOBODY) & (born - people.born[fathers] < _FATHER_YOUNGEST * YEAR_DAYS)
    kept = (age < _MOTHER_OLDEST) & (born <= days(rates.as_of)) & ~too_young
    return _newborn(people, couples, couple[kept], born[kept], len(people), rates, rng)


def _newborn(
    people: People, couples: Couples, couple: Ints, born: Ints, base: int, rates: PeopleAssumptions, rng: np.random.Generator
) -> People:  # fmt: skip
    female = rng.random(len(couple)) < rates.born_female
    twin = np.flatnonzero(rng.random(len(couple)) < rates.twin_births)
    same = rng.random(len(twin)) < rates.twins_of_same_sex
    couple, born = np.concatenate([couple, couple[twin]]), np.concatenate([born, born[twin]])
    female = np.concatenate([female, np.where(same, female[twin], ~female[twin])])
    twin_of = np.concatenate([np.full(len(couple) - len(twin), NOBODY), twin + base])
    mother, father = couples.wives[couple], couples.husbands[couple]
    fathers_family = np.where(father == NOBODY, NOTHING, people.family[father])
    group = np.where(father == NOBODY, people.group[mother], people.group[father])
    at_origin = rng.random(len(couple)) < rates.born_at_mothers_origin
    return People(
        born=born,
        female=female,
        mother=mother,
        father=father,
        twin=twin_of,
        birth_province=np.where(at_origin, people.birth_province[mother], people.home[mother]),
        home=people.home[mother],
        commune=people.commune[mother],
        group=group,
        family=childrens_family(group, fathers_family, people.family[mother]),
    )


def move_out(people: People, adults: Ints, rates: PeopleAssumptions, rng: np.random.Generator) -> None:
    """Some of the adults move, in place: to another province, mostly a city, or to another commune."""
    chance = rng.random(len(adults))
    far = adults[chance < rates.migrates]
    pull = geography().pull
    people.home[far] = Weighted.of(np.arange(len(pull)), pull).at(rng.random(len(far)))
    moved = adults[chance < rates.migrates + rates.moves_within_province]
    people.commune[moved] = geography().draw_communes(people.home[moved], rng)


def marry(people: People, singles: Ints, rates: PeopleAssumptions, rng: np.random.Generator) -> Couples:
    """Women and men of one province, group and age; the wife moves in. Some women stay alone with children."""
    outside = rng.random(len(singles)) < rates.marries_outside_group
    market = people.home[singles] * 64 + np.where(outside, KINH, people.group[singles])
    order = np.lexsort((people.born[singles] + rng.normal(0.0, 500.0, len(singles)), market))
    singles, market = singles[order], market[order]
    women, men = (np.flatnonzero(people.female[singles] == sex) for sex in (True, False))
    rank_w, rank_m = ranks_within(market[women]), ranks_within(market[men])
    crowd = np.bincount(market, minlength=int(market.max(initial=0)) + 1)
    rank_m = rank_m - (crowd[market[men]] * _HUSBANDS_OLDER).astype(np.int64)
    key_w, key_m = market[women] * 2**32 + rank_w, market[men] * 2**32 + rank_m
    _, at_w, at_m = np.intersect1d(key_w, key_m, assume_unique=True, return_indices=True)
    wives, husbands = singles[women[at_w]], singles[men[at_m]]
    fit = np.abs(people.born[wives] - people.born[husbands]) < _LARGEST_AGE_GAP * YEAR_DAYS
    fit &= (people.mother[wives] != people.mother[husbands]) | (people.mother[wives] == NOBODY)
    wives, husbands = wives[fit], husbands[fit]
    people.home[wives], people.commune[wives] = people.home[husbands], people.commune[husbands]
    alone = np.setdiff1d(singles[women], wives)
    alone = alone[rng.random(len(alone)) < rates.single_mothers]
    return Couples(np.concatenate([wives, alone]), np.concatenate([husbands, np.full(len(alone), NOBODY)]))


def grow(couples: int, weights: Floats, rates: PeopleAssumptions, rng: np.random.Generator) -> People:
    """Everybody descended from that many founding couples, the founders first."""
    people, married = found(couples, weights, rng)
    free = np.zeros(0, dtype=np.int64)
    for _ in range(_GENERATIONS):
        start = len(people)
        people = people.joined(bear(people, married, rates, rng))
        children = np.arange(start, len(people))
        adults = children[people.born[children] < days(rates.as_of) - _ADULT * YEAR_DAYS]
        move_out(people, adults, rates, rng)
        singles = np.concatenate([free, adults])
        married = marry(people, singles, rates, rng)
        free = np.setdiff1d(singles, np.concatenate([married.wives, married.husbands]))
    return people


def death_days(people: People, rates: PeopleAssumptions, rng: np.random.Generator) -> Ints:
    """The day each dies, by Gompertz' law: most of them in the future."""
    rise, level = rates.mortality_rise, np.where(people.female, rates.mortality_women, rates.mortality_men)
    ages = np.log1p(-rise / level * np.log(rng.random(len(people)))) / rise
    return people.born + (ages * YEAR_DAYS).astype(np.int64)

"""Families over five generations: who married whom and when, whose children lived to be in the registry."""

from dataclasses import dataclass, fields

import numpy as np

from benchmarks.independent import assumptions as rates
from benchmarks.independent.names import Names
from benchmarks.independent.places import Places, drawn

YEAR = 365.25
_EPOCH = np.datetime64("1970-01-01", "D")
TODAY = int((np.datetime64(rates.TODAY, "D") - _EPOCH).astype(int))


def year_of(days: np.ndarray) -> np.ndarray:
    """Calendar years of days since 1970."""
    return (_EPOCH + days).astype("datetime64[Y]").astype(np.int64) + 1970


@dataclass
class People:
    """One row per person, days since 1970; -1 stands for nobody."""

    woman: np.ndarray
    born: np.ndarray
    father: np.ndarray
    mother: np.ndarray
    partner: np.ndarray
    birth_place: np.ndarray
    home: np.ndarray
    people: np.ndarray
    family: np.ndarray
    mothers_family: np.ndarray
    couple: np.ndarray
    """Of the parents; own number below -1 for founders."""
    twin: np.ndarray

    def __len__(self) -> int:
        return len(self.born)

    @property
    def year(self) -> np.ndarray:
        """Year of birth."""
        return year_of(self.born)

    @property
    def age(self) -> np.ndarray:
        """Whole years."""
        return ((TODAY - self.born) / YEAR).astype(np.int64)


def joined(parts: list[People]) -> People:
    """All rows of all parts."""
    return People(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(People)))


def kept(people: People, keep: np.ndarray) -> People:
    """The rows kept, references renumbered; to a person left out they become -1."""
    new = np.full(len(people) + 1, -1, np.int64)
    new[np.flatnonzero(keep)] = np.arange(np.count_nonzero(keep))
    found = {f.name: getattr(people, f.name)[keep] for f in fields(People)}
    for name in ("father", "mother", "partner", "twin"):
        found[name] = new[found[name]]
    return People(**found)


def founders(rng: np.random.Generator, size: int, years: np.ndarray, places: Places, names: Names) -> People:
    """People without parents in the world, born around the years given."""
    home = places.lived_in(rng, size)
    people = names.people_of(rng, home)
    woman = rng.random(size) < 0.5
    nobody = np.full(size, -1, np.int64)
    family, mothers = (names.founder_family(rng, people, home, woman) for _ in range(2))
    born = ((years - 1970) * YEAR + rng.random(size) * YEAR).astype(np.int64)
    own = -2 - np.arange(size)
    return People(woman, np.minimum(born, TODAY - 1), nobody, nobody.copy(), nobody.copy(), home, home.copy(), people,
                  family, mothers, own, nobody.copy())  # fmt: skip


@dataclass
class _Couples:
    husband: np.ndarray
    wife: np.ndarray
    start: np.ndarray
    home: np.ndarray
    births: np.ndarray


class World:
    """People as they are added, generation by generation."""

    def __init__(self, rng: np.random.Generator, places: Places, names: Names):
        self._rng, self._places, self._names = rng, places, names
        self._couples = 0

    def grow(self, size: int, generations: int = 5) -> People:
        """So many founders, and the families that came of them.

        Args:
            size: Founders of the oldest generation.
            generations: How many generations marry.
        """
        years = np.clip(self._rng.normal(*rates.FOUNDERS_BORN, size), 1915, 1966)
        people = founders(self._rng, size, years, self._places, self._names)
        unmarried = np.arange(size)
        for _ in range(generations):
            couples = self._marriages(people, unmarried)
            again = self._second_marriages(people, couples)
            before = len(people)
            children = self._children(people, couples, before)
            second = self._children(people, again, before + len(children))
            people = joined([people, children, second])
            single = unmarried[people.partner[unmarried] < 0]
            unmarried = np.concatenate(
                [single[people.born[single] > -20 * YEAR], np.arange(before, len(people))]
            )
        return people

    def _marriages(self, people: People, unmarried: np.ndarray) -> _Couples:
        """Husbands and wives of like age and people from one province, and mothers without husband."""
        rng = self._rng
        age = people.age[unmarried]
        chance = np.interp(age, *rates.WED_WOMEN)
        woman = people.woman[unmarried]
        chance = np.where(woman, chance, np.interp(age, *rates.WED_MEN))
        ready = rng.random(len(unmarried)) < np.where(age < 18, 0, chance)
        husbands, wives = unmarried[ready & ~woman], unmarried[ready & woman]
        husbands, wives = self._paired(people, husbands, wives)
        alone = np.setdiff1d(unmarried[ready & woman], wives, assume_unique=True)
        alone = alone[rng.random(len(alone)) < rates.SINGLE_MOTHERS]
        return self._settled(people, husbands, wives, alone)

    def _paired(self, people: People, men: np.ndarray, women: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As many of both in each group, in the order of age and some noise; no siblings, no great gaps."""
        rng = self._rng
        group = people.people * 64 + self._places.province_rank[people.home]
        for spread in (1, 0):
            # small peoples of a province may find nobody of their own there
            men, women = rng.permutation(men), rng.permutation(women)
            keys = [group[side] if spread else np.zeros(len(side), np.int64) for side in (men, women)]
            room = np.minimum(*(np.bincount(key, minlength=64 * 32) for key in keys))
            sides = []
            for side, key in zip((men, women), keys, strict=True):
                order = np.argsort(key, kind="stable")
                rank = np.arange(len(side)) - np.searchsorted(key[order], key[order])
                fits = order[rank < room[key[order]]]
                noisy = people.born[side[fits]] + rng.normal(0, 2.4 * YEAR, len(fits))
                sides.append(side[fits[np.lexsort((noisy, key[fits]))]])
            if len(men) > 50 or spread == 0:
                break
        husband, wife = sides
        gap = (people.born[husband] - people.born[wife]) / YEAR
        fit = (people.couple[husband] != people.couple[wife]) & (gap > -14) & (gap < 9)
        return husband[fit], wife[fit]

    def _settled(self, people: People, husband: np.ndarray, wife: np.ndarray, alone: np.ndarray) -> _Couples:
        """Where and when; both move there."""
        rng = self._rng
        count = len(husband) + len(alone)
        people.partner[husband], people.partner[wife] = wife, husband
        husband, wife = np.concatenate([husband, np.full(len(alone), -1)]), np.concatenate([wife, alone])
        home = people.home[np.where(husband >= 0, husband, wife)].copy()
        near, far = (share > rng.random(count) for share in rates.MOVED_ON_MARRIAGE)
        home[near] = self._places.near(rng, home[near])
        home[far] = self._places.moved_to(rng, int(far.sum()))
        people.home[wife] = home
        people.home[husband[husband >= 0]] = home[husband >= 0]
        start = people.born[wife] + (19 + rng.gamma(2.2, 2.1, count)) * YEAR
        his = np.where(husband >= 0, people.born[husband] + (20.5 + rng.exponential(1.0, count)) * YEAR, -1e6)
        start = np.maximum(start, his).astype(np.int64)
        births = np.zeros(count, np.int64)
        since, mothers_year = 0, year_of(people.born[wife])
        for until, shares in rates.BIRTHS:
            whose = (mothers_year >= since) & (mothers_year < until)
            births[whose] = drawn(rng, np.cumsum(shares), int(whose.sum()))
            since = until
        births[husband < 0] = 1
        return _Couples(husband, wife, start, home, births)

    def _second_marriages(self, people: People, couples: _Couples) -> _Couples:
        """Some couples part; the partners are wed anew among themselves."""
        rng = self._rng
        parted = np.flatnonzero(
            (couples.husband >= 0) & (rng.random(len(couples.wife)) < rates.SPLIT_COUPLES)
        )
        couples.births[parted] = np.minimum(couples.births[parted], 2)
        men = parted[rng.random(len(parted)) < rates.WED_AGAIN[0]]
        women = parted[rng.random(len(parted)) < rates.WED_AGAIN[1]]
        husband, wife = self._paired(people, couples.husband[men], couples.wife[women])
        ends = np.zeros(len(people), np.int64)
        for side in (couples.husband, couples.wife):
            ends[side[parted]] = couples.start[parted] + 6 * YEAR
        left = np.concatenate([couples.husband[parted], couples.wife[parted]])
        people.partner[left] = -1
        again = self._settled(people, husband, wife, np.empty(0, np.int64))
        again.start = np.maximum(ends[husband], ends[wife]) + (rng.random(len(husband)) * 5 * YEAR).astype(
            np.int64
        )
        again.births = rng.integers(0, 3, len(husband))
        return again

    def _children(self, people: People, couples: _Couples, first: int) -> People:
        """All births of the couples up to today, twins included."""
        rng = self._rng
        born = couples.start + (rng.gamma(2.5, 0.55, len(couples.wife)) + 0.6) * YEAR
        found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        count = first
        for birth in range(int(couples.births.max(initial=0))):
            mothers_age = (born - people.born[couples.wife]) / YEAR
            which = np.flatnonzero((couples.births > birth) & (born < TODAY) & (mothers_age < 45))
            twins = which[rng.random(len(which)) < rates.TWIN_BIRTHS]
            couple = np.concatenate([which, twins])
            twin = np.full(len(couple), -1)
            second = count + len(which) + np.arange(len(twins))
            older = np.searchsorted(which, twins)
            twin[older], twin[len(which) :] = second, count + older
            found.append((couple, born[couple].astype(np.int64), twin))
            count += len(couple)
            born = born + (1.3 + rng.gamma(2.0, 1.25, len(born))) * YEAR
        if not found:
            found = [(np.empty(0, np.int64),) * 3]
        couple, when, twin = (np.concatenate(part) for part in zip(*found, strict=True))
        return self._born(people, couples, couple, when, twin, first)

    def _born(
        self,
        people: People,
        couples: _Couples,
        couple: np.ndarray,
        when: np.ndarray,
        twin: np.ndarray,
        first: int,
    ) -> People:
        rng = self._rng
        father, mother, home = couples.husband[couple], couples.wife[couple], couples.home[couple]
        woman = rng.random(len(couple)) < np.interp(when, [10_000, 14_000], [0.488, 0.472])
        own = first + np.arange(len(couple))
        alike = np.flatnonzero(
            (twin >= 0) & (own > twin) & (rng.random(len(couple)) < rates.TWINS_MADE_ALIKE)
        )
        woman[alike] = woman[twin[alike] - first]
        people_of = people.people[np.where(father >= 0, father, mother)]
        family = self._names.inherited(people_of, people.family[father], people.family[mother], father >= 0)
        number = self._couples + couple
        self._couples += len(couples.wife)
        away = rng.random(len(couple)) < rates.BORN_ELSEWHERE
        birth_place = home.copy()
        birth_place[away] = self._places.moved_to(rng, int(away.sum()))
        live = self._later_homes(home, when)
        return People(woman, when, father, mother, np.full(len(couple), -1), birth_place, live, people_of, family,
                      people.family[mother], number, twin)  # fmt: skip

    def _later_homes(self, home: np.ndarray, born: np.ndarray) -> np.ndarray:
        """Some of the grown-up have left their parents' commune."""
        gone = (TODAY - born > 18 * YEAR) & (self._rng.random(len(home)) < rates.MOVED_SINGLE)
        live = home.copy()
        live[gone] = self._places.moved_to(self._rng, int(gone.sum()))
        return live


def alive(rng: np.random.Generator, people: People) -> np.ndarray:
    """Whether each is in the registry at all: who died long ago is not."""
    return rng.random(len(people)) >= np.interp(people.age, *rates.GONE_BY_AGE)

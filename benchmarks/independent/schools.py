"""Schools: where they stand, how they write, and the bad habits that some of them have."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from benchmarks.independent import assumptions as rates
from benchmarks.independent.places import Places, drawn, short_names
from matching.schemas import SCHOOLS

LEVELS = ("mầm non", "tiểu học", "THCS", "THPT", "GDTX", "cao đẳng", "đại học")

_TITLES = (
    "Trường Mầm non",
    "Trường Tiểu học",
    "Trường THCS",
    "Trường THPT",
    "Trung tâm GDNN - GDTX",
    "Trường Cao đẳng",
    "Trường Đại học",
)
_STUDENTS_EACH, _TEACHERS_EACH, _SCHOOLS_EACH = 60, 30, 30
"""Students and teachers of a school, schools of a province, all on file."""
UPPER_SECONDARY, CONTINUING = 3, 4


@dataclass(frozen=True)
class Schools:
    """One row per school, in the order of its commune; style columns hold the chosen key as text."""

    code: np.ndarray
    level: np.ndarray
    commune: np.ndarray
    dates: np.ndarray
    case: np.ndarray
    place: np.ndarray
    teacher_place: np.ndarray
    gender: np.ndarray
    relation: np.ndarray
    """0 to 2: how the school writes whose guardian somebody is."""
    habit: np.ndarray
    """A key of `assumptions.SCHOOL_HABITS`, or empty."""
    region: np.ndarray
    """For each commune its province of 2025, numbered."""
    distance: np.ndarray
    """For each commune 0 where its pupils are in the file, 1 elsewhere in those provinces, 2 outside."""

    def near(
        self, rng: np.random.Generator, homes: np.ndarray, levels: np.ndarray, spread: int = 1
    ) -> np.ndarray:
        """For each home a school of the level in a commune close by: of the same province, if it has one."""
        key = self.region[self.commune] * len(LEVELS) + self.level
        order = np.lexsort((self.commune, key))
        wanted = self.region[homes] * len(LEVELS) + levels
        # continuing education is rarer than schools for the same age
        levels = np.where((levels == CONTINUING) & ~np.isin(wanted, key), UPPER_SECONDARY, levels)
        wanted = self.region[homes] * len(LEVELS) + levels
        low, high = (np.searchsorted(key[order], wanted, side=side) for side in ("left", "right"))
        span = len(self.region)
        at = np.searchsorted(key[order] * span + self.commune[order], wanted * span + homes)
        at = at + rng.integers(-spread, spread + 1, len(homes))
        found = order[np.clip(at, low, np.maximum(high - 1, low)).clip(max=len(order) - 1)]
        nowhere = np.flatnonzero(low == high)
        found[nowhere] = self._anywhere(rng, levels[nowhere])
        return found

    def _anywhere(self, rng: np.random.Generator, levels: np.ndarray) -> np.ndarray:
        """A school of the level, wherever it is."""
        order = np.argsort(self.level, kind="stable")
        low, high = (np.searchsorted(self.level[order], levels, side=side) for side in ("left", "right"))
        return order[low + (rng.random(len(levels)) * (high - low)).astype(np.int64)]


def make_schools(
    seed: int, places: Places, people: int, students: int, teachers: int, profile: rates.Profile
) -> Schools:
    """Schools for so many students and teachers."""
    rng = np.random.default_rng([seed, 3])
    count = max(len(LEVELS) * 2, students // _STUDENTS_EACH, teachers // _TEACHERS_EACH)
    region = np.unique(places.province, return_inverse=True)[1]
    near = _covered(rng, places, region, max(students / 0.15, teachers / 0.08) / people, count)
    pupils = 0.2 * people * places.weight[near].sum() / places.weight.sum()
    distance = np.where(near, np.where(rng.random(len(near)) < min(1.0, 1.6 * students / pupils), 0, 1), 2)
    commune = np.sort(drawn(rng, np.cumsum(places.weight * (distance == 0)), count))
    level = drawn(rng, np.cumsum(rates.LEVELS), count)
    level[rng.permutation(count)[: len(LEVELS)]] = np.arange(len(LEVELS))
    code = np.array(
        [
            f"{places.province[c]}{lv + 1}{i:05d}"
            for i, (c, lv) in enumerate(zip(commune, level, strict=True))
        ],
        dtype=object,
    )
    habit = _chosen(rng, rates.SCHOOL_HABITS, count)
    habit[rng.random(count) >= profile.schools_wrong] = ""
    styles = [
        _chosen(rng, shares, count)
        for shares in (
            rates.DATE_STYLES,
            rates.CASE_STYLES,
            rates.PLACE_STYLES,
            rates.TEACHER_PLACE_STYLES,
            rates.GENDER_STYLES,
        )
    ]
    relation = drawn(rng, np.cumsum(rates.RELATION_STYLES), count)
    return Schools(code, level, commune, *styles, relation, habit, region, distance)


def _covered(
    rng: np.random.Generator, places: Places, region: np.ndarray, share: float, schools: int
) -> np.ndarray:
    """Communes of the provinces that handed in: so large a share of the country, some with enough schools each."""
    size = np.bincount(region, places.weight)
    order = rng.choice(len(size), len(size), replace=False, p=size / size.sum())
    running = np.cumsum(size[order]) / size.sum()
    provinces = max(schools // _SCHOOLS_EACH, int(np.searchsorted(running, share)) + 1)
    return np.isin(region, order[:provinces])


def _chosen(rng: np.random.Generator, shares: dict[str, float], size: int) -> np.ndarray:
    return np.array(list(shares), dtype=object)[drawn(rng, np.cumsum(list(shares.values())), size)]


def table(schools: Schools, places: Places) -> pa.Table:
    """As the education folder has it."""
    short = short_names(places.old_name)
    names = [
        f"{_TITLES[level]} {short[commune]}"
        for level, commune in zip(schools.level, schools.commune, strict=True)
    ]
    where = schools.commune
    columns = [
        schools.code,
        names,
        [LEVELS[level] for level in schools.level],
        places.province[where],
        places.code[where],
    ]
    return pa.table([pa.array(list(column), pa.string()) for column in columns], schema=SCHOOLS)

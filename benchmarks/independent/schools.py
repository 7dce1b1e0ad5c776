"""Schools: where they stand, how they write, and the bad habits that some of them have."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from benchmarks.independent import assumptions as rates
from benchmarks.independent.places import Places, drawn, short_names
from matching.schemas import SCHOOLS

LEVELS = ("mầm non", "tiểu học", "THCS", "THPT", "GDTX", "cao đẳng", "đại học")
_LEVEL_SHARES = (0.19, 0.37, 0.26, 0.11, 0.02, 0.02, 0.03)
_TITLES = (
    "Trường Mầm non",
    "Trường Tiểu học",
    "Trường THCS",
    "Trường THPT",
    "Trung tâm GDNN - GDTX",
    "Trường Cao đẳng",
    "Trường Đại học",
)
_STUDENTS_EACH, _TEACHERS_EACH = 60, 30


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
    covered: np.ndarray
    """For each commune, whether its pupils are in the file."""

    def near(
        self, rng: np.random.Generator, homes: np.ndarray, levels: np.ndarray, spread: int = 1
    ) -> np.ndarray:
        """For each home a school of the level in a commune close by."""
        found = np.zeros(len(homes), np.int64)
        for level in np.unique(levels):
            own = np.flatnonzero(self.level == level)
            whose = np.flatnonzero(levels == level)
            place = np.searchsorted(self.commune[own], homes[whose]) + rng.integers(
                -spread, spread + 1, len(whose)
            )
            found[whose] = own[np.clip(place, 0, len(own) - 1)]
        return found


def make_schools(
    seed: int, places: Places, people: int, students: int, teachers: int, profile: rates.Profile
) -> Schools:
    """Schools for so many students and teachers."""
    rng = np.random.default_rng([seed, 3])
    share = min(1.0, students / max(1, 0.12 * people))
    covered = rng.random(len(places.code)) < share
    covered[drawn(rng, np.cumsum(places.weight), 20)] = True
    count = max(len(LEVELS) * 2, students // _STUDENTS_EACH, teachers // _TEACHERS_EACH)
    commune = np.sort(drawn(rng, np.cumsum(places.weight * covered), count))
    level = drawn(rng, np.cumsum(_LEVEL_SHARES), count)
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
    return Schools(
        code, level, commune, *styles, drawn(rng, np.cumsum([0.7, 0.2, 0.1]), count), habit, covered
    )


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

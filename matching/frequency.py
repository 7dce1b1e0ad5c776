"""How common a value is among all people: what an agreement is worth.

The u of an agreement is the chance that another person agrees as well. For names it is the frequency of *this* name
(Newcombe's and Splink's term frequency), for fuzzy levels the frequency of the name's neighbourhood: how many people
bear a name that stands at that level from it. Neighbourhoods come from the words: a full name is taken as
first · middle … · last word drawn independently, and the people one edit away are those whose word there is one edit
away. Where the registry can count a name itself, the count is used and the word model only fills in what is too rare
to count.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from matching.levels import BIRTH_DATE, NAME
from matching.normalise.names import fold, sound
from matching.people import id_provinces

Key = TypeVar("Key", str, int)

Words = dict[str, float]
"""Word → share of people who have it at a place in their name."""

RAREST = 1e-6
"""Share given to a word never seen: once in a million."""

ESTABLISHED = 1e-4
"""Share of people from which a last word counts as a given name of its own."""

SMOOTHING = 2_000.0
"""People that the word model counts for beside the registry's own count of a name."""

FIRST_YEAR = 1900
YEARS = 140
"""Birth years with a share of their own: 1900 to 2039."""


@dataclass(frozen=True)
class WordShares:
    """Shares of the words of names by place: first, any in the middle, last; and of names by number of words."""

    first: Words
    middle: Words
    last: Words
    lengths: dict[int, float]

    @classmethod
    def of(cls, names: Iterable[str], people: Iterable[int]) -> "WordShares":
        """Count the words of distinct names, each borne by so many people."""
        first, middle, last, lengths = Counter[str](), Counter[str](), Counter[str](), Counter[int]()
        for name, count in zip(names, people, strict=True):
            words = name.split(" ")
            first[words[0]] += count
            last[words[-1]] += count
            lengths[len(words)] += count
            for word in words[1:-1]:
                middle[word] += count
        return cls(_shares(first), _shares(middle), _shares(last), _shares(lengths))

    def mapped(self, change: Mapping[str, str]) -> "WordShares":
        """The same with words merged by a change of spelling (without marks, by sound)."""
        first, middle, last = (_merged(words, change) for words in (self.first, self.middle, self.last))
        return WordShares(first, middle, last, self.lengths)

    def given_names(self) -> frozenset[str]:
        """Last words that so many people have that they are names, and no slips of the pen."""
        return frozenset(word for word, share in self.last.items() if share >= ESTABLISHED)

    def vocabulary(self) -> list[str]:
        """All words, each once."""
        return list(dict.fromkeys([*self.first, *self.middle, *self.last]))


def _shares(counts: Counter[Key]) -> dict[Key, float]:
    total = sum(counts.values()) or 1
    return {word: count / total for word, count in counts.items()}


def _merged(words: Words, change: Mapping[str, str]) -> Words:
    merged: Words = {}
    for word, share in words.items():
        merged[change[word]] = merged.get(change[word], 0.0) + share
    return merged


@dataclass(frozen=True)
class Frequencies:
    """What is known of all people in the registry: how many, their names' words, birth years and places."""

    entries: int
    words: WordShares
    years: np.ndarray
    """Share of people per birth year, YEARS values from FIRST_YEAR."""
    first_of_january: np.ndarray
    """Of those born in a year, the share whose birth date says 1 January, per year."""
    coarse: float
    """Share of entries whose day of birth isn't known."""
    places: np.ndarray
    """Share of people by birth province (code, 0–99) × province of residence (code, 0–99)."""
    communes: dict[int, float] = field(default_factory=dict)
    """Share of people per commune of residence; empty when not counted."""


class NameFrequency:
    """Share of people whose name stands at each level from a given name."""

    def __init__(self, words: WordShares, entries: int) -> None:
        """Prepare the word tables: as written, without marks, by sound."""
        self._entries = entries
        self._words = words
        vocabulary = words.vocabulary()
        self._folded = words.mapped({word: fold(word) for word in vocabulary})
        self._sound = words.mapped({word: sound(word) for word in vocabulary})

    def table(self, names: list[str], counts: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
        """U of each name at each level, names × levels of `matching.levels.NAME`.

        Args:
            names: canonical names.
            counts: people in the registry by key of the name: `name_key`, `folded`, `sound`, `sorted`, `ends`,
                aligned with the names; None when the registry can't count.
        """
        folded_names = [fold(name) for name in names]
        share = {
            "name_key": self._product(names, self._words),
            "folded": self._product(folded_names, self._folded),
            "sound": self._product([sound(name) for name in names], self._sound),
            "ends": self._ends(folded_names),
        }
        share["sorted"] = share["folded"] * 1.2
        if counts is not None:
            share = {key: self._counted(counts[key], modelled) for key, modelled in share.items()}
        one, two = self._edits(folded_names)
        return self._by_level(share, one, two, self._alike_start(folded_names))

    def _counted(self, people: np.ndarray, modelled: np.ndarray) -> np.ndarray:
        """The count without the person sought, filled up by the word model."""
        others = np.maximum(people - 1, 0) + SMOOTHING * modelled
        return np.asarray(np.maximum(others / (self._entries + SMOOTHING), 0.1 / self._entries))

    @staticmethod
    def _by_level(
        share: dict[str, np.ndarray], one: np.ndarray, two: np.ndarray, start: np.ndarray
    ) -> np.ndarray:
        """Each level's share excludes the better levels; a floor keeps a few unseen neighbours possible."""
        exact, folded, by_sound, ends = share["name_key"], share["folded"], share["sound"], share["ends"]
        values = {
            "same": exact,
            "same_unmarked": np.maximum(folded, exact),
            "marks_differ": np.maximum(folded - exact, 0.05 * folded),
            "same_sound": np.maximum(by_sound - folded, 0.05 * folded),
            "one_edit": np.maximum(one, 0.05 * folded),
            "word_order": np.maximum(share["sorted"] - folded, 0.02 * folded),
            "word_missing": np.maximum(0.1 * ends, 0.05 * folded),
            "given_differs": np.maximum(one + np.maximum(folded - exact, 0), 0.05 * folded),
            "two_edits": np.maximum(two, one),
            "family_and_given": np.maximum(ends, folded),
            "similar": start,
            "different": np.ones(len(exact)),
            "missing": np.ones(len(exact)),
        }
        return np.stack([np.clip(values[level], 1e-12, 1.0) for level in NAME], axis=1)

    def _product(self, names: list[str], words: WordShares) -> np.ndarray:
        return np.array([self._share(name.split(" "), words) for name in names])

    def _share(self, name: list[str], words: WordShares) -> float:
        share = words.lengths.get(len(name), RAREST) * words.first.get(name[0], RAREST)
        for word in name[1:-1]:
            share *= words.middle.get(word, RAREST)
        return share * (words.last.get(name[-1], RAREST) if len(name) > 1 else 1.0)

    def _ends(self, names: list[str]) -> np.ndarray:
        pairs = [(name.split(" ", 1)[0], name.rsplit(" ", 1)[-1]) for name in names]
        first, last = self._folded.first, self._folded.last
        return np.array([first.get(a, RAREST) * last.get(b, RAREST) for a, b in pairs])

    def _alike_start(self, names: list[str]) -> np.ndarray:
        """People whose first word and one in the middle are the same: what Jaro-Winkler calls similar, mostly."""
        first, middle = self._folded.first, self._folded.middle
        words = [name.split(" ") for name in names]
        start = [first.get(w[0], RAREST) * (middle.get(w[1], RAREST) if len(w) > 2 else 0.05) for w in words]
        return np.asarray(np.maximum(start, 1e-4))

    def _edits(self, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Share of people one edit and two edits away, by words replaced by neighbouring words."""
        words = sorted({word for name in names for word in name.split(" ")})
        near = {
            place: self._neighbours(words, getattr(self._folded, place))
            for place in ("first", "middle", "last")
        }
        at = {word: position for position, word in enumerate(words)}
        both = [self._edited(name.split(" "), near, at) for name in names]
        return np.array([one for one, _ in both]), np.array([two for _, two in both])

    def _edited(
        self, name: list[str], near: dict[str, tuple[np.ndarray, np.ndarray]], at: dict[str, int]
    ) -> tuple[float, float]:
        places = ["first"] + ["middle"] * (len(name) - 2) + (["last"] if len(name) > 1 else [])
        own = np.array(
            [getattr(self._folded, place).get(w, RAREST) for w, place in zip(name, places, strict=True)]
        )
        ones = np.array([near[place][0][at[w]] for w, place in zip(name, places, strict=True)])
        twos = np.array([near[place][1][at[w]] for w, place in zip(name, places, strict=True)])
        whole = own.prod() * self._folded.lengths.get(len(name), RAREST)
        once = (ones / own).sum()
        twice = (twos / own).sum() + (once**2 - ((ones / own) ** 2).sum()) / 2
        return float(whole * once), float(whole * twice)

    @staticmethod
    def _neighbours(words: list[str], shares: Words) -> tuple[np.ndarray, np.ndarray]:
        """Share of people whose word stands one, resp. two edits from each word."""
        if not words or not shares:
            return np.zeros(len(words)), np.zeros(len(words))
        edits = cdist(words, list(shares), scorer=OSA.distance, score_cutoff=2, dtype=np.uint8, workers=-1)
        weight = np.fromiter(shares.values(), dtype=float)
        return (edits == 1) @ weight, (edits == 2) @ weight


def birth_date_table(
    years: np.ndarray, coarse: np.ndarray, first_january: np.ndarray, known: Frequencies
) -> np.ndarray:
    """U of each record's birth date at each level, records × levels of `matching.levels.BIRTH_DATE`.

    Args:
        years: birth years, 0 when unknown.
        coarse: whether the record knows less than a day.
        first_january: whether its date says 1 January.
        known: shares of years in the registry.
    """
    year = _year_share(years, known.years)
    january = _year_share(years, known.first_of_january)
    near = _year_share(years - 1, known.years) + _year_share(years + 1, known.years)
    a_day = year * np.maximum(1 - january, 0.05) / 365
    loose = coarse | first_january
    values = {
        "same_day": a_day,
        "default_day": year * np.maximum(january, 1 / 365),
        "coarse": year * np.where(loose, 1.0, known.coarse + january),
        "day_month_swapped": a_day,
        "year_off": 5 * near * np.maximum(1 - january, 0.05) / 365,
        "one_part_off": a_day * 40,
        "same_year": year,
        "adjacent_year": near,
        "different": np.ones(len(years)),
        "far": np.ones(len(years)),
        "missing": np.ones(len(years)),
    }
    return np.stack([np.clip(values[level], 1e-9, 1.0) for level in BIRTH_DATE], axis=1)


def age_density(years: np.ndarray, known: Frequencies) -> np.ndarray:
    """How much denser the records of a kind are in each birth year than people at large: YEARS values, about 1 on average.

    Pupils are children and guardians are none: what a date that differs, or isn't there, leaves to ages.

    Args:
        years: birth years of the records, 0 when unknown.
        known: shares of years in the registry.
    """
    inside = years[(years >= FIRST_YEAR) & (years < FIRST_YEAR + YEARS)] - FIRST_YEAR
    counted = np.convolve(np.bincount(inside, minlength=YEARS), AROUND, "same")
    people = np.maximum(np.convolve(known.years, AROUND, "same"), 1e-5)
    return np.asarray((counted + FEW * people) / ((len(inside) + FEW) * people))


AROUND = np.array([0.1, 0.2, 0.4, 0.2, 0.1])
"""Ages run on: a year's density is that of the years around it."""

FEW = 20.0
"""Records that speak no louder than the assumption that every age is as likely."""


def _year_share(years: np.ndarray, shares: np.ndarray) -> np.ndarray:
    inside = (years >= FIRST_YEAR) & (years < FIRST_YEAR + YEARS)
    return np.where(inside, shares[np.clip(years - FIRST_YEAR, 0, YEARS - 1)], 1e-4)


def place_table(
    provinces: np.ndarray, regions: np.ndarray, homes: np.ndarray, communes: np.ndarray, known: Frequencies
) -> np.ndarray:
    """U of each record's places: records × levels of BIRTH_PLACE × levels of RESIDENCE.

    Args:
        provinces: birth province (63) of each record, 0 when unknown.
        regions: the province of 2025 it belongs to, 0 when unknown.
        homes: province of residence, 0 when unknown.
        communes: commune of residence, 0 when unknown.
        known: joint shares.
    """
    joint, in_region = known.places, _members() @ known.places
    at_home, told = joint.sum(axis=0)[homes], (provinces > 0).astype(float)
    same = joint[provinces.clip(0, 99), homes] * told, joint.sum(axis=1)[provinces.clip(0, 99)] * told
    region = in_region[regions, homes] - same[0], in_region.sum(axis=1)[regions] - same[1]
    region = np.maximum(region[0], 0), np.maximum(region[1], 0)
    elsewhere = np.maximum(at_home - same[0] - region[0], 0), np.maximum(1 - same[1] - region[1], 0)
    commune_share = _commune_share(homes, communes, known)
    table = np.empty((len(provinces), 4, 4))
    # per level of the birth place: people in the record's province of residence, people everywhere
    for level, (here, everywhere) in enumerate((same, region, elsewhere, (at_home, np.ones(len(homes))))):
        table[:, level, 0] = here * commune_share
        table[:, level, 1] = here * (1 - commune_share)
        table[:, level, 2] = everywhere - here
        table[:, level, 3] = everywhere
    return np.asarray(np.clip(table, 1e-7, 1.0))


def _members() -> np.ndarray:
    """100 × 100: 1 where a birth province (column) belongs to a province of 2025 (row)."""
    members = np.zeros((100, 100))
    for province in id_provinces().values():
        members[int(province.new_code), int(province.code)] = 1
    return members


AVERAGE_COMMUNES = 100.0
"""Communes per province, where the registry doesn't say how people spread over them (3,321 in 34 provinces)."""


def _commune_share(homes: np.ndarray, communes: np.ndarray, known: Frequencies) -> np.ndarray:
    """Of the people in the record's province, the share in its commune."""
    if not known.communes:
        return np.full(len(homes), 1 / AVERAGE_COMMUNES)
    in_province = known.places.sum(axis=0)[homes]
    in_commune = np.array([known.communes.get(code, 0.0) for code in communes.tolist()])
    return np.asarray(np.clip(in_commune / np.maximum(in_province, 1e-9), 1e-3, 1.0))

"""How common a value is among all people: what an agreement is worth.

The u of an agreement is the chance that another person agrees as well. For names it is the frequency of *this* name
(Newcombe's and Splink's term frequency), for fuzzy levels the frequency of the name's neighbourhood: how many people
bear a name that stands at that level from it. Neighbourhoods come from the words: a full name is taken as
first · middle … · last word drawn independently, and the people one edit away are those whose word there is one edit
away. Where the registry can count a name itself, the count is used and the word model only fills in what is too rare
to count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from matching.columns import year_of
from matching.compiled import compiled
from matching.levels import BIRTH_DATE, NAME
from matching.nametable import Array, Names, text_key
from matching.near import distinct_words
from matching.people import id_provinces
from matching.profile import Profile
from matching.weighing import FIRST_YEAR, YEARS

Words = dict[str, float]
"""Word → share of people who have it at a place in their name."""

RAREST = 1e-6
"""Share given to a word never seen: once in a million."""

INITIAL = 0.1
"""Share of words that begin with a given letter (assumption)."""

ESTABLISHED = 1e-4
"""Share of people from which a last word counts as a given name of its own."""

SHAPE = 0.3
"""Bearers of a name beyond which its count is believed, and the word model no longer."""

PLACES = ("first", "middle", "last")
"""Places of a word in a name."""


@dataclass(frozen=True)
class WordShares:
    """Shares of the words of names by place: first, any in the middle, last; and of names by number of words."""

    first: Words
    middle: Words
    last: Words
    lengths: dict[int, float]

    @classmethod
    def of(cls, names: pa.Array, people: Array) -> "WordShares":
        """Count the words of distinct names, each borne by so many people."""
        split = pc.split_pattern(names, " ")
        encoded = split.values.dictionary_encode()
        code, words = encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()
        start = split.offsets.to_numpy()
        sizes = np.diff(start)
        weight, place = np.repeat(people, sizes), _places(start)
        counted = (np.bincount(code[place == at], weight[place == at], len(words)) for at in range(3))
        first, middle, last = (
            {words[w]: float(n) / max(total.sum(), 1) for w, n in enumerate(total) if n} for total in counted
        )
        lengths = np.bincount(sizes, people)
        everybody = max(lengths.sum(), 1)
        return cls(
            first, middle, last, {n: float(count / everybody) for n, count in enumerate(lengths) if count}
        )

    def given_names(self) -> Array:
        """Sorted keys of last words that so many people have that they are names, and no slips of the pen."""
        return np.sort(
            np.array(
                [text_key(word) for word, share in self.last.items() if share >= ESTABLISHED], dtype=np.int64
            )
        )


def _places(start: Array) -> Array:
    """Of each word its place in its name: 0 first, 1 in the middle, 2 last; an only word is a first one."""
    place = np.ones(start[-1] - start[0], np.int8)
    named = start[1:] > start[:-1]
    place[start[1:][named] - 1 - start[0]] = 2
    place[start[:-1][named] - start[0]] = 0
    return place


@dataclass(frozen=True, eq=False)
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

    @cached_property
    def in_region(self) -> np.ndarray:
        """Share of people by province of 2025 that they were born in × province of residence."""
        return np.asarray(_members() @ self.places)


def frequencies_of(
    words: WordShares, birth: Array, birth_province: Array, home: Array, commune: Array
) -> Frequencies:
    """Count entries; the columns are those of matching.columns.Entries."""
    year = np.where(birth != 0, year_of(birth) - FIRST_YEAR, -1)
    inside = (year >= 0) & (year < YEARS)
    people = np.bincount(year[inside], minlength=YEARS)
    january = np.bincount(year[inside & ((birth & 511) == 33)], minlength=YEARS)
    dated = max(int((birth != 0).sum()), 1)
    known = (birth_province >= 0) & (birth_province < 100)
    places = np.bincount(
        np.where(known, birth_province, 0).astype(np.int64) * 100 + np.clip(home, 0, 99), minlength=10_000
    )
    code, count = np.unique(commune[commune != 0], return_counts=True)
    return Frequencies(
        entries=len(birth),
        words=words,
        years=people / max(people.sum(), 1),
        first_of_january=january / np.maximum(people, 1),
        coarse=float(((birth != 0) & ((birth & 31) == 0)).sum() / dated),
        places=places.reshape(100, 100) / max(len(birth), 1),
        communes=dict(zip(code.tolist(), (count / max(count.sum(), 1)).tolist(), strict=True)),
    )


@dataclass(frozen=True)
class _Shares:
    """Shares of words, by sorted key, for each place."""

    key: tuple[Array, ...]
    share: tuple[Array, ...]

    @classmethod
    def of(
        cls, words: WordShares, spelt: Mapping[str, tuple[str, ...]], merged: Mapping[str, str]
    ) -> "_Shares":
        """Words go by the keys of `spelt`; those with one value of `merged` share their shares."""
        tables = []
        for place in PLACES:
            shares: Words = getattr(words, place)
            total = _merged(shares, merged)
            by_key = {text_key(part): total[merged[word]] for word in shares for part in spelt[word]}
            key = np.array(sorted(by_key), dtype=np.int64)
            tables.append((key, np.array([by_key[k] for k in key.tolist()])))
        return cls(tuple(key for key, _ in tables), tuple(share for _, share in tables))

    def look_up(self, word: Array, place: Array) -> Array:
        """The share of each word at its place."""
        share = np.full(len(word), RAREST)
        for at, (key, of_key) in enumerate(zip(self.key, self.share, strict=True)):
            chosen = np.flatnonzero(place == at)
            if len(key):
                found = np.searchsorted(key, word[chosen]).clip(max=len(key) - 1)
                share[chosen] = np.where(key[found] == word[chosen], of_key[found], RAREST)
        return share


@lru_cache(maxsize=4)
def name_frequency(known: Frequencies, profile: Profile) -> "NameFrequency":
    """How common names are in a registry; its tables are made once for all who ask."""
    return NameFrequency(known.words, known.entries, profile)


class NameFrequency:
    """Share of people whose name stands at each level from a given name."""

    def __init__(self, words: WordShares, entries: int, profile: Profile) -> None:
        """Prepare the word tables: as written, without marks, by sound."""
        self._entries, self._words = entries, words
        vocabulary = list(dict.fromkeys([*words.first, *words.middle, *words.last]))
        folded = {word: profile.fold(word) for word in vocabulary}
        parts = {word: tuple(folded[word].split(" ")) for word in vocabulary}
        self._marked = _Shares.of(
            words, {word: (word,) for word in vocabulary}, {word: word for word in vocabulary}
        )
        self._folded = _Shares.of(words, parts, folded)
        self._sound = _Shares.of(words, parts, {word: profile.sound(folded[word]) for word in vocabulary})
        self._spelt = [_known_spellings(getattr(words, place), folded) for place in PLACES]

    def table(self, names: Names, counts: Mapping[str, Array] | None = None) -> Array:
        """U of each name at each level, names × levels of `matching.levels.NAME`.

        Args:
            names: the names.
            counts: people in the registry by key of the name: `key`, `folded`, `compact`, `sound`, `sorted`, `ends`,
                aligned with the names; None when the registry can't count.
        """
        if not len(names.key):
            return np.ones((0, len(NAME)), np.float32)
        share = {
            "key": self._product(names.marked_start, names.marked, self._marked),
            "folded": self._product(names.start, names.word, self._folded),
            "sound": self._product(names.start, names.word, self._sound),
            "ends": self._ends(names),
        }
        share["sorted"] = share["folded"] * 1.2
        if counts is not None:
            share = {key: self._counted(counts[key], modelled) for key, modelled in share.items()}
            share["sound"] = np.maximum(share["sound"], self._counted(counts["compact"], share["folded"]))
        share |= self._ends_alone(names, share["folded"])
        share["one_word"] = self._one_word_apart(names)
        one, two = self._edits(names)
        return self._by_level(share, one, two, self._alike_start(names))

    def _counted(self, people: np.ndarray, modelled: np.ndarray) -> np.ndarray:
        """The count without the person sought, drawn towards the word model where there are few (a gamma prior of that mean)."""
        others = np.maximum(people - 1, 0)
        return np.asarray((others + SHAPE) / (self._entries + SHAPE / np.maximum(modelled, 1e-12)))

    @staticmethod
    def _by_level(
        share: dict[str, np.ndarray], one: np.ndarray, two: np.ndarray, start: np.ndarray
    ) -> np.ndarray:
        """Each level's share excludes the better levels; a floor keeps a few unseen neighbours possible."""
        exact, folded, by_sound, ends = share["key"], share["folded"], share["sound"], share["ends"]
        values = {
            "same": exact,
            "same_unmarked": np.maximum(folded, exact),
            "marks_differ": np.maximum(folded - exact, 0.05 * folded),
            "same_sound": np.maximum(by_sound - folded, 0.05 * folded),
            "one_edit": np.maximum(one, 0.05 * folded),
            "word_order": np.maximum(share["sorted"] - folded, 0.02 * folded),
            "word_missing": np.maximum(share["one_word"], 0.05 * folded),
            "given_marks_lost": np.maximum(folded - exact, 0.05 * folded),
            "given_marks_differ": np.maximum(folded - exact, 0.05 * folded),
            "given_same_sound": np.maximum(by_sound - folded, 0.05 * folded),
            "given_differs": np.maximum(share["start"], one),
            "family_differs": share["end"],
            "two_edits": np.maximum(two, one),
            "family_and_given": np.maximum(ends, folded),
            "similar": start,
            "given_agrees": share["last"],
            "family_agrees": share["first"],
            "different": np.ones(len(exact)),
            "missing": np.ones(len(exact)),
        }
        table = np.empty((len(exact), len(NAME)), np.float32)
        for place, level in enumerate(NAME):
            table[:, place] = np.clip(values[level], 1e-12, 1.0)
        return table

    def _product(self, start: Array, word: Array, shares: _Shares) -> Array:
        """Share of a name as of words drawn one by one, in names of that length."""
        product = np.multiply.reduceat(np.append(shares.look_up(word, _places(start)), 1.0), start[:-1])
        return np.asarray(np.where(start[1:] > start[:-1], product, RAREST) * self._of_length(start))

    def _of_length(self, start: Array) -> Array:
        return self._length_share(np.diff(start))

    def _length_share(self, sizes: Array) -> Array:
        """Share of names of so many words."""
        lengths = np.full(max(int(sizes.max()), *self._words.lengths, 1) + 1, RAREST)
        for size, share in self._words.lengths.items():
            lengths[size] = share
        return np.asarray(lengths[np.maximum(sizes, 0)])

    def _ends(self, names: Names) -> Array:
        first, last = _word_at(names, 0), _word_at(names, -1)
        zeros = np.zeros(len(first), np.int8)
        return np.asarray(self._folded.look_up(first, zeros) * self._folded.look_up(last, zeros + 2))

    def _one_word_apart(self, names: Names) -> Array:
        """Share of names that lack one of the words, have one more, or have one in full of which this name has the first letter."""
        place = _places(names.start)
        own = self._folded.look_up(names.word, place)
        begin, sizes = names.start[:-1], np.diff(names.start)
        whole = np.multiply.reduceat(np.append(own, 1.0), begin)
        left_out, cut = (
            np.add.reduceat(np.append(values, 0.0), begin)
            for values in (1 / own, (names.word == names.initial) * INITIAL / own)
        )
        shorter, longer = self._length_share(sizes - 1), self._length_share(sizes + 1)
        apart = whole * (left_out * shorter + cut * self._length_share(sizes) + (sizes + 1) * longer)
        return np.asarray(np.where(sizes > 0, apart, RAREST))

    def _ends_alone(self, names: Names, folded: Array) -> dict[str, Array]:
        """Share of the first word, of the last one, of all before the last, and of all after the first."""
        zeros = np.zeros(len(folded), np.int8)
        first = self._folded.look_up(_word_at(names, 0), zeros)
        last = self._folded.look_up(_word_at(names, -1), zeros + 2)
        return {
            "first": first,
            "last": last,
            "start": np.minimum(folded / last, first),
            "end": np.minimum(folded / first, last),
        }

    def _alike_start(self, names: Names) -> Array:
        """People whose first word and one in the middle are the same: what Jaro-Winkler calls similar, mostly."""
        first, second = _word_at(names, 0), _word_at(names, 1)
        zeros = np.zeros(len(first), np.int8)
        middle = np.where(np.diff(names.start) > 2, self._folded.look_up(second, zeros + 1), 0.05)
        return np.asarray(np.maximum(self._folded.look_up(first, zeros) * middle, 1e-4))

    def _edits(self, names: Names) -> tuple[Array, Array]:
        """Share of people one edit and two edits away, by words replaced by neighbouring words."""
        key, start, letters = distinct_words(names, np.arange(len(names.key), dtype=np.int32))
        text = letters.tobytes().decode("ascii")
        words = [text[a:b] for a, b in pairwise(start.tolist())]
        near = [_neighbours(words, spelt) for spelt in self._spelt]
        at, place = np.searchsorted(key, names.word), _places(names.start)
        own = self._folded.look_up(names.word, place)
        ones, twos = (np.choose(place, [of_place[edits][at] for of_place in near]) / own for edits in (0, 1))
        begin = names.start[:-1]
        once, squares, twice = (
            np.add.reduceat(np.append(values, 0.0), begin) for values in (ones, ones**2, twos)
        )
        whole = self._product(names.start, names.word, self._folded)
        return whole * once, whole * (twice + (once**2 - squares) / 2)


def _word_at(names: Names, place: int) -> Array:
    """Keys of a word of each name, counted from the front or (-1) the last one; names without it give their first."""
    sizes = np.diff(names.start)
    at = names.start[1:] - 1 if place < 0 else names.start[:-1] + np.where(sizes > place, place, 0)
    return np.append(names.word, 0)[np.where(sizes > 0, at, len(names.word))]


def _known_spellings(shares: Words, folded: Mapping[str, str]) -> Words:
    """Words without marks that are seen often enough to be anybody's neighbour."""
    return {word: share for word, share in _merged(shares, folded).items() if share >= RAREST}


def _merged(shares: Words, change: Mapping[str, str]) -> Words:
    """Shares of words that a change of spelling makes one."""
    total: Words = {}
    for word, share in shares.items():
        total[change[word]] = total.get(change[word], 0.0) + share
    return total


WORDS_AT_ONCE = 1_000


def _neighbours(words: list[str], shares: Words) -> tuple[Array, Array]:
    """Share of people whose word stands one, resp. two edits from each word."""
    one, two = np.zeros(len(words)), np.zeros(len(words))
    others, weight = list(shares), np.fromiter(shares.values(), dtype=np.float32, count=len(shares))
    for low in range(0, len(words) if others else 0, WORDS_AT_ONCE):
        block = slice(low, low + WORDS_AT_ONCE)
        edits = cdist(words[block], others, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8, workers=-1)
        one[block], two[block] = _weight_of(edits, weight)
    return one, two


@compiled
def _weight_of(edits: Array, weight: Array) -> tuple[Array, Array]:
    """Of each line, the weights of those one and of those two edits away."""
    one, two = np.zeros(len(edits)), np.zeros(len(edits))
    for i in range(len(edits)):
        for k in range(len(weight)):
            if edits[i, k] == 1:
                one[i] += weight[k]
            elif edits[i, k] == 2:
                two[i] += weight[k]
    return one, two


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


def age_shares(gaps: np.ndarray) -> np.ndarray:
    """Share of the records of a kind by years from their reference year, 2 · YEARS values from -YEARS; smooth, and never 0.

    Pupils are children and guardians are none: what a date that differs, or isn't there, leaves to ages.

    Args:
        gaps: birth year less reference year of records that know both.
    """
    inside = gaps[np.abs(gaps) < YEARS] + YEARS
    counted = np.convolve(np.bincount(inside, minlength=2 * YEARS), AROUND, "same")
    return np.asarray((counted + FEW / YEARS) / (len(inside) + 2 * FEW))


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
    joint, in_region = known.places, known.in_region
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

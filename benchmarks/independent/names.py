"""Names as rows of word numbers: drawn by cohort, gender, people and family, put together only when written."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.independent import assumptions as rates
from benchmarks.independent import words
from benchmarks.independent.peoples import KINH, PEOPLES, Shape
from benchmarks.independent.places import Places, drawn


class _Words:
    """A vocabulary that grows, and weighted lists over it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._number: dict[str, int] = {}

    def number(self, text: str) -> int:
        if text not in self._number:
            self._number[text] = len(self.texts)
            self.texts.append(text)
        return self._number[text]

    def ranked(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and running weights of a list in the order of how common its words are."""
        found = list(dict.fromkeys(text.split()))
        weight = (np.arange(len(found)) + rates.WORD_HEAD) ** -rates.WORD_STEEP
        return np.array([self.number(word) for word in found]), np.cumsum(weight)

    def weighted(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and running weights of `word:weight …`; a word may hold a space."""
        parts = text.replace(" ", "\x1f").split(":")
        names, sizes, name = [], [], parts[0]
        for part in parts[1:]:
            size, _, following = part.partition("\x1f")
            names.append(self.number(name.replace("\x1f", " ")))
            sizes.append(float(size))
            name = following
        return np.array(names), np.cumsum(sizes)


def cohort_of(year: np.ndarray) -> np.ndarray:
    """0 for the oldest."""
    return np.searchsorted(words.COHORTS, year, side="right")


class Names:
    """The names of one world: the same clans in the same communes in every batch.

    Args:
        seed: Of the world.
        places: Where people live.
    """

    def __init__(self, seed: int, places: Places):
        self.vocabulary = _Words()
        book = self.vocabulary
        self._families = [book.weighted(p.families or words.FAMILY) for p in PEOPLES]
        self._given = {
            (cohort, woman): book.ranked(text)
            for woman, texts in enumerate((words.MEN, words.WOMEN))
            for cohort, text in enumerate(texts)
        }
        self._middles = {
            (cohort, woman): book.ranked(text)
            for woman, texts in enumerate((words.MIDDLES_MEN, words.MIDDLES_WOMEN))
            for cohort, text in enumerate(texts)
        }
        self._own_given = [
            tuple(book.ranked(text) if text else None for text in (p.men, p.women)) for p in PEOPLES
        ]
        self._marks = np.array([[book.number(mark) if mark else -1 for mark in p.marks] for p in PEOPLES])
        self._van, self._thi = book.number("Văn"), book.number("Thị")
        rng = np.random.default_rng([seed, 101])
        numbers, running = self._families[KINH]
        flat = np.cumsum(np.sqrt(np.diff(running, prepend=0)))
        self._clans = numbers[drawn(rng, flat, 3 * len(places.code))].reshape(-1, 3)
        self._rural = ~places.urban
        self._shares = _shares_by_province(places)
        self._province = places.province_rank
        self._main = self._drawn_people(rng, np.arange(len(places.code)))

    def _drawn_people(self, rng: np.random.Generator, home: np.ndarray) -> np.ndarray:
        running = self._shares[self._province[home]]
        return (rng.random(len(home))[:, None] > running).sum(axis=1)

    def people_of(self, rng: np.random.Generator, home: np.ndarray) -> np.ndarray:
        """Which people founders belong to, by commune."""
        own = rng.random(len(home)) < rates.OWN_PEOPLE_COMMUNE
        return np.where(own, self._main[home], self._drawn_people(rng, home))

    def founder_family(
        self, rng: np.random.Generator, people: np.ndarray, home: np.ndarray, woman: np.ndarray
    ) -> np.ndarray:
        """Family names of people without recorded parents; -1 where a people has none."""
        del woman
        family = np.full(len(people), -1)
        for number, known in enumerate(PEOPLES):
            whose = np.flatnonzero(people == number)
            if known.families or number == KINH:
                family[whose] = _pick(rng, self._families[number], len(whose))
        clan = (people == KINH) & self._rural[home] & (rng.random(len(people)) < rates.CLAN_SHARE)
        family[clan] = self._clans[home[clan], rng.integers(0, 3, int(clan.sum()))]
        return family

    def inherited(
        self, people: np.ndarray, fathers: np.ndarray, mothers: np.ndarray, has_father: np.ndarray
    ) -> np.ndarray:
        """Family names of children."""
        matrilineal = np.array([p.of_mother for p in PEOPLES])[people]
        nameless = np.array([p.shape is Shape.MARK_GIVEN for p in PEOPLES])[people]
        return np.where(nameless, -1, np.where(has_father & ~matrilineal, fathers, mothers))

    def given(
        self, rng: np.random.Generator, people: np.ndarray, woman: np.ndarray, cohort: np.ndarray
    ) -> np.ndarray:
        """Given names, one each."""
        given = np.zeros(len(people), np.int64)
        own = rng.random(len(people)) >= np.array([p.kinh_given for p in PEOPLES])[people]
        for (when, who), table in self._given.items():
            whose = np.flatnonzero((cohort == when) & (woman == who))
            given[whose] = _pick(rng, table, len(whose))
        for number in range(len(PEOPLES)):
            for who, table in enumerate(self._own_given[number]):
                if table is not None:
                    whose = np.flatnonzero(own & (people == number) & (woman == who))
                    given[whose] = _pick(rng, table, len(whose))
        return given

    def words(self, rng: np.random.Generator, person) -> np.ndarray:
        """Word numbers of the names of `families.People`, four columns, -1 for no word."""
        cohort, woman = cohort_of(person.year), person.woman.astype(np.int64)
        given = self.given(rng, person.people, woman, cohort)
        for _ in range(2):
            same = _repeats(person.couple, given)
            given[same] = self.given(rng, person.people[same], woman[same], cohort[same])
        first, second = self._middle_words(rng, person, cohort, woman)
        for _ in range(2):
            same = np.flatnonzero((given == second) | (given == first))
            given[same] = self.given(rng, person.people[same], woman[same], cohort[same])
        return self._in_order(person, woman, first, second, given)

    def _middle_words(
        self, rng: np.random.Generator, person, cohort: np.ndarray, woman: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Thị or Văn, a middle word of the list or the mother's family; both -1 for names of two words."""
        size = len(cohort)
        shared = rng.random(size) < np.where(
            person.twin >= 0, rates.TWINS_SHARE_MIDDLE, rates.SIBLINGS_SHARE_MIDDLE
        )
        chance = np.where(shared, _of_couple(person.couple, woman), rng.random(size))
        listed, another = self._listed(cohort, woman, chance), self._listed(cohort, woman, rng.random(size))
        by = [np.array(rate)[cohort] for rate in (rates.MOTHERS_NAME_AS_MIDDLE, rates.TWO_WORDS)]
        old_style = rng.random(size) < np.where(
            woman == 1, np.array(rates.THI)[cohort], np.array(rates.VAN)[cohort]
        )
        longer = rng.random(size) < np.where(
            woman == 1, np.array(rates.FOUR_WORDS_WOMEN)[cohort], np.array(rates.FOUR_WORDS_MEN)[cohort]
        )
        mothers = (rng.random(size) < by[0]) & (person.mothers_family >= 0)
        first = np.where(
            old_style,
            np.where(woman == 1, self._thi, self._van),
            np.where(mothers, person.mothers_family, -1),
        )
        second = np.where((first < 0) | longer, listed, -1)
        first = np.where((first < 0) & longer & ~mothers, another, first)
        short = rng.random(size) < by[1]
        first, second = np.where(short, -1, first), np.where(short, -1, second)
        return np.where(first == second, -1, first), second

    def _listed(self, cohort: np.ndarray, woman: np.ndarray, chance: np.ndarray) -> np.ndarray:
        """Middle words of the lists, for numbers from 0 to 1."""
        listed = np.zeros(len(cohort), np.int64)
        for (when, who), (numbers, running) in self._middles.items():
            whose = np.flatnonzero((cohort == when) & (woman == who))
            listed[whose] = numbers[
                np.minimum(np.searchsorted(running, chance[whose] * running[-1]), len(numbers) - 1)
            ]
        return listed

    def _in_order(
        self, person, woman: np.ndarray, first: np.ndarray, second: np.ndarray, given: np.ndarray
    ) -> np.ndarray:
        shape = np.array([list(Shape).index(p.shape) for p in PEOPLES])[person.people]
        mark = self._marks[person.people, woman]
        none = np.full(len(given), -1)
        out = np.column_stack([person.family, first, second, given])
        minority = person.people != KINH
        marked = minority & (shape == 0) & (mark >= 0)
        out[marked, 1] = np.where(first < 0, mark, first)[marked]
        for number, columns in enumerate((None, (person.family, mark, none, given), (mark, given, person.family, none),
                                          (person.family, none, none, given), (mark, none, none, given))):  # fmt: skip
            if columns is not None:
                whose = shape == number
                out[whose] = np.column_stack(columns)[whose]
        return out.astype(np.int16)

    def texts(self, rows: np.ndarray) -> pa.Array:
        """Names in full."""
        book = pa.array(self.vocabulary.texts)
        slots = [book.take(pa.array(column, mask=column < 0)) for column in np.ascontiguousarray(rows.T)]
        return pc.binary_join_element_wise(*slots, " ", null_handling="skip")


def _pick(rng: np.random.Generator, table: tuple[np.ndarray, np.ndarray], size: int) -> np.ndarray:
    return table[0][drawn(rng, table[1], size)]


def _of_couple(couple: np.ndarray, woman: np.ndarray) -> np.ndarray:
    """A number from 0 to 1 for the sons and one for the daughters of each couple."""
    return (
        (couple.astype(np.uint64) * np.uint64(2654435761) + woman.astype(np.uint64) * np.uint64(40503))
        % np.uint64(1 << 32)
    ) / 2.0**32


def _repeats(couple: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Rows whose given name an earlier sibling has."""
    key = couple * 100_000 + given
    order = np.argsort(key, kind="stable")
    return order[1:][np.diff(key[order]) == 0]


def _shares_by_province(places: Places) -> np.ndarray:
    """Running shares of the peoples in each former province; a people's own provinces share it by size."""
    codes = places.old_province[places.first[:-1]]
    size = np.add.reduceat(places.weight, places.first[:-1])
    share = np.zeros((len(codes), len(PEOPLES)))
    for number, people in enumerate(PEOPLES):
        where = np.isin(codes, people.provinces.split())
        # mountain provinces, named first, have more of them
        pull = (
            np.array([2.0 if code in people.provinces.split()[:3] else 1.0 for code in codes])
            * where
            * np.sqrt(size)
        )
        if where.any():
            share[:, number] = people.share * size.sum() * pull / pull.sum() / size
    share *= np.minimum(1, 0.95 / np.maximum(share.sum(axis=1, keepdims=True), 1e-9))
    share[:, KINH] = 1 - share[:, 1:].sum(axis=1)
    return np.cumsum(share, axis=1)

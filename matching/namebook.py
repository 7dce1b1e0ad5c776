"""Names side by side: the level that each distinct pair of names reaches.

Names are compared as whole word lists, never split into family, middle and given (domain: minority names put the given
name first, compound family names look like family and middle). Everything is computed once per distinct name or
once per distinct pair of names.
"""

from collections.abc import Callable, Sequence, Set

import numpy as np
import pyarrow as pa
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from matching.keys import text_key
from matching.levels import NAME
from matching.normalise.names import fold, sound

LEVEL = {name: code for code, name in enumerate(NAME)}

SIMILAR_FROM = 0.90
"""Jaro-Winkler similarity of the letters from which two names are called similar."""

MOST_WORDS = 8
"""Words of a name that word-by-word comparison looks at; longer names do not occur."""

Codes = np.ndarray

NO_WORD = text_key("")


class NameBook:
    """Distinct names with what comparing them needs: letters, marks, sound, words; looked up by name key."""

    def __init__(
        self, name_keys: np.ndarray, names: Sequence[str], given_names: Set[str] = frozenset()
    ) -> None:
        """Read every distinct name once.

        Args:
            name_keys: int64, distinct, in any order.
            names: the canonical name behind each key.
            given_names: words that are given names of many: such a word is no slip of another one.
        """
        order = np.argsort(name_keys, kind="stable")
        self.keys = np.asarray(name_keys, dtype=np.int64)[order]
        self.names = np.array(names, dtype=object)[order]
        self.letters = np.array([fold(name) for name in self.names], dtype=object)
        self.folded = _hashes(self.letters)
        self.bare = self.letters == self.names
        self.compact = _hashes(name.replace(" ", "") for name in self.letters)
        self.sound = _hashes(sound(name).replace(" ", "") for name in self.letters)
        words = [name.split(" ") for name in self.letters]
        self.sorted = _hashes(" ".join(sorted(name)) for name in words)
        self.first = _hashes(name[0] for name in words)
        self.last = _hashes(name[-1] for name in words)
        self.shortened = _shortened(words)
        self.abbreviated = _abbreviated(words)
        self._given_names = given_names
        last_words = [name.rsplit(" ", 1)[-1] for name in self.names]
        self.given = _hashes(word if word in given_names else "" for word in last_words)

    @classmethod
    def of(cls, features: pa.Table, given_names: Set[str] = frozenset()) -> "NameBook":
        """From a table with `name_key` and `name`, repetitions allowed."""
        keys, first = np.unique(features["name_key"].to_numpy(), return_index=True)
        return cls(keys, features["name"].take(pa.array(first)).to_pylist(), given_names)

    def with_names(self, features: pa.Table) -> "NameBook":
        """The book with more names; those it holds are not read again."""
        unknown = features.filter(pa.array(self.positions(features["name_key"].to_numpy()) < 0))
        other = NameBook.of(unknown, self._given_names)
        merged = object.__new__(NameBook)
        merged._given_names = self._given_names
        order = np.argsort(np.concatenate([self.keys, other.keys]), kind="stable")
        for feature, values in vars(self).items():
            if isinstance(values, np.ndarray):
                setattr(merged, feature, np.concatenate([values, getattr(other, feature)])[order])
        return merged

    def positions(self, name_keys: np.ndarray) -> np.ndarray:
        """Where keys stand in the book, -1 for keys it doesn't hold (0 among them)."""
        if not len(self.keys):
            return np.full(len(name_keys), -1, dtype=np.int64)
        found = np.searchsorted(self.keys, name_keys).clip(max=len(self.keys) - 1)
        return np.where(self.keys[found] == name_keys, found, -1)

    def levels(self, left: np.ndarray, right: np.ndarray) -> Codes:
        """The level of each pair of name keys (codes of `matching.levels.NAME`, int8); unknown names are missing."""
        at_left, at_right = self.positions(left), self.positions(right)
        known = (at_left >= 0) & (at_right >= 0)
        result = np.full(len(left), LEVEL["missing"], dtype=np.int8)
        pair = at_left[known] * len(self.keys) + at_right[known]
        distinct, inverse = np.unique(pair, return_inverse=True)
        if len(distinct):
            result[known] = self._distinct_levels(*np.divmod(distinct, len(self.keys)))[inverse]
        return result

    def _distinct_levels(self, left: np.ndarray, right: np.ndarray) -> Codes:
        """Levels by keys first, by edits only for what is left; the better level wins."""
        levels = np.full(len(left), LEVEL["different"], dtype=np.int8)
        for name, agree in (
            ("family_and_given", self._agree("first", left, right) & self._agree("last", left, right)),
            ("word_missing", self._one_word_apart(left, right)),
            ("word_order", self._agree("sorted", left, right)),
            ("same_sound", self._agree("sound", left, right) | self._agree("compact", left, right)),
            ("marks_differ", self._agree("folded", left, right)),
            ("same_unmarked", self._agree("folded", left, right) & (self.bare[left] | self.bare[right])),
            ("same", self.keys[left] == self.keys[right]),
        ):
            levels[agree] = LEVEL[name]
        open_pairs = np.flatnonzero(levels > LEVEL["one_edit"])
        levels[open_pairs] = np.minimum(
            levels[open_pairs], self._levels_by_edits(left[open_pairs], right[open_pairs])
        )
        other_given = (levels >= LEVEL["marks_differ"]) & (levels <= LEVEL["one_edit"])
        levels[other_given & self._given_names_differ(left, right)] = LEVEL["given_differs"]
        return levels

    def _given_names_differ(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Both last words are given names, and two different ones; a name without marks isn't held to its letters."""
        known = (self.given[left] != NO_WORD) & (self.given[right] != NO_WORD)
        marked = ~(self.bare[left] | self.bare[right]) | ~self._agree("last", left, right)
        return np.asarray(known & marked & (self.given[left] != self.given[right]))

    def _agree(self, feature: str, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        values = getattr(self, feature)
        agree: np.ndarray = values[left] == values[right]
        return agree

    def _one_word_apart(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """One name is the other with a word left out, or cut to its first letter."""
        apart = np.zeros(len(left), dtype=bool)
        for variants in (self.shortened, self.abbreviated):
            apart |= (variants[left] == self.folded[right][:, None]).any(axis=1)
            apart |= (variants[right] == self.folded[left][:, None]).any(axis=1)
        return apart

    def _levels_by_edits(self, left: np.ndarray, right: np.ndarray) -> Codes:
        """One edit, two edits, similar or different, by the letters without marks."""
        a, b = self.letters[left], self.letters[right]
        levels = np.full(len(a), LEVEL["different"], dtype=np.int8)
        if not len(a):
            return levels
        likeness = cpdist(a, b, scorer=JaroWinkler.similarity, score_cutoff=SIMILAR_FROM, workers=-1)
        levels[likeness >= SIMILAR_FROM] = LEVEL["similar"]
        edits = cpdist(a, b, scorer=OSA.distance, score_cutoff=2, workers=-1)
        long_enough = np.minimum(_lengths(a), _lengths(b)) > 4
        levels[(edits == 2) & long_enough] = LEVEL["two_edits"]
        levels[edits <= 1] = LEVEL["one_edit"]
        return levels


def _hashes(texts: object) -> np.ndarray:
    return np.fromiter(map(text_key, texts), dtype=np.int64)  # type: ignore[call-overload]


def _lengths(texts: np.ndarray) -> np.ndarray:
    return np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))


def _shortened(words: list[list[str]]) -> np.ndarray:
    """Keys of each name with one word left out: names × MOST_WORDS, 0 where there is none."""
    return _variants(words, lambda name, i: name[:i] + name[i + 1 :])


def _abbreviated(words: list[list[str]]) -> np.ndarray:
    """Keys of each name with one word cut to its first letter: Nguyễn T. Lan."""
    return _variants(words, lambda name, i: [*name[:i], name[i][:1], *name[i + 1 :]])


def _variants(words: list[list[str]], changed: Callable[[list[str], int], list[str]]) -> np.ndarray:
    """Keys of names of three words and more, changed at each word; what is left must still tell people apart."""
    keys = np.zeros((len(words), MOST_WORDS), dtype=np.int64)
    for row, name in enumerate(words):
        if len(name) > 2:
            for i in range(min(len(name), MOST_WORDS)):
                keys[row, i] = text_key(" ".join(changed(name, i)))
    return keys

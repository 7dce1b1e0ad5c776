"""The words that names are made of, and the shapes of names by group."""

import functools
import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from rapidfuzz.distance import Levenshtein

from mock_population_api.geography import read_reference

Ints = npt.NDArray[np.int64]


class Vocabulary:
    """Every word of a name once, in a fixed order."""

    def __init__(self, words: list[str]) -> None:
        self._words = list(dict.fromkeys(words))
        self._positions = {word: position for position, word in enumerate(self._words)}

    def __len__(self) -> int:
        return len(self._words)

    def position(self, word: str) -> int:
        """Where the word stands."""
        return self._positions[word]

    def find(self, word: str) -> int:
        """Where the word stands, -1 when it is none."""
        return self._positions.get(word, -1)

    def as_array(self) -> pa.StringArray:
        """All words as Arrow text."""
        return pa.array(self._words, pa.string())


@dataclass(frozen=True)
class Shape:
    """How a name is built: `clan`, `given` or a fixed word in each slot, and the given names to choose from."""

    parts: tuple[str, ...]
    given: tuple[int, ...]


@dataclass(frozen=True)
class GroupNames:
    """Names in one group; a shape is None where names are built as those of the majority."""

    name: str
    clan_from: str
    """father | mother | given (the father's given name follows) | none."""
    male: Shape | None
    female: Shape | None


def _all_words() -> list[str]:
    words = ["Thị", "Văn"]
    for table in ("family_names.csv", "given_names.csv", "middle_names.csv"):
        words += [row["name"] for row in read_reference(table)]
    for row in read_reference("ethnic_groups.csv"):
        shapes = f"{row['male_shape']} {row['female_shape']}".split()
        words += [part.removeprefix("word:") for part in shapes if part.startswith("word:")]
        words += [
            word for column in ("clans", "male_given", "female_given") for word in row[column].split("|")
        ]
    return [word for word in words if word]


VOCABULARY = Vocabulary(_all_words())


def _shape(parts: str, given: str) -> Shape | None:
    if parts == "kinh":
        return None
    words = tuple(VOCABULARY.position(word) for word in given.split("|"))
    return Shape(tuple(part.removeprefix("word:") for part in parts.split()), words)


@functools.cache
def group_names() -> tuple[GroupNames, ...]:
    """All groups in the order of their table; the majority is the first."""
    return tuple(
        GroupNames(
            row["group"],
            row["clan_from"],
            _shape(row["male_shape"], row["male_given"]),
            _shape(row["female_shape"], row["female_given"]),
        )
        for row in read_reference("ethnic_groups.csv")
    )


def without_marks(text: str) -> str:
    """The letters alone: no tones, no hats, d for đ."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@functools.cache
def neighbours() -> tuple[Ints, Ints]:
    """For each word, given names of the same gender one letter or one mark away: starts, and the others in one list."""
    found: dict[int, list[int]] = {}
    rows = read_reference("given_names.csv")
    for letter in "MF":
        names = [row["name"] for row in rows if row["gender"] == letter and float(row["born_from_2005"]) > 0]
        plain = [without_marks(name).lower() for name in names]
        for name, bare in zip(names, plain, strict=True):
            near = [
                VOCABULARY.position(other)
                for other, other_bare in zip(names, plain, strict=True)
                if other != name and Levenshtein.distance(bare, other_bare, score_cutoff=1) <= 1
            ]
            found.setdefault(VOCABULARY.position(name), near)
    counts = [len(found.get(position, [])) for position in range(len(VOCABULARY))]
    others = [word for position in range(len(VOCABULARY)) for word in found.get(position, [])]
    return np.concatenate([[0], np.cumsum(counts)]), np.array(others)

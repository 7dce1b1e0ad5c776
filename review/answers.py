"""Words that people chose or typed, told apart in Vietnamese and English, with and without marks."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from connectors.worklist import Answer

Word = TypeVar("Word")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Labels:
    """The words of the lists in every language that lists are written in."""

    columns: Mapping[str, str]
    """Header → column of `connectors.worklist`; columns answer to their own names besides."""
    answers: Mapping[str, Answer]
    headings: frozenset[str] = frozenset()
    """What else stands above the column of decisions."""

    @cached_property
    def _folded_columns(self) -> dict[str, str]:
        return {folded(label): column for label, column in self.columns.items()}

    @cached_property
    def _folded_answers(self) -> dict[str, Answer]:
        known = {folded(label): answer for label, answer in self.answers.items()}
        return known | {folded(answer): answer for answer in Answer}

    @cached_property
    def _folded_headings(self) -> frozenset[str]:
        return frozenset(folded(text) for text in self.headings)

    def column(self, cell: str) -> str | None:
        """The column that a header cell names."""
        return self._folded_columns.get(folded(cell)) or self._worn(cell, self._folded_columns)

    def answer(self, cell: str) -> Answer | None:
        """The answer that a cell gives, None for other words."""
        return self._folded_answers.get(folded(cell)) or self._worn(cell, self._folded_answers)

    def is_heading(self, cell: str) -> bool:
        """Whether a cell of the decisions is a header that stands there once more."""
        return folded(cell) in self._folded_headings or self.column(cell) is not None

    @staticmethod
    def _worn(cell: str, known: Mapping[str, Word]) -> Word | None:
        """By the letters that are left: Excel writes `?` for those that a Windows code page lacks."""
        if "?" not in cell:
            return None
        pattern = re.compile(re.escape(folded(cell)).replace(r"\?", "."))
        fitting = {value for label, value in known.items() if pattern.fullmatch(label)}
        return fitting.pop() if len(fitting) == 1 else None


def folded(text: str) -> str:
    """Lower case, without marks, single blanks: what a hurried or an old keyboard leaves of a word."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _BLANKS.sub(" ", letters).strip()

"""Gender and nationality as typed: small closed vocabularies, read whatever the encoding."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.normalise.columns import NO_HABIT, Column, Distinct, Habit, known_or_told, spread
from matching.normalise.encodings import LEGACY, decode
from matching.normalise.letters import clean, without_marks
from matching.normalise.rejects import Reject
from matching.normalise.vocabulary import NOTHING, phrases
from matching.people import Gender

Read = TypeVar("Read")

_GENDERS = {
    Gender.MALE: "nam|m|male|man|boy|trai|con trai|be trai|nam gioi|gioi nam|ong|anh|mr|1|true",
    Gender.FEMALE: "nu|f|female|woman|girl|gai|con gai|be gai|nu gioi|gioi nu|ba|chi|co|mrs|ms|0|2|x|false",
}
"""1 is a man in two of the codes in use (1/0, and 1/2 of ISO 5218), a woman in the third (0/1), which only a school's other values
can tell. Class lists with a column "Nữ" mark the girls by an x."""
_GENDER_OF = {word: gender for gender, words in _GENDERS.items() for word in words.split("|")}


class Nationality(StrEnum):
    """What a nationality means for the registry, which holds citizens."""

    VIETNAMESE = "vietnamese"
    FOREIGN = "foreign"
    UNREADABLE = "unreadable"


_VIETNAM = phrases(
    "viet nam|vietnam|viet|vn|vnm|vie|704|cong hoa xa hoi chu nghia viet nam|chxhcn viet nam|nguoi viet"
)
_ETHNIC_GROUPS = phrases(
    """
    kinh|tay|khmer|kho me|khome|muong|nung|mong|hmong|h mong|dao|gia rai|jrai|ede|e de|ba na|bana|san chay|cham|co ho|k ho|
    xo dang|san diu|hre|ra glai|raglay|mnong|m nong|tho|xtieng|stieng|kho mu|bru van kieu|van kieu|co tu|giay|ta oi|ma|gie trieng|
    co|cho ro|xinh mun|ha nhi|chu ru|la chi|khang|phu la|la hu|la ha|pa then|lu|ngai|chut|lo lo|mang|co lao|bo y|cong|si la|
    pu peo|ro mam|brau|o du
    """
)
"""Typed into the wrong column by people who are citizens; Thái, Lào and Hoa may be meant as countries."""


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", without_marks(clean(text))).split())


def _in_any_encoding(text: str, read: Callable[[str], Read | None]) -> Read | None:
    """What a closed vocabulary says of a text, which may be in a legacy encoding: no other word of it looks the same."""
    found = read(_plain(text))
    if found is None and not text.isascii():
        readings = (decode(text, encoding) for encoding in LEGACY)
        found = next(filter(None, (read(_plain(reading)) for reading in readings if reading)), None)
    return found


def read_gender(text: str) -> Gender | None:
    """M or F; None when the text says neither."""
    return _in_any_encoding(re.sub(r"\.0+$", "", text), _GENDER_OF.get)


@dataclass(frozen=True)
class GenderColumn:
    """Genders read, and per row what was wrong."""

    gender: pa.Array
    """M, F or null."""
    reject: pa.Array
    """Codes."""
    habit: Habit
    """1 where a woman is 1, 0 where a man is; only of schools whose records tell."""


def normalise_genders(
    column: Column, schools: Column, told: np.ndarray, known: Habit = NO_HABIT
) -> GenderColumn:
    """Read a column of genders, 0 and 1 by what names and numbers say of the people whom a school gives them to.

    Args:
        column: As typed.
        schools: Whose habit it is, one value per row.
        told: Per row, what else says: 1 for a woman, -1 for a man, 0 for nothing.
        known: Habits told before.
    """
    texts, groups = Distinct(column), Distinct(schools)
    plain = [re.sub(r"\.0+$", "", text.strip()) for text in texts.values]
    codes = np.array([{"1": 1, "0": -1}.get(text, 0) for text in plain], dtype=np.int64)[texts.codes]
    agreed = np.bincount(groups.codes, weights=codes * told, minlength=len(groups))
    habit = known_or_told(groups, (agreed > 0).astype(np.int64), known)
    woman_is_1 = (habit == 1)[groups.codes]
    genders = [read_gender(text) for text in plain]
    unread = [
        gender is None and not says_nothing(text) for gender, text in zip(genders, texts.values, strict=True)
    ]
    by_code = pc.if_else(pa.array(codes > 0), Gender.FEMALE.value, Gender.MALE.value)
    return GenderColumn(
        pc.if_else(pa.array(woman_is_1 & (codes != 0)), by_code, spread(genders, texts.codes, pa.string())),
        spread([Reject.GENDER_UNREADABLE if wrong else None for wrong in unread], texts.codes, pa.string()),
        {
            school: code
            for school, code, told_by in zip(groups.values, habit.tolist(), agreed, strict=True)
            if told_by or school in known
        },
    )


def told_by_name(names: pa.Array) -> np.ndarray:
    """1 where a canonical name has Thị in its middle, -1 where it has Văn, 0 elsewhere."""
    told = np.zeros(len(names), dtype=np.int64)
    for sign, middle in ((1, "(^| )th[iị] "), (-1, " v[aă]n ")):
        found = pc.fill_null(pc.match_substring_regex(names, middle), fill_value=False)
        told += sign * found.to_numpy(zero_copy_only=False)
    return told


def says_nothing(text: str) -> bool:
    """Whether a text is empty or a word for nothing."""
    return _plain(text) in NOTHING


def read_nationality(text: str) -> Nationality:
    """Whether a person is surely not a citizen; an empty nationality is a citizen's."""
    if says_nothing(text):
        return Nationality.VIETNAMESE
    return _in_any_encoding(re.sub(r"\.0+$", "", text), _known_nationality) or _other_nationality(
        _plain(text)
    )


def _known_nationality(plain: str) -> Nationality | None:
    if plain in _VIETNAM or plain in _ETHNIC_GROUPS or plain.startswith(("viet n", "vietn", "vn ")):
        return Nationality.VIETNAMESE
    return None


def _other_nationality(plain: str) -> Nationality:
    """Three digits are a country of ISO 3166; one or two are a place in a list whose first is Việt Nam; words name a country."""
    if not plain or (plain.isdigit() and len(plain) != 3):
        return Nationality.UNREADABLE
    return Nationality.FOREIGN

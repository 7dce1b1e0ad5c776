"""Claimed numbers as typed: 12-digit personal IDs, 9-digit former numbers, and what spreadsheets made of them.

Nothing is put right in silence. What has the form of a number is `personal_id` or `former`; what would have it after a repair
(lost zeros put back, O read as 0) is `other`, a suggestion that must agree with birth date and gender before anybody asks with it.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.normalise.columns import Column, Distinct, combined, spread
from matching.normalise.letters import without_marks
from matching.people import Gender, PersonalId, former_prefixes, id_provinces, is_plausible_id


class Form(StrEnum):
    """What a claimed number looks like."""

    PERSONAL = "personal"
    """12 digits of a form that was issued."""
    FORMER = "former"
    """9 digits."""
    ZERO_RESTORED = "zero_restored"
    """10 or 11 digits that are 12 with the leading zeros put back, which spreadsheets drop: suggested only."""
    FORMER_ZERO_RESTORED = "former_zero_restored"
    """8 digits that are a former number of Hà Nội to Thái Nguyên with its zero put back."""
    LETTERS_READ = "letters_read"
    """12 digits once O is read as 0 and l or I as 1: suggested only."""
    LOST_IN_SPREADSHEET = "lost_in_spreadsheet"
    """1.2E+11: the digits are gone."""
    PLACEHOLDER = "placeholder"
    """Stands for no number: 000000000000, 36, "chưa có"."""
    FOREIGN_DOCUMENT = "foreign_document"
    """A passport or another document with letters in its number."""
    WRONG_FORM = "wrong_form"
    """Digits of no number that was ever issued."""
    MISSING = "missing"
    """Nothing typed."""


@dataclass(frozen=True)
class ClaimedNumber:
    """What a claimed number is; 12 and 9 digits may both be there when two numbers stand in one cell."""

    form: Form
    personal_id: str | None = None
    former: str | None = None
    other: str | None = None


@dataclass(frozen=True)
class Structure:
    """What the digits of a personal ID say about its holder."""

    birth_province: str | None
    """3 digits (of 63), None when registered abroad."""
    gender: Gender
    birth_year: int


def structure(personal_id: str) -> Structure | None:
    """Province, gender and birth year inside a personal ID; None when the ID is not plausible."""
    known = PersonalId.parse(personal_id)
    return None if known is None else Structure(known.birth_province, known.gender, known.birth_year)


_DECORATION = re.compile(r"[\s.\-–—'\"`’‘“”=:;_*#,/\\]+")
_LABEL = re.compile(
    r"^(?:so\s*)?(?:cccd|cmnd|cmtnd|cmt|tcc|can cuoc|id|dinh danh|dinh danh ca nhan|ddcn|ma dinh danh)(?:\s*so)?\b[\s:.]*"
)
_NOTE = re.compile(r"\([^)]*\)?|\[[^\]]*\]?")
_FLOAT_TAIL = re.compile(r"^(\d+)[.,]0{1,2}$")
_POWER = re.compile(r"^(\d)(?:[.,](\d*))?\s*e\s*\+?\s*(\d\d?)$")
_GROUPS = re.compile(r"(?<!\d)(?:\d{12}|\d{9})(?!\d)")
_DOCUMENT = re.compile(r"^(?=(?:.*\d){5})[a-z]{1,3}\d{5,9}[a-z]?\d?$|^\d{5,9}[a-z]{1,3}$")
_DIGIT_LETTERS = str.maketrans("oil", "011")
_MISSING = frozenset({"", "nan", "none", "null", "nat", "<na>", "n/a", "na", "#n/a"})


def read_number(text: str) -> ClaimedNumber:
    """Read a claimed number as typed; whatever the text, there is an answer."""
    plain = without_marks(_ascii_digits(text)).lower().strip(" \t\r\n'\"`=")
    if plain in _MISSING:
        return ClaimedNumber(Form.MISSING)
    plain = _LABEL.sub("", _NOTE.sub("", plain)).strip(" '\"=")
    power = _POWER.match(plain)
    if power:
        return _read_power(power[1] + (power[2] or ""), int(power[3]))
    tail = _FLOAT_TAIL.match(plain)
    if tail:
        return _read_digits(tail[1])
    several = _GROUPS.findall(plain)
    if len(several) > 1:
        return _read_several(several)
    return _read_compact(_DECORATION.sub("", plain))


def _ascii_digits(text: str) -> str:
    """Full-width and other digits of Unicode as ASCII."""
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in folded)


def _read_power(digits: str, power: int) -> ClaimedNumber:
    """1.20401234567E+11 still has all its digits; 1.2E+11 has not."""
    if len(digits) <= power:
        return ClaimedNumber(Form.LOST_IN_SPREADSHEET)
    return _read_digits(digits[: power + 1])


def _read_several(numbers: list[str]) -> ClaimedNumber:
    """Two numbers in one cell, as in "old / new": the first good one of each length."""
    read = [_read_digits(number) for number in numbers]
    personal = next((number.personal_id for number in read if number.personal_id), None)
    former = next((number.former for number in read if number.former), None)
    if personal is None and former is None:
        return read[0]
    return ClaimedNumber(Form.PERSONAL if personal else Form.FORMER, personal, former)


def _read_compact(signs: str) -> ClaimedNumber:
    if signs.isdigit():
        return _read_digits(signs)
    if not any(sign.isdigit() for sign in signs):
        return ClaimedNumber(Form.PLACEHOLDER)
    as_digits = signs.translate(_DIGIT_LETTERS)
    if is_plausible_id(as_digits) and not is_placeholder(as_digits):
        return ClaimedNumber(Form.LETTERS_READ, other=as_digits)
    return ClaimedNumber(Form.FOREIGN_DOCUMENT if _DOCUMENT.match(signs) else Form.WRONG_FORM)


def _read_digits(digits: str) -> ClaimedNumber:
    if len(digits) < 5 or is_placeholder(digits):
        return ClaimedNumber(Form.PLACEHOLDER)
    if len(digits) == 12:
        return (
            ClaimedNumber(Form.PERSONAL, digits)
            if is_plausible_id(digits)
            else ClaimedNumber(Form.WRONG_FORM)
        )
    if len(digits) == 9:
        return ClaimedNumber(Form.FORMER, former=digits)
    padded = digits.zfill(12)
    if len(digits) in (10, 11) and digits[0] != "0" and is_plausible_id(padded):
        return ClaimedNumber(Form.ZERO_RESTORED, other=padded)
    if len(digits) == 8 and digits[0] != "0" and _is_known_former(digits.zfill(9)):
        return ClaimedNumber(Form.FORMER_ZERO_RESTORED, former=digits.zfill(9))
    return ClaimedNumber(Form.WRONG_FORM)


def _is_known_former(digits: str) -> bool:
    return digits[:2] in former_prefixes() or digits[:3] in former_prefixes()


def is_placeholder(digits: str) -> bool:
    """Whether digits were typed to fill a field: one digit over and over, a run of neighbours, or a serial part of one digit."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(digits)}
    if len(steps) < 2 and steps <= {0, 1, 9}:
        return True
    return len(digits) == 12 and len(set(digits[6:])) == 1


@dataclass(frozen=True)
class NumberColumn:
    """Claimed numbers, read: Arrow arrays of text, one value per row."""

    form: pa.Array
    """Value of `Form`, never null."""
    personal_id: pa.Array
    former: pa.Array
    other: pa.Array


_PLAIN_ID = "^[0-9]{3}[0-3][0-9]{8}$"
_FILLED = "(000000|111111|222222|333333|444444|555555|666666|777777|888888|999999)$"


def normalise_numbers(column: Column) -> NumberColumn:
    """Read a column of claimed numbers.

    Numbers are nearly all distinct, so that those of a plain form are told by whole-column operations and only the others one
    by one.
    """
    typed = pc.fill_null(combined(column).cast(pa.string()), "")
    province = pc.utf8_slice_codeunits(typed, 0, 3)
    plausible = pc.and_(
        pc.match_substring_regex(typed, _PLAIN_ID),
        pc.or_(
            pc.is_in(province, value_set=pa.array(list(id_provinces()))),
            pc.greater_equal(province, "101"),
        ),
    )
    filled = pc.or_(pc.match_substring_regex(typed, _FILLED), pc.starts_with(typed, "123456"))
    plain = pc.and_not(plausible, filled)
    rest = Distinct(pc.if_else(plain, "", typed))
    read = rest.map(read_number)
    return NumberColumn(
        form=pc.if_else(
            plain, Form.PERSONAL.value, spread([number.form for number in read], rest.codes, pa.string())
        ),
        personal_id=pc.if_else(
            plain, typed, spread([number.personal_id for number in read], rest.codes, pa.string())
        ),
        former=spread([number.former for number in read], rest.codes, pa.string()),
        other=spread([number.other for number in read], rest.codes, pa.string()),
    )


def structures(personal_ids: Column) -> tuple[np.ndarray, np.ndarray]:
    """Birth year and gender inside each personal ID.

    Returns:
        Birth years (int64, 0 where there is no ID), and whether the holder is a woman (bool).
    """
    text = pc.fill_null(combined(personal_ids), "0" * 12)
    numbers = text.cast(pa.int64()).to_numpy(zero_copy_only=False)
    century, year = numbers // 10**8 % 10, numbers // 10**6 % 100
    return np.where(numbers > 0, 1900 + 100 * (century // 2) + year, 0), century % 2 == 1

"""Dates, places, numbers side by side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import levels
from matching.comparison import birth_date, birth_place, number, residence

PARTS = ("year", "month", "day", "precision")


def date(text):
    parts = [int(part) for part in text.split("-")] if text else []
    return [*parts, *[0] * (3 - len(parts)), len(parts)]


def columns(names, *rows):
    return {name: np.array(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ("2011-09-05", "2011-09-05", "same_day"),
        ("1980-01-01", "1980-01-01", "default_day"),
        ("2011-09-05", "2011-05-09", "day_month_swapped"),
        ("2011-09-05", "2010-09-05", "year_off"),
        ("2011-09-05", "2001-09-05", "year_off"),
        ("1987-09-05", "1978-09-05", "year_off"),
        ("2011-09-05", "2011-09-15", "one_part_off"),
        ("2011-09-05", "2011-10-05", "one_part_off"),
        ("2011", "2011-10-05", "coarse"),
        ("2011-10", "2011-10-05", "coarse"),
        ("2011-11", "2011-10-05", "same_year"),
        ("2011-01-01", "2011-10-05", "coarse"),
        ("2011-01-01", "2011-01-05", "coarse"),
        ("2011-09-05", "2011-10-06", "same_year"),
        ("2011-09-05", "2012-10-06", "adjacent_year"),
        ("1980-01-01", "1981-01-01", "adjacent_year"),
        ("2011-09-05", "2004-10-06", "different"),
        ("2011-09-05", "1985-10-06", "far"),
        ("2011", "1985-10-06", "far"),
        ("", "2004-10-06", "missing"),
        ("2004-10-06", "", "missing"),
    ],
)
def test_birth_date(left, right, wanted):
    codes = birth_date(columns(PARTS, date(left)), columns(PARTS, date(right)))
    assert levels.BIRTH_DATE[codes[0]] == wanted


PLACE = ("birth_province", "birth_region", "residence_province", "residence_commune")


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ((2, 8), (2, 8), "same"),
        ((2, 8), (8, 8), "same_region"),  # Hà Giang and Tuyên Quang are one province now
        ((0, 8), (8, 8), "same_region"),
        ((2, 8), (1, 1), "different"),
        ((0, 0), (1, 1), "missing"),
    ],
)
def test_birth_place(left, right, wanted):
    codes = birth_place(columns(PLACE[:2], left), columns(PLACE[:2], right))
    assert levels.BIRTH_PLACE[codes[0]] == wanted


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ((38, 14950), (38, 14950), "same_commune"),
        ((38, 14950), (38, 14951), "same_province"),
        ((38, 0), (38, 14951), "same_province"),
        ((38, 1), (1, 4), "different"),
        ((0, 0), (1, 4), "missing"),
    ],
)
def test_residence(left, right, wanted):
    codes = residence(columns(PLACE[2:], left), columns(PLACE[2:], right))
    assert levels.RESIDENCE[codes[0]] == wanted


def number_level(claimed, entry, other=0, former=0, found_by=0):
    record = columns(("number", "number_other", "former"), (claimed, other, former))
    codes = number(record, columns(("entry", "found_by"), (entry, found_by)))
    return levels.NUMBER[codes[0]]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({"claimed": 38099012345, "entry": 38099012345, "found_by": 1}, "same"),
        ({"claimed": 38099012345, "entry": 38199000001, "found_by": 2}, "superseded"),
        ({"claimed": 0, "former": 271450001, "entry": 38199000001, "found_by": 3}, "former_same"),
        ({"claimed": 0, "other": 38099012345, "entry": 38099012345, "found_by": 1}, "zero_restored"),
        ({"claimed": 38099012345, "entry": 38099012346}, "one_digit"),
        ({"claimed": 38099012345, "entry": 38099012354}, "one_digit"),
        ({"claimed": 38099012345, "entry": 38099912340}, "structure_agrees"),
        ({"claimed": 38099012345, "entry": 1199000001}, "different"),
        ({"claimed": 0, "entry": 1199000001}, "missing"),
        ({"claimed": 0, "former": 271450001, "entry": 1199000001}, "missing"),
    ],
)
def test_number(arguments, wanted):
    assert number_level(**arguments) == wanted


def apart(a, b):
    """What one slip means, digit by digit."""
    differing = [i for i in range(12) if a[i] != b[i]]
    if len(differing) == 2:
        i, j = differing
        return j == i + 1 and a[i] == b[j] and a[j] == b[i]
    return len(differing) == 1


digits = st.text("0123456789", min_size=12, max_size=12)


@given(digits, st.data())
def test_one_digit_is_one_slip_and_nothing_else(a, data):
    place = data.draw(st.integers(0, 10))
    slips = [
        a[:place] + data.draw(st.sampled_from("0123456789")) + a[place + 1 :],
        a[:place] + a[place + 1] + a[place] + a[place + 2 :],
        a[:place] + data.draw(st.text("0123456789", min_size=2, max_size=2)) + a[place + 2 :],
    ]
    for b in [other for other in slips if len(other) == 12]:
        found = number_level(claimed=int(a), entry=int(b)) == "one_digit"
        assert found == (apart(a, b) and int(a) != 0), (a, b)

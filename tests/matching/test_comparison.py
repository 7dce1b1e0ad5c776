"""Dates, places, numbers side by side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import levels
from matching.columns import packed
from matching.comparison import (
    birth_level,
    birth_levels,
    birth_place_level,
    gender_level,
    is_year_slip,
    number_level,
    one_digit_apart,
    parents_level,
    residence_level,
)


def date(text):
    parts = [int(part) for part in text.split("-")] if text else []
    year, month, day = (np.array([part]) for part in [*parts, *[0] * (3 - len(parts))])
    return int(packed(year, month, day)[0])


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
    assert levels.BIRTH_DATE[birth_level(date(left), date(right))] == wanted


dates = st.sampled_from(
    ["", "2011", "2011-10", "2011-01-01", "2010-01-01", "1978", "1987-12"]
) | st.dates().map(str)


@given(dates, dates)
def test_birth_dates_compare_alike_from_both_sides_and_in_columns(left, right):
    a, b = date(left), date(right)
    assert birth_level(a, b) == birth_level(b, a)
    assert (
        birth_levels(np.array([a, b], np.int32), np.array([b, a], np.int32)).tolist()
        == [birth_level(a, b)] * 2
    )


@pytest.mark.parametrize(
    ("a", "b", "slip"),
    [
        (2011, 2010, True),
        (2011, 2013, True),
        (1998, 2007, True),
        (1998, 2008, True),
        (1998, 2009, True),
        (1987, 1978, True),
        (1987, 2078, False),
        (2011, 2011, False),
        (2011, 2014, False),
    ],
)
def test_slips_of_years(a, b, slip):
    assert is_year_slip(a, b) == is_year_slip(b, a) == slip


@pytest.mark.parametrize(
    ("left", "right", "wanted"), [(1, 1, "same"), (1, 2, "different"), (0, 1, "missing"), (2, 0, "missing")]
)
def test_gender(left, right, wanted):
    assert levels.GENDER[gender_level(left, right)] == wanted


REGIONS = np.zeros(100, np.int8)
REGIONS[[1, 2, 8]] = [1, 8, 8]


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ((2, 8), 2, "same"),
        ((2, 8), 8, "same_region"),  # Hà Giang and Tuyên Quang are one province now
        ((0, 8), 8, "same_region"),
        ((2, 8), 1, "different"),
        ((0, 0), 1, "missing"),
        ((2, 8), 0, "missing"),
        ((50, 0), 60, "different"),  # places of a catalogue without regions
        ((50, 0), 50, "same"),
    ],
)
def test_birth_place(left, right, wanted):
    assert levels.BIRTH_PLACE[birth_place_level(*left, right, REGIONS)] == wanted


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
    assert levels.RESIDENCE[residence_level(*left, *right)] == wanted


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({"claimed": 38099012345, "entry": 38099012345, "found_by": 1}, "same"),
        ({"claimed": 38099012345, "entry": 38199000001, "found_by": 2}, "superseded"),
        ({"claimed": 0, "entry": 38199000001, "found_by": 3}, "former_same"),
        ({"claimed": 0, "other": 38099012345, "entry": 38099012345, "found_by": 1}, "zero_restored"),
        ({"claimed": 38099012345, "entry": 38099012346}, "one_digit"),
        ({"claimed": 38099012345, "entry": 38099012354}, "one_digit"),
        ({"claimed": 38099012345, "entry": 38099912340}, "structure_agrees"),
        ({"claimed": 38099012345, "entry": 1199000001}, "different"),
        ({"claimed": 0, "entry": 1199000001}, "missing"),
        ({"claimed": 0, "other": 38099012345, "entry": 38099012346}, "one_digit"),
        ({"claimed": 0, "other": 38099012345, "entry": 1199000001}, "different"),
    ],
)
def test_number(arguments, wanted):
    told = {"other": 0, "found_by": 0, **arguments}
    assert (
        levels.NUMBER[number_level(told["claimed"], told["other"], told["entry"], told["found_by"])] == wanted
    )


@pytest.mark.parametrize(
    ("compared", "agree", "wanted"),
    [
        (2, 2, "both_agree"),
        (1, 1, "one_agrees"),
        (2, 1, "mixed"),
        (1, 0, "differ"),
        (2, 0, "differ"),
        (0, 0, "missing"),
    ],
)
def test_parents(compared, agree, wanted):
    assert levels.PARENTS[parents_level(compared, agree)] == wanted


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
        assert one_digit_apart(int(a), int(b)) == apart(a, b), (a, b)

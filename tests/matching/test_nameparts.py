"""Names compared part by part, and how common the parts are."""

import numpy as np
import pyarrow as pa
import pytest

from matching.levels import MIDDLE, NAME_PART
from matching.likeness import name_levels
from matching.nameparts import levels_of_parts, spans_of
from matching.nametable import name_table
from matching.partshares import part_shares
from matching.profile import PEOPLE

NOBODY = np.zeros(0, np.int64)


def table(*names):
    return name_table(pa.array(names, pa.string()), PEOPLE)


def parts(name):
    family, middle, middle_end, given = spans_of(table(name))[0]
    return name[:family], name[middle:middle_end], name[given:]


def levels(left, right):
    one, other, only = table(left), table(right), np.zeros(1, np.int32)
    whole = name_levels(one, only, other, only, NOBODY)
    family, middle, given = levels_of_parts(one, only, other, only, whole)[0]
    return NAME_PART[family], MIDDLE[middle], NAME_PART[given]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("hill m maria", ("hill", "m", "maria")),
        ("de la cruz m mary ann", ("de la cruz", "m", "mary ann")),
        ("hill maria", ("hill", "", "maria")),
        ("hill anna maria", ("hill", "anna", "maria")),
        ("hill", ("hill", "", "")),
        ("r adam", ("", "r", "adam")),
        ("haynes r", ("haynes", "r", "")),
        ("garcia lopez j", ("garcia lopez", "j", "")),
        ("hill m o", ("hill", "m", "o")),
        ("s t michael", ("", "s t", "michael")),
    ],
)
def test_an_initial_parts_family_name_and_given_name(name, wanted):
    assert parts(name) == wanted


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ("hill m maria", "hill m maria", ("same", "same", "same")),
        ("hill m mario", "hill m maria", ("same", "same", "one_edit")),
        ("hill m kim", "hill maria kimberly", ("same", "partly", "cut")),
        ("hill m jon", "hill n johann", ("same", "different", "alike")),
        ("hill m maria", "hill m peter", ("same", "same", "different")),
        ("r adam", "r adam", ("missing", "same", "same")),
        ("haynes r", "haynes r anita", ("same", "same", "missing")),
        ("maria hill", "hill maria", ("same", "missing", "same")),
        ("maria hil", "hill maria", ("one_edit", "missing", "same")),
        ("maria", "hill maria", ("missing", "missing", "same")),
        ("hil lmaria", "hill maria", ("same", "missing", "same")),
    ],
)
def test_levels_of_the_parts(left, right, wanted):
    forward, back = levels(left, right), levels(right, left)
    assert sorted(forward[::2]) == sorted(back[::2]) == sorted(wanted[::2])
    assert forward[1] == back[1] == wanted[1]


SHARES = (
    {"hill": 0.01, "hull": 0.001, "rare": 1e-5},
    {"m": 0.1, "maria": 0.01},
    {"maria": 0.02, "mario": 0.001, "mari": 0.0005, "peter": 0.02},
)


def shares(*names, counted=None):
    return part_shares(table(*names), *SHARES, 100_000, counted)


def test_a_common_part_says_less_than_a_rare_one():
    common, rare = shares("hill m maria", "rare m maria").family
    assert common[0] == pytest.approx(0.01, rel=1e-2)
    assert rare[0] < 1e-4
    assert common[1] == pytest.approx(0.001, rel=0.3)  # hull


def test_each_level_of_a_part_counts_other_people():
    (of,) = shares("hill m maria").given
    same, one_edit, cut, _, different, missing = of
    assert same == pytest.approx(0.02, rel=1e-2)
    assert one_edit == pytest.approx(0.0015, rel=0.1)  # mario and mari
    assert cut < one_edit
    assert different == missing == 1


def test_the_count_of_a_whole_name_is_believed_against_its_parts():
    by_parts = shares("hill m maria").whole_by_parts[0]
    assert shares("hill m maria").whole[0] == by_parts
    assert 100 * by_parts < shares("hill m maria", counted=np.array([500])).whole[0] < 0.005
    assert shares("hill m", counted=np.array([500])).whole[0] == 0

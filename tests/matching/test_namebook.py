"""The level that two names reach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.keys import text_key
from matching.levels import NAME
from matching.namebook import NameBook

GIVEN_NAMES = frozenset({"hoa", "hòa", "an", "anh"})


def level(left, right, given_names=frozenset()):
    names = list(dict.fromkeys([left, right]))
    book = NameBook(np.array([text_key(name) for name in names]), names, given_names)
    (code,) = book.levels(np.array([text_key(left)]), np.array([text_key(right)]))
    return NAME[code]


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ("nguyễn văn hùng", "nguyễn văn hùng", "same"),
        ("nguyen van hung", "nguyễn văn hùng", "same_unmarked"),
        ("nguyễn văn hưng", "nguyễn văn hùng", "marks_differ"),
        ("lê thị sen", "lê thị xen", "same_sound"),
        ("h nghia êban", "hnghia êban", "same_sound"),
        ("nguyễn văn hùg", "nguyễn văn hùng", "one_edit"),
        ("trần minh anh", "trần minh an", "one_edit"),
        ("niê kdăm y ngông", "y ngông niê kdăm", "word_order"),
        ("nguyễn lan", "nguyễn thị lan", "word_missing"),
        ("nguyễn thị thu lan", "nguyễn thị lan", "word_missing"),
        ("nguyễn t lan", "nguyễn thị lan", "word_missing"),
        ("nguyễn vănn hunh", "nguyễn văn hùng", "two_edits"),
        ("nguyễn ngọc hùng", "nguyễn văn hùng", "family_and_given"),
        ("nguyễn văn hải", "nguyễn văn hùng", "similar"),
        ("trần thị bích", "nguyễn văn hùng", "different"),
    ],
)
def test_level(left, right, wanted):
    assert level(left, right) == wanted
    assert level(right, left) == wanted


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ("lê thị hoa", "lê thị hòa", "given_differs"),
        ("trần minh anh", "trần minh an", "given_differs"),
        ("le thi hoa", "lê thị hòa", "same_unmarked"),  # typed without marks: no other name
        ("trần minh anhh", "trần minh anh", "one_edit"),  # nobody is called so
        ("trần mnih anh", "trần minh anh", "one_edit"),
        ("trần minh tú anh", "trần minh anh", "word_missing"),
    ],
)
def test_another_given_name_is_no_slip(left, right, wanted):
    assert level(left, right, GIVEN_NAMES) == wanted
    assert level(right, left, GIVEN_NAMES) == wanted


def test_a_name_nobody_knows_is_missing():
    book = NameBook(np.array([text_key("lê an")]), ["lê an"])
    assert NAME[book.levels(np.array([0]), np.array([text_key("lê an")]))[0]] == "missing"


def test_an_empty_book_knows_nobody():
    book = NameBook(np.zeros(0, np.int64), [])
    assert NAME[book.levels(np.array([1]), np.array([2]))[0]] == "missing"


words = st.lists(
    st.sampled_from(["nguyễn", "trần", "văn", "thị", "minh", "anh", "an", "h", "y", "niê", "êban"]),
    min_size=1,
    max_size=5,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(words.map(" ".join), min_size=2, max_size=12, unique=True))
def test_a_book_that_grew_compares_as_one_made_at_once(names):
    import pyarrow as pa

    keys = np.array([text_key(name) for name in names])
    at_once = NameBook(keys, names)
    half = len(names) // 2
    grown = NameBook(keys[:half], names[:half]).with_names(pa.table({"name_key": keys, "name": names}))
    left, right = np.repeat(keys, len(keys)), np.tile(keys, len(keys))
    assert (at_once.levels(left, right) == grown.levels(left, right)).all()


@settings(max_examples=100, deadline=None)
@given(words.map(" ".join), words.map(" ".join))
def test_levels_are_symmetric_and_only_equals_are_the_same(left, right):
    assert level(left, right) == level(right, left)
    assert (level(left, right) == "same") == (left == right)

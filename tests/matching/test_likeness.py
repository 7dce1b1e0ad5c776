"""The level that two names reach, and the distances below it."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA, JaroWinkler

from matching.levels import NAME
from matching.likeness import LONGEST, SIMILAR_FROM, edits, jaro_winkler, name_agrees, name_level, name_levels
from matching.nametable import joined, name_table, text_key
from matching.profile import VIETNAM

GIVEN_NAMES = ("hoa", "hòa", "an", "anh", "vi", "vy")


def keys(words):
    return np.sort(np.array([text_key(word) for word in words], np.int64))


def table(*names):
    return name_table(pa.array(names, pa.string()), VIETNAM)


def level(left, right, given_names=()):
    return NAME[name_level(table(left), 0, table(right), 0, keys(given_names))]


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
        ("lan", "mai", "different"),  # short names are other names, whatever the count of edits
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


@pytest.mark.parametrize(
    ("record", "entry", "wanted"),
    [
        ("lê thị hoa", "lê thị hòa", "given_marks_lost"),
        ("lê thị hòa", "lê thị hoa", "given_marks_differ"),  # a typist loses marks, and adds them hardly ever
        ("lê thị vy", "lê thị vi", "given_same_sound"),
        ("hồ minh anh", "trần minh anh", "family_differs"),
        ("hồ anh", "trần anh", "given_agrees"),  # of two words, one is too little
    ],
)
def test_what_differs_in_a_name_that_is_otherwise_the_same(record, entry, wanted):
    assert level(record, entry, GIVEN_NAMES) == wanted


@pytest.mark.parametrize(("a", "b"), [(-1, 0), (0, -1), (-1, -1)])
def test_no_name_is_missing(a, b):
    names = table("lê an")
    assert NAME[name_level(names, a, names, b, keys(()))] == "missing"


def test_an_empty_table_knows_nobody():
    nobody = table()
    assert NAME[name_level(nobody, -1, nobody, -1, keys(()))] == "missing"


words = st.lists(
    st.sampled_from(["nguyễn", "trần", "văn", "thị", "minh", "anh", "an", "h", "y", "niê", "êban"]),
    min_size=1,
    max_size=5,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(words.map(" ".join), min_size=2, max_size=12, unique=True))
def test_tables_put_together_compare_as_one_made_at_once(names):
    half = len(names) // 2
    at_once, grown = table(*names), joined([table(*names[:half]), table(*names[half:])])
    left, right = (one.ravel().astype(np.int32) for one in np.indices((len(names), len(names))))
    none = keys(())
    assert (
        name_levels(at_once, left, at_once, right, none) == name_levels(grown, left, grown, right, none)
    ).all()
    assert (
        name_levels(at_once, left, grown, right, none) == name_levels(grown, left, at_once, right, none)
    ).all()


@settings(max_examples=100, deadline=None)
@given(words.map(" ".join), words.map(" ".join))
def test_levels_are_symmetric_and_only_equals_are_the_same(left, right):
    assert level(left, right) == level(right, left)
    assert (level(left, right) == "same") == (left == right)


def letters(text):
    return np.frombuffer(text.encode("ascii"), np.uint8).copy()


texts = st.text("abn ", max_size=14) | st.text("abcdefgh ", max_size=40)


@st.composite
def slipped(draw):
    """A text and what a few slips make of it."""
    text = changed = draw(texts)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(changed)))
        cut, put = draw(st.integers(0, 1)), draw(st.text("abn", max_size=1))
        rest = changed[place:]
        changed = changed[:place] + (rest[1::-1] + rest[2:] if draw(st.booleans()) else put + rest[cut:])
    return text, changed


@settings(max_examples=1000, deadline=None)
@given(slipped() | st.tuples(texts, texts))
def test_edits_are_those_of_optimal_string_alignment_up_to_two(pair):
    a, b = pair
    assert edits(letters(a), letters(b)) == min(OSA.distance(a, b), 3)


@settings(max_examples=500, deadline=None)
@given(slipped() | st.tuples(texts, texts))
def test_jaro_winkler_is_the_usual_one(pair):
    a, b = pair
    assert jaro_winkler(letters(a), letters(b)) == pytest.approx(JaroWinkler.similarity(a, b), abs=1e-9)


def test_endless_texts_are_looked_at_to_their_limit():
    endless = letters("ab" * LONGEST)
    assert edits(endless, endless) == 0
    assert jaro_winkler(endless, endless) == pytest.approx(1.0)


def canonical(pair):
    return tuple(" ".join(name.split()) for name in pair)


slipped_names = slipped().map(canonical).filter(all)
unlike_names = st.tuples(texts, texts).map(canonical).filter(all)


@settings(max_examples=300, deadline=None)
@given(slipped_names | st.tuples(words.map(" ".join), words.map(" ".join)))
def test_parents_agree_where_their_names_come_near_enough(pair):
    left, right = (table(name) for name in pair)
    known = keys(GIVEN_NAMES)
    reached = name_level(left, 0, right, 0, known)
    assert name_agrees(left, 0, right, 0, known) == (reached <= NAME.index("given_same_sound"))


@settings(max_examples=300, deadline=None)
@given(slipped_names | unlike_names)
def test_no_similar_name_is_given_up_before_its_letters_are_compared(pair):
    left, right = (table(name) for name in pair)
    if NAME[name_level(left, 0, right, 0, keys(()))] in {"given_agrees", "family_agrees", "different"}:
        one, other = (bytes(names.letters.tolist()).decode() for names in (left, right))
        assert JaroWinkler.similarity(one, other) < SIMILAR_FROM

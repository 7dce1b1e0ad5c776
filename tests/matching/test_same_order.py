"""Where IDs stand among others, in whatever order and however many came and went."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.same_order import all_differ, places_in


def of(*ids):
    return pa.array(ids, pa.string())


@st.composite
def two_nights(draw):
    """Some IDs, and the same with some gone, some new and some moved."""
    before = draw(st.lists(st.text("ab1é", max_size=4), unique=True, max_size=60))
    stay = draw(st.sets(st.sampled_from(before))) if before else set()
    now = [one for one in before if one in stay] + draw(
        st.lists(st.text("xyz", min_size=1, max_size=3), unique=True)
    )
    return before, draw(st.permutations(now)) if draw(st.booleans()) else sorted(now)


@given(two_nights())
def test_places_are_those_of_a_search(nights):
    before, now = nights
    places = places_in(of(*before), of(*now))
    assert places.tolist() == [before.index(one) if one in before else -1 for one in now]


@pytest.mark.parametrize("gone", [range(5), range(100, 140), range(0, 300, 3), range(295, 300)])
def test_neighbours_of_who_went_are_found(gone):
    before = [f"HS{number:04d}" for number in range(300)]
    now = [one for place, one in enumerate(before) if place not in gone]
    assert places_in(of(*before), of(*now)).tolist() == [before.index(one) for one in now]
    assert places_in(of(*now), of(*before)).tolist() == [
        now.index(one) if one in now else -1 for one in before
    ]


def test_chunks_and_slices_are_read_as_they_stand():
    before = pa.chunked_array([["a", "b"], ["c"], [], ["d", "e"]])
    now = pa.array(["x", "b", "c", "e", "y"]).slice(1, 3)
    assert places_in(before, now).tolist() == [1, 2, 4]
    assert places_in(before.slice(1), now).tolist() == [0, 1, 3]


@pytest.mark.parametrize(("others", "ids", "found"), [((), (), []), ((), ("a",), [-1]), (("a",), (), [])])
def test_nobody_is_nowhere(others, ids, found):
    assert places_in(of(*others), of(*ids)).tolist() == found


@given(st.lists(st.text(max_size=5), max_size=50))
def test_texts_differ_unless_one_is_there_twice(texts):
    assert all_differ(of(*texts)) == (len(set(texts)) == len(texts))


def test_neither_letters_nor_lengths_in_another_order_are_the_same():
    assert all_differ(of("ab", "ba", "", "a", "b", "aa", "HS001", "HS010", "HS100"))
    assert not all_differ(pa.chunked_array([["HS001"], ["HS002", "HS001"]]))

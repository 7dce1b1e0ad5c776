"""Where IDs stand among others, in whatever order and however many came and went."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.same_order import places_in, same_values


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


@given(st.lists(st.text("ab1é", max_size=3), max_size=60), st.lists(st.text("ab1é", max_size=3), unique=True))
def test_texts_may_be_there_again_and_null(wanted, others):
    wanted = [*wanted, None, *wanted[:3]]
    places = places_in(of(*others), of(*wanted))
    assert places.tolist() == [others.index(one) if one in others else -1 for one in wanted]


def test_blocks_that_changed_places_are_followed():
    others = [f"HS{number:05d}" for number in range(5_000)]
    wanted = [one for start in (3_000, 1_000, 4_000, 0, 2_000) for one in others[start : start + 1_000]]
    new = [f"NEW{number}" for number in range(200)]
    mixed = wanted[:2_500] + new + wanted[2_500:]
    assert places_in(of(*others), of(*mixed)).tolist() == [
        int(one[2:]) if one.startswith("HS") else -1 for one in mixed
    ]


def test_two_columns_are_compared_where_one_or_both_hold_nothing():
    one = pa.chunked_array([["a", None], ["b", None]])
    assert same_values(one, of("a", None, "c", "d")).tolist() == [True, True, False, False]

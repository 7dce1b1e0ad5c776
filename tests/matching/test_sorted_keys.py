"""Places in sorted keys are those that numpy finds, however keys are spread."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matching.sorted_keys import distinct, first_at_least, looked_up, place_of, places_of

INT64 = st.integers(-(2**63), 2**63 - 1)
NUMBERS = arrays(np.int64, st.integers(0, 60), elements=st.one_of(st.integers(-5, 5), INT64))


@given(NUMBERS, NUMBERS)
def test_keys_are_found_where_numpy_finds_them(keys, wanted):
    keys.sort()
    places = np.searchsorted(keys, wanted)
    assert places_of(keys, wanted).tolist() == places.tolist()
    assert [first_at_least(keys, key, 0, len(keys)) for key in wanted.tolist()] == places.tolist()


@pytest.mark.parametrize("spread", ["evenly", "in heaps", "all but one the same", "by powers"])
def test_many_keys_are_found_however_they_are_spread(spread):
    random = np.random.default_rng(5)
    keys = {
        "evenly": random.integers(-(2**63), 2**63 - 1, 20_000),
        "in heaps": random.integers(0, 40, 20_000) * 10**12 + random.integers(0, 9, 20_000),
        "all but one the same": np.append(np.zeros(20_000, np.int64), 2**62),
        "by powers": (2.0 ** random.uniform(0, 62, 20_000)).astype(np.int64),
    }[spread]
    keys.sort()
    wanted = np.concatenate([keys[::7], keys[::7] + 1, random.integers(-(2**63), 2**63 - 1, 500)])
    assert np.array_equal(places_of(keys, wanted), np.searchsorted(keys, wanted))


def test_where_there_are_no_keys_the_place_is_the_first():
    assert place_of(np.zeros(0, np.int64), 5) == 0


@given(NUMBERS, NUMBERS)
def test_a_key_that_is_not_there_leads_nowhere(keys, wanted):
    keys = np.unique(keys)
    found = looked_up(keys, np.arange(len(keys), dtype=np.int32), wanted)
    assert (found >= 0).tolist() == np.isin(wanted, keys).tolist()
    assert np.array_equal(keys[found[found >= 0]], wanted[found >= 0])


@given(NUMBERS)
def test_each_number_stands_once_in_order(numbers):
    assert distinct(numbers).tolist() == sorted(set(numbers.tolist()))

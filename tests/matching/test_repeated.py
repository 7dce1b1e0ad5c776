"""Which texts stand in a column for the first time."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from matching.repeated import first_of_each


def of(*ids):
    return pa.array(ids, pa.string())


@given(st.lists(st.text("ab1é", max_size=3), max_size=60))
def test_the_first_of_each_text_is_told_from_those_that_follow(texts):
    assert first_of_each(of(*texts)).tolist() == [one not in texts[:at] for at, one in enumerate(texts)]


def test_neither_letters_nor_lengths_in_another_order_are_the_same():
    assert first_of_each(of("ab", "ba", "", "a", "b", "aa", "HS001", "HS010", "HS100")).all()
    assert first_of_each(pa.chunked_array([["HS001"], ["HS002", "HS001"]])).tolist() == [True, True, False]

"""Texts of answers are those that were held."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_population_api.number_codes import Oddities, to_codes, to_texts
from mock_population_api.text_hashes import letters_of
from mock_population_api.written_texts import texts_at


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=8), st.data())
def test_texts_are_taken_by_place(held, data):
    places = data.draw(st.lists(st.integers(-1, len(held) - 1), max_size=60))
    letters, starts = letters_of(pa.array(held))
    taken = texts_at(letters, starts, np.array(places, np.int32))
    taken.validate(full=True)
    assert taken.to_pylist() == [None if place < 0 else held[place] for place in places]


@settings(deadline=None)
@given(
    st.lists(
        st.none() | st.from_regex(r"\A[0-9]{1,17}\Z") | st.sampled_from(["", "x1", "123456789012345678"])
    )
)
def test_numbers_keep_their_zeros_and_oddities_are_as_they_were(texts):
    odd = Oddities()
    codes = to_codes(pa.array(texts, pa.string()), odd, new=True)
    written = to_texts(codes, odd.texts)
    written.validate(full=True)
    assert written.to_pylist() == texts

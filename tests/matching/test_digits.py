"""Codes and numbers in text become integers; what isn't one becomes 0."""

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.keys import digits


@given(st.lists(st.none() | st.text("0123456789", max_size=14) | st.text(max_size=14)))
def test_one_to_twelve_digits_are_a_number(texts):
    wanted = [int(text) if text and re.fullmatch("[0-9]{1,12}", text) else 0 for text in texts]
    assert digits(pa.array(texts, pa.string()), np.int64).tolist() == wanted


@pytest.mark.parametrize(("text", "kind", "number"), [
    ("127", np.int8, 127), ("128", np.int8, 0), ("32768", np.int16, 0), ("00004", np.int32, 4), ("2147483648", np.int32, 0),
])  # fmt: skip
def test_what_is_too_large_is_none(text, kind, number):
    found = digits(pa.array([text, "1"]), kind)
    assert found.tolist() == [number, 1]
    assert found.dtype == kind


def test_slices_chunks_and_columns_without_texts_are_read_as_they_stand():
    column = pa.chunked_array([["1", None, "x"], [], ["4", "5"]])
    assert digits(column, np.int64).tolist() == [1, 0, 0, 4, 5]
    assert digits(pa.array(["1", None, "3", "4"]).slice(1, 2), np.int64).tolist() == [0, 3]
    assert digits(pa.nulls(2, pa.string()), np.int64).tolist() == [0, 0]
    assert digits(pa.array([], pa.string()), np.int64).tolist() == []

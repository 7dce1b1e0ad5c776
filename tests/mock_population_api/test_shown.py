"""Whom long answers show."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_population_api import shown as module
from mock_population_api.shown import Shown

NUMBERS = st.integers(0, 10**12 - 1).map(lambda number: f"{number:012d}")


@settings(deadline=None)
@given(
    st.lists(st.lists(st.none() | NUMBERS | st.sampled_from(["000000000000", "001311000013"]), max_size=6))
)
def test_each_is_told_once_in_order(batches):
    shown = Shown()
    for numbers in batches:
        shown.add(pa.array(numbers, pa.string()))
    assert shown.subjects().to_pylist() == sorted(
        {number for numbers in batches for number in numbers if number is not None}
    )


def test_many_are_sorted_in_on_the_way(monkeypatch):
    monkeypatch.setattr(module, "_PENDING", 2)
    shown = Shown()
    for number in ("000000000009", "000000000003", "000000000009", "000000000001"):
        shown.add(pa.array([number, number]))
    assert shown.subjects().to_pylist() == ["000000000001", "000000000003", "000000000009"]

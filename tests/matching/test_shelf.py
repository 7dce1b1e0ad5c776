"""Values laid down for other machines come back as they were, arrays as ordinary arrays, whatever is asked twice once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from matching.comparison import FIELDS
from matching.engines.search_units import as_table, as_weighed
from matching.engines.shelf import SMALL, put, taken, write_whole
from matching.parts import PARTS
from matching.posterior import Weighed, weighed
from matching.searching import KEPT, nothing_kept


@dataclass(frozen=True)
class Value:
    numbers: np.ndarray
    word: str
    shared: object = None


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "shelf"


@pytest.mark.parametrize("size", [0, 1, SMALL // 8 - 1, SMALL // 8, SMALL])
def test_arrays_come_back_as_ordinary_arrays(folder, size):
    numbers = np.arange(size, dtype=np.int64)
    back = taken(folder, put(folder, Value(numbers, "x")))
    assert back.numbers.dtype == numbers.dtype
    assert back.numbers.tolist() == numbers.tolist()
    assert back.numbers.flags.c_contiguous
    assert back.numbers.flags.aligned
    # compiled code is made anew for arrays that can't be written
    assert back.numbers.flags.writeable


def test_equal_values_have_one_name_and_lie_there_once(folder):
    numbers = np.arange(SMALL)
    name = put(folder, Value(numbers, "x"))
    files = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert put(folder, Value(numbers.copy(), "x")) == name
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == files
    assert put(folder, Value(numbers, "y")) != name
    assert put(folder, Value(numbers + 1, "x")) != name


def test_a_shared_part_is_the_same_for_all_who_take_it(folder):
    part = np.arange(SMALL)
    one, other = (put(folder, Value(np.arange(3), word, part), part) for word in "ab")
    assert one != other
    assert taken(folder, one).shared is taken(folder, other).shared
    assert taken(folder, one).shared.tolist() == part.tolist()


def test_everything_is_the_owners_alone(folder):
    put(folder, Value(np.arange(SMALL), "x"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_file_is_never_seen_half_whoever_writes_it(tmp_path):
    path = tmp_path / "file"
    contents = [bytes([number]) * 300_000 for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda content: write_whole(path, content), contents))
    assert path.read_bytes() in contents
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


@given(st.data(), st.integers(0, 5))
def test_best_candidates_as_a_table_keep_every_bit(data, size):
    nothing = weighed(np.arange(size), nothing_kept(size), np.zeros((size, KEPT, len(PARTS)), np.float32))

    def some(array):
        return data.draw(of_numpy.arrays(array.dtype, array.shape, elements=of_numpy.from_dtype(array.dtype)))

    found = Weighed(*(some(getattr(nothing, part.name)) for part in fields(Weighed)))
    back = as_weighed(as_table(found))
    for part in fields(Weighed):
        before, after = getattr(found, part.name), getattr(back, part.name)
        assert (before.dtype, before.shape) == (after.dtype, after.shape)
        assert before.tobytes() == after.tobytes()
    assert back.levels.shape[2] == len(FIELDS)

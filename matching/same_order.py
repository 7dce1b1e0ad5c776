"""Where records stand in another table that holds most of them in the same order: a night's records beside those of the night before; whether two columns hold the same, and whether all IDs differ."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.compiled import compiled, int64
from matching.keys import combined
from matching.nametable import Array, mixed
from matching.text_bytes import text_bytes

_AHEAD = 16
"""How many rows may have come or gone in one place before its neighbours are looked up one by one."""


def places_in(others: pa.ChunkedArray | pa.Array, ids: pa.ChunkedArray | pa.Array) -> Array:
    """Where IDs stand among others (int64, -1 where they don't). Both are text, without nulls, each ID once.

    Hashing half a million of them takes ten times as long as seeing that they stand as they did.
    """
    wanted, there = (combined(one).cast(pa.string()) for one in (ids, others))
    at = _side_by_side(*text_bytes(wanted), *text_bytes(there))
    left = np.flatnonzero(at < 0)
    if len(left):
        # the table that is searched is made of the fewer
        found = pc.index_in(there, value_set=wanted.take(pa.array(left)))
        at[left[found.drop_null().to_numpy()]] = np.flatnonzero(
            found.is_valid().to_numpy(zero_copy_only=False)
        )
    return at


def same_values(one: pa.ChunkedArray | pa.Array, other: pa.ChunkedArray | pa.Array) -> Array:
    """Where two columns of one type hold the same, or both nothing: bool."""
    one, other = combined(one), combined(other)
    equal = pc.fill_null(pc.equal(one, other), fill_value=False)
    both = pc.and_(pc.is_null(one), pc.is_null(other))
    return np.asarray(pc.or_(equal, both).to_numpy(zero_copy_only=False))


def all_differ(ids: pa.ChunkedArray | pa.Array) -> bool:
    """Whether all texts (none null) surely are different ones: by their hashes, so that hardly ever two that differ seem the same."""
    hashes = np.sort(_hashed(*text_bytes(combined(ids).cast(pa.string()))))
    return bool((hashes[1:] != hashes[:-1]).all())


@compiled
def _hashed(start: Array, letters: Array) -> Array:
    """64 bits of each text: FNV-1a (Fowler, Noll, Vo), finished so that the last letter moves all bits."""
    hashes = np.empty(len(start) - 1, np.int64)
    for i in range(len(hashes)):
        value = np.uint64(0xCBF29CE484222325)
        for k in range(start[i], start[i + 1]):
            value = (value ^ np.uint64(letters[k])) * np.uint64(0x100000001B3)
        hashes[i] = mixed(np.int64(value))
    return hashes


@compiled
def _side_by_side(start: Array, letters: Array, other_start: Array, other_letters: Array) -> Array:
    """Both read from the first to the last, skipping over what only one of them has."""
    size, others = len(start) - 1, len(other_start) - 1
    at = np.full(size, np.int64(-1))
    place = int64(0)
    for i in range(size):
        low, long = np.int64(start[i]), np.int64(start[i + 1]) - np.int64(start[i])
        for j in range(place, min(place + _AHEAD, others)):
            first = np.int64(other_start[j])
            if np.int64(other_start[j + 1]) - first != long:
                continue
            k = np.int64(0)
            while k < long and letters[low + k] == other_letters[first + k]:
                k += 1
            if k == long:
                at[i], place = j, j + 1
                break
    return at

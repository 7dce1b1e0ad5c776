"""Which texts of a column were there before: by their hashes, so that only those that seem alike are compared."""

import numpy as np
import pyarrow as pa

from matching.compiled import compiled
from matching.keys import combined
from matching.nametable import Array, mixed
from matching.text_bytes import text_bytes


def first_of_each(texts: pa.ChunkedArray | pa.Array) -> Array:
    """Whether each text (none null) stands there for the first time: bool."""
    whole = combined(texts).cast(pa.string())
    hashes = _hashed(*text_bytes(whole))
    ordered = np.sort(hashes)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(repeated):
        return np.ones(len(whole), bool)
    alike = np.flatnonzero(repeated[np.searchsorted(repeated, hashes).clip(max=len(repeated) - 1)] == hashes)
    # dictionary codes are given in order of appearance
    codes = whole.take(pa.array(alike)).dictionary_encode().indices.to_numpy()
    first = np.ones(len(whole), bool)
    first[alike] = codes > np.maximum.accumulate(np.r_[-1, codes])[:-1]
    return first


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

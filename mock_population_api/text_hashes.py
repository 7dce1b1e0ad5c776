"""Texts as 64-bit hashes, by which names are found.

Not DuckDB's: among three hundred thousand Vietnamese names it gave one hash to two pairs of them.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mock_population_api.compiled import compiled, leaf
from mock_population_api.mapped import Array

BASIS = np.uint64(14695981039346656037)
_PRIME = np.uint64(1099511628211)
_FIRST, _SECOND, _SHIFT = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53), np.uint64(33)


def letters_of(texts: pa.Array | pa.ChunkedArray) -> tuple[Array, Array]:
    """The bytes (uint8) of texts, where each begins (int64) and the end of all; null is empty."""
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    whole = pc.fill_null(whole.cast(pa.large_string()), "")
    _, offsets, data = whole.buffers()
    starts = np.frombuffer(offsets, np.int64)[whole.offset : whole.offset + len(whole) + 1]
    letters = np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    return letters, starts


def hashes_of(texts: pa.Array | pa.ChunkedArray) -> Array:
    """A hash (uint64) of each text; null as an empty one."""
    return hashed(*letters_of(texts))


@leaf
def with_letter(word: int, letter: int) -> int:
    """Fowler, Noll and Vo's hash 1a of one more byte; it begins with BASIS."""
    return (word ^ np.uint64(letter)) * _PRIME


@leaf
def mixed(word: int) -> int:
    """The bits of a hash mixed as MurmurHash3 does at its end."""
    word = (word ^ (word >> _SHIFT)) * _FIRST
    word = (word ^ (word >> _SHIFT)) * _SECOND
    return word ^ (word >> _SHIFT)


@compiled
def hashed(letters: Array, starts: Array) -> Array:
    """A hash (uint64) of each text."""
    result = np.empty(len(starts) - 1, np.uint64)
    for text in range(len(result)):
        word = BASIS
        for place in range(starts[text], starts[text + 1]):
            word = with_letter(word, letters[place])
        result[text] = mixed(word)
    return result

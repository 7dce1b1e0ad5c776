"""Texts of answers, written into Arrow's buffers: names that lie anywhere in a table, and numbers."""

import numpy as np
import pyarrow as pa

from mock_population_api.compiled import compiled
from mock_population_api.mapped import Array
from mock_population_api.prefetch import fetch

_AHEAD = 16
"""Texts that are asked for before their turn."""


def texts_at(letters: Array, starts: Array, places: Array) -> pa.Array:
    """Texts of a table, by place; null for a negative one.

    Args:
        letters: of all texts (uint8), UTF-8.
        starts: where each begins (int64), and the end of all.
        places: int32.
    """
    return _array(*_copied(letters, starts, places), places >= 0)


def digits_of(codes: Array) -> pa.Array:
    """Codes (int64) in digits without the first one; null for a negative one."""
    return _array(*_digits(codes), codes >= 0)


def _array(letters: Array, ends: Array, known: Array) -> pa.Array:
    bits = np.packbits(known, bitorder="little")
    return pa.Array.from_buffers(
        pa.string(), len(known), [pa.py_buffer(bits), pa.py_buffer(ends), pa.py_buffer(letters)]
    )


@compiled
def _copied(letters: Array, starts: Array, places: Array) -> tuple[Array, Array]:
    """The letters of all texts, one after the other, and where each begins (int32), and the end of all."""
    count = len(places)
    ends = np.zeros(count + 1, np.int32)
    for i in range(count):
        if i + _AHEAD < count and places[i + _AHEAD] >= 0:
            fetch(starts, places[i + _AHEAD])
        place = places[i]
        ends[i + 1] = ends[i] + (starts[place + 1] - starts[place] if place >= 0 else 0)
    copied = np.empty(ends[count], np.uint8)
    for i in range(count):
        if i + _AHEAD < count and places[i + _AHEAD] >= 0:
            fetch(letters, starts[places[i + _AHEAD]])
        place = places[i]
        if place >= 0:
            copied[ends[i] : ends[i + 1]] = letters[starts[place] : starts[place + 1]]
    return copied, ends


@compiled
def _digits(codes: Array) -> tuple[Array, Array]:
    """The digits of all, one after the other, and where each begins (int32), and the end of all."""
    count = len(codes)
    ends = np.zeros(count + 1, np.int32)
    for i in range(count):
        size, rest = 0, codes[i]
        while rest >= 10:
            size, rest = size + 1, rest // 10
        ends[i + 1] = ends[i] + size
    digits = np.empty(ends[count], np.uint8)
    for i in range(count):
        rest = codes[i]
        for at in range(ends[i + 1] - 1, ends[i] - 1, -1):
            digits[at] = 48 + rest % 10
            rest //= 10
    return digits, ends

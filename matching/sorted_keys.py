"""Places in sorted arrays of numbers, compiled: of any numbers, and of keys, which are spread evenly."""

import numpy as np

from matching.compiled import compiled

NEAR = 256
"""Numbers that are searched by halves: two kilobytes, which the processor has at hand together."""


@compiled
def first_at_least(ordered: np.ndarray, key: int, low: int, high: int) -> int:
    """The first position from `low` to `high` whose value isn't below the key."""
    while low < high:
        middle = (low + high) // 2
        if ordered[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def place_of(keys: np.ndarray, key: int) -> int:
    """The first position whose key isn't below another, in sorted keys that are spread evenly, as hashes are.

    Where a key stands is guessed from its size (interpolation search, Perl, Itai, Avni 1978): of fifty million keys some ten are looked at
    instead of twenty-six, each a wait for memory. Keys that aren't spread evenly are found too.
    """
    low, high = 0, len(keys)
    while high - low > NEAR:
        first, last = keys[low], keys[high - 1]
        if key <= first:
            return low
        if key > last:
            return high
        share = (np.float64(key) - np.float64(first)) / (np.float64(last) - np.float64(first))
        size = high - low
        guess, reach = low + int(share * (size - 1)), int(np.sqrt(size))
        begin, end = max(guess - reach, low), min(guess + reach, high - 1)
        if keys[begin] >= key:
            high = begin
        elif keys[end] < key:
            low = end + 1
        else:
            low, high = begin + 1, end
        if high - low > size // 2:
            return first_at_least(keys, key, low, high)
    return first_at_least(keys, key, low, high)


@compiled
def places_of(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """`place_of` each wanted key (int64)."""
    places = np.empty(len(wanted), np.int64)
    for i in range(len(wanted)):
        places[i] = place_of(keys, wanted[i])
    return places


def looked_up(keys: np.ndarray, to: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """What sorted keys lead to, -1 for keys that aren't there."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int32)
    at = places_of(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[at] == wanted, to[at], -1)


def distinct(numbers: np.ndarray) -> np.ndarray:
    """Each number once, in order; sorted, which is several times faster than numpy's table of them."""
    ordered = np.sort(numbers)
    if not len(ordered):
        return ordered
    first = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]

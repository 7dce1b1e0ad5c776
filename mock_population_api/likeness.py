"""How alike two folded names are: Jaro-Winkler over their letters, and a quick look that spares most names the comparison."""

from typing import Any

import numpy as np
from numba.extending import intrinsic

from mock_population_api.compiled import compiled, leaf
from mock_population_api.mapped import Array

NOTHING = np.uint64(0)
_ALL, _ONE = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(1)
_SIZES = np.uint64(63)
_WITHOUT = tuple(1.0 / (1.0 - 0.1 * same) for same in range(5))
_SHORT = 64
"""Letters of the longest name that fits into the bits of a word; longer ones are compared letter by letter."""


@compiled
def signatures(letters: Array, starts: Array) -> Array:
    """What a folded name (uint8 letters) consists of, as bits (uint64): so many of each letter at least; its length in the lowest six.

    A bit that one name has and another hasn't is a letter that finds no partner there.
    """
    result = np.zeros(len(starts) - 1, np.uint64)
    for name in range(len(result)):
        once, twice, thrice = NOTHING, NOTHING, NOTHING
        for place in range(starts[name], starts[name + 1]):
            letter = np.int64(letters[place]) - 97
            if not 0 <= letter < 26:
                continue
            bit = _ONE << np.uint64(letter)
            thrice |= twice & bit
            twice |= once & bit
            once |= bit
        often = NOTHING
        for rank, letter in enumerate((0, 6, 7, 8, 13, 19)):
            often |= ((thrice >> np.uint64(letter)) & _ONE) << np.uint64(rank)
        size = np.uint64(min(starts[name + 1] - starts[name], 63))
        result[name] = size | once << np.uint64(6) | twice << np.uint64(32) | often << np.uint64(58)
    return result


@intrinsic
def _bits(typing: Any, word: Any) -> Any:
    """How many bits of a uint64 are set: one instruction."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return word(word), generate


@leaf
def common_letters(one: int, other: int) -> tuple[int, int, int]:
    """Letters that two names can have in common at most, and how many each has; by their signatures."""
    first, second = np.int64(one & _SIZES), np.int64(other & _SIZES)
    apart = _ONE * _bits((one & ~other) >> np.uint64(6)), _ONE * _bits((other & ~one) >> np.uint64(6))
    return min(first - np.int64(apart[0]), second - np.int64(apart[1])), first, second


@leaf
def most_alike(one: int, other: int) -> float:
    """What the Jaro similarity of two names can be at most, by their signatures."""
    common, first, second = common_letters(one, other)
    if first in (0, 63) or second in (0, 63):
        return 1.0
    return (common / first + common / second + 1.0) / 3.0 + 1e-9


@leaf
def hopeless(one: int, one_prefix: int, other: int, other_prefix: int, least: float) -> bool:
    """Whether two names can't be as similar as `least` (above 0.7), by their signatures and their first four letters."""
    unlike, same = np.uint32(one_prefix ^ other_prefix), 0
    while same < 4 and not unlike & np.uint32(0xFF):
        unlike >>= np.uint32(8)
        same += 1
    common, first, second = common_letters(one, other)
    if first in (0, 63) or second in (0, 63):
        return False
    # each letter of a common beginning adds a tenth of what is missing, where more than 0.7 is there
    needed = max(0.7, (least - 0.1 * same) * _WITHOUT[same]) - 1e-9
    return common * (first + second) < (3.0 * needed - 1.0) * first * second


@compiled
def prefixes(letters: Array, starts: Array) -> Array:
    """The first four letters of folded names (uint8), as a number (uint32)."""
    result = np.zeros(len(starts) - 1, np.uint32)
    for name in range(len(result)):
        for place in range(min(4, starts[name + 1] - starts[name])):
            result[name] |= np.uint32(letters[starts[name] + place]) << np.uint32(8 * place)
    return result


@leaf
def place_letters(letters: Array, begin: int, end: int, places: Array) -> None:
    """Bits of where each letter (of 128) stands in a short name, into `places` (uint64)."""
    places[:] = NOTHING
    for place in range(begin, min(end, begin + _SHORT)):
        places[letters[place]] |= _ONE << np.uint64(place - begin)


@leaf
def _common_short(places: Array, size: int, letters: Array, begin: int, end: int) -> tuple[int, int]:
    """Letters that two short names have in common near the same place, and half of those in another order."""
    reach = max(max(size, end - begin) // 2 - 1, 0)
    taken, found, common = NOTHING, NOTHING, 0
    for place in range(end - begin):
        low, high = max(0, place - reach), min(size - 1, place + reach)
        if low > high:
            continue
        near = (_ALL << np.uint64(low)) & (_ALL >> np.uint64(63 - high))
        fitting = places[letters[begin + place]] & near & ~taken
        if fitting:
            taken |= fitting & (~fitting + _ONE)
            found |= _ONE << np.uint64(place)
            common += 1
    moved = 0
    for place in range(end - begin):
        if (found >> np.uint64(place)) & _ONE:
            lowest = taken & (~taken + _ONE)
            taken ^= lowest
            moved += (places[letters[begin + place]] & lowest) == NOTHING
    return common, moved // 2


@leaf
def _common_long(
    one: Array, low: int, top: int, other: Array, begin: int, end: int, taken: Array, found: Array
) -> tuple[int, int]:
    """The same for names of any length; `taken` and `found` (uint8) are for notes, as long as the longest name."""
    size, length = top - low, end - begin
    reach = max(max(size, length) // 2 - 1, 0)
    taken[:size] = 0
    found[:length] = 0
    common = 0
    for place in range(length):
        for near in range(max(0, place - reach), min(size, place + reach + 1)):
            if not taken[near] and one[low + near] == other[begin + place]:
                taken[near] = found[place] = 1
                common += 1
                break
    moved, near = 0, 0
    for place in range(length):
        if found[place]:
            while not taken[near]:
                near += 1
            moved += one[low + near] != other[begin + place]
            near += 1
    return common, moved // 2


@leaf
def likeness(
    one: Array, low: int, top: int, places: Array, other: Array, begin: int, end: int, notes: Array
) -> float:
    """Jaro-Winkler similarity of two folded names, as DuckDB reckons it.

    Args:
        one: letters (uint8), of which `low` to `top` are the first name.
        low: its begin.
        top: its end.
        places: where its letters stand (`place_letters`).
        other: letters, of which `begin` to `end` are the second name.
        begin: its begin.
        end: its end.
        notes: two rows (uint8) as long as the longest name.
    """
    size, length = top - low, end - begin
    if size <= _SHORT and length <= _SHORT:
        common, moved = _common_short(places, size, other, begin, end)
    else:
        common, moved = _common_long(one, low, top, other, begin, end, notes[0], notes[1])
    if not common:
        return 0.0
    result = common / size
    result += common / length
    result += (common - moved) / common
    result /= 3.0
    if result > 0.7:
        same = 0
        while same < min(4, size, length) and one[low + same] == other[begin + same]:
            same += 1
        result += same * 0.1 * (1.0 - result)
    return result


@compiled
def inlined(letters: Array, starts: Array, most: int) -> Array:
    """Folded names (uint8) as rows of `most` letters, those too long cut off."""
    result = np.zeros((len(starts) - 1, most), np.uint8)
    for name in range(len(result)):
        for place in range(min(most, starts[name + 1] - starts[name])):
            result[name, place] = letters[starts[name] + place]
    return result

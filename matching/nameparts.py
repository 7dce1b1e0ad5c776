"""Names compared part by part: family name, what stands between, given name; for cultures whose names are made of them.

A full name is family name first, the given name last. An initial between two words parts them (*de la cruz m ana*); without one the first word is
the family name and the last the given one. A part that isn't there, or of which only an initial is left at the beginning or the end, is missing
and says nothing: two records of *r adam* don't agree on a family name.

The parts are taken as independent of each other, each with the frequency of its own word (`matching.partshares`).
"""

from typing import NamedTuple

import numpy as np

from matching.compiled import compiled, inner
from matching.levels import MIDDLE, NAME_PART
from matching.likeness import SAME_SOUND, WORD_ORDER, edits_within, similarity_within
from matching.nametable import Array, Names

SAME, ONE_EDIT, CUT, ALIKE, DIFFERENT, MISSING = map(NAME_PART.index, NAME_PART)
M_SAME, M_PARTLY, M_DIFFERENT, M_MISSING = map(MIDDLE.index, MIDDLE)

STRAIGHT, CROSSED, JOINED = range(3)
"""How the parts of two names stand to each other: in their places, family name for given name, the same letters parted otherwise."""

ARRANGED = {CROSSED: WORD_ORDER, JOINED: SAME_SOUND}
"""Arrangement → the level of the whole name whose share it has."""

ALIKE_FROM = 0.85
"""Jaro-Winkler similarity from which two parts are alike."""

SHORTEST = 2
"""Letters below which one edit makes another name: an initial is none."""

SPACE = 32


class PartWeights(NamedTuple):
    """log2(m/u), and log2(relative/u), of each part of the records' names; empty where names are compared whole."""

    family: Array
    """names × levels."""
    family_relative: Array
    middle: Array
    middle_relative: Array
    given: Array
    given_relative: Array
    whole: Array
    """Per name, what is added where all parts are the same: the name is commoner than its parts tell."""
    arranged: Array
    """Per arrangement."""


@inner
def name_spans(names: Names, at: int) -> tuple[int, int, int, int]:
    """Where in its letters the parts of a name end and begin: end of the family name, begin and end of the middle, begin of the given name.

    The family name begins with the first letter and the given name ends with the last; an end at the beginning, or a begin at the end, says that
    there is none.
    """
    low, high = names.letter_start[at], names.letter_start[at + 1]
    first_end, last_begin, inner_begin, inner_end, words, begin = high, low, -1, -1, 0, low
    for k in range(low, high + 1):
        if k < high and names.letters[k] != SPACE:
            continue
        if words == 0:
            first_end = k
        elif k < high and k - begin == 1:
            inner_begin = begin if inner_begin < 0 else inner_begin
            inner_end = k
        last_begin, begin = begin, k + 1
        words += 1
    if words < 2:
        return high, high, high, high
    if inner_begin >= 0:
        family = low if first_end - low == 1 else inner_begin - 1
        return family, low if family == low else inner_begin, inner_end, inner_end + 1
    no_family, no_given = first_end - low == 1, high - last_begin == 1
    if words == 2:
        return (
            low if no_family else first_end,
            low if no_family else last_begin,
            first_end if no_family else high if no_given else last_begin,
            high if no_given and not no_family else last_begin,
        )
    if no_given and not no_family:
        return last_begin - 1, last_begin, high, high
    family = low if no_family else first_end
    return family, low if no_family else first_end + 1, max(last_begin - 1, first_end), last_begin


@inner
def part_level(a: Array, low: int, high: int, b: Array, other_low: int, other_high: int) -> int:
    """The level of two parts, given by their letters."""
    n, m = high - low, other_high - other_low
    if n <= 0 or m <= 0:
        return MISSING
    shorter, agree = min(n, m), 0
    while agree < shorter and a[low + agree] == b[other_low + agree]:
        agree += 1
    if agree == n and agree == m:
        return SAME
    distance = edits_within(a, low, n, b, other_low, m)
    if distance == 1 and shorter >= SHORTEST:
        return ONE_EDIT
    if agree == shorter:
        return CUT
    if similarity_within(a, low, n, b, other_low, m) >= ALIKE_FROM:
        return ALIKE
    return DIFFERENT


@inner
def middle_level(a: Array, low: int, high: int, b: Array, other_low: int, other_high: int) -> int:
    """The level of what stands between: the same, a word or its initial in common, nothing in common."""
    n, m = high - low, other_high - other_low
    if n <= 0 or m <= 0:
        return M_MISSING
    if n == m:
        agree = 0
        while agree < n and a[low + agree] == b[other_low + agree]:
            agree += 1
        if agree == n:
            return M_SAME
    return M_PARTLY if _share_a_word(a, low, high, b, other_low, other_high) else M_DIFFERENT


@inner
def _share_a_word(a: Array, low: int, high: int, b: Array, other_low: int, other_high: int) -> bool:
    begin = low
    for end in range(low, high + 1):
        if end < high and a[end] != SPACE:
            continue
        other = other_low
        for k in range(other_low, other_high + 1):
            if k < other_high and b[k] != SPACE:
                continue
            n, m, agree = end - begin, k - other, 0
            while agree < min(n, m) and a[begin + agree] == b[other + agree]:
                agree += 1
            if min(n, m) > 0 and agree == min(n, m) and (n == m or agree == 1):
                return True
            other = k + 1
        begin = end + 1
    return False


@inner
def parts_levels(left: Names, a: int, right: Names, b: int, whole: int) -> tuple[int, int, int, int]:
    """The levels of family name, middle, given name, and the arrangement in which they agree best.

    Args:
        left: the names on one side.
        a: a position among them.
        right: the names on the other side.
        b: a position among those.
        whole: the level of the whole names (`matching.likeness.name_level`).
    """
    x, y = left.letters, right.letters
    a_low, a_high, b_low, b_high = (
        left.letter_start[a],
        left.letter_start[a + 1],
        right.letter_start[b],
        right.letter_start[b + 1],
    )
    a_family, a_middle, a_middle_end, a_given = name_spans(left, a)
    b_family, b_middle, b_middle_end, b_given = name_spans(right, b)
    a_whole, b_whole = a_low < a_family and a_given < a_high, b_low < b_family and b_given < b_high
    if whole == SAME_SOUND and a_whole and b_whole:
        return SAME, M_MISSING, SAME, JOINED
    middle = middle_level(x, a_middle, a_middle_end, y, b_middle, b_middle_end)
    family, given, family_crossed, given_crossed = MISSING, MISSING, MISSING, MISSING
    # one place where parts are compared, called up to four times: compiled code would hold a copy for each
    for pair in range(4):
        if pair == 2 and (family < ALIKE or given < ALIKE):
            break
        low, high = (a_low, a_family) if pair % 2 == 0 else (a_given, a_high)
        other_low, other_high = (b_low, b_family) if pair % 3 == 0 else (b_given, b_high)
        level = part_level(x, low, high, y, other_low, other_high)
        if pair == 0:
            family = level
        elif pair == 1:
            given = level
        elif pair == 2:
            family_crossed = level
        else:
            given_crossed = level
    if a_whole and b_whole:
        if min(family_crossed, given_crossed) <= CUT and max(family_crossed, given_crossed) <= ALIKE:
            return family_crossed, middle, given_crossed, CROSSED
    elif family == DIFFERENT and given == MISSING:
        # a name of one word may be the given name
        alone = family_crossed if b_whole else given_crossed
        if alone <= CUT:
            return MISSING, middle, alone, CROSSED
    return family, middle, given, STRAIGHT


@inner
def parts_weight(
    weights: PartWeights, left: Names, a: int, right: Names, b: int, whole: int
) -> tuple[float, float]:
    """log2(m/u) and log2(relative/u) of two names; arguments as in `parts_levels`."""
    if b < 0:
        return 0.0, 0.0
    family, middle, given, arrangement = parts_levels(left, a, right, b, whole)
    more = weights.arranged[arrangement]
    if family == SAME and given == SAME and middle in (M_SAME, M_MISSING) and arrangement == STRAIGHT:
        more += weights.whole[a]
    return (
        weights.family[a, family] + weights.middle[a, middle] + weights.given[a, given] + more,
        weights.family_relative[a, family]
        + weights.middle_relative[a, middle]
        + weights.given_relative[a, given]
        + more,
    )


@compiled
def levels_of_parts(left: Names, a: Array, right: Names, b: Array, whole: Array) -> Array:
    """The levels of pairs of names, pairs × (family, middle, given), int8; pairs without a name have all missing."""
    found = np.empty((len(a), 3), np.int8)
    for i in range(len(a)):
        family, middle, given = MISSING, M_MISSING, MISSING
        if a[i] >= 0 and b[i] >= 0:
            family, middle, given, _ = parts_levels(left, a[i], right, b[i], whole[i])
        found[i, 0], found[i, 1], found[i, 2] = family, middle, given
    return found


@compiled
def spans_of(names: Names) -> Array:
    """`name_spans` of every name, counted from its first letter: names × 4."""
    found = np.empty((len(names.key), 4), np.int64)
    for i in range(len(names.key)):
        a, b, c, d = name_spans(names, i)
        low = names.letter_start[i]
        found[i, 0], found[i, 1], found[i, 2], found[i, 3] = a - low, b - low, c - low, d - low
    return found

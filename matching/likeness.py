"""How alike two names are: edits, Jaro-Winkler, and the level of matching.levels.NAME that a pair of names reaches.

Names are compared as whole word lists, never split into family, middle and given (domain: minority names put the given
name first, compound family names look like family and middle). All functions work on single names of `matching.nametable.Names` and are
compiled; their models in another language are rapidfuzz's, to which the tests hold them.
"""

import numba
import numpy as np

from matching import levels
from matching.nametable import Array, Names

SIMILAR_FROM = 0.90
"""Jaro-Winkler similarity of the letters from which two names are called similar."""

LONGEST = 96
"""Letters of a name that are looked at; longer texts are no names."""

SAME, SAME_UNMARKED, MARKS_DIFFER, SAME_SOUND, ONE_EDIT, WORD_ORDER, WORD_MISSING, GIVEN_DIFFERS, TWO_EDITS, ENDS, SIMILAR, GIVEN_AGREES, FAMILY_AGREES, DIFFERENT, MISSING = map(
    levels.NAME.index, levels.NAME
)  # fmt: skip

ENDS_APART = 4
"""Names of so many letters or fewer are never two edits apart: Lan and Mai are."""


@numba.njit(cache=True, nogil=True)
def edits(a: Array, b: Array) -> int:
    """Optimal string alignment distance (insert, delete, replace, swap two neighbours) up to 2; 3 for any greater (Ukkonen 1985: a band)."""
    n, m = min(len(a), LONGEST), min(len(b), LONGEST)
    if abs(n - m) > 2:
        return 3
    first, last = 0, 0
    while first < min(n, m) and a[first] == b[first]:
        first += 1
    while last < min(n, m) - first and a[n - 1 - last] == b[m - 1 - last]:
        last += 1
    return _banded(a[first : n - last], b[first : m - last])


@numba.njit(cache=True, nogil=True)
def _banded(a: Array, b: Array) -> int:
    """Edits of what is left between common ends."""
    n, m = len(a), len(b)
    if n == 0 or m == 0:
        return min(n + m, 3)
    if n > m + 2 or m > n + 2:
        return 3
    two_back = np.full(LONGEST + 3, 9, np.uint8)
    back = np.full(LONGEST + 3, 9, np.uint8)
    row = np.full(LONGEST + 3, 9, np.uint8)
    for j in range(min(m, 3) + 1):
        back[j] = j
    for i in range(1, n + 1):
        low, high, best = max(0, i - 3), min(m, i + 3), 9
        row[max(low - 1, 0)] = 9
        for j in range(low, high + 1):
            if j == 0:
                row[0] = min(i, 9)
            else:
                cost = min(back[j - 1] + (a[i - 1] != b[j - 1]), min(back[j], row[j - 1] if j > low or low == 0 else 9) + 1)
                if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                    cost = min(cost, two_back[j - 2] + 1)
                row[j] = min(cost, 9)
            best = min(best, row[j])
        if high + 1 < len(row):
            row[high + 1] = 9
        if best > 2:
            return 3
        two_back, back, row = back, row, two_back
    return min(back[m], 3)


@numba.njit(cache=True, nogil=True)
def jaro_winkler(a: Array, b: Array) -> float:
    """Similarity in 0 to 1 (Winkler 1990): the share of letters in common, more where the names begin alike."""
    n, m = min(len(a), LONGEST), min(len(b), LONGEST)
    if n == 0 or m == 0:
        return 1.0 if n == m else 0.0
    reach = max(max(n, m) // 2 - 1, 0)
    of_a, of_b = np.zeros(LONGEST, np.bool_), np.zeros(LONGEST, np.bool_)
    common = 0
    for i in range(n):
        for j in range(max(0, i - reach), min(m, i + reach + 1)):
            if not of_b[j] and a[i] == b[j]:
                of_a[i] = of_b[j] = True
                common += 1
                break
    if common == 0:
        return 0.0
    moved, j = 0, 0
    for i in range(n):
        if of_a[i]:
            while not of_b[j]:
                j += 1
            moved += a[i] != b[j]
            j += 1
    jaro = (common / n + common / m + (common - moved // 2) / common) / 3
    if jaro <= 0.7:
        return jaro
    start = 0
    while start < min(4, min(n, m)) and a[start] == b[start]:
        start += 1
    return jaro + start * 0.1 * (1 - jaro)


@numba.njit(cache=True, nogil=True)
def name_level(left: Names, a: int, right: Names, b: int, established: Array) -> int:
    """The level of two names, by keys first, by letters only where keys differ.

    Args:
        left: the names that `a` is a position in; -1 for no name.
        right: the names that `b` is a position in; -1 for no name.
        established: sorted keys of words that are given names of many: such a word is no slip of another one.
    """
    if a < 0 or b < 0:
        return MISSING
    if left.key[a] == right.key[b]:
        return SAME
    bare = left.bare[a] | right.bare[b]
    if left.folded[a] == right.folded[b]:
        if bare:
            return SAME_UNMARKED
        return GIVEN_DIFFERS if _other_given(left, a, right, b, bare, established) else MARKS_DIFFER
    level = _near(left, a, right, b)
    if level != WORD_ORDER and level != WORD_MISSING and _other_given(left, a, right, b, bare, established):
        if level <= ONE_EDIT or _same_but_last(left, a, right, b):
            return GIVEN_DIFFERS
        level = DIFFERENT
    return _by_one_word(left, a, right, b) if level == DIFFERENT else level


@numba.njit(cache=True, nogil=True)
def _same_but_last(left: Names, a: int, right: Names, b: int) -> bool:
    """All words but the last are the same."""
    first, other = left.start[a], right.start[b]
    words = left.start[a + 1] - first
    if words < 2 or right.start[b + 1] - other != words:
        return False
    for k in range(words - 1):
        if left.word[first + k] != right.word[other + k]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _by_one_word(left: Names, a: int, right: Names, b: int) -> int:
    """What is left of agreement between different names: the given name, the family name, or nothing."""
    first, other = left.start[a], right.start[b]
    if left.start[a + 1] == first or right.start[b + 1] == other:
        return DIFFERENT
    if _last_word(left, a) == _last_word(right, b):
        return GIVEN_AGREES
    return FAMILY_AGREES if left.word[first] == right.word[other] else DIFFERENT


@numba.njit(cache=True, nogil=True)
def _near(left: Names, a: int, right: Names, b: int) -> int:
    """Levels of names whose letters differ."""
    if left.sound[a] == right.sound[b] or left.compact[a] == right.compact[b]:
        return SAME_SOUND
    x, y = left.letters[left.letter_start[a] : left.letter_start[a + 1]], right.letters[right.letter_start[b] : right.letter_start[b + 1]]
    apart = edits(x, y)
    if apart <= 1:
        return ONE_EDIT
    if left.sorted[a] == right.sorted[b]:
        return WORD_ORDER
    first, last = left.start[a], left.start[a + 1]
    other_first, other_last = right.start[b], right.start[b + 1]
    if word_missing(left.word[first:last], left.initial[first:last], right.word[other_first:other_last], right.initial[other_first:other_last]):
        return WORD_MISSING
    if apart == 2 and min(len(x), len(y)) > ENDS_APART:
        return TWO_EDITS
    if last > first and other_last > other_first and left.word[first] == right.word[other_first] and left.word[last - 1] == right.word[other_last - 1]:
        return ENDS
    if len(x) + len(y) > 0 and jaro_winkler(x, y) >= SIMILAR_FROM:
        return SIMILAR
    return DIFFERENT


@numba.njit(cache=True, nogil=True)
def word_missing(a: Array, initial_a: Array, b: Array, initial_b: Array) -> bool:
    """One name is the other with a word left out, or cut to its first letter; of three words and more, so that what is left tells people apart."""
    if len(a) == len(b):
        return len(a) > 2 and (_cut(a, b, initial_b) or _cut(b, a, initial_a))
    if len(a) > len(b):
        return len(a) == len(b) + 1 and len(a) > 2 and _left_out(a, b)
    return len(b) == len(a) + 1 and len(b) > 2 and _left_out(b, a)


@numba.njit(cache=True, nogil=True)
def _left_out(longer: Array, shorter: Array) -> bool:
    i = 0
    while i < len(shorter) and longer[i] == shorter[i]:
        i += 1
    for j in range(i, len(shorter)):
        if longer[j + 1] != shorter[j]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _cut(short: Array, full: Array, initial: Array) -> bool:
    """Exactly one word differs, and it is the first letter of the other."""
    found = False
    for i in range(len(full)):
        if short[i] != full[i]:
            if found or short[i] != initial[i]:
                return False
            found = True
    return found


@numba.njit(cache=True, nogil=True)
def _other_given(left: Names, a: int, right: Names, b: int, bare: bool, established: Array) -> bool:
    """Both last words are given names, and two different ones; a name without marks isn't held to its letters."""
    x, y = left.last_marked[a], right.last_marked[b]
    if x == y:
        return False
    if bare and _last_word(left, a) == _last_word(right, b):
        return False
    return _holds(established, x) and _holds(established, y)


@numba.njit(cache=True, nogil=True)
def _last_word(names: Names, at: int) -> int:
    return names.word[names.start[at + 1] - 1] if names.start[at + 1] > names.start[at] else 0


@numba.njit(cache=True, nogil=True)
def _holds(ordered: Array, key: int) -> bool:
    at = np.searchsorted(ordered, key)
    return at < len(ordered) and ordered[at] == key


@numba.njit(cache=True, nogil=True)
def name_levels(left: Names, a: Array, right: Names, b: Array, established: Array) -> Array:
    """The levels of pairs of names (int8), one per position of `a` and `b`."""
    result = np.empty(len(a), np.int8)
    for i in range(len(a)):
        result[i] = name_level(left, a[i], right, b[i], established)
    return result

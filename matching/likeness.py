"""How alike two names are: edits, Jaro-Winkler, and the level of matching.levels.NAME that a pair of names reaches.

Names are compared as whole word lists, never split into family, middle and given (domain: minority names put the given
name first, compound family names look like family and middle). All functions work on single names of `matching.nametable.Names` and are
compiled; their models in another language are rapidfuzz's, to which the tests hold them.
"""

import numpy as np

from matching import levels
from matching.compiled import compiled, either, inner, int64
from matching.nametable import (
    COMPACT,
    FIRST_WORD,
    FOLDED,
    KEY,
    LAST_MARKED,
    LAST_WORD,
    SHAPE,
    SORTED,
    SOUND,
    Array,
    Names,
)

SIMILAR_FROM = 0.90
"""Jaro-Winkler similarity of the letters from which two names are called similar."""

LONGEST = 64
"""Letters of a name that are looked at; longer texts are no names."""

SAME, SAME_UNMARKED, MARKS_DIFFER, SAME_SOUND, ONE_EDIT, WORD_ORDER, WORD_MISSING, GIVEN_MARKS_LOST, GIVEN_MARKS_DIFFER, GIVEN_SAME_SOUND, GIVEN_DIFFERS, FAMILY_DIFFERS, TWO_EDITS, ENDS, SIMILAR, GIVEN_AGREES, FAMILY_AGREES, DIFFERENT, MISSING = map(
    levels.NAME.index, levels.NAME
)  # fmt: skip

ENDS_APART = 4
"""Names of so many letters or fewer are never two edits apart: Lan and Mai are."""


@either
def edits(a: Array, b: Array) -> int:
    """Optimal string alignment distance (insert, delete, replace, swap two neighbours) up to 2; 3 for any greater (Ukkonen 1985: a band)."""
    n, m = min(len(a), LONGEST), min(len(b), LONGEST)
    return edits_within(a, int64(0), n, b, int64(0), m)


@inner
def edits_within(a: Array, low: int, n: int, b: Array, other_low: int, m: int) -> int:
    """`edits` of n letters from `low` and m from `other_low`."""
    if abs(n - m) > 2:
        return 3
    while n > 0 and m > 0 and a[low] == b[other_low]:
        low, other_low, n, m = low + 1, other_low + 1, n - 1, m - 1
    while n > 0 and m > 0 and a[low + n - 1] == b[other_low + m - 1]:
        n, m = n - 1, m - 1
    if n == 0 or m == 0:
        return min(n + m, 3)
    return _banded(a, low, n, b, other_low, m)


@inner
def _banded(a: Array, low: int, n: int, b: Array, other_low: int, m: int) -> int:
    """Edits of what is left between common ends: rows of a band of seven places about the diagonal, each place four bits of a number."""
    two_back, back = np.int64(0x9999999), np.int64(0)
    for k in range(7):
        j = k - 3
        back |= np.int64(j if 0 <= j <= 3 else 9) << (4 * k)
    for i in range(1, n + 1):
        row, best = np.int64(0), 9
        for k in range(7):
            j = i + k - 3
            cost = 9
            if j == 0:
                cost = min(i, 9)
            elif 0 < j <= m:
                letter, other = a[low + i - 1], b[other_low + j - 1]
                cost = (back >> (4 * k) & 15) + (letter != other)
                if k < 6:
                    cost = min(cost, (back >> (4 * k + 4) & 15) + 1)
                if k > 0:
                    cost = min(cost, (row >> (4 * k - 4) & 15) + 1)
                if i > 1 and j > 1 and letter == b[other_low + j - 2] and a[low + i - 2] == other:
                    cost = min(cost, (two_back >> (4 * k) & 15) + 1)
                cost = min(cost, 9)
            row |= np.int64(cost) << (4 * k)
            best = min(best, cost)
        if best > 2:
            return 3
        two_back, back = back, row
    place = m - n + 3
    return min(back >> (4 * place) & 15, 3) if 0 <= place <= 6 else 3


@either
def jaro_winkler(a: Array, b: Array) -> float:
    """Similarity in 0 to 1 (Winkler 1990): the share of letters in common, more where the names begin alike."""
    return similarity_within(a, int64(0), min(len(a), LONGEST), b, int64(0), min(len(b), LONGEST))


@inner
def similarity_within(a: Array, low: int, n: int, b: Array, other_low: int, m: int) -> float:
    """`jaro_winkler` of n letters from `low` and m from `other_low`; letters in common are bits."""
    if n == 0 or m == 0:
        return 1.0 if n == m else 0.0
    reach = max(max(n, m) // 2 - 1, 0)
    of_a, of_b, common = np.uint64(0), np.uint64(0), 0
    one = np.uint64(1)
    for i in range(n):
        for j in range(max(0, i - reach), min(m, i + reach + 1)):
            if not of_b >> np.uint64(j) & one and a[low + i] == b[other_low + j]:
                of_a |= one << np.uint64(i)
                of_b |= one << np.uint64(j)
                common += 1
                break
    if common == 0:
        return 0.0
    moved, j = 0, 0
    for i in range(n):
        if of_a >> np.uint64(i) & one:
            while not of_b >> np.uint64(j) & one:
                j += 1
            moved += a[low + i] != b[other_low + j]
            j += 1
    jaro = (common / n + common / m + (common - moved // 2) / common) / 3
    if jaro <= 0.7:
        return jaro
    start = 0
    while start < min(4, n, m) and a[low + start] == b[other_low + start]:
        start += 1
    return jaro + start * 0.1 * (1 - jaro)


@either
def name_level(left: Names, a: int, right: Names, b: int, established: Array) -> int:
    """The level of two names, by keys first, by letters only where keys differ.

    Args:
        left: the names on one side, of records where the other is a registry's: what a typist loses is lost here.
        a: a position among them; -1 for no name.
        right: the names on the other side.
        b: a position among those; -1 for no name.
        established: sorted keys of words that are given names of many: such a word is no slip of another one.
    """
    if a < 0 or b < 0:
        return MISSING
    x, y = left.head, right.head
    if x[a, KEY] == y[b, KEY]:
        return SAME
    if x[a, FOLDED] == y[b, FOLDED]:
        if _bare(x[a, SHAPE]) or _bare(y[b, SHAPE]):
            return SAME_UNMARKED
        if not _other_given(x, a, y, b, established):
            return MARKS_DIFFER
        return GIVEN_MARKS_LOST if x[a, LAST_MARKED] == x[a, LAST_WORD] else GIVEN_MARKS_DIFFER
    level = _near(left, a, right, b)
    if (
        level == DIFFERENT
        or level == WORD_ORDER
        or level == WORD_MISSING
        or not _other_given(x, a, y, b, established)
    ):
        return _by_one_word(x, a, y, b) if level == DIFFERENT else level
    if level == SAME_SOUND:
        return GIVEN_SAME_SOUND
    if level == ONE_EDIT or _same_but_last(left, a, right, b):
        return GIVEN_DIFFERS
    return _by_one_word(x, a, y, b)


@inner
def same_letters(level: int) -> bool:
    """Whether a level is one of names whose letters without marks are the same."""
    return level <= MARKS_DIFFER or level == GIVEN_MARKS_LOST or level == GIVEN_MARKS_DIFFER


@inner
def _bare(shape: int) -> bool:
    return shape >> 62 & 1 == 1


@inner
def _only_in(a: int, b: int) -> int:
    """How many letters of the alphabet occur in the first name only."""
    only = a & ~b & 0x7FFFFFF
    count = 0
    while only:
        only &= only - 1
        count += 1
    return count


@inner
def _size(shape: int) -> int:
    """Letters of a name that are looked at."""
    return min(shape >> 32 & 0xFFFF, LONGEST)


@inner
def _near(left: Names, a: int, right: Names, b: int) -> int:
    """Levels of names whose letters differ."""
    x, y = left.head, right.head
    if x[a, SOUND] == y[b, SOUND] or x[a, COMPACT] == y[b, COMPACT]:
        return SAME_SOUND
    first_agrees, last_agrees = x[a, FIRST_WORD] == y[b, FIRST_WORD], x[a, LAST_WORD] == y[b, LAST_WORD]
    here, there = _only_in(x[a, SHAPE], y[b, SHAPE]), _only_in(y[b, SHAPE], x[a, SHAPE])
    n, m = _size(x[a, SHAPE]), _size(y[b, SHAPE])
    # words and letters lie elsewhere in memory: they are looked at only where what is at hand leaves a level open
    distance = _edits(left, a, n, right, b, m, here + there)
    if distance <= 1:
        return ONE_EDIT
    if x[a, SORTED] == y[b, SORTED]:
        return WORD_ORDER
    if (first_agrees or last_agrees) and _word_missing(left, a, right, b, here, there):
        return WORD_MISSING
    if last_agrees and _same_but_first(left, a, right, b):
        return FAMILY_DIFFERS
    if distance == 2 and min(n, m) > ENDS_APART:
        return TWO_EDITS
    if first_agrees and last_agrees and n > 0:
        return ENDS
    common = min(n - here, m - there)
    if _may_be_similar(common, n, m, int64(4)) and _similar(left, a, n, right, b, m, common):
        return SIMILAR
    return DIFFERENT


@inner
def _edits(left: Names, a: int, n: int, right: Names, b: int, m: int, apart: int) -> int:
    """`edits`; an edit changes two letters of the alphabet at most."""
    if apart > 4 or abs(n - m) > 2:
        return 3
    low, other_low = int64(left.letter_start[a]), int64(right.letter_start[b])
    return edits_within(left.letters, low, n, right.letters, other_low, m)


@inner
def _may_be_similar(common: int, n: int, m: int, start: int) -> bool:
    """Whether names that begin alike by so many letters, and have so many letters in common at most, can be similar."""
    if common <= 0:
        return False
    jaro = (common / n + common / m + 1) / 3
    return jaro + start * 0.1 * (1 - jaro) >= SIMILAR_FROM - _ROUNDING


_ROUNDING = 1e-9


@inner
def _similar(left: Names, a: int, n: int, right: Names, b: int, m: int, common: int) -> bool:
    low, other_low = int64(left.letter_start[a]), int64(right.letter_start[b])
    start = 0
    while start < min(4, n, m) and left.letters[low + start] == right.letters[other_low + start]:
        start += 1
    if not _may_be_similar(common, n, m, start):
        return False
    return similarity_within(left.letters, low, n, right.letters, other_low, m) >= SIMILAR_FROM


@either
def name_agrees(left: Names, a: int, right: Names, b: int, established: Array) -> bool:
    """Whether the level of two names is GIVEN_SAME_SOUND or one before it; arguments as of `name_level`, both names known."""
    x, y = left.head, right.head
    if x[a, FOLDED] == y[b, FOLDED] or x[a, SOUND] == y[b, SOUND] or x[a, COMPACT] == y[b, COMPACT]:
        return True
    here, there = _only_in(x[a, SHAPE], y[b, SHAPE]), _only_in(y[b, SHAPE], x[a, SHAPE])
    if (
        here + there <= 2
        and _edits(left, a, _size(x[a, SHAPE]), right, b, _size(y[b, SHAPE]), here + there) <= 1
    ):
        return not _other_given(x, a, y, b, established)
    if x[a, SORTED] == y[b, SORTED]:
        return True
    agree = x[a, FIRST_WORD] == y[b, FIRST_WORD] or x[a, LAST_WORD] == y[b, LAST_WORD]
    return agree and _word_missing(left, a, right, b, here, there)


@inner
def _word_missing(left: Names, a: int, right: Names, b: int, here: int, there: int) -> bool:
    """`word_missing`; the shorter name has no letter of its own."""
    if here > 0 and there > 0:
        return False
    first, last = left.start[a], left.start[a + 1]
    other_first, other_last = right.start[b], right.start[b + 1]
    if abs(last - first - other_last + other_first) > 1:
        return False
    return word_missing(
        left.word[first:last],
        left.initial[first:last],
        right.word[other_first:other_last],
        right.initial[other_first:other_last],
    )


@inner
def _same_but_last(left: Names, a: int, right: Names, b: int) -> bool:
    """All words but the last are the same."""
    words = left.start[a + 1] - left.start[a]
    return words >= 2 and _same_words(left, a, right, b, int64(0), words - 1)


@inner
def _same_but_first(left: Names, a: int, right: Names, b: int) -> bool:
    """All words but the first are the same, and there are two of them at least."""
    words = left.start[a + 1] - left.start[a]
    return words >= 3 and _same_words(left, a, right, b, int64(1), words)


@inner
def _same_words(left: Names, a: int, right: Names, b: int, begin: int, end: int) -> bool:
    """Names of as many words whose words are the same from one place to another."""
    first, other = left.start[a], right.start[b]
    if right.start[b + 1] - other != left.start[a + 1] - first:
        return False
    for k in range(begin, end):
        if left.word[first + k] != right.word[other + k]:
            return False
    return True


@inner
def _by_one_word(x: Array, a: int, y: Array, b: int) -> int:
    """What is left of agreement between different names: the given name, the family name, or nothing."""
    if x[a, LAST_WORD] == y[b, LAST_WORD] and x[a, LAST_WORD] != 0:
        return GIVEN_AGREES
    return FAMILY_AGREES if x[a, FIRST_WORD] == y[b, FIRST_WORD] and x[a, FIRST_WORD] != 0 else DIFFERENT


@inner
def word_missing(a: Array, initial_a: Array, b: Array, initial_b: Array) -> bool:
    """One name is the other with a word left out, or cut to its first letter; of three words and more, so that what is left tells people apart."""
    if len(a) == len(b):
        return len(a) > 2 and (_cut(a, b, initial_b) or _cut(b, a, initial_a))
    if len(a) > len(b):
        return len(a) == len(b) + 1 and len(a) > 2 and _left_out(a, b)
    return len(b) == len(a) + 1 and len(b) > 2 and _left_out(b, a)


@inner
def _left_out(longer: Array, shorter: Array) -> bool:
    i = 0
    while i < len(shorter) and longer[i] == shorter[i]:
        i += 1
    for j in range(i, len(shorter)):
        if longer[j + 1] != shorter[j]:
            return False
    return True


@inner
def _cut(short: Array, full: Array, initial: Array) -> bool:
    """Exactly one word differs, and it is the first letter of the other."""
    found = False
    for i in range(len(full)):
        if short[i] != full[i]:
            if found or short[i] != initial[i]:
                return False
            found = True
    return found


@inner
def _other_given(x: Array, a: int, y: Array, b: int, established: Array) -> bool:
    """Both last words are given names, and two different ones; a name without marks isn't held to its letters."""
    if x[a, LAST_MARKED] == y[b, LAST_MARKED]:
        return False
    if (_bare(x[a, SHAPE]) or _bare(y[b, SHAPE])) and x[a, LAST_WORD] == y[b, LAST_WORD]:
        return False
    return _holds(established, x[a, LAST_MARKED]) and _holds(established, y[b, LAST_MARKED])


@inner
def _holds(ordered: Array, key: int) -> bool:
    at = np.searchsorted(ordered, key)
    return at < len(ordered) and ordered[at] == key


@compiled
def name_levels(left: Names, a: Array, right: Names, b: Array, established: Array) -> Array:
    """The levels of pairs of names (int8), one per position of `a` and `b`."""
    result = np.empty(len(a), np.int8)
    for i in range(len(a)):
        result[i] = name_level(left, a[i], right, b[i], established)
    return result

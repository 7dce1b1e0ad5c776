"""Names near a name, found by keys and not by comparing: by ear, without spaces, in another order, a word more or less, a slip in one word."""

import numpy as np

from matching.compiled import compiled
from matching.index import Groups, Lookup, NearNames
from matching.likeness import edits
from matching.nametable import WORD_PLACE, Array, Names, mixed
from matching.sorted_keys import looked_up, place_of

MOST_WORD_SLIPS = 400
"""Words near one word that are tried; more have only syllables of one or two letters."""


@compiled
def holds(values: Array, first: int, last: int, value: int) -> bool:
    """Whether a value stands between two places."""
    for k in range(first, last):
        if values[k] == value:
            return True
    return False


def near_groups(
    names: Names, chosen: Array, near: NearNames, groups: Groups, most_of_word: int = 0
) -> tuple[Array, Array]:
    """Groups of names near each chosen name, without its own: by ear, spaces, order of words, a word more or less, a slip in one word.

    Args:
        names: of the records.
        chosen: positions among them.
        near: the registry's keys.
        groups: the registry's names without marks.
        most_of_word: names of three words and more that have all but one word in common are near where they are no more than this.

    Returns:
        Where the groups of each chosen name start (one more than chosen), and the groups (int32).
    """
    own = looked_up(groups.key, groups.of_key, names.folded[chosen]).astype(np.int32)
    words = distinct_words(names, chosen)
    slip_start, slips = _word_slips(*words, near)
    return _near_groups(
        names,
        chosen,
        own,
        near_tuple(near),
        groups.key,
        groups.of_key,
        words[0],
        slip_start,
        slips,
        most_of_word,
    )


def near_tuple(near: NearNames) -> tuple[Array, ...]:
    """The keys in a form that compiled code takes."""
    lookups: tuple[Lookup, ...] = (
        near.sound,
        near.compact,
        near.in_any_order,
        near.left_out,
        near.abbreviated,
    )
    return (*(array for lookup in lookups for array in (lookup.key, lookup.to)), near.word)


def distinct_words(names: Names, chosen: Array) -> tuple[Array, Array, Array]:
    """The distinct words of some names: their keys in order, where their letters begin (one more), the letters."""
    key, start, letters = _words_with_letters(names, chosen)
    _, first = np.unique(key, return_index=True)
    sizes = (start[1:] - start[:-1])[first]
    at = np.arange(sizes.sum()) + np.repeat(start[:-1][first] - np.r_[0, np.cumsum(sizes)[:-1]], sizes)
    return key[first], np.r_[0, np.cumsum(sizes)].astype(np.int64), letters[at]


@compiled
def _words_with_letters(names: Names, chosen: Array) -> tuple[Array, Array, Array]:
    words, letters = 0, 0
    for name in chosen:
        words += names.start[name + 1] - names.start[name]
        letters += names.letter_start[name + 1] - names.letter_start[name]
    key, start, out = np.zeros(words, np.int64), np.zeros(words + 1, np.int64), np.zeros(letters, np.uint8)
    at, to = 0, 0
    for name in chosen:
        letter = names.letter_start[name]
        for k in range(names.start[name], names.start[name + 1]):
            key[at] = names.word[k]
            while letter < names.letter_start[name + 1] and names.letters[letter] != 32:
                out[to] = names.letters[letter]
                to, letter = to + 1, letter + 1
            letter += 1
            at += 1
            start[at] = to
    return key, start, out[:to]


@compiled
def slip_keys(letters: Array) -> Array:
    """Hashes of a word's letters, whole and with one left out: words one edit apart share one of them (deletion neighbourhood, Mor and Fraenkel 1982)."""
    keys = np.empty(len(letters) + 1, np.int64)
    for left_out in range(len(letters) + 1):
        key = np.int64(7)
        for place in range(len(letters)):
            if place != left_out:
                key = mixed(key * 31 + np.int64(letters[place]))
        keys[left_out] = key
    return keys


def _word_slips(keys: Array, start: Array, letters: Array, near: NearNames) -> tuple[Array, Array]:
    """Of each word, the registry's words one edit away (positions)."""
    return _slips(keys, start, letters, near.slip.key, near.slip.to, near.word, near.word_start, near.letters)


@compiled
def _slips(
    keys: Array,
    start: Array,
    letters: Array,
    slip_key: Array,
    slip_to: Array,
    word: Array,
    word_start: Array,
    word_letters: Array,
) -> tuple[Array, Array]:
    found_start, found = (
        np.zeros(len(keys) + 1, np.int64),
        np.zeros(64 * len(keys) + MOST_WORD_SLIPS, np.int32),
    )
    used = 0
    for i in range(len(keys)):
        own = letters[start[i] : start[i + 1]]
        first = used
        for key in slip_keys(own):
            k = place_of(slip_key, key)
            while k < len(slip_key) and slip_key[k] == key and used - first < MOST_WORD_SLIPS:
                other = slip_to[k]
                k += 1
                if word[other] == keys[i] or holds(found, first, used, other):
                    continue
                if edits(own, word_letters[word_start[other] : word_start[other + 1]]) > 1:
                    continue
                if used == len(found):
                    found = np.concatenate((found, np.zeros(len(found), np.int32)))
                found[used] = other
                used += 1
        found_start[i + 1] = used
    return found_start, found[:used]


@compiled
def _near_groups(
    names: Names,
    chosen: Array,
    own: Array,
    near: tuple[Array, ...],
    group_key: Array,
    group_of: Array,
    words: Array,
    slip_start: Array,
    slips: Array,
    most_of_word: int,
) -> tuple[Array, Array]:
    (
        sound_key,
        sound_to,
        compact_key,
        compact_to,
        order_key,
        order_to,
        left_key,
        left_to,
        short_key,
        short_to,
        vocabulary,
    ) = near
    start, found = np.zeros(len(chosen) + 1, np.int64), np.zeros(16 * len(chosen) + 64, np.int32)
    used = 0
    for i in range(len(chosen)):
        name, first = chosen[i], used
        found, used = _add(found, first, used, own[i], sound_key, sound_to, names.sound[name])
        found, used = _add(found, first, used, own[i], compact_key, compact_to, names.compact[name])
        found, used = _add(found, first, used, own[i], order_key, order_to, names.sorted[name])
        found, used = _add(found, first, used, own[i], left_key, left_to, names.folded[name])
        found, used = _add(found, first, used, own[i], short_key, short_to, names.folded[name])
        low, high = names.start[name], names.start[name + 1]
        place = np.int64(1)
        for k in range(high - 1, low - 1, -1):
            word = names.word[k]
            at = np.searchsorted(words, word)
            for s in range(slip_start[at], slip_start[at + 1]):
                key = names.folded[name] + (vocabulary[slips[s]] - word) * place
                found, used = _add(found, first, used, own[i], group_key, group_of, key)
            place *= WORD_PLACE
            if high - low > 2:
                rest = without_word(names.word[low:high], k - low)
                found, used = _add(found, first, used, own[i], group_key, group_of, rest)
                if most_of_word > 0 and not _more_than(left_key, rest, most_of_word):
                    found, used = _add(found, first, used, own[i], left_key, left_to, rest)
        start[i + 1] = used
    return start, found[:used]


@compiled
def _more_than(keys: Array, key: int, most: int) -> bool:
    at = place_of(keys, key) + most
    return bool(at < len(keys) and keys[at] == key)


@compiled
def without_word(words: Array, left_out: int) -> int:
    """The key of a name with one word left out."""
    key = np.int64(0)
    for place in range(len(words)):
        if place != left_out:
            key = key * WORD_PLACE + words[place]
    return key if key != 0 else np.int64(1)


@compiled
def with_initial(words: Array, initial: Array, cut: int) -> int:
    """The key of a name with one word cut to its first letter."""
    key = np.int64(0)
    for place in range(len(words)):
        key = key * WORD_PLACE + (initial[place] if place == cut else words[place])
    return key if key != 0 else np.int64(1)


@compiled
def _add(
    found: Array, first: int, used: int, own: int, keys: Array, to: Array, key: int
) -> tuple[Array, int]:
    k = place_of(keys, key)
    while k < len(keys) and keys[k] == key:
        group = to[k]
        k += 1
        if group != own and not holds(found, first, used, group):
            if used == len(found):
                found = np.concatenate((found, np.zeros(len(found), np.int32)))
            found[used] = group
            used += 1
    return found, used

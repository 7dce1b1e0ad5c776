"""Making the parts of an index (`matching.index`) that are about names: groups, sounds, and the keys by which near names are found."""

import numpy as np

from matching.compiled import compiled
from matching.index import Counted, Givens, Groups, Lookup, NameCounts, NearNames
from matching.nametable import Array, Names, ends
from matching.near import distinct_words, slip_keys, with_initial, without_word


def search_order(names: Names) -> Array:
    """Positions of names in the order that an index wants: by the sound of the last word, then without marks."""
    return np.lexsort((names.key, names.folded, names.given_sound)).astype(np.int32)


def group_numbers(names: Names) -> Array:
    """The group (int32) of each name, names in `search_order`: equal without marks, equal number."""
    new = np.ones(len(names.key), bool)
    new[1:] = (names.folded[1:] != names.folded[:-1]) | (names.given_sound[1:] != names.given_sound[:-1])
    return (np.cumsum(new) - 1).astype(np.int32)


def groups_of(names: Names, group: Array, entries: Array) -> Groups:
    """Groups with their keys.

    Args:
        names: in `search_order`.
        group: of each name.
        entries: groups + 1, where the entries of each begin.
    """
    first = _firsts(group)
    order = np.argsort(names.folded[first], kind="stable").astype(np.int32)
    return Groups(names.folded[first][order], order, np.append(first, len(group)).astype(np.int32), entries)


def givens_of(names: Names) -> Givens:
    """Sounds of last words; names in `search_order`."""
    key, low = np.unique(names.given_sound, return_index=True)
    return Givens(key, low.astype(np.int32), np.append(low[1:], len(names.key)).astype(np.int32))


def name_keys(names: Names) -> dict[str, Array]:
    """The keys that people are counted by (NameCounts), one per name."""
    own = {name: getattr(names, name) for name in NameCounts.__annotations__ if name != "ends"}
    return own | {"ends": ends(names)}


def counted(keys: Array, people: Array) -> Counted:
    """People of each distinct key.

    Args:
        keys: one per name.
        people: int64, how many bear each name.
    """
    distinct, at = np.unique(keys, return_inverse=True)
    return Counted(distinct, np.bincount(at, people, len(distinct)).astype(np.int32))


def near_names(names: Names, group: Array) -> NearNames:
    """Keys by which the names near a name are found, one name standing for its group."""
    first = _firsts(group).astype(np.int32)
    left_out, of_left_out = _variants(names, first, 0)
    cut, of_cut = _variants(names, first, 1)
    word, start, letters = distinct_words(names, first)
    slip, of_slip = _slips(start, letters)
    own = np.arange(len(first), dtype=np.int32)
    return NearNames(
        sound=lookup(names.sound[first], own),
        compact=lookup(names.compact[first], own),
        in_any_order=lookup(names.sorted[first], own),
        left_out=lookup(left_out, of_left_out),
        abbreviated=lookup(cut, of_cut),
        word=word,
        word_start=start,
        letters=letters,
        slip=lookup(slip, of_slip),
    )


def lookup(key: Array, to: Array) -> Lookup:
    """Keys in order, each with what it leads to."""
    order = np.argsort(key, kind="stable")
    return Lookup(key[order], to[order].astype(np.int32))


def _firsts(group: Array) -> Array:
    return np.flatnonzero(np.diff(group, prepend=-1))


@compiled
def _variants(names: Names, chosen: Array, kind: int) -> tuple[Array, Array]:
    """Keys of names of three words and more, changed at each word: left out (0), or cut to its first letter (1)."""
    room = 0
    for name in chosen:
        room += names.start[name + 1] - names.start[name]
    keys, of, used = np.zeros(room, np.int64), np.zeros(room, np.int32), 0
    for group in range(len(chosen)):
        low, high = names.start[chosen[group]], names.start[chosen[group] + 1]
        if high - low < 3:
            continue
        for place in range(high - low):
            words = names.word[low:high]
            keys[used] = (
                without_word(words, place)
                if kind == 0
                else with_initial(words, names.initial[low:high], place)
            )
            of[used] = group
            used += 1
    return keys[:used], of[:used]


@compiled
def _slips(start: Array, letters: Array) -> tuple[Array, Array]:
    size = len(start) - 1
    keys, of, used = np.zeros(len(letters) + size, np.int64), np.zeros(len(letters) + size, np.int32), 0
    for word in range(size):
        for key in slip_keys(letters[start[word] : start[word + 1]]):
            keys[used], of[used] = key, word
            used += 1
    return keys[:used], of[:used]

"""Distinct names as arrays of numbers: everything that blocking, comparing and counting need of a name, computed once per name.

A name is its words; all keys of a name are composed of keys of its words, so that only the vocabulary passes through
Python and ten million names are a matter of seconds. Keys are 64-bit hashes, equal on every machine; with a million distinct names,
two share a key with a chance of about 3 in 100 million.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.compiled import compiled
from matching.profile import Profile

Array = np.ndarray

WORD_PLACE = np.int64(0x1B873593CC9E2D51)
"""Odd multiplier that tells the first word of a name from the second."""

LETTER_PLACE = np.int64(0x2545F4914F6CDD1D)
"""Odd multiplier that tells the letters of a spelling apart."""


HEAD = ("key", "folded", "sound", "compact", "sorted", "last_marked", "first_word", "last_word", "shape")
"""Columns of `Names.head`; `shape` holds the letters that occur (bits 0 to 26), the number of letters (from bit 32), whether the name is bare (bit 62)."""

KEY, FOLDED, SOUND, COMPACT, SORTED, LAST_MARKED, FIRST_WORD, LAST_WORD, SHAPE = range(len(HEAD))


class Names(NamedTuple):
    """One element per distinct canonical name; `start`, `marked_start`, `letter_start` have one more."""

    head: Array
    """int64 × HEAD: what comparing two names looks at first, side by side in memory."""
    key: Array
    """int64, of the canonical name."""
    folded: Array
    """int64, without marks."""
    compact: Array
    """int64, without marks and spaces."""
    sound: Array
    """int64, by ear, without spaces."""
    sorted: Array
    """int64, words without marks in any order."""
    given_sound: Array
    """int64, the last word by ear."""
    last_marked: Array
    """int64, the last word as written."""
    bare: Array
    """bool, written without any mark."""
    start: Array
    """int32, where the words of each name begin in `word`."""
    word: Array
    """int64, words without marks."""
    initial: Array
    """int64 per word: the key of its first letter alone."""
    marked_start: Array
    """int32, where the words as written begin in `marked`."""
    marked: Array
    """int64, words as written."""
    letter_start: Array
    """int32, where the letters begin."""
    letters: Array
    """uint8, letters without marks, single spaces."""


def text_key(text: str) -> int:
    """A signed 64-bit hash of a word, equal on every machine; never 0, which stands for unknown."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True) or 1


class _Vocabulary(NamedTuple):
    """Per word as written: its key, and the words without marks that it folds to (an apostrophe makes two)."""

    key: Array
    bare: Array
    part_start: Array
    part: Array


class _Parts(NamedTuple):
    """Per word without marks."""

    key: Array
    initial: Array
    sound_key: Array
    sound: Array
    sound_shift: Array
    letter_start: Array
    letters: Array


def name_table(names: pa.Array, profile: Profile) -> Names:
    """Read distinct canonical names.

    Args:
        names: text, words separated by single spaces, no null.
        profile: how names are folded and heard.
    """
    words = pc.split_pattern(names.cast(pa.string()), " ")
    encoded = words.values.dictionary_encode()
    vocabulary, parts = _vocabulary(encoded.dictionary.to_pylist(), profile)
    start = words.offsets.to_numpy().astype(np.int32)
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    return with_head(
        Names(_NO_HEAD, *_composed(start - start[0], codes[start[0] : start[-1]], vocabulary, parts))
    )


def _vocabulary(words: Sequence[str], profile: Profile) -> tuple[_Vocabulary, _Parts]:
    folded = [profile.fold(word) for word in words]
    split = [text.split(" ") if text else [] for text in folded]
    distinct = {
        part: position for position, part in enumerate(dict.fromkeys(p for text in split for p in text))
    }
    return _Vocabulary(
        key=_keys(words),
        bare=np.array([a == b for a, b in zip(words, folded, strict=True)], dtype=bool),
        part_start=np.cumsum([0, *map(len, split)]).astype(np.int32),
        part=np.array([distinct[part] for text in split for part in text], dtype=np.int32),
    ), _parts(list(distinct), profile.sound)


def _parts(parts: list[str], sound: Callable[[str], str]) -> _Parts:
    heard = [sound(part) for part in parts]
    letters = [part.encode("ascii", "replace") for part in parts]
    return _Parts(
        key=_keys(parts),
        initial=_keys([part[:1] for part in parts]),
        sound_key=_keys(heard),
        sound=np.array([_spelling(text.encode()) for text in heard], dtype=np.uint64).astype(np.int64),
        sound_shift=np.array(
            [pow(int(LETTER_PLACE), len(text.encode()), 1 << 64) for text in heard], dtype=np.uint64
        ).astype(np.int64),
        letter_start=np.cumsum([0, *map(len, letters)]).astype(np.int32),
        letters=np.frombuffer(b"".join(letters), dtype=np.uint8),
    )


def _keys(words: Sequence[str]) -> Array:
    return np.fromiter(map(text_key, words), dtype=np.int64, count=len(words))


def _spelling(letters: bytes) -> int:
    value = 0
    for letter in letters:
        value = (value * int(LETTER_PLACE) + letter) % (1 << 64)
    return value


@compiled
def mixed(key: np.int64) -> np.int64:
    """A hash of a hash, so that sums of them don't cancel (finaliser of SplitMix64, Steele 2014)."""
    z = np.uint64(key) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.int64(z ^ (z >> np.uint64(31)))


@compiled
def _known(key: np.int64) -> np.int64:
    return key if key != 0 else np.int64(1)


@compiled
def name_key_of(words: Array) -> np.int64:
    """The key of a name of these words (keys) in this order."""
    key = np.int64(0)
    for word in words:
        key = key * WORD_PLACE + word
    return _known(key)


@compiled
def _composed(start: Array, codes: Array, vocabulary: _Vocabulary, parts: _Parts) -> tuple[Array, ...]:
    size = len(start) - 1
    word_start, letter_start = np.zeros(size + 1, np.int32), np.zeros(size + 1, np.int32)
    for i in range(size):
        words, letters = 0, 0
        for k in range(start[i], start[i + 1]):
            for j in range(vocabulary.part_start[codes[k]], vocabulary.part_start[codes[k] + 1]):
                words += 1
                part = vocabulary.part[j]
                letters += parts.letter_start[part + 1] - parts.letter_start[part] + 1
        word_start[i + 1] = word_start[i] + words
        letter_start[i + 1] = letter_start[i] + max(letters - 1, 0)
    key, folded, compact = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size, np.int64)
    sound, in_any_order = np.zeros(size, np.int64), np.zeros(size, np.int64)
    given_sound, last_marked = np.zeros(size, np.int64), np.zeros(size, np.int64)
    bare = np.ones(size, np.bool_)
    word, initial = np.zeros(word_start[size], np.int64), np.zeros(word_start[size], np.int64)
    marked, letters_out = np.zeros(len(codes), np.int64), np.zeros(letter_start[size], np.uint8)
    for i in range(size):
        at, to, spelt, heard, total = word_start[i], letter_start[i], np.int64(0), np.int64(0), np.int64(0)
        for k in range(start[i], start[i + 1]):
            code = codes[k]
            marked[k] = vocabulary.key[code]
            bare[i] &= vocabulary.bare[code]
            for j in range(vocabulary.part_start[code], vocabulary.part_start[code + 1]):
                part = vocabulary.part[j]
                if at > word_start[i]:
                    letters_out[to] = 32
                    to += 1
                for place in range(parts.letter_start[part], parts.letter_start[part + 1]):
                    letters_out[to] = parts.letters[place]
                    spelt = spelt * LETTER_PLACE + np.int64(parts.letters[place])
                    to += 1
                word[at], initial[at] = parts.key[part], parts.initial[part]
                heard = heard * parts.sound_shift[part] + parts.sound[part]
                total += mixed(parts.key[part])
                given_sound[i] = parts.sound_key[part]
                at += 1
        key[i] = name_key_of(marked[start[i] : start[i + 1]])
        folded[i] = name_key_of(word[word_start[i] : word_start[i + 1]])
        compact[i], sound[i], in_any_order[i] = _known(mixed(spelt)), _known(mixed(heard)), _known(total)
        if start[i + 1] > start[i]:
            last_marked[i] = vocabulary.key[codes[start[i + 1] - 1]]
    return (key, folded, compact, sound, in_any_order, given_sound, last_marked, bare,
            word_start, word, initial, start.copy(), marked, letter_start, letters_out)  # fmt: skip


_NO_HEAD = np.zeros((0, len(HEAD)), np.int64)


def with_head(names: Names) -> Names:
    """The names with their heads made."""
    return names._replace(head=_heads(names))


@compiled
def _heads(names: Names) -> Array:
    head = np.zeros((len(names.key), 9), np.int64)
    for i in range(len(names.key)):
        low, high = names.start[i], names.start[i + 1]
        head[i, KEY], head[i, FOLDED], head[i, SOUND] = names.key[i], names.folded[i], names.sound[i]
        head[i, COMPACT], head[i, SORTED], head[i, LAST_MARKED] = (
            names.compact[i],
            names.sorted[i],
            names.last_marked[i],
        )
        if high > low:
            head[i, FIRST_WORD], head[i, LAST_WORD] = names.word[low], names.word[high - 1]
        letters, first = np.int64(0), names.letter_start[i]
        for k in range(first, names.letter_start[i + 1]):
            letter = names.letters[k]
            letters |= np.int64(1) << (np.int64(letter) - 97 if 97 <= letter <= 122 else np.int64(26))
        head[i, SHAPE] = (
            letters | (np.int64(names.letter_start[i + 1] - first) << 32) | (np.int64(names.bare[i]) << 62)
        )
    return head


def taken(names: Names, order: Array) -> Names:
    """The names chosen by position, in that order."""
    plain = {field: getattr(names, field)[order] for field in _PLAIN}
    start, (word, initial) = _ragged(names.start, order, (names.word, names.initial))
    marked_start, (marked,) = _ragged(names.marked_start, order, (names.marked,))
    letter_start, (letters,) = _ragged(names.letter_start, order, (names.letters,))
    return Names(
        head=names.head[order], **plain, start=start, word=word, initial=initial, marked_start=marked_start, marked=marked,
        letter_start=letter_start, letters=letters,
    )  # fmt: skip


_PLAIN = ("key", "folded", "compact", "sound", "sorted", "given_sound", "last_marked", "bare")


def joined(parts: Sequence[Names]) -> Names:
    """Tables one after the other, so that positions in a part move by the sizes of those before it; a name in two parts stands twice."""
    plain = {field: np.concatenate([getattr(part, field) for part in parts]) for field in _PLAIN + _RAGGED}
    starts = {field: _starts_in_a_row([getattr(part, field) for part in parts]) for field in _STARTS}
    head = np.concatenate([part.head for part in parts])
    return Names(head=head, **plain, **starts)


_RAGGED = ("word", "initial", "marked", "letters")
_STARTS = ("start", "marked_start", "letter_start")


def _starts_in_a_row(starts: list[Array]) -> Array:
    sizes = np.concatenate([np.diff(start) for start in starts])
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)


def _ragged(start: Array, order: Array, values: tuple[Array, ...]) -> tuple[Array, list[Array]]:
    sizes = np.diff(start)[order]
    new_start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    at = np.arange(new_start[-1]) + np.repeat(start[:-1][order] - new_start[:-1], sizes)
    return new_start, [one[at] for one in values]


def ends(names: Names) -> Array:
    """Keys (int64) of the first and last word of each name together."""
    sizes = np.diff(names.start)
    words = np.append(names.word, 0)
    first = words[np.where(sizes > 0, names.start[:-1], len(names.word))]
    last = words[np.where(sizes > 0, names.start[1:] - 1, len(names.word))]
    with np.errstate(over="ignore"):
        return np.asarray(first * WORD_PLACE + last)

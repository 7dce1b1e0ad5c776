"""Names folded and reduced to what they are searched by, compiled: the rule of `folding` for characters, and words, sounds and ends.

What one character becomes is asked of DuckDB once, the first time it occurs; what a name becomes follows, for folding looks at no
character's neighbours. The tests hold this module to the rules as SQL writes them.
"""

import threading

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mock_population_api.compiled import compiled, leaf
from mock_population_api.mapped import Array
from mock_population_api.text_hashes import BASIS, letters_of, mixed, with_letter

KEYS = np.dtype([(name, np.uint64) for name in ("words", "sound", "edge", "first", "last", "initials")])
"""Hashes of a folded name: its words in their order, how it sounds, its ends, initials."""

_UNKNOWN = np.uint64(0xFFFFFFFFFFFFFFFF)
_SPACE = 32
_CHARACTERS = 0x110000
_MOST_LETTERS = 8
HEARD = tuple(
    (find.encode(), heard.encode())
    for find, heard in (
        ("y", "i"), ("ngh", "ng"), ("gh", "g"), ("gi", "d"), ("tr", "ch"), ("r", "d"), ("v", "d"), ("x", "s"), ("l", "n"), ("q", "k"),
        ("ch", "C"), ("c", "k"),
    )
)  # fmt: skip
"""Letters heard alike somewhere in the country, replaced one after the other wherever they stand in a name without its spaces, so that a
lost space changes nothing. A `C` stands for ch while c becomes k."""
_ASK = """
    SELECT point, CASE WHEN point = 0 THEN ' ' ELSE substr(text, 2, length(text) - 2) END
    FROM (SELECT point, folded('x' || chr(point::INT) || 'x') AS text FROM (SELECT unnest($points) AS point))
"""


class Folding:
    """What characters become. May be shared by threads."""

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        """Nothing is known yet; `engine` knows the macros of `folding`."""
        self._engine = engine
        self._lock = threading.Lock()
        self._becomes = np.full(_CHARACTERS, _UNKNOWN, np.uint64)

    def folded(self, names: pa.Array | pa.ChunkedArray) -> tuple[Array, Array]:
        """The letters (uint8) of folded names, and where each begins (int64) and the end of all; nothing for null."""
        letters, starts = letters_of(names)
        strange = _strangers(letters, starts, self._becomes)
        if len(strange):
            self._ask(np.unique(strange))
        return _folded(letters, starts, self._becomes)

    def _ask(self, points: Array) -> None:
        with self._lock, self._engine.cursor() as cursor:
            for point, becomes in cursor.execute(_ASK, {"points": points.tolist()}).fetchall():
                self._becomes[point] = int.from_bytes(becomes.encode()[:_MOST_LETTERS], "little")


def spelled(names: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    """Names without case and needless spaces, tone marks and all: of two with one folded name the one spelled alike comes first."""
    lower = pc.utf8_lower(pc.utf8_normalize(names, form="NFC"))
    return pc.utf8_trim(pc.replace_substring_regex(lower, r"\s+", " "), " ")


@leaf
def _character(letters: Array, place: int) -> tuple[int, int]:
    """The character that begins at a place, and how many bytes it has."""
    lead = np.int64(letters[place])
    if lead < 0x80:
        return lead, 1
    if lead < 0xE0:
        return (lead & 31) << 6 | (letters[place + 1] & 63), 2
    if lead < 0xF0:
        return (lead & 15) << 12 | np.int64(letters[place + 1] & 63) << 6 | (letters[place + 2] & 63), 3
    high = (lead & 7) << 18 | np.int64(letters[place + 1] & 63) << 12
    return high | np.int64(letters[place + 2] & 63) << 6 | (letters[place + 3] & 63), 4


@compiled
def _strangers(letters: Array, starts: Array, becomes: Array) -> Array:
    """Characters of which it isn't known what they become."""
    found, count = np.empty(16, np.int64), 0
    place = starts[0]
    while place < starts[-1]:
        point, size = _character(letters, place)
        place += size
        if becomes[point] == _UNKNOWN and not (found[:count] == point).any():
            if count == len(found):
                more = np.empty(2 * count, np.int64)
                more[:count] = found
                found = more
            found[count] = point
            count += 1
    return found[:count]


@compiled
def _folded(letters: Array, starts: Array, becomes: Array) -> tuple[Array, Array]:
    size = 0
    result, ends = np.empty(2 * (starts[-1] - starts[0]) + 16, np.uint8), np.zeros(len(starts), np.int64)
    for name in range(len(starts) - 1):
        begins, parted, place = size, False, starts[name]
        while place < starts[name + 1]:
            point, width = _character(letters, place)
            place += width
            word = becomes[point]
            while word != 0:
                letter = np.uint8(word & np.uint64(255))
                word >>= np.uint64(8)
                if letter == _SPACE:
                    parted = size > begins
                    continue
                if parted:
                    result[size] = _SPACE
                    size += 1
                    parted = False
                result[size] = letter
                size += 1
        ends[name + 1] = size
    return result[:size], ends


@leaf
def _run(letters: Array, begin: int, end: int, word: int) -> int:
    """The hash of a run of letters, going on from another."""
    for place in range(begin, end):
        word = with_letter(word, letters[place])
    return word


@leaf
def _replaced(text: Array, size: int, find: bytes, heard: bytes) -> int:
    """Replace letters by no more letters, in place; how many are left."""
    left = place = 0
    while place < size:
        same = place + len(find) <= size
        for at in range(len(find)):
            same = same and text[place + at] == find[at]
        if same:
            for at in range(len(heard)):
                text[left + at] = heard[at]
            left += len(heard)
            place += len(find)
        else:
            text[left] = text[place]
            left += 1
            place += 1
    return left


@leaf
def _before(letters: Array, one: int, other: int, end: int) -> bool:
    """Whether the word at one place stands before that at the other; words end at a space or at `end`."""
    while True:
        first = letters[one] if one < end else _SPACE
        second = letters[other] if other < end else _SPACE
        if first != second or first == _SPACE:
            return first < second
        one += 1
        other += 1


@leaf
def _word_end(letters: Array, place: int, end: int) -> int:
    while place < end and letters[place] != _SPACE:
        place += 1
    return place


@leaf
def _words(letters: Array, begin: int, end: int, words: Array) -> int:
    """Where the words of a name begin, in the order of the alphabet; how many there are."""
    count, place = 0, begin
    while place < end:
        at = count
        while at and _before(letters, place, words[at - 1], end):
            words[at] = words[at - 1]
            at -= 1
        words[at] = place
        count += 1
        place = _word_end(letters, place, end) + 1
    return count


@compiled
def keys_of(letters: Array, starts: Array) -> Array:
    """KEYS of folded names; of one without letters the hashes of nothing."""
    result = np.empty(len(starts) - 1, KEYS)
    longest = 1
    for name in range(len(result)):
        longest = max(longest, starts[name + 1] - starts[name])
    words, text = np.empty(longest, np.int64), np.empty(longest, np.uint8)
    for name in range(len(result)):
        begin, end = starts[name], starts[name + 1]
        row = result[name]
        count = _words(letters, begin, end, words)
        whole, initials = BASIS, BASIS
        for at in range(count):
            whole = with_letter(_run(letters, words[at], _word_end(letters, words[at], end), whole), _SPACE)
        size, last = 0, begin
        for place in range(begin, end):
            if letters[place] == _SPACE:
                continue
            if place == begin or letters[place - 1] == _SPACE:
                initials, last = with_letter(initials, letters[place]), place
            text[size] = letters[place]
            size += 1
        for find, heard in HEARD:
            size = _replaced(text, size, find, heard)
        first = _run(letters, begin, _word_end(letters, begin, end), BASIS)
        row.words, row.initials, row.sound = mixed(whole), mixed(initials), mixed(_run(text, 0, size, BASIS))
        row.first, row.last = mixed(first), mixed(_run(letters, last, end, BASIS))
        row.edge = mixed(_run(letters, last, end, with_letter(first, _SPACE)))
    return result

"""Keystrokes that an input method left behind: Telex (Nguyeexn) and VNI digits (Nguye64n).

What comes out is a second reading, never a repair: `Moong` and `Lees` are names as well as keystrokes.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from matching.normalise.syllables import is_syllable, is_unmarked_syllable, with_tone_in_place

_TELEX_TONES = {"s": "\u0301", "f": "\u0300", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
_TELEX_LETTERS = (
    ("uwow", "ươ"), ("uow", "ươ"), ("uoww", "ươ"), ("aa", "â"), ("ee", "ê"), ("oo", "ô"), ("aw", "ă"), ("ow", "ơ"), ("uw", "ư"),
)  # fmt: skip
_VNI_TONES = {"1": "\u0301", "2": "\u0300", "3": "\u0309", "4": "\u0303", "5": "\u0323"}
_VNI_LETTERS = {
    "6": {"a": "â", "e": "ê", "o": "ô"},
    "7": {"o": "ơ", "u": "ư"},
    "8": {"a": "ă"},
    "9": {"d": "đ"},
}

_TELEX_TONE = re.compile(r"(?<=[aeiouyw])([a-z]*?)([sfrxj])([a-z]*)$")
_VNI_WORD = re.compile(r"[a-z]+[1-9][a-z1-9]*")


def second_reading(name: str, typed: str) -> str | None:
    """The name with the keystrokes in it read as an input method would have; None when nothing is left of any.

    Args:
        name: The canonical name.
        typed: The same as typed, in lower case; looked at only for VNI digits, which a canonical name has lost.
    """
    if _VNI_WORD.search(typed):
        return _read_words(typed, vni_word)
    if any(map(telex_word, name.split(" "))):
        return _read_words(name, telex_word)
    return None


def _read_words(name: str, read: Callable[[str], str | None]) -> str | None:
    words = name.split()
    readings = [read(word) for word in words]
    if not any(readings):
        return None
    return " ".join(reading or word for reading, word in zip(readings, words, strict=True))


@lru_cache(maxsize=1 << 16)
def telex_word(word: str) -> str | None:
    """A word of Telex keystrokes as the syllable meant; None where it is a syllable already or none comes out."""
    if not word.isascii() or is_unmarked_syllable(word):
        return None
    letters, tone = word, ""
    found = _TELEX_TONE.search(word)
    if found:
        letters, tone = word[: found.start(2)] + found[3], _TELEX_TONES[found[2]]
    if letters.startswith("dd"):
        letters = "đ" + letters[2:]
    for keys, letter in _TELEX_LETTERS:
        letters = letters.replace(keys, letter)
    return _syllable(letters.replace("w", "ư"), tone, word)


@lru_cache(maxsize=1 << 16)
def vni_word(word: str) -> str | None:
    """A word with VNI digits as the syllable meant; None when there is no digit or no syllable comes out."""
    if not _VNI_WORD.fullmatch(word):
        return None
    letters: list[str] = []
    tone = ""
    for key in word:
        if key in _VNI_TONES:
            tone += _VNI_TONES[key]
        elif key.isdigit():
            _mark_letters(letters, _VNI_LETTERS[key])
        else:
            letters.append(key)
    return _syllable("".join(letters), tone, word)


def _mark_letters(letters: list[str], marks: dict[str, str]) -> None:
    """Put a mark on the last letter that takes it; the horn goes on both letters of `uo`."""
    places = [place for place, letter in enumerate(letters) if letter in marks]
    both = len(places) > 1 and "u" in marks and places[-1] - places[-2] == 1
    for place in places[-2 if both else -1 :]:
        letters[place] = marks[letters[place]]


def _syllable(letters: str, tone: str, typed: str) -> str | None:
    """Letters and one tone as a well-formed syllable with the tone in place, if they are one and not what was typed."""
    if not letters or len(tone) > 1:
        return None
    vowel = next((place for place, letter in enumerate(letters) if _is_vowel(letter)), None)
    if vowel is None:
        return None
    meant = with_tone_in_place(letters[: vowel + 1] + tone + letters[vowel + 1 :])
    return meant if meant != typed and is_syllable(meant) else None


def _is_vowel(letter: str) -> bool:
    return unicodedata.normalize("NFD", letter)[0] in "aeiouy"

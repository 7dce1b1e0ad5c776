"""The order of a Vietnamese class list: by given name, then family name, then the words between.

The alphabet is a ă â b c d đ e ê … o ô ơ … u ư …: these are letters of their own, not marked forms of others.
Tones come after letters and only break ties within a word, in the order none, huyền, hỏi, ngã, sắc, nặng.
Case, Unicode form and where the tone mark stands make no difference. The last word counts as the given name;
for names that put it first (Y Ngông Niê Kdăm) that is a place in a list and nothing more.
"""

import unicodedata
from functools import lru_cache

_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_LETTER = {letter: chr(0x30 + place) for place, letter in enumerate(_ALPHABET)}
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_LOOK_ALIKES = str.maketrans({"ð": "đ", "ɖ": "đ", "’": "'", "ʼ": "'"})
_AFTER_WORD = "\x02"
_AFTER_LETTERS = "\x01"


@lru_cache(maxsize=1 << 16)  # a province's open records share their words, and often their names
def name_key(name: str) -> str:
    """A text that sorts as `name` does in a class list; compare it by code point."""
    words = name.lower().translate(_LOOK_ALIKES).split()
    return _AFTER_WORD.join(_word_key(word) for word in [*words[-1:], *words[:-1]])


@lru_cache(maxsize=1 << 14)
def _word_key(word: str) -> str:
    letters, tones = [], []
    for character in unicodedata.normalize("NFC", word):
        letter, tone = _split(character)
        letters.append(_LETTER.get(letter, letter))
        tones.append(tone)
    return "".join(letters) + _AFTER_LETTERS + "".join(sorted(tones, reverse=True))[:1]


def _split(character: str) -> tuple[str, str]:
    """A character without its tone, and the tone."""
    parts = unicodedata.normalize("NFD", character)
    tone = next((_TONES[part] for part in parts if part in _TONES), "0")
    letter = unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES))
    return (letter if letter in _LETTER else letter[:1] or character), tone

"""Characters before words: one code point per letter, no look-alikes, no invisible ones, one kind of apostrophe."""

import re
import unicodedata

_LOOKALIKES = dict(
    zip(
        "АВЕКМНОРСТУХІЈЅаеорсухіјѕһԁΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαν",
        "ABEKMHOPCTYXIJSaeopcyxijshdABEZHIKMNOPTYXoav",
        strict=True,
    )
)
"""Cyrillic and Greek letters that look like Latin ones; exchanged only in words that have Latin letters too."""

_SAME_LETTER = {
    "Ð": "đ",
    "ð": "đ",
    "Ɖ": "đ",
    "ɖ": "đ",
    "ᴆ": "đ",
    "İ": "i",
    "ı": "i",
    "\u212a": "k",
    "\u212b": "å",
}
_APOSTROPHES = dict.fromkeys("’‘‛ʼʻʹˈ`´′＇ʾˊˋꞌ", "'")
_SPACES = dict.fromkeys(
    "\t\n\r\x0b\x0c\u00a0\u1680\u2028\u2029\u202f\u205f\u3000_" + "".join(map(chr, range(0x2000, 0x200B))),
    " ",
)
_INVISIBLE = dict.fromkeys(
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff\u034f\u061c\u180e", ""
)

_TRANSLATION = str.maketrans(_SAME_LETTER | _APOSTROPHES | _SPACES | _INVISIBLE)
_LOOKALIKE_TRANSLATION = str.maketrans(_LOOKALIKES)
_HAS_LOOKALIKE = re.compile(f"[{''.join(_LOOKALIKES)}]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_FULL_WIDTH = re.compile("[\uff01-\uff5e]")

_MARKS = "\u0300\u0301\u0302\u0303\u0306\u0308\u0309\u030a\u030c\u031b\u0323"
_NO_LETTER = re.compile(f"[^a-z\u00df-\u00f6\u00f8-\u024f\u1e00-\u1eff{_MARKS}' ]")


def clean(text: str) -> str:
    """NFC, lower case, look-alikes exchanged, spaces and apostrophes of one kind; punctuation and digits stay."""
    if text.isascii():
        return text.translate(_TRANSLATION).lower()
    if _FULL_WIDTH.search(text):
        text = _FULL_WIDTH.sub(lambda found: chr(ord(found[0]) - 0xFEE0), text)
    text = unicodedata.normalize("NFC", text).translate(_TRANSLATION)
    if _HAS_LOOKALIKE.search(text):
        text = " ".join(_without_lookalikes(word) for word in text.split(" "))
    return unicodedata.normalize("NFC", text.lower().translate(_TRANSLATION))


def letters_only(text: str) -> str:
    """Cleaned text with everything but Latin letters, their marks and apostrophes turned into spaces."""
    return _NO_LETTER.sub(" ", text)


def _without_lookalikes(word: str) -> str:
    return word.translate(_LOOKALIKE_TRANSLATION) if _LATIN.search(word) else word


_UNMARKED = str.maketrans(
    {
        letter: unicodedata.normalize("NFD", letter)[0]
        for letter in map(chr, [*range(0xC0, 0x250), *range(0x1E00, 0x1F00)])
        if unicodedata.normalize("NFD", letter) != letter and unicodedata.normalize("NFD", letter)[0].isascii()
    }
    | {"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ƀ": "b", "ı": "i", "ł": "l", "ø": "o", "ħ": "h", "ŋ": "ng", "ß": "ss", "æ": "ae", "œ": "oe"}
)  # fmt: skip


def without_marks(text: str) -> str:
    """Letters without their marks, as ASCII; what has no ASCII letter behind it is dropped."""
    plain = text.translate(_UNMARKED)
    if plain.isascii():
        return plain
    decomposed = unicodedata.normalize("NFD", plain).translate(_UNMARKED)
    return decomposed.encode("ascii", "ignore").decode()

"""Vietnamese text as older software leaves it behind: TCVN3, VNI, decomposed, read in the wrong encoding, or bare."""

import unicodedata
from collections.abc import Callable

from mock_population_api.name_words import without_marks

_TCVN3 = dict(
    zip(
        "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵĂÂÊÔƠƯĐ",
        "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊË®ÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\xadõö÷øùúûüýþ¡¢£¤¥¦§",
        strict=True,
    )
)
"""Letter → the character that the byte of TCVN3 shows in Latin-1; other capitals share the byte of the small letter."""

_VNI_TONES = {"\u0300": "ø", "\u0301": "ù", "\u0303": "õ", "\u0309": "û", "\u0323": "ï"}
_VNI_HATS = {
    "\u0302": {"": "â", "\u0300": "à", "\u0301": "á", "\u0303": "ã", "\u0309": "å", "\u0323": "ä"},
    "\u0306": {"": "ê", "\u0300": "è", "\u0301": "é", "\u0303": "ü", "\u0309": "ú", "\u0323": "ë"},
}
_VNI_WHOLE = {"đ": "ñ", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î", "í": "í", "ì": "ì"}
_HORN = "\u031b"


def _tcvn3_letter(letter: str) -> str:
    return _TCVN3.get(letter) or _TCVN3.get(letter.lower(), letter)


def _vni_letter(letter: str) -> str:
    if letter.lower() in _VNI_WHOLE:
        small = _VNI_WHOLE[letter.lower()]
    else:
        decomposed = unicodedata.normalize("NFD", letter.lower())
        base, marks = decomposed[0], decomposed[1:]
        tone = next((mark for mark in marks if mark in _VNI_TONES), "")
        hat = next((mark for mark in marks if mark in _VNI_HATS), None)
        if _HORN in marks:
            base = {"o": "ô", "u": "ö"}[base]
        small = base + (_VNI_HATS[hat][tone] if hat else _VNI_TONES.get(tone, ""))
    return small.upper() if letter.isupper() else small


def to_tcvn3(text: str) -> str:
    """As TCVN3 looks when taken for Latin-1."""
    return "".join(map(_tcvn3_letter, text))


def to_vni(text: str) -> str:
    """As VNI looks when taken for Latin-1."""
    return "".join(letter if letter.isascii() else _vni_letter(letter) for letter in text)


def to_decomposed(text: str) -> str:
    """Every mark a character of its own (NFD)."""
    return unicodedata.normalize("NFD", text)


def to_misread(text: str) -> str:
    """UTF-8 taken for Windows-1252; the five bytes it doesn't have stay control characters."""
    return "".join(
        bytes([byte]).decode("cp1252") if byte not in _UNASSIGNED else chr(byte)
        for byte in text.encode("utf-8")
    )


_UNASSIGNED = frozenset({0x81, 0x8D, 0x8F, 0x90, 0x9D})


def to_eth(text: str) -> str:
    """The Icelandic letter Ð in the place of Đ."""
    return text.replace("Đ", "\u00d0")


ENCODINGS: dict[str, Callable[[str], str]] = {
    "nfd": to_decomposed,
    "tcvn3": to_tcvn3,
    "vni": to_vni,
    "utf8_as_latin1": to_misread,
    "no_marks": without_marks,
    "eth": to_eth,
}
"""Habit → what it does to a text; `nfc` does nothing."""

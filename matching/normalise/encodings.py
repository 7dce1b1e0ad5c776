"""Legacy encodings: text of one character set that was read as if it were Windows-1252.

Each decoder takes the text as it arrived (`NguyÔn V¨n`, `Nguyeãn Vaên`, `Nguyá»…n VÄƒn`) and gives Unicode, or None when the
text holds a character that its set doesn't have. Which set a school used is decided from all of its names
together (`matching.normalise.habits`), never from one.
"""

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum


class Encoding(StrEnum):
    """What a school's text really is; the order is the order in which a tie is settled."""

    UNICODE = "unicode"
    UTF8 = "utf8_as_cp1252"
    """UTF-8 bytes read as Windows-1252 or Latin-1."""
    UTF8_TWICE = "utf8_as_cp1252_twice"
    TCVN3 = "tcvn3"
    """ABC fonts (.VnTime); their capitals are another font over the same bytes, so capitals come out in lower case."""
    VNI = "vni_windows"
    VISCII = "viscii"
    CP1258 = "cp1258"
    """Windows Vietnamese read as Windows-1252."""


_TCVN3_LETTERS = dict(
    zip(
        (*range(0xA1, 0xAF), *range(0xB5, 0xBA), *range(0xBB, 0xBF), *range(0xC6, 0xCD), *range(0xCE, 0xD9), *range(0xDC, 0xE0),
         *range(0xE1, 0xF0), *range(0xF1, 0xFF)),
        "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
        strict=True,
    )
)  # fmt: skip

_VISCII_LETTERS = dict(
    zip(
        (0x02, 0x05, 0x06, 0x14, 0x19, 0x1E, *range(0x80, 0x100)),
        "ẲẴẪỶỸỴ"
        "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯ"
        "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ",
        strict=True,
    )
)

_BYTES = {chr(byte): byte for byte in range(0x80, 0x100)}
_BYTES |= {
    bytes([byte]).decode("cp1252"): byte
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
"""Character → byte, as Windows-1252 and as Latin-1 at once: programs fill the five holes of 1252 from Latin-1."""

_HARMLESS = " \u00a0\u2018\u2019\u201c\u201d\u2013"
"""Not ASCII, and typed into names of any encoding."""

_PLAIN = frozenset(_HARMLESS) | frozenset(map(chr, range(0x80)))
"""Means the same in all encodings."""


def _as_characters(letters: dict[int, str]) -> dict[str, str]:
    return {sign: letters[byte] for sign, byte in _BYTES.items() if byte in letters} | {
        chr(byte): letter for byte, letter in letters.items() if byte < 0x80
    }


_TCVN3 = _as_characters(_TCVN3_LETTERS)
_VISCII = _as_characters(_VISCII_LETTERS)


def _by_table(table: dict[str, str]) -> Callable[[str], str | None]:
    translation = str.maketrans(table)
    repertoire = _PLAIN.union(table)

    def decode_by_table(text: str) -> str | None:
        return text.translate(translation) if repertoire.issuperset(text) else None

    return decode_by_table


_VNI_TONES = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_VNI_CIRCUMFLEX = {"â": "", "á": "\u0301", "à": "\u0300", "å": "\u0309", "ã": "\u0303", "ä": "\u0323"}
_VNI_BREVE = {"ê": "", "é": "\u0301", "è": "\u0300", "ú": "\u0309", "ü": "\u0303", "ë": "\u0323"}
_VNI_ALONE = {"í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "ñ": "đ", "ô": "ơ", "ö": "ư"}


def _vni_table() -> dict[str, str]:
    """VNI writes a letter and behind it a second one that stands for its marks; i, y, ơ, ư and đ have signs of their own."""
    table = dict(_VNI_ALONE)
    table |= {base + sign: base + tone for base in "aeouy" for sign, tone in _VNI_TONES.items()}
    table |= {base + sign: base + "\u0302" + tone for base in "aeo" for sign, tone in _VNI_CIRCUMFLEX.items()}
    table |= {"a" + sign: "a\u0306" + tone for sign, tone in _VNI_BREVE.items()}
    table |= {base + sign: _VNI_ALONE[base] + tone for base in "ôö" for sign, tone in _VNI_TONES.items()}
    return {signs: unicodedata.normalize("NFC", letter) for signs, letter in table.items()}


_VNI = _vni_table()
_VNI_SIGNS = re.compile("|".join(sorted(_VNI, key=len, reverse=True)), re.IGNORECASE)


def _decode_vni(text: str) -> str | None:
    def letter(found: re.Match[str]) -> str:
        read = _VNI[found[0].lower()]
        return read.upper() if found[0][0].isupper() else read

    decoded = _VNI_SIGNS.sub(letter, text)
    unread = _VNI_SIGNS.sub("", text)
    return decoded if unread.isascii() or _PLAIN.issuperset(unread) else None


def _decode_cp1258(text: str) -> str | None:
    try:
        return unicodedata.normalize("NFC", text.encode("cp1252").decode("cp1258"))
    except UnicodeError:
        return None


_CONTINUATION = "".join(re.escape(sign) for sign, byte in _BYTES.items() if 0x80 <= byte < 0xC0)
_WHOLE = f"[Â-ß][{_CONTINUATION}]|[à-ï][{_CONTINUATION}]{{2}}"
_CODA = "(?=(?:ng|nh|ch|[cimnopty])(?:\\s|$))"
_SEQUENCE = re.compile(_WHOLE)
_SEQUENCE_OR_REST = re.compile(
    f"(?P<whole>{_WHOLE})|(?P<end>á»\ufffd?)|(?P<dot>áº (?i:{_CODA})|áº)|(?P<grave>(?<=\\S)Ã (?i:{_CODA})|(?<=\\S)Ã(?=\\s|$))"
    "|(?P<stroke>Ä\ufffd?)|(?P<alone>(?<!\\S)Ã\ufffd?(?=\\s|$))|(?P<acute>Ã\ufffd|(?<!\\S)Ã(?=[A-Za-z]))"
)
"""A sequence, or what is left of one. A0 ends à and Ạ; read alone it is a no-break space, often tidied into a space, or
away. Windows-1252 has no 81, 8D, 8F, 90 and 9D, which end Á, Ý, ề, ọ, ỏ, Đ, Ố and ờ."""
_SIGN_OF_UTF8 = re.compile(f"{_WHOLE}|á[»º]")
_REST = {"dot": "ạ", "grave": "à", "stroke": "Đ", "acute": "Á", "alone": "Ý"}


def _decode_utf8(text: str) -> str | None:
    """Put UTF-8 sequences together again, one by one, so that a byte lost on the way costs one letter, not the name."""
    if not _SIGN_OF_UTF8.search(text):
        return text if text.isascii() else None
    return _SEQUENCE_OR_REST.sub(_letter, text)


def _decode_utf8_twice(text: str) -> str | None:
    once = _SEQUENCE.sub(_whole_letter, text)
    return _decode_utf8(once.replace("Â\ufffd", "")) if once != text or text.isascii() else None


def _letter(found: re.Match[str]) -> str:
    kind = found.lastgroup or ""
    if kind == "whole":
        return _whole_letter(found)
    return _lost_end(found) if kind == "end" else _REST[kind]


def _whole_letter(found: re.Match[str]) -> str:
    try:
        return bytes(_BYTES[sign] for sign in found[0]).decode()
    except UnicodeDecodeError:
        return found[0]


def _lost_end(found: re.Match[str]) -> str:
    """ờ after ư (still in two signs), ề after i and y, else ọ, the commonest of those whose last byte was lost."""
    before = found.string[: found.start()]
    if before.endswith(("Æ°", "Æ¯")):
        return "ờ"
    return "ề" if before.lower().endswith(("i", "y")) else "ọ"


_DECODERS: dict[Encoding, Callable[[str], str | None]] = {
    Encoding.UNICODE: str,
    Encoding.UTF8: _decode_utf8,
    Encoding.UTF8_TWICE: _decode_utf8_twice,
    Encoding.TCVN3: _by_table(_TCVN3),
    Encoding.VNI: _decode_vni,
    Encoding.VISCII: _by_table(_VISCII),
    Encoding.CP1258: _decode_cp1258,
}

LEGACY = tuple(encoding for encoding in Encoding if encoding is not Encoding.UNICODE)


def decode(text: str, encoding: Encoding) -> str | None:
    """The text in Unicode, if it can be of that encoding."""
    return _DECODERS[encoding](text)

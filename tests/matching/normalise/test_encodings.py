"""Legacy encodings there and back: the encoders below stand for a school's old software and know nothing of our decoders."""

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.normalise.encodings import Encoding, decode
from matching.normalise.habits import encoding_of
from matching.normalise.names import canonical, normalise_names

_TCVN3_LOWER = {
    "à": 0xB5, "ả": 0xB6, "ã": 0xB7, "á": 0xB8, "ạ": 0xB9, "ă": 0xA8, "ằ": 0xBB, "ẳ": 0xBC, "ẵ": 0xBD, "ắ": 0xBE, "ặ": 0xC6,
    "â": 0xA9, "ầ": 0xC7, "ẩ": 0xC8, "ẫ": 0xC9, "ấ": 0xCA, "ậ": 0xCB, "đ": 0xAE, "è": 0xCC, "ẻ": 0xCE, "ẽ": 0xCF, "é": 0xD0,
    "ẹ": 0xD1, "ê": 0xAA, "ề": 0xD2, "ể": 0xD3, "ễ": 0xD4, "ế": 0xD5, "ệ": 0xD6, "ì": 0xD7, "ỉ": 0xD8, "ĩ": 0xDC, "í": 0xDD,
    "ị": 0xDE, "ò": 0xDF, "ỏ": 0xE1, "õ": 0xE2, "ó": 0xE3, "ọ": 0xE4, "ô": 0xAB, "ồ": 0xE5, "ổ": 0xE6, "ỗ": 0xE7, "ố": 0xE8,
    "ộ": 0xE9, "ơ": 0xAC, "ờ": 0xEA, "ở": 0xEB, "ỡ": 0xEC, "ớ": 0xED, "ợ": 0xEE, "ù": 0xEF, "ủ": 0xF1, "ũ": 0xF2, "ú": 0xF3,
    "ụ": 0xF4, "ư": 0xAD, "ừ": 0xF5, "ử": 0xF6, "ữ": 0xF7, "ứ": 0xF8, "ự": 0xF9, "ỳ": 0xFA, "ỷ": 0xFB, "ỹ": 0xFC, "ý": 0xFD,
    "ỵ": 0xFE,
}  # fmt: skip
_TCVN3_UPPER = {"Ă": 0xA1, "Â": 0xA2, "Ê": 0xA3, "Ô": 0xA4, "Ơ": 0xA5, "Ư": 0xA6, "Đ": 0xA7}

_VNI_TONE = {"\u0301": "ù", "\u0300": "ø", "\u0309": "û", "\u0303": "õ", "\u0323": "ï"}
_VNI_MARKED_TONE = {
    "\u0302": {"": "â", "\u0301": "á", "\u0300": "à", "\u0309": "å", "\u0303": "ã", "\u0323": "ä"},
    "\u0306": {"": "ê", "\u0301": "é", "\u0300": "è", "\u0309": "ú", "\u0303": "ü", "\u0323": "ë"},
}
_VNI_OWN = {"đ": "ñ", "í": "í", "ì": "ì", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î"}

_VISCII = "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ"


def tcvn3(name: str) -> str:
    """As ABC fonts have it: marked capitals are lower-case bytes in another font, seven excepted."""
    table = _TCVN3_LOWER | _TCVN3_UPPER
    return "".join(chr(table.get(sign, table.get(sign.lower(), ord(sign)))) for sign in name)


def vni(name: str) -> str:
    """As VNI Windows fonts have it: a letter and a sign for its marks."""
    return "".join(_vni_letter(sign) for sign in name)


def _vni_letter(letter: str) -> str:
    lower = letter.lower()
    signs = _VNI_OWN.get(lower)
    if signs is None:
        base, *marks = unicodedata.normalize("NFD", lower)
        tone = next((mark for mark in marks if mark in _VNI_TONE), "")
        if "\u031b" in marks:
            signs = {"o": "ô", "u": "ö"}[base] + _VNI_TONE.get(tone, "")
        else:
            own = next((_VNI_MARKED_TONE[mark] for mark in marks if mark in _VNI_MARKED_TONE), None)
            signs = base + (own[tone] if own else _VNI_TONE.get(tone, ""))
    return signs.upper() if letter.isupper() else signs


_VISCII_CAPITALS = str.maketrans("ẲẴẪỶỸỴ", "\x02\x05\x06\x14\x19\x1e")


def viscii(name: str) -> str:
    spelt = name.translate(_VISCII_CAPITALS)
    return "".join(chr(0x80 + _VISCII.index(sign)) if sign in _VISCII else sign for sign in spelt)


def cp1258(name: str) -> str:
    """Windows Vietnamese bytes shown as Windows-1252: the tone is a sign behind its letter."""
    spelt = []
    for letter in name:
        decomposed = unicodedata.normalize("NFD", letter)
        tone = "".join(mark for mark in decomposed if mark in _VNI_TONE)
        rest = "".join(mark for mark in decomposed if mark not in _VNI_TONE)
        spelt.append(unicodedata.normalize("NFC", rest) + tone)
    return "".join(spelt).encode("cp1258").decode("cp1252")


def utf8_as_latin1(name: str) -> str:
    return name.encode().decode("latin-1")


def utf8_as_cp1252_lossy(name: str) -> str:
    return name.encode().decode("cp1252", "replace")


def utf8_twice(name: str) -> str:
    return utf8_as_latin1(utf8_as_latin1(name))


ENCODERS = {
    Encoding.UTF8: utf8_as_latin1,
    Encoding.UTF8_TWICE: utf8_twice,
    Encoding.TCVN3: tcvn3,
    Encoding.VNI: vni,
    Encoding.VISCII: viscii,
    Encoding.CP1258: cp1258,
}
ALL = pytest.mark.parametrize("encoding", ENCODERS, ids=str)


def read(typed, schools=None):
    return normalise_names(pa.array(typed), pa.array(schools or ["A"] * len(typed)))


@ALL
def test_a_school_is_read_in_the_encoding_it_uses(encoding, unicode_names):
    typed = [ENCODERS[encoding](name) for name in unicode_names]
    assert encoding_of(typed) is encoding
    assert read(typed).name.to_pylist() == [canonical(name) for name in unicode_names]


@ALL
def test_upper_case_decodes_too(encoding, unicode_names):
    names = [name.upper() for name in unicode_names]
    decoded = [decode(ENCODERS[encoding](name), encoding) for name in names]
    assert [canonical(name) for name in decoded] == [canonical(name) for name in names]


@ALL
def test_four_names_are_enough_where_no_unicode_name_looks_like_them(encoding):
    names = ["Nguyễn Thị Thủy", "Đặng Văn Trường", "Lê Quốc Hưởng", "Phạm Thị Dịu"]
    assert read([ENCODERS[encoding](name) for name in names]).name.to_pylist() == [
        canonical(name) for name in names
    ]


@pytest.mark.parametrize("start", range(0, 200, 20))
def test_twenty_names_of_a_unicode_school_are_never_decoded(start, unicode_names):
    names = unicode_names[start : start + 20]
    assert encoding_of(names) is Encoding.UNICODE
    assert read(names).name.to_pylist() == [canonical(name) for name in names]


@pytest.mark.parametrize("size", [1, 3, 20])
def test_minority_names_are_no_sign_of_a_legacy_encoding(size):
    names = ["Y Ngông Niê Kdăm", "H'Wen Ayŭn", "H’Nghia Êban", "Ksor Ñăng", "Y Čem Buôn Yă"] * 4
    assert encoding_of(names[:size]) is Encoding.UNICODE


def test_the_verdict_is_one_schools_alone(unicode_names):
    old, new = unicode_names[:30], unicode_names[30:60]
    column = read([tcvn3(name) for name in old] + new, ["old"] * 30 + ["new"] * 30)
    assert column.name.to_pylist() == [canonical(name) for name in old + new]


def test_a_unicode_name_in_a_legacy_school_stays_as_it_is(unicode_names):
    typed = [vni(name) for name in unicode_names[:30]] + ["Nguyễn Thị Tuyết"]
    assert read(typed).name.to_pylist()[-1] == "nguyễn thị tuyết"


def test_a_lone_legacy_name_becomes_a_second_reading_only(unicode_names):
    column = read([*unicode_names[:30], "NguyÔn V¨n TuÊn"])
    assert column.name.to_pylist()[-1] != "nguyễn văn tuấn"
    assert column.other.to_pylist()[-1] == "nguyễn văn tuấn"
    assert column.reject.to_pylist()[-1] == "name_encoding"


def test_a_lone_name_in_utf8_read_wrongly_cannot_be_anything_else(unicode_names):
    column = read([*unicode_names[:30], utf8_as_latin1("Nguyễn Văn Tuấn")])
    assert column.name.to_pylist()[-1] == "nguyễn văn tuấn"


@pytest.mark.parametrize(
    "name",
    ["Trần Thành", "Đặng Thị Đào", "Trường Thọ", "Tiền Huyền", "Như Ý", "Lầu Ánh", "PHẠM HẠNH", "Lê Hà"],
)
@pytest.mark.parametrize("lost", ["replace", "ignore"])
def test_bytes_that_windows_1252_lacks_are_told_from_their_neighbours(name, lost):
    typed = name.encode().decode("cp1252", lost).replace("\u00a0", " ").strip()
    assert canonical(decode(typed, Encoding.UTF8)) == canonical(name)


def test_text_that_cannot_be_of_an_encoding_is_not_decoded():
    assert decode("Nguyễn", Encoding.TCVN3) is None
    assert decode("Nguyễn", Encoding.VNI) is None
    assert decode("Nguyễn", Encoding.CP1258) is None
    assert decode("Nguyễn", Encoding.UTF8) is None


@given(st.text(max_size=30), st.sampled_from(list(Encoding)))
def test_no_text_breaks_a_decoder(text, encoding):
    decoded = decode(text, encoding)
    assert decoded is None or isinstance(decoded, str)


def test_a_large_mixed_column_is_read_in_one_go(unicode_names):
    schools = np.repeat([f"school {number}" for number in range(10)], 20).tolist()
    typed = [tcvn3(name) if row // 20 % 2 else name for row, name in enumerate(unicode_names)]
    assert read(typed, schools).name.to_pylist() == [canonical(name) for name in unicode_names]

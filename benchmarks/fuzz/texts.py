"""Hostile texts: what people type in a column, changed at random, and signs that programs stumble over. Everything is made up."""

import random
from collections.abc import Sequence

SEEDS: dict[str, Sequence[str]] = {
    "full_name": (
        "Nguyễn Thị Hương", "TRẦN VĂN AN", "Lê  Hoàng   Anh", "Đặng thị mỹ-linh", "Pham Van Duc (con bà Lan)", "H'Hen Niê",
        "NGUYÔN THÞ H»NG", "NguyeÃn VaÊn A", "Ng.T.Hoa", "Cô Lan", "Tr?n Văn B?nh", "Jean-Pierre O'Neil", "Nguyeenx Vawn Ar",
    ),
    "birth_date": (
        "05/09/2011", "2011-09-05", "5-9-11", "2011", "09/2011", "40791", "40791.0", "ngày 5 tháng 9 năm 2011", "5 Sep 2011",
        "20110905", "2011-09-05T00:00:00Z", "31/02/2011", "00/00/2011", "Sept 5, 2011", "1/13/2011",
    ),
    "claimed_id": (
        "001099000001", "79199000002", "012345678", "1,09900E+09", "001.099.000.001", "001099000001/012345678", "000000000000",
        "chưa có", "0010990OOOO1", "'001099000001", "001 099 000 001", "1.099E9",
    ),
    "gender": ("Nam", "Nữ", "F", "male", "0", "1", "x", "nu", "NỮ", "N÷"),
    "birth_place": ("Thanh Hóa", "TP. HCM", "38", "tỉnh Bắc Giang", "Xã A, huyện B, tỉnh Yên Bái", "Q.1", "Sài Gòn", "HN"),
    "nationality": ("Việt Nam", "VN", "Lào", "Vietnamese", "không", "USA"),
    "residence_province": ("38", "Thanh Hoá", "01", "hà nội"),
    "residence_commune": ("00004", "xã Hòa Bình", "P. 5, Q. 3", "thị trấn", "14758"),
}  # fmt: skip
"""Column of RAW_RECORDS → what stands there."""

SIGNS = (
    "=+-@\t\r\n\x00\x01\x1f\x7f;,|\"'`\\/<>{}[]()%$#!?*&^~_ .:0123456789aeioubcdfgxzAEIOUĐđ"
    "ăâêôơưĂÂÊÔƠƯáàảãạấầẩẫậ\u0300\u0301\u0303\u0309\u0323\u0302\u031b\u200b\u200d\u202e\u2066\ufeff\u00a0\u3000"
    "０１９＝＋－＠²³¹½٣٧०߅𝟘𝟗ßİıſﬁ\U0001f600\U0001f468\u200d\U0001f469éñ中あ\ufffd\uffff\U0010ffff\ud7ff\ue000Ððàµ·×÷"
)
FORMULAS = (
    '=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "＝1+1", "\t=1", "\n=1", "'=1", "a;=1+1", 'a\n=cmd|"/c calc"!A0',
    "=", "==", "\x00=1", "\u200b=1", " =1", "=\u202e1",
)  # fmt: skip
_LONG = 0.0005


def text(chance: random.Random, seeds: Sequence[str]) -> str:
    """One text: a seed changed in some places, signs in a row, a formula, or, seldom, something very long."""
    draw = chance.random()
    if draw < _LONG:
        return chance.choice([*seeds, *SIGNS]) * chance.randrange(100, 5_000)
    if draw < 0.15:
        return "".join(chance.choices(SIGNS, k=chance.randrange(1, 12)))
    if draw < 0.2:
        return chance.choice(FORMULAS)
    made = chance.choice(seeds)
    for _ in range(chance.randrange(0, 4)):
        made = _changed(chance, made, seeds)
    return made


def _changed(chance: random.Random, made: str, seeds: Sequence[str]) -> str:
    at = chance.randrange(len(made) + 1)
    way = chance.randrange(5)
    if way == 0:
        return made[:at] + chance.choice(SIGNS) + made[at:]
    if way == 1:
        return made[:at] + made[at + 1 :]
    if way == 2:
        return made[:at] + chance.choice(SIGNS) + made[at + 1 :]
    if way == 3:
        return made[:at] + chance.choice(seeds)[chance.randrange(4) :]
    return made[at:] + made[:at]


def column(chance: random.Random, name: str, rows: int) -> list[str | None]:
    """A column; some cells are empty."""
    seeds = SEEDS[name]
    return [None if chance.random() < 0.02 else text(chance, seeds) for _ in range(rows)]

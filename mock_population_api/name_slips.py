"""What happens to a name between the ear, the hand and the file: one function a slip, each on one name."""

import unicodedata
from collections.abc import Callable

import numpy as np

from mock_population_api.geography import read_reference

Slip = Callable[[str, np.random.Generator], str]

_HOOK, _TILDE = "\u0309", "\u0303"
_TONES = {"\u0300": "f", "\u0301": "s", _HOOK: "r", _TILDE: "x", "\u0323": "j"}
_VNI_DIGITS = {"\u0300": "2", "\u0301": "1", _HOOK: "3", _TILDE: "4", "\u0323": "5"}
_HATS = {"\u0302": ("", "6"), "\u0306": ("w", "8"), "\u031b": ("w", "7")}
_NEAR_KEYS = dict(
    zip("qwertyuiopasdfghjklzxcvbnm", "wqrtyutyuopsadgfhgjkxzvcnb", strict=False)
) | {"o": "p", "p": "o", "i": "o", "u": "y", "m": "n", "n": "m", "h": "j", "l": "k", "a": "s"}  # fmt: skip
_INITIALS = (
    ("ngh", "ng"), ("tr", "ch"), ("ch", "tr"), ("gi", "d"), ("s", "x"), ("x", "s"), ("l", "n"),
    ("n", "l"), ("d", "gi"), ("r", "d"), ("v", "d"), ("hu", "qu"),
)  # fmt: skip
_FINALS = (("ng", "n"), ("nh", "n"), ("n", "ng"), ("t", "c"), ("c", "t"))
_NICKNAMES = ("Tí", "Bin", "Tèo", "Cún", "Bông", "Bi", "Na", "Su", "Bo", "Mít", "Tôm", "Gấu")
_MARKS = ("Thị", "Văn")
_FOREIGN_LETTERS = str.maketrans("ŭĭčñăĕŎŏƀŬĬČÑ", "uicnaeOobUICN")


def _pick(count: int, rng: np.random.Generator) -> int:
    return int(rng.integers(0, count))


def _like(model: str, text: str) -> str:
    """`text` with a capital first letter where `model` has one."""
    return text[:1].upper() + text[1:] if model[:1].isupper() else text


def _change_word(
    name: str, rng: np.random.Generator, change: Callable[[str], str], fit: Callable[[str], bool]
) -> str:
    words = name.split(" ")
    able = [at for at, word in enumerate(words) if fit(word)]
    if not able:
        return name
    at = able[_pick(len(able), rng)]
    words[at] = change(words[at])
    return " ".join(words)


def typo(name: str, rng: np.random.Generator) -> str:
    """A letter lost, doubled, exchanged with its neighbour, or hit beside the key."""
    places = [at for at in range(1, len(name)) if name[at] != " " and name[at - 1] != " "]
    if len(name) < 5 or not places:
        return name
    at = places[_pick(len(places), rng)]
    kind = _pick(4, rng)
    if kind == 0:
        return name[:at] + name[at + 1 :]
    if kind == 1:
        return name[:at] + name[at] + name[at:]
    if kind == 2 and at + 1 < len(name) and name[at + 1] != " ":
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return name[:at] + _NEAR_KEYS.get(name[at].lower(), name[at] * 2) + name[at + 1 :]


def _keystrokes(word: str, tones: dict[str, str], telex: bool) -> str:
    body, tone = [], ""
    for letter in word:
        if letter in "đĐ":
            body.append(letter.translate(str.maketrans("đĐ", "dD")) + ("d" if telex else "9"))
            continue
        decomposed = unicodedata.normalize("NFD", letter)
        base, marks = decomposed[0], decomposed[1:]
        hat = next((mark for mark in marks if mark in _HATS), None)
        if hat:
            base += (_HATS[hat][0] or base.lower()) if telex else _HATS[hat][1]
        tone = tone or next((tones[mark] for mark in marks if mark in tones), "")
        body.append(base)
    return "".join(body) + tone


def telex(name: str, rng: np.random.Generator) -> str:
    """A word as its keystrokes, because the input method was off."""
    by_telex = _pick(4, rng) > 0
    tones = _TONES if by_telex else _VNI_DIGITS
    return _change_word(
        name, rng, lambda word: _keystrokes(word, tones, by_telex), lambda word: not word.isascii()
    )


def word_swapped(name: str, rng: np.random.Generator) -> str:
    """Two neighbouring words exchanged."""
    words = name.split(" ")
    if len(words) < 2:
        return name
    at = _pick(len(words) - 1, rng)
    words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(words)


def word_dropped(name: str, rng: np.random.Generator) -> str:
    """A middle word left out."""
    words = name.split(" ")
    if len(words) < 3:
        return name
    del words[1 + _pick(len(words) - 2, rng)]
    return " ".join(words)


def thi_dropped(name: str, rng: np.random.Generator) -> str:
    """Thị or Văn left out."""
    words = name.split(" ")
    if len(words) < 3 or words[1] not in _MARKS:
        return name
    return " ".join([words[0], *words[2:]])


def thi_abbreviated(name: str, rng: np.random.Generator) -> str:
    """Thị as T. or Th., Văn as V."""
    words = name.split(" ")
    if len(words) < 3 or words[1] not in _MARKS:
        return name
    short = ("T.", "Th.", "T")[_pick(3, rng)] if words[1] == "Thị" else "V."
    return " ".join([words[0], short, *words[2:]])


def nickname(name: str, rng: np.random.Generator) -> str:
    """The name at home in brackets behind."""
    return f"{name} ({_NICKNAMES[_pick(len(_NICKNAMES), rng)]})"


def similar_sound(name: str, rng: np.random.Generator) -> str:
    """A word written as it sounds in another region."""

    def heard(word: str) -> str:
        small = word.lower()
        for before, after in rng.permutation(np.array(_INITIALS, dtype=object)).tolist():
            if small.startswith(before) and len(small) > len(before):
                return _like(word, after + small[len(before) :])
        for before, after in _FINALS:
            if small.endswith(before):
                return word[: -len(before)] + after
        return word

    return _change_word(name, rng, heard, lambda word: len(word) > 1)


def hoi_nga(name: str, rng: np.random.Generator) -> str:
    """Hỏi for ngã, or the other way round."""

    def exchanged(word: str) -> str:
        swapped = unicodedata.normalize("NFD", word).translate({ord(_HOOK): _TILDE, ord(_TILDE): _HOOK})
        return unicodedata.normalize("NFC", swapped)

    return _change_word(name, rng, exchanged, lambda word: exchanged(word) != word)


_I_Y = str.maketrans("iyíýìỳỉỷĩỹịỵ", "yiýíỳìỷỉỹĩỵị")


def i_for_y(name: str, rng: np.random.Generator) -> str:
    """Quí for Quý, Lí for Lý, and back."""

    def fit(word: str) -> bool:
        return len(word) > 1 and word[-1] in "iyíýìỳỉỷĩỹịỵ" and word[-2].lower() in "qutmlsvkh"

    return _change_word(name, rng, lambda word: word[:-1] + word[-1].translate(_I_Y), fit)


def mark_lost(name: str, rng: np.random.Generator) -> str:
    """One word without its tone, or without its hat."""

    def lost(word: str) -> str:
        letters = list(unicodedata.normalize("NFD", word))
        marks = [at for at, letter in enumerate(letters) if unicodedata.combining(letter)]
        del letters[marks[_pick(len(marks), rng)]]
        return unicodedata.normalize("NFC", "".join(letters))

    return _change_word(name, rng, lost, lambda word: len(unicodedata.normalize("NFD", word)) > len(word))


def _given_names() -> list[str]:
    return [row["name"] for row in read_reference("given_names.csv") if float(row["born_from_2005"]) > 1]


_GIVEN = _given_names()


def other_name(name: str, rng: np.random.Generator) -> str:
    """Another given name altogether."""
    return " ".join([*name.split(" ")[:-1], _GIVEN[_pick(len(_GIVEN), rng)]])


def _apostrophe(name: str, rng: np.random.Generator) -> str:
    return name.replace("'", ("\u2019", "", "' ", " ", "`")[_pick(5, rng)])


def _letters_lost(name: str, rng: np.random.Generator) -> str:
    return name.translate(_FOREIGN_LETTERS)


def _clan_moved(name: str, rng: np.random.Generator) -> str:
    words = name.split(" ")
    return " ".join([*words[1:], words[0]]) if rng.random() < 0.5 else " ".join([words[-1], *words[:-1]])


def _clan_cut(name: str, rng: np.random.Generator) -> str:
    words = name.split(" ")
    return " ".join(words[:-1]) if len(words) > 2 else name


def minority_damage(name: str, rng: np.random.Generator) -> str:
    """Apostrophe, ñ or ŭ lost, clan moved or cut; names that have none of them lose a mark at most."""
    slips: list[Slip] = [_clan_moved, _clan_cut, mark_lost]
    if "'" in name:
        slips = [_apostrophe] * 5 + slips
    if name != name.translate(_FOREIGN_LETTERS):
        slips = [_letters_lost] * 4 + slips
    return slips[_pick(len(slips), rng)](name, rng)


def built_apart(name: str) -> bool:
    """Whether a name has a shape or letters of its own: Y, A, H', K', bin, letters outside the alphabet."""
    first = name.split(" ", 1)[0]
    return (
        first in {"A", "Y", "Ka", "Ha", "Néang", "Chau", "Điểu"}
        or "'" in name
        or name != name.translate(_FOREIGN_LETTERS)
    )


NAME_SLIPS: tuple[tuple[str, Slip], ...] = (
    ("other_name", other_name),
    ("thi_dropped", thi_dropped),
    ("thi_abbreviated", thi_abbreviated),
    ("word_dropped", word_dropped),
    ("word_swapped", word_swapped),
    ("similar_sound", similar_sound),
    ("hoi_nga", hoi_nga),
    ("i_for_y", i_for_y),
    ("mark_lost", mark_lost),
    ("typo", typo),
    ("telex", telex),
    ("nickname", nickname),
)
"""Slips in the order in which they happen; each has its rate in `SlipAssumptions`."""

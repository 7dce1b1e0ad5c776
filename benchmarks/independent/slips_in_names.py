"""Slips of a typist in a name: text and a random source in, other text out, or None where the slip can't be made."""

import re
import unicodedata
from random import Random

from benchmarks.independent.words import NICKNAMES

_TONES = {"\u0300": "f", "\u0301": "s", "\u0309": "r", "\u0303": "x", "\u0323": "j"}
_VNI_TONES = {"\u0300": "2", "\u0301": "1", "\u0309": "3", "\u0303": "4", "\u0323": "5"}
_HATS = "\u0302\u0306\u031b"
_KEYS = {
    near: row[i + 1] for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm") for i, near in enumerate(row[:-1])
}
_VOWELS = "aeiouy"
_NICKNAMES = NICKNAMES.split()


def _letters(word: str) -> list[str]:
    """Each letter with its marks, decomposed."""
    return re.findall(r".[\u0300-\u036f]*", unicodedata.normalize("NFD", word))


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _marked(word: str) -> bool:
    return (
        "đ" in word.lower()
        or len(unicodedata.normalize("NFD", word)) > len(_nfc(word))
        or _nfc(word) != plain(word)
    )


def plain(text: str) -> str:
    """Without any mark."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return bare.replace("đ", "d").replace("Đ", "D")


def _in_one_word(text: str, rnd: Random, change, fits=lambda word: True) -> str | None:
    words = text.split(" ")
    where = [i for i, word in enumerate(words) if word and fits(word)]
    if not where:
        return None
    i = rnd.choice(where)
    changed = change(words[i])
    if changed is None or changed == words[i]:
        return None
    return " ".join([*words[:i], changed, *words[i + 1 :]])


def _typed(word: str, tones: dict[str, str], hats: dict[str, str], d: str) -> str:
    tone, out = "", []
    for letter in _letters(word):
        base = letter[0].replace("đ", "d" + d).replace("Đ", "D" + d)
        for mark in letter[1:]:
            if mark in tones:
                tone = tones[mark]
            else:
                base += hats.get(mark, "") or base[0].lower()
        out.append(base)
    return "".join(out) + tone


def telex_residue(text: str, rnd: Random) -> str | None:
    """The keys of the Telex method instead of the letter they make."""
    return _in_one_word(text, rnd, lambda w: _typed(w, _TONES, {"\u0306": "w", "\u031b": "w"}, "d"), _marked)


def vni_residue(text: str, rnd: Random) -> str | None:
    """The keys of the VNI method."""
    hats = {"\u0302": "6", "\u031b": "7", "\u0306": "8"}
    return _in_one_word(text, rnd, lambda w: _typed(w, _VNI_TONES, hats, "9"), _marked)


def mark_missing(text: str, rnd: Random) -> str | None:
    """One word without marks."""
    return _in_one_word(text, rnd, plain, _marked)


def marks_missing(text: str, rnd: Random) -> str | None:
    """No marks at all."""
    del rnd
    return plain(text) if plain(text) != _nfc(text) else None


def hoi_nga(text: str, rnd: Random) -> str | None:
    """The two tones that the centre and the south speak alike."""
    swap = str.maketrans({"\u0309": "\u0303", "\u0303": "\u0309"})
    return _in_one_word(text, rnd, lambda w: _nfc(unicodedata.normalize("NFD", w).translate(swap)))


def wrong_tone(text: str, rnd: Random) -> str | None:
    """Another tone."""

    def change(word: str) -> str:
        parts = unicodedata.normalize("NFD", word)
        return _nfc("".join(rnd.choice([t for t in _TONES if t != c]) if c in _TONES else c for c in parts))

    return _in_one_word(
        text, rnd, change, lambda w: any(c in _TONES for c in unicodedata.normalize("NFD", w))
    )


def hat_lost(text: str, rnd: Random) -> str | None:
    """The vowel's own mark lost, the tone kept."""
    return _in_one_word(
        text,
        rnd,
        lambda w: _nfc("".join(c for c in unicodedata.normalize("NFD", w) if c not in _HATS)),
        lambda w: any(c in _HATS for c in unicodedata.normalize("NFD", w)),
    )


def i_y(text: str, rnd: Random) -> str | None:
    """Quý or Quí, Mỹ or Mĩ."""

    def change(word: str) -> str:
        parts = _letters(word)
        if (
            len(parts) > 1
            and parts[-1][0] in "iy"
            and plain(parts[-2]).lower() not in _VOWELS.replace("u", "")
        ):
            parts[-1] = ("y" if parts[-1][0] == "i" else "i") + parts[-1][1:]
        return _nfc("".join(parts))

    return _in_one_word(text, rnd, change, lambda w: plain(w)[-1:] in ("i", "y"))


def _starts(word: str, old: str, new: str) -> str:
    return (new.capitalize() if word[:1].isupper() else new) + word[len(old) :]


def _initial(text: str, rnd: Random, pairs: tuple[tuple[str, str], ...]) -> str | None:
    both = [*pairs, *((b, a) for a, b in pairs)]
    both.sort(key=lambda pair: -len(pair[0]))

    def change(word: str) -> str | None:
        for old, new in both:
            if _nfc(word).lower().startswith(old) and len(word) > len(old):
                return _starts(_nfc(word), old, new)
        return None

    return _in_one_word(text, rnd, change, lambda w: any(_nfc(w).lower().startswith(old) for old, _ in both))


def l_n(text: str, rnd: Random) -> str | None:
    """Of the Red River delta."""
    first = {"l", "n"}
    return _in_one_word(
        text,
        rnd,
        lambda w: _starts(w, "l", "n" if w[0].lower() == "l" else "l"),
        lambda w: w[:1].lower() in first and w[1:2].lower() not in {"g", "h"},
    )


def s_x(text: str, rnd: Random) -> str | None:
    """Of the north."""
    return _initial(text, rnd, (("s", "x"),))


def tr_ch(text: str, rnd: Random) -> str | None:
    """Of the north."""
    return _initial(text, rnd, (("tr", "ch"),))


def d_gi(text: str, rnd: Random) -> str | None:
    """D, gi and v, which sound alike here and there."""
    return _initial(text, rnd, (("d", "gi"), ("v", "d")))


def final_sound(text: str, rnd: Random) -> str | None:
    """Final consonants of the south: n or ng, t or c."""
    ends = {"ng": "n", "n": "ng", "c": "t", "t": "c"}

    def change(word: str) -> str | None:
        for old, new in ends.items():
            if word.lower().endswith(old):
                return word[: -len(old)] + (new if word[-1].islower() else new.upper())
        return None

    return _in_one_word(
        text, rnd, change, lambda w: len(w) > 2 and w[-1].lower() in "ngct" and not w.lower().endswith("nh")
    )


def middle_left_out(text: str, rnd: Random) -> str | None:
    """A middle word is not there."""
    words = text.split(" ")
    if len(words) < 3:
        return None
    del words[rnd.randrange(1, len(words) - 1)]
    return " ".join(words)


def thi_shortened(text: str, rnd: Random) -> str | None:
    """Thị or Văn as a letter."""
    short = {"Thị": ("T.", "T", "Th."), "Văn": ("V.", "V"), "THỊ": ("T.", "T"), "VĂN": ("V.", "V")}
    return _in_one_word(text, rnd, lambda w: rnd.choice(short[w]), short.__contains__)


def family_shortened(text: str, rnd: Random) -> str | None:
    """Ng. for Nguyễn and the like, or the family name left out."""
    first, _, rest = text.partition(" ")
    if " " not in rest:
        return None
    short = {"Nguyễn": ("Ng.", "Ng", "N."), "Trần": ("Tr.",), "Phạm": ("Ph.",), "Huỳnh": ("H.",)}.get(first)
    return f"{rnd.choice(short)} {rest}" if short and rnd.random() < 0.7 else rest


def words_merged(text: str, rnd: Random) -> str | None:
    """A space is missing."""
    words = text.split(" ")
    if len(words) < 2:
        return None
    i = rnd.randrange(len(words) - 1)
    return " ".join([*words[:i], words[i] + words[i + 1], *words[i + 2 :]])


def word_split(text: str, rnd: Random) -> str | None:
    """A space too many."""

    def change(word: str) -> str:
        at = rnd.randrange(2, len(word) - 1)
        return f"{word[:at]} {word[at:]}"

    return _in_one_word(text, rnd, change, lambda w: len(w) > 3)


def letters_swapped(text: str, rnd: Random) -> str | None:
    """Two letters change places."""

    def change(word: str) -> str:
        parts = _letters(word)
        i = rnd.randrange(1, len(parts) - 1)
        parts[i], parts[i + 1] = parts[i + 1], parts[i]
        return _nfc("".join(parts))

    return _in_one_word(text, rnd, change, lambda w: len(_letters(w)) > 2)


def letter_lost(text: str, rnd: Random) -> str | None:
    """One letter is missing."""

    def change(word: str) -> str:
        parts = _letters(word)
        del parts[rnd.randrange(1, len(parts))]
        return _nfc("".join(parts))

    return _in_one_word(text, rnd, change, lambda w: len(_letters(w)) > 2)


def letter_doubled(text: str, rnd: Random) -> str | None:
    """One letter twice."""

    def change(word: str) -> str:
        parts = _letters(word)
        i = rnd.randrange(len(parts))
        return _nfc("".join([*parts[: i + 1], plain(parts[i]).lower(), *parts[i + 1 :]]))

    return _in_one_word(text, rnd, change)


def neighbour_key(text: str, rnd: Random) -> str | None:
    """The key beside."""

    def change(word: str) -> str | None:
        where = [i for i, c in enumerate(word) if i and c in _KEYS]
        if not where:
            return None
        i = rnd.choice(where)
        return word[:i] + _KEYS[word[i]] + word[i + 1 :]

    return _in_one_word(text, rnd, change)


def nickname(text: str, rnd: Random) -> str | None:
    """The name called at home, instead of the given one or behind it."""
    words = text.split(" ")
    call = rnd.choice(_NICKNAMES)
    return " ".join([*words[:-1], call]) if rnd.random() < 0.5 else f"{text} ({call})"


def name_with_note(text: str, rnd: Random) -> str | None:
    """What belongs in another column stands in this one."""
    notes = (
        "{} (6A2)",
        "{} - 1A",
        "{}*",
        "{}.",
        "12. {}",
        "{} (mới chuyển đến)",
        "{} (con)",
        "{} (đã mất)",
        "{} - khuyết tật",
        "{},",
        "Em {}",
        "{} B",
    )
    return rnd.choice(notes).format(text)


def given_first(text: str, rnd: Random) -> str | None:
    """In the order of a foreign form."""
    del rnd
    words = text.split(" ")
    return " ".join([words[-1], *words[:-1]]) if len(words) > 1 else None


def apostrophe(text: str, rnd: Random) -> str | None:
    """H'Wer as H Wer, HWer, H’Wer, H` Wer; the marks of ŭ, ĭ and č lost."""
    if not re.search(r"['’ŭĭčñ]", text.lower()):
        return None
    if "'" in text or "’" in text:
        return re.sub("['’] ?", rnd.choice((" ", "", "` ", "' ", "-")), text)
    return "".join(plain(c) if c.lower() in "ŭĭčñ" else c for c in text)


def clan_left_out(text: str, rnd: Random) -> str | None:
    """Names built otherwise than Kinh ones: the last word left out, or the mark in front."""
    words = text.split(" ")
    strange = (
        words[0] in {"Y", "A", "Ka"}
        or words[0][:2] in {"H'", "K'", "H’"}
        or (len(words) > 2 and words[1] == "A")
    )
    if not strange or len(words) < 2:
        return None
    if len(words) > 2 and words[1] == "A":
        return " ".join([words[0], *words[2:]])
    return " ".join(words[1:] if len(words[0]) < 3 and rnd.random() < 0.5 else words[:-1])


def look_alike_letters(text: str, rnd: Random) -> str | None:
    """Ð or Ɖ for Đ, a Cyrillic letter, a hard or invisible space."""
    if "Đ" in text and rnd.random() < 0.6:
        return text.replace("Đ", rnd.choice("ÐƉ"))
    alike = {"a": "а", "o": "о", "e": "е", " ": rnd.choice(("\u00a0", "\u200b ", "  "))}
    where = [i for i, c in enumerate(text) if c in alike]
    if not where:
        return None
    i = rnd.choice(where)
    return text[:i] + alike[text[i]] + text[i + 1 :]


NAME_SLIPS = {
    slip.__name__: slip
    for slip in (
        telex_residue, vni_residue, mark_missing, marks_missing, hoi_nga, wrong_tone, hat_lost, i_y, l_n, s_x, tr_ch, d_gi, final_sound,
        middle_left_out, thi_shortened, family_shortened, words_merged, word_split, letters_swapped, letter_lost, letter_doubled, neighbour_key,
        nickname, name_with_note, given_first, apostrophe, clan_left_out, look_alike_letters,
    )
}  # fmt: skip

"""The shape of a Vietnamese syllable: where its tone mark stands, and whether it is one at all.

Tone marks are set in the style of official place names and of the population registry: hòa, thủy, khỏe, but hoàn, quý, giã.
Words that are no Kinh syllable (Kdăm, Ayŭn, Brẻo) are left as they are written.
"""

import unicodedata
from functools import lru_cache

from matching.normalise.vocabulary import words

_GRAVE, _ACUTE, _HOOK, _TILDE, _DOT = TONES = ("\u0300", "\u0301", "\u0309", "\u0303", "\u0323")
"""Combining marks that are tones on a vowel; on a consonant (ñ) they belong to the letter."""

_VOWELS = frozenset("aeiouy")

_ONSETS = ("ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr", *"bcdđghklmnprstvx", "")
"""Longest first, so that gi and qu win over g and q while a rime is left to them."""

_RIMES = words(
    """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên ênh êp êt êu
    i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu y ych yên yêm yêng yêt yêu ynh yt yu
    o oc oi om on ong oong ooc op ot oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oe oen oeo oet
    ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt
    u ua uc ui um un ung up ut uân uâng uât uây uê uêch uênh uôc uôi uôm uôn uông uôt uơ uy uya uych uyn uynh uyp uyt uyu
    uyên uyêt ư ưa ưc ưi ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu
    """
)

_CODAS = ("ch", "ng", "nh", *"cmnpt")
_STOPS = ("ch", *"cpt")


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


_UNMARKED_ONSETS = tuple(dict.fromkeys(_bare(onset) for onset in _ONSETS))
_UNMARKED_RIMES = frozenset(_bare(rime) for rime in _RIMES) - {"oong", "ooc"}
"""Without oong and ooc, which are rarer as rimes than as keystrokes for ông and ôc."""


@lru_cache(maxsize=1 << 16)
def with_tone_in_place(word: str) -> str:
    """The word in NFC, its tone mark on the vowel where it belongs, marks put on in the wrong order put right.

    Args:
        word: Lower-case letters, with or without marks, in any composition.
    """
    letters, tones = _letters_and_tones(word)
    distinct = {tone for tone in tones if tone}
    place = _tone_place("".join(letters)) if len(distinct) == 1 else None
    if place is not None:
        tones = ["" for _ in letters]
        tones[place] = distinct.pop()
    return unicodedata.normalize("NFC", "".join(a + b for a, b in zip(letters, tones, strict=True)))


@lru_cache(maxsize=1 << 16)
def is_syllable(word: str) -> bool:
    """Whether a word is a well-formed Kinh syllable, its tone anywhere on a vowel.

    A syllable that ends in c, ch, p or t must carry one of the two tones it can have.
    """
    letters, tones = _letters_and_tones(word)
    present = [tone for tone in tones if tone]
    plain = "".join(letters)
    if len(present) > 1 or _rime_start(plain) is None:
        return False
    return not plain.endswith(_STOPS) or present in ([_ACUTE], [_DOT])


@lru_cache(maxsize=1 << 16)
def is_unmarked_syllable(word: str) -> bool:
    """Whether an ASCII word is a Kinh syllable that merely lost its marks."""
    starts = (len(onset) for onset in _UNMARKED_ONSETS if word.startswith(onset))
    return any(word[start:] in _UNMARKED_RIMES for start in starts)


def _letters_and_tones(word: str) -> tuple[list[str], list[str]]:
    """Letters with their own marks (NFC, no mark twice), and beside each its tone, or an empty text."""
    letters: list[str] = []
    tones: list[str] = []
    for sign in unicodedata.normalize("NFD", word):
        if not unicodedata.combining(sign) or not letters:
            letters.append(sign)
            tones.append("")
        elif sign in TONES and letters[-1][0] in _VOWELS:
            tones[-1] = tones[-1] if sign in tones[-1] else tones[-1] + sign
        elif sign not in letters[-1]:
            letters[-1] += sign
    return [unicodedata.normalize("NFC", letter) for letter in letters], tones


def _rime_start(plain: str) -> int | None:
    """Where the rime of a toneless word starts; None when it is no Kinh syllable."""
    return next(
        (len(onset) for onset in _ONSETS if plain.startswith(onset) and plain[len(onset) :] in _RIMES),
        None,
    )


def _tone_place(plain: str) -> int | None:
    """Which letter of a toneless word carries the tone; None when it is no Kinh syllable."""
    start = _rime_start(plain)
    if start is None:
        return None
    rime = plain[start:]
    coda = next((coda for coda in _CODAS if rime.endswith(coda)), "")
    nucleus = rime.removesuffix(coda)
    marked = [place for place, vowel in enumerate(nucleus) if vowel not in _VOWELS]
    if marked:
        return start + marked[-1]
    closed_or_long = bool(coda) or len(nucleus) == 3
    return start + (1 if closed_or_long and len(nucleus) > 1 else 0)

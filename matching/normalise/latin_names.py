"""Names of other cultures: one plain spelling, and nothing in it that only Vietnamese knows.

Whoever writes the names puts the family name first and the name that a person is called by last.
"""

import re
import unicodedata
from functools import lru_cache

from matching.normalise.vocabulary import phrases, words

MOST_WORDS = 12

_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ŋ": "ng", "ĸ": "k", "ŧ": "t"}
)  # fmt: skip
"""Latin letters that are no letter with a mark; all others are decomposed."""

_WITHIN = re.compile("['’‘‛ʼʻʹˈ`´′＇ʾˊˋꞌ.]")
_BRACKETED = re.compile(r"\([^()]*\)?|\[[^\[\]]*\]?|\{[^{}]*\}?")
_SUFFIXES = words("jr sr junior senior ii iii iv esq phd md dds")
_TITLES = words("mr mrs ms miss mx dr prof rev sir")
_PLACEHOLDERS = phrases(
    """
    unknown|unk|none|null|nan|n a|na|nil|no name|no first name|no last name|not known|not given|not stated|dont know|refused|declined|
    undefined|name|full name|first name|last name|surname|test|x|xx|xxx|xxxx|anonymous|baby|baby boy|baby girl|boy|girl|adult|child|
    infant|male|female|person|respondent|occupant|resident|household|householder|head of household|man of the house|
    lady of the house|man of|lady of|gentleman of|gentleman|mother|father|mom|dad|husband|wife|daughter|sister|grandmother|grandfather|
    granddaughter|grandson|grandchild|oldest|youngest
    """
)
"""Each stands for no name when it is all there is, as titles do: who answers for a household writes how people stand to each other."""
_NO_NAME = _PLACEHOLDERS | _TITLES


@lru_cache(maxsize=1 << 16)
def canonical(text: str) -> str | None:
    """The one spelling of a name; None when the text holds no name.

    Lower case, Latin letters without marks, single spaces; a hyphen parts words and an apostrophe doesn't (o'brien is obrien).
    Titles before the name, suffixes after any of its words (jr, iii) and notes in brackets are gone as long as a word is left.
    """
    plain = plain_letters(_BRACKETED.sub(" ", text))
    if not plain or plain in _NO_NAME or plain.count(" ") >= MOST_WORDS:
        return None
    return _without_suffixes(_without_titles(plain))


def plain_letters(text: str) -> str:
    """Words of letters in lower case, without marks; every other sign but those within a word parts words."""
    lower = unicodedata.normalize("NFKC", text).lower()
    bare = unicodedata.normalize("NFKD", _WITHIN.sub("", lower).translate(_LETTERS))
    letters = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return " ".join("".join(sign if sign.isalpha() else " " for sign in letters).split())


def _without_titles(plain: str) -> str:
    first, _, rest = plain.partition(" ")
    return rest if rest and first in _TITLES else plain


def _without_suffixes(plain: str) -> str:
    """Without jr and the like, which stand behind the family name or at the end, never first."""
    first, *others = plain.split(" ")
    kept = [word for word in others if word not in _SUFFIXES]
    return " ".join([first, *kept])


def fold(name: str) -> str:
    """A canonical name without marks, or any word as one: it has none."""
    return plain_letters(name)


def sound(folded: str) -> str:
    """What is written: spelling by ear is a matter of each language."""
    return folded

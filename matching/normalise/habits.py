"""Which encoding a school's names really are in, told from all of them together.

One short name proves nothing: `Lê` is a name in Unicode and another one in TCVN3. A school's names prove a lot: read in the wrong
way hardly any marked word is a syllable, read in the right way nearly all are.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.normalise.columns import Distinct
from matching.normalise.encodings import LEGACY, Encoding, decode
from matching.normalise.letters import clean
from matching.normalise.syllables import is_syllable
from matching.sorted_keys import distinct

ENOUGH_NAMES = 8
"""So many odd names let a school's encoding be told from syllables alone; fewer need a sign that no name has."""
SAMPLE = 100
"""Names that are decoded to judge by; more would not change the verdict."""
GLANCE = 12
"""About so many odd names, from all over the sample, tell which encodings are out of the question."""
LIKELY_SHARE = 0.4
"""An encoding that makes syllables of fewer of their marked words won't make them of nearly all."""
ODD_SHARE = 0.3
"""Share of marked names with an odd word from which a school is looked at: minority names are odd words too."""
READABLE_SHARE = 0.8
"""Share of marked words that must be syllables once decoded; the rest may be minority names and slips of the keyboard."""
GAIN = 0.3
"""By how much that share must exceed the share before decoding."""

_NAME_LETTERS = frozenset(
    "abcdefghijklmnopqrstuvwxyzđàảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵŭĭŏĕčñƀ'"
    "\u0300\u0301\u0302\u0303\u0306\u0309\u030c\u031b\u0323"
)


def is_odd(name: str) -> bool:
    """Whether a name has a word with letters beyond ASCII that is no Kinh syllable as it stands."""
    if name.isascii():
        return False
    words = _TYPED_SPACE.split(name) if "\u00a0" in name else name.split(" ")
    return not all(map(_reads, words))


def encoding_of(names: Sequence[str]) -> Encoding:
    """The encoding in which the distinct names of one school make sense; UNICODE unless another is clearly better."""
    marked = [name for name in names if not name.isascii()]
    odd = [name for name in marked if is_odd(name)]
    if not odd or len(odd) < ODD_SHARE * len(marked):
        return Encoding.UNICODE
    if len(odd) < ENOUGH_NAMES:
        return unmistakable(odd) or Encoding.UNICODE
    odd = odd[:SAMPLE]
    likely = [
        encoding
        for encoding in LEGACY
        if readable_share(odd[:: -(-len(odd) // GLANCE)], encoding) >= LIKELY_SHARE
    ]
    if not likely:
        return Encoding.UNICODE
    before = readable_share(marked[:SAMPLE], Encoding.UNICODE)
    best = max(likely, key=lambda encoding: readable_share(odd, encoding))
    after = readable_share(odd, best)
    return best if after >= READABLE_SHARE and after >= before + GAIN else Encoding.UNICODE


def readable_share(names: Sequence[str], encoding: Encoding) -> float:
    """Of the marked words of names, the share that are syllables once decoded."""
    readable = total = 0
    for name in names:
        decoded = decode(name, encoding)
        words = [word for word in (decoded or name).split() if not word.isascii()]
        total += len(words)
        readable += sum(map(_reads, words)) if decoded is not None else 0
    return readable / total if total else 0.0


def unmistakable(names: Sequence[str]) -> Encoding | None:
    """The encoding of names too few to judge by, if exactly one makes syllables of all their marked words.

    One at least must have a sign that no language of Vietnam writes names with: ¨, µ, », ø.
    """
    if _NAME_LETTERS.issuperset(clean("".join(names)).replace(" ", "")):
        return None
    fitting = [encoding for encoding in LEGACY if readable_share(names, encoding) == 1.0]
    return fitting[0] if len(fitting) == 1 or Encoding.UTF8 in fitting[:1] else None


def decoded_if_better(name: str, encoding: Encoding) -> str:
    """The name decoded, unless it can't be of that encoding or made more sense before: schools mix."""
    decoded = decode(name, encoding)
    if decoded is None or (is_odd(decoded) and not is_odd(name)):
        return name
    return decoded


def odd_names(names: Distinct) -> np.ndarray:
    """Per distinct name, whether it `is_odd`: each distinct word is read once."""
    texts = pa.array(names.values, pa.string())
    words = pc.split_pattern(texts, " ")
    encoded = words.values.dictionary_encode()
    unread = np.fromiter((not _reads(word) for word in encoded.dictionary.to_pylist()), bool)
    if not len(texts):
        return unread
    odd = np.logical_or.reduceat(unread[encoded.indices.to_numpy()], words.offsets.to_numpy()[:-1])
    for place in np.flatnonzero(pc.match_substring(texts, "\u00a0").to_numpy(zero_copy_only=False)):
        odd[place] = is_odd(names.values[place])
    return odd


def encodings_by_group(names: Distinct, groups: Distinct, odd: np.ndarray) -> list[Encoding]:
    """The encoding of each group's names, all its distinct names taken together.

    Args:
        names: Names per row.
        groups: School (or school and kind of record) per row.
        odd: Per distinct name, whether it `is_odd`.
    """
    result = [Encoding.UNICODE] * len(groups)
    size = max(len(names), 1)
    group, name = np.divmod(distinct(groups.codes * size + names.codes), size)
    ascii_only = np.fromiter(map(str.isascii, names.values), bool, len(names))
    of_group = np.bincount(group[~ascii_only[name]], minlength=len(groups))
    odd_ones = np.bincount(group[odd[name]], minlength=len(groups))
    for suspect in np.flatnonzero((odd_ones > 0) & (odd_ones >= ODD_SHARE * of_group)):
        low, high = np.searchsorted(group, [suspect, suspect + 1])
        result[suspect] = encoding_of([names.values[one] for one in name[low:high]])
    return result


_PUNCTUATION = str.maketrans("’‘ʼðɖ", "'''đđ", '.,;:()-"0123456789\u200b\ufeff')
_TYPED_SPACE = re.compile(" |(?<![ÂÃº])\u00a0")
"""Behind these letters a no-break space is the second half of a letter: UTF-8 read as something else."""


@lru_cache(maxsize=1 << 17)
def _reads(word: str) -> bool:
    """Whether a word is ASCII, or each of its parts with letters beyond ASCII is a syllable."""
    if word.isascii():
        return True
    plain = unicodedata.normalize("NFC", word).lower().translate(_PUNCTUATION)
    return _NAME_LETTERS.issuperset(plain) and all(
        part.isascii() or is_syllable(part) for part in plain.split("'")
    )

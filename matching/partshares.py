"""How common the parts of names are: the u of `matching.nameparts`, per name of the records.

A part goes by its chief word, the first of a family name and the last of a given name; how many people bear it, and how many a word that is one edit
away, an abbreviation or alike, is counted among the registry's words.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cdist

from matching.levels import MIDDLE, NAME_PART
from matching.nameparts import ALIKE_FROM, SHORTEST, spans_of
from matching.nametable import Array, Names

Words = dict[str, float]
"""Word → share of people who have it at a place in their name."""

MOST_WORDS = 10_000
"""The commonest words, which nearly all people bear: neighbours are looked for among them."""

ANOTHER_WORD = 0.1
"""P(two parts of several words agree in the others too | in the chief word) (assumption)."""

UNSEEN = 0.3
"""Shape of the prior of a word's share."""

SLIPS = 0.02
"""Share of a word's bearers who are entered with an edit, an abbreviation, or alike, and are not seen among the words (assumption)."""

SHAPE = 1.0
"""Bearers of a whole name beyond which its count is believed more than its parts."""

AT_ONCE = 500


@dataclass(frozen=True)
class PartShares:
    """Share of people at each level from the parts of each name."""

    family: Array
    """names × levels of `matching.levels.NAME_PART`."""
    middle: Array
    """names × levels of `matching.levels.MIDDLE`."""
    given: Array
    whole_by_parts: Array
    """Per name, share of people of the same parts; 0 where family or given name is missing."""
    whole: Array
    """The same, as the count of the whole name has it."""


def part_shares(
    names: Names, first: Words, middle: Words, last: Words, entries: int, counted: Array | None
) -> PartShares:
    """Count for every name of the records.

    Args:
        names: the names.
        first: shares of first words among the registry's names.
        middle: of words in the middle.
        last: of last words.
        entries: people in the registry.
        counted: per name, how many bear it; None when the registry can't count.
    """
    text, spans = _texts(names), spans_of(names)
    family = [name[:end] for name, end in zip(text, spans[:, 0].tolist(), strict=True)]
    between = [name[low:high] for name, low, high in zip(text, *spans[:, 1:3].T.tolist(), strict=True)]
    given = [name[low:] for name, low in zip(text, spans[:, 3].tolist(), strict=True)]
    of_family = _by_part(family, 0, first, entries)
    of_given = _by_part(given, -1, last, entries)
    of_middle = _of_middles(between, middle, entries)
    complete = np.array([bool(a and b) for a, b in zip(family, given, strict=True)], bool)
    same = of_family[:, 0] * of_given[:, 0] * np.where([bool(one) for one in between], of_middle[:, 0], 1.0)
    by_parts = np.where(complete, same, 0.0)
    return PartShares(of_family, of_middle, of_given, by_parts, _counted(by_parts, counted, entries))


def _counted(by_parts: Array, people: Array | None, entries: int) -> Array:
    """The same of whole names (`_others`), drawn towards what the parts tell (a gamma prior of that mean)."""
    if people is None:
        return by_parts
    others = np.maximum(people - 1, 0)
    return np.where(by_parts > 0, (others + 1 + SHAPE) / (entries + SHAPE / np.maximum(by_parts, 1e-15)), 0.0)


def _texts(names: Names) -> list[str]:
    whole = names.letters.tobytes().decode("ascii")
    starts = names.letter_start.tolist()
    return [whole[low:high] for low, high in pairwise(starts)]


def _by_part(parts: list[str], chief: int, shares: Words, entries: int) -> Array:
    """Parts × levels: each distinct chief word is looked up once."""
    distinct = {part: at for at, part in enumerate(dict.fromkeys(parts))}
    words = [part.split(" ")[chief] for part in distinct]
    chiefs = {word: at for at, word in enumerate(dict.fromkeys(words))}
    table = _by_word(list(chiefs), shares, entries)[[chiefs[word] for word in words]]
    table[:, 0] *= [ANOTHER_WORD ** part.count(" ") for part in distinct]
    return table[[distinct[part] for part in parts]]


def _by_word(words: list[str], shares: Words, entries: int) -> Array:
    own = np.array([_others(shares.get(word, 0.0), entries) for word in words])
    known = sorted(shares, key=lambda word: -shares[word])[:MOST_WORDS]
    weight = np.array([shares[word] for word in known], np.float32)
    table = np.ones((len(words), len(NAME_PART)))
    table[:, 0] = own
    for low in range(0, len(words) if known else 0, AT_ONCE):
        block = words[low : low + AT_ONCE]
        for level, at in enumerate(_near(block, known), start=1):
            table[low : low + AT_ONCE, level] = at @ weight
    table[:, 1:4] = np.maximum(table[:, 1:4], SLIPS * own[:, None] + UNSEEN / entries)
    return table


def _near(words: list[str], known: list[str]) -> tuple[Array, Array, Array]:
    """Words × known: one edit apart, one cut to the other, alike."""
    edits = cdist(words, known, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8, workers=-1)
    alike = cdist(
        words, known, scorer=JaroWinkler.similarity, score_cutoff=ALIKE_FROM, dtype=np.float32, workers=-1
    )
    lengths = np.array([len(word) for word in words]), np.array([len(word) for word in known])
    shorter = np.minimum(lengths[0][:, None], lengths[1])
    one = (edits == 1) & (shorter >= SHORTEST)
    cut = _cut(words, known) & (edits > 0) & ~one
    return one, cut, (alike >= ALIKE_FROM) & (edits > 0) & ~one & ~cut


def _cut(words: list[str], known: list[str]) -> Array:
    """Words × known: one is the beginning of the other; by beginnings of each length, since few lengths occur."""
    found = np.zeros((len(words), len(known)), bool)
    longest = max(map(len, [*words, *known]), default=0)
    of_words, of_known = np.array(words, f"U{longest or 1}"), np.array(known, f"U{longest or 1}")
    for length in sorted({len(word) for word in [*words, *known] if word}):
        shorter, longer = (
            np.flatnonzero(np.char.str_len(of_words) == length),
            np.char.str_len(of_known) >= length,
        )
        found[shorter] |= longer & (of_words[shorter][:, None] == of_known.astype(f"U{length}"))
        shorter, longer = (
            np.flatnonzero(np.char.str_len(of_known) == length),
            np.char.str_len(of_words) >= length,
        )
        found[:, shorter] |= longer[:, None] & (of_words.astype(f"U{length}")[:, None] == of_known[shorter])
    return found


def _others(share: float, entries: int) -> float:
    """Share of people of a word, for two of whom each has it: E[f²]/E[f] of a share f with a gamma posterior, the pair's own entry left out."""
    return (max(share * entries, 1.0) + UNSEEN) / entries


def _of_middles(parts: list[str], shares: Words, entries: int) -> Array:
    """Parts × levels; who has a word or its first letter in common is counted by first letters."""
    initials: Words = {}
    for word, share in shares.items():
        initials[word[:1]] = initials.get(word[:1], 0.0) + share
    distinct = {part: at for at, part in enumerate(dict.fromkeys(parts))}
    table = np.ones((len(distinct), len(MIDDLE)))
    for part, at in distinct.items():
        own = [_others(shares.get(word, 0.0), entries) for word in part.split(" ")]
        table[at, 0] = float(np.prod(own))
        table[at, 1] = min(
            sum(initials.get(word[:1], 0.0) + UNSEEN / entries for word in part.split(" ")), 1.0
        )
    return np.clip(table, 1e-9, 1.0)[[distinct[part] for part in parts]]

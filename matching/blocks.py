"""Where in a registry's index the candidates of a record lie: those born on its day, those of its name, those of names near it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from matching.columns import Records, day_of, year_of
from matching.compiled import compiled
from matching.index import Births, Groups, Index, Lookup, NearNames, first_at_least
from matching.likeness import edits
from matching.nametable import WORD_PLACE, Array, Names, mixed
from matching.searching import NEAR_NAME, SAME_NAME, Order, Sought

MOST_WORD_SLIPS = 400
"""Words near one word that are tried; more have only syllables of one or two letters."""


@dataclass(frozen=True)
class Listed:
    """Entries found otherwise than by blocking, in the order of records; each once per record."""

    row: Array
    """int64."""
    at: Array
    """int32."""
    found_by: Array
    """int8."""
    prior: Array
    """float64, 0 where any entry is as likely."""

    def of(self, rows: Array) -> "Listed":
        """Those of some records."""
        chosen = np.isin(self.row, rows)
        return Listed(*(getattr(self, name)[chosen] for name in ("row", "at", "found_by", "prior")))


NOTHING_LISTED = Listed(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8), np.zeros(0))


def listed(*parts: Listed) -> Listed:
    """All of them; a pair in several parts counts as in the first, with the greatest prior."""
    row, at, found_by, prior = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("row", "at", "found_by", "prior")
    )
    order = np.lexsort((np.arange(len(row)), -(found_by > 0).astype(np.int8), at, row))
    row, at, found_by, prior = row[order], at[order], found_by[order], prior[order]
    first = np.ones(len(row), bool)
    first[1:] = (row[1:] != row[:-1]) | (at[1:] != at[:-1])
    prior = np.maximum.reduceat(prior, np.flatnonzero(first)) if len(row) else prior
    return Listed(row[first], at[first], found_by[first], prior)


@dataclass(frozen=True)
class NameBlocks:
    """Per name of the records (and one more line, empty, for no name): runs of the registry's names and of Order."""

    name_low: Array
    name_high: Array
    given_low: Array
    given_high: Array
    group_low: Array
    group_high: Array


def name_blocks(names: Names, index: Index) -> NameBlocks:
    """Look up every name of the records."""
    group = _looked_up(index.groups.key, index.groups.of_key, names.folded)
    name_low, name_high = _runs(index.groups.names, group)
    group_low, group_high = _runs(index.groups.entries, group)
    givens = index.givens
    at = _looked_up(givens.key, np.arange(len(givens.key), dtype=np.int32), names.given_sound)
    given_low, given_high = (
        np.where(at >= 0, side[at], 0) if len(side) else np.zeros(len(at))
        for side in (givens.low, givens.high)
    )
    return NameBlocks(
        *(
            np.append(side, 0).astype(np.int32)
            for side in (name_low, name_high, given_low, given_high, group_low, group_high)
        )
    )


def _looked_up(keys: Array, to: Array, wanted: Array) -> Array:
    if not len(keys):
        return np.full(len(wanted), -1, np.int32)
    at = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[at] == wanted, to[at], -1)


def _runs(starts: Array, group: Array) -> tuple[Array, Array]:
    known = group >= 0
    return np.where(known, starts[group], 0), np.where(known, starts[group + 1], 0)


class Blocks(Protocol):
    """Where the candidates of some records lie."""

    def sought(self, rows: Array, found: Listed) -> Sought:
        """Where to look for these records, with what was found otherwise."""
        ...


@dataclass(frozen=True)
class ListedBlocks:
    """Candidates that a registry named itself, or none."""

    own: Listed = NOTHING_LISTED

    def sought(self, rows: Array, found: Listed) -> Sought:
        """Only what is listed is looked at."""
        everything = listed(found.of(rows), self.own.of(rows)) if len(self.own.row) else found
        return _sought(rows, everything, *_no_days(len(rows)), *_no_names(len(rows)), *_no_groups(len(rows)))


@dataclass(frozen=True)
class ExactBlocks:
    """Those of the same name without marks and the same day of birth."""

    records: Records
    blocks: NameBlocks
    order: Order

    def sought(self, rows: Array, found: Listed) -> Sought:
        """Their runs in the order of names."""
        both, blocks = _both_names(self.records, rows), self.blocks
        groups = _exact_groups(
            self.records.birth[rows], both, blocks.group_low, blocks.group_high, self.order.birth
        )
        return _sought(rows, found, *_no_days(len(rows)), *_names_of(self.records, rows, blocks), *groups)


@dataclass(frozen=True)
class WideBlocks:
    """All blocks: the day, the name, names near it."""

    records: Records
    names: Names
    blocks: NameBlocks
    index: Index

    def sought(self, rows: Array, found: Listed) -> Sought:
        """Their runs in both orders."""
        index, birth, both = self.index, self.records.birth[rows], _both_names(self.records, rows)
        met = np.unique(both[both >= 0])
        near_start, near = near_groups(self.names, met, index.near, index.groups)
        at = np.where(both >= 0, np.searchsorted(met, both), -1)
        groups = _wide_groups(
            birth,
            both,
            at,
            near_start,
            near,
            self.blocks.group_low,
            self.blocks.group_high,
            index.groups.entries,
            index.order.birth,
        )
        return _sought(
            rows, found, *_days(birth, index.births), *_names_of(self.records, rows, self.blocks), *groups
        )


def _both_names(records: Records, rows: Array) -> Array:
    return np.stack([records.name[rows], records.name_other[rows]], axis=1)


def _sought(rows: Array, found: Listed, *where: Array) -> Sought:
    start = np.searchsorted(found.row, rows)
    end = np.searchsorted(found.row, rows, side="right")
    at = np.arange((end - start).sum()) + np.repeat(
        start - np.r_[0, np.cumsum(end - start)[:-1]], end - start
    )
    starts = np.r_[0, np.cumsum(end - start)].astype(np.int64)
    by_listing = (starts, found.at[at].astype(np.int32), found.found_by[at].astype(np.int8), found.prior[at])
    no_target = np.full(len(rows), -1, np.int32)
    return Sought._make((rows.astype(np.int64), *by_listing, _holders(rows, found), *where, no_target))


def _holders(rows: Array, found: Listed) -> Array:
    """Who holds the number that each record claims: the entry that a lookup found."""
    by_number = np.flatnonzero(found.found_by > 0)
    holder = np.full(len(rows), -1, np.int32)
    at = np.searchsorted(found.row[by_number], rows)
    there = at < len(by_number)
    there[there] = found.row[by_number][at[there]] == rows[there]
    holder[there] = found.at[by_number][at[there]]
    return holder


def _no_days(size: int) -> tuple[Array, Array]:
    return np.zeros(size, np.int32), np.zeros(size, np.int32)


def _no_names(size: int) -> tuple[Array, ...]:
    return (np.zeros((size, 2), np.int32),) * 6


def _no_groups(size: int) -> tuple[Array, Array, Array, Array]:
    return np.zeros(size + 1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int8)


def _days(birth: Array, births: Births) -> tuple[Array, Array]:
    at = _looked_up(births.key, np.arange(len(births.key)), birth)
    known = (at >= 0) & (day_of(birth) != 0)
    return np.where(known, births.start[at], 0).astype(np.int32), np.where(
        known, births.start[at + 1], 0
    ).astype(np.int32)


def _names_of(records: Records, rows: Array, blocks: NameBlocks) -> tuple[Array, ...]:
    both = _both_names(records, rows)
    return tuple(
        getattr(blocks, side)[both]
        for side in ("name_low", "name_high", "given_low", "given_high", "group_low", "group_high")
    )


@compiled
def _exact_groups(
    birth: Array, both: Array, low: Array, high: Array, ordered: Array
) -> tuple[Array, Array, Array, Array]:
    """Of each reading's group, those born on the day."""
    size = len(birth)
    start, lows, highs = (
        np.zeros(size + 1, np.int64),
        np.zeros(2 * size, np.int64),
        np.zeros(2 * size, np.int64),
    )
    used = 0
    for i in range(size):
        for reading in range(2):
            name = both[i, reading]
            repeated = (
                reading == 1
                and both[i, 0] >= 0
                and low[both[i, 0]] == low[name]
                and high[both[i, 0]] == high[name]
            )
            if name >= 0 and not repeated and day_of(birth[i]) != 0:
                first = first_at_least(ordered, birth[i], low[name], high[name])
                last = first_at_least(ordered, birth[i] + 1, first, high[name])
                if last > first:
                    lows[used], highs[used] = first, last
                    used += 1
        start[i + 1] = used
    return start, lows[:used].copy(), highs[:used].copy(), np.full(used, SAME_NAME, np.int8)


@compiled
def _wide_groups(
    birth: Array,
    both: Array,
    at: Array,
    near_start: Array,
    near: Array,
    low: Array,
    high: Array,
    entries: Array,
    ordered: Array,
) -> tuple[Array, Array, Array, Array]:
    """Each reading's group whole, and of the groups near it those born within two years."""
    size = len(birth)
    room = 0
    for i in range(size):
        for reading in range(2):
            if at[i, reading] >= 0:
                room += 1 + near_start[at[i, reading] + 1] - near_start[at[i, reading]]
    start, lows, highs, kinds = (
        np.zeros(size + 1, np.int64),
        np.zeros(room, np.int64),
        np.zeros(room, np.int64),
        np.zeros(room, np.int8),
    )
    used = 0
    for i in range(size):
        first_used = used
        for reading in range(2):
            name = both[i, reading]
            if name >= 0 and high[name] > low[name] and not _has(lows, first_used, used, low[name]):
                lows[used], highs[used], kinds[used] = low[name], high[name], SAME_NAME
                used += 1
        year = year_of(birth[i])
        same_end = used
        for reading in range(2):
            if at[i, reading] < 0 or year == 0:
                continue
            for k in range(near_start[at[i, reading]], near_start[at[i, reading] + 1]):
                begin, end = entries[near[k]], entries[near[k] + 1]
                if _has(lows, first_used, same_end, begin):
                    continue
                first = first_at_least(ordered, (year - 2) << 9, begin, end)
                last = first_at_least(ordered, (year + 3) << 9, first, end)
                if last > first and not _has(lows, same_end, used, first):
                    lows[used], highs[used], kinds[used] = first, last, NEAR_NAME
                    used += 1
        start[i + 1] = used
    return start, lows[:used].copy(), highs[:used].copy(), kinds[:used].copy()


@compiled
def _has(values: Array, first: int, last: int, value: int) -> bool:
    for k in range(first, last):
        if values[k] == value:
            return True
    return False


def near_groups(names: Names, chosen: Array, near: NearNames, groups: Groups) -> tuple[Array, Array]:
    """Groups of names near each chosen name, without its own: by ear, spaces, order of words, a word more or less, a slip in one word.

    Args:
        names: of the records.
        chosen: positions among them.
        near: the registry's keys.
        groups: the registry's names without marks.

    Returns:
        Where the groups of each chosen name start (one more than chosen), and the groups (int32).
    """
    own = _looked_up(groups.key, groups.of_key, names.folded[chosen]).astype(np.int32)
    words = distinct_words(names, chosen)
    slip_start, slips = _word_slips(*words, near)
    return _near_groups(
        names, chosen, own, near_tuple(near), groups.key, groups.of_key, words[0], slip_start, slips
    )


def near_tuple(near: NearNames) -> tuple[Array, ...]:
    """The keys in a form that compiled code takes."""
    lookups: tuple[Lookup, ...] = (
        near.sound,
        near.compact,
        near.in_any_order,
        near.left_out,
        near.abbreviated,
    )
    return (*(array for lookup in lookups for array in (lookup.key, lookup.to)), near.word)


def distinct_words(names: Names, chosen: Array) -> tuple[Array, Array, Array]:
    """The distinct words of some names: their keys in order, where their letters begin (one more), the letters."""
    key, start, letters = _words_with_letters(names, chosen)
    _, first = np.unique(key, return_index=True)
    sizes = (start[1:] - start[:-1])[first]
    at = np.arange(sizes.sum()) + np.repeat(start[:-1][first] - np.r_[0, np.cumsum(sizes)[:-1]], sizes)
    return key[first], np.r_[0, np.cumsum(sizes)].astype(np.int64), letters[at]


@compiled
def _words_with_letters(names: Names, chosen: Array) -> tuple[Array, Array, Array]:
    words, letters = 0, 0
    for name in chosen:
        words += names.start[name + 1] - names.start[name]
        letters += names.letter_start[name + 1] - names.letter_start[name]
    key, start, out = np.zeros(words, np.int64), np.zeros(words + 1, np.int64), np.zeros(letters, np.uint8)
    at, to = 0, 0
    for name in chosen:
        letter = names.letter_start[name]
        for k in range(names.start[name], names.start[name + 1]):
            key[at] = names.word[k]
            while letter < names.letter_start[name + 1] and names.letters[letter] != 32:
                out[to] = names.letters[letter]
                to, letter = to + 1, letter + 1
            letter += 1
            at += 1
            start[at] = to
    return key, start, out[:to]


@compiled
def slip_keys(letters: Array) -> Array:
    """Hashes of a word's letters, whole and with one left out: words one edit apart share one of them (deletion neighbourhood, Mor and Fraenkel 1982)."""
    keys = np.empty(len(letters) + 1, np.int64)
    for left_out in range(len(letters) + 1):
        key = np.int64(7)
        for place in range(len(letters)):
            if place != left_out:
                key = mixed(key * 31 + np.int64(letters[place]))
        keys[left_out] = key
    return keys


def _word_slips(keys: Array, start: Array, letters: Array, near: NearNames) -> tuple[Array, Array]:
    """Of each word, the registry's words one edit away (positions)."""
    return _slips(keys, start, letters, near.slip.key, near.slip.to, near.word, near.word_start, near.letters)


@compiled
def _slips(
    keys: Array,
    start: Array,
    letters: Array,
    slip_key: Array,
    slip_to: Array,
    word: Array,
    word_start: Array,
    word_letters: Array,
) -> tuple[Array, Array]:
    found_start, found = (
        np.zeros(len(keys) + 1, np.int64),
        np.zeros(64 * len(keys) + MOST_WORD_SLIPS, np.int32),
    )
    used = 0
    for i in range(len(keys)):
        own = letters[start[i] : start[i + 1]]
        first = used
        for key in slip_keys(own):
            k = np.searchsorted(slip_key, key)
            while k < len(slip_key) and slip_key[k] == key and used - first < MOST_WORD_SLIPS:
                other = slip_to[k]
                k += 1
                if word[other] == keys[i] or _has(found, first, used, other):
                    continue
                if edits(own, word_letters[word_start[other] : word_start[other + 1]]) > 1:
                    continue
                if used == len(found):
                    found = np.concatenate((found, np.zeros(len(found), np.int32)))
                found[used] = other
                used += 1
        found_start[i + 1] = used
    return found_start, found[:used]


@compiled
def _near_groups(
    names: Names,
    chosen: Array,
    own: Array,
    near: tuple[Array, ...],
    group_key: Array,
    group_of: Array,
    words: Array,
    slip_start: Array,
    slips: Array,
) -> tuple[Array, Array]:
    (
        sound_key,
        sound_to,
        compact_key,
        compact_to,
        order_key,
        order_to,
        left_key,
        left_to,
        short_key,
        short_to,
        vocabulary,
    ) = near
    start, found = np.zeros(len(chosen) + 1, np.int64), np.zeros(16 * len(chosen) + 64, np.int32)
    used = 0
    for i in range(len(chosen)):
        name, first = chosen[i], used
        found, used = _add(found, first, used, own[i], sound_key, sound_to, names.sound[name])
        found, used = _add(found, first, used, own[i], compact_key, compact_to, names.compact[name])
        found, used = _add(found, first, used, own[i], order_key, order_to, names.sorted[name])
        found, used = _add(found, first, used, own[i], left_key, left_to, names.folded[name])
        found, used = _add(found, first, used, own[i], short_key, short_to, names.folded[name])
        low, high = names.start[name], names.start[name + 1]
        place = np.int64(1)
        for k in range(high - 1, low - 1, -1):
            word = names.word[k]
            at = np.searchsorted(words, word)
            for s in range(slip_start[at], slip_start[at + 1]):
                key = names.folded[name] + (vocabulary[slips[s]] - word) * place
                found, used = _add(found, first, used, own[i], group_key, group_of, key)
            place *= WORD_PLACE
            if high - low > 2:
                found, used = _add(
                    found,
                    first,
                    used,
                    own[i],
                    group_key,
                    group_of,
                    without_word(names.word[low:high], k - low),
                )
        start[i + 1] = used
    return start, found[:used]


@compiled
def without_word(words: Array, left_out: int) -> int:
    """The key of a name with one word left out."""
    key = np.int64(0)
    for place in range(len(words)):
        if place != left_out:
            key = key * WORD_PLACE + words[place]
    return key if key != 0 else np.int64(1)


@compiled
def with_initial(words: Array, initial: Array, cut: int) -> int:
    """The key of a name with one word cut to its first letter."""
    key = np.int64(0)
    for place in range(len(words)):
        key = key * WORD_PLACE + (initial[place] if place == cut else words[place])
    return key if key != 0 else np.int64(1)


@compiled
def _add(
    found: Array, first: int, used: int, own: int, keys: Array, to: Array, key: int
) -> tuple[Array, int]:
    k = np.searchsorted(keys, key)
    while k < len(keys) and keys[k] == key:
        group = to[k]
        k += 1
        if group != own and not _has(found, first, used, group):
            if used == len(found):
                found = np.concatenate((found, np.zeros(len(found), np.int32)))
            found[used] = group
            used += 1
    return found, used

"""Where in a registry's index the candidates of a record lie: those born on its day, those of its name, those of names near it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from matching.columns import Records, day_of, year_of
from matching.compiled import compiled
from matching.index import Births, Index
from matching.nametable import Array, Names
from matching.near import holds, near_groups
from matching.prefetch import ask_for
from matching.searching import NEAR_NAME, SAME_NAME, Order, Sought
from matching.sorted_keys import distinct, first_at_least, looked_up


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
    group = looked_up(index.groups.key, index.groups.of_key, names.folded)
    name_low, name_high = _runs(index.groups.names, group)
    group_low, group_high = _runs(index.groups.entries, group)
    givens = index.givens
    at = looked_up(givens.key, np.arange(len(givens.key), dtype=np.int32), names.given_sound)
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
    few: int
    """Of a name near the record's so many entries are looked at of whatever age; of more only those of the record's."""

    def sought(self, rows: Array, found: Listed) -> Sought:
        """Their runs in both orders."""
        index, birth, both = self.index, self.records.birth[rows], _both_names(self.records, rows)
        met = distinct(both[both >= 0])
        near_start, near = near_groups(self.names, met, index.near, index.groups, self.few)
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
            self.few,
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
    at = looked_up(births.key, np.arange(len(births.key)), birth)
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
    few: int,
) -> tuple[Array, Array, Array, Array]:
    """Each reading's group whole, and of the groups near it those born within two years, or all where they are few."""
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
            if name >= 0 and high[name] > low[name] and not holds(lows, first_used, used, low[name]):
                lows[used], highs[used], kinds[used] = low[name], high[name], SAME_NAME
                used += 1
        year = year_of(birth[i])
        same_end = used
        for reading in range(2):
            if at[i, reading] < 0:
                continue
            for k in range(near_start[at[i, reading]], near_start[at[i, reading] + 1]):
                ask_for(entries, near[k])
            for k in range(near_start[at[i, reading]], near_start[at[i, reading] + 1]):
                ask_for(ordered, (entries[near[k]] + entries[near[k] + 1]) // 2)
            for k in range(near_start[at[i, reading]], near_start[at[i, reading] + 1]):
                begin, end = entries[near[k]], entries[near[k] + 1]
                if holds(lows, first_used, same_end, begin):
                    continue
                first, last = begin, end
                if end - begin > few:
                    if year == 0:
                        continue
                    first = first_at_least(ordered, (year - 2) << 9, begin, end)
                    last = first_at_least(ordered, (year + 3) << 9, first, end)
                if last > first and not holds(lows, same_end, used, first):
                    lows[used], highs[used], kinds[used] = first, last, NEAR_NAME
                    used += 1
        start[i + 1] = used
    return start, lows[:used].copy(), highs[:used].copy(), kinds[:used].copy()

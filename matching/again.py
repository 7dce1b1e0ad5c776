"""Some records decided on anew beside the rest of their kind, and after them whoever that touches.

A record that gains or loses an entry touches those that hold the entry too, and those that are open and might be that person: they are
decided on once more, until nobody is left whom the last ones touched. So a few records decided on anew end as they would with all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.beside import Beside, among
from matching.decision import Reason
from matching.keys import combined, digits
from matching.linkage import Linkage, replaced
from matching.nametable import Array
from matching.same_order import places_in
from matching.sorted_keys import distinct

Decide = Callable[[pa.Table, Beside], Linkage]
"""Decides on some records (RECORDS), beside what all others hold."""


def decided_again(records: pa.Table, current: Linkage, todo: pa.Array, decide: Decide) -> Linkage:
    """Decide on some records anew, and on whom that touches.

    Args:
        records: RECORDS, all of the kind.
        current: what is decided so far, of all of them but those that are new.
        todo: IDs of those to be decided on.
        decide: decides.
    """
    if not len(todo):
        return current
    standing = _Standing.of(records, current)
    again: Linkage | None = None
    done, chosen = np.zeros((2, len(records)), bool)
    row = standing.rows(todo)
    chosen[row[row >= 0]] = True
    while chosen.any():
        # who keeps an entry is decided between all who share it
        chosen |= standing.holding(standing.entry[chosen])
        linkage = decide(records.filter(pa.array(chosen)).combine_chunks(), standing.beside(chosen))
        # tables are wide: those of all records are put together once, at the end
        again = linkage if again is None else replaced(again, linkage)
        done |= chosen
        changed = standing.take_in(linkage)
        chosen = (standing.holding(changed) | standing.maybe(changed)) & ~done
    return current if again is None else replaced(current, again)


_CLAIMED = ("claimed_id", "claimed_former")


@dataclass
class _Standing:
    """What the records of a kind claim, hold and might hold, each by its row."""

    ids: pa.Array
    claimed: Array
    """int64 (n, 2): personal and former number."""
    entry: Array
    """int64 (n,): the entry that each is linked to, or would be if nobody else were; 0 for none."""
    linked: Array
    """bool (n,)."""
    open_row: Array
    """int64 (m,): whose candidate it is."""
    open_entry: Array
    """int64 (m,): which entry the candidate is."""

    @classmethod
    def of(cls, records: pa.Table, current: Linkage) -> "_Standing":
        size, nothing = len(records), np.zeros(0, np.int64)
        standing = cls(
            combined(records["record_id"]),
            np.column_stack([digits(records[name], np.int64) for name in _CLAIMED]),
            np.zeros(size, np.int64),
            np.zeros(size, bool),
            nothing,
            nothing,
        )
        standing.take_in(current)
        return standing

    def rows(self, ids: pa.ChunkedArray | pa.Array) -> Array:
        """Where records stand (int64, -1 where they don't)."""
        # the table that is searched is made of the fewer
        asked = combined(ids).dictionary_encode()
        found = pc.index_in(self.ids, value_set=asked.dictionary)
        row = np.full(len(asked.dictionary), -1)
        row[found.drop_null().to_numpy()] = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False))
        return np.asarray(row[asked.indices.to_numpy()])

    def holding(self, entries: Array) -> Array:
        """Who is linked to one of these entries, or would be: bool (n,)."""
        return among(distinct(entries), self.entry)

    def maybe(self, entries: Array) -> Array:
        """Who is open, with one of these entries among the candidates: bool (n,)."""
        found = np.zeros(len(self.entry), bool)
        found[self.open_row[among(distinct(entries), self.open_entry)]] = True
        return found

    def beside(self, chosen: Array) -> Beside:
        """What all but the chosen claim and hold."""
        return Beside(_known(self.claimed[~chosen].ravel()), _known(self.entry[self.linked & ~chosen]))

    def take_in(self, linkage: Linkage) -> Array:
        """Put decisions in the place of those that stood.

        Returns:
            Entries that a record gained or lost, alone or in a contest.
        """
        ids = linkage.decisions["record_id"]
        row, entry, linked = _ours(places_in(self.ids, ids), *_entries(linkage.decisions))
        before, changed = self.entry[row], self.linked[row] != linked
        changed |= before != entry
        self.entry[row], self.linked[row] = entry, linked
        again = np.zeros(len(self.entry), bool)
        again[row] = True
        stays = ~again[self.open_row]
        candidates = linkage.candidates
        row, candidate = _ours(
            self.rows(candidates["record_id"]), digits(candidates["personal_id"], np.int64)
        )
        self.open_row = np.r_[self.open_row[stays], row]
        self.open_entry = np.r_[self.open_entry[stays], candidate]
        return np.asarray(np.r_[before[changed], entry[changed]])


def _ours(row: Array, *columns: Array) -> tuple[Array, ...]:
    """Rows of records, and columns beside them, without those of other records (-1)."""
    return tuple(column[row >= 0] for column in (row, *columns))


def _entries(decisions: pa.Table) -> tuple[Array, Array]:
    """Whom each is linked to, or would be if nobody else were (int64, 0 for none); whether it is (bool)."""
    linked = pc.is_valid(decisions["personal_id"]).to_numpy()
    shared = pc.fill_null(pc.equal(decisions["reason"], Reason.ENTRY_SHARED), False).to_numpy()
    held, wanted = (digits(decisions[name], np.int64) for name in ("personal_id", "candidate_id"))
    return np.where(linked, held, np.where(shared, wanted, 0)), linked


def _known(numbers: Array) -> Array:
    found = distinct(numbers)
    return np.asarray(found[found != 0])

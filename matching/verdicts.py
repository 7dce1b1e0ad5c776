"""What people decided, laid beside the records that are about to be linked.

A person outranks the machine: an entry confirmed by one is the record's, and competes with nobody; an entry that was denied is out of
the question for that record, and the rest competes on. Who was unsure, gave the record back to its school or said that there is no
number yet keeps the machine from linking what was looked at; an entry that nobody had seen then may still be found. While people
differ, nothing is linked.
"""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.decision import Verdict
from matching.keys import digits
from matching.nametable import Array
from matching.posterior import Weighed

HOLDS = (Verdict.CONFLICT, Verdict.UNSURE, Verdict.BACK_TO_SCHOOL, Verdict.NO_NUMBER)
"""Verdicts that leave a record open; the position is their code."""

CERTAIN = 1e4
"""Match weight of what a person confirmed: beyond any that evidence adds up to, and still a number."""


@dataclass(frozen=True)
class Pairs:
    """Records with entries, in the order of both."""

    row: Array
    entry: Array
    """Personal IDs as numbers."""

    def hold(self, row: Array, entry: Array) -> Array:
        """Which of some pairs, of any shape, are among these."""
        if not len(self.row):
            return np.zeros(np.broadcast_shapes(row.shape, entry.shape), bool)
        rows = np.unique(self.row)
        at = np.minimum(np.searchsorted(rows, row), len(rows) - 1)
        known = _key(np.searchsorted(rows, self.row), self.entry)
        return np.asarray((rows[at] == row) & np.isin(_key(at, entry), known))


@dataclass(frozen=True)
class Verdicts:
    """Verdicts by the row of their record."""

    confirmed: Pairs
    denied: Pairs
    seen: Pairs
    """Entries that were looked at by those who left the record open."""
    held: Array
    """Per record, the position in `HOLDS` of the verdict that leaves it open, -1 for none."""

    def forbid(self, row: Array, entry: Array) -> Array:
        """Which links of rows to entries people keep the machine from making."""
        differing = self.held[row] == HOLDS.index(Verdict.CONFLICT)
        return np.asarray(differing | self.seen.hold(row, entry))


def verdicts_of(verdicts: pa.Table | None, records: pa.Table) -> Verdicts:
    """Lay VERDICTS beside records of one kind; those of other records are passed over.

    Args:
        verdicts: `matching.schemas.VERDICTS`, at most one verdict other than `not_same` for each record.
        records: `matching.schemas.RECORDS`.
    """
    held = np.full(len(records), -1, np.int8)
    if verdicts is None or not len(verdicts):
        nothing = Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64))
        return Verdicts(nothing, nothing, nothing, held)
    row = pc.index_in(verdicts["record_id"].combine_chunks(), value_set=records["record_id"].combine_chunks())
    of_kind = pc.is_in(verdicts["kind"], value_set=pc.unique(records["kind"]))
    known = verdicts.append_column("row", row).filter(pc.and_(pc.is_valid(row), of_kind))
    for code, verdict in enumerate(HOLDS):
        held[_of(known, verdict)["row"].to_numpy()] = code
    return Verdicts(_pairs(known, Verdict.SAME), _pairs(known, Verdict.NOT_SAME), _pairs(known, *HOLDS), held)


def without_denied(found: Weighed, entry: Array, denied: Pairs) -> Weighed:
    """Candidates without those that a person denied, the others moved up.

    Somebody like the record who is not the record is what a brother or namesake looks like: that keeps its place in the mass of nobody.

    Args:
        found: the candidates.
        entry: their personal IDs as numbers (n × KEPT), 0 for none.
        denied: records with the entries that they are not.
    """
    out = denied.hold(np.broadcast_to(found.row[:, None], entry.shape), entry) & (entry != 0)
    if not out.any():
        return found
    rest = found.rest.copy()
    rest[:, 1] += np.where(out, np.exp2(found.relative), 0.0).sum(axis=1)
    order = np.argsort(out, axis=1, kind="stable")
    gone = np.take_along_axis(out, order, axis=1)

    def moved(values: Array, empty: float) -> Array:
        wide = order.reshape(order.shape + (1,) * (values.ndim - 2))
        masked = gone.reshape(gone.shape + (1,) * (values.ndim - 2))
        return np.where(masked, empty, np.take_along_axis(values, wide, axis=1)).astype(values.dtype)

    return replace(
        found,
        at=moved(found.at, -1),
        weight=moved(found.weight, -np.inf),
        relative=moved(found.relative, -np.inf),
        levels=moved(found.levels, -1),
        rules=moved(found.rules, 0),
        reading=moved(found.reading, -1),
        parts=moved(found.parts, 0),
        rest=rest,
    )


def _of(known: pa.Table, *verdicts: Verdict) -> pa.Table:
    return known.filter(pc.is_in(known["verdict"], value_set=pa.array([str(one) for one in verdicts])))


def _pairs(known: pa.Table, *verdicts: Verdict) -> Pairs:
    chosen = _of(known, *verdicts)
    chosen = chosen.filter(pc.is_valid(chosen["personal_id"]))
    row, entry = chosen["row"].to_numpy().astype(np.int64), digits(chosen["personal_id"], np.int64)
    order = np.lexsort((entry, row))
    return Pairs(row[order], entry[order])


def _key(row: Array, entry: Array) -> Array:
    """Row and entry as one number: IDs have twelve digits, which leaves room for 9 million rows that somebody decided on."""
    return np.asarray(np.asarray(row, np.int64) * 10**12 + entry)

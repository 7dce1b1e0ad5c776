"""Some records decided on anew beside the rest of their kind, and after them whoever that touches.

A record that gains or loses an entry touches those that hold the entry too, and those that are open and might be that person: they are
decided on once more, until nobody is left whom the last ones touched. So a few records decided on anew end as they would with all of them.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.beside import Beside
from matching.decision import Reason
from matching.keys import digits
from matching.linkage import Linkage, links_of, replaced
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
    done = todo.slice(0, 0)
    while len(todo):
        todo = _with_mates(current, todo)
        before, current = current, _with(records, current, todo, decide)
        done = pa.concat_arrays([done, todo]).unique()
        todo = _touched(before, current, done)
    return current


def _with(records: pa.Table, current: Linkage, todo: pa.Array, decide: Decide) -> Linkage:
    chosen = pc.is_in(records["record_id"], value_set=todo)
    others = records.select(_CLAIMING).filter(pc.invert(chosen))
    beside = _held(others, current)
    return replaced(current, decide(records.filter(chosen).combine_chunks(), beside))


_CLAIMING = ["record_id", "claimed_id", "claimed_former"]


def _held(others: pa.Table, current: Linkage) -> Beside:
    """What other records claim and hold."""
    links = links_of(current.decisions)
    theirs = links.filter(pc.is_in(links["record_id"], value_set=others["record_id"].combine_chunks()))
    claimed = [digits(others[name], np.int64) for name in _CLAIMING[1:]]
    return Beside(_distinct(np.concatenate(claimed)), _distinct(digits(theirs["personal_id"], np.int64)))


def _distinct(numbers: np.ndarray) -> np.ndarray:
    found = distinct(numbers)
    return np.asarray(found[found != 0])


def _with_mates(current: Linkage, todo: pa.Array) -> pa.Array:
    """Together with records, those who share an entry with them: who keeps it is decided between them."""
    pairs = _pairs(current)
    theirs = pairs.filter(pc.is_in(pairs["record_id"], value_set=todo))["entry"]
    mates = pairs.filter(pc.is_in(pairs["entry"], value_set=pc.unique(theirs)))["record_id"]
    return pc.unique(pa.chunked_array([todo, *mates.chunks], pa.string()))


def _touched(before: Linkage, after: Linkage, done: pa.Array) -> pa.Array:
    """Records to be decided on next: those who hold or may have an entry that the last ones gained or lost."""
    entries = _changed(before, after, done)
    holders = _pairs(after)
    holders = holders.filter(pc.is_in(holders["entry"], value_set=entries))["record_id"]
    might_be = after.candidates.filter(pc.is_in(after.candidates["personal_id"], value_set=entries))
    met = pa.chunked_array([*holders.chunks, *might_be["record_id"].chunks], pa.string())
    return pc.unique(met.filter(pc.invert(pc.is_in(met, value_set=done))))


def _changed(before: Linkage, after: Linkage, done: pa.Array) -> pa.Array:
    """Entries that a record gained or lost, alone or in a contest."""
    pairs = pa.concat_tables([_pairs(before), _pairs(after)])
    pairs = pairs.filter(pc.is_in(pairs["record_id"], value_set=done))
    both = pairs.group_by(["record_id", "entry", "linked"]).aggregate([([], "count_all")])
    return pc.unique(both.filter(pc.equal(both["count_all"], 1))["entry"])


def _pairs(linkage: Linkage) -> pa.Table:
    """Who is linked to which entry, or would be if nobody else were."""
    decisions = linkage.decisions
    linked = pc.is_valid(decisions["personal_id"])
    entry = pc.coalesce(decisions["personal_id"], decisions["candidate_id"])
    pairs = pa.table({"record_id": decisions["record_id"], "entry": entry, "linked": linked})
    return pairs.filter(pc.or_(linked, pc.equal(decisions["reason"], Reason.ENTRY_SHARED)))

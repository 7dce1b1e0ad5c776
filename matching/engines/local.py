"""The search in threads of this process: compiled code holds no lock, and all threads read the same mapped files."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from matching.blocks import Blocks, Listed
from matching.comparison import FIELDS
from matching.errors import TooManyPairs
from matching.localnames import local_names
from matching.model import Model
from matching.nametable import Array
from matching.parts import parts_of
from matching.posterior import Weighed, put_together, weighed
from matching.registry import People, Registry
from matching.searching import Kept, Sought, nothing_kept, search
from matching.subjects import ByName, Subjects, weights_by_name, weights_of

AT_ONCE = 4_000
"""Records of a chunk: some MB of tables, and so few that no thread is left with the last one for long (those of whom only the year is known stand
side by side, and take longest)."""

MOST_LOOKED_AT = 200_000
"""Entries per record, on average over a chunk, that blocks may hold; beyond it the blocks don't fit the data, and the run would not end."""

NEVER_TOO_MANY = 200_000_000
"""So many are looked at in any case: two common names among few records are no reason to stop."""

Count = Callable[[int, Array], None]
"""Told of a chunk's pairs, and pairs per blocking rule."""


def searched_in_threads(
    registry: Registry,
    subjects: Subjects,
    model: Model,
    rows: Array,
    evidence: Listed,
    blocks: Blocks,
    count: Count = lambda *_: None,
    targets: Array | None = None,
) -> Weighed:
    """The best candidates of some records, in the order of `rows`.

    Args:
        registry: whose people are searched.
        subjects: all records.
        model: what levels weigh.
        rows: the records sought, in order.
        evidence: what number and family found.
        blocks: where else to look.
        count: told what was compared.
        targets: per record, the position of an entry of which it is to be told what finds it; -1 for none.

    Raises:
        TooManyPairs: blocks hold too many entries to look at.
    """
    people, by_name = registry.people(), weights_by_name(subjects, model)

    def work(chunk: Array) -> tuple[Array, Kept, Array]:
        sought = blocks.sought(chunk, evidence)
        if targets is not None:
            sought = sought._replace(target=targets[np.searchsorted(rows, chunk)].astype(np.int32))
        _check(sought)
        return chunk, *_searched(subjects, model, by_name, people, sought)

    # by birth: neighbours look at the same entries, and pages of a mapped registry are read in their order
    in_order = np.argsort(subjects.records.birth[rows], kind="stable")
    parts = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for chunk, kept, added in threads.map(work, _chunks(rows[in_order])):
            count(int(kept.pairs.sum()), kept.by_rule)
            registry.release()
            parts.append(weighed(chunk, kept, added))
    return put_together(parts)


def _searched(
    subjects: Subjects, model: Model, by_name: ByName, people: People, sought: Sought
) -> tuple[Kept, Array]:
    kept = nothing_kept(len(sought.row))
    entries, names, order = people
    local = local_names(subjects, sought.row, sought.named_low, sought.named_high, order)
    tables = weights_of(subjects, model, sought.row, by_name, local)
    search(
        subjects.records,
        subjects.names,
        entries,
        names,
        order,
        sought,
        subjects.established,
        tables,
        kept,
        np.zeros(len(FIELDS), np.int8),
    )
    return kept, parts_of(subjects.records, subjects.names, entries, names, sought, tables, kept)


def _chunks(rows: Array) -> Iterator[Array]:
    for low in range(0, max(len(rows), 1), AT_ONCE):
        yield rows[low : low + AT_ONCE]


def _check(sought: Sought) -> None:
    looked_at = int(
        (sought.day_high - sought.day_low).sum(dtype=np.int64) + (sought.group_high - sought.group_low).sum()
    )
    if looked_at > NEVER_TOO_MANY and looked_at > MOST_LOOKED_AT * len(sought.row):
        raise TooManyPairs("all rules", looked_at, len(sought.row))

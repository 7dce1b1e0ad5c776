"""The search in threads of this process: compiled code holds no lock, and all threads read the same mapped files."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from matching.blocks import Blocks
from matching.comparison import FIELDS
from matching.engines.engine import Count, Result, Search, Told, Unit
from matching.errors import TooManyPairs
from matching.localnames import local_names
from matching.model import Model
from matching.nametable import Array
from matching.parts import parts_of
from matching.posterior import Weighed, put_together, weighed
from matching.registry import People
from matching.searching import Kept, Sought, nothing_kept, nothing_met, search
from matching.subjects import ByName, Subjects, weights_by_name, weights_of

AT_ONCE = 4_000
"""Records of a chunk: some MB of tables, and so few that no thread is left with the last one for long (those of whom only the year is known stand
side by side, and take longest)."""

MOST_LOOKED_AT = 200_000
"""Entries per record, on average over a chunk, that blocks may hold; beyond it the blocks don't fit the data, and the run would not end."""

NEVER_TOO_MANY = 200_000_000
"""So many are looked at in any case: two common names among few records are no reason to stop."""


@dataclass(frozen=True)
class Threads:
    """The engine of one machine."""

    threads: int | None = None
    """How many at once; None: as many as the machine has cores."""

    def searched(self, search: Search, count: Count = lambda *_: None) -> Weighed:
        """See `matching.engines.engine.Engine`."""
        return searched_in_threads(search, search.blocks(), count, self.threads)

    def each(
        self, do: Callable[[Unit], Result], units: Sequence[Unit], told: Told = lambda *_: None
    ) -> list[Result]:
        """One after the other: each has all threads for itself."""
        done = []
        for unit in units:
            done.append(do(unit))
            told(len(done), len(units))
        return done


HERE = Threads()
"""The engine that a run has unless it is given another."""


def searched_in_threads(
    search: Search, blocks: Blocks, count: Count = lambda *_: None, threads: int | None = None
) -> Weighed:
    """The best candidates of some records, in the order of `rows`.

    Args:
        search: what to search.
        blocks: where to look.
        count: told what was compared.
        threads: how many chunks are searched at once; None: as many as the machine has cores.

    Raises:
        TooManyPairs: blocks hold too many entries to look at.
    """
    registry, subjects, model, rows = search.registry, search.subjects, search.model, search.rows
    people, by_name = registry.people(), weights_by_name(subjects, model)

    def work(chunk: Array) -> tuple[Array, Kept, Array]:
        sought = blocks.sought(chunk, search.evidence)
        if search.targets is not None:
            sought = sought._replace(target=search.targets[np.searchsorted(rows, chunk)].astype(np.int32))
        _check(sought)
        return chunk, *_searched(subjects, model, by_name, people, sought)

    parts = []
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        for chunk, kept, added in pool.map(work, _chunks(in_order(subjects, rows))):
            count(int(kept.pairs.sum()), kept.by_rule)
            parts.append(weighed(chunk, kept, added))
    return put_together(parts)


def in_order(subjects: Subjects, rows: Array) -> Array:
    """By birth: neighbours look at the same entries, and pages of a mapped registry are read in their order."""
    return np.asarray(rows[np.argsort(subjects.records.birth[rows], kind="stable")])


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
        nothing_met(),
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

"""A search cut into units that any machine does: each reads what it needs from files, and leaves a Parquet file and a mark.

A unit's name stands for everything that its result follows from, so one that has a mark is done, whoever did it and when.
"""

import json
from dataclasses import dataclass, fields, replace
from math import prod
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from matching.compiled import sources_digest
from matching.engines.engine import Search
from matching.engines.local import in_order, searched_in_threads
from matching.engines.shelf import put, taken, write_whole
from matching.nametable import Array
from matching.parts import PARTS
from matching.posterior import Weighed, weighed
from matching.searching import KEPT, nothing_kept


@dataclass(frozen=True)
class SearchUnit:
    """Some records of a search."""

    folder: Path
    """Where the search lies, and the results go."""
    search: str
    """Its name."""
    low: int
    """Records in the order of the search: from, to."""
    high: int
    threads: int
    """How many chunks at once."""

    @property
    def result(self) -> Path:
        """Where the best candidates are found once it is done."""
        return self.folder / UNITS / f"{self.search}-{self.low}-{self.high}.parquet"


UNITS = "units"

Counted = tuple[int, list[int]]
"""Pairs compared, and those credited to each rule."""


def units_of(search: Search, folder: Path, at_once: int, threads: int) -> list[SearchUnit]:
    """Lay a search down, and cut it into units.

    Args:
        search: what to search.
        folder: one that all machines see.
        at_once: records of a unit.
        threads: how many chunks a unit searches at once.
    """
    # a registry that is asked in words can't be searched elsewhere, so nobody needs them
    subjects = replace(search.subjects, text=pa.nulls(0))
    value = (replace(search, subjects=subjects), in_order(search.subjects, search.rows), sources_digest())
    name = put(folder, value, subjects.names)
    (folder / UNITS).mkdir(exist_ok=True, mode=0o700)
    size = len(search.rows)
    return [
        SearchUnit(folder, name, low, min(low + at_once, size), threads) for low in range(0, size, at_once)
    ]


def do_search(unit: SearchUnit) -> Counted:
    """Search for the records of a unit, unless that was done."""
    mark = unit.result.with_suffix(".json")
    if not mark.exists():
        counted = _searched(unit)
        write_whole(mark, json.dumps(counted).encode())
    pairs, by_rule = json.loads(mark.read_bytes())
    return pairs, by_rule


def _searched(unit: SearchUnit) -> Counted:
    search, order, _ = cast("tuple[Search, Array, str]", taken(unit.folder, unit.search))
    rows = np.sort(order[unit.low : unit.high])
    targets = None if search.targets is None else search.targets[np.searchsorted(search.rows, rows)]
    part = replace(search, rows=rows, targets=targets)
    counts: list[tuple[int, Array]] = []
    found = searched_in_threads(part, part.blocks(), lambda *count: counts.append(count), unit.threads)
    file = pa.BufferOutputStream()
    pq.write_table(as_table(found), file, compression="zstd", use_dictionary=False, write_statistics=False)
    write_whole(unit.result, memoryview(file.getvalue()))
    pairs, by_rule = zip(*counts, strict=True)
    return sum(pairs), np.sum(by_rule, axis=0).tolist()


def result_of(unit: SearchUnit) -> Weighed:
    """The best candidates of the records of a unit that is done."""
    return as_weighed(pq.read_table(unit.result))


def as_table(found: Weighed) -> pa.Table:
    """Best candidates as a table: a line per record, a list for what each candidate has."""
    return pa.table({part.name: _column(getattr(found, part.name)) for part in fields(Weighed)})


def _column(values: Array) -> pa.Array:
    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), prod(values.shape[1:]))


def as_weighed(table: pa.Table) -> Weighed:
    """The same back."""
    nothing = weighed(np.zeros(0, np.int64), nothing_kept(0), np.zeros((0, KEPT, len(PARTS)), np.float32))
    return Weighed(*(_values(table[part.name], getattr(nothing, part.name)) for part in fields(Weighed)))


def _values(column: pa.ChunkedArray, like: Array) -> Array:
    flat = column.combine_chunks()
    flat = flat if like.ndim == 1 else flat.flatten()
    return np.asarray(flat.to_numpy().reshape(len(column), *like.shape[1:]))

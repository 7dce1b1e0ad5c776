"""Few numbers looked up without a query: the row groups that can hold them are read directly.

A query over the whole store plans and opens far more than one person needs. Tables are sorted by what is asked, and
their footers tell where each row group begins, so one number costs one or two row groups, whatever the store holds.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mock_population_api.schemas import ANSWERED, FOUND

MOST_NUMBERS = 8
"""Numbers up to which this way is the shorter one."""

_WAYS = ("current", "superseded", "former")


@dataclass(frozen=True)
class _Group:
    """One row group: its file, its place there, and its last value."""

    file: int
    place: int
    last: int | str


class SortedFiles:
    """Parquet files that one after the other are sorted by one column. May be shared by threads."""

    def __init__(self, files: Sequence[Path], column: str, wanted: Sequence[str]) -> None:
        self._files = list(files)
        self._column = column
        self._wanted = [column, *(name for name in wanted if name != column)]
        self._footers = [pq.read_metadata(file) for file in self._files]
        # a reader belongs to one thread
        self._mine = threading.local()
        self._groups = [group for file in range(len(self._files)) for group in self._of(file)]
        self._lasts = [group.last for group in self._groups]

    def rows(self, value: int | str) -> pa.Table:
        """All rows in which the column has `value`."""
        found = []
        # equal values may go on in the groups after the first that can hold them
        for group in self._groups[bisect_left(self._lasts, value) :]:
            table = self._reader(group.file).read_row_group(
                group.place, columns=self._wanted, use_threads=False
            )
            found.append(table.filter(pc.equal(table[self._column], value)))
            if group.last != value:
                break
        # parts differ in which columns happen to have no nulls
        return pa.concat_tables(found, promote_options="permissive") if found else self._empty()

    def _of(self, file: int) -> Iterator[_Group]:
        footer = self._footers[file]
        column = footer.schema.names.index(self._column)
        for place in range(footer.num_row_groups):
            stated = footer.row_group(place).column(column).statistics
            # the writer states no bounds where a text is very long
            known = stated is not None and stated.has_min_max
            yield _Group(file, place, stated.max if known else self._last(file, place))

    def _last(self, file: int, place: int) -> int | str:
        values = self._reader(file).read_row_group(place, columns=[self._column])[self._column]
        last: int | str = values[-1].as_py()
        return last

    def _reader(self, file: int) -> pq.ParquetFile:
        readers: dict[int, pq.ParquetFile] = self._mine.__dict__.setdefault("readers", {})
        if file not in readers:
            readers[file] = pq.ParquetFile(self._files[file], metadata=self._footers[file], memory_map=True)
        return readers[file]

    def _empty(self) -> pa.Table:
        return self._reader(0).schema_arrow.empty_table().select(self._wanted)


class NearLookup:
    """Looks up few numbers in the tables of a store.

    Args:
        tables: folder of the tables.
    """

    def __init__(self, tables: Path) -> None:
        self._entries = SortedFiles(sorted((tables / "entries").glob("*.parquet")), "key", ANSWERED.names)
        self._numbers = SortedFiles([tables / "numbers.parquet"], "asked", ["found_by", "key"])

    def found(self, numbers: Sequence[str]) -> pa.Table:
        """FOUND for `numbers`, each asked once, in the order asked."""
        tables = [FOUND.empty_table(), *(self._of(number) for number in dict.fromkeys(numbers))]
        return pa.concat_tables(tables)

    def _of(self, number: str) -> pa.Table:
        current = len(number) == 12 and number.isascii() and number.isdigit()
        entry = self._entries.rows(int(number)) if current else None
        if entry is not None and len(entry):
            return _stated(number, 0, entry)
        hits = self._numbers.rows(number)
        if not len(hits):
            return FOUND.empty_table()
        way = pc.min(hits["found_by"]).as_py()
        keys = sorted(hits.filter(pc.equal(hits["found_by"], way))["key"].to_pylist())
        return pa.concat_tables([_stated(number, way, self._entries.rows(key)) for key in keys])


def _stated(number: str, way: int, entries: pa.Table) -> pa.Table:
    asked = pa.repeat(pa.scalar(number, pa.string()), len(entries))
    found_by = pa.repeat(pa.scalar(_WAYS[way], pa.string()), len(entries))
    return pa.table([asked, found_by, *(entries[name] for name in ANSWERED.names)], names=FOUND.names).cast(
        FOUND
    )

"""From a folder of Parquet to one array for each fact, in the order of the entries' numbers: a first pass over all entries.

Texts that stand for few things (provinces, genders) become places in a list. Numbers become integers. Everything passes in pieces through
arrays on disk, so that memory holds the numbers and their order and little else.
"""

import json
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mock_population_api.columns import NO_DAY, PRECISIONS
from mock_population_api.errors import RegistryFolderError
from mock_population_api.mapped import Array, Mapped, put
from mock_population_api.name_table import places_of
from mock_population_api.number_codes import PERSONAL, Oddities, to_codes
from mock_population_api.text_hashes import hashes_of

CODED = ("gender", "birth_province", "residence_province", "residence_commune", "status")
"""Columns that become places in a sorted list of their texts."""
_LISTS = ("former_ids", "superseded_ids")
_BATCH, _MOST_TEXTS = 400_000, 32_767
_READ = f"""
    SELECT personal_id, full_name, birth_date, birth_precision, {", ".join(CODED)},
           father_id, mother_id, {", ".join(_LISTS)}
    FROM input
"""


def unpack(engine: duckdb.DuckDBPyConnection, registry: Path, folder: Path, scratch: Path) -> int:
    """Write the facts of all entries of the view `input`; the table of names is there. Returns how many entries there are.

    Raises:
        RegistryFolderError: Numbers that can't be right.
    """
    entries = _check_numbers(engine, registry)
    lists = {column: _texts(engine, registry, column) for column in CODED}
    odd = Oddities()
    columns = _Scratch(scratch, entries)
    held: dict[str, list[tuple[Array, Array]]] = {name: [] for name in _LISTS}
    names, begins = Mapped(folder), 0
    for batch in engine.sql(_READ).to_arrow_reader(_BATCH):
        columns.write(begins, _narrow(batch, lists, names, odd))
        for name, found in held.items():
            found.append(_listed(batch.column(name), begins, odd))
        begins += len(batch)
    order = _order(columns["key"], registry)
    for name in columns.names:
        put(folder, name, columns[name][order])
    place = np.empty(entries, np.int32)
    place[order] = np.arange(entries, dtype=np.int32)
    for name, found in held.items():
        _put_lists(folder, name, found, place)
    for column, texts in lists.items():
        put(folder, f"{column}_codes", np.array([len(texts)]))
    known = {"lists": lists, "odd": odd.texts}
    (folder / "texts.json").write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")
    return entries


class _Scratch:
    """Columns of so many rows on disk, in the order of reading."""

    def __init__(self, folder: Path, rows: int) -> None:
        self._folder, self._rows = folder, rows
        self._columns: dict[str, np.memmap[tuple[int, ...], np.dtype[np.generic]]] = {}

    @property
    def names(self) -> list[str]:
        return list(self._columns)

    def write(self, begins: int, values: dict[str, Array]) -> None:
        for name, column in values.items():
            if name not in self._columns:
                self._columns[name] = np.memmap(self._folder / name, column.dtype, "w+", shape=(self._rows,))
            self._columns[name][begins : begins + len(column)] = column

    def __getitem__(self, name: str) -> Array:
        return self._columns[name].view(np.ndarray) if self._columns else np.zeros(0, np.int64)


def _check_numbers(engine: duckdb.DuckDBPyConnection, registry: Path) -> int:
    """The number of entries, all of which have a number of the right form."""
    entries, wrong = engine.sql(r"""
        SELECT count(*), count(*) FILTER (NOT coalesce(regexp_full_match(personal_id, '\d{12}'), false)) FROM input
    """).fetchall()[0]
    if wrong:
        raise RegistryFolderError(registry, f"{wrong} entries have no personal_id of 12 digits")
    if not entries:
        raise RegistryFolderError(registry, "holds no entry")
    return int(entries)


def _texts(engine: duckdb.DuckDBPyConnection, registry: Path, column: str) -> list[str]:
    found = engine.sql(
        f"SELECT DISTINCT {column} FROM input WHERE {column} IS NOT NULL ORDER BY 1"
    ).fetchall()
    if len(found) > _MOST_TEXTS:
        raise RegistryFolderError(registry, f"holds more than {_MOST_TEXTS:,} values of {column}")
    return [text for (text,) in found]


def places_in(texts: list[str], column: pa.Array) -> Array:
    """Places of texts in a list, -1 for null and for a text that isn't there."""
    found = pc.fill_null(pc.index_in(column, value_set=pa.array(texts, pa.string())), -1)
    return np.asarray(found.to_numpy(zero_copy_only=False))


def days_of(dates: pa.Array) -> Array:
    """Days since 1970 (int32), NO_DAY for null."""
    return np.asarray(pc.fill_null(dates.cast(pa.int32()), NO_DAY).to_numpy(zero_copy_only=False))


def _narrow(
    batch: pa.RecordBatch, lists: dict[str, list[str]], names: Mapped, odd: Oddities
) -> dict[str, Array]:
    hashes, named = hashes_of(batch.column("full_name")), pc.is_valid(batch.column("full_name"))
    columns = {
        "key": batch.column("personal_id").cast(pa.int64()).to_numpy(),
        "name": places_of(names["name_hash"], hashes, named.to_numpy(zero_copy_only=False)),
        "born": days_of(batch.column("birth_date")),
        "precision": places_in(list(PRECISIONS), batch.column("birth_precision")).astype(np.int8),
        "father_code": to_codes(batch.column("father_id"), odd, new=True),
        "mother_code": to_codes(batch.column("mother_id"), odd, new=True),
    }
    coded = {name: places_in(texts, batch.column(name)).astype(np.int16) for name, texts in lists.items()}
    return columns | coded


def _listed(column: pa.Array, begins: int, odd: Oddities) -> tuple[Array, Array]:
    """Rows and codes of the numbers in lists."""
    rows, texts = pc.list_parent_indices(column), pc.list_flatten(column)
    codes, known = to_codes(texts, odd, new=True), pc.is_valid(texts).to_numpy(zero_copy_only=False)
    return rows.to_numpy()[known] + begins, codes[known]


def _order(key: Array, registry: Path) -> Array:
    order = np.argsort(key, kind="stable").astype(np.int32)
    if (np.diff(key[order]) <= 0).any():
        raise RegistryFolderError(registry, "holds one personal_id twice")
    return order


def _put_lists(folder: Path, name: str, found: list[tuple[Array, Array]], place: Array) -> None:
    """Numbers beside entries: where each entry's begin, and the numbers; and who holds a number, sorted by number."""
    owner = place[np.concatenate([rows for rows, _ in found])]
    codes = np.concatenate([codes for _, codes in found])
    order = np.argsort(owner, kind="stable")
    put(
        folder,
        f"{name}_at",
        np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=len(place))))).astype(np.int32),
    )
    put(folder, name, codes[order])
    by_code = np.lexsort((owner, codes))
    put(folder, f"held_{name}", codes[by_code])
    put(folder, f"held_{name}_by", owner[by_code])


def parents(folder: Path) -> None:
    """Write the position of each entry's parents, followed through cancelled numbers, and of each entry's children."""
    mapped = Mapped(folder)
    pairs = []
    for parent in ("father", "mother"):
        at = _resolved(mapped, mapped[f"{parent}_code"])
        put(folder, parent, at)
        child = np.flatnonzero(at >= 0)
        pairs.append(at[child].astype(np.uint64) << np.uint64(32) | child.astype(np.uint64))
    both = np.unique(np.concatenate(pairs))
    counts = np.bincount((both >> np.uint64(32)).astype(np.int64), minlength=len(mapped["key"]))
    put(folder, "children_at", np.concatenate(([0], np.cumsum(counts))).astype(np.int32))
    put(folder, "children", (both & np.uint64(0xFFFFFFFF)).astype(np.int32))


def _resolved(mapped: Mapped, codes: Array) -> Array:
    """Positions of the holders of numbers, current ones first; -1 for nobody's."""
    order = np.argsort(codes, kind="stable")
    order = order[np.searchsorted(codes[order], 0) :]
    asked = codes[order]
    found = found_in(mapped["key"], asked - PERSONAL)
    cancelled = found_in(mapped["held_superseded_ids"], asked)
    holders = mapped["held_superseded_ids_by"]
    if len(holders):
        found = np.where((found < 0) & (cancelled >= 0), holders[cancelled], found)
    result = np.full(len(codes), -1, np.int32)
    result[order] = found
    return result


def found_in(table: Array, values: Array) -> Array:
    """The first place of each value in a sorted table, -1 where it isn't there."""
    if not len(table):
        return np.full(len(values), -1, np.int64)
    places = np.minimum(np.searchsorted(table, values), len(table) - 1)
    return np.where(table[places] == values, places, -1)

"""The names of a registry made ready for search: each distinct text read once, a block of names at a time.

Whatever is kept per name is written as it is computed, so that ten million names need no more memory than their texts and three keys each.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.array_file import ArrayFile, load, save_parts, save_texts
from matching import index as form
from matching.indexing import counted, givens_of, group_numbers, name_keys, near_names
from matching.nametable import Array, Names, name_table
from matching.normalise.names import entry_names
from matching.profile import Profile

AT_ONCE = 1 << 19
"""Names in a block."""

SPELLING = "spelling.arrow"
"""Canonical names in search order, and how most write each."""

STARTS = ("start", "marked_start", "letter_start")
"""Fields of Names that have one element more than there are names."""


def read_names(written: pa.Array, profile: Profile) -> pa.Array:
    """Canonical names of distinct texts, null where there is none."""
    parts = [entry_names(block, profile.canonical) for block in _blocks(written)]
    return pa.concat_arrays(parts) if parts else pa.nulls(0, pa.string())


def _blocks(values: pa.Array) -> Iterator[pa.Array]:
    return (values.slice(low, AT_ONCE) for low in range(0, len(values), AT_ONCE))


def write_names(written: pa.Array, read: pa.Array, people: Array, profile: Profile, building: Path) -> None:
    """Everything that is known of names without looking at who bears them.

    Args:
        written: distinct texts, in their order.
        read: the canonical name of each.
        people: int64, how many entries have it.
        profile: whose names they are.
        building: where the files go: written.parquet (text → position of its name), SPELLING, people, names.
    """
    canonical = pc.unique(read.drop_null())
    order = _search_order(canonical, profile)
    code = _codes(read, canonical, order)
    canonical = canonical.take(pa.array(order))
    del read
    _write_table(building / "written.parquet", raw=written, code=pa.array(code))
    spelt = _spellings(written, people, code, len(order))
    save_texts(building / SPELLING, name=canonical, spelling=spelt)
    form.write_array(building / "people.npy", _counted(code, people, len(order)))
    _write_fields(canonical, profile, building)


def write_near(building: Path) -> None:
    """Names without marks as groups, sounds of last words, and the keys by which near names are found."""
    names = form.opened(Names, building, "names")
    group = group_numbers(names)
    form.write_array(building / "raw.group.npy", group)
    save_parts(building, "givens", givens_of(names))
    save_parts(building, "near", near_names(names, group))


def write_counts(building: Path) -> None:
    """How many people bear names of each key, key by key."""
    people = load(building, "people")
    for name, keys in name_keys(form.opened(Names, building, "names")).items():
        save_parts(building, f"counts.{name}", counted(keys, people))


def _search_order(canonical: pa.Array, profile: Profile) -> Array:
    """As `matching.indexing.search_order`, by blocks."""
    size = len(canonical)
    keys = {key: np.zeros(size, np.int64) for key in ("key", "folded", "given_sound")}
    for number, block in enumerate(_blocks(canonical)):
        names = name_table(block, profile)
        for key, column in keys.items():
            column[number * AT_ONCE : number * AT_ONCE + len(block)] = getattr(names, key)
    return np.lexsort(tuple(keys.values())).astype(np.int32)


def _codes(read: pa.Array, canonical: pa.Array, order: Array) -> Array:
    """Positions (int32, -1 for none) of canonical names in search order."""
    place = np.full(len(order) + 1, -1, np.int32)  # the last is for no name
    place[order] = np.arange(len(order), dtype=np.int32)
    at = pc.fill_null(pc.index_in(read, value_set=canonical), -1).to_numpy(zero_copy_only=False)
    return np.asarray(place[at])


def _counted(code: Array, people: Array, size: int) -> Array:
    named = code >= 0
    return np.bincount(code[named], people[named], size).astype(np.int64)


def _spellings(written: pa.Array, people: Array, code: Array, size: int) -> pa.Array:
    """How most write each name: what people are shown."""
    order = np.lexsort((-people, code))
    order = order[code[order] >= 0]
    first = order[np.flatnonzero(np.diff(code[order], prepend=-1))]
    return written.take(pa.array(first)) if size else pa.nulls(0, pa.string())


def _write_table(path: Path, **columns: pa.Array) -> None:
    path.touch(mode=0o600)
    pq.write_table(pa.table(columns), path)


def _write_fields(canonical: pa.Array, profile: Profile, building: Path) -> None:
    """Every field of Names, block after block."""
    kinds, reached = name_table(canonical.slice(0, 0), profile), dict.fromkeys(STARTS, 0)
    with ExitStack() as files:
        out = {
            field: files.enter_context(ArrayFile(building / f"names.{field}.npy", getattr(kinds, field)))
            for field in Names._fields
        }
        for field in STARTS:
            out[field].append(np.zeros(1, np.int32))
        for block in _blocks(canonical):
            names = name_table(block, profile)
            for field in Names._fields:
                values = getattr(names, field)
                out[field].append(values[1:] + reached[field] if field in STARTS else values)
            for field in STARTS:
                reached[field] += int(getattr(names, field)[-1])

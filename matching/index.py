"""A registry indexed for search: arrays of numbers, mapped into memory from files, in two orders.

Entries lie sorted by birth date; beside them stands the order of their names without marks. Names are sorted by the sound of their last
word, then without marks: so one comparison of a number tells whether a name has a given sound, or is the same without
marks. Names of one spelling without marks are a *group*. `connectors.registry_index` writes the files.
"""

import mmap
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Self, TypeVar

import numpy as np

from matching.columns import Entries
from matching.compiled import compiled
from matching.nametable import Array, Names
from matching.rows import TOGETHER, from_rows, rows_path
from matching.searching import Order
from matching.sorted_keys import looked_up

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Groups:
    """Names without marks, in the order of the names."""

    key: Array
    """int64, sorted keys of names without marks."""
    of_key: Array
    """int32, the group that each is."""
    names: Array
    """int32, groups + 1: its names, from and to."""
    entries: Array
    """int64, groups + 1: its entries in Order, from and to."""


@dataclass(frozen=True)
class Givens:
    """Sounds of last words."""

    key: Array
    """int64, sorted."""
    low: Array
    """int32: names of that sound, from."""
    high: Array
    """To."""


@dataclass(frozen=True)
class Counted:
    """How many people bear names of each key."""

    key: Array
    """int64, sorted."""
    people: Array
    """int32."""

    def of(self, wanted: Array) -> Array:
        """People of each wanted key."""
        return np.asarray(np.maximum(looked_up(self.key, self.people, wanted), 0))


@dataclass(frozen=True)
class NameCounts:
    """People by each key of their names (`matching.nametable.Names`); `ends`: by first and last word together."""

    key: Counted
    folded: Counted
    compact: Counted
    sound: Counted
    sorted: Counted
    ends: Counted


@dataclass(frozen=True)
class Lookup:
    """Sorted keys, with what each leads to."""

    key: Array
    to: Array


@dataclass(frozen=True)
class NearNames:
    """Keys → groups, for each way in which names are near, and the vocabulary with its slips."""

    sound: Lookup
    compact: Lookup
    in_any_order: Lookup
    left_out: Lookup
    """Names of three words and more with one left out."""
    abbreviated: Lookup
    """With one word cut to its first letter."""
    word: Array
    """int64, the words without marks."""
    word_start: Array
    letters: Array
    """uint8, letters of the words."""
    slip: Lookup
    """Words, whole and with one letter left out (hashes of letters) → position in `word`."""


@dataclass(frozen=True)
class Numbers:
    """Other numbers of entries."""

    number: Array
    """int64, sorted; nine digits or twelve."""
    at: Array
    """int32, the entry's position."""
    found_by: Array
    """int8, position in matching.keys.FOUND_BY."""


@dataclass(frozen=True)
class Parents:
    """Who is whose parent, by position; -1 where the registry doesn't say, or doesn't hold the parent."""

    father: Array
    mother: Array
    """int32 per entry."""
    parent: Array
    """int32, sorted."""
    child: Array
    """int32; somebody with both parents stands twice."""


@dataclass(frozen=True)
class Births:
    """Birth numbers that occur, in order, and where their entries begin (one more)."""

    key: Array
    start: Array


@dataclass(frozen=True)
class Index:
    """A registry opened for search."""

    entries: Entries
    order: Order
    names: Names
    people: Array
    """int64 per name: how many bear it."""
    counts: NameCounts
    births: Births
    groups: Groups
    givens: Givens
    near: NearNames
    by_id: Array
    """int32, positions in the order of personal IDs."""
    numbers: Numbers
    parents: Parents

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map the files of a folder into memory."""
        return opened(cls, folder, "")

    def release_lookups(self) -> None:
        """Give the pages back of what numbers and counts are looked up in, all at once and seldom; who looks again finds them in the page cache."""
        for part in (self.by_id, self.numbers, self.parents, self.counts):
            give_back(part)

    def positions_of(self, ids: Array) -> Array:
        """Positions (int32) of personal IDs as numbers, -1 for those that the registry doesn't hold."""
        return positions_by(self.entries.entry, self.by_id, ids)


def give_back(value: object) -> None:
    """Give the pages of the files behind arrays back; nothing is written to them, so nothing is lost."""
    for file in {id(base): base for _, array in arrays_of(value, "") for base in _files_of(array)}.values():
        _advise(file, "MADV_DONTNEED")


def _files_of(array: Array) -> list[np.memmap]:
    """The mapped file that an array is a view of, if any."""
    base: object = array
    while isinstance(base, np.ndarray):
        if isinstance(base, np.memmap):
            return [base]
        base = base.base
    return []


def write_array(path: Path, array: Array) -> None:
    """A private file: it is personal data."""
    path.touch(mode=0o600)
    np.save(path, array)


def arrays_of(value: object, path: str) -> list[tuple[str, Array]]:
    """All arrays of a structure of tuples and dataclasses, each with its dotted name."""
    if isinstance(value, np.ndarray):
        return [(path, value)]
    return [
        pair
        for name in _parts(type(value))
        for pair in arrays_of(getattr(value, name), f"{path}.{name}" if path else name)
    ]


def _parts(kind: type) -> tuple[str, ...]:
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    return kind._fields  # type: ignore[attr-defined,no-any-return]


def opened(kind: type[Kind], folder: Path, path: str) -> Kind:
    """A structure of arrays from the files of its dotted names."""
    values = {}
    for name in _parts(kind):
        part = kind.__annotations__[name]
        inner = f"{path}.{name}" if path else name
        if part is np.ndarray:
            values[name] = _mapped(folder / f"{inner}.npy")
        elif part in TOGETHER:
            values[name] = from_rows(
                part, [_mapped(rows_path(folder, inner, at)) for at in range(len(TOGETHER[part]))]
            )
        else:
            values[name] = opened(part, folder, inner)
    return kind(**values)


def _mapped(path: Path) -> Array:
    # copy-on-write, so that compiled code sees an ordinary array; nothing is ever written
    if path.stat().st_size < SMALL:
        return np.asarray(np.load(path))
    mapped = np.load(path, mmap_mode="c")
    if path.stat().st_size >= LARGE:
        _advise(mapped, "MADV_HUGEPAGE")
    return np.asarray(mapped)


def _advise(file: np.memmap, advice: str) -> None:
    """A hint, where the system takes it."""
    with suppress(AttributeError, OSError):
        # numpy has no other way to the mapping
        file._mmap.madvise(getattr(mmap, advice))  # type: ignore[attr-defined]  # noqa: SLF001


SMALL = 1 << 20
"""Files below a megabyte are read."""

LARGE = 512 << 20
"""Files from half a gigabyte are looked at all over, and wanted in large pages, of which there are five hundred times fewer to find; of smaller ones only what is looked at should be in memory."""


def positions_by(values: Array, order: Array, wanted: Array) -> Array:
    """Positions (int32) of wanted values in an array by its sorting order, -1 where there is none.

    They are asked in order, so that each page of a mapped file is read once.
    """
    asked = np.argsort(wanted, kind="stable")
    found = np.empty(len(wanted), np.int32)
    found[asked] = _positions(values, order, wanted[asked])
    return found


@compiled
def _positions(values: Array, order: Array, wanted: Array) -> Array:
    found = np.full(len(wanted), -1, np.int32)
    for i in range(len(wanted)):
        low, high = 0, len(order)
        while low < high:
            middle = (low + high) // 2
            if values[order[middle]] < wanted[i]:
                low = middle + 1
            else:
                high = middle
        if low < len(order) and values[order[low]] == wanted[i]:
            found[i] = order[low]
    return found

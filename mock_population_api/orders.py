"""The sorted orders in which entries are found, as arrays: made from the facts of all entries, read by the search.

An order is entries sorted by a key and, within it, by year; equal ones stand by number. Beside stand the columns that a rule looks at, so
that it reads one run and nothing else. Where each key's run begins is an array too, so that finding it costs one look.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mock_population_api import columns
from mock_population_api.columns import BY_DAY, FACTS, FIRST_DAY, INLINE, NAME, NO_DAY, Held, Order, Orders
from mock_population_api.likeness import inlined
from mock_population_api.mapped import Array, Mapped, Rows, put

_PIECE = 1_000_000
_LAST_YEAR = 4_095
_LAST_DAY = -FIRST_DAY


@dataclass(frozen=True)
class _Sorting:
    """How one order is sorted."""

    key: Callable[[Mapped], Array]
    """Key of each entry from 0, negative for who isn't in this order."""
    keys: Callable[[Mapped], int]
    """How many keys there are."""
    within: Callable[[Mapped], Array] | None = None
    """By what entries of one key are sorted, from 0; by number alone if None."""
    bits: int = 0
    """Bits that this takes."""


def _of_name(column: str) -> Callable[[Mapped], Array]:
    def read(mapped: Mapped) -> Array:
        return _by_name(mapped, column)

    return read


def _by_name(mapped: Mapped, column: str) -> Array:
    """A column of the names for each entry; negative for no name."""
    name, values = mapped["name"], mapped[f"name_{column}"]
    if not len(values):
        return np.full(len(name), -1, np.int32)
    return np.where(
        name < 0, values.dtype.type(-1) if values.dtype.kind == "i" else values.dtype.type(0), values[name]
    )


def _day(mapped: Mapped) -> Array:
    born, known = mapped["born"], mapped["precision"] == BY_DAY
    fits = known & (born != NO_DAY) & (born >= FIRST_DAY) & (born < _LAST_DAY)
    return np.where(fits, born - np.int32(FIRST_DAY), np.int32(-1))


def _birthplace(mapped: Mapped) -> Array:
    return np.where(day_months(mapped) > 0, mapped["birth_province"], -1)


def _codes_of(column: str) -> Callable[[Mapped], int]:
    return lambda mapped: int(mapped[f"{column}_codes"][0])


def years(mapped: Mapped) -> Array:
    """Year of birth of each entry (int16), 0 where it isn't known or is none that a question can ask."""
    born = mapped["born"]
    found = born.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return np.where((born == NO_DAY) | (found < 1) | (found > _LAST_YEAR), 0, found).astype(np.int16)


def day_months(mapped: Mapped) -> Array:
    """Month * 100 + day of birth of each entry (int16), 0 where the day isn't known."""
    born = mapped["born"]
    days = born.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    month = months.astype(np.int64) % 12 + 1
    day = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    return np.where((mapped["precision"] == BY_DAY) & (born != NO_DAY), month * 100 + day, 0).astype(np.int16)


def _days(mapped: Mapped) -> Array:
    """Year and day within it, as one number."""
    return years(mapped).astype(np.int32) << 11 | day_months(mapped)


_SORTINGS = {
    "by_name": _Sorting(_of_name("words"), lambda mapped: len(mapped["words_hash"]), years, 12),
    "by_sound": _Sorting(_of_name("sound"), lambda mapped: len(mapped["sound_hash"]), years, 12),
    "by_edge": _Sorting(_of_name("edge"), lambda mapped: len(mapped["edge_hash"]), years, 12),
    "by_date": _Sorting(_day, lambda _: _LAST_DAY - FIRST_DAY),
    "by_commune": _Sorting(
        lambda mapped: mapped["residence_commune"], _codes_of("residence_commune"), years, 12
    ),
    "by_birthplace": _Sorting(_birthplace, _codes_of("birth_province"), _days, 23),
}


_COLUMNS: dict[str, Callable[[Mapped], Array]] = {
    "year": years,
    "day_month": day_months,
    "signature": _of_name("signature"),
    "prefix": _of_name("prefix"),
    "first": _of_name("first"),
    "last": _of_name("last"),
    "initials": _of_name("initials"),
}


def make_orders(folder: Path) -> None:
    """Write all orders of the entries whose facts are in `folder`, and these and the names as rows."""
    mapped = Mapped(folder)
    for name, sorting in _SORTINGS.items():
        at, starts = _sorted(sorting, mapped)
        put(folder, f"{name}_start", starts)
        _put_rows(folder, name, columns.ORDERS[name], mapped, at)
        mapped.trim()
    _put_rows(folder, "entries", FACTS, mapped, None)


def _put_rows(folder: Path, name: str, kind: np.dtype[np.void], mapped: Mapped, at: Array | None) -> None:
    """Write rows: the columns of entries, in the order of `at` or in their own."""
    values = {
        field: _COLUMNS[field](mapped) if field in _COLUMNS else mapped[field]
        for field in kind.names or ()
        if field != "at"
    }
    size = len(mapped["key"]) if at is None else len(at)
    with Rows(folder, name, kind) as written:
        for begin in range(0, size, _PIECE):
            rows = np.zeros(min(_PIECE, size - begin), kind)
            which = slice(begin, begin + _PIECE) if at is None else at[begin : begin + _PIECE]
            if at is not None:
                rows["at"] = which
            for field, column in values.items():
                rows[field] = column[which]
            written.append(rows)


def _sorted(sorting: _Sorting, mapped: Mapped) -> tuple[Array, Array]:
    """Positions as an order has them, and where each key's run begins."""
    key, keys = sorting.key(mapped), sorting.keys(mapped)
    held = np.flatnonzero(key >= 0)
    key, bits = key[held], max(len(key).bit_length(), 1)
    word = key.astype(np.uint64) << np.uint64(sorting.bits)
    if sorting.within is not None:
        word |= sorting.within(mapped)[held].astype(np.uint64)
    if int(keys).bit_length() + sorting.bits + bits > 64:
        at = held[np.argsort(word, kind="stable")]
    else:
        word <<= np.uint64(bits)
        word |= held.astype(np.uint64)
        word.sort()
        at = (word & np.uint64((1 << bits) - 1)).astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(np.bincount(key, minlength=keys))))
    return at.astype(np.int32), starts.astype(np.int64)


def make_names(folder: Path) -> None:
    """Write the names as rows."""
    mapped = Mapped(folder)
    rows = np.zeros(len(mapped["name_hash"]), NAME)
    for field in ("spelled", "signature", "words", "sound"):
        rows[field] = mapped[f"name_{field}"]
    starts = mapped["name_folded_at"]
    rows["letters"] = inlined(mapped["name_folded"], starts, INLINE)
    put(folder, "names", rows)
    put(folder, "name_longest", np.array([np.diff(starts).max(initial=1)]))


def open_orders(mapped: Mapped) -> Orders:
    """All orders, to search in."""
    return Orders(**{name: Order(mapped[name], mapped[f"{name}_start"]) for name in Orders._fields})


def open_held(mapped: Mapped, restricted: Array) -> Held:
    """Whom the registry holds, to search among.

    Args:
        mapped: the store's arrays.
        restricted: positions of entries that are withheld.
    """
    longest = int(mapped["name_longest"][0])
    names, hidden = mapped["names"], np.sort(restricted).astype(np.int32)
    letters, starts = mapped["name_folded"], mapped["name_folded_at"]
    return Held(mapped["entries"], names, names.view(np.uint8), letters, starts, hidden, longest)

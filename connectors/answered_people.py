"""Entries that a registry answered: each has one position, the first answer's, and each name is read once."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.columns import Entries
from matching.index import positions_by
from matching.keys import entry_columns
from matching.nametable import Array, Names, joined, name_table, taken
from matching.normalise.names import entry_names
from matching.profile import Profile
from matching.rows import side_by_side
from matching.schemas import ENTRY, FOUND
from matching.sorted_keys import looked_up

ANSWERED = pa.schema([field for field in FOUND if field.name not in {"asked", "found_by"}])
"""ENTRY with father_name, mother_name: what every answer says of an entry."""


class AnsweredPeople:
    """The entries of all answers up to now. Positions stay."""

    def __init__(self, profile: Profile) -> None:
        self._full = [ENTRY.empty_table()]
        self._names = _AnsweredNames(profile)
        self._parts = [entry_columns(ANSWERED.empty_table(), self._names.positions)]
        self._ids, self._at = np.zeros(0, np.int64), np.zeros(0, np.int32)

    def positions(self, answer: pa.Table) -> Array:
        """Positions (int32) of answered entries (ANSWERED, personal IDs all digits); who is new is kept."""
        numbers = answer["personal_id"].cast(pa.int64()).to_numpy()
        distinct, first = np.unique(numbers, return_index=True)
        self._keep(answer.take(pa.array(np.sort(first[looked_up(self._ids, self._at, distinct) < 0]))))
        return looked_up(self._ids, self._at, numbers)

    def _keep(self, new: pa.Table) -> None:
        if not len(new):
            return
        entries = entry_columns(new, self._names.positions)
        self._ids, self._at = _with_next(self._ids, self._at, entries.entry)
        self._parts.append(entries)
        self._full.append(new.select(ENTRY.names).cast(ENTRY))

    def columns(self) -> tuple[Entries, Names]:
        """All entries by position, and their names."""
        if len(self._parts) > 1:
            columns = (np.concatenate(column) for column in zip(*self._parts, strict=True))
            self._parts = [side_by_side(Entries(*columns))]
        return self._parts[0], self._names.table()

    def in_full(self, numbers: Array) -> pa.Table:
        """ENTRY rows of those among the numbers that were answered."""
        at = positions_by(self._ids, np.arange(len(self._ids), dtype=np.int32), np.unique(numbers))
        return pa.concat_tables(self._full).take(pa.array(np.sort(self._at[at[at >= 0]])))


class _AnsweredNames:
    """The names of all answers up to now; each way to write one is read once."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._parts = [name_table(pa.array([], pa.string()), profile)]
        self._keys, self._at = np.zeros(0, np.int64), np.zeros(0, np.int32)
        self._place: dict[str, int] = {}

    def positions(self, columns: Sequence[pa.Array]) -> list[Array]:
        """Positions (int32, -1 for none) of the names of each column (text as the registry writes it)."""
        encoded = pa.chunked_array(columns, pa.string()).combine_chunks().dictionary_encode()
        texts = encoded.dictionary.to_pylist()
        self._read([text for text in texts if text not in self._place])
        # the last place is that of no text
        place = np.fromiter((*map(self._place.__getitem__, texts), -1), np.int32, len(texts) + 1)
        code = pc.fill_null(encoded.indices, len(texts)).to_numpy(zero_copy_only=False)
        return np.split(place[code], np.cumsum([len(column) for column in columns])[:-1])

    def _read(self, texts: list[str]) -> None:
        """Read distinct texts that no answer had before; two that are one name get one place."""
        if not texts:
            return
        names = entry_names(pa.array(texts, pa.string()), self._profile.canonical).dictionary_encode()
        table = name_table(names.dictionary, self._profile)
        new = np.flatnonzero(looked_up(self._keys, self._at, table.key) < 0)
        self._parts.append(taken(table, new))
        self._keys, self._at = _with_next(self._keys, self._at, table.key[new])
        at = np.append(looked_up(self._keys, self._at, table.key), np.int32(-1))
        code = pc.fill_null(names.indices, len(names.dictionary)).to_numpy(zero_copy_only=False)
        self._place.update(zip(texts, at[code].tolist(), strict=True))

    def table(self) -> Names:
        """All names by position."""
        if len(self._parts) > 1:
            self._parts = [joined(self._parts)]
        return self._parts[0]


def _with_next(keys: Array, at: Array, new: Array) -> tuple[Array, Array]:
    """Sorted keys and their positions, with new ones at the positions that follow."""
    both = np.concatenate([keys, new])
    order = np.argsort(both, kind="stable")
    next_at = np.arange(len(keys), len(both), dtype=np.int32)
    return both[order], np.concatenate([at, next_at])[order]

"""Entries by their position in the order of numbers, as answers show them."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from mock_population_api.columns import NO_DAY, PRECISIONS
from mock_population_api.mapped import Array, Mapped
from mock_population_api.name_table import NO_NAME, names_at
from mock_population_api.number_codes import PERSONAL, Oddities, to_codes, to_texts
from mock_population_api.schemas import ANSWERED
from mock_population_api.unpacking import found_in

WAYS = ("current", "superseded", "former")
"""How a number may lead to somebody, by code; the first way that leads to anybody counts."""

_HELD = {1: "superseded_ids", 2: "former_ids"}


class People:
    """The entries of one store.

    Args:
        tables: folder of the store's arrays.
    """

    def __init__(self, tables: Path) -> None:
        known = json.loads((tables / "texts.json").read_text(encoding="utf-8"))
        self.mapped = Mapped(tables)
        self.texts: dict[str, list[str]] = known["lists"]
        self._odd: list[str] = known["odd"]
        self._oddities = Oddities(self._odd)

    def behind(self, numbers: pa.Array) -> tuple[Array, Array, Array]:
        """Who is behind numbers: places in `numbers`, ways (codes of WAYS) and positions; by place, then by position."""
        codes = to_codes(numbers, self._oddities)
        at = found_in(self.mapped["key"], codes - PERSONAL)
        place, way = np.flatnonzero(at >= 0), np.zeros((at >= 0).sum(), np.int8)
        found, still = [(place, way, at[place])], np.flatnonzero((at < 0) & (codes != -1))
        for code, name in _HELD.items():
            table, holders = self.mapped[f"held_{name}"], self.mapped[f"held_{name}_by"]
            low, high = (np.searchsorted(table, codes[still], side=side) for side in ("left", "right"))
            asked = np.repeat(still, high - low)
            found.append(
                (asked, np.full(len(asked), code, np.int8), holders[runs(low, high)].astype(np.int64))
            )
            still = still[low == high]
        places, ways, positions = (np.concatenate(column) for column in zip(*found, strict=True))
        # a number may stand twice with one person
        both = np.unique(np.stack([places, positions, ways], axis=1), axis=0)
        return both[:, 0], both[:, 2].astype(np.int8), both[:, 1]

    def at(self, positions: Array) -> list[pa.Array]:
        """The columns of ANSWERED of the entries at these positions."""
        mapped, entries = self.mapped, self.mapped["entries"]
        rows = entries.take(positions)
        columns = {
            "personal_id": to_texts(mapped["key"][positions] + PERSONAL, self._odd),
            "full_name": names_at(mapped, np.ascontiguousarray(rows["name"])),
            "birth_date": _dates(rows["born"]),
            "birth_precision": _decoded(list(PRECISIONS), rows["precision"]),
            "former_ids": self._listed("former_ids", positions),
            "superseded_ids": self._listed("superseded_ids", positions),
        }
        for name, texts in self.texts.items():
            columns[name] = _decoded(texts, mapped[name][positions] if name == "status" else rows[name])
        for parent in ("father", "mother"):
            at = mapped[parent][positions]
            columns[f"{parent}_id"] = to_texts(mapped[f"{parent}_code"][positions], self._odd)
            of_parent = np.where(at < 0, NO_NAME, entries["name"][np.maximum(at, 0)])
            columns[f"{parent}_name"] = names_at(mapped, of_parent)
        return [columns[field.name] for field in ANSWERED]

    def related(self, positions: Array) -> tuple[Array, Array, Array]:
        """Parents and children: places in `positions`, relations (0 father, 1 mother, 2 child) and positions of the kin.

        By place, then father, mother, children, these oldest first.
        """
        mapped, entries, found = self.mapped, self.mapped["entries"], []
        for code, parent in enumerate(("father", "mother")):
            at = mapped[parent][positions].astype(np.int64)
            place = np.flatnonzero(at >= 0)
            found.append((place, np.full(len(place), code), at[place]))
        low, high = (mapped["children_at"][positions + more].astype(np.int64) for more in (0, 1))
        place = np.repeat(np.arange(len(positions)), high - low)
        found.append((place, np.full(len(place), 2), mapped["children"][runs(low, high)].astype(np.int64)))
        places, relations, kin = (np.concatenate(column) for column in zip(*found, strict=True))
        born = entries["born"][kin].astype(np.int64)
        order = np.lexsort((kin, np.where(born == NO_DAY, np.iinfo(np.int64).max, born), relations, places))
        return places[order], relations[order], kin[order]

    def _listed(self, name: str, positions: Array) -> pa.Array:
        starts = self.mapped[f"{name}_at"]
        low, high = starts[positions].astype(np.int64), starts[positions + 1].astype(np.int64)
        texts = to_texts(self.mapped[name][runs(low, high)], self._odd)
        ends = np.concatenate(([0], np.cumsum(high - low))).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(ends), texts)


def runs(low: Array, high: Array) -> Array:
    """All places of runs, one run after the other."""
    size = high - low
    return np.asarray(np.arange(size.sum()) + np.repeat(low - np.cumsum(size) + size, size), np.int64)


def _dates(days: Array) -> pa.Array:
    return pa.array(days, pa.int32(), mask=days == NO_DAY).cast(pa.date32())


def _decoded(texts: list[str], codes: Array) -> pa.Array:
    return pa.array(texts, pa.string()).take(pa.array(codes, mask=codes < 0))

"""Communes before and after July 2025: where people are born and live, how many of them, and what the places are called."""

import csv
import re
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

_MILLIONS = (
    "001:8.5 002:.9 004:.55 006:.33 008:.81 010:.77 011:.64 012:.49 014:1.3 015:.85 017:.88 019:1.34 020:.8 022:1.37 024:1.9 025:1.5 026:1.2 027:1.5 "
    "030:1.95 031:2.1 033:1.3 034:1.88 035:.88 036:1.84 037:1.01 038:3.7 040:3.4 042:1.32 044:.91 045:.65 046:1.16 048:1.22 049:1.52 051:1.25 052:1.5 "
    "054:.88 056:1.26 058:.6 060:1.25 062:.58 064:1.6 066:1.92 067:.68 068:1.34 070:1.04 072:1.19 074:2.8 075:3.3 077:1.19 079:9.4 080:1.74 082:1.79 "
    "083:1.3 084:1.02 086:1.03 087:1.6 089:1.91 091:1.75 092:1.26 093:.73 094:1.2 095:.92 096:1.21"
)
"""Rounded sizes of the 63 former provinces: assumptions."""
_DRAWS_PEOPLE = {"079": 2.2, "074": 2.6, "075": 1.6, "001": 1.9, "048": 1.6, "027": 1.7, "031": 1.2}
"""How much likelier than its size says a province is where people move to."""


@dataclass(frozen=True)
class Places:
    """One row per commune before 2025, texts as NumPy objects, in the order of province."""

    old_code: np.ndarray
    old_name: np.ndarray
    district: np.ndarray
    old_province: np.ndarray
    old_province_name: np.ndarray
    code: np.ndarray
    name: np.ndarray
    province: np.ndarray
    province_name: np.ndarray
    urban: np.ndarray
    province_rank: np.ndarray
    """Number of the former province, from 0."""
    weight: np.ndarray
    first: np.ndarray
    """Where each former province begins; one more at the end."""

    def lived_in(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Communes drawn by size."""
        return drawn(rng, np.cumsum(self.weight), size)

    def moved_to(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Communes drawn by size and pull."""
        pull = np.array([_DRAWS_PEOPLE.get(code, 1.0) for code in self.old_province])
        return drawn(rng, np.cumsum(self.weight * pull), size)

    def near(self, rng: np.random.Generator, homes: np.ndarray) -> np.ndarray:
        """For each commune another one of its province."""
        rank = self.province_rank[homes]
        low, high = self.first[rank], self.first[rank + 1]
        return low + (rng.random(len(homes)) * (high - low)).astype(np.int64)


def drawn(rng: np.random.Generator, running: np.ndarray, size: int) -> np.ndarray:
    """Indices drawn by running sums of weights."""
    return np.minimum(np.searchsorted(running, rng.random(size) * running[-1]), len(running) - 1)


def rows(name: str) -> list[dict[str, str]]:
    """A reference table of the project."""
    text = files("matching.reference").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def load_places() -> Places:
    """The communes, from the project's reference tables."""
    new = {row["code"]: row for row in rows("communes_2025.csv")}
    became = {
        row["legacy_code"]: row["new_code"] for row in rows("commune_map_2025.csv") if row["kind"] != "part"
    }
    size = {pair.split(":")[0]: float(pair.split(":")[1]) for pair in _MILLIONS.split()}
    old = [row for row in rows("communes_legacy.csv") if became.get(row["code"]) in new and row["code"]]
    old.sort(key=lambda row: (row["province_code"], row["code"]))
    province = ["0" + row["province_code"] for row in old]
    now = [new[became[row["code"]]] for row in old]
    urban = np.array([row["name_vi"].startswith(("Phường", "Thị trấn")) for row in old])
    codes, rank = np.unique(province, return_inverse=True)
    weight = np.where(urban, 2.0, 1.0)
    weight *= np.array([size[code] for code in codes])[rank] / np.bincount(rank, weight)[rank]
    return Places(
        *(_texts(row[name] for row in old) for name in ("code", "name_vi", "district_vi")),
        _texts(province),
        _texts(row["province_vi"] for row in old),
        *(_texts(row[name] for row in now) for name in ("code", "name_vi", "province_code", "province_vi")),
        urban,
        rank,
        weight,
        np.searchsorted(rank, np.arange(len(codes) + 1)),
    )  # fmt: skip


def _texts(values) -> np.ndarray:
    return np.array(list(values), dtype=object)


def short_names(names: np.ndarray) -> np.ndarray:
    """Names without the kind of unit in front."""
    kinds = ("Thành phố", "Tỉnh", "Phường", "Xã", "Thị trấn", "Đặc khu")
    short = {name: re.sub(f"^({'|'.join(kinds)}) ", "", name) for name in set(names)}
    return np.array([short[name] for name in names], dtype=object)

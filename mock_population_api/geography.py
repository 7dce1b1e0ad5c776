"""Provinces and communes: the catalogue of 2025, and the provinces of before that personal IDs still use."""

import csv
import functools
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

REGIONS = ("north", "north_central", "south_central", "south")

_WARD_FACTOR = 1.5
_COMMUNE_SPREAD = 0.6
_COMMUNE_SEED = 2025


def read_reference(name: str) -> list[dict[str, str]]:
    """Rows of one of the package's reference tables, every value as text."""
    path = resources.files("mock_population_api") / "reference" / name
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@dataclass(frozen=True)
class FormerCommune:
    """A commune of before 2025-07-01 that went, whole or mostly, into a commune of today."""

    code: str
    name: str
    district: str
    province_code: str
    """Two digits, catalogue of 2019-2025."""


@dataclass(frozen=True)
class Geography:
    """Both catalogues as parallel columns; a province of the 63 and a commune of 2025 are positions in them."""

    province_codes: tuple[str, ...]
    """The three digits that begin a personal ID, 63 of them."""
    province_names: tuple[str, ...]
    merged_codes: tuple[str, ...]
    """For each of the 63, the two-digit code of the province of 2025 that holds it."""
    merged_names: tuple[str, ...]
    region: Ints
    people: Floats
    highland: Bools
    pull: Floats
    """How strongly a province draws migrants, relative to the others."""
    commune_codes: tuple[str, ...]
    commune_names: tuple[str, ...]
    commune_province: Ints
    """For each commune, the position among the 63 of the province that most of it lay in."""
    commune_start: Floats
    commune_weight: Floats
    """Cumulative weights in file order; communes of one of the 63 stand together."""

    def merged_name(self, code: str) -> str:
        """Name of a province of 2025."""
        return self.merged_names[self.merged_codes.index(code)]

    def draw_communes(self, provinces: Ints, rng: np.random.Generator) -> Ints:
        """A commune for each of the provinces (positions among the 63), big communes more often."""
        low, high = self.commune_start[provinces], self.commune_start[provinces + 1]
        points = low + (high - low) * rng.random(len(provinces))
        last = np.searchsorted(self.commune_province, provinces, side="right") - 1
        return np.minimum(np.searchsorted(self.commune_weight, points, side="right"), last)


def _uneven_weights(names: list[str]) -> Floats:
    spread = np.random.default_rng(_COMMUNE_SEED).lognormal(0.0, _COMMUNE_SPREAD, len(names))
    wards = np.array([name.startswith("Phường") for name in names])
    return spread * np.where(wards, _WARD_FACTOR, 1.0)


@functools.cache
def geography() -> Geography:
    """Both catalogues, read once."""
    provinces = read_reference("provinces.csv")
    codes = [row["code"] for row in provinces]
    communes = sorted(read_reference("communes_2025.csv"), key=lambda row: (row["province_63"], row["code"]))
    commune_province = np.array([codes.index(row["province_63"]) for row in communes])
    weights = np.cumsum(_uneven_weights([row["name"] for row in communes]))
    ends = np.searchsorted(commune_province, np.arange(len(codes)), side="right")
    return Geography(
        province_codes=tuple(codes),
        province_names=tuple(row["name"] for row in provinces),
        merged_codes=tuple(row["code_2025"] for row in provinces),
        merged_names=tuple(row["name_2025"] for row in provinces),
        region=np.array([REGIONS.index(row["region"]) for row in provinces]),
        people=np.array([float(row["people_thousand"]) for row in provinces]),
        highland=np.array([row["highland"] == "1" for row in provinces]),
        pull=np.array([float(row["pull"]) for row in provinces]),
        commune_codes=tuple(row["code"] for row in communes),
        commune_names=tuple(row["name"] for row in communes),
        commune_province=commune_province,
        commune_start=np.concatenate([[0.0], weights[ends - 1]]),
        commune_weight=weights,
    )


@functools.cache
def former_communes() -> dict[str, tuple[FormerCommune, ...]]:
    """Code of a commune of 2025 → the communes of before that went into it."""
    found: dict[str, list[FormerCommune]] = {}
    for row in read_reference("communes_before.csv"):
        former = FormerCommune(row["code"], row["name"], row["district"], row["province_code"])
        found.setdefault(row["code_2025"], []).append(former)
    return {code: tuple(communes) for code, communes in found.items()}

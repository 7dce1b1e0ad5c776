"""Names of provinces as officers write them, for both tables of codes."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

_KINDS_OF_PROVINCE = ("Thành phố ", "Tỉnh ")
_SHORT = {"Hồ Chí Minh": "TP. Hồ Chí Minh"}  # nobody says "Hồ Chí Minh" alone of the city


@dataclass(frozen=True)
class ProvinceNames:
    """Code → name, in the order of the codes."""

    since_2025: Mapping[str, str]
    """The 34, two digits."""
    in_numbers: Mapping[str, str]
    """The 63 that the first three digits of a personal ID mean."""

    def of_2025(self, code: str | None) -> str:
        """The name of one of the 34; a code that isn't one of them as it is, nothing as a dash."""
        return self.since_2025.get(code, code) if code else "–"

    def of_number(self, code: str | None) -> str:
        """The name of one of the 63; a code that isn't one of them as it is, nothing as empty."""
        return self.in_numbers.get(code, code) if code else ""


@cache
def province_names() -> ProvinceNames:
    """Read from the reference table of `matching`."""
    place = resources.files("matching") / "reference" / "id_province_codes.csv"
    rows = list(csv.DictReader(place.read_text(encoding="utf-8").splitlines()))
    since_2025 = {row["new_code_2025"]: _short(row["new_name_2025"]) for row in rows}
    return ProvinceNames(
        dict(sorted(since_2025.items())), {row["code"]: _short(row["name_vi"]) for row in rows}
    )


def _short(name: str) -> str:
    for kind in _KINDS_OF_PROVINCE:
        name = name.removeprefix(kind)
    return _SHORT.get(name, name)

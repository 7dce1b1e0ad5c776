"""Places as typed: codes and names of either catalogue, short names, and homes that are no longer true."""

import functools

import numpy as np
import numpy.typing as npt

from mock_population_api.assumptions import Assumptions, SlipAssumptions
from mock_population_api.draws import Ints
from mock_population_api.enrolment import merged_of_communes
from mock_population_api.geography import FormerCommune, former_communes, geography
from mock_population_api.habits import Codes
from mock_population_api.persons import Objects, Persons, present
from mock_population_api.slip_log import SlipLog, chosen

Bools = npt.NDArray[np.bool_]

_SHORT = {
    "001": "HN", "079": "TP.HCM", "077": "BR-VT", "031": "HP", "048": "ĐN", "092": "TPCT", "046": "TT Huế", "038": "T.Hóa",
    "040": "N.An", "074": "B.Dương", "075": "Đ.Nai", "066": "Đắc Lắc", "064": "Gia lai", "015": "Y.Bái",
}  # fmt: skip
_PREFIXES = {
    "Phường": "P.",
    "Xã": "X.",
    "Thị trấn": "TT.",
    "Thành phố": "TP.",
    "Tỉnh": "T.",
    "Huyện": "H.",
    "Quận": "Q.",
}
_HA_TAY_JOINED = np.datetime64("2008-08-01")


@functools.cache
def _former() -> list[tuple[FormerCommune, ...]]:
    return [former_communes().get(code, ()) for code in geography().commune_codes]


def _old_commune(commune: int, point: float) -> FormerCommune | None:
    choices = _former()[commune]
    return choices[int(point * len(choices))] if choices else None


@functools.cache
def _old_province_name(two_digits: str) -> str:
    land = geography()
    name = land.province_names[land.province_codes.index("0" + two_digits)]
    cities = {"01", "31", "48", "79", "92"}
    return f"{'Thành phố' if two_digits in cities else 'Tỉnh'} {name}"


def _shortened(name: str) -> str:
    for word, short in _PREFIXES.items():
        if name.startswith(word + " "):
            return f"{short} {name[len(word) + 1 :]}"
    return name


def _residence(form: str, commune: int, point: float, with_district: bool) -> tuple[str, str]:
    """Province and commune in one form; `point` chooses among the communes of before."""
    land = geography()
    merged, code = str(merged_of_communes_list()[commune]), land.commune_codes[commune]
    old = _old_commune(commune, point) if form in {"old_codes", "old_names"} else None
    if old and form == "old_codes":
        return old.province_code, old.code
    if old:
        commune_name = f"{old.name}, {old.district}" if with_district else old.name
        return _old_province_name(old.province_code), commune_name
    if form == "new_codes":
        return merged, code
    if form == "codes_no_zeros":
        return merged.lstrip("0"), code.lstrip("0")
    name = land.merged_name(merged)
    if form == "short_names":
        bare = name.split(" ", 1)[1] if name.startswith("Tỉnh") else name.removeprefix("Thành phố ")
        return _SHORT.get(land.province_codes[land.commune_province[commune]], bare), _shortened(
            land.commune_names[commune]
        )
    return name, land.commune_names[commune]


@functools.cache
def merged_of_communes_list() -> tuple[str, ...]:
    """For each commune, the code of its province of 2025."""
    return tuple(str(code) for code in merged_of_communes())


def _homes(persons: Persons, rates: SlipAssumptions, log: SlipLog, rng: np.random.Generator) -> Ints:
    """Where the school thinks they live: some have moved, the others agree with the registry."""
    commune = persons.commune.copy()
    rows = chosen(len(commune), rates.moved_since, rng)
    land = geography()
    far = rows[rng.random(len(rows)) < rates.moved_far]
    province = land.commune_province[commune]
    province[far] = rng.integers(0, len(land.province_codes), len(far))
    commune[rows] = land.draw_communes(province[rows], rng)
    log.note(rows, "moved_since")
    return commune


def write_residences(
    persons: Persons, forms: Codes, assumed: Assumptions, log: SlipLog, rng: np.random.Generator
) -> tuple[Objects, Objects]:
    """Province and commune of residence of each record."""
    rates = assumed.slips
    commune = _homes(persons, rates, log, rng)
    points = rng.random(len(commune))
    districts = rng.random(len(commune)) < assumed.habits.district_named
    written = [
        _residence(*values)
        for values in zip(forms, commune.tolist(), points.tolist(), districts.tolist(), strict=True)
    ]
    provinces = np.array([province for province, _ in written], dtype=object)
    communes = np.array([commune for _, commune in written], dtype=object)
    for form in ("old_codes", "old_names"):
        log.note_where(forms == form, f"places:{form}")
    missing = chosen(len(commune), rates.residence_missing, rng)
    communes[missing] = None
    provinces[missing[rng.random(len(missing)) < rates.province_missing_too]] = None
    log.note(missing, "residence_missing")
    return provinces, communes


@functools.cache
def _birth_words(form: str, plain: bool) -> tuple[str, ...]:
    """How each of the 63 provinces is written in one form; without Tỉnh or Thành phố when plain."""
    land = geography()
    words = {
        "new_codes": land.merged_codes,
        "new_names": land.merged_names,
        "old_codes": tuple(code[1:] for code in land.province_codes),
        "codes_no_zeros": tuple(code.lstrip("0") for code in land.province_codes),
        "short_names": tuple(map(_SHORT.get, land.province_codes, land.province_names)),
    }
    full = tuple(_old_province_name(code[1:]) for code in land.province_codes)
    return words.get(form, land.province_names if plain else full)


def _birth_place(form: str, province: int, plain: bool, ha_tay: bool) -> str:
    if ha_tay and form in {"old_names", "short_names"}:
        return "Hà Tây" if plain else "Tỉnh Hà Tây"
    return _birth_words(form, plain)[province]


def write_birth_places(
    persons: Persons, forms: Codes, assumed: Assumptions, log: SlipLog, rng: np.random.Generator
) -> Objects:
    """Place of birth of each record, in the form of its school."""
    count, rates = len(persons), assumed.slips
    province = persons.birth_province.copy()
    rows = chosen(count, rates.birth_place_elsewhere, rng)
    province[rows] = rng.integers(0, len(geography().province_codes), len(rows))
    log.note(rows, "birth_place_elsewhere")
    plain = rng.random(count) < assumed.habits.birth_province_alone
    in_ha_noi = (province == geography().province_codes.index("001")) & (persons.born < _HA_TAY_JOINED)
    ha_tay = in_ha_noi & (rng.random(count) < assumed.habits.ha_tay)
    columns = (forms, province.tolist(), plain.tolist(), ha_tay.tolist())
    written = np.array([_birth_place(*values) for values in zip(*columns, strict=True)], dtype=object)
    abroad = present(persons.born_abroad)
    written[abroad] = persons.born_abroad[abroad]
    missing = chosen(count, rates.birth_place_missing, rng)
    written[missing] = None
    log.note(missing, "birth_place_missing")
    return written

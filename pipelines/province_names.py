"""Provinces as officers name them on a command line: code or name, of today or before, with or without marks."""

from collections.abc import Sequence

from connectors.education_tables import NO_PROVINCE
from matching.normalise.places import ProvinceMatch, find_province, place_key
from matching.people import provinces
from pipelines.errors import ProvinceAmbiguous, ProvinceNotFound

JOINED_BEFORE_2025 = ("Hà Tây", "Hà Đông", "Sơn Tây", "Kiến An", "Gia Định")
"""Provinces that were gone before the 63 became 34; officers still use their names."""


def province_code(text: str) -> str:
    """The code of the province of 2025 that a text means.

    Raises:
        ProvinceAmbiguous: Several can be meant.
        ProvinceNotFound: None is.
    """
    if text in provinces() or text == NO_PROVINCE:
        return text
    match = find_province(text)
    if match is not None:
        return match.province.code
    beginning = [
        code for code, name in _names() if place_key(text) and place_key(name).startswith(place_key(text))
    ]
    if len(set(beginning)) == 1:
        return beginning[0]
    if beginning:
        raise ProvinceAmbiguous(text, sorted(set(beginning)))
    raise ProvinceNotFound(text)


def became_part(text: str) -> ProvinceMatch | None:
    """The province that a text names, if that is now part of another one: worth telling an officer."""
    if text in provinces():
        return None
    match = find_province(text)
    told = match is not None and (match.moved or place_key(text) in map(place_key, JOINED_BEFORE_2025))
    return match if told else None


def province_name(code: str) -> str:
    """The name of one of the 34; any other code as it is."""
    return provinces()[code].name if code in provinces() else code


def ordered(codes: Sequence[str]) -> tuple[str, ...]:
    """Codes in their order, each once."""
    return tuple(sorted(set(codes)))


def _names() -> list[tuple[str, str]]:
    """Code of 2025 and a name that it goes or went by."""
    today = [(code, province.name) for code, province in provinces().items()]
    return today + [(code, old.name) for code, province in provinces().items() for old in province.old]

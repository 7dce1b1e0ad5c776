"""Names of communes of today as officers write them."""

from functools import cache

from matching.reference import read_table


def commune_name(code: str | None) -> str:
    """The name of a commune of 2025; a code that isn't one of them as it is, nothing as empty."""
    return _names().get(code, code) if code else ""


@cache
def _names() -> dict[str, str]:
    rows = read_table("communes_2025", ("code", "name_vi", "name_from_2026_04_30"))
    return {row["code"]: row["name_from_2026_04_30"] or row["name_vi"] for row in rows}

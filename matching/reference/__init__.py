"""The tables of places and numbers that ship with the package; NOTICE says where each comes from."""

import csv
from collections.abc import Sequence
from importlib.resources import files

from matching.errors import ReferenceDamaged


def read_table(name: str, columns: Sequence[str]) -> list[dict[str, str]]:
    """All rows of a reference table, every value as text.

    Args:
        name: File name without `.csv`.
        columns: The columns that the caller is going to read.

    Raises:
        ReferenceDamaged: The file is missing, empty, or lacks one of the columns.
    """
    file = f"{name}.csv"
    try:
        text = files(__package__).joinpath(file).read_text(encoding="utf-8")
    except OSError as error:
        raise ReferenceDamaged(file, "is missing") from error
    rows = list(csv.DictReader(text.splitlines()))
    if not rows:
        raise ReferenceDamaged(file, "has no rows")
    missing = [column for column in columns if rows[0].get(column) is None]
    if missing:
        raise ReferenceDamaged(file, f"lacks {', '.join(missing)}")
    return rows

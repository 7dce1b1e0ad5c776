"""People whose entries are withheld from everybody: whom a list names, in any answer, under any of their numbers.

A lookup says `withheld`, which is not the same as that there is nobody. A trace and a family are silent about them,
and entries of their kin don't name them.
"""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from mock_population_api.errors import RestrictionFileError
from mock_population_api.schemas import ANSWERED

_TEXT = pa.string()


def read_restricted(file: Path) -> frozenset[str]:
    """Current numbers of the people to withhold: one a line; empty lines and lines beginning with # are passed over.

    Raises:
        RestrictionFileError: The file can't be read, or a line is no number of 12 digits.
    """
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as broken:
        raise RestrictionFileError(file, "can't be read") from broken
    stated = [(place, line) for place, line in enumerate(lines, 1) if line and not line.startswith("#")]
    for place, line in stated:
        if not re.fullmatch(r"[0-9]{12}", line):
            raise RestrictionFileError(file, f"line {place} is no number of 12 digits")
    return frozenset(line for _, line in stated)


class Veil:
    """Takes restricted people out of answers.

    Args:
        numbers: every number, current or superseded, of everybody restricted.
    """

    def __init__(self, numbers: frozenset[str] = frozenset()) -> None:
        self._numbers = pa.array(sorted(numbers), _TEXT)

    def over_found(self, found: pa.Table) -> pa.Table:
        """FOUND, where `found_by` is `withheld` and all else null for whom it would disclose."""
        if not len(self._numbers):
            return found
        hidden = self._among(found["personal_id"])
        columns = {"asked": found["asked"], "found_by": pc.if_else(hidden, "withheld", found["found_by"])}
        for field in ANSWERED:
            columns[field.name] = pc.if_else(hidden, pa.scalar(None, field.type), found[field.name])
        return self.over_kin(pa.table(columns, schema=found.schema))

    def over_kin(self, answered: pa.Table) -> pa.Table:
        """Entries that don't name restricted parents."""
        if not len(self._numbers):
            return answered
        for parent in ("father", "mother"):
            hidden = self._among(answered[f"{parent}_id"])
            for column in (f"{parent}_id", f"{parent}_name"):
                place = answered.schema.get_field_index(column)
                shown = pc.if_else(hidden, pa.scalar(None, _TEXT), answered[column])
                answered = answered.set_column(place, answered.schema.field(place), shown)
        return answered

    def over_relatives(self, relatives: pa.Table) -> pa.Table:
        """RELATIVES without restricted people and without their families."""
        if not len(self._numbers):
            return relatives
        shown = pc.and_(
            pc.invert(self._among(relatives["asked"])), pc.invert(self._among(relatives["personal_id"]))
        )
        return self.over_kin(relatives.filter(shown))

    def over_verdicts(self, verdicts: pa.Table) -> pa.Table:
        """Verdicts that say nothing about restricted people."""
        if not len(self._numbers):
            return verdicts
        hidden = self._among(verdicts["personal_id"])
        for column, word in (("number", "withheld"), *((name, "unknown") for name in _VERDICTS)):
            asked = pc.and_(hidden, pc.not_equal(verdicts[column], "not_asked"))
            place = verdicts.schema.get_field_index(column)
            verdicts = verdicts.set_column(place, column, pc.if_else(asked, word, verdicts[column]))
        return verdicts

    def over_changes(self, changes: pa.Table) -> pa.Table:
        """CHANGE without restricted people; entries of their kin don't name them."""
        if not len(self._numbers):
            return changes
        changes = changes.filter(pc.invert(self._among(changes["personal_id"])))
        changes = changes.filter(pc.invert(self._among(changes["superseded_by"])))
        for parent in ("father_id", "mother_id"):
            place = changes.schema.get_field_index(parent)
            shown = pc.if_else(self._among(changes[parent]), pa.scalar(None, _TEXT), changes[parent])
            changes = changes.set_column(place, changes.schema.field(place), shown)
        return changes

    def _among(self, numbers: pa.ChunkedArray) -> pa.ChunkedArray:
        return pc.is_in(numbers, value_set=self._numbers)


_VERDICTS = ("full_name", "birth_date", "gender")

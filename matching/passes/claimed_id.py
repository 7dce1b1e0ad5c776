"""The first pass: the record says who it is. Its number is looked up; the entry found must agree, else the claim is evidence only."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.blocks import NOTHING_LISTED, Listed, listed
from matching.columns import Records
from matching.keys import id_text
from matching.nametable import Array
from matching.registry import Registry

NAME = "claimed_id"

_NUMBERS = (("number", 12), ("former", 9), ("number_other", 12))


def claims(records: Records, rows: Array, registry: Registry) -> Listed:
    """Records with the entries behind the numbers that they claim.

    A number is looked up as written and, where a repair of it is only suggested, as repaired.

    Args:
        records: all records.
        rows: those in scope.
        registry: whom to ask.
    """
    asked = [_asked(getattr(records, column), rows, width) for column, width in _NUMBERS]
    claiming, text = np.concatenate([row for row, _ in asked]), pa.concat_arrays([text for _, text in asked])
    if not len(claiming):
        return NOTHING_LISTED
    found = registry.lookup(pc.unique(text))
    joined = pa.table({"row": claiming, "asked": text}).join(
        found, "asked", join_type="inner", use_threads=False
    )
    row, at, found_by = (joined[name].to_numpy() for name in ("row", "at", "found_by"))
    return listed(Listed(row, at, found_by, np.zeros(len(joined))))


def _asked(numbers: Array, rows: Array, width: int) -> tuple[Array, pa.Array]:
    chosen = rows[numbers[rows] != 0]
    return chosen, id_text(numbers[chosen], width)

"""The first pass: the record says who it is. Its number is looked up; the entry found must agree, else the claim is evidence only."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.keys import FOUND_BY, PAIRS, id_text
from matching.registry import Registry

NAME = "claimed_id"


def pairs(keys: pa.Table, registry: Registry) -> pa.Table:
    """Pairs (PAIRS) of records and the entries behind the numbers that they claim.

    A number is looked up as written and, where a repair of it is only suggested, as repaired. Both readings of a
    name meet the entry.

    Args:
        keys: RECORD_KEYS of the records.
        registry: whom to ask.
    """
    claims = pa.concat_tables([_claims(keys, column, width) for column, width in _NUMBERS])
    found = registry.lookup(pc.unique(claims["asked"]))
    columns = [
        "asked",
        "found_by",
        *(name for name in PAIRS.names if name in found.column_names and name != "found_by"),
    ]
    joined = claims.join(found.select(columns), keys="asked", join_type="inner", use_threads=False)
    code = pc.fill_null(pc.index_in(joined["found_by"], value_set=pa.array(FOUND_BY[1:])), -1)
    joined = joined.set_column(
        joined.column_names.index("found_by"), "found_by", pc.add(code, 1).cast(pa.int8())
    )
    return as_pairs(joined)


_NUMBERS = (("number", 12), ("number_other", 12), ("former", 9))


def _claims(keys: pa.Table, column: str, width: int) -> pa.Table:
    with_number = keys.filter(pc.not_equal(keys[column], 0))
    numbers = with_number[column].to_numpy()
    text = (
        id_text(numbers)
        if width == 12
        else pa.array([f"{n:0{width}d}" for n in numbers.tolist()], pa.string())
    )
    return pa.table({"row": with_number["row"], "record_name": with_number["name_key"], "asked": text})


def as_pairs(table: pa.Table) -> pa.Table:
    """A table with `row`, `record_name` and the columns of an entry, as PAIRS; what it doesn't say is null or unknown."""
    absent = {"rule": np.int8(-1), "found_by": np.int8(0), "prior": None}
    columns = [
        table[field.name]
        if field.name in table.column_names
        else pa.nulls(len(table), field.type)
        if absent.get(field.name) is None
        else pa.array(np.full(len(table), absent[field.name]))
        for field in PAIRS
    ]
    return pa.table(dict(zip(PAIRS.names, columns, strict=True))).cast(PAIRS).combine_chunks()

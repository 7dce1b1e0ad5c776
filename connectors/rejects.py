"""Rows and cells that could not be used: the reasons, and the table that names them without their content."""

from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.schemas import REJECTS

ROW_NUMBER = "row"
"""Column that carries the row number of each row while a file is read."""


class FileReject(StrEnum):
    """Why a row or a cell of a file is not used; the second group leaves the row in."""

    TOO_FEW_FIELDS = "too_few_fields"
    TOO_MANY_FIELDS = "too_many_fields"
    QUOTE_NOT_CLOSED = "quote_not_closed"
    """A quote opens a cell and swallows the rows after it; the row it stands in is left out, the others are kept."""
    ROW_TOO_LONG = "row_too_long"
    HEADER_REPEATED = "header_repeated"
    RECORD_ID_MISSING = "record_id_missing"
    RECORD_ID_REPEATED = "record_id_repeated"
    """The record ID stood in an earlier row already; the first one is kept."""
    GUARDIAN_UNKNOWN = "guardian_unknown"
    """The link names a guardian that the guardians table does not hold."""
    STUDENT_UNKNOWN = "student_unknown"

    CELL_TOO_LONG = "cell_too_long"
    CELL_HAS_NUL = "cell_has_nul"
    CELL_DAMAGED = "cell_damaged"
    """Letters were lost before: the cell holds bytes that are no letters, or the replacement character."""
    SCHOOL_UNKNOWN = "school_unknown"
    """The record is kept, but belongs to no province."""


def no_rejects() -> pa.Table:
    """An empty table of rejects."""
    return REJECTS.empty_table()


def rejects_at(table: str, rows: np.ndarray | list[int], reasons: list[str]) -> pa.Table:
    """Rejects of rows that could not even be split into cells: row number and reason, nothing else is known."""
    count = len(reasons)
    nothing = pa.nulls(count, pa.string())
    columns = [pa.array([table] * count, pa.string()), pa.array(rows, pa.int64()), nothing, nothing]
    return pa.table([*columns, pa.array(reasons, pa.string())], schema=REJECTS)


def rejects_where(
    table: str, data: pa.Table, mask: pa.ChunkedArray, key: str, column: str, reason: FileReject
) -> pa.Table:
    """Rejects for the rows of `data` where `mask` is true.

    Args:
        table: What to call the table.
        data: Rows with their number in `row`.
        mask: Boolean, one per row; null counts as false.
        key: The column that holds the record ID.
        column: Where the fault is.
        reason: What it is.
    """
    chosen = data.select([ROW_NUMBER, key]).filter(mask)
    count = chosen.num_rows
    record_ids = chosen[key] if key != column else pc.utf8_slice_codeunits(chosen[key], 0, 100)
    return pa.table(
        [
            pa.repeat(pa.scalar(table, pa.string()), count),
            chosen[ROW_NUMBER],
            record_ids,
            pa.repeat(pa.scalar(column, pa.string()), count),
            pa.repeat(pa.scalar(str(reason), pa.string()), count),
        ],
        schema=REJECTS,
    )

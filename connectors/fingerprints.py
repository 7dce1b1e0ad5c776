"""Fingerprints of rows: whether a record is as it was."""

import duckdb
import pyarrow as pa

SCHEME = f"duckdb {duckdb.__version__}"
"""Prints of another scheme can't be compared."""


def prints_of(table: pa.Table) -> pa.Array:
    """A hash (uint64) of all columns of each row, in the order of the rows; equal for equal rows under one SCHEME."""
    with duckdb.connect() as con:
        con.register("rows", table)
        columns = ", ".join(f'"{name}"' for name in table.column_names)
        hashed = con.sql(f"SELECT hash({columns}) AS print FROM rows").to_arrow_table()
    return hashed["print"].combine_chunks()

"""Rows of a query by PostgreSQL's COPY, read in whole columns: half of what it costs to make Python objects of them first."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from pyarrow import csv


def copied_batches(
    connection: sa.Connection, query: sa.Select[Any], schema: pa.Schema, rows: int
) -> Iterator[pa.RecordBatch]:
    """Rows of a query; empty texts are null.

    Args:
        connection: To PostgreSQL, in a transaction.
        query: Its columns in the order of the schema.
        schema: Texts, floats, integers and booleans.
        rows: How many make a batch.
    """
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    statement = f"COPY ({compiled}) TO STDOUT (FORMAT csv)"
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement, compiled.params) as copy:
        # the server sends row by row, so that no part ends within one
        received = iter(copy)
        while part := b"".join(islice(received, rows)):
            yield from _read(part, schema)


def _read(part: bytes, schema: pa.Schema) -> list[pa.RecordBatch]:
    table = csv.read_csv(
        pa.BufferReader(part),
        read_options=csv.ReadOptions(column_names=schema.names, block_size=len(part) + 1, use_threads=False),
        # a value that holds a line end or a quote stands in quotes
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            strings_can_be_null=True,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    batches: list[pa.RecordBatch] = table.combine_chunks().to_batches()
    return batches

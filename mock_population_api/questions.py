"""What may be asked: questions as tables, checked in whole columns, whether they came as JSON or as an upload."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pa_json

from mock_population_api.arrow_streams import read_stream, unfolded_bytes
from mock_population_api.columns import NO_DAY
from mock_population_api.dates import FORM, days_from, parts_of
from mock_population_api.mapped import Array
from mock_population_api.problems import Problem
from mock_population_api.schemas import NUMBER_QUESTIONS, TRACE_QUESTIONS, VERIFY_QUESTIONS

ARROW = "application/vnd.apache.arrow.stream"
NDJSON = "application/x-ndjson"
SCHEMAS = {
    "lookup": NUMBER_QUESTIONS,
    "relatives": NUMBER_QUESTIONS,
    "trace": TRACE_QUESTIONS,
    "verify": VERIFY_QUESTIONS,
}

_LONGEST_TEXT = 200
_MOST_ERRORS = 20
# offsets and validity of a column count too
_MOST_TEXT_BYTES = 4 * _LONGEST_TEXT + 32
_SLACK = 1 << 20

_FORMS = {
    "birth_date": FORM,
    "gender": r"\A[MF]\z",
    "birth_province": r"\A[0-9]{3}\z",
    "residence_province": r"\A[0-9]{2}\z",
    "residence_commune": r"\A[0-9]{5}\z",
}
"""Column → the pattern that a value which is not null must match; a day must exist besides."""

_NEEDED = frozenset({"ref", "number"})


def check(questions: pa.Table) -> None:
    """Hold `questions` against the forms of their columns; `ref` must be there and unlike any other.

    Raises:
        Problem: question_invalid, naming up to 20 rows (from 0) and columns, no values.
    """
    wrong = [(name, np.flatnonzero(_wrong(name, questions[name]))) for name in questions.column_names]
    if "ref" in questions.column_names:
        wrong.append(("ref", np.flatnonzero(_repeated(questions["ref"]))))
    found = sorted((row, name) for name, rows in wrong for row in rows[:_MOST_ERRORS].tolist())
    if found:
        raise Problem(
            "question_invalid", errors=[{"row": row, "column": name} for row, name in found[:_MOST_ERRORS]]
        )


def _wrong(name: str, column: pa.ChunkedArray) -> Array:
    """Which values can't be asked."""
    long = pc.greater(pc.utf8_length(column), _LONGEST_TEXT)
    wrong = pc.fill_null(pc.or_(long, pc.match_substring(column, "\0")), name in _NEEDED)
    if name in _FORMS:
        wrong = pc.or_(wrong, pc.fill_null(pc.invert(pc.match_substring_regex(column, _FORMS[name])), False))
    result = wrong.to_numpy()
    if name == "birth_date":
        year, month, day = parts_of(column)
        result = result | ((day > 0) & (days_from(year, month, day) == NO_DAY))
    return np.asarray(result)


def _repeated(refs: pa.ChunkedArray) -> Array:
    """Which refs stand there twice."""
    codes = refs.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    known = np.nan_to_num(codes, nan=-1).astype(np.int64)
    return np.where(known < 0, False, np.bincount(known[known >= 0], minlength=1)[known] > 1)


def from_rows(rows: list[dict[str, Any]], operation: str) -> pa.Table:
    """Questions of one JSON batch as a table."""
    return pa.Table.from_pylist(rows, schema=SCHEMAS[operation])


def read_upload(file: Path, content_type: str, operation: str, most_rows: int) -> pa.Table:
    """Questions of an uploaded file as a table of SCHEMAS[operation]; columns may be absent but the first.

    Raises:
        Problem: body_malformed when it can't be read, batch_too_large when it has more than `most_rows`,
            question_invalid for a column that is no text or too much of it, encoding_unsupported for packed buffers.
    """
    schema = SCHEMAS[operation]
    try:
        table = read_stream(file, most_rows) if content_type == ARROW else _read_lines(file, schema)
        table = _in_shape(table, schema)
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, KeyError) as broken:
        raise Problem("body_malformed") from broken
    if len(table) > most_rows:
        raise Problem("batch_too_large")
    return table


def _read_lines(file: Path, schema: pa.Schema) -> pa.Table:
    options = pa_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    return pa_json.read_json(file, parse_options=options)


def _in_shape(table: pa.Table, schema: pa.Schema) -> pa.Table:
    if not set(table.column_names) <= set(schema.names) or schema.names[0] not in table.column_names:
        raise Problem("body_malformed")
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.nulls(len(table), field.type))
            continue
        column = table.column(field.name)
        if not _is_text(column.type) or unfolded_bytes(column) > len(table) * _MOST_TEXT_BYTES + _SLACK:
            raise Problem("question_invalid", errors=[{"column": field.name}])
        columns.append(column.cast(field.type))
    return pa.table(columns, schema=schema)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    return any(matches(kind) for matches in text)

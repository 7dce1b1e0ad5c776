"""What may be asked: questions as tables, checked in whole columns, whether they came as JSON or as an upload."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.json as pa_json

from mock_population_api.arrow_streams import read_stream, unfolded_bytes
from mock_population_api.problems import Problem
from mock_population_api.schemas import LOOKUP_QUESTIONS, TRACE_QUESTIONS, VERIFY_QUESTIONS

ARROW = "application/vnd.apache.arrow.stream"
NDJSON = "application/x-ndjson"
SCHEMAS = {"lookup": LOOKUP_QUESTIONS, "trace": TRACE_QUESTIONS, "verify": VERIFY_QUESTIONS}

_LONGEST_TEXT = 200
_MOST_ERRORS = 20
# offsets and validity of a column count too
_MOST_TEXT_BYTES = 4 * _LONGEST_TEXT + 32
_SLACK = 1 << 20

_BIRTH_FORM = r"(18|19|20|21)\d\d(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"

_FORMS = {
    "birth_date": f"regexp_full_match(birth_date, '{_BIRTH_FORM}') "
    "AND (length(birth_date) < 10 OR try_cast(birth_date AS DATE) IS NOT NULL)",
    "gender": "gender IN ('M', 'F')",
    "birth_province": r"regexp_full_match(birth_province, '\d{3}')",
    "residence_province": r"regexp_full_match(residence_province, '\d{2}')",
    "residence_commune": r"regexp_full_match(residence_commune, '\d{5}')",
}
"""Column → the condition a value that is not null must meet."""

_NEEDED = frozenset({"ref", "number"})


def check(connection: duckdb.DuckDBPyConnection, questions: pa.Table) -> None:
    """Hold `questions` against the forms of their columns; `ref` must be there and unlike any other.

    Raises:
        Problem: question_invalid, naming up to 20 rows (from 0) and columns, no values.
    """
    conditions = ", ".join(
        f"'{name}': NOT coalesce({_condition(name)}, false)" for name in questions.column_names
    )
    repeated = "count(*) OVER (PARTITION BY ref) > 1" if "ref" in questions.column_names else "false"
    connection.register("uploaded", questions)
    found = connection.sql(f"""
        SELECT place, column_name FROM (
            SELECT row_number() OVER () - 1 AS place,
                   unnest(map_entries(MAP {{{conditions}, 'ref ': {repeated}}}), recursive := true)
            FROM uploaded
        ) AS checked(place, column_name, wrong)
        WHERE wrong ORDER BY place, column_name LIMIT {_MOST_ERRORS}
    """).fetchall()
    connection.unregister("uploaded")
    if found:
        raise Problem(
            "question_invalid", errors=[{"row": row, "column": column.strip()} for row, column in found]
        )


def _condition(column: str) -> str:
    plain = f"length({column}) <= {_LONGEST_TEXT} AND NOT contains({column}, chr(0))"
    form = f"{plain} AND ({_FORMS.get(column, 'true')})"
    return f"({form})" if column in _NEEDED else f"({column} IS NULL OR ({form}))"


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

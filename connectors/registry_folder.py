"""A registry folder: checked before a long run starts on it, its parts listed in a fixed order."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.errors import ColumnsMissing, FolderProblem
from connectors.parquet_rows import BROKEN_FILE
from matching.schemas import ENTRY

REGISTRY_REQUIRED = (
    "personal_id",
    "full_name",
    "birth_date",
    "gender",
    "birth_province",
    "residence_province",
    "residence_commune",
)
"""The other columns of `matching.schemas.ENTRY` may be absent, which means null."""

_ID_LENGTH = 12


def registry_folder(folder: Path) -> list[Path]:
    """The Parquet parts of a registry folder, by name, each with usable columns.

    Types are taken from the file's schema; the length of the personal IDs is looked at in the first rows of each part.

    Args:
        folder: A folder of `*.parquet`, or one such file.

    Raises:
        FolderProblem: There is no part, a part can't be read, or a column has a type that lost something.
        ColumnsMissing: Required columns are missing; all parts are named.
    """
    parts = [folder] if folder.is_file() else sorted(folder.glob("*.parquet"))
    if not parts:
        raise FolderProblem(folder, "holds no *.parquet", "Give the folder of the registry extract.")
    schemas = {part: _schema(part) for part in parts}
    lacking = {
        part.name: [name for name in REGISTRY_REQUIRED if name not in schema.names]
        for part, schema in schemas.items()
    }
    lacking = {part: names for part, names in lacking.items() if names}
    if lacking:
        raise ColumnsMissing(folder, [], lacking)
    for part, schema in schemas.items():
        _check_types(part, schema)
        _check_ids(part)
    return parts


def _schema(part: Path) -> pa.Schema:
    try:
        schema: pa.Schema = pq.read_schema(part)
        # a name that is no UTF-8 is found when it is looked at
        return schema if schema.names else pa.schema([])
    except BROKEN_FILE as error:
        raise _unreadable(part) from error


def _unreadable(part: Path) -> FolderProblem:
    return FolderProblem(part, "is not a readable Parquet file", "Write the extract again.")


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return any(
        is_type(kind) for is_type in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    )


def _is_date(kind: pa.DataType) -> bool:
    """A timestamp will do: other programs write days as midnights."""
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _is_list_of_text(kind: pa.DataType) -> bool:
    return (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and _is_text(kind.value_type)


def _check_types(part: Path, schema: pa.Schema) -> None:
    for field in ENTRY:
        if field.name in schema.names:
            found = schema.field(field.name).type
            fits, wanted = _expected(field.type)
            # a column of nothing but nulls has no type of its own
            if not (fits(found) or (pa.types.is_null(found) and field.name not in REGISTRY_REQUIRED)):
                remedy = f"Write it as {wanted}; a number as text keeps its zeros."
                raise FolderProblem(part, f"column {field.name} is {found}", remedy)


def _expected(kind: pa.DataType) -> tuple[Callable[[pa.DataType], bool], str]:
    if pa.types.is_date(kind):
        return _is_date, "a date"
    return (_is_list_of_text, "a list of text") if pa.types.is_list(kind) else (_is_text, "text")


def _check_ids(part: Path) -> None:
    try:
        with pq.ParquetFile(part) as file:
            batch = next(file.iter_batches(batch_size=10_000, columns=["personal_id"]), None)
        if batch is None:
            return
        ids = batch["personal_id"].cast(pa.string())
    except BROKEN_FILE as error:
        raise _unreadable(part) from error
    wrong = pc.sum(pc.not_equal(pc.binary_length(pc.fill_null(ids, "")), _ID_LENGTH)).as_py()
    if wrong:
        what = f"{wrong} of the first {len(ids)} personal_id have not {_ID_LENGTH} characters"
        raise FolderProblem(part, what, "Write them as text with their leading zeros.")

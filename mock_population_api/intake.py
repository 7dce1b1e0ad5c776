"""The folder of entries that a store is made of: which files, whether they can be used, whether they changed."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mock_population_api.errors import RegistryFolderError
from mock_population_api.schemas import ENTRY

_TAIL_BYTES = 65_536


def input_files(registry: Path) -> list[Path]:
    """The Parquet files of `registry`, by name.

    Raises:
        RegistryFolderError: There are none.
    """
    files = sorted(registry.glob("*.parquet"))
    if not files:
        raise RegistryFolderError(registry, "holds no *.parquet file of entries")
    return files


def fingerprint(files: list[Path], made_by: object) -> str:
    """Names, sizes, times and Parquet footers of the files, and what else the store depends on."""
    digest = hashlib.sha256(repr(made_by).encode())
    for file in files:
        facts = file.stat()
        digest.update(f"\n{file.name} {facts.st_size} {facts.st_mtime_ns} ".encode())
        with file.open("rb") as stream:
            stream.seek(max(0, facts.st_size - _TAIL_BYTES))
            digest.update(stream.read())
    return digest.hexdigest()[:24]


def as_of(files: list[Path]) -> str:
    """The moment the newest file names in its metadata, else when it was written."""
    stated = [(pq.read_schema(file).metadata or {}).get(b"as_of") for file in files]
    known: list[str] = [moment.decode() for moment in stated if moment]
    if known:
        return max(known)
    written = max(file.stat().st_mtime for file in files)
    return datetime.fromtimestamp(written, UTC).isoformat(timespec="seconds")


def check_columns(files: list[Path]) -> None:
    """Hold the files against ENTRY; other columns are ignored.

    Raises:
        RegistryFolderError: A file can't be read, or a column is missing or of another type.
    """
    for file in files:
        try:
            schema = pq.read_schema(file)
        except (pa.ArrowException, OSError) as broken:
            raise RegistryFolderError(file, "is not a Parquet file that can be read") from broken
        for field in ENTRY:
            if field.name not in schema.names:
                raise RegistryFolderError(file, f"has no column {field.name}")
            if not _fits(schema.field(field.name).type, field.type):
                found = schema.field(field.name).type
                raise RegistryFolderError(file, f"column {field.name} is {found}, it must be {field.type}")


def _fits(found: pa.DataType, wanted: pa.DataType) -> bool:
    if pa.types.is_dictionary(found):
        return _fits(found.value_type, wanted)
    if pa.types.is_list(wanted):
        return (pa.types.is_list(found) or pa.types.is_large_list(found)) and _fits(
            found.value_type, wanted.value_type
        )
    if pa.types.is_string(wanted):
        return bool(
            pa.types.is_string(found) or pa.types.is_large_string(found) or pa.types.is_string_view(found)
        )
    return bool(found == wanted)

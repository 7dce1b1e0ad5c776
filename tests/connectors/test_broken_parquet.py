"""Parquet files that look whole from outside and are not: each is named, none breaks its reader."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.change_files import read_changes
from connectors.errors import FolderProblem
from connectors.parquet_rows import parquet_columns, read_parquet_rows
from connectors.registry_folder import registry_folder
from matching.schemas import ENTRY


def written(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, store_schema=False, compression="none")
    return out.getvalue()


def damaged_pages(table: pa.Table) -> bytes:
    content = bytearray(written(table))
    content[4:40] = bytes(36)
    return bytes(content)


ENTRIES = pa.table(
    {field.name: pa.nulls(1, pa.string() if field.name == "personal_id" else field.type) for field in ENTRY}
)


def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "students.parquet"
    path.write_bytes(written(pa.table({"full_name": ["x"]})).replace(b"full_name", b"full_\xff\xfe\xfa\xf1"))
    with pytest.raises(FolderProblem, match="not a readable Parquet"):
        parquet_columns(path)
    with pytest.raises(FolderProblem, match="not a readable Parquet"):
        registry_folder(path)


def test_a_value_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "students.parquet"
    path.write_bytes(
        written(pa.table({"name": ["abcdefgh"]})).replace(b"abcdefgh", b"\xff\xfe\xfa\xf1\xf1\xf1\xf1\xf1")
    )
    with pytest.raises(FolderProblem, match="not a readable Parquet"):
        read_parquet_rows(path, parquet_columns(path), ["name"])


@pytest.mark.parametrize("read", [lambda path: read_changes([path]), registry_folder])
def test_pages_that_are_damaged_are_told(tmp_path: Path, read) -> None:
    path = tmp_path / "changes.parquet"
    path.write_bytes(damaged_pages(ENTRIES))
    with pytest.raises(FolderProblem, match="not a readable Parquet"):
        read(path)

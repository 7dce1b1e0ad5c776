"""A registry folder is checked before anything is built on it."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.errors import ColumnsMissing, FolderProblem
from connectors.registry_folder import REGISTRY_REQUIRED, registry_folder
from matching.schemas import ENTRY


def entries(**columns: Any) -> pa.Table:
    """Two made-up entries."""
    table = {
        "personal_id": ["001099000001", "079199000002"],
        "full_name": ["TRẦN VĂN AN", "LÊ THỊ MAI"],
        "birth_date": [date(1999, 1, 1), date(1999, 2, 3)],
        "gender": ["M", "F"],
        "birth_province": ["001", "079"],
        "residence_province": ["01", "79"],
        "residence_commune": ["00004", "26734"],
        "former_ids": [["012345678"], []],
        "father_id": pa.nulls(2),
        "more": [1, 2],
    }
    return pa.table({name: values for name, values in (table | columns).items() if values is not None})


def test_parts_are_listed_by_name(tmp_path: Path) -> None:
    for name in ("b.parquet", "a.parquet"):
        pq.write_table(entries(), tmp_path / name)
    (tmp_path / "MANIFEST.json").write_text("{}")
    assert registry_folder(tmp_path) == [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    assert registry_folder(tmp_path / "b.parquet") == [tmp_path / "b.parquet"]


def test_an_empty_part_of_the_schema_is_fine(tmp_path: Path) -> None:
    pq.write_table(ENTRY.empty_table(), tmp_path / "a.parquet")
    assert len(registry_folder(tmp_path)) == 1


def test_missing_columns_are_named_for_all_parts(tmp_path: Path) -> None:
    pq.write_table(entries(gender=None), tmp_path / "a.parquet")
    pq.write_table(entries(birth_date=None, full_name=None), tmp_path / "b.parquet")
    with pytest.raises(ColumnsMissing) as refused:
        registry_folder(tmp_path)
    assert refused.value.columns == {"a.parquet": ("gender",), "b.parquet": ("full_name", "birth_date")}


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ({"personal_id": [1099000001, 79199000002]}, "personal_id is int64"),
        (
            {"personal_id": ["1099000001", "079199000002"]},
            "1 of the first 2 personal_id have not 12 characters",
        ),
        ({"personal_id": [None, "079199000002"]}, "1 of the first 2"),
        ({"birth_date": ["1999-01-01", "1999"]}, "birth_date is string"),
        ({"former_ids": ["012345678", ""]}, "former_ids is string"),
        ({"former_ids": [[12345678], []]}, "former_ids is list"),
        ({"residence_province": [1, 79]}, "residence_province is int64"),
    ],
    ids=["number", "short", "null", "date", "no list", "list of numbers", "code"],
)
def test_types_that_lost_something_are_refused(tmp_path: Path, columns: dict[str, Any], what: str) -> None:
    pq.write_table(entries(**columns), tmp_path / "a.parquet")
    with pytest.raises(FolderProblem, match=what) as refused:
        registry_folder(tmp_path)
    assert "1099000001" not in str(refused.value)


def test_a_folder_without_parts_or_with_a_broken_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderProblem, match=r"no \*\.parquet"):
        registry_folder(tmp_path)
    (tmp_path / "a.parquet").write_bytes(b"no")
    with pytest.raises(FolderProblem, match="not a readable Parquet"):
        registry_folder(tmp_path)


def test_every_required_column_belongs_to_an_entry() -> None:
    assert set(REGISTRY_REQUIRED) < set(ENTRY.names)

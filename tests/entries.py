"""Entries of a registry as tests write them by hand, and the index of them."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.registry_index import build_index
from connectors.snapshot import Snapshot
from matching.schemas import ENTRY


def entry(number: str, name: str, born: datetime.date, **known: Any) -> dict[str, Any]:
    """Somebody alive in a commune of Hà Nội, unless it is said otherwise."""
    return {
        "personal_id": number,
        "full_name": name,
        "birth_date": born,
        "birth_precision": "day",
        "gender": "M",
        "birth_province": "001",
        "residence_province": "01",
        "residence_commune": "00004",
        "status": "alive",
    } | known


def registry_of(people: Sequence[dict[str, Any]], folder: Path) -> Snapshot:
    """The index of a registry folder that holds these entries, both in a folder of the test's own."""
    extract = folder / "registry"
    extract.mkdir()
    pq.write_table(pa.Table.from_pylist(list(people), schema=ENTRY), extract / "part-0.parquet")
    return Snapshot(build_index(extract, folder / "index"))

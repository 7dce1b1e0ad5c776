"""The list of conflicts beside the report: links that stand although the run would not make them, IDs masked."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from connectors.conflicts import read_conflicts
from connectors.files_out import write_csv
from connectors.schema import is_prepared
from pipelines.texts import Texts, texts
from reporting.cells import masked
from reporting.texts import texts as reporting_texts

COLUMNS = (
    "province",
    "kind",
    "record_id",
    "cause",
    "held_id",
    "proposed_id",
    "reason",
    "open_since_run",
    "open_since",
)
"""Columns of the list, in their order."""


def write_conflicts(
    out: Path, engine: sa.Engine, kinds: Sequence[str], provinces: Sequence[str], language: str
) -> Path:
    """Write `conflicts.csv` into the folder of a run's report, with what stands now; no file holds a whole ID.

    Args:
        out: The folder.
        engine: The education database.
        kinds: Of the run.
        provinces: Of the run.
        language: vi or en.
    """
    rows = read_conflicts(engine, kinds, provinces).to_pylist() if is_prepared(engine) else []
    text, path = texts(language), out / "conflicts.csv"
    shown = [_shown(row, text, language) for row in rows]
    headings = [text(f"conflicts.{name}") for name in COLUMNS]
    columns = [pa.array([row[name] for row in shown], pa.string()) for name in COLUMNS]
    write_csv(pa.table(columns, names=headings), path)
    return path


def _shown(row: dict[str, str | None], text: Texts, language: str) -> dict[str, str | None]:
    return {
        **row,
        "kind": text(f"kinds.{row['kind']}"),
        "cause": text(f"conflict.{row['cause']}"),
        "reason": reporting_texts(language).label("reason", row["reason"]),
        "held_id": masked(row["held_id"]),
        "proposed_id": masked(row["proposed_id"]),
    }

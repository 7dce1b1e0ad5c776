"""What the files of a linkage hold of one record: those of `identity-sync link`, or what a run keeps of its partitions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from connectors.education_records import raw_records
from connectors.errors import FolderProblem
from connectors.files import read_education_folder
from connectors.registry_folder import registry_folder
from matching.schemas import ENTRY, KINDS
from pipelines.errors import RecordAmbiguous, RecordUnknown, RunUnknown
from pipelines.kept_weights import lines_of
from reporting.explanation import CaseRows

Rows = list[dict[str, Any]]


def rows_in_folder(
    results: Path, record: str, kind: str | None, education: Path | None = None, registry: Path | None = None
) -> CaseRows:
    """A record in the results of `identity-sync link`.

    Args:
        results: The folder that it wrote.
        record: The record's ID.
        kind: Of the record; None where the ID alone will do.
        education: The folder that was linked, to see what was typed.
        registry: The extract that it was linked to, to see the people behind the numbers.

    Raises:
        FolderProblem: There are no results.
        RecordUnknown: There is no such record in them.
        RecordAmbiguous: Records of several kinds have that ID.
    """
    if not (results / "decisions.parquet").is_file():
        raise FolderProblem(
            results, "holds no decisions.parquet", "Give the folder that identity-sync link wrote."
        )
    decision = _the_one(_rows(results / "decisions.parquet", record, kind), record, results.name)
    typed = _typed(education, record, decision["kind"]) if education else []
    return _case_rows(results, decision, typed, registry)


def rows_in_run(run: Path, record: str, kind: str | None, registry: Path | None = None) -> CaseRows:
    """A record in what a run keeps.

    Args:
        run: The run's folder.
        record: The record's ID.
        kind: Of the record; None where the ID alone will do.
        registry: A registry extract, to see the people behind the numbers.

    Raises:
        RunUnknown: The run keeps nothing, or no longer.
        RecordUnknown: No partition of the run has decided on such a record.
        RecordAmbiguous: Records of several kinds have that ID.
    """
    if not run.is_dir():
        raise RunUnknown(run.name)
    parts = sorted(
        path.parent for path in run.glob("*/*/decisions.parquet") if kind in {None, path.parent.name}
    )
    found = {part: _rows(part / "decisions.parquet", record, kind) for part in parts}
    decision = _the_one([row for rows in found.values() for row in rows], record, run.name)
    part = next(part for part, rows in found.items() if rows)
    return _case_rows(part, decision, _rows(part / "raw.parquet", record, decision["kind"]), registry)


def _the_one(decisions: Rows, record: str, where: str) -> dict[str, Any]:
    if not decisions:
        raise RecordUnknown(record, where)
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in decisions)]
    if len(kinds) > 1:
        raise RecordAmbiguous(record, kinds)
    return decisions[0]


def _case_rows(folder: Path, decision: dict[str, Any], typed: Rows, registry: Path | None) -> CaseRows:
    record, kind = decision["record_id"], decision["kind"]
    candidates, weights = (
        _rows(folder / "candidates.parquet", record, kind),
        lines_of(folder, _wanted(record, kind)),
    )
    named = {decision["personal_id"], decision["candidate_id"]} - {None}
    named |= {row["personal_id"] for row in candidates + weights}
    entries = _entries(registry, sorted(named)) if registry and named else []
    return CaseRows(decision, typed[0] if typed else None, candidates, weights, entries)


def _rows(path: Path, record: str, kind: str | None) -> Rows:
    """The rows of a record in a file; none where there is no file."""
    if not path.is_file():
        return []
    rows: Rows = pq.read_table(path, filters=_wanted(record, kind), partitioning=None).to_pylist()
    return rows


def _wanted(record: str, kind: str | None) -> list[tuple[str, str, str]]:
    return [("record_id", "=", record), *([("kind", "=", kind)] if kind else [])]


def _typed(folder: Path, record: str, kind: str) -> Rows:
    records = raw_records(read_education_folder(folder), [kind])
    rows: Rows = records.filter(pc.equal(records["record_id"], record)).to_pylist()
    return rows


def _entries(folder: Path, numbers: Sequence[str]) -> Rows:
    extract = ds.dataset([str(part) for part in registry_folder(folder)], format="parquet")
    columns = [name for name in ENTRY.names if name in extract.schema.names]
    wanted = ds.field("personal_id").isin(pa.array(numbers, pa.string()))
    rows: Rows = extract.to_table(columns=columns, filter=wanted).to_pylist()
    return rows

"""Linkage on folders alone: no database, no service, no Prefect. What benchmarks and cluster jobs call, and what an officer uses on files."""

import datetime
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from connectors.education_records import families, raw_records
from connectors.registry_index import build_index
from connectors.files import read_education_folder
from connectors.files_out import write_parquet
from connectors.snapshot import Snapshot
from matching import model
from matching.cascade import LinkSettings
from matching.linkage import Linkage, link_sector
from matching.normalise.records import normalise_records
from matching.schemas import KINDS

Progress = Callable[[str, int, int], None]
"""Called with what is being done, done, to do."""


@dataclass(frozen=True)
class LinkedFolders:
    """Where the results lie, and what they count up to."""

    decisions: Path
    candidates: Path
    rejects: Path
    counts: dict[str, dict[str, int]]
    """Kind → outcome → records."""


def link_folders(
    education: Path,
    registry: Path,
    out: Path,
    *,
    memory: str = "1500MB",
    settings: LinkSettings | None = None,
    as_of: datetime.date,
    run: str,
    progress: Progress = lambda *_: None,
) -> LinkedFolders:
    """Decide on every record of an education folder against a registry folder.

    Args:
        education: folder of CSV or Parquet (matching.schemas.EDUCATION_TABLES).
        registry: folder of Parquet parts (matching.schemas.ENTRY).
        out: where decisions.parquet, candidates.parquet and rejects.parquet go.
        memory: DuckDB's memory limit.
        settings: target and thresholds.
        as_of: the day to which ages and two-digit years are reckoned.
        run: the run's name, printed in every decision.
        progress: told what is being done.

    Raises:
        ConnectorError: a folder can't be used; says what is missing.
    """
    tables = read_education_folder(education, KINDS)
    progress("read", sum(len(table) for table in (tables.students, tables.teachers, tables.guardians)), 0)
    records, rejects = normalise_records(raw_records(tables), as_of)
    out.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".work-", dir=out))
    try:
        snapshot = Snapshot(build_index(registry, work, memory=memory, progress=progress), as_of.isoformat())
        linkages = link_sector(
            _by_kind(records), families(tables), snapshot, model.load(), snapshot.frequencies(),
            settings or LinkSettings(), run, progress,
        )  # fmt: skip
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return _written(out, linkages, pa.concat_tables([tables.rejects, rejects]))


def _by_kind(records: pa.Table) -> dict[str, pa.Table]:
    return {kind: records.filter(pc.equal(records["kind"], kind)).combine_chunks() for kind in KINDS}


def _written(out: Path, linkages: dict[str, Linkage], rejects: pa.Table) -> LinkedFolders:
    decisions = pa.concat_tables([linkage.decisions for linkage in linkages.values()])
    candidates = pa.concat_tables([linkage.candidates for linkage in linkages.values()])
    paths = {name: out / f"{name}.parquet" for name in ("decisions", "candidates", "rejects")}
    for name, table in (("decisions", decisions), ("candidates", candidates), ("rejects", rejects)):
        write_parquet(table, paths[name])
    return LinkedFolders(
        **paths, counts={kind: _counts(linkage.decisions) for kind, linkage in linkages.items()}
    )


def _counts(decisions: pa.Table) -> dict[str, int]:
    counted = decisions.group_by("outcome").aggregate([("outcome", "count")])
    return dict(zip(counted["outcome"].to_pylist(), counted["outcome_count"].to_pylist(), strict=True))

"""Linkage on folders alone: no database, no service, no Prefect. What benchmarks and cluster jobs call, and what an officer uses on files.

A folder that holds more than memory should is given in parts, `province=01`, `province=02`, …, each an education folder of its own: they are
linked one after the other against the same index, and a run that was killed goes on with the first part that isn't done.
"""

import datetime
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from connectors.education_records import families, raw_records
from connectors.files import check_education_folder, read_education_folder
from connectors.files_out import write_parquet
from connectors.registry_index import BuiltIndex, build_index, built_index, is_index
from connectors.snapshot import Snapshot
from matching import model
from matching.cascade import LinkSettings
from matching.compiled import sources_digest
from matching.linkage import Linkage, Terms
from matching.normalise.records import normalise_records
from matching.profile import Profile
from matching.profile import profile as profile_named
from matching.schemas import KINDS
from matching.sector import link_sector

Progress = Callable[[str, int, int], None]
"""Called with what is being done, done, to do."""

Counts = dict[str, dict[str, int]]
"""Kind → outcome → records."""

PART = "province="
"""How the folder of a part begins."""

TABLES = ("decisions", "candidates", "rejects", "weights")
DONE = "counts.json"
"""Written last in the folder of each part."""


@dataclass(frozen=True)
class LinkedFolders:
    """Where the results lie, and what they count up to; of an education folder in parts, `out` has a folder for each."""

    out: Path
    parts: tuple[str, ...]
    """Names of the parts; empty where the folder is whole."""
    counts: Counts

    @property
    def decisions(self) -> Path:
        """The decisions of a folder that is whole, else the folder of all parts."""
        return self.out if self.parts else self.out / "decisions.parquet"

    @property
    def candidates(self) -> Path:
        """The candidates, likewise."""
        return self.out if self.parts else self.out / "candidates.parquet"

    @property
    def rejects(self) -> Path:
        """The rejects, likewise."""
        return self.out if self.parts else self.out / "rejects.parquet"


@dataclass(frozen=True)
class _Job:
    """What is the same for all parts."""

    registry: Snapshot
    state: str
    """Which state of the registry it is."""
    kinds: tuple[str, ...]
    """Kinds of record that must be there: all that schools have; of other people any."""
    settings: LinkSettings
    as_of: datetime.date
    run: str
    progress: Progress


def link_folders(  # noqa: PLR0913 (what a run may be told; nothing in it belongs together)
    education: Path,
    registry: Path,
    out: Path,
    *,
    index: Path | None = None,
    profile: str = "vietnam",
    memory: str = "1500MB",
    settings: LinkSettings | None = None,
    as_of: datetime.date,
    run: str,
    progress: Progress = lambda *_: None,
) -> LinkedFolders:
    """Decide on every record of an education folder against a registry folder.

    Args:
        education: folder of CSV or Parquet (matching.schemas.EDUCATION_TABLES), or of parts `province=…`.
        registry: folder of Parquet parts (matching.schemas.ENTRY), or an index made of one.
        out: where decisions.parquet, candidates.parquet, rejects.parquet and weights.parquet go.
        index: where the index of the registry is kept for the next run; without, it is deleted after this one.
        profile: whose names they are (matching.profile).
        memory: DuckDB's memory limit while an index is built.
        settings: target and thresholds.
        as_of: the day to which ages and two-digit years are reckoned.
        run: the run's name, printed in every decision.
        progress: told what is being done.

    Raises:
        ConnectorError: a folder can't be used; says what is missing.
    """
    whole = profile_named(profile)
    needed = KINDS if whole.regions else ()
    parts = parts_of(education)
    out.mkdir(parents=True, exist_ok=True)
    for part in parts or (education,):
        check_education_folder(part, needed)
    with _index(registry, index, out, whole, memory, progress) as built:
        snapshot = Snapshot(built, as_of.isoformat())
        job = _Job(snapshot, built.state, needed, settings or LinkSettings(), as_of, run, progress)
        if not parts:
            return LinkedFolders(out, (), _linked(job, education, out))
        counts = [_linked_once(job, part, out / part.name) for part in parts]
    return LinkedFolders(out, tuple(part.name for part in parts), _summed(counts))


def parts_of(education: Path) -> tuple[Path, ...]:
    """The parts of an education folder, by name; empty where it is whole."""
    if not education.is_dir():
        return ()
    return tuple(sorted(path for path in education.iterdir() if path.is_dir() and path.name.startswith(PART)))


@contextmanager
def _index(
    registry: Path, index: Path | None, out: Path, profile: Profile, memory: str, progress: Progress
) -> Iterator[BuiltIndex]:
    """The index that was given, or is kept, or is built for this run alone."""
    if is_index(registry):
        yield built_index(registry)
        return
    if index is not None:
        yield build_index(registry, index, profile, memory, progress)
        return
    work = Path(tempfile.mkdtemp(prefix=".work-", dir=out))
    try:
        yield build_index(registry, work, profile, memory, progress)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _linked_once(job: _Job, education: Path, out: Path) -> Counts:
    """A part that was decided on from the same files, index and settings stays as it is."""
    mark, basis = out / DONE, _basis(job, education)
    if mark.exists():
        known = json.loads(mark.read_text(encoding="utf-8"))
        if known["of"] == basis:
            counts: Counts = known["counts"]
            return counts
    out.mkdir(exist_ok=True)
    counts = _linked(job, education, out)
    partial = mark.with_suffix(".part")
    partial.write_text(json.dumps({"of": basis, "counts": counts}), encoding="utf-8")
    partial.replace(mark)
    return counts


def _basis(job: _Job, education: Path) -> str:
    """A hash of everything that the decisions on a part follow from."""
    files = [
        (path.name, path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(education.rglob("*"))
        if path.is_file()
    ]
    facts = (files, job.state, job.kinds, job.settings, job.as_of, sources_digest())
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _linked(job: _Job, education: Path, out: Path) -> Counts:
    """Decide on the records of one folder, and write what was decided."""
    tables = read_education_folder(education, job.kinds)
    job.progress("read", sum(len(table) for table in (tables.students, tables.teachers, tables.guardians)), 0)
    profile = job.registry.profile
    records, rejects = normalise_records(raw_records(tables), job.as_of, profile)
    linkages = link_sector(_by_kind(records), families(tables), _terms(job))
    return _written(out, linkages, pa.concat_tables([tables.rejects, rejects]))


def _terms(job: _Job) -> dict[str, Terms]:
    known, stored = job.registry.frequencies(), model.load(profile=job.registry.profile.name)
    return {
        kind: Terms(job.registry, stored[kind], known, job.settings, job.run, job.progress) for kind in KINDS
    }


def _by_kind(records: pa.Table) -> dict[str, pa.Table]:
    return {kind: records.filter(pc.equal(records["kind"], kind)).combine_chunks() for kind in KINDS}


def _written(out: Path, linkages: dict[str, Linkage], rejects: pa.Table) -> Counts:
    for name in TABLES:
        table = (
            rejects
            if name == "rejects"
            else pa.concat_tables([getattr(linkage, name) for linkage in linkages.values()])
        )
        write_parquet(table, out / f"{name}.parquet")
    return {kind: _counts(linkage.decisions) for kind, linkage in linkages.items()}


def _counts(decisions: pa.Table) -> dict[str, int]:
    counted = decisions.group_by("outcome").aggregate([("outcome", "count")])
    return dict(zip(counted["outcome"].to_pylist(), counted["outcome_count"].to_pylist(), strict=True))


def _summed(counts: Sequence[Counts]) -> Counts:
    total: Counts = {kind: {} for kind in KINDS}
    for part in counts:
        for kind, outcomes in part.items():
            for outcome, count in outcomes.items():
                total[kind][outcome] = total[kind].get(outcome, 0) + count
    return total

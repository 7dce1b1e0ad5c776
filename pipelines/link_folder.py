"""Linkage on folders alone: no database, no service, no Prefect. What benchmarks and cluster jobs call, and what an officer uses on files.

A folder that holds more than memory should is given in parts, `province=01`, `province=02`, …, each an education folder of its own: they are
linked against the same index, as many side by side as the engine does, and a run that was killed goes on with the parts that aren't done.
"""

import datetime
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from connectors.education_records import families, raw_records
from connectors.files import EducationFolder, check_education_folder, read_education_folder
from connectors.files_out import remove_unfinished, whole_file
from connectors.fingerprints import prints_of
from connectors.registry_changes import touched
from connectors.registry_index import BuiltIndex, build_index, built_index, is_index
from connectors.snapshot import Snapshot
from matching.engines.engine import Engine
from matching.engines.local import HERE
from matching.found import LinkSettings
from matching.normalise.records import normalise_with_habits
from matching.profile import Profile
from matching.profile import profile as profile_named
from matching.schemas import KINDS
from matching.sector import link_sector
from pipelines.folder_job import Counts, Done, Job, Progress, by_kind, terms_of, together, untold, written
from pipelines.kept_linkage import FOLDER as KEPT
from pipelines.kept_linkage import KeptLinkage, kept_basis, kept_linkage
from pipelines.kept_weights import write_whole
from pipelines.link_changes import Previous, link_changes

PART = "province="
"""How the folder of a part begins."""

DONE = "counts.json"
"""Written last in the folder of each part."""


@dataclass(frozen=True)
class LinkedFolders:
    """Where the results lie, and what they count up to; of an education folder in parts, `out` has a folder for each."""

    out: Path
    parts: tuple[str, ...]
    """Names of the parts; empty where the folder is whole."""
    counts: Counts
    kept: int | None = None
    """Decisions of the results before that still hold; None where all records were decided on."""

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


def link_folders(  # noqa: PLR0913 (what a run may be told; nothing in it belongs together)
    education: Path,
    registry: Path,
    out: Path,
    *,
    index: Path | None = None,
    previous: Path | None = None,
    profile: str = "vietnam",
    memory: str = "1500MB",
    settings: LinkSettings | None = None,
    as_of: datetime.date,
    run: str,
    progress: Progress = untold,
    engine: Engine = HERE,
) -> LinkedFolders:
    """Decide on every record of an education folder against a registry folder.

    Args:
        education: folder of CSV or Parquet (matching.schemas.EDUCATION_TABLES), or of parts `province=…`.
        registry: folder of Parquet parts (matching.schemas.ENTRY), or an index made of one.
        out: where decisions.parquet, candidates.parquet, rejects.parquet and weights.parquet go.
        index: where the index of the registry is kept for the next run; without, it is deleted after this one.
        previous: results of an earlier run: what changes of records and registry don't concern keeps its decision (`out` will do).
        profile: whose names they are (matching.profile).
        memory: DuckDB's memory limit while an index is built.
        settings: target and thresholds.
        as_of: the day to which ages and two-digit years are reckoned.
        run: the run's name, printed in every decision.
        progress: told what is being done.
        engine: what runs it; one of a cluster links each part on another machine.

    Raises:
        ConnectorError: a folder can't be used; says what is missing.
    """
    whole = profile_named(profile)
    needed = KINDS if whole.regions else ()
    parts = parts_of(education)
    out.mkdir(parents=True, exist_ok=True)
    for part in parts or (education,):
        check_education_folder(part, needed)
    if previous is not None and not parts:
        kept_basis(previous)
    with _index(
        registry.resolve(), index and index.resolve(), out.resolve(), whole, memory, progress
    ) as built:
        snapshot = Snapshot(built, as_of.isoformat())
        since = partial(touched, built.folder.parent)
        job = Job(
            snapshot, built.state, needed, settings or LinkSettings(), as_of, run, progress, since, engine
        )
        if not parts:
            linked = LinkedFolders(out, (), *_linked(job, education, out, previous))
            _swept(out)
            return linked
        units = [_Part.of(part, out, previous) for part in parts]
        done = engine.each(partial(_linked_once, job), units, partial(progress, "parts"))
    for unit in units:
        _swept(unit.out)
    kept = [of for _, of in done if of is not None]
    counts = _summed([of for of, _ in done])
    return LinkedFolders(out, tuple(part.name for part in parts), counts, sum(kept) if kept else None)


def _swept(out: Path) -> None:
    """Only once all is done: a part may be under way on two machines at once."""
    for folder in (out, out / KEPT):
        remove_unfinished(folder)


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


@dataclass(frozen=True)
class _Part:
    """A part of an education folder: one unit of work."""

    education: Path
    out: Path
    previous: Path | None

    @classmethod
    def of(cls, education: Path, out: Path, previous: Path | None) -> "_Part":
        """Under names that hold wherever the unit is done."""
        name = education.name
        return cls(education.resolve(), (out / name).resolve(), previous and (previous / name).resolve())


def _linked_once(job: Job, part: _Part) -> Done:
    """A part that was decided on from the same files, index and settings stays as it is."""
    education, out, previous = part.education, part.out, part.previous
    mark, basis = out / DONE, _basis(job, education)
    if mark.exists():
        known = json.loads(mark.read_text(encoding="utf-8"))
        if known["of"] == basis:
            return known["counts"], known["kept"]
    out.mkdir(exist_ok=True)
    # a part that is new has nothing to go on from
    counts, kept = _linked(job, education, out, previous if previous and previous.is_dir() else None)
    with whole_file(mark) as file:
        file.write(json.dumps({"of": basis, "counts": counts, "kept": kept}).encode())
    return counts, kept


def _basis(job: Job, education: Path) -> str:
    """A hash of everything that the decisions on a part follow from."""
    files = [
        (path.name, path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(education.rglob("*"))
        if path.is_file()
    ]
    facts = (files, job.state, job.basis, job.as_of)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _linked(job: Job, education: Path, out: Path, previous: Path | None) -> Done:
    """Decide on the records of one folder, or on what changed in it, and write what was decided."""
    if previous is not None and kept_basis(previous) == job.basis:
        before = kept_linkage(previous)
        changes = job.touched(before.registry)
        if changes is not None:
            return link_changes(job, _read(job, education), out, Previous(before, previous, changes))
    return _linked_all(job, _read(job, education), out), None


def _read(job: Job, education: Path) -> EducationFolder:
    tables = read_education_folder(education, job.kinds)
    job.progress("read", sum(len(table) for table in (tables.students, tables.teachers, tables.guardians)), 0)
    return tables


def _linked_all(job: Job, tables: EducationFolder, out: Path) -> Counts:
    raw, of, rejects = raw_records(tables), families(tables), tables.rejects
    # what was read is a kilobyte a record, and needed no more once it is normalised
    del tables
    read = normalise_with_habits(raw, job.as_of, job.registry.profile)
    prints = prints_of(raw)
    del raw
    terms = terms_of(job)
    linkages = link_sector(by_kind(read.records), of, terms)
    write_whole(out, together(linkages, "weights"))
    counts = written(out, linkages, pa.concat_tables([rejects, read.rejects]))
    models = {
        kind: linkage.facts.model if linkage.facts else terms[kind].model
        for kind, linkage in linkages.items()
    }
    kept = KeptLinkage(job.basis, job.state, read.records, prints, of, read.habits, models)
    kept.write(out)
    return counts


def _summed(counts: Sequence[Counts]) -> Counts:
    total: Counts = {kind: {} for kind in KINDS}
    for part in counts:
        for kind, outcomes in part.items():
            for outcome, count in outcomes.items():
                total[kind][outcome] = total[kind].get(outcome, 0) + count
    return total

"""What all parts of a linkage of folders have in common, and how their results are written."""

import datetime
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.files_out import write_parquet
from connectors.fingerprints import SCHEME
from connectors.registry_changes import Touched
from connectors.snapshot import Snapshot
from matching import model
from matching.compiled import sources_digest
from matching.engines.engine import Engine
from matching.engines.local import HERE
from matching.found import LinkSettings
from matching.linkage import Linkage, Terms
from matching.schemas import KINDS

Progress = Callable[[str, int, int], None]
"""Called with what is being done, done, to do."""


def untold(*_: object) -> None:
    """Progress that nobody looks at."""


Counts = dict[str, dict[str, int]]
"""Kind → outcome → records."""

Done = tuple[Counts, int | None]
"""Counts, and how many decisions of before still hold (None where all records were decided on)."""

TABLES = ("decisions", "candidates", "rejects", "weights")


@dataclass(frozen=True)
class Job:
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
    touched: Callable[[str], Touched | None]
    """What changed in the registry since a state; None when nobody can tell."""
    engine: Engine = HERE
    """What runs it."""

    def __getstate__(self) -> dict[str, object]:
        # on another machine there is nobody to tell
        return self.__dict__ | {"progress": untold}

    @property
    def basis(self) -> str:
        """Names what all decisions follow from beside the records, the registry and the day."""
        facts = (self.kinds, self.registry.profile.name, self.settings, sources_digest(), SCHEME)
        return hashlib.sha256(repr(facts).encode()).hexdigest()


def terms_of(job: Job) -> dict[str, Terms]:
    """Kind → what its records are decided by."""
    known, stored = job.registry.frequencies(), model.load(profile=job.registry.profile.name)
    return {
        kind: Terms(job.registry, stored[kind], known, job.settings, job.run, job.progress, engine=job.engine)
        for kind in KINDS
    }


def by_kind(records: pa.Table) -> dict[str, pa.Table]:
    """Kind → its records."""
    return {kind: of_kind(records, kind).combine_chunks() for kind in KINDS}


def of_kind(table: pa.Table, kind: str) -> pa.Table:
    """The rows of a kind; where they stand together, as records and results do, nothing is copied."""
    is_theirs = pc.equal(table["kind"], kind)
    theirs = np.flatnonzero(is_theirs.to_numpy())
    if len(theirs) and theirs[-1] - theirs[0] < len(theirs):
        return table.slice(theirs[0], len(theirs))
    return table.filter(is_theirs)


def written(out: Path, linkages: dict[str, Linkage], rejects: pa.Table) -> Counts:
    """Write the tables of results but the weights."""
    for name in ("decisions", "candidates"):
        write_parquet(together(linkages, name), out / f"{name}.parquet")
    write_parquet(rejects, out / "rejects.parquet")
    return {kind: _counts(linkage.decisions) for kind, linkage in linkages.items()}


def together(linkages: dict[str, Linkage], name: str) -> pa.Table:
    """A table of all kinds."""
    return pa.concat_tables([getattr(linkage, name) for linkage in linkages.values()])


def _counts(decisions: pa.Table) -> dict[str, int]:
    counted = decisions.group_by("outcome").aggregate([("outcome", "count")])
    return dict(zip(counted["outcome"].to_pylist(), counted["outcome_count"].to_pylist(), strict=True))

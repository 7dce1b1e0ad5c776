"""Each stage's tables as Parquet under `runs/<run>/<province>/<kind>/`, so that a run can be resumed and audited.

A stage is done when its manifest is there, and the manifest is written last. Files are for their owner only: they hold
people.
"""

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.files_out import whole_file, write_parquet
from pipelines.errors import CheckpointDamaged, RunBusy

_BLOCK = 2**20
_UNFINISHED = ".*.part"
_HALF_WRITTEN_SECONDS = 3600
"""No file of ours takes as long to be written."""


@dataclass(frozen=True)
class Checkpoint:
    """What is kept of one partition, or of one province, of a run."""

    folder: Path

    def done(self, stage: str) -> bool:
        """Whether the stage was finished, by this run or before it was resumed."""
        return self._manifest(stage).is_file()

    def keep(
        self, stage: str, tables: Mapping[str, pa.Table], facts: Mapping[str, Any] | None = None
    ) -> None:
        """Keep the tables and facts of a finished stage.

        Args:
            stage: Its name.
            tables: Name, unique in the partition, → table.
            facts: Counts and settings; written as JSON.
        """
        owners_folder(self.folder)
        kept = {}
        for name, table in tables.items():
            write_parquet(table, self.path(name))
            kept[name] = {"rows": table.num_rows, "sha256": _digest(self.path(name))}
        manifest = {"tables": kept, "facts": dict(facts or {})}
        with whole_file(self._manifest(stage)) as stream:
            stream.write(json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).encode())

    def path(self, table: str) -> Path:
        """Where a table lies."""
        return self.folder / f"{table}.parquet"

    def table(self, stage: str, name: str) -> pa.Table:
        """A table of a finished stage.

        Raises:
            CheckpointDamaged: The file isn't what the manifest says.
        """
        entry = self._read(stage)["tables"].get(name)
        path = self.path(name)
        if entry is None or not path.is_file():
            raise CheckpointDamaged(self._shown(path), "is missing")
        if _digest(path) != entry["sha256"]:
            raise CheckpointDamaged(self._shown(path), "was changed after it was written")
        return pq.read_table(path, partitioning=None)

    def facts(self, stage: str) -> dict[str, Any]:
        """The facts of a finished stage."""
        return dict(self._read(stage)["facts"])

    def forget(self, stage: str) -> None:
        """A stage that must be done again."""
        self._manifest(stage).unlink(missing_ok=True)

    def _read(self, stage: str) -> dict[str, Any]:
        path = self._manifest(stage)
        try:
            manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise CheckpointDamaged(self._shown(path), "can't be read") from None
        return manifest

    def _manifest(self, stage: str) -> Path:
        return self.folder / f"{stage}.json"

    def _shown(self, path: Path) -> str:
        return "/".join(path.parts[-4:])


def owners_folder(folder: Path) -> Path:
    """Make a folder, and those above it that are missing, for their owner only."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def run_held(folder: Path, run: str) -> Iterator[None]:
    """Hold a run's folder against another process that would resume the same run; the hold dies with the process.

    Raises:
        RunBusy: Another process has it.
    """
    owners_folder(folder)
    handle = os.open(folder / ".held", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunBusy(run) from None
        yield
    finally:
        os.close(handle)


def remove_unfinished(home: Path, folders: Iterable[Path]) -> None:
    """Delete files that were begun by a process that was killed: they hold people, and nobody reads them again.

    Args:
        home: Beside whose own files another run may be writing at this moment: there only old ones go.
        folders: Those of a run that is held.
    """
    limit = time.time() - _HALF_WRITTEN_SECONDS
    shared = (path for folder in (home, home / "audit") for path in folder.glob(_UNFINISHED))
    old = [path for path in shared if path.stat().st_mtime < limit]
    for path in [*old, *[path for folder in folders for path in folder.rglob(_UNFINISHED)]]:
        path.unlink(missing_ok=True)


def expired_runs(runs: Path, now: datetime, keep_days: int) -> list[Path]:
    """Folders of runs in which nothing was written for so many days, oldest first."""
    if not runs.is_dir():
        return []
    limit = (now - timedelta(days=keep_days)).timestamp()
    return [folder for folder in sorted(runs.iterdir()) if folder.is_dir() and _last_written(folder) < limit]


def _last_written(folder: Path) -> float:
    return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))


def remove_runs(folders: list[Path]) -> None:
    """Delete folders of runs."""
    for folder in folders:
        shutil.rmtree(folder)


def _digest(path: Path) -> str:
    seen = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            seen.update(block)
    return seen.hexdigest()

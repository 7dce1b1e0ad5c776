"""A registry extract made ready for search (`matching.index`), once per extract, used again as long as the extract hasn't changed.

DuckDB reads the extract in one stream; only distinct names pass through Python. Everything that grows with the registry is a file of
numbers, written column by column, so that memory stays at some twenty bytes an entry. A build that was killed goes on where it stood.

The files of one state of an index lie in a folder of their own, named after what they were made of; the manifest beside it says which
one counts. So whoever is killed, or reads at the same time, has the old state whole or the new one.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq

from connectors import index_stages
from connectors.array_file import ArrayFile, mapped
from connectors.errors import FolderProblem
from connectors.index_names import read_names, write_names
from connectors.index_stages import (
    COLUMNS,
    NUMBERS,
    SELECT,
    Progress,
    Stage,
    connect,
    later_stages,
    name_positions,
    view,
)
from connectors.registry_folder import registry_folder
from matching.profile import VIETNAM, Profile

FORMAT = 6
"""Raised when the files change their form."""

MANIFEST = "index.json"


@dataclass(frozen=True)
class BuiltIndex:
    """An index on disk."""

    folder: Path
    """Where the files of its present state lie."""
    entries: int
    source: str
    """The extract's name."""
    profile: str
    state: str
    """Names what it was made of: equal state, equal content."""


@dataclass(frozen=True)
class Manifest:
    """What is known of an index as a whole."""

    entries: int
    source: str
    profile: str
    extract: str
    """Fingerprint of the extract it began with."""
    states: tuple[str, ...]
    """Built, then merged, the present one last."""
    merged: tuple[str, ...] = ()
    """Fingerprints of the files of changes that went in."""


def is_index(folder: Path) -> bool:
    """Whether a folder holds a finished index."""
    return (folder / MANIFEST).is_file()


def built_index(folder: Path) -> BuiltIndex:
    """An index that was built before.

    Raises:
        FolderProblem: there is none, or of another form.
    """
    known = manifest(folder)
    return BuiltIndex(
        state_folder(folder, known.states[-1]), known.entries, known.source, known.profile, known.states[-1]
    )


def manifest(folder: Path) -> Manifest:
    """What is known of an index.

    Raises:
        FolderProblem: there is none, or of another form.
    """
    try:
        facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if facts.pop("format") != FORMAT:
            raise FolderProblem(
                folder,
                "is an index of another version of this program",
                "Build it again: identity-sync index.",
            )
        return Manifest(**{**facts, "states": tuple(facts["states"]), "merged": tuple(facts["merged"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FolderProblem(folder, "is no finished index", "Build it: identity-sync index.") from error


def build_index(
    folder: Path,
    work: Path,
    profile: Profile = VIETNAM,
    memory: str = "4GB",
    progress: Progress = lambda *_: None,
) -> BuiltIndex:
    """Make an extract ready, or find that it is; changes that were merged into it since are kept.

    Args:
        folder: registry folder of Parquet parts, columns of ENTRY; other columns are ignored.
        work: where the index goes (personal data: keep it as private as the extract).
        profile: whose names they are.
        memory: DuckDB's memory limit.
        progress: told what is being done.

    Raises:
        FolderProblem: the folder is no registry folder, or another process is at work on the index.
    """
    parts = tuple(registry_folder(folder))
    extract = _fingerprint(parts, profile)
    if _is_of(work, extract):
        return built_index(work)
    with held(work):
        building = begin(work, extract)
        first = [
            ("spelt", lambda: _write_spelt(parts, building, memory, folder)),
            ("names", lambda: _write_names(building, profile)),
            ("columns", lambda: _write_columns(parts, building, memory, progress)),
        ]
        last: list[Stage] = [("numbers", lambda: _write_numbers(parts, building, memory))]
        index_stages.run([*first, *later_stages(building), *last], building, progress)
        return finish(work, building, Manifest(0, folder.name, profile.name, extract, (extract,)))


def _fingerprint(parts: tuple[Path, ...], profile: Profile) -> str:
    facts = [(part.name, part.stat().st_size, part.stat().st_mtime_ns) for part in parts]
    return fingerprint(FORMAT, profile.name, facts)


def fingerprint(*facts: object) -> str:
    """A name for what something is made of."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _is_of(work: Path, extract: str) -> bool:
    try:
        return bool(json.loads((work / MANIFEST).read_text(encoding="utf-8")).get("extract") == extract)
    except (OSError, ValueError):
        return False


@contextmanager
def held(work: Path) -> Iterator[None]:
    """Nobody else builds or merges meanwhile.

    Raises:
        FolderProblem: somebody does.
    """
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark = work / "lock"
    mark.touch(mode=0o600)
    with mark.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderProblem(
                work, "is being built by another process", "Wait until it has ended."
            ) from error
        yield


STATE = "state-"


def state_folder(work: Path, state: str) -> Path:
    """Where the files of a state lie."""
    return work / f"{STATE}{state}"


def begin(work: Path, state: str) -> Path:
    """Go on with a state that was begun; whatever else was begun is given up."""
    _remove_states(work, {state} | (set(manifest(work).states[-1:]) if _is_of_this_form(work) else set()))
    building = state_folder(work, state)
    building.mkdir(exist_ok=True, mode=0o700)
    return building


def _is_of_this_form(work: Path) -> bool:
    try:
        manifest(work)
    except FolderProblem:
        return False
    return True


def _remove_states(work: Path, but: set[str]) -> None:
    for folder in work.glob(f"{STATE}*"):
        if folder.name.removeprefix(STATE) not in but:
            shutil.rmtree(folder)


def finish(work: Path, building: Path, made: Manifest) -> BuiltIndex:
    """Let a state count: the manifest is replaced in one step, then the state before it goes."""
    for path in [*building.glob("raw.*"), *building.glob("spill")]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    entries = len(mapped(building, "entries.entry"))
    partial = work / f"{MANIFEST}.part"
    partial.touch(mode=0o600)
    partial.write_text(
        json.dumps({"format": FORMAT} | asdict(replace(made, entries=entries))), encoding="utf-8"
    )
    partial.replace(work / MANIFEST)
    for mark in building.glob("*.done"):
        mark.unlink()
    _remove_states(work, {made.states[-1]})
    return built_index(work)


def _write_spelt(parts: tuple[Path, ...], building: Path, memory: str, folder: Path) -> None:
    """All distinct names as written, and how many have each."""
    path = building / "raw.spelt.parquet"
    path.touch(mode=0o600)
    with connect(memory, building) as con:
        view(con, parts)
        _check_people(con, folder)
        con.sql(
            "SELECT full_name AS raw, count(*) AS people FROM raw WHERE full_name IS NOT NULL GROUP BY ALL ORDER BY ALL"
        ).write_parquet(str(path))


def _write_names(building: Path, profile: Profile) -> None:
    """Each distinct name read once."""
    spelt = pq.read_table(building / "raw.spelt.parquet")
    written, people = spelt["raw"].combine_chunks(), spelt["people"].to_numpy()
    del spelt
    write_names(written, read_names(written, profile), people, profile, building)


def _check_people(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Every number must be twelve digits: it is the answer that is given for a person."""
    ((people, wrong),) = con.sql(
        "SELECT count(*), count(*) FILTER (NOT coalesce(regexp_full_match(personal_id, '[0-9]{12}'), false)) FROM raw"
    ).fetchall()
    if not people:
        raise FolderProblem(
            folder, "holds no entries", "Give the folder of a registry extract with people in it."
        )
    if wrong:
        remedy = "Write them as text of twelve digits, with their zeros."
        raise FolderProblem(folder, f"{wrong} of {people} personal_id are not twelve digits", remedy)


def _write_columns(parts: tuple[Path, ...], building: Path, memory: str, progress: Progress) -> None:
    """The extract as columns of numbers, in the order in which DuckDB reads it."""
    with connect(memory, building) as con, ExitStack() as files:
        view(con, parts)
        name_positions(con, building)
        ((entries,),) = con.sql("SELECT count(*) FROM raw").fetchall()
        columns = {
            name: files.enter_context(ArrayFile(building / f"raw.{name}.npy", np.zeros(0, kind)))
            for name, kind in COLUMNS.items()
        }
        done = 0
        for batch in con.sql(SELECT).to_arrow_reader(1 << 20):
            for name, column in columns.items():
                column.append(batch[name].to_numpy(zero_copy_only=False))
            done += len(batch)
            progress("index.columns", done, entries)


def _write_numbers(parts: tuple[Path, ...], building: Path, memory: str) -> None:
    """Superseded and former numbers."""
    with connect(memory, building) as con:
        view(con, parts)
        found = con.sql(NUMBERS).to_arrow_table()
    index_stages.write_numbers(
        building, *(found[name].to_numpy() for name in ("number", "entry", "found_by"))
    )

"""Changes of a registry merged into an index of it: what the extract held besides them isn't read again.

The result is the index that the changed extract would give. It is made beside the present state, which counts until the new one is whole.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors import index_stages
from connectors.array_file import load, mapped, mapped_texts
from connectors.change_files import read_changes
from connectors.errors import FolderProblem
from connectors.files_out import write_parquet
from connectors.index_names import SPELLING, read_names, write_names
from connectors.index_stages import (
    COLUMNS,
    KEPT,
    NUMBERS,
    SELECT,
    SUPERSEDED,
    Progress,
    Stage,
    connect,
    later_stages,
    name_positions,
    view,
)
from connectors.registry_index import (
    STATE,
    BuiltIndex,
    begin,
    built_index,
    fingerprint,
    finish,
    held,
    manifest,
)
from connectors.snapshot import Snapshot
from matching import index as form
from matching.nametable import Array
from matching.profile import Profile, profile
from matching.schemas import ENTRY


@dataclass(frozen=True, eq=False)
class Touched:
    """What changes touched: a record that is open is worth another try when it may be one of these people."""

    people: pa.Table
    """ENTRY: entries as they were and as they are, and their children."""
    ids: Array
    """int64, sorted: their personal IDs, and all other numbers that lead or led to the entries."""


def merge_changes(
    work: Path, files: Sequence[Path], memory: str = "4GB", progress: Progress = lambda *_: None
) -> BuiltIndex:
    """Merge files of changes into an index; what was merged before isn't again.

    Args:
        work: the index.
        files: Parquet or CSV (`connectors.change_files`), oldest first.
        memory: DuckDB's memory limit.
        progress: told what is being done.

    Raises:
        FolderProblem: no index, a file that can't be used, nobody left, or another process at work on the index.
    """
    with held(work):
        known, old = manifest(work), built_index(work)
        new = {content: file for content, file in _contents(files).items() if content not in known.merged}
        if not new:
            return old
        state = fingerprint(old.state, *new)
        building = begin(work, state)
        index_stages.run(_stages(old, list(new.values()), work, building, memory), building, progress)
        made = replace(known, states=(*known.states, state), merged=(*known.merged, *new))
        return finish(work, building, made)


def _contents(files: Sequence[Path]) -> dict[str, Path]:
    found = {}
    for file in files:
        try:
            with file.open("rb") as content:
                found[hashlib.file_digest(content, "sha256").hexdigest()[:16]] = file
        except OSError as error:
            raise FolderProblem(file, "can't be read", "Give a file of changes.") from error
    return found


def _stages(old: BuiltIndex, files: Sequence[Path], work: Path, building: Path, memory: str) -> list[Stage]:
    before = old.folder
    return [
        ("changes", lambda: _write_changes(before, files, building)),
        ("names", lambda: _write_names(before, building, profile(old.profile))),
        ("columns", lambda: _write_columns(before, building, memory)),
        *later_stages(building),
        ("numbers", lambda: _write_numbers(before, building, memory)),
        ("touched", lambda: _write_touched(work, old, building)),
    ]


def _write_changes(old: Path, files: Sequence[Path], building: Path) -> None:
    """The last word on everybody: who goes (changed entries come back), who comes, and which numbers lead elsewhere."""
    last = _last_words(read_changes(files))
    gone = np.sort(_numbers(last["personal_id"]))
    path = building / "raw.comes.parquet"
    path.touch(mode=0o600)
    comes = last.filter(pc.is_in(last["change"], value_set=pa.array(["new", "changed"])))
    pq.write_table(comes.select(ENTRY.names), path)
    superseded = last.filter(pc.equal(last["change"], "superseded"))
    number, target = _ends(_numbers(superseded["personal_id"]), _numbers(superseded["superseded_by"]))
    stays = ~_held_by(old, gone)
    if not stays.any() and not len(comes):
        raise FolderProblem(
            building.parent, "nobody is left after these changes", "Build the index from an extract."
        )
    facts = {
        "stays": stays,
        "superseded": number,
        "superseded_by": target,
        "touched": np.unique(np.r_[gone, target]),
    }
    for name, array in facts.items():
        form.write_array(building / f"raw.{name}.npy", array)


def _numbers(ids: pa.ChunkedArray) -> Array:
    return np.asarray(ids.combine_chunks().cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64)


def _last_words(changes: pa.Table) -> pa.Table:
    ids = _numbers(changes["personal_id"])
    _, from_end = np.unique(ids[::-1], return_index=True)
    return changes.take(pa.array(np.sort(len(ids) - 1 - from_end)))


def _ends(number: Array, target: Array) -> tuple[Array, Array]:
    """Numbers in order, each with the one that isn't itself superseded; a circle leads to nobody."""
    order = np.argsort(number)
    number, target = number[order], target[order]
    for _ in range(len(number).bit_length() + 1):
        at = np.searchsorted(number, target).clip(max=max(len(number) - 1, 0))
        further = number[at] == target if len(number) else np.zeros(0, bool)
        target = np.where(further, target[at] if len(number) else target, target)
    return number, target


def _held_by(state: Path, ids: Array) -> Array:
    """Which entries have these numbers: bool per entry."""
    entry, by_id = mapped(state, "entries.entry"), mapped(state, "by_id")
    low, high = (np.searchsorted(entry, ids, side=side, sorter=by_id) for side in ("left", "right"))
    found = np.zeros(len(entry), bool)
    found[by_id[_runs(low, high)]] = True
    return found


def _runs(low: Array, high: Array) -> Array:
    """All positions from each low to its high."""
    size = high - low
    return np.asarray(np.arange(size.sum()) + np.repeat(low - np.r_[0, np.cumsum(size)[:-1]], size))


def _write_names(old: Path, building: Path, used: Profile) -> None:
    """Names as written that somebody still has; only those never seen before are read."""
    written, read, people = _merged_names(old, building, used)
    write_names(written, read, people, used, building)


def _merged_names(old: Path, building: Path, used: Profile) -> tuple[pa.Array, pa.Array, Array]:
    """Texts in order, the canonical name of each, and how many have it; where those of before stand now goes to a file."""
    before = pq.read_table(old / "written.parquet", columns=["raw"])["raw"].combine_chunks()
    comes = pq.read_table(building / "raw.comes.parquet", columns=["full_name"])["full_name"]
    comes = comes.combine_chunks().drop_null().dictionary_encode()
    # of the two sides the smaller one is hashed
    found = pc.index_in(before, value_set=comes.dictionary)
    at = np.full(len(comes.dictionary), -1)
    at[found.drop_null().to_numpy()] = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False))
    unseen = np.flatnonzero(at < 0)
    at[unseen] = len(before) + np.arange(len(unseen))
    added = comes.dictionary.take(pa.array(unseen))
    written = pa.concat_arrays([before, added])
    people = _bearers(old, building, at[comes.indices.to_numpy()], len(written))
    order = pc.sort_indices(written).to_numpy()
    order = order[people[order] > 0]
    place = np.full(len(written), -1, np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    form.write_array(building / "raw.place.npy", place[: len(before)])
    del before
    read = pa.concat_arrays([_canonical(old), read_names(added, used)])
    return written.take(pa.array(order)), read.take(pa.array(order)), people[order]


def _canonical(old: Path) -> pa.Array:
    """The canonical name of each text of before."""
    code = pq.read_table(old / "written.parquet", columns=["code"])["code"].to_numpy()
    names = mapped_texts(old / SPELLING, "name").texts
    return names.take(pa.array(code, mask=code < 0))


def _bearers(old: Path, building: Path, comes: Array, size: int) -> Array:
    """How many have each name as written."""
    stays = load(old, "kept.written")[load(building, "raw.stays")]
    return np.asarray(np.bincount(stays[stays >= 0], minlength=size) + np.bincount(comes, minlength=size))


def _write_columns(old: Path, building: Path, memory: str) -> None:
    """Who stays, then who comes."""
    with connect(memory, building) as con:
        view(con, [building / "raw.comes.parquet"])
        name_positions(con, building)
        comes = con.sql(SELECT).to_arrow_table()
    stay, place = load(building, "raw.stays"), np.append(load(building, "raw.place"), np.int32(-1))
    for name, kind in COLUMNS.items():
        stays = load(old, f"{'kept' if name in KEPT else 'entries'}.{name}")[stay]
        stays = place[stays] if name == "written" else stays
        added = comes[name].to_numpy().astype(kind)
        form.write_array(building / f"raw.{name}.npy", np.concatenate([stays, added]))


def _write_numbers(old: Path, building: Path, memory: str) -> None:
    """Other numbers of who stays and who comes; all that led to a superseded number leads where that leads."""
    with connect(memory, building) as con:
        view(con, [building / "raw.comes.parquet"])
        comes = con.sql(NUMBERS).to_arrow_table()
    number, entry, found_by = (
        np.concatenate([before, comes[name].to_numpy()])
        for before, name in zip(_old_numbers(old, building), ("number", "entry", "found_by"), strict=True)
    )
    order = np.lexsort((found_by, entry, number))
    number, entry, found_by = number[order], entry[order], found_by[order]
    first = np.ones(len(number), bool)
    first[1:] = (np.diff(number) != 0) | (np.diff(entry) != 0) | (np.diff(found_by) != 0)
    index_stages.write_numbers(building, number[first], entry[first], found_by[first])


def _old_numbers(old: Path, building: Path) -> tuple[Array, Array, Array]:
    """Numbers of who stays and of who was superseded, and the superseded ones."""
    superseded, by = load(building, "raw.superseded"), load(building, "raw.superseded_by")
    number, at, found_by = (load(old, f"numbers.{name}") for name in ("number", "at", "found_by"))
    entry = mapped(old, "entries.entry")[at]
    # one more at the end, which no entry is, so that the search always lands on something
    place = np.searchsorted(superseded, entry)
    leads_on = np.append(superseded, -1)[place] == entry
    entry = np.where(leads_on, np.append(by, -1)[place], entry)
    stays = load(building, "raw.stays")[at] | leads_on
    return (
        np.concatenate([number[stays], superseded]),
        np.concatenate([entry[stays], by]),
        np.concatenate([found_by[stays], np.full(len(superseded), SUPERSEDED, np.int8)]),
    )


def _write_touched(work: Path, old: BuiltIndex, building: Path) -> None:
    """Whom changes touched, as they were and as they are."""
    ids = load(building, "raw.touched")
    sides = [_people(state, ids) for state in (old, replace(old, folder=building))]
    folder = work / TOUCHED
    folder.mkdir(exist_ok=True, mode=0o700)
    people, numbers = (list(side) for side in zip(*sides, strict=True))
    write_parquet(pa.concat_tables(people), folder / f"{building.name}.parquet")
    form.write_array(folder / f"{building.name}.ids.npy", np.unique(np.concatenate([*numbers, ids])))


TOUCHED = "touched"
"""Folder of an index: whom each merge touched."""


def _people(state: BuiltIndex, ids: Array) -> tuple[pa.Table, Array]:
    """Entries and their children, their numbers, and all numbers that lead to the entries."""
    held = _held_by(state.folder, ids)
    own = np.flatnonzero(held)
    parent = mapped(state.folder, "parents.parent")
    low, high = (np.searchsorted(parent, own, side=side) for side in ("left", "right"))
    people = np.unique(np.concatenate([own, mapped(state.folder, "parents.child")[_runs(low, high)]]))
    numbers = load(state.folder, "numbers.number")[held[load(state.folder, "numbers.at")]]
    entry = mapped(state.folder, "entries.entry")[people]
    return Snapshot(state).shown(people), np.concatenate([entry, numbers])


def touched(work: Path, since: str | None = None) -> Touched | None:
    """What changes touched since an earlier state.

    Args:
        work: the index.
        since: that state (`BuiltIndex.state`); else the one before the present one.

    Returns:
        None when it can't be told, since the index was built anew after that state: anything may have changed.

    Raises:
        FolderProblem: there is no index.
    """
    states = manifest(work).states
    if since not in states and (since is not None or len(states) < 2):
        return None
    later = states[states.index(since) + 1 :] if since is not None else states[-1:]
    return _between(work, tuple(later))


@lru_cache(maxsize=2)
def _between(work: Path, later: tuple[str, ...]) -> Touched:
    """What changes touched that led to some states; read once for all parts."""
    paths = [work / TOUCHED / f"{STATE}{state}" for state in later]
    ids = [np.load(f"{path}.ids.npy") for path in paths]
    people = [pq.read_table(f"{path}.parquet") for path in paths]
    return Touched(
        pa.concat_tables([ENTRY.empty_table(), *people]),
        np.unique(np.concatenate([np.zeros(0, np.int64), *ids])),
    )

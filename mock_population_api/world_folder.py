"""A world on disk: the education folder and the truth beside it, and a manifest of all files."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from mock_population_api.generation_errors import NoSchools
from mock_population_api.records import COLUMNS

MANIFEST = "MANIFEST.json"
_READ_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class World:
    """The education tables by name, and the truth."""

    tables: dict[str, pa.Table]
    truth: pa.Table


def write_world(world: World, out: Path, truth: Path, form: str) -> None:
    """The tables as one file each, Parquet or CSV, and `truth.parquet`."""
    for folder in (out, truth):
        folder.mkdir(parents=True, exist_ok=True)
    for name, table in world.tables.items():
        for old in (out / f"{name}.parquet", out / f"{name}.csv"):
            old.unlink(missing_ok=True)
        if form == "csv":
            pa_csv.write_csv(table, out / f"{name}.csv", pa_csv.WriteOptions(quoting_style="needed"))
        else:
            pq.write_table(table, out / f"{name}.parquet", compression="zstd")
    pq.write_table(world.truth, truth / "truth.parquet", compression="zstd")


def _read_table(folder: Path, name: str) -> pa.Table:
    if (folder / f"{name}.parquet").exists():
        return pq.read_table(folder / f"{name}.parquet")
    path = folder / f"{name}.csv"
    if not path.exists():
        raise NoSchools(folder, name)
    types = dict.fromkeys(COLUMNS[name], pa.string())
    options = pa_csv.ConvertOptions(
        column_types=types, strings_can_be_null=True, null_values=[""], quoted_strings_can_be_null=True
    )
    return pa_csv.read_csv(path, pa_csv.ReadOptions(), pa_csv.ParseOptions(newlines_in_values=True), options)


def read_world(folder: Path) -> tuple[World, str]:
    """A world as `generate` wrote it, and the form of its education tables.

    Raises:
        NoSchools: when a table isn't there.
    """
    tables = {name: _read_table(folder / "education", name) for name in COLUMNS}
    form = "parquet" if (folder / "education" / "students.parquet").exists() else "csv"
    return World(tables, pq.read_table(folder / "truth" / "truth.parquet")), form


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_AT_ONCE):
            digest.update(block)
    return digest.hexdigest()


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every data file of a world, by its path inside the folder."""
    files = [
        path
        for name in ("education", "registry", "truth")
        for path in (folder / name).rglob("*")
        if path.is_file()
    ]
    return {path.relative_to(folder).as_posix(): _digest(path) for path in sorted(files)}


def read_arguments(folder: Path) -> dict[str, object]:
    """What the manifest says that the world was made with; nothing when there is none."""
    path = folder / MANIFEST
    arguments: dict[str, object] = (
        json.loads(path.read_text(encoding="utf-8"))["arguments"] if path.exists() else {}
    )
    return arguments


def write_manifest(folder: Path, arguments: Mapping[str, object]) -> None:
    """What the world was made with, and the digest of every file.

    The version of pyarrow is part of it: another one writes the same tables in other bytes.
    """
    manifest = {
        "synthetic": True,
        "arguments": dict(arguments),
        "pyarrow": pa.__version__,
        "files": digests(folder),
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")

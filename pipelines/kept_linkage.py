"""What a linkage of folders keeps for the next one: records as they were read, how schools write, and the models that decided."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.errors import FolderProblem
from connectors.files_out import whole_file, write_arrow
from matching import model
from matching.linkage import Linkage
from matching.model import Model
from matching.normalise.records import Habits
from matching.schemas import KINDS
from matching.weights_table import WEIGHTS
from pipelines.folder_job import of_kind

FOLDER = "kept"
"""In the folder of the results."""


@dataclass(frozen=True)
class KeptLinkage:
    """A linkage of one folder, or of one part."""

    basis: str
    """Names what all decisions follow from beside the records and the registry: settings, profile, program."""
    registry: str
    """The state of the registry's index."""
    records: pa.Table
    """RECORDS as they were normalised."""
    prints: pa.Array
    """uint64 per record: fingerprint of what was typed."""
    families: pa.Table
    """FAMILIES."""
    habits: Habits
    models: dict[str, Model]
    """Kind → the model that decided."""

    def write(self, out: Path) -> None:
        """Keep it in the folder of the results; what was kept before goes."""
        folder = out / FOLDER
        folder.mkdir(exist_ok=True, mode=0o700)
        (folder / "kept.json").unlink(missing_ok=True)
        write_arrow(self.records.append_column("print", self.prints), folder / "records.arrow")
        write_arrow(self.families, folder / "families.arrow")
        (folder / "models.json").touch(mode=0o600)
        model.dump(self.models, folder / "models.json", next(iter(self.models.values())).name)
        # not asdict, which copies every school's habit
        habits = {part.name: getattr(self.habits, part.name) for part in fields(Habits)}
        facts = {"basis": self.basis, "registry": self.registry, "habits": habits}
        # last: without it nothing counts as kept
        with whole_file(folder / "kept.json") as file:
            file.write(json.dumps(facts).encode())


def kept_basis(out: Path) -> str:
    """What the decisions of a linkage followed from: those of another can't be gone on from, nor what it kept be read.

    Raises:
        FolderProblem: nothing was kept, or the folder was left half-written.
    """
    return str(_facts(out)["basis"])


def kept_linkage(out: Path) -> KeptLinkage:
    """What a linkage on the same basis kept.

    Raises:
        FolderProblem: nothing, or the folder was left half-written.
    """
    facts, folder = _facts(out), out / FOLDER
    try:
        records = _read(folder / "records.arrow")
        return KeptLinkage(
            facts["basis"], facts["registry"],
            records.drop_columns(["print"]), records["print"].combine_chunks(),
            _read(folder / "families.arrow"),
            Habits(**{part.name: facts["habits"][part.name] for part in fields(Habits)}),
            model.load(folder / "models.json"),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise _nothing_kept(out) from error


def _facts(out: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((out / FOLDER / "kept.json").read_text(encoding="utf-8"))
        known = {name: facts[name] for name in ("basis", "registry", "habits")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _nothing_kept(out) from error
    return known


def _nothing_kept(out: Path) -> FolderProblem:
    return FolderProblem(
        out, "holds no results to go on from", "Give the folder of results of an earlier run, or none."
    )


def _read(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
        return reader.read_all()


def kept_decisions(out: Path) -> dict[str, Linkage]:
    """Kind → what was decided, from the tables of results; without weights, which stay where they are (`pipelines.kept_weights`)."""
    tables = [pq.read_table(out / f"{name}.parquet") for name in ("decisions", "candidates")]

    def of(kind: str) -> Linkage:
        decisions, candidates = (of_kind(table, kind) for table in tables)
        return Linkage(decisions, candidates, WEIGHTS.empty_table(), None)

    return {kind: of(kind) for kind in KINDS}

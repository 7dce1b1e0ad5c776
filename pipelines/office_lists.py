"""Lists for schools, police and justice offices, written from what the last run of a province kept: by province, commune or school."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.conflicts import read_conflicts
from pipelines.checkpoints import Checkpoint
from pipelines.errors import ListsNotKept
from pipelines.history import last_run, read_schools
from pipelines.means import runs_folder
from pipelines.reports import list_facts
from pipelines.scope import Kind
from pipelines.settings import Settings
from reporting.follow_lists import FollowTables, write_office_lists
from reporting.open_rows import ListTables
from reporting.unmatched import in_file_name

PLACES = ("province", "commune", "school")
"""What a file may be about."""

_TABLES = {"decisions": "resolve", "candidates": "resolve", "records": "normalise", "raw": "extract"}
"""Table of a partition → the stage that keeps it."""


def export_office_lists(
    settings: Settings, engine: sa.Engine, provinces: Sequence[str], out: Path, by: str
) -> list[Path]:
    """Write the lists of some provinces into a folder, `<province>/<commune or school>/<office>.xlsx`.

    Args:
        settings: Where the runs keep their tables.
        engine: The education database.
        provinces: Codes of the 34.
        out: Where to.
        by: One of `PLACES`.

    Raises:
        ListsNotKept: The tables of the last run of a province are gone, or there was none.
    """
    return [path for code in provinces for path in _of_province(settings, engine, code, out, by)]


def _of_province(settings: Settings, engine: sa.Engine, province: str, out: Path, by: str) -> list[Path]:
    kinds: dict[str, list[Kind]] = defaultdict(list)
    for kind in Kind:
        before = last_run(engine, kind, province, "")
        if before is not None:
            kinds[before.run].append(kind)
    if not kinds:
        raise ListsNotKept(province)
    schools, conflicts = read_schools(engine, [province]), read_conflicts(engine, tuple(Kind), [province])
    files = []
    for run, some in kinds.items():
        folder = out / province if len(kinds) == 1 else out / run / province
        tables = FollowTables(
            _tables(settings, run, province, some, schools),
            _standing(settings, run, province, some),
            conflicts,
        )
        files += write_office_lists(folder, tables, list_facts(settings, run), place_of(by))
    return files


def place_of(by: str) -> Callable[[Mapping[str, Any]], str]:
    """The folder, below the province's, that a record's list lies in."""
    if by == "school":
        return lambda record: in_file_name(record["school_code"])
    return (lambda record: in_file_name(record["commune"])) if by == "commune" else (lambda _: "")


def _standing(settings: Settings, run: str, province: str, kinds: Sequence[Kind]) -> pa.Table:
    kept = Checkpoint(runs_folder(settings) / run / province)
    if not kept.done("report"):
        raise ListsNotKept(province)
    found = kept.table("report", "verification")
    return found.filter(pc.is_in(found["kind"], value_set=pa.array([str(kind) for kind in kinds])))


def _tables(
    settings: Settings, run: str, province: str, kinds: Sequence[Kind], schools: pa.Table
) -> ListTables:
    kept = [Checkpoint(runs_folder(settings) / run / province / kind) for kind in kinds]
    if not all(one.done("resolve") for one in kept):
        raise ListsNotKept(province)
    joined = {
        name: pa.concat_tables([one.table(stage, name) for one in kept]) for name, stage in _TABLES.items()
    }
    return ListTables(**joined, schools=schools)

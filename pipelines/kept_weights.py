"""The weights among a folder's results: those of the run that decided on every record, and in a file beside them those of the nights since.

A night decides on few records, and writing the lines of all the others anew took a tenth of it. A record that was decided on since has a line
there in any case, without a candidate where nobody was found, and its older lines count for nothing.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.errors import FolderProblem
from connectors.files_out import write_parquet
from matching.weights_table import WEIGHTS

WHOLE, SINCE = "weights.parquet", "weights-since.parquet"

_MOST_SINCE = 0.2
"""Lines of nights, as a share of the others, before all are put together."""


def write_whole(out: Path, weights: pa.Table) -> None:
    """Write the lines (WEIGHTS) of all records; what was there goes."""
    write_parquet(weights, out / WHOLE)
    # last: killed in between, what nights left still stands above
    (out / SINCE).unlink(missing_ok=True)


def write_since(out: Path, previous: Path, again: Mapping[str, pa.Array], weights: pa.Table) -> None:
    """Write the lines of records decided on since the results before; the others' are taken as they lie there.

    Args:
        out: the folder of the results; it may be `previous`.
        previous: that of the results before.
        again: kind → IDs of the records decided on.
        weights: WEIGHTS of these.

    Raises:
        FolderProblem: the results before have no weights any more.
    """
    if not (previous / WHOLE).is_file():
        raise FolderProblem(previous, f"holds no {WHOLE}", "Link all records again, without --previous.")
    earlier = pq.read_table(previous / SINCE) if (previous / SINCE).exists() else WEIGHTS.empty_table()
    nobody = [_without_candidates(kind, ids, weights) for kind, ids in again.items()]
    since = pa.concat_tables([_but(earlier, again), weights, *nobody])
    if len(since) > _MOST_SINCE * pq.read_metadata(previous / WHOLE).num_rows:
        write_whole(out, _put_together(pq.read_table(previous / WHOLE), since))
        return
    if not _is(previous / WHOLE, out / WHOLE):
        (out / WHOLE).unlink(missing_ok=True)
        _link(previous / WHOLE, out / WHOLE)
    write_parquet(since, out / SINCE)


def lines_of(folder: Path, wanted: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """The lines of a record.

    Args:
        folder: of results.
        wanted: what tells the record, as pyarrow's filters say it.
    """
    for path in (folder / SINCE, folder / WHOLE):
        rows = pq.read_table(path, filters=wanted, partitioning=None).to_pylist() if path.is_file() else []
        if rows:
            return [row for row in rows if row["rank"] is not None]
    return []


def _without_candidates(kind: str, ids: pa.Array, weights: pa.Table) -> pa.Table:
    """A line of WEIGHTS for every record that has none."""
    theirs = weights["record_id"].filter(pc.equal(weights["kind"], kind)).combine_chunks()
    ids = pc.unique(ids)
    alone = ids.filter(pc.invert(pc.is_in(ids, value_set=theirs)))
    known = {"kind": pa.repeat(pa.scalar(kind, pa.string()), len(alone)), "record_id": alone}
    return pa.table(
        {field.name: known.get(field.name, pa.nulls(len(alone), field.type)) for field in WEIGHTS}, WEIGHTS
    )


def _but(weights: pa.Table, again: Mapping[str, pa.Array]) -> pa.Table:
    """The lines of all other records."""
    for kind, ids in again.items():
        theirs = pc.and_(pc.equal(weights["kind"], kind), pc.is_in(weights["record_id"], value_set=ids))
        weights = weights.filter(pc.invert(theirs))
    return weights


def _put_together(whole: pa.Table, since: pa.Table) -> pa.Table:
    ids = {
        kind: since["record_id"].filter(pc.equal(since["kind"], kind)).combine_chunks()
        for kind in pc.unique(since["kind"]).to_pylist()
    }
    return pa.concat_tables([_but(whole, ids), since.filter(pc.is_valid(since["rank"]))])


def _is(one: Path, other: Path) -> bool:
    return other.exists() and one.samefile(other)


def _link(path: Path, name: Path) -> None:
    """Give a file, which nobody writes to again, another name; on another file system its content."""
    try:
        os.link(path, name)
    except OSError:
        shutil.copy2(path, name)

"""What changed among records since they were decided on, and whom that concerns."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.beside import among
from matching.keys import digits
from matching.linkage import Linkage
from matching.nametable import Array
from matching.same_order import places_in, same_values
from matching.schemas import KINDS
from matching.sector import TOLD

_GUARDIANS, _STUDENTS = "guardian_id", "student_id"


@dataclass(frozen=True)
class Changed:
    """Records of one kind."""

    now: pa.Array
    """IDs of records that are new, or not as they were."""
    gone: pa.Array
    """IDs of records that are no more."""
    told: pa.Array
    """IDs of those of the first that are new, or tell something else of their family."""


@dataclass(frozen=True)
class Compared:
    """The records that there are, beside those that there were: one element per record that there is."""

    before: Array
    """int64: its row among those that there were, -1 where it is new."""
    same: Array
    """bool: it holds what it held."""


def compared(now: pa.Table, prints: pa.Array, before: pa.Table, prints_before: pa.Array) -> Compared:
    """Find every record among those that there were, and compare the two by fingerprint.

    Args:
        now: `kind`, `record_id` of the records that there are.
        prints: uint64, of what they hold.
        before: likewise, of those that there were.
        prints_before: likewise.
    """
    at = np.full(len(now), -1)
    for kind in KINDS:
        rows, rows_before = (np.flatnonzero(pc.equal(of["kind"], kind).to_numpy()) for of in (now, before))
        place = places_in(
            before["record_id"].take(pa.array(rows_before)), now["record_id"].take(pa.array(rows))
        )
        at[rows] = np.where(place >= 0, np.append(rows_before, -1)[place], -1)
    same = (at >= 0) & (prints.to_numpy() == np.append(prints_before.to_numpy(), np.uint64(0))[at])
    return Compared(at, same)


def changed(now: pa.Table, before: pa.Table, found: Compared) -> dict[str, Changed]:
    """Kind → what changed.

    Args:
        now: RECORDS that there are.
        before: RECORDS that there were.
        found: the two compared.
    """
    gone = np.ones(len(before), bool)
    gone[found.before[found.before >= 0]] = False
    new = np.flatnonzero(~found.same)
    some, at = now.take(pa.array(new)), found.before[new]
    was = before.take(pa.array(at, mask=at < 0))
    return {
        kind: Changed(
            _ids_of(some, np.ones(len(some), bool), kind),
            _ids_of(before, gone, kind),
            _ids_of(some, (at < 0) | _differ(some, was, columns), kind),
        )
        for kind, columns in TOLD.items()
    }


def _differ(some: pa.Table, was: pa.Table, columns: tuple[str, ...]) -> Array:
    """Whether two rows differ in one of some columns."""
    differs = np.zeros(len(some), bool)
    for name in columns:
        differs |= ~same_values(some[name], was[name])
    return differs


def _ids_of(records: pa.Table, chosen: Array, kind: str) -> pa.Array:
    some = records.select(["kind", "record_id"]).filter(pa.array(chosen))
    return some.filter(pc.equal(some["kind"], kind))["record_id"].combine_chunks()


def concerned(
    records: Mapping[str, pa.Table],
    before: Mapping[str, pa.Table],
    families: tuple[pa.Table, pa.Table],
    decided: Mapping[str, Linkage],
    what: Mapping[str, Changed],
) -> dict[str, pa.Array]:
    """IDs of records that are to be decided on, since they or those whom they are compared with changed.

    Beside the changed ones: the families of those whose name, home or age is evidence there (`matching.sector.TOLD`); who claims a number that they claim or claimed;
    who shares an entry with one that is gone.

    Args:
        records: kind → RECORDS, all that there are.
        before: kind → RECORDS, all that there were.
        families: FAMILIES before and now.
        decided: kind → what was decided.
        what: kind → what changed.
    """
    todo = {
        kind: [one.now, _of_numbers(records[kind], before[kind], one), _of_entries(decided[kind], one.gone)]
        for kind, one in what.items()
    }
    links = _differing(*families)
    todo["student"] += [
        links[_STUDENTS],
        _relatives(families[1], what["guardian"].told, _GUARDIANS, _STUDENTS),
    ]
    todo["guardian"] += [
        links[_GUARDIANS],
        _relatives(families[1], what["student"].told, _STUDENTS, _GUARDIANS),
    ]
    return {kind: _known(records[kind], pa.concat_arrays(ids)) for kind, ids in todo.items()}


def _known(records: pa.Table, ids: pa.Array) -> pa.Array:
    return (
        records["record_id"]
        .combine_chunks()
        .filter(pc.is_in(records["record_id"].combine_chunks(), value_set=ids))
    )


def _relatives(families: pa.Table, ids: pa.Array, key: str, wanted: str) -> pa.Array:
    return pc.unique(families.filter(pc.is_in(families[key], value_set=ids))[wanted])


def _differing(before: pa.Table, now: pa.Table) -> dict[str, pa.Array]:
    """People of links that were added, taken away, or mean another relationship."""
    if before.equals(now):
        return dict.fromkeys((_STUDENTS, _GUARDIANS), pa.array([], pa.string()))
    counted = pa.concat_tables([before, now]).group_by(before.column_names).aggregate([([], "count_all")])
    once = counted.filter(pc.equal(counted["count_all"], 1))
    return {key: pc.unique(once[key]) for key in (_STUDENTS, _GUARDIANS)}


_NUMBERS = ("claimed_id", "claimed_former")


def _of_numbers(records: pa.Table, before: pa.Table, what: Changed) -> pa.Array:
    """Who claims a number that changed records claim, or that they or those gone claimed."""
    affected = pa.concat_arrays([what.now, what.gone])
    numbers = np.unique(np.concatenate([_claimed(table, affected) for table in (records, before)]))
    met = np.any([among(numbers, digits(records[name], np.int64)) for name in _NUMBERS], axis=0)
    return records["record_id"].combine_chunks().filter(pa.array(met))


def _claimed(records: pa.Table, ids: pa.Array) -> Array:
    some = records.filter(pc.is_in(records["record_id"], value_set=ids))
    return np.concatenate([digits(some[name], np.int64) for name in _NUMBERS])


def _of_entries(decided: Linkage, gone: pa.Array) -> pa.Array:
    """Who has, or may have, an entry that records that are gone had."""
    decisions = decided.decisions
    lost = decisions.filter(pc.is_in(decisions["record_id"], value_set=gone))["personal_id"]
    lost = pc.unique(lost.drop_null())
    sharing = [
        table.filter(pc.is_in(table["personal_id"], value_set=lost))["record_id"]
        for table in (decisions, decided.candidates)
    ]
    return pc.unique(pa.chunked_array([chunk for one in sharing for chunk in one.chunks], pa.string()))


def without(linkage: Linkage, gone: pa.Array) -> Linkage:
    """What was decided on records that are still there."""
    if not len(gone):
        return linkage

    def there(table: pa.Table) -> pa.Table:
        return table.filter(pc.invert(pc.is_in(table["record_id"], value_set=gone)))

    return Linkage(there(linkage.decisions), there(linkage.candidates), there(linkage.weights), linkage.facts)

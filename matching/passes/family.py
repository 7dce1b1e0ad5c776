"""The family pass: somebody's family is known. Guardians are compared with the parents of a linked child, a pupil who is still open with
the children of a linked guardian.

The US Census does the same as HHCompSearch; its links were the surest of all. A candidate found so has a prior of its
own: the father on a pupil's record is the father in the registry far more often than one in a hundred million.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.keys import id_text
from matching.model import SLOTS
from matching.nametable import Array
from matching.registry import Registry

NAME = "family"

KIN = pa.schema(
    [
        pa.field("record_id", pa.string()),
        pa.field("slot", pa.int8()),
        pa.field("prior", pa.float64()),
        pa.field("at", pa.int32()),
    ]
)
"""Who a record is likely to be by its family: the record, how (position in SLOT_NAMES), P(it is this entry) by assumption, the entry's position."""

SLOT_NAMES = tuple(SLOTS)
"""How an entry can be related to a record, as `matching.model.SLOTS` has it."""

OWN, OTHER, GUARDIAN, GRANDPARENT, PARENT_OF_SIBLINGS, CHILD = range(len(SLOT_NAMES))


def parents_of_linked(
    families: pa.Table, students: pa.Table, elders: pa.Array, registry: Registry
) -> pa.Table:
    """Candidates (KIN) for guardians from the registry's parents of their linked children, and grandparents where that can be.

    Args:
        families: FAMILIES.
        students: `record_id`, `personal_id` of linked students.
        elders: guardians who are old enough to be grandparents, whatever they were entered as.
        registry: whom to ask.
    """
    linked = families.join(students, "student_id", "record_id", join_type="inner", use_threads=False)
    if not len(linked):
        return KIN.empty_table()
    parents = _parents(registry.relatives(pc.unique(linked["personal_id"])))
    first = _joined(linked, parents, _slot_of_parent)
    found = [first, _parents_of_siblings(linked, parents, registry)]
    may_be_elder = pc.or_(
        pc.equal(linked["relationship"], "guardian"), pc.is_in(linked["guardian_id"], value_set=elders)
    )
    of_parents = _joined(linked.filter(may_be_elder), parents, _slot_of_parent)
    if len(of_parents):
        parent_ids = _ids(of_parents["at"], registry)
        grandparents = _parents(registry.relatives(pc.unique(parent_ids)))
        asked = pa.table({"guardian_id": of_parents["record_id"], "personal_id": parent_ids})
        found.append(_joined(asked, grandparents, lambda table: _all(GRANDPARENT, table)))
    return _strongest(pa.concat_tables(found))


def _parents_of_siblings(linked: pa.Table, parents: pa.Table, registry: Registry) -> pa.Table:
    """Candidates for fathers (mothers) whom the registry doesn't name: those of the mother's (father's) other children."""
    named = pa.table(
        {"personal_id": parents["asked"], "relationship": parents["relation"], "named": parents["at"]}
    )
    wanted = linked.filter(pc.is_in(linked["relationship"], value_set=pa.array(["father", "mother"])))
    wanted = wanted.select(["guardian_id", "relationship", "personal_id"]).join(
        named, ["personal_id", "relationship"], join_type="left anti", use_threads=False
    )
    of_child = parents.filter(pc.is_in(parents["asked"], value_set=wanted["personal_id"].combine_chunks()))
    if not len(of_child):
        return KIN.empty_table()
    of_child = of_child.append_column("parent", _ids(of_child["at"], registry))
    children = registry.relatives(pc.unique(of_child["parent"]))
    children = children.filter(pc.equal(children["relation"], "child"))
    siblings = pa.table({"parent": children["asked"], "sibling": _ids(children["at"], registry)})
    known = of_child.select(["asked", "parent"]).join(
        siblings, "parent", join_type="inner", use_threads=False
    )
    theirs = _parents(registry.relatives(pc.unique(known["sibling"])))
    known = known.select(["asked", "sibling"]).join(
        theirs.rename_columns(["sibling", "relation", "at"]), "sibling", join_type="inner", use_threads=False
    )
    candidates = wanted.join(
        known.select(["asked", "relation", "at"]), ["personal_id", "relationship"], ["asked", "relation"],
        join_type="inner", use_threads=False,
    )  # fmt: skip
    return _kin(candidates, _all(PARENT_OF_SIBLINGS, candidates))


def children_of_linked(families: pa.Table, guardians: pa.Table, registry: Registry) -> pa.Table:
    """Candidates (KIN) for students from the registry's children of their linked guardians.

    Args:
        families: FAMILIES, of the students wanted.
        guardians: `record_id`, `personal_id` of linked guardians.
        registry: whom to ask.
    """
    linked = families.join(guardians, "guardian_id", "record_id", join_type="inner", use_threads=False)
    if not len(linked):
        return KIN.empty_table()
    relatives = registry.relatives(pc.unique(linked["personal_id"]))
    children = relatives.filter(pc.equal(relatives["relation"], "child"))
    joined = linked.select(["student_id", "personal_id"]).join(
        children, "personal_id", "asked", join_type="inner", use_threads=False
    )
    count = joined.group_by("student_id", use_threads=False).aggregate([("at", "count_distinct")])
    joined = joined.join(count, "student_id", use_threads=False)
    prior = pc.divide(_assumed(CHILD), pc.cast(joined["at_count_distinct"], pa.float64()))
    table = joined.append_column("prior", prior).append_column("slot", _all(CHILD, joined))
    names = ["record_id" if name == "student_id" else name for name in table.column_names]
    return _strongest(table.rename_columns(names).select(KIN.names).cast(KIN))


def _parents(relatives: pa.Table) -> pa.Table:
    return relatives.filter(pc.is_in(relatives["relation"], value_set=pa.array(["father", "mother"])))


def _ids(at: pa.ChunkedArray, registry: Registry) -> pa.Array:
    """Personal IDs of entries by position."""
    return id_text(registry.people().entries.entry[at.to_numpy()])


def _assumed(slot: int) -> float:
    """P(the record is the entry)."""
    return SLOTS[SLOT_NAMES[slot]]["same"]


def _all(slot: int, table: pa.Table) -> pa.Array:
    return pa.array(np.full(len(table), slot, np.int8))


def _joined(linked: pa.Table, parents: pa.Table, slot_of: Callable[[pa.Table], pa.Array]) -> pa.Table:
    """Every guardian with every parent of its child, as KIN."""
    joined = linked.join(parents, "personal_id", "asked", join_type="inner", use_threads=False)
    return _kin(joined, slot_of(joined))


def _kin(joined: pa.Table, slot: pa.Array) -> pa.Table:
    prior = pa.array([_assumed(at) for at in range(len(SLOT_NAMES))]).take(slot)
    columns = [joined["guardian_id"], slot, prior, joined["at"]]
    return pa.table(columns, names=KIN.names).cast(KIN)


def _slot_of_parent(joined: pa.Table) -> pa.Array:
    """By the slot the guardian stands in and the parent's: own, other, or entered as guardian."""
    as_guardian = pc.equal(joined["relationship"], "guardian")
    own = pc.equal(joined["relationship"], joined["relation"])
    return pc.if_else(as_guardian, GUARDIAN, pc.if_else(own, OWN, OTHER)).cast(pa.int8()).combine_chunks()


def _strongest(kin: pa.Table) -> pa.Table:
    """Each (record, entry) once, with its greatest prior: a guardian of three linked children meets the father three times."""
    record = kin["record_id"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    at, prior = kin["at"].to_numpy(), kin["prior"].to_numpy()
    order = np.lexsort((-prior, at, record))
    return kin.take(pa.array(order[_is_first(record[order], at[order])]))


def _is_first(record: Array, at: Array) -> Array:
    first = np.ones(len(record), dtype=bool)
    first[1:] = (record[1:] != record[:-1]) | (at[1:] != at[:-1])
    return first

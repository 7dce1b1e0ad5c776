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
from matching.nametable import Array
from matching.registry import Registry

NAME = "family"

KIN = pa.schema(
    [pa.field("record_id", pa.string()), pa.field("prior", pa.float64()), pa.field("at", pa.int32())]
)
"""Who a record is likely to be by its family: the record, P(it is this entry), the entry's position."""

OWN_SLOT = 0.9
"""P(the guardian entered as father is the father in the registry): assumption; the rest are step-parents and slips."""
OTHER_SLOT = 0.03
"""P(the guardian entered as father is the mother)."""
PARENT_AS_GUARDIAN = 0.25
"""P(the guardian entered as "guardian" is the father), the same for the mother."""
GRANDPARENT = 0.1
"""P(the guardian entered as "guardian", or of that age, is a given grandparent)."""
CHILD = 0.9
"""P(a pupil is among the children of the guardian on record), shared among the children."""


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
    first = _joined(linked, parents, "personal_id", _slot_prior)
    may_be_elder = pc.or_(
        pc.equal(linked["relationship"], "guardian"), pc.is_in(linked["guardian_id"], value_set=elders)
    )
    of_parents = _joined(linked.filter(may_be_elder), parents, "personal_id", _slot_prior).select(
        ["record_id", "at"]
    )
    if not len(of_parents):
        return _strongest(first)
    parent_ids = id_text(registry.people().entries.entry[of_parents["at"].to_numpy()])
    grandparents = _parents(registry.relatives(pc.unique(parent_ids)))
    asked = of_parents.append_column("personal_id", parent_ids).rename_columns(
        ["guardian_id", "parent", "personal_id"]
    )
    second = _joined(asked, grandparents, "personal_id", lambda table: pa.array([GRANDPARENT] * len(table)))
    return _strongest(pa.concat_tables([first, second]))


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
    prior = pc.divide(CHILD, pc.cast(joined["at_count_distinct"], pa.float64()))
    table = joined.append_column("prior", prior).rename_columns(
        ["record_id" if name == "student_id" else name for name in [*joined.column_names, "prior"]]
    )
    return _strongest(table.select(KIN.names).cast(KIN))


def _parents(relatives: pa.Table) -> pa.Table:
    return relatives.filter(pc.is_in(relatives["relation"], value_set=pa.array(["father", "mother"])))


def _joined(
    linked: pa.Table, parents: pa.Table, by: str, prior_of: Callable[[pa.Table], pa.Array]
) -> pa.Table:
    """Every guardian with every parent of its child, as KIN."""
    joined = linked.join(parents, by, "asked", join_type="inner", use_threads=False)
    table = joined.append_column("prior", prior_of(joined))
    names = ["record_id" if name == "guardian_id" else name for name in table.column_names]
    return table.rename_columns(names).select(KIN.names).cast(KIN)


def _slot_prior(joined: pa.Table) -> pa.Array:
    """By the slot the guardian stands in and the parent's: own, other, or entered as guardian."""
    as_guardian = pc.equal(joined["relationship"], "guardian")
    own = pc.equal(joined["relationship"], joined["relation"])
    return pc.if_else(as_guardian, PARENT_AS_GUARDIAN, pc.if_else(own, OWN_SLOT, OTHER_SLOT))


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

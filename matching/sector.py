"""Linkage of a whole school sector: every kind of record, families in both directions; all of it, or what a night changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.again import Decide, decided_again
from matching.beside import Beside
from matching.keys import CHILD_YEAR
from matching.linkage import Linkage, Terms, link, links_of, open_records
from matching.passes import family
from matching.same_order import places_in, same_values
from matching.schemas import KINDS


def link_sector(
    records: Mapping[str, pa.Table], families: pa.Table, terms: Mapping[str, Terms]
) -> dict[str, Linkage]:
    """Decide on every record of every kind, families in both directions.

    Args:
        records: kind → RECORDS.
        families: FAMILIES.
        terms: kind → what they are decided by.
    """
    registry = terms["student"].registry
    students = with_parent_names(records["student"], records["guardian"], families)
    teacher, student = link(records["teacher"], terms["teacher"]), link(students, terms["student"])
    guardians = at_the_childs_home(records["guardian"], students, families)
    kin = family.parents_of_linked(families, links_of(student.decisions), elders_of(guardians), registry)
    guardian = link(guardians, terms["guardian"], kin)
    theirs = families_of(families, open_records(students, student.decisions))
    kin = family.children_of_linked(theirs, links_of(guardian.decisions), registry)
    if student.facts is not None:
        decide = _with_kin(terms["student"].of_whole(student.facts.model), kin)
        student = decided_again(students, student, pc.unique(kin["record_id"]), decide)
    return {"teacher": teacher, "student": student, "guardian": guardian}


def _with_kin(terms: Terms, kin: pa.Table) -> Decide:
    return lambda of, beside: link(of, terms, kin, beside)


@dataclass(frozen=True)
class Relinked:
    """A sector of which some records were decided on anew."""

    linkages: dict[str, Linkage]
    """Kind → what holds now, without facts."""
    again: dict[str, pa.Array]
    """Kind → IDs of the records that were decided on, some of them twice."""


def relink_sector(
    records: Mapping[str, pa.Table],
    families: pa.Table,
    terms: Mapping[str, Terms],
    before: Mapping[str, Linkage],
    todo: Mapping[str, pa.Array],
) -> Relinked:
    """Decide on what changed, and on whom that touches; everybody else keeps the decision of before.

    Args:
        records: kind → RECORDS, all that there are now.
        families: FAMILIES, of all.
        terms: kind → what they are decided by; the models are those of the run that all were decided in.
        before: kind → what was decided on records that are still there.
        todo: kind → IDs of records that are new or changed, or that changes of the registry may touch.
    """
    house = _House(records, families, {kind: one.of_whole(one.model) for kind, one in terms.items()})
    teacher = decided_again(records["teacher"], before["teacher"], todo["teacher"], house.teachers)
    student = decided_again(records["student"], before["student"], todo["student"], house.students)
    found = _by_themselves(student)
    children = _relinked(_by_themselves(before["student"]), found)
    parents = _of(families, "student_id", children, "guardian_id")
    ids = records["guardian"]["record_id"].combine_chunks()
    again = _together(todo["guardian"], ids.filter(pc.is_in(ids, value_set=parents)))
    guardian = decided_again(records["guardian"], before["guardian"], again, house.guardians_of(found))
    parents = _relinked(_held(before["guardian"]), _held(guardian))
    children = _together(*house.decided["student"], _of(families, "guardian_id", parents, "student_id"))
    not_alone = found["record_id"].filter(pc.is_null(found["personal_id"])).combine_chunks()
    second = not_alone.filter(pc.is_in(not_alone, value_set=children))
    student = decided_again(records["student"], student, second, house.students_of(guardian, not_alone))
    decided = {kind: _together(pa.array([], pa.string()), *house.decided[kind]) for kind in KINDS}
    return Relinked({"teacher": teacher, "student": student, "guardian": guardian}, decided)


@dataclass(frozen=True)
class _House:
    """How some records of a sector are decided on: with what the others say of their families."""

    records: Mapping[str, pa.Table]
    families: pa.Table
    terms: Mapping[str, Terms]
    decided: dict[str, list[pa.Array]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    """Kind → IDs of the records that were decided on, once for each time."""

    def _link(self, kind: str, of: pa.Table, kin: pa.Table | None, beside: Beside) -> Linkage:
        self.decided[kind].append(of["record_id"].combine_chunks())
        return link(of, self.terms[kind], kin, beside)

    def teachers(self, of: pa.Table, beside: Beside) -> Linkage:
        return self._link("teacher", of, None, beside)

    def students(self, of: pa.Table, beside: Beside, kin: pa.Table | None = None) -> Linkage:
        theirs = families_of(self.families, of)
        guardians = _only(self.records["guardian"], theirs["guardian_id"])
        return self._link("student", with_parent_names(of, guardians, theirs), kin, beside)

    def students_of(self, guardians: Linkage, ids: pa.Array) -> Decide:
        """Students, of whom some (`ids`) may be found by the children of their linked guardians."""

        def decide(of: pa.Table, beside: Beside) -> Linkage:
            theirs = families_of(self.families, of.filter(pc.is_in(of["record_id"], value_set=ids)))
            links = _only(links_of(guardians.decisions), theirs["guardian_id"])
            kin = family.children_of_linked(theirs, links, self.terms["student"].registry)
            return self.students(of, beside, kin)

        return decide

    def guardians_of(self, students: pa.Table) -> Decide:
        """Guardians by the parents of their linked children, as `_by_themselves` has them."""
        registry = self.terms["guardian"].registry

        def decide(of: pa.Table, beside: Beside) -> Linkage:
            theirs = self.families.filter(
                pc.is_in(self.families["guardian_id"], value_set=of["record_id"].combine_chunks())
            )
            children = _only(self.records["student"], theirs["student_id"])
            guardians = at_the_childs_home(of, children, theirs)
            links = _only(students, theirs["student_id"])
            links = links.filter(pc.is_valid(links["personal_id"]))
            kin = family.parents_of_linked(theirs, links, elders_of(guardians), registry)
            return self._link("guardian", guardians, kin, beside)

        return decide


def _only(records: pa.Table, ids: pa.ChunkedArray) -> pa.Table:
    return records.filter(pc.is_in(records["record_id"], value_set=pc.unique(ids)))


def _of(families: pa.Table, key: str, ids: pa.Array, wanted: str) -> pa.Array:
    """The relatives of some people."""
    return pc.unique(families.filter(pc.is_in(families[key], value_set=ids))[wanted])


def _together(*ids: pa.Array) -> pa.Array:
    return pc.unique(pa.concat_arrays(ids))


def _held(linkage: Linkage) -> pa.Table:
    """`record_id`, `personal_id` of all records, null for who isn't linked."""
    return linkage.decisions.select(["record_id", "personal_id"])


def _by_themselves(students: Linkage) -> pa.Table:
    """As `_held`, but null for those found through a guardian as well: they say nothing of their guardians."""
    held = _held(students)
    through = pc.fill_null(pc.equal(students.decisions["decided_by"], family.NAME), False)
    alone = pc.if_else(through, pa.scalar(None, pa.string()), held["personal_id"])
    return held.set_column(1, "personal_id", alone)


def _relinked(before: pa.Table, after: pa.Table) -> pa.Array:
    """Records that have another entry now, or none, or had none (tables as `_held`)."""
    at = places_in(before["record_id"], after["record_id"])
    held = before["personal_id"].take(pa.array(at, mask=at < 0))
    changed = pa.array(~same_values(held, after["personal_id"]))
    return after["record_id"].filter(changed).combine_chunks()


A_GRANDPARENT = 38
"""Years from which on a guardian may be a grandparent of the pupil, entered as father or mother."""


def elders_of(guardians: pa.Table) -> pa.Array:
    """Guardians (as `at_the_childs_home` gives them) who are that much older than the pupil."""
    gap = pc.subtract(guardians[CHILD_YEAR].cast(pa.int64()), pc.year(guardians["birth_from"]))
    return (
        guardians["record_id"]
        .filter(pc.fill_null(pc.greater_equal(gap, A_GRANDPARENT), fill_value=False))
        .combine_chunks()
    )


def families_of(families: pa.Table, students: pa.Table) -> pa.Table:
    """The families of some students."""
    return families.filter(pc.is_in(families["student_id"], value_set=students["record_id"]))


def with_parent_names(students: pa.Table, guardians: pa.Table, families: pa.Table) -> pa.Table:
    """Students with `father_name` and `mother_name` as their guardians' records have them; null where there is none."""
    names = guardians.select(["record_id", "name"])
    joined = families.join(names, "guardian_id", "record_id", join_type="inner", use_threads=False)
    for parent in ("father", "mother"):
        of_parent = joined.filter(pc.equal(joined["relationship"], parent))
        first = _first_of(of_parent, "student_id", "guardian_id")
        at = pc.index_in(students["record_id"], value_set=first["student_id"].combine_chunks())
        students = students.append_column(f"{parent}_name", first["name"].combine_chunks().take(at))
    return students


def at_the_childs_home(guardians: pa.Table, students: pa.Table, families: pa.Table) -> pa.Table:
    """Guardians with the birth year of their eldest child, and without a residence given that of their (first) child: schools ask where the pupil lives, hardly where parents do.

    How often that is right is learned with the rest of m.
    """
    children = students.append_column(CHILD_YEAR, pc.year(students["birth_from"]).cast(pa.int16()))
    joined = families.join(
        children.select(["record_id", CHILD_YEAR, *_HOME]),
        "student_id",
        "record_id",
        join_type="inner",
        use_threads=False,
    )
    eldest = _first_of(joined.filter(pc.is_valid(joined[CHILD_YEAR])), "guardian_id", CHILD_YEAR)
    at = pc.index_in(guardians["record_id"], value_set=eldest["guardian_id"].combine_chunks())
    guardians = guardians.append_column(CHILD_YEAR, eldest[CHILD_YEAR].combine_chunks().take(at))
    housed = joined.filter(pc.is_valid(joined["residence_province"]))
    first = _first_of(housed, "guardian_id", "student_id")
    at = pc.index_in(guardians["record_id"], value_set=first["guardian_id"].combine_chunks())
    homeless = pc.is_null(guardians["residence_province"])
    for name in _HOME:
        own, childs = guardians[name].combine_chunks(), first[name].combine_chunks().take(at)
        guardians = guardians.set_column(
            guardians.column_names.index(name), name, pc.if_else(homeless, childs, own)
        )
    return guardians


_HOME = ("residence_province", "residence_commune")

TOLD: Mapping[str, tuple[str, ...]] = {
    "teacher": (),
    "student": ("birth_from", *_HOME),
    "guardian": ("name",),
}
"""Kind → columns of RECORDS that `at_the_childs_home` and `with_parent_names` give to the decisions on others."""


def _first_of(table: pa.Table, key: str, order: str) -> pa.Table:
    """One row of each key: the first by the other column."""
    ordered = table.sort_by([(key, "ascending"), (order, "ascending")]).combine_chunks()
    codes = pc.rank(ordered[key], tiebreaker="dense")
    return ordered.filter(pa.array(np.diff(codes.to_numpy(), prepend=0) > 0))

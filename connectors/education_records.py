"""Records of all kinds in one shape, and the families between them, out of the tables of an education folder.

A guardian belongs to no school. It gets the school of its first child: the smallest student ID among those whose
school has a province, else among all; the same rule in the database (`connectors.education`).
"""

import unicodedata
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from connectors.files import EducationFolder
from matching.same_order import places_in
from matching.schemas import FAMILIES, KINDS, PERSON_COLUMNS, RAW_RECORDS

# compared with their marks: "bà" (grandmother) would else be "ba" (father)
_FATHER = frozenset(
    {"father", "dad", "cha", "bố", "bo", "ba", "tía", "cha đẻ", "cha ruột", "bố đẻ", "bố ruột", "ba ruột"}
)
_MOTHER = frozenset({"mother", "mum", "mom", "mẹ", "me", "má", "mẹ đẻ", "mẹ ruột", "má ruột"})


def raw_records(folder: EducationFolder, kinds: Sequence[str] = KINDS) -> pa.Table:
    """Records of the given kinds, person columns as typed.

    Returns:
        `matching.schemas.RAW_RECORDS`; province, school and level null where the school is unknown.
    """
    makers = {"teacher": _teachers, "student": _students, "guardian": _guardians}
    return pa.concat_tables([RAW_RECORDS.empty_table(), *[makers[kind](folder) for kind in kinds]])


def families(folder: EducationFolder) -> pa.Table:
    """Which guardian belongs to which student: `matching.schemas.FAMILIES`."""
    links = folder.student_guardians
    columns = [links["student_id"], links["guardian_id"], relationships(links["relationship"])]
    return pa.table(columns, schema=FAMILIES)


def relationships(words: pa.ChunkedArray) -> pa.ChunkedArray:
    """Relationship words in any writing as father, mother or guardian, whoever isn't clearly a parent."""
    known = pc.unique(words)
    meant = pa.array([_relationship(word) for word in known.to_pylist()], pa.string())
    return pc.take(meant, pc.index_in(words, value_set=known))


def _relationship(word: str | None) -> str:
    plain = " ".join(unicodedata.normalize("NFC", word or "").casefold().split())
    if plain in _FATHER:
        return "father"
    return "mother" if plain in _MOTHER else "guardian"


def _looked_up(keys: pa.ChunkedArray, table: pa.Table, key: str, wanted: str) -> pa.ChunkedArray:
    """For each key, the wanted column of its row in a table; null where there is none."""
    return pc.take(table[wanted], pc.index_in(keys, value_set=table[key]))


def _of_people(ids: pa.ChunkedArray, table: pa.Table, key: str, wanted: str) -> pa.ChunkedArray:
    """As `_looked_up`, by IDs of people, who stand in much the same order in all tables."""
    at = places_in(table[key], ids)
    return pc.take(table[wanted], pa.array(at, mask=at < 0))


def _records(kind: str, people: pa.Table, key: str, schools: pa.Table) -> pa.Table:
    nothing = pa.nulls(people.num_rows, pa.string())
    columns = {name: people[name] if name in people.column_names else nothing for name in RAW_RECORDS.names}
    columns["kind"] = pa.repeat(pa.scalar(kind, pa.string()), people.num_rows)
    columns["record_id"] = people[key]
    columns["province"] = _looked_up(people["school_code"], schools, "school_code", "province_code")
    columns["level"] = _looked_up(people["school_code"], schools, "school_code", "level")
    return pa.table(columns, schema=RAW_RECORDS)


def _students(folder: EducationFolder) -> pa.Table:
    return _records("student", folder.students, "student_id", folder.schools)


def _teachers(folder: EducationFolder) -> pa.Table:
    return _records("teacher", folder.teachers, "teacher_id", folder.schools)


def _guardians(folder: EducationFolder) -> pa.Table:
    """Guardians with their first child's school, but no level: it is the child's."""
    people = folder.guardians.select(["guardian_id", *PERSON_COLUMNS])
    children = _first_children(folder)
    student = _of_people(people["guardian_id"], children, "guardian_id", "student_id")
    school = _of_people(student, folder.students, "student_id", "school_code")
    records = _records("guardian", people.append_column("school_code", school), "guardian_id", folder.schools)
    level = RAW_RECORDS.get_field_index("level")
    return records.set_column(level, RAW_RECORDS.field(level), pa.nulls(records.num_rows, pa.string()))


def _first_children(folder: EducationFolder) -> pa.Table:
    """One row per guardian with children: `guardian_id`, `student_id`."""
    links = folder.student_guardians.select(["guardian_id", "student_id"])
    school = _of_people(links["student_id"], folder.students, "student_id", "school_code")
    placed = pc.is_valid(_looked_up(school, folder.schools, "school_code", "province_code"))
    if pc.all(placed).as_py():
        return _smallest(links)
    first = _smallest(links.filter(placed))
    others = links.filter(pc.invert(pc.is_in(links["guardian_id"], value_set=first["guardian_id"])))
    return pa.concat_tables([first, _smallest(others)])


def _smallest(links: pa.Table) -> pa.Table:
    smallest = links.group_by("guardian_id").aggregate([("student_id", "min")])
    return smallest.select(["guardian_id", "student_id_min"]).rename_columns(["guardian_id", "student_id"])

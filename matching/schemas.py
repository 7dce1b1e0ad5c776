"""The Arrow schema of every table that crosses a stage, each with a sentence.

Numbers of people are text with their zeros wherever a person or another program may see them; the numeric
forms used while comparing live in `matching.keys` and never leave `matching`.
"""

import pyarrow as pa

_text = pa.string()

KINDS = ("teacher", "student", "guardian")
"""The kinds of record, in the order in which a province is run."""


def _texts(*names: str) -> pa.Schema:
    return pa.schema([pa.field(name, _text) for name in names])


PERSON_COLUMNS = (
    "full_name",
    "birth_date",
    "gender",
    "birth_place",
    "nationality",
    "claimed_id",
    "residence_province",
    "residence_commune",
)
"""What the education database holds of a person, as text exactly as typed."""

SCHOOLS = _texts("school_code", "name", "level", "province_code", "commune_code")
"""One row per school; `province_code` and `commune_code` are of the catalogue of 2025."""

STUDENTS = _texts("student_id", "school_code", "grade", "school_year", *PERSON_COLUMNS, "updated_at")
"""One row per pupil or university student and school."""

TEACHERS = _texts("teacher_id", "school_code", "role", *PERSON_COLUMNS, "updated_at")
"""Teachers, managers and staff (`role`), one row per person and school."""

GUARDIANS = _texts("guardian_id", *PERSON_COLUMNS, "phone", "updated_at")
"""Parents and other guardians; most have a name, a birth year and a phone only."""

STUDENT_GUARDIANS = _texts("student_id", "guardian_id", "relationship")
"""Which guardian belongs to which student; `relationship` is father, mother or guardian, as typed."""

EDUCATION_TABLES = {
    "schools": SCHOOLS,
    "students": STUDENTS,
    "teachers": TEACHERS,
    "guardians": GUARDIANS,
    "student_guardians": STUDENT_GUARDIANS,
}
"""The education folder and the education database: table name → columns."""

REQUIRED_COLUMNS = {
    "schools": ("school_code", "province_code"),
    "students": ("student_id", "school_code", "full_name"),
    "teachers": ("teacher_id", "school_code", "full_name"),
    "guardians": ("guardian_id", "full_name"),
    "student_guardians": ("student_id", "guardian_id"),
}
"""Columns without which a table can't be used; every other column may be absent."""

RAW_RECORDS = _texts(
    "kind",
    "record_id",
    "province",  # of the school (guardian: of the first child's school), catalogue of 2025
    "school_code",  # guardian: of the first child's school
    "level",
    "grade",
    "role",
    *PERSON_COLUMNS,
)
"""Records of all kinds in one shape, person columns still as typed: what linkage takes in."""

FAMILIES = _texts("student_id", "guardian_id", "relationship")
"""Student and guardian; `relationship` normalised to father, mother or guardian."""

ENTRY = pa.schema(
    [
        pa.field("personal_id", _text),  # 12 digits
        pa.field("full_name", _text),
        pa.field("birth_date", pa.date32()),  # first day of the month or year where less is known
        pa.field("birth_precision", _text),  # day | month | year
        pa.field("gender", _text),  # M | F
        pa.field("birth_province", _text),  # 3 digits, the table of 63 that IDs use
        pa.field("residence_province", _text),  # 2 digits, catalogue of 2025
        pa.field("residence_commune", _text),  # 5 digits, catalogue of 2025
        pa.field("father_id", _text),
        pa.field("mother_id", _text),
        pa.field("former_ids", pa.list_(_text)),  # 9-digit numbers
        pa.field("superseded_ids", pa.list_(_text)),  # cancelled 12-digit numbers
        pa.field("status", _text),  # alive | deceased
    ]
)
"""One person as the registry has them: a row of a registry folder."""

_answered = [*ENTRY, pa.field("father_name", _text), pa.field("mother_name", _text)]

FOUND = pa.schema([pa.field("asked", _text), pa.field("found_by", _text), *_answered])
"""Answer to a lookup: the number asked, how it was found (current | superseded | former), the entry.

Of a number whose holder the registry withholds there is a row with nothing but that: `found_by` is withheld."""

TRACED = pa.schema(
    [pa.field("ref", _text), pa.field("rank", pa.int32()), pa.field("more", pa.bool_()), *_answered]
)
"""Answer to a trace: the query's ref, the candidate's rank from 1, whether more fitted than were returned."""

RELATIVES = pa.schema([pa.field("asked", _text), pa.field("relation", _text), *_answered])
"""Answer to a question for relatives: the number asked, father | mother | child, the relative's entry."""

TRACE_QUERY = _texts(
    "ref",
    "full_name",
    "birth_date",  # YYYY, YYYY-MM or YYYY-MM-DD
    "gender",
    "birth_province",
    "residence_province",
    "residence_commune",
)
"""What a trace asks: only what is known of the person, the rest null."""

RECORDS = pa.schema(
    [
        pa.field("kind", _text),
        pa.field("record_id", _text),
        pa.field("province", _text),
        pa.field("school_code", _text),
        pa.field("level", _text),
        pa.field("grade", _text),
        pa.field("name", _text),  # canonical: NFC, lower case, single spaces, tone marks in one style
        pa.field("name_other", _text),  # a second reading (Telex or VNI residue decoded), else null
        pa.field("birth_from", pa.date32()),  # first and last possible day
        pa.field("birth_to", pa.date32()),
        pa.field("birth_precision", _text),  # day | month | year, null when nothing is known
        pa.field("gender", _text),  # M | F
        pa.field("birth_province", _text),  # 3 digits (63), null when only the province of 2025 is known
        pa.field("birth_region", _text),  # 2 digits (34)
        pa.field("residence_province", _text),  # 2 digits (34)
        pa.field("residence_commune", _text),  # 5 digits (2025), null when divided or unknown
        pa.field("claimed_id", _text),  # 12 digits, plausible form
        pa.field("claimed_former", _text),  # 9 digits
        pa.field("claimed_other", _text),  # 12 digits, a repair that is only suggested (lost zeros restored)
        pa.field("claimed_form", _text),  # see matching.normalise.identifiers.Form
        pa.field("left_out", _text),  # why the record is not in scope, else null
    ]
)
"""Records normalised: values that could be read, in one form; what could not be read is null and in the rejects."""

REJECTS = pa.schema(
    [
        pa.field("table", _text),
        pa.field("row", pa.int64()),  # from 1, the header not counted; null when not from a file
        pa.field("record_id", _text),
        pa.field("column", _text),
        pa.field("reason", _text),
    ]
)
"""Values and rows that could not be used, and why; never the value itself."""

EVIDENCE = pa.struct(
    [
        pa.field(name, _text)
        for name in ("name", "birth_date", "gender", "birth_place", "residence", "number", "parents")
    ]
)
"""The level each comparison reached, by its name (matching.comparison); null when it wasn't compared."""

DECISIONS = pa.schema(
    [
        pa.field("kind", _text),
        pa.field("record_id", _text),
        pa.field("outcome", _text),  # linked | clerical_review | unlinked
        pa.field("reason", _text),  # matching.decision.Reason
        pa.field("personal_id", _text),  # only when linked
        pa.field("candidate_id", _text),  # the best candidate otherwise
        pa.field("match_probability", pa.float64()),
        pa.field("runner_up_probability", pa.float64()),
        pa.field("decided_by", _text),  # the pass
        pa.field("evidence", EVIDENCE),
        pa.field("model", _text),
        pa.field("run", _text),
    ]
)
"""One row for every record: what was decided, why, by which pass and on what evidence."""

CANDIDATES = pa.schema(
    [
        pa.field("kind", _text),
        pa.field("record_id", _text),
        pa.field("rank", pa.int8()),  # 1 is the best, 3 at most
        pa.field("match_probability", pa.float64()),
        pa.field("evidence", EVIDENCE),
        *[
            pa.field(f"entry_{field.name}" if field.name != "personal_id" else field.name, field.type)
            for field in ENTRY
            if field.name not in {"former_ids", "superseded_ids", "father_id", "mother_id"}
        ],
    ]
)
"""The best candidates of each record that was not linked: personal_id, entry_full_name, entry_birth_date, …"""

VERDICTS = _texts(
    "kind",
    "record_id",
    "verdict",  # matching.decision.Verdict
    "personal_id",  # an entry that it is about; null where no candidate was shown
)
"""What people decided and what still holds of it: one row per record and entry that the decision is about."""

"""The registry's own tables: what an extract holds, and what bulk answers look like.

Written down here a second time on purpose: the registry is another party, and what it promises is its own.
"""

import pyarrow as pa

_text = pa.string()

ENTRY = pa.schema(
    [
        pa.field("personal_id", _text),
        pa.field("full_name", _text),
        pa.field("birth_date", pa.date32()),
        pa.field("birth_precision", _text),
        pa.field("gender", _text),
        pa.field("birth_province", _text),
        pa.field("residence_province", _text),
        pa.field("residence_commune", _text),
        pa.field("father_id", _text),
        pa.field("mother_id", _text),
        pa.field("former_ids", pa.list_(_text)),
        pa.field("superseded_ids", pa.list_(_text)),
        pa.field("status", _text),
    ]
)
"""One person; `birth_date` is the first day of the month or year where `birth_precision` is coarser than day."""

ANSWERED = pa.schema([*ENTRY, pa.field("father_name", _text), pa.field("mother_name", _text)])
"""One person as answers show them: the entry and its parents' names."""

FOUND = pa.schema([pa.field("asked", _text), pa.field("found_by", _text), *ANSWERED])
"""Answer to a lookup: the number asked, how it was found (current | superseded | former), the entry."""

TRACED = pa.schema(
    [pa.field("ref", _text), pa.field("rank", pa.int32()), pa.field("more", pa.bool_()), *ANSWERED]
)
"""Answer to a trace: the query's ref, the candidate's rank from 1, whether more fitted than were returned."""

RELATIVES = pa.schema([pa.field("asked", _text), pa.field("relation", _text), *ANSWERED])
"""Answer to a question for relatives: the number asked, father | mother | child, the relative's entry."""

CHANGE = pa.schema(
    [
        pa.field("change", _text),
        pa.field("at", _text),
        pa.field("superseded_by", _text),
        *(pa.field(field.name, field.type) for field in ENTRY),
    ]
)
"""One change (born | corrected | superseded | deceased), when, and the entry as it is since then.

Of a superseded number: the number as `personal_id`, the one it leads to now as `superseded_by`, all else null."""

NUMBER_QUESTIONS = pa.schema([pa.field("number", _text)])
"""What a bulk lookup, or one of relatives, uploads."""

TRACE_QUESTIONS = pa.schema(
    [
        pa.field(name, _text)
        for name in (
            "ref",
            "full_name",
            "birth_date",
            "gender",
            "birth_province",
            "residence_province",
            "residence_commune",
        )
    ]
)
"""What a trace asks; `birth_date` is YYYY, YYYY-MM or YYYY-MM-DD; all but `ref` may be null."""

VERIFY_QUESTIONS = pa.schema(
    [pa.field(name, _text) for name in ("ref", "number", "full_name", "birth_date", "gender")]
)
"""What a verification states of a person; all but `ref` and `number` may be null."""

"""What is still open, and where: per school, and the rejected values per reason."""

import duckdb
import pyarrow as pa

from matching.decision import OUT_OF_SCOPE, Reason
from matching.explain import ACTORS

_text, _count = pa.string(), pa.int64()

SCHOOLS_OPEN = pa.schema(
    [
        pa.field("kind", _text),
        pa.field("province", _text),
        pa.field("school_code", _text),
        pa.field("school_name", _text),
        pa.field("in_scope", _count),
        pa.field("open", _count),  # clerical review and unlinked
        pa.field("school_acts", _count),  # of these, how many the school itself can settle first
        pa.field("main_reason", _text),
    ]
)
"""One row per kind and school that has an open record; guardians count with their first child's school."""

REJECT_COUNTS = pa.schema(
    [
        pa.field("table", _text),
        pa.field("column", _text),
        pa.field("reason", _text),
        pa.field("rejected", _count),
    ]
)
"""How many values or rows could not be used, by reason; additive."""


def _sql_list(reasons: set[Reason]) -> str:
    return ", ".join(f"'{reason}'" for reason in sorted(reasons))


_SCHOOL_ACTS = _sql_list({reason for reason, actors in ACTORS.items() if actors[0] == "school"})
_SCHOOLS = f"""
with named as (select school_code, any_value(name) as school_name from schools group by school_code),
scoped as (
    select d.kind, r.province, r.school_code, d.reason, d.outcome <> 'linked' as is_open
    from decisions d join records r using (kind, record_id)
    where r.left_out is null and coalesce(d.reason not in ({_sql_list(set(OUT_OF_SCOPE))}), true)
      and r.school_code is not null
)
select kind, province, school_code, any_value(school_name) as school_name, count(*) as in_scope,
       count(*) filter (is_open) as open,
       count(*) filter (is_open and reason in ({_SCHOOL_ACTS})) as school_acts,
       mode(reason order by reason) filter (is_open) as main_reason
from scoped left join named using (school_code)
group by kind, province, school_code having count(*) filter (is_open) > 0
order by open desc, kind, school_code
"""


def schools_open(decisions: pa.Table, records: pa.Table, schools: pa.Table) -> pa.Table:
    """The schools with open records, the most first: a table of `SCHOOLS_OPEN`.

    Args:
        decisions: `matching.schemas.DECISIONS`.
        records: `matching.schemas.RECORDS`, the same records.
        schools: `matching.schemas.SCHOOLS`; a school it lacks has no name.
    """
    with duckdb.connect() as con:
        for name, table in (("decisions", decisions), ("records", records), ("schools", schools)):
            con.register(name, table)
        return con.sql(_SCHOOLS).to_arrow_table().cast(SCHOOLS_OPEN)


def reject_counts(rejects: pa.Table) -> pa.Table:
    """Count `matching.schemas.REJECTS` by table, column and reason, the most first: a table of `REJECT_COUNTS`."""
    with duckdb.connect() as con:
        con.register("rejects", rejects)
        counted = con.sql(
            'select "table", "column", reason, count(*) as rejected from rejects '
            'group by all order by rejected desc, "table", "column", reason'
        )
        return counted.to_arrow_table().cast(REJECT_COUNTS)

"""Đúng, đủ, sạch, sống: the four words for good data, each as a count of a count.

* đúng (correct): of the linked records compared on name and birth date, those whose name and birth date are
  the registry's to the letter and the day, and whose gender does not differ.
* đủ (complete): of the records in scope, those with a name, a birth date to the day, a gender, and a personal
  ID, typed by the school or attached by this run.
* sạch (clean): of the records in scope, those without a value that could not be read, without a number of
  wrong form, and without a second record of the same person, number or entry.
* sống (live): of the records in scope, those confirmed with the registry, by this run or one at most
  `FRESH_DAYS` days before.
"""

from datetime import date, timedelta

import duckdb
import pyarrow as pa

from matching.decision import OUT_OF_SCOPE, Reason

FRESH_DAYS = 31
"""The report is due monthly: what was confirmed since the last one is live."""

VERIFIED = pa.schema(
    [pa.field("kind", pa.string()), pa.field("record_id", pa.string()), pa.field("verified_on", pa.date32())]
)
"""When a record's personal ID was last confirmed with the registry by an earlier run."""

QUALITY = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("province", pa.string()),
        *[
            pa.field(name, pa.int64())
            for name in ("in_scope", "compared", "correct", "complete", "clean", "live")
        ],
    ]
)
"""The counts behind the four shares, additive: correct of compared, the other three of in_scope."""

NOTHING_VERIFIED = VERIFIED.empty_table()

_TABLE_OF_KIND = {"student": "students", "teacher": "teachers", "guardian": "guardians"}
_OUT = ", ".join(f"'{reason}'" for reason in sorted(OUT_OF_SCOPE))
_UNCLEAN = ", ".join(
    f"'{reason}'"
    for reason in sorted(
        {
            Reason.DUPLICATE_RECORD,
            Reason.NUMBER_SHARED,
            Reason.ENTRY_SHARED,
            Reason.NUMBER_WRONG_FORM,
            Reason.NUMBER_LOST,
        }
    )
)
_SINGULAR = " ".join(f"when '{table}' then '{kind}'" for kind, table in _TABLE_OF_KIND.items())

_QUALITY = f"""
with rejected as (
    select distinct case "table" {_SINGULAR} else "table" end as kind, record_id, true as is_rejected
    from rejects where record_id is not null
), recent as (
    select distinct kind, record_id, true as is_recent from verified where verified_on >= $fresh
), seen as (
    select d.kind, r.province, d.reason, d.outcome = 'linked' as is_linked,
           d.evidence.name as name_level, d.evidence.birth_date as date_level, d.evidence.gender as gender_level,
           r.name is not null and r.birth_precision = 'day' and r.gender is not null as has_person,
           coalesce(r.claimed_id, r.claimed_former) is not null as has_number,
           coalesce(is_rejected, false) as is_rejected, coalesce(is_recent, false) as is_recent
    from decisions d join records r using (kind, record_id)
    left join rejected using (kind, record_id) left join recent using (kind, record_id)
    where r.left_out is null and coalesce(d.reason not in ({_OUT}), true)
), judged as (
    select *, is_linked and name_level <> 'missing' and date_level <> 'missing' as is_compared from seen
)
select kind, province, count(*) as in_scope,
       count(*) filter (is_compared) as compared,
       count(*) filter (is_compared and name_level = 'same' and date_level in ('same_day', 'default_day')
                        and coalesce(gender_level, 'missing') <> 'different') as correct,
       count(*) filter (has_person and (has_number or is_linked)) as complete,
       count(*) filter (not is_rejected and coalesce(reason not in ({_UNCLEAN}), true)) as clean,
       count(*) filter (is_linked or is_recent) as live
from judged group by all order by all
"""


def quality(
    decisions: pa.Table,
    records: pa.Table,
    rejects: pa.Table,
    today: date,
    verified: pa.Table = NOTHING_VERIFIED,
) -> pa.Table:
    """Count what the four words need.

    Args:
        decisions: `matching.schemas.DECISIONS`.
        records: `matching.schemas.RECORDS`, the same records.
        rejects: `matching.schemas.REJECTS` of the same partition.
        today: The day of the run.
        verified: Earlier confirmations (`VERIFIED`); they count for `live` only.

    Returns:
        A table of `QUALITY`.
    """
    with duckdb.connect() as con:
        for name, table in (
            ("decisions", decisions),
            ("records", records),
            ("rejects", rejects),
            ("verified", verified),
        ):
            con.register(name, table)
        counted = con.sql(_QUALITY, params={"fresh": today - timedelta(days=FRESH_DAYS)})
        return counted.to_arrow_table().cast(QUALITY)

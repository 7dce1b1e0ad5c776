"""Link rates by the 63 provinces of before July 2025, in which older figures were published.

A record has no such province; its school has a commune, and nearly every commune of today was put together from communes of one old
province. What cannot be told (no commune, or a commune of two old provinces) stands apart: a figure that is spread by guess would be
no figure.
"""

from collections import defaultdict
from functools import cache

import duckdb
import pyarrow as pa

from matching.decision import OUT_OF_SCOPE
from matching.reference import read_table

FORMER_RATES = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("province", pa.string()),  # of the 34
        pa.field("former", pa.string()),  # of the 63, three digits as in numbers; null where it can't be told
        pa.field("in_scope", pa.int64()),
        pa.field("linked", pa.int64()),
    ]
)
"""Link rates by the province of before, additive."""

_OUT = ", ".join(f"'{reason}'" for reason in sorted(OUT_OF_SCOPE))
_FORMER = f"""
with placed as (select school_code, any_value(commune_code) as commune from schools group by school_code)
select d.kind, r.province, coalesce(of_commune.former, of_province.former) as former,
       count(*) as in_scope, count(*) filter (d.outcome = 'linked') as linked
from decisions d
join records r using (kind, record_id)
left join placed using (school_code)
left join communes of_commune using (commune)
left join provinces of_province using (province)
where r.left_out is null and coalesce(d.reason not in ({_OUT}), true)
group by all order by all
"""


def former_rates(decisions: pa.Table, records: pa.Table, schools: pa.Table) -> pa.Table:
    """Count by the province that the school's commune lay in before July 2025: a table of `FORMER_RATES`.

    Args:
        decisions: `matching.schemas.DECISIONS`.
        records: `matching.schemas.RECORDS`, the same records.
        schools: `matching.schemas.SCHOOLS`.
    """
    communes, alone = former_of_commune(), former_of_whole_province()
    with duckdb.connect() as con:
        con.register("decisions", decisions.select(["kind", "record_id", "outcome", "reason"]))
        con.register("records", records.select(["kind", "record_id", "province", "school_code", "left_out"]))
        con.register("schools", schools.select(["school_code", "commune_code"]))
        con.register("communes", pa.table({"commune": list(communes), "former": list(communes.values())}))
        con.register("provinces", pa.table({"province": list(alone), "former": list(alone.values())}))
        return con.sql(_FORMER).to_arrow_table().cast(FORMER_RATES)


@cache
def former_of_commune() -> dict[str, str]:
    """Commune of today → the province of the 63 that all of it lay in, three digits; others are absent."""
    before = {
        row["code"] or row["district_code"]: f"0{row['province_code']}"
        for row in read_table("communes_legacy", ("code", "district_code", "province_code"))
    }
    found: dict[str, set[str]] = defaultdict(set)
    for row in read_table("commune_map_2025", ("legacy_code", "new_code")):
        found[row["new_code"]].add(before.get(row["legacy_code"], ""))
    return {commune: next(iter(some)) for commune, some in found.items() if len(some) == 1 and "" not in some}


@cache
def former_of_whole_province() -> dict[str, str]:
    """Province of today that was not merged → itself among the 63."""
    parts: dict[str, list[str]] = defaultdict(list)
    for row in read_table("id_province_codes", ("code", "new_code_2025")):
        parts[row["new_code_2025"]].append(row["code"])
    return {today: before[0] for today, before in parts.items() if len(before) == 1}

"""Tracing: who might be meant by a name, a date and a place. The registry's own rules and its own ranking.

A trace is generous: it returns everybody whom at least one rule of RULES finds, best first, at most MOST of them.
Who of them is meant is for the asker to decide. One pass of joins answers one question or a hundred thousand.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from mock_population_api.schemas import TRACED
from mock_population_api.store import ENTRY_SELECT, Store

MOST = 50
"""Candidates returned for one query at most."""

_SIMILAR = 0.8
"""Jaro-Winkler similarity of folded names from which the registry calls them similar."""


@dataclass(frozen=True)
class Rule:
    """One reason to return an entry: a join of the questions `q` with a table of the store called `e`."""

    name: str
    table: str
    on: str
    means: str


_VERY_SIMILAR = 0.88
_LIKE = f"jaro_winkler_similarity(q.folded, e.folded) >= {_SIMILAR}"
_LIKE_ENOUGH = f"jaro_winkler_similarity(q.folded, e.folded) >= {_VERY_SIMILAR}"
_NO_PROVINCE = "q.residence_province IS NULL AND q.birth_province IS NULL"

RULES = (
    Rule(
        "name_year",
        "by_name",
        "q.words = e.words AND q.year = e.year",
        "same words of the name in any order, same birth year (so also the same date, and day and month swapped)",
    ),
    Rule(
        "name_day_month",
        "by_name",
        "q.words = e.words AND q.day_month = e.day_month AND abs(q.year - e.year) IN (1, 2, 9, 10, 11)",
        "same words of the name, same day and month, year off by 1, 2, 9, 10 or 11",
    ),
    Rule(
        "name_commune",
        "by_name",
        "q.words = e.words AND q.residence_commune = e.residence_commune",
        "same words of the name, same commune of residence",
    ),
    Rule(
        "name_province",
        "by_name",
        "q.words = e.words AND q.day_month IS NULL AND (q.year IS NULL OR abs(q.year - e.year) <= 2) "
        "AND (q.residence_province = e.residence_province OR q.birth_province = e.birth_province)",
        "same words of the name, same province of residence or birth, where the birth date asked is absent or coarse",
    ),
    Rule(
        "name_alone",
        "by_name",
        f"q.words = e.words AND q.year IS NULL AND {_NO_PROVINCE}",
        "same words of the name, where neither date nor province is asked",
    ),
    Rule(
        "name_near_year",
        "by_name",
        f"q.words = e.words AND q.day_month IS NULL AND {_NO_PROVINCE} AND abs(q.year - e.year) IN (1, 2, 9, 10, 11)",
        "same words of the name, year off by 1, 2, 9, 10 or 11, where neither day nor province is asked",
    ),
    Rule(
        "sound_year",
        "by_sound",
        "q.sound = e.sound AND q.year = e.year",
        "same sound of the name (s/x, tr/ch, d/gi/r/v, l/n, i/y, c/k/q alike; spaces and apostrophes removed), "
        "same birth year",
    ),
    Rule(
        "edge_year",
        "by_edge",
        "q.edge = e.edge AND q.year = e.year AND (q.residence_province = e.residence_province "
        "OR q.birth_province = e.birth_province OR q.day_month // 100 = e.day_month // 100 "
        "OR q.day_month % 100 = e.day_month % 100)",
        "same first and last word, same birth year, and a province, the month or the day agrees",
    ),
    Rule(
        "edge_year_alone",
        "by_edge",
        f"q.edge = e.edge AND q.year = e.year AND q.day_month IS NULL AND {_NO_PROVINCE}",
        "same first and last word, same birth year, where neither day nor province is asked",
    ),
    Rule(
        "edge_day_month",
        "by_edge",
        "q.edge = e.edge AND q.day_month = e.day_month AND abs(q.year - e.year) IN (1, 2, 9, 10, 11)",
        "same first and last word, same day and month, year off by 1, 2, 9, 10 or 11",
    ),
    Rule(
        "date_name",
        "by_date",
        "q.birth_date = e.birth_date AND (q.last IN (e.last, e.first) OR (q.first IN (e.first, e.last) OR "
        f"q.initials = e.initials) AND {_LIKE})",
        "same birth date and the same given word (last, or first where names are written so), or a similar name "
        "that shares a first word or all initials",
    ),
    Rule(
        "date_place",
        "by_date",
        "q.birth_date = e.birth_date AND q.birth_province = e.birth_province "
        "AND (q.gender IS NULL OR q.gender = e.gender)",
        "same birth date and province of birth, and gender where it is asked",
    ),
    Rule(
        "swapped_date",
        "by_date",
        f"q.swapped_date = e.birth_date AND (q.last = e.last OR {_LIKE})",
        "day and month swapped, and the same last word or a similar name",
    ),
    Rule(
        "commune_year",
        "by_commune",
        f"q.residence_commune = e.residence_commune AND q.year = e.year AND (q.last = e.last OR {_LIKE})",
        "same commune of residence, same birth year, and the same last word or a similar name",
    ),
    Rule(
        "commune_name",
        "by_commune",
        f"q.residence_commune = e.residence_commune AND q.year IS NULL AND {_LIKE_ENOUGH}",
        "same commune of residence and a very similar name, where no birth date is asked",
    ),
    Rule(
        "birthplace_year",
        "by_birthplace",
        "q.birth_province = e.birth_province AND q.year = e.year AND (q.day_month // 100 = e.day_month // 100 "
        f"OR q.day_month % 100 = e.day_month % 100) AND {_LIKE_ENOUGH}",
        "same province of birth, same birth year, month or day agrees, and a very similar name",
    ),
)

_ASK = """
    CREATE OR REPLACE TEMP TABLE asked AS
    SELECT *, keyed(sorted_words(folded)) AS words, keyed(sounded(folded)) AS sound,
           first_word(folded) AS first, last_word(folded) AS last, initials(folded) AS initials,
           keyed(first_word(folded) || ' ' || last_word(folded)) AS edge,
           CASE WHEN birth_date IS NOT NULL THEN month(birth_date) * 100 + day(birth_date) END::SMALLINT AS day_month,
           CASE WHEN day(birth_date) <= 12 AND day(birth_date) <> month(birth_date)
               THEN make_date(year(birth_date), day(birth_date), month(birth_date)) END AS swapped_date
    FROM (
        SELECT place, ref, folded(full_name) AS folded, keyed(spelled(full_name)) AS spelled,
               try_cast(left(birth_date, 4) AS SMALLINT) AS year,
               try_cast(substr(birth_date, 6, 2) AS UTINYINT) AS month,
               try_cast(CASE WHEN length(birth_date) = 10 THEN birth_date END AS DATE) AS birth_date,
               gender, birth_province, residence_province, residence_commune
        FROM uploaded
    )
"""

_FITTING = " UNION ".join(
    f"SELECT q.place, e.key FROM asked q JOIN {rule.table} e ON {rule.on}" for rule in RULES
)

_POINTS = """
    4 * (CASE WHEN q.words = e.words THEN 1 WHEN q.sound = e.sound THEN 0.95
         ELSE coalesce(jaro_winkler_similarity(q.folded, e.folded), 0) END)
    + coalesce((q.spelled = e.spelled)::INT, 0)
    + coalesce((q.year = e.year)::INT, 0)
    + CASE WHEN e.birth_precision = 'year' THEN 0 ELSE coalesce((q.month = month(e.birth_date))::INT, 0) END
    + coalesce((q.day_month % 100 = e.day_month % 100)::INT, 0)
    + coalesce((q.birth_date = e.birth_date AND e.birth_precision = 'day')::INT, 0)
    + CASE WHEN q.swapped_date = e.birth_date THEN 1.5 ELSE 0 END
    + coalesce((q.gender = e.gender)::INT, 0)
    + coalesce((q.birth_province = e.birth_province)::INT, 0)
    + 0.5 * coalesce((q.residence_province = e.residence_province)::INT, 0)
    + coalesce((q.residence_commune = e.residence_commune)::INT, 0)
"""

_RANK = f"""
    CREATE OR REPLACE TEMP TABLE best AS
    SELECT place, key, rank, fitting > {MOST} AS more FROM (
        SELECT place, key, row_number() OVER (PARTITION BY place ORDER BY points DESC, key) AS rank,
               count(*) OVER (PARTITION BY place) AS fitting
        FROM (
            SELECT f.place, f.key, {_POINTS} AS points
            FROM ({_FITTING}) f JOIN asked q ON q.place = f.place JOIN entries e ON e.key = f.key
            WHERE f.key NOT IN (SELECT key FROM restricted)
        )
    ) WHERE rank <= {MOST}
"""

_ANSWER = f"""
    SELECT q.ref, b.rank::INT AS rank, b.more, {ENTRY_SELECT}
    FROM best b JOIN asked q ON q.place = b.place JOIN entries e ON e.key = b.key
    ORDER BY b.place, b.rank
"""


def trace(store: Store, queries: pa.Table) -> pa.Table:
    """Candidates for `queries` (TRACE_QUESTIONS): a table of schema TRACED, by query, then rank."""
    with store.cursor() as cursor:
        _find(cursor, queries)
        return store.veil.over_kin(cursor.sql(_ANSWER).to_arrow_table().cast(TRACED))


def trace_batches(store: Store, queries: pa.Table, batch_rows: int = 65_536) -> Iterator[pa.RecordBatch]:
    """The same rows as `trace`, in batches, so that a large answer never stands in memory whole."""
    with store.cursor() as cursor:
        _find(cursor, queries)
        for batch in cursor.sql(_ANSWER).to_arrow_reader(batch_rows):
            yield from store.veil.over_kin(pa.Table.from_batches([batch]).cast(TRACED)).to_batches()


def _find(cursor: duckdb.DuckDBPyConnection, queries: pa.Table) -> None:
    cursor.register("uploaded", queries.append_column("place", pa.array(np.arange(len(queries)))))
    cursor.execute(_ASK)
    cursor.unregister("uploaded")
    cursor.execute(_RANK)

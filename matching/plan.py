"""How many pairs each rule makes, counted exactly before any is made; work cut into units under a budget.

Two counts per key and one join of the counts tell the number of pairs of a rule, in a fraction of the time of making them
(linkage research: splitting by rows hides the hot keys, splitting by pairs doesn't). A unit is one rule and
one slice of the records.
"""

from dataclasses import dataclass

import duckdb

from matching.blocking import BlockingRule
from matching.errors import TooManyPairs

PAIRS_PER_UNIT = 4_000_000
"""Budget of a unit: some hundred bytes a pair while it is compared, so half a GB at most."""

MOST_PAIRS_PER_RECORD = 4_000.0
"""On average over a rule; beyond it the rule doesn't fit the data, and the run would not end."""


NEVER_TOO_MANY = 20 * PAIRS_PER_UNIT
"""So many pairs are compared in any case: two common names among few records are no reason to stop."""


@dataclass(frozen=True)
class Unit:
    """One rule, one slice of the records: independent of all others, and repeatable."""

    rule: int
    part: int
    parts: int


def count_pairs(con: duckdb.DuckDBPyConnection, rule: BlockingRule, records: str, entries: str) -> int:
    """Pairs that the keys of a rule make, before its condition and the rules before it; exact."""
    left = ", ".join(f"{key} AS k{i}" for i, key in enumerate(rule.key_columns(0)))
    right = ", ".join(f"{key} AS k{i}" for i, key in enumerate(rule.key_columns(1)))
    keys = ", ".join(f"k{i}" for i in range(len(rule.keys)))
    (total,) = con.sql(
        f"""
        WITH l AS (SELECT {keys}, count(*) AS n FROM (SELECT {left} FROM {records} r) GROUP BY ALL),
             g AS (SELECT {keys}, count(*) AS n
                   FROM (SELECT {right} FROM {entries} e) SEMI JOIN l USING ({keys}) GROUP BY ALL)
        SELECT coalesce(sum(l.n * g.n), 0)::BIGINT FROM l JOIN g USING ({keys})
        """
    ).fetchall()[0]
    return int(total)


def units(rule: int, pairs: int, records: int, name: str) -> list[Unit]:
    """Cut one rule's work into units of about PAIRS_PER_UNIT.

    Raises:
        TooManyPairs: more than MOST_PAIRS_PER_RECORD on average.
    """
    if pairs > NEVER_TOO_MANY and pairs / max(records, 1) > MOST_PAIRS_PER_RECORD:
        raise TooManyPairs(name, pairs, records)
    parts = max(1, -(-pairs // PAIRS_PER_UNIT))
    return [Unit(rule, part, parts) for part in range(parts)] if pairs else []

"""What makes a pair of record and entry worth comparing: the rules, as data, and the pairs of a rule in SQL.

A rule is an equality of keys (a hash join) and at most one further condition. Rules are ordered; the pairs of a
rule are those that no earlier rule finds, which is decided by looking at both sides' keys and not by making
pairs distinct (docs: linkage, Speed). Rules and figures: trial of 300,000 records against 20 M entries.

Both sides have the columns of `matching.keys`; in SQL a record is `r`, an entry `e`. A null or 0 key equals nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from matching.errors import UnknownRule


@dataclass(frozen=True)
class BlockingRule:
    """Keys that must be equal (record side, entry side), and a condition on the pairs they give."""

    name: str
    keys: tuple[tuple[str, str], ...]
    condition: str = ""
    finds: str = ""
    """What this rule is for, in words."""

    def matches(self) -> str:
        """The rule as one SQL condition that is never null."""
        parts = [f"{left} = {right}" for left, right in self.keys]
        if self.condition:
            parts.append(self.condition)
        return f"coalesce({' AND '.join(parts)}, false)"

    def key_columns(self, side: int) -> tuple[str, ...]:
        """The key expressions of one side: 0 the record's, 1 the entry's."""
        return tuple(key[side] for key in self.keys)


def _same(*columns: str) -> tuple[tuple[str, str], ...]:
    """Equal columns; 0 means unknown there, and unknown equals nothing."""
    return tuple((_known(f"r.{column}"), f"e.{column}") for column in columns)


def _known(column: str) -> str:
    return f"nullif({column}, 0)" if column.split(".")[1] in _CODED else column


_CODED = {
    "folded", "sound", "given", "sorted", "gender", "birth_province", "residence_province", "residence_commune",
}  # fmt: skip

YEARS_OFF = (1, 2, 9, 10, 11)
"""Slips that keep day and month: a year miscounted, a digit of the decade or of both mistyped."""

_off = ", ".join(map(str, YEARS_OFF))

_COARSE = (
    "(coalesce(r.precision, 0) < 3 OR e.precision < 3"
    " OR (r.month = 1 AND r.day = 1) OR (e.month = 1 AND e.day = 1))"
)
"""One side knows no day, or says 1 January, which often means the same."""

RULES = (
    BlockingRule("name_date", _same("folded", "birth_day"), finds="marks, tone placement, case, encodings"),
    BlockingRule("date_given", _same("birth_day", "given"), finds="wrong or missing family or middle words"),
    BlockingRule("name_month", _same("folded", "year", "month"), finds="wrong days"),
    BlockingRule("name_day", _same("folded", "year", "day"), finds="wrong months"),
    BlockingRule(
        "name_swapped",
        (*_same("folded", "year"), ("r.day", "e.month"), ("r.month", "e.day")),
        finds="day and month in the other order",
    ),
    BlockingRule(
        "name_year_birthplace", _same("folded", "year", "birth_province"), finds="wrong or missing days"
    ),
    BlockingRule(
        "name_year_commune", _same("folded", "year", "residence_commune"), finds="wrong or missing days"
    ),
    BlockingRule(
        "name_other_year",
        _same("folded", "month", "day"),
        f"abs(r.year - e.year) IN ({_off})",
        finds="wrong years",
    ),
    BlockingRule(
        "date_birthplace", _same("birth_day", "birth_province", "gender"), finds="wrong given names"
    ),
    BlockingRule(
        "date_commune", _same("birth_day", "residence_commune"), finds="wrong names, no birth place"
    ),
    BlockingRule("words_year", _same("sorted", "year"), finds="words in another order"),
    BlockingRule(
        "sound_year_province",
        _same("sound", "year", "residence_province"),
        finds="spelling by ear where the day is unknown",
    ),
    BlockingRule(
        "name_year_coarse",
        _same("folded", "year"),
        f"{_COARSE} AND coalesce(r.residence_province, 0) IN (0, e.residence_province)",
        finds="years only",
    ),
    BlockingRule(
        "name_near_year",
        _same("folded", "residence_province"),
        f"{_COARSE} AND abs(r.year - e.year) IN ({_off})",
        finds="years only, and wrong",
    ),
    BlockingRule("name_commune", _same("folded", "residence_commune"), finds="no or a quite different date"),
    BlockingRule(
        "name_undated",
        _same("folded", "residence_province"),
        "coalesce(r.precision, 0) = 0",
        finds="no date at all",
    ),
)
"""All rules, in the order in which a pair is credited to them."""

_BY_NAME = {rule.name: position for position, rule in enumerate(RULES)}


def rule_position(name: str) -> int:
    """Where a rule stands in RULES.

    Raises:
        UnknownRule: no rule has that name.
    """
    if name not in _BY_NAME:
        raise UnknownRule(name, tuple(_BY_NAME))
    return _BY_NAME[name]


def pairs_sql(
    rule: BlockingRule, earlier: Sequence[BlockingRule], records: str, entries: str, columns: str
) -> str:
    """SQL for the pairs of a rule that no earlier rule finds.

    Args:
        rule: the rule.
        earlier: rules whose pairs are left out.
        records: table of RECORD_KEYS.
        entries: table of ENTRY_KEYS.
        columns: what to select, from `r` and `e`.
    """
    unseen = "".join(f" AND NOT {other.matches()}" for other in earlier)
    join = " AND ".join(f"{left} = {right}" for left, right in rule.keys)
    where = rule.condition or "true"
    return f"SELECT {columns} FROM {records} r JOIN {entries} e ON {join} WHERE {where}{unseen}"

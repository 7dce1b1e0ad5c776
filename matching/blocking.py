"""What makes a pair of record and entry worth comparing: the rules, each a bit, decided by looking at both sides.

Entries lie in two orders (`matching.index`): by birth date and by name. A record meets those born on its day and those of its name or a
name near it; the rules say which of them are worth comparing, and which pair counts for which rule.
"""

from dataclasses import dataclass

from matching.columns import Entries, Records, day_of, is_coarse, month_of, year_of
from matching.comparison import is_year_slip
from matching.compiled import either
from matching.errors import UnknownRule


@dataclass(frozen=True)
class BlockingRule:
    """A rule's name and what it is for."""

    name: str
    finds: str


RULES = (
    BlockingRule("name_date", "marks, tone placement, case, encodings"),
    BlockingRule("date_given", "wrong or missing family or middle words"),
    BlockingRule("date_birthplace", "wrong given names"),
    BlockingRule("date_commune", "wrong names, no birth place"),
    BlockingRule("name_month", "wrong days"),
    BlockingRule("name_day", "wrong months"),
    BlockingRule("name_swapped", "day and month in the other order"),
    BlockingRule("name_year_birthplace", "wrong or missing days"),
    BlockingRule("name_year_commune", "wrong or missing days"),
    BlockingRule("name_other_year", "wrong years"),
    BlockingRule("name_year_coarse", "years only"),
    BlockingRule("name_near_year", "years only, and wrong"),
    BlockingRule("name_commune", "no or a quite different date"),
    BlockingRule("name_undated", "no date at all"),
    BlockingRule("name_rare", "anything wrong, where hardly anybody bears the name"),
    BlockingRule("date_rare", "anything wrong, where few were born on the day"),
    BlockingRule("near_name_year", "wrong name, and wrong or missing day"),
    BlockingRule("near_name_commune", "wrong name and wrong year"),
)
"""All rules, in the order in which a pair is credited to them; a rule's bit is its position."""

FEW = 50
"""So few entries of a name or a day are compared whatever else they are."""

_POSITION = {rule.name: position for position, rule in enumerate(RULES)}


def rule_position(name: str) -> int:
    """Where a rule stands in RULES.

    Raises:
        UnknownRule: no rule has that name.
    """
    if name not in _POSITION:
        raise UnknownRule(name, tuple(_POSITION))
    return _POSITION[name]


_NAME_DATE, _DATE_GIVEN, _DATE_BIRTHPLACE, _DATE_COMMUNE = (
    1 << rule_position(n) for n in ("name_date", "date_given", "date_birthplace", "date_commune")
)
_MONTH, _DAY, _SWAPPED = (1 << rule_position(n) for n in ("name_month", "name_day", "name_swapped"))
_YEAR_BIRTHPLACE, _YEAR_COMMUNE, _OTHER_YEAR = (
    1 << rule_position(n) for n in ("name_year_birthplace", "name_year_commune", "name_other_year")
)
_COARSE, _NEAR_YEAR, _COMMUNE, _UNDATED = (
    1 << rule_position(n) for n in ("name_year_coarse", "name_near_year", "name_commune", "name_undated")
)
_NEAR_NAME_YEAR, _NEAR_NAME_COMMUNE = (1 << rule_position(n) for n in ("near_name_year", "near_name_commune"))


_NAME_RARE, _DATE_RARE = (1 << rule_position(n) for n in ("name_rare", "date_rare"))


@either
def date_rules(
    records: Records, row: int, entries: Entries, at: int, same_name: bool, same_given: bool, few: bool
) -> int:
    """The rules (bits) met by a pair born on the same day, which both know."""
    met = _DATE_RARE if few else 0
    if same_name:
        met |= _NAME_DATE
    if same_given:
        met |= _DATE_GIVEN
    place, gender, commune = records.birth_province[row], records.gender[row], records.commune[row]
    if place != 0 and place == entries.birth_province[at] and gender != 0 and gender == entries.gender[at]:
        met |= _DATE_BIRTHPLACE
    if commune != 0 and commune == entries.commune[at]:
        met |= _DATE_COMMUNE
    return met


@either
def name_rules(
    birth: int,
    commune: int,
    home: int,
    birth_province: int,
    other: int,
    other_commune: int,
    other_home: int,
    other_province: int,
    few: bool,
) -> int:
    """The rules (bits) met by a pair of the same name without marks; the entry's values lie at hand in the order of names."""
    met = _NAME_RARE if few else 0
    year, other_year = year_of(birth), year_of(other)
    if commune != 0 and commune == other_commune:
        met |= _COMMUNE
    if year == 0:
        if home != 0 and home == other_home:
            met |= _UNDATED
        return met
    if other_year == 0:
        return met
    same_month = month_of(birth) != 0 and month_of(birth) == month_of(other)
    same_day = day_of(birth) != 0 and day_of(birth) == day_of(other)
    coarse = is_coarse(birth) or is_coarse(other)
    if year != other_year:
        exact, at_home = same_month and same_day, coarse and home != 0 and home == other_home
        if (exact or at_home) and is_year_slip(year, other_year):
            met |= (_OTHER_YEAR if exact else 0) | (_NEAR_YEAR if at_home else 0)
        return met
    if same_month:
        met |= _MONTH
    if same_day:
        met |= _DAY
    if day_of(birth) != 0 and day_of(birth) == month_of(other) and month_of(birth) == day_of(other):
        met |= _SWAPPED
    if birth_province != 0 and birth_province == other_province:
        met |= _YEAR_BIRTHPLACE
    if commune != 0 and commune == other_commune:
        met |= _YEAR_COMMUNE
    if coarse and (home == 0 or home == other_home):
        met |= _COARSE
    return met


@either
def near_rules(
    birth: int,
    commune: int,
    home: int,
    birth_province: int,
    other: int,
    other_commune: int,
    other_home: int,
    other_province: int,
    few: bool,
) -> int:
    """The rules (bits) met by a pair of names that are near: one edit, a word missing, the same by ear or in another order."""
    met = _NAME_RARE if few else 0
    if commune != 0 and commune == other_commune:
        met |= _NEAR_NAME_COMMUNE
    if year_of(birth) != year_of(other):
        return met
    same_month = month_of(birth) != 0 and month_of(birth) == month_of(other)
    same_day = day_of(birth) != 0 and day_of(birth) == day_of(other)
    swapped = day_of(birth) != 0 and day_of(birth) == month_of(other) and month_of(birth) == day_of(other)
    at_home = home != 0 and home == other_home
    same_birthplace = birth_province != 0 and birth_province == other_province
    if same_month or same_day or swapped or at_home or same_birthplace:
        met |= _NEAR_NAME_YEAR
    return met

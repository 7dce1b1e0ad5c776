"""The search itself, compiled: each record against the entries that its blocks hold, the best kept, the mass of the others summed.

A record is done in one go: what a number or the family found, those born on its day, those of its name and of names near it. Nothing is stored
per pair, so that memory doesn't grow with the number of pairs; threads run chunks of records side by side.
"""

from typing import NamedTuple, cast

import numpy as np

from matching.blocking import FEW, RULES, date_rules, name_rules, near_rules
from matching.columns import Entries, Records, day_of
from matching.comparison import FIELDS
from matching.compiled import either, inner
from matching.nametable import Array, Names
from matching.prefetch import ask_for
from matching.weighing import Weights, weigh

KEPT = 6
"""Best candidates of a record that are kept; the rest only counts as mass."""

SAME_NAME, NEAR_NAME = 0, 1

# of the types that arrays hold (`matching.compiled`)
_NOT_FOUND_BY_NUMBER, _NO_RULES = cast("int", np.int8(0)), cast("int", np.int32(0))
_NOT_MARRIED = cast("bool", np.bool_(False))


class Order(NamedTuple):
    """Entries in the order of their names without marks, by birth within a name: positions, and what rules look at first."""

    at: Array
    birth: Array
    commune: Array
    home: Array
    birth_province: Array


class Sought(NamedTuple):
    """Where to look for each record of a chunk: n records; `…_start` have n + 1 elements."""

    row: Array
    """int64, the record."""
    listed_start: Array
    listed: Array
    """int32, entries found by number, by family, or by a registry's own search; each once per record."""
    found_by: Array
    """int8."""
    prior: Array
    """float64, 0 where any entry is as likely."""
    holder: Array
    """int32, the entry that holds the number which the record claims, -1 when nobody does."""
    day_low: Array
    """int32, entries born on the record's day: from, to."""
    day_high: Array
    name_low: Array
    """n × 2 readings, int32: positions of the record's name without marks among the registry's names: from, to."""
    name_high: Array
    given_low: Array
    """n × 2, of names whose last word sounds like the record's."""
    given_high: Array
    named_low: Array
    """n × 2 readings: entries of the record's name without marks, in Order: from, to."""
    named_high: Array
    group_start: Array
    group_low: Array
    """int32, runs of Order: from, to."""
    group_high: Array
    group_kind: Array
    """int8, SAME_NAME or NEAR_NAME."""
    target: Array
    """int32, the entry of whom it is to be told which rules find them; -1 for none."""


class Kept(NamedTuple):
    """What a search found: one line per record of the chunk."""

    at: Array
    """n × KEPT, int32 positions of entries, best first, -1 for none."""
    weight: Array
    """n × KEPT, log2 w_c."""
    relative: Array
    """n × KEPT, log2 of the pair's term in the mass of nobody."""
    levels: Array
    """n × KEPT × comparisons, int8."""
    rules: Array
    """n × KEPT, int32: blocking rules that found it."""
    reading: Array
    """n × KEPT, int32: which name of the record it was compared by."""
    rest: Array
    """n × 2, summed mass and relative mass of pairs not kept."""
    by_rule: Array
    """int64 per rule: pairs credited to it."""
    pairs: Array
    """n, int64: pairs compared."""
    target_rules: Array
    """n, int32: the rules (bits) that found the target, 0 when none did."""


def nothing_kept(size: int) -> Kept:
    """Room for the results of a chunk."""
    return Kept(
        at=np.full((size, KEPT), -1, np.int32),
        weight=np.full((size, KEPT), -np.inf),
        relative=np.full((size, KEPT), -np.inf),
        levels=np.full((size, KEPT, len(FIELDS)), -1, np.int8),
        rules=np.zeros((size, KEPT), np.int32),
        reading=np.full((size, KEPT), -1, np.int32),
        rest=np.zeros((size, 2)),
        by_rule=np.zeros(len(RULES), np.int64),
        pairs=np.zeros(size, np.int64),
        target_rules=np.zeros(size, np.int32),
    )


class Met(NamedTuple):
    """Entries that a record met and that wait to be compared: MOST_MET elements."""

    at: Array
    """int32."""
    rules: Array
    """int32, the rules (bits) met."""


MOST_MET = 64
"""So many are asked for together: enough that memory is never idle, few enough that all are still near when they are looked at."""


def nothing_met() -> Met:
    """Room for them."""
    return Met(np.zeros(MOST_MET, np.int32), np.zeros(MOST_MET, np.int32))


@either
def search(
    records: Records, names: Names, entries: Entries, entry_names: Names, order: Order, sought: Sought,
    established: Array, tables: Weights, kept: Kept, met: Met, levels: Array,
) -> None:  # fmt: skip
    """Search the registry for the records of a chunk; fills `kept`; `met` and `levels` (of one pair) are room for notes."""
    for i in range(len(sought.row)):
        row = sought.row[i]
        for k in range(sought.listed_start[i], sought.listed_start[i + 1]):
            weight, relative, reading = weigh(
                records, row, names, entries, sought.listed[k], entry_names, established, tables, i,
                sought.found_by[k], sought.prior[k], sought.holder[i], are_married(sought, i, k), levels,
            )  # fmt: skip
            _keep(kept, i, sought.listed[k], weight, relative, levels, _NO_RULES, reading)
        waiting = _search_day(
            records, row, names, entries, entry_names, sought, established, tables, kept, i, met, levels
        )
        for k in range(sought.group_start[i], sought.group_start[i + 1]):
            waiting = _search_group(
                records, row, names, entries, entry_names, order, sought, established, tables, kept, i, k,
                met, waiting, levels,
            )  # fmt: skip
        _weigh_met(
            records,
            row,
            names,
            entries,
            entry_names,
            sought,
            established,
            tables,
            kept,
            i,
            met,
            waiting,
            levels,
        )


@inner
def are_married(sought: Sought, i: int, listed: int) -> bool:
    """Whether a listed entry and the holder of the claimed number are both named by the family, as a child's parents are."""
    if sought.holder[i] < 0 or sought.prior[listed] == 0 or sought.listed[listed] == sought.holder[i]:
        return False
    for k in range(sought.listed_start[i], sought.listed_start[i + 1]):
        if sought.listed[k] == sought.holder[i]:
            return sought.prior[k] > 0
    return False


@inner
def _search_day(
    records: Records, row: int, names: Names, entries: Entries, entry_names: Names, sought: Sought,
    established: Array, tables: Weights, kept: Kept, i: int, met: Met, levels: Array,
) -> int:  # fmt: skip
    """Those born on the same day; how many of them wait."""
    waiting = 0
    place, gender, commune = records.birth_province[row], records.gender[row], records.commune[row]
    by_place, by_commune = place != 0 and gender != 0, commune != 0
    low, high, low_other, high_other = (
        sought.given_low[i, 0],
        sought.given_high[i, 0],
        sought.given_low[i, 1],
        sought.given_high[i, 1],
    )
    few = sought.day_high[i] - sought.day_low[i] <= FEW
    for at in range(sought.day_low[i], sought.day_high[i]):
        name = entries.name[at]
        if not (
            few
            or low <= name < high
            or low_other <= name < high_other
            or (by_place and entries.birth_province[at] == place and entries.gender[at] == gender)
            or (by_commune and entries.commune[at] == commune)
        ):
            continue
        if _is_listed(sought, i, at):
            continue
        rules = date_rules(
            records, row, entries, at, _same_name(sought, i, name), _same_given(sought, i, name), few
        )
        if at == sought.target[i]:
            kept.target_rules[i] |= rules
        met.at[waiting], met.rules[waiting] = at, rules
        waiting += 1
        if waiting == MOST_MET:
            waiting = _weigh_met(
                records,
                row,
                names,
                entries,
                entry_names,
                sought,
                established,
                tables,
                kept,
                i,
                met,
                waiting,
                levels,
            )
    return waiting


@inner
def _search_group(
    records: Records, row: int, names: Names, entries: Entries, entry_names: Names, order: Order, sought: Sought,
    established: Array, tables: Weights, kept: Kept, i: int, k: int, met: Met, waiting: int, levels: Array,
) -> int:  # fmt: skip
    """Those of one name without marks; how many wait now."""
    birth, commune, home, place = (
        records.birth[row],
        records.commune[row],
        records.home[row],
        records.birth_province[row],
    )
    near = sought.group_kind[k] == NEAR_NAME
    few = sought.group_high[k] - sought.group_low[k] <= FEW
    few_on_day = sought.day_high[i] - sought.day_low[i] <= FEW
    for p in range(sought.group_low[k], sought.group_high[k]):
        if near:
            rules = near_rules(
                birth, commune, home, place,
                order.birth[p], order.commune[p], order.home[p], order.birth_province[p],
                few and len(tables.parts_of_names.family) > 0,
            )  # fmt: skip
        else:
            rules = name_rules(
                birth, commune, home, place,
                order.birth[p], order.commune[p], order.home[p], order.birth_province[p], few,
            )  # fmt: skip
        if rules == 0:
            continue
        at = order.at[p]
        if at == sought.target[i]:
            kept.target_rules[i] |= rules
        if order.birth[p] == birth and day_of(birth) != 0 and sought.day_high[i] > sought.day_low[i]:
            name = entries.name[at]
            if date_rules(
                records,
                row,
                entries,
                at,
                _same_name(sought, i, name),
                _same_given(sought, i, name),
                few_on_day,
            ):
                continue
        if _is_listed(sought, i, at):
            continue
        ask_for(entries.name, at)
        met.at[waiting], met.rules[waiting] = at, rules
        waiting += 1
        if waiting == MOST_MET:
            waiting = _weigh_met(
                records,
                row,
                names,
                entries,
                entry_names,
                sought,
                established,
                tables,
                kept,
                i,
                met,
                waiting,
                levels,
            )
    return waiting


@inner
def _weigh_met(
    records: Records, row: int, names: Names, entries: Entries, entry_names: Names, sought: Sought, established: Array,
    tables: Weights, kept: Kept, i: int, met: Met, waiting: int, levels: Array,
) -> int:  # fmt: skip
    """Compare those that wait; none is left."""
    _ask_for_met(records, row, entries, entry_names, met, waiting)
    for k in range(waiting):
        at, rules, rule = met.at[k], met.rules[k], 0
        while rules >> rule & 1 == 0:
            rule += 1
        kept.by_rule[rule] += 1
        weight, relative, reading = weigh(
            records,
            row,
            names,
            entries,
            at,
            entry_names,
            established,
            tables,
            i,
            _NOT_FOUND_BY_NUMBER,
            0.0,
            sought.holder[i],
            _NOT_MARRIED,
            levels,
        )
        _keep(kept, i, at, weight, relative, levels, rules, reading)
    return 0


@inner
def _ask_for_met(
    records: Records, row: int, entries: Entries, entry_names: Names, met: Met, waiting: int
) -> None:
    """What comparing names and parents will look at: what an entry leads to first, then what that leads to."""
    parents = records.father_name[row] >= 0 or records.mother_name[row] >= 0
    for k in range(waiting):
        name = entries.name[met.at[k]]
        if name >= 0:
            ask_for(entry_names.head, name)
        if parents:
            ask_for(entries.father_name, met.at[k])
    for k in range(waiting):
        at = met.at[k]
        if parents and entries.father_name[at] >= 0:
            ask_for(entry_names.head, entries.father_name[at])
        if parents and entries.mother_name[at] >= 0:
            ask_for(entry_names.head, entries.mother_name[at])


@inner
def _is_listed(sought: Sought, i: int, at: int) -> bool:
    for k in range(sought.listed_start[i], sought.listed_start[i + 1]):
        if sought.listed[k] == at:
            return True
    return False


@inner
def _same_name(sought: Sought, i: int, name: int) -> bool:
    return (
        sought.name_low[i, 0] <= name < sought.name_high[i, 0]
        or sought.name_low[i, 1] <= name < sought.name_high[i, 1]
    )


@inner
def _same_given(sought: Sought, i: int, name: int) -> bool:
    return (
        sought.given_low[i, 0] <= name < sought.given_high[i, 0]
        or sought.given_low[i, 1] <= name < sought.given_high[i, 1]
    )


@either
def _keep(
    kept: Kept, i: int, at: int, weight: float, relative: float, levels: Array, met: int, reading: int
) -> None:
    """Put a pair among the best of its record; what falls out counts as mass. Equal weights stand in the order of entries."""
    kept.pairs[i] += 1
    last = KEPT - 1
    if not _before(weight, at, kept, i, last):
        kept.rest[i, 0] += 2.0**weight
        kept.rest[i, 1] += 2.0**relative
        return
    if kept.at[i, last] >= 0:
        kept.rest[i, 0] += 2.0 ** kept.weight[i, last]
        kept.rest[i, 1] += 2.0 ** kept.relative[i, last]
    place = last
    while place > 0 and _before(weight, at, kept, i, place - 1):
        kept.at[i, place] = kept.at[i, place - 1]
        kept.weight[i, place] = kept.weight[i, place - 1]
        kept.relative[i, place] = kept.relative[i, place - 1]
        for field in range(len(levels)):
            kept.levels[i, place, field] = kept.levels[i, place - 1, field]
        kept.rules[i, place] = kept.rules[i, place - 1]
        kept.reading[i, place] = kept.reading[i, place - 1]
        place -= 1
    kept.at[i, place], kept.weight[i, place], kept.relative[i, place] = at, weight, relative
    for field in range(len(levels)):
        kept.levels[i, place, field] = levels[field]
    kept.rules[i, place], kept.reading[i, place] = met, reading


@inner
def _before(weight: float, at: int, kept: Kept, i: int, place: int) -> bool:
    other = kept.at[i, place]
    return other < 0 or weight > kept.weight[i, place] or (weight == kept.weight[i, place] and at < other)

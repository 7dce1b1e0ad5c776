"""A match weight taken apart: what each comparison adds to it, for the best candidates of each record only.

The search (`matching.weighing.weigh`) adds a pair's parts up and forgets them; billions of pairs need no more. Here the same tables are read
once more for those few that people may want explained.
"""

from typing import cast

import numpy as np

from matching.columns import Entries, Records
from matching.comparison import BIRTH_DATE, BIRTH_PLACE, GENDER, N_ONE_DIGIT, NAME, NUMBER, PARENTS, RESIDENCE
from matching.compiled import compiled, int64
from matching.likeness import GIVEN_AGREES, MISSING, WORD_MISSING, same_letters
from matching.nametable import Array, Names
from matching.searching import KEPT, Kept, Sought, are_married
from matching.weighing import (
    NEGLIGIBLE,
    Weights,
    age_weight,
    are_kin,
    best_of,
    name_weight,
    prior_of,
    shared_home,
)

PARTS = ("prior", "age", "deceased", "taken", "name", "birth_date", "gender", "place", "number", "parents")
"""What a match weight is the sum of, log2 each. Before comparing: that it is any one entry (or this one, by its family), that people of
this age have such records, that it is about somebody deceased, that somebody who has a linked record has another one (added after the
search; in the profile `people`, how other records' claims change the odds, so it may be positive). Birth place and residence are one joint comparison; how common a name is where the record lives counts with the name."""

BEFORE = PARTS[:4]
"""The parts that are no comparisons."""

COMPARED = PARTS[4:]
"""The parts that are comparisons."""

_NO_NAME = cast("int", np.int32(-1))

PRIOR, AGE, DECEASED, TAKEN, P_NAME, P_BIRTH, P_GENDER, P_PLACE, P_NUMBER, P_PARENTS = range(len(PARTS))


def parts_of(
    records: Records,
    names: Names,
    entries: Entries,
    entry_names: Names,
    sought: Sought,
    tables: Weights,
    kept: Kept,
) -> Array:
    """The parts of the weights of a chunk's best candidates.

    Args:
        records: all records.
        names: of the records.
        entries: of the registry.
        entry_names: of the registry.
        sought: the chunk.
        tables: its weights.
        kept: what the search found.

    Returns:
        n × KEPT × PARTS, float32; 0 where there is no candidate.
    """
    parts = np.zeros((len(sought.row), KEPT, len(PARTS)), np.float32)
    _fill(records, names, entries, entry_names, sought, tables, kept, parts)
    return parts


@compiled
def _fill(
    records: Records,
    names: Names,
    entries: Entries,
    entry_names: Names,
    sought: Sought,
    tables: Weights,
    kept: Kept,
    parts: Array,
) -> None:
    for i in range(len(sought.row)):
        for k in range(KEPT):
            at = kept.at[i, k]
            if at >= 0:
                own = parts[i, k]
                _before_comparing(records, entries, sought, tables, i, at, own)
                of_kin = sought.holder[i] >= 0 and (
                    _married(sought, i, at) or are_kin(entries, at, sought.holder[i])
                )
                level, reading = kept.levels[i, k], kept.reading[i, k]
                _compared(records, sought.row[i], tables, i, level, reading, of_kin, own)
                if reading >= 0:
                    own[P_NAME] += name_weight(
                        tables, names, reading, entry_names, entries.name[at], int64(level[NAME])
                    )[0]
                by_family = _prior_of(sought, i, at) > 0
                if by_family and not np.isnan(tables.of_kin[i]):
                    own[P_PLACE] = 0.0
                elif by_family and GIVEN_AGREES <= level[NAME] < MISSING:
                    own[P_PLACE] -= shared_home(tables, i, int64(level[BIRTH_PLACE]), int64(level[RESIDENCE]))


@compiled
def _married(sought: Sought, i: int, at: int) -> bool:
    for k in range(sought.listed_start[i], sought.listed_start[i + 1]):
        if sought.listed[k] == at:
            return are_married(sought, i, k)
    return False


@compiled
def _prior_of(sought: Sought, i: int, at: int) -> float:
    """P(it is this entry) before evidence, 0 where any entry is as likely."""
    prior = 0.0
    for k in range(sought.listed_start[i], sought.listed_start[i + 1]):
        if sought.listed[k] == at:
            prior = sought.prior[k]
    return prior


@compiled
def _before_comparing(
    records: Records, entries: Entries, sought: Sought, tables: Weights, i: int, at: int, parts: Array
) -> None:
    prior = _prior_of(sought, i, at)
    parts[PRIOR] = prior_of(tables, i, prior)
    parts[AGE] = age_weight(tables, i, records.birth[sought.row[i]], entries.birth[at])
    parts[DECEASED] = tables.deceased if entries.deceased[at] else 0.0


@compiled
def _compared(
    records: Records,
    row: int,
    tables: Weights,
    i: int,
    level: Array,
    reading: int,
    of_kin: bool,
    parts: Array,
) -> None:
    shared, home = np.int64(tables.shared_number[i]), level[RESIDENCE]
    parts[P_BIRTH] = tables.birth[i, level[BIRTH_DATE]]
    parts[P_PLACE] = tables.place[i, level[BIRTH_PLACE], home]
    from_kin = of_kin and level[NUMBER] >= N_ONE_DIGIT
    parts[P_NUMBER] = tables.number_of_kin if from_kin else tables.number[shared, level[NUMBER]]
    if reading < 0 and _was_cut(records, row, tables, parts):
        return
    if same_letters(int64(level[NAME])):
        parts[P_NAME] -= tables.local[i, np.int64(reading != records.name[row]), home]
    parts[P_GENDER] = tables.gender[np.int64(level[NAME] <= WORD_MISSING), level[GENDER]]
    parts[P_PARENTS] = tables.parents[level[PARENTS]]


@compiled
def _was_cut(records: Records, row: int, tables: Weights, parts: Array) -> bool:
    """Whether the search gave the pair up before it looked at the name: a record without a name is looked at to the end."""
    unread = parts.sum() + best_of(tables, _NO_NAME, records.name_other[row])
    return bool(records.name[row] >= 0 or unread < NEGLIGIBLE)

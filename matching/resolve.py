"""One entry serves one record of a kind: who keeps it where several records were linked to it.

Two records of one entry are one person entered twice, when they are alike, or each is like the entry, and each is certain by itself: both keep
the ID, the weaker one is marked as a duplicate. Records that are not alike contest the entry: the one with the clearly greater weight keeps it,
otherwise none does, and all others go to clerical review. Chance never decides.
"""

from dataclasses import dataclass, field

import numpy as np

from matching import levels
from matching.columns import Records
from matching.comparison import BIRTH_DATE, NAME, NO_DATE, birth_levels
from matching.likeness import name_levels
from matching.nametable import Array, Names
from matching.sorted_keys import distinct

MARGIN = 7.0
"""Match weight by which one of two records must lead to keep an entry: more than 100 to 1."""

SAME_NAME = levels.NAME.index("same_sound")
ALIKE_NAME = levels.NAME.index("word_missing")
ALIKE_BIRTH = levels.BIRTH_DATE.index("adjacent_year")


@dataclass(frozen=True)
class Claims:
    """Linked records of one kind: one element per link."""

    row: np.ndarray
    entry: np.ndarray
    weight: np.ndarray
    by_itself: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    """Whether it needs no comparison with the entry's other records (`by_itself`); none when left out."""


def by_itself(compared: Array, has_family: Array) -> Array:
    """Links that another record of the same entry says nothing against.

    Two slips of a name may be far from each other, and each near the entry's name; and parents have a record for each of their children.

    Args:
        compared: n × comparisons, how the records compare with their entries.
        has_family: whether the record's family names entries for it.
    """
    name, birth = compared[:, NAME], compared[:, BIRTH_DATE]
    near = (name <= ALIKE_NAME) & ((birth <= ALIKE_BIRTH) | (birth == NO_DATE))
    # what a person linked was not compared
    return np.asarray((near | has_family) & (name >= 0))


@dataclass(frozen=True)
class Resolution:
    """What becomes of links that share an entry."""

    duplicate: np.ndarray
    """Rows that are a second record of a person who has a stronger one."""
    contested: np.ndarray
    """Rows that lose their link to clerical review."""


def resolve(claims: Claims, records: Records, names: Names, established: Array) -> Resolution:
    """Settle all entries that several records were linked to.

    Args:
        claims: all links.
        records: all records of the kind.
        names: their names.
        established: sorted keys of given names (`matching.likeness`).
    """
    if len(distinct(claims.entry)) == len(claims.entry):
        return Resolution(claims.row[:0], claims.row[:0])
    order = np.lexsort((claims.row, -claims.weight, claims.entry))
    row, entry, weight = claims.row[order], claims.entry[order], claims.weight[order]
    first = np.r_[True, entry[1:] != entry[:-1]]
    leader = np.flatnonzero(first)[np.cumsum(first) - 1]
    follower = np.flatnonzero(~first)
    alike = _alike(row[follower], row[leader[follower]], records, names, established)
    if len(claims.by_itself):
        alone = claims.by_itself[order]
        alike |= alone[follower] & alone[leader[follower]]
    behind = weight[leader[follower]] - weight[follower]
    lost = follower[~alike]
    leaders_lost = np.unique(leader[follower[~alike & (behind < MARGIN)]])
    # who was only a second record of a leader has no better claim than the leader
    with_leader = follower[alike & np.isin(leader[follower], leaders_lost)]
    kept = follower[alike & ~np.isin(leader[follower], leaders_lost)]
    return Resolution(duplicate=row[kept], contested=row[np.r_[lost, leaders_lost, with_leader].astype(int)])


def _alike(a: Array, b: Array, records: Records, names: Names, established: Array) -> Array:
    """Records that could be of one person: the same name, or names and dates no further apart than slips of typing are."""
    name = name_levels(names, records.name[a], names, records.name[b], established)
    dates = birth_levels(records.birth[a], records.birth[b])
    missing = levels.BIRTH_DATE.index("missing")
    near = (name <= ALIKE_NAME) & ((dates <= ALIKE_BIRTH) | (dates == missing))
    return np.asarray(near | (name <= SAME_NAME))

"""What a pair weighs: the levels of its comparisons turned into match weights, one pair at a time, compiled.

The tables (`Weights`) hold log2(m/u) of every level for the records of one chunk, and beside it log2(relative/u): what the pair is
worth as evidence that the entry is a brother, sister or parent of the person sought (`matching.model`).
"""

from typing import NamedTuple

import numpy as np

from matching.columns import Entries, Records, year_of
from matching.comparison import (
    BIRTH_DATE,
    BIRTH_PLACE,
    GENDER,
    NAME,
    NUMBER,
    P_MISSING,
    PARENTS,
    RESIDENCE,
    birth_level,
    birth_place_level,
    digit_slip,
    gender_level,
    number_level,
    parents_of_pair,
    residence_level,
)
from matching.comparison import N_ONE_DIGIT as ONE_DIGIT
from matching.compiled import inner
from matching.likeness import GIVEN_AGREES, MISSING, WORD_MISSING, name_level, same_letters
from matching.nameparts import PartWeights, parts_weight
from matching.nametable import Array, Names

FIRST_YEAR = 1900
"""Birth years with a share of their own: 1900 to 2039."""
YEARS = 140

AGE_BOUNDS = (np.log2(1e-4), np.log2(30.0))
"""However rare an age is among the records of a kind, it speaks no louder than this."""

NEGLIGIBLE = -32.0
"""Match weight below which a pair adds nothing to any probability: a ten-thousandth of a millionth of the mass of nobody."""

FAINT = -24.0
"""Below it the parents' names can't save a pair."""


class Weights(NamedTuple):
    """Tables by name (position in the records' names), by record of the chunk, or for all."""

    name: Array
    """names × levels."""
    name_relative: Array
    best_name: Array
    """Per name, the greatest of both."""
    parts_of_names: PartWeights
    birth: Array
    """records × levels."""
    birth_relative: Array
    place: Array
    """records × birth place levels × residence levels."""
    place_relative: Array
    local: Array
    """records × readings × residence levels: how much commoner the name is among people of the record's age, there (log2)."""
    gender: Array
    """Does the given name agree × levels."""
    gender_relative: Array
    number: Array
    """Do others claim the same number × levels."""
    number_relative: Array
    number_of_kin: float
    """The claimed number is held by a relative of the entry."""
    parents: Array
    parents_relative: Array
    age: Array
    """log2 share of the records of the kind by years from the reference year, from -YEARS on."""
    people: Array
    """log2 share of people per birth year from FIRST_YEAR."""
    reference: Array
    """Per record of the chunk, the year that ages are counted from."""
    regions: Array
    """Birth province → the province of 2025 that it is in."""
    shared_number: Array
    """Per record of the chunk."""
    prior: float
    """log2 P(it is any one entry)."""
    elsewhere: Array
    """Per record of the chunk, log2 of how much likelier than any person's an entry is that the family doesn't name."""
    of_kin: Array
    """Per record, log2 odds (against nobody) that it is a relative of the entry that its family names; NaN: as likely as that it is the entry."""
    in_registry: float
    """log2 P(the person has an entry)."""
    relative_prior: float
    """log2 of relatives per entry."""
    deceased: float
    """log2 P(deceased)."""


@inner
def age_weight(tables: Weights, i: int, birth: int, entry_birth: int) -> float:
    """log2 of how likely somebody of the entry's age is a record of this kind, against the record's own age where that is known."""
    low, high = AGE_BOUNDS
    return min(max(_density(tables, i, entry_birth) - _density(tables, i, birth), low), high)


@inner
def _density(tables: Weights, i: int, birth: int) -> float:
    """How much denser the records of the kind are at an age than people at large; 0 where that is unknown."""
    year, gap = year_of(birth) - FIRST_YEAR, year_of(birth) - tables.reference[i] + YEARS
    if not (0 <= year < YEARS and 0 <= gap < len(tables.age)):
        return 0.0
    return tables.age[gap] - tables.people[year]


@inner
def weigh(
    records: Records, row: int, names: Names, entries: Entries, at: int, entry_names: Names, established: Array,
    tables: Weights, i: int, found_by: int, prior: float, holder: int, married: bool, levels: Array,
) -> tuple[float, float, int]:  # fmt: skip
    """Compare and weigh one pair.

    Args:
        records: all records of the kind.
        row: the record.
        names: of the records.
        entries: of the registry.
        at: the entry.
        entry_names: of the registry.
        established: sorted keys of given names.
        tables: weights of the chunk.
        i: the record's place in the chunk.
        found_by: how a lookup found it (position in matching.keys.FOUND_BY).
        prior: P(it is this entry) before evidence, by the family; 0 where any entry is as likely.
        holder: the entry that holds the number claimed by the record, -1 when nobody does.
        married: whether the family names both the entry and that holder: parents of one child.
        levels: filled with the levels, one per comparison.

    Returns:
        Its match weight (log2 w_c), its term in the mass of nobody (log2), and which reading of the name it was.
    """
    birth = birth_level(records.birth[row], entries.birth[at])
    if len(tables.parts_of_names.family):
        birth = digit_slip(records.birth[row], entries.birth[at], birth)
    gender = gender_level(records.gender[row], entries.gender[at])
    place = birth_place_level(
        records.birth_province[row], records.birth_region[row], entries.birth_province[at], tables.regions
    )
    home = residence_level(records.home[row], records.commune[row], entries.home[at], entries.commune[at])
    number = number_level(records.number[row], records.number_other[row], entries.entry[at], found_by)
    shared = np.int64(tables.shared_number[i])
    # where a guardian lives is what his child's record says, and the child's parents live there whoever the guardian is
    base = prior_of(tables, i, prior)
    base += age_weight(tables, i, records.birth[row], entries.birth[at]) + (
        tables.deceased if entries.deceased[at] else 0.0
    )
    at_home = prior > 0 and not np.isnan(tables.of_kin[i])
    weight = base + tables.birth[i, birth] + tables.number[shared, number]
    if not at_home:
        weight += tables.place[i, place, home]
    kin = tables.relative_prior
    if prior > 0:
        kin = max(kin, np.log2(prior) if np.isnan(tables.of_kin[i]) else tables.of_kin[i])
    relative = kin + tables.birth_relative[i, birth] + tables.number_relative[shared, number]
    if not at_home:
        relative += tables.place_relative[i, place, home]
    if number >= ONE_DIGIT and holder >= 0 and (married or are_kin(entries, at, holder)):
        # a number taken from a brother's, sister's or parent's papers is no chance among all people; so it is for the entry's kin too
        weight += tables.number_of_kin - tables.number[shared, number]
        relative += tables.number_of_kin - tables.number_relative[shared, number]
    levels[BIRTH_DATE], levels[GENDER], levels[BIRTH_PLACE], levels[RESIDENCE] = birth, gender, place, home
    levels[NUMBER], levels[NAME], levels[PARENTS] = number, MISSING, P_MISSING
    reading = records.name[row]
    if max(weight, relative) + best_of(tables, reading, records.name_other[row]) < NEGLIGIBLE:
        return weight, relative, -1
    name = name_level(names, reading, entry_names, entries.name[at], established)
    if records.name_other[row] >= 0:
        other = name_level(names, records.name_other[row], entry_names, entries.name[at], established)
        if tables.name[records.name_other[row], other] > tables.name[reading, name]:
            reading, name = records.name_other[row], other
    levels[NAME] = name
    alike = name <= WORD_MISSING
    if same_letters(name):
        more = tables.local[i, np.int64(reading != records.name[row]), home]
        weight, relative = weight - more, relative - more
    if prior > 0 and not at_home and GIVEN_AGREES <= name < MISSING:
        weight -= shared_home(tables, i, place, home)
    given = np.int64(alike)
    if reading >= 0:
        of_name, of_relative = name_weight(tables, names, reading, entry_names, entries.name[at], name)
        weight, relative = weight + of_name, relative + of_relative
    weight += tables.gender[given, gender]
    relative += tables.gender_relative[given, gender]
    if max(weight, relative) < FAINT or (records.father_name[row] < 0 and records.mother_name[row] < 0):
        return weight, relative, reading
    parents = parents_of_pair(records, row, names, entries, at, entry_names, established)
    levels[PARENTS] = parents
    return weight + tables.parents[parents], relative + tables.parents_relative[parents], reading


@inner
def prior_of(tables: Weights, i: int, prior: float) -> float:
    """log2 P(it is this entry) before evidence, whether the family names it (prior > 0) or not."""
    return tables.in_registry + np.log2(prior) if prior > 0 else tables.prior + tables.elsewhere[i]


@inner
def name_weight(
    tables: Weights, names: Names, reading: int, entry_names: Names, other: int, level: int
) -> tuple[float, float]:
    """What the names weigh, whole or by their parts, for the person and for a relative."""
    if len(tables.parts_of_names.family):
        return parts_weight(tables.parts_of_names, names, reading, entry_names, other, level)
    return tables.name[reading, level], tables.name_relative[reading, level]


@inner
def shared_home(tables: Weights, i: int, place: int, home: int) -> float:
    """What an agreement of places says of a pupil found by his family whose name is another: nothing, for brothers and sisters live there too."""
    return max(tables.place[i, place, home], 0.0)


@inner
def are_kin(entries: Entries, a: int, b: int) -> bool:
    """By the names of parents: brothers and sisters, or one the other's parent."""
    father_a, father_b, mother_a, mother_b = (
        entries.father_name[a],
        entries.father_name[b],
        entries.mother_name[a],
        entries.mother_name[b],
    )
    siblings = (father_a >= 0 and father_a == father_b) or (mother_a >= 0 and mother_a == mother_b)
    a_parent = entries.name[a] >= 0 and entries.name[a] in (father_b, mother_b)
    return siblings or a_parent or (entries.name[b] >= 0 and entries.name[b] in (father_a, mother_a))


@inner
def best_of(tables: Weights, name: int, other: int) -> float:
    """The most that a name can weigh."""
    best = tables.best_name[name] if name >= 0 else 0.0
    return max(best, tables.best_name[other]) if other >= 0 else best

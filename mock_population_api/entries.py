"""From people to entries: names, numbers and dates as the registry publishes them, and the truth beside."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mock_population_api.assumptions import PeopleAssumptions
from mock_population_api.draws import Ints
from mock_population_api.geography import geography
from mock_population_api.held_numbers import HeldNumbers, hold_numbers
from mock_population_api.households import NOBODY, People, days
from mock_population_api.mistakes import Registered, keyed_in, listed
from mock_population_api.name_words import group_names
from mock_population_api.naming import KINH, NOTHING, Traits, curve_at, draw_names, given_slot, similar_given
from mock_population_api.naming import as_text as names_as_text
from mock_population_api.personal_ids import Share, as_text
from mock_population_api.schemas import ENTRY

Bools = npt.NDArray[np.bool_]

_text = pa.string()

ENTRY_TRUTH = pa.schema(
    [
        ("personal_id", _text),
        ("minority", pa.bool_()),
        ("wrong", pa.list_(_text)),  # name | day | year | gender
        ("full_name", _text),  # the true one, where the entry's is wrong
        ("birth_date", pa.date32()),  # the true one, where the entry's is wrong
        ("gender", _text),  # the true one, where the entry's is wrong
        ("unrecorded_father", _text),
        ("unrecorded_mother", _text),
    ]
)
"""What the registry doesn't say; only people of whom there is something to say have a row."""

_UNRECORDED_SINCE = 1995
_GIVEN = 3


@dataclass(frozen=True)
class Entries:
    """The entries of a chunk in the order of their numbers, and the truth beside them."""

    entries: pa.Table
    truth: pa.Table


def _names(people: People, rates: PeopleAssumptions, rng: np.random.Generator) -> Ints:
    alone = people.mother == NOBODY
    traits = Traits(
        female=people.female,
        year=people.years(),
        region=geography().region[people.birth_province],
        group=people.group,
        family=people.family,
        mothers_family=np.where(alone, NOTHING, people.family[people.mother]),
        sibship=np.where(alone, len(people) + np.arange(len(people)), people.mother),
    )
    names = draw_names(traits, rates, rng)
    _name_twins_alike(names, people, rates.twins_with_similar_names, rng)
    _name_after_fathers(names, people, rng)
    return names


def _name_twins_alike(names: Ints, people: People, share: float, rng: np.random.Generator) -> None:
    """Twins of one sex receive the same middle words and given names that look alike, in place."""
    twins = np.flatnonzero(people.twin != NOBODY)
    first = people.twin[twins]
    alike = (people.female[twins] == people.female[first]) & (people.group[twins] == KINH)
    alike &= rng.random(len(twins)) < share
    twins, first = twins[alike], first[alike]
    names[twins] = names[first]
    names[twins, _GIVEN] = similar_given(names[first, _GIVEN], rng.random(len(twins)))


def _name_after_fathers(names: Ints, people: People, rng: np.random.Generator) -> None:
    """In groups without family names, the father's given name follows, in place."""
    given = given_slot(names, people.group, people.female)
    for position, group in enumerate(group_names()):
        if group.clan_from != "given" or group.male is None:
            continue
        mine = np.flatnonzero(people.group == position)
        anybody = np.asarray(group.male.given)[rng.integers(0, len(group.male.given), len(mine))]
        father = people.father[mine]
        names[mine, group.male.parts.index("clan")] = np.where(father == NOBODY, anybody, given[father])


def _on_first_january(people: People, rates: PeopleAssumptions, rng: np.random.Generator) -> Ints:
    years = people.years()
    first = (years - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    return np.where(rng.random(len(people)) < curve_at(rates.first_january, years), first, people.born)


def _precision(people: People, rates: PeopleAssumptions, rng: np.random.Generator) -> Ints:
    """0 day, 1 month, 2 year."""
    years, chance = people.years(), rng.random(len(people))
    factor = np.where(geography().highland[people.birth_province], rates.highland_factor, 1.0)
    year = curve_at(rates.year_only, years) * factor
    month = curve_at(rates.month_only, years) * factor
    return np.select([chance < year, chance < year + month], [2, 1], 0)


def _coded(words: tuple[str, ...], positions: npt.NDArray[np.integer] | Bools) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(positions.astype(np.int16)), pa.array(words)).cast(_text)


def _known_dates(born: Ints, precision: Ints) -> pa.Array:
    day = pa.array(born.astype("datetime64[D]"))
    month, year = pc.floor_temporal(day, unit="month"), pc.floor_temporal(day, unit="year")
    coarse = pc.if_else(pa.array(precision == 2), year, month)
    return pc.if_else(pa.array(precision == 0), day, coarse).cast(pa.date32())


def _relatives(column: Ints, numbers: Ints, shown: Bools) -> pa.Array:
    return as_text(numbers[column], 12, shown & (column != NOBODY))


def _wrong_value(values: pa.Array, wrong: Bools) -> pa.Array:
    return pc.if_else(pa.array(wrong), values, pa.scalar(None, values.type))


def _only(people: People, kept: Bools) -> People:
    """Those kept, their kin's positions made new; kin that isn't kept is nobody."""
    position = np.where(kept, np.cumsum(kept) - 1, NOBODY)
    columns = {field.name: getattr(people, field.name)[kept] for field in fields(people)}
    for name in ("mother", "father", "twin"):
        columns[name] = np.where(columns[name] == NOBODY, NOBODY, position[columns[name]])
    return People(**columns)


@dataclass(frozen=True)
class _Kin:
    """Whose parents the entry shows."""

    father: Bools
    mother: Bools


def _recorded(people: People, rates: PeopleAssumptions, rng: np.random.Generator) -> _Kin:
    both = rng.random(len(people)) < curve_at(rates.parents_recorded, people.years())
    return _Kin(father=both & (rng.random(len(people)) >= rates.father_not_recorded), mother=both)


def _entries(
    people: People, held: HeldNumbers, registered: Registered, precision: Ints, kin: _Kin, dead: Bools
) -> pa.Table:
    land = geography()
    commune_merged = tuple(land.merged_codes[province] for province in land.commune_province)
    columns = [
        as_text(held.current, 12),
        names_as_text(registered.names),
        _known_dates(registered.born, precision),
        _coded(("day", "month", "year"), precision),
        _coded(("M", "F"), registered.female),
        _coded(land.province_codes, people.birth_province),
        _coded(commune_merged, people.commune),
        _coded(land.commune_codes, people.commune),
        _relatives(people.father, held.current, kin.father),
        _relatives(people.mother, held.current, kin.mother),
        held.former,
        held.superseded,
        _coded(("alive", "deceased"), dead),
    ]
    return pa.table(columns, schema=ENTRY)


def _truth(people: People, held: HeldNumbers, registered: Registered, names: Ints, kin: _Kin) -> pa.Table:
    young = people.years() >= _UNRECORDED_SINCE
    wrong_date = registered.wrong[:, 1] | registered.wrong[:, 2]
    father = young & ~kin.father & (people.father != NOBODY)
    mother = young & ~kin.mother & (people.mother != NOBODY)
    minority = people.group != KINH
    columns = [
        as_text(held.current, 12),
        pa.array(minority),
        listed(registered.wrong),
        _wrong_value(names_as_text(names), registered.wrong[:, 0]),
        _wrong_value(pa.array(people.born.astype("datetime64[D]")), wrong_date),
        _wrong_value(_coded(("M", "F"), people.female), registered.wrong[:, 3]),
        _relatives(people.father, held.current, father),
        _relatives(people.mother, held.current, mother),
    ]
    told = minority | registered.wrong.any(axis=1) | father | mother
    return pa.table(columns, schema=ENTRY_TRUTH).filter(pa.array(told))


def register(
    everybody: People,
    kept: Bools,
    dies: Ints,
    rates: PeopleAssumptions,
    rng: np.random.Generator,
    share: Share,
) -> Entries:
    """The entries of those kept, out of everybody who ever lived in these families.

    Args:
        everybody: ancestors included, for names go down from them.
        kept: who has an entry.
        dies: day of death, days since 1970-01-01.
        rates: the assumptions.
        rng: where chance comes from.
        share: which numbers may be given.
    """
    everybody.born = _on_first_january(everybody, rates, rng)
    twins = np.flatnonzero(everybody.twin != NOBODY)
    everybody.born[twins] = everybody.born[everybody.twin[twins]]
    names = _names(everybody, rates, rng)[kept]
    people = _only(everybody, kept)
    registered = keyed_in(people, names, rates, rng)
    held = hold_numbers(people, registered, rates, rng, share)
    dead = (dies[kept] < days(rates.as_of)) & (rng.random(len(people)) >= rates.death_not_recorded)
    kin = _recorded(people, rates, rng)
    precision = _precision(people, rates, rng)
    order = pa.array(np.argsort(held.current))
    entries = _entries(people, held, registered, precision, kin, dead).take(order)
    truth = _truth(people, held, registered, names, kin)
    return Entries(entries, truth.sort_by("personal_id"))

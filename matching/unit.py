"""One unit's pairs compared and weighed: the best candidates of each record and the mass of the rest.

Nothing here knows where pairs come from: a service's answers and the units of an extract are weighed alike.
"""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching import levels
from matching.comparison import Columns, Levels, compare
from matching.frequency import (
    FIRST_YEAR,
    YEARS,
    Frequencies,
    NameFrequency,
    age_density,
    birth_date_table,
    place_table,
)
from matching.keys import COMPARED
from matching.model import SHAPES, Model, place_codes, weights
from matching.namebook import NameBook
from matching.posterior import Scored
from matching.registry import Registry

GENDER_GIVEN_NAME = (0.97, 0.03, 1.0)
"""P(gender same, different) of two people whose given names agree: names tell gender (assumption, reference name tables)."""

GENDER_OTHERWISE = (0.5, 0.5, 1.0)

ONE_DIGIT = 6e-5
"""P(two people's numbers are one slip apart | province, gender and year are the same): 59 of a million tails."""


@dataclass(frozen=True)
class Subject:
    """The records of one run of linkage with what is looked up per record and per name, before any pair."""

    columns: Columns
    """RECORD_KEYS by row: one value per record."""
    book: NameBook
    """The distinct names of the records."""
    name_u: np.ndarray
    """names of the book × levels."""
    birth_u: np.ndarray
    """records × levels."""
    place_u: np.ndarray
    """records × 4 × 4."""
    age_density: np.ndarray
    """Birth year (from frequency.FIRST_YEAR) → how much denser the records are there than people at large."""
    coarse: np.ndarray
    shared_number: np.ndarray
    """Whether another record claims the same number."""
    entries: int

    def __len__(self) -> int:
        return len(self.coarse)

    def name_positions(self, name_keys: np.ndarray) -> np.ndarray:
        """Where names stand in the tables by name; a name that isn't known compares as missing, wherever it points."""
        return np.searchsorted(self.book.keys, name_keys).clip(max=max(len(self.book.keys) - 1, 0))

    def without_numbers(self) -> "Subject":
        """The same records as if none claimed a number: what the rest of the evidence is worth."""
        nothing = np.zeros(len(self), dtype=np.int64)
        hidden = dict.fromkeys(("number", "number_other", "former"), nothing)
        return replace(self, columns={**self.columns, **hidden}, shared_number=nothing.astype(bool))


class Weigher:
    """Compares and weighs pairs of one set of records; asks for the letters of a name when it first meets it."""

    def __init__(self, subjects: Subject, registry: Registry) -> None:
        """The names of the records are known; those of entries come as keys."""
        self.subjects = subjects
        self._registry = registry
        self._book = subjects.book

    def levels(self, pairs: pa.Table) -> Levels:
        """The level of every comparison of every pair (PAIRS)."""
        return levels_of(pairs, self.subjects, self._book_for(pairs))

    def score(self, pairs: pa.Table, model: Model, subjects: Subject | None = None) -> Scored:
        """Pairs (PAIRS) with their weights; `subjects` in place of the records where something of them is to be hidden."""
        return score(pairs, subjects or self.subjects, self._book_for(pairs), model)

    def _book_for(self, pairs: pa.Table) -> NameBook:
        met = [pairs[name].fill_null(0).to_numpy() for name in ("name_key", "father_name", "mother_name")]
        keys = np.unique(np.concatenate(met))
        unknown = keys[(self._book.positions(keys) < 0) & (keys != 0)]
        if len(unknown):
            self._book = self._book.with_names(self._registry.names(pa.array(unknown)))
        return self._book


def subject(keys: pa.Table, features: pa.Table, known: Frequencies, counts: pa.Table | None) -> Subject:
    """Look up frequencies for records.

    Args:
        keys: RECORD_KEYS, every row at least once.
        features: NAME_FEATURES of all their names.
        known: shares in the registry.
        counts: per name of `features`, people in the registry by each key (columns as NameFrequency.table wants), or None.
    """
    first = keys.filter(pa.array(_first_of_row(keys["row"].to_numpy())))
    columns = {name: first[name].fill_null(0).to_numpy() for name in keys.column_names}
    book = NameBook.of(features, known.words.given_names())
    order = np.argsort(features["name_key"].to_numpy())
    people = (
        None if counts is None else {name: counts[name].to_numpy()[order] for name in counts.column_names}
    )
    default = (columns["month"] == 1) & (columns["day"] == 1)
    coarse = (columns["precision"] < 3) | default
    birth_province, birth_region, home, commune = (
        columns[name].astype(int)
        for name in ("birth_province", "birth_region", "residence_province", "residence_commune")
    )
    return Subject(
        columns=columns,
        book=book,
        name_u=NameFrequency(known.words, known.entries).table(book.names.tolist(), people),
        birth_u=birth_date_table(columns["year"].astype(int), columns["precision"] < 3, default, known),
        place_u=place_table(birth_province, birth_region, home, commune, known),
        age_density=age_density(columns["year"].astype(int), known),
        coarse=coarse,
        shared_number=_shared(columns["number"]),
        entries=known.entries,
    )


def _first_of_row(rows: np.ndarray) -> np.ndarray:
    first = np.zeros(len(rows), dtype=bool)
    first[np.unique(rows, return_index=True)[1]] = True
    return first


def _shared(numbers: np.ndarray) -> np.ndarray:
    _, inverse, count = np.unique(numbers, return_inverse=True, return_counts=True)
    return np.asarray((count[inverse] > 1) & (numbers != 0))


_LOOKED_AT = (*(name for name in COMPARED if name != "deceased"), "found_by")


def levels_of(pairs: pa.Table, subjects: Subject, book: NameBook) -> Levels:
    """The levels of every pair (PAIRS)."""
    row = pairs["row"].to_numpy()
    records = {name: values[row] for name, values in subjects.columns.items()}
    records["name_key"] = pairs["record_name"].to_numpy()
    entries = {name: pairs[name].fill_null(0).to_numpy() for name in _LOOKED_AT}
    return compare(records, entries, book)


def score(pairs: pa.Table, subjects: Subject, book: NameBook, model: Model) -> Scored:
    """Compare and weigh pairs (PAIRS)."""
    compared = levels_of(pairs, subjects, book)
    row, entry = pairs["row"].to_numpy(), pairs["entry"].to_numpy()
    at_name = subjects.name_positions(pairs["record_name"].to_numpy())
    deceased = pc.fill_null(pairs["deceased"], fill_value=False).to_numpy()
    u = _u(compared, row, at_name, subjects, model)
    m = _m(compared, row, at_name, subjects, model)
    relative = {name: model.relative[name][codes] for name, codes in _codes(compared).items()}
    by_family = pairs["prior"].is_valid().to_numpy(zero_copy_only=False)
    prior = pairs["prior"].fill_null(1 / subjects.entries).to_numpy()
    prior = prior * np.where(deceased, model.deceased, 1.0) * _age_factor(pairs["year"], row, subjects)
    return Scored(
        row=row,
        entry=entry,
        weight=np.log2(model.in_registry * prior) + sum(weights(m[name], u[name]) for name in m),
        # somebody found by family who isn't the person is a relative for certain
        relative=np.log2(np.maximum(model.relatives / subjects.entries, np.where(by_family, prior, 0)))
        + sum(weights(relative[name], u[name]) for name in u),
        levels=np.stack([compared[name] for name in levels.COMPARISONS], axis=1),
        deceased=deceased,
    )


def _age_factor(entry_years: pa.ChunkedArray | pa.Array, row: np.ndarray, subjects: Subject) -> np.ndarray:
    """How likely somebody of the entry's age is a record of this kind, against the record's own age where that is known."""
    of_entry = _density(entry_years.fill_null(0).to_numpy().astype(int), subjects)
    of_record = _density(subjects.columns["year"][row].astype(int), subjects)
    return np.asarray(np.clip(of_entry / of_record, 1e-4, 30.0))


def _density(years: np.ndarray, subjects: Subject) -> np.ndarray:
    inside = (years >= FIRST_YEAR) & (years < FIRST_YEAR + YEARS)
    return np.where(inside, subjects.age_density[np.clip(years - FIRST_YEAR, 0, YEARS - 1)], 1.0)


def _codes(compared: Levels) -> dict[str, np.ndarray]:
    """Level codes by the tables they are weighed with: place is joint."""
    plain = ("name", "birth_date", "gender", "number", "parents")
    return {**{name: compared[name] for name in plain}, "place": place_codes(compared)}


def _m(compared: Levels, row: np.ndarray, at_name: np.ndarray, subjects: Subject, model: Model) -> Columns:
    codes = _codes(compared)
    m = {name: model.m[name][values] for name, values in codes.items()}
    bare, coarse = subjects.book.bare[at_name], subjects.coarse[row]
    m["name"] = np.where(bare, model.m["name_bare"][codes["name"]], m["name"])
    m["birth_date"] = np.where(coarse, model.m["birth_date_coarse"][codes["birth_date"]], m["birth_date"])
    return {name: np.where(_is_missing(name)[codes[name]], 1.0, values) for name, values in m.items()}


def _u(compared: Levels, row: np.ndarray, at_name: np.ndarray, subjects: Subject, model: Model) -> Columns:
    name = compared["name"]
    given_agrees = name <= levels.NAME.index("word_missing")
    gender = np.where(
        given_agrees,
        np.array(GENDER_GIVEN_NAME)[compared["gender"]],
        np.array(GENDER_OTHERWISE)[compared["gender"]],
    )
    another = np.where(subjects.shared_number[row], 0.5, model.number_of_another)
    return {
        "name": subjects.name_u[at_name, name],
        "birth_date": subjects.birth_u[row, compared["birth_date"]],
        "gender": gender,
        "place": _place_u(compared, row, subjects, given_agrees),
        "number": _number_u(compared["number"], another, subjects.entries),
        "parents": PARENTS_U[compared["parents"]],
    }


LOCAL_NAMES = 3.0
"""How much commoner a name is in the commune of somebody who bears it: clans live together (assumption)."""


def _place_u(compared: Levels, row: np.ndarray, subjects: Subject, same_name: np.ndarray) -> np.ndarray:
    u = subjects.place_u[row, compared["birth_place"], compared["residence"]]
    at_home = same_name & (compared["residence"] == levels.RESIDENCE.index("same_commune"))
    u = np.where(at_home, np.minimum(u * LOCAL_NAMES, 1.0), u)
    return np.where(place_codes(compared) == len(SHAPES["place"]) - 1, 1.0, u)


PARENTS_U = np.array([1e-5, 2e-3, 4e-3, 1.0, 1.0])
"""P(parents' names agree between two families), by level (assumption: a name is borne by one in a thousand)."""


def _number_u(codes: np.ndarray, another: np.ndarray, entries: int) -> np.ndarray:
    """P(level | somebody else's entry): a claimed number that is another's could be anybody's."""
    by_level = np.array([1.0, 2.0, 1.0, 2.0]) / entries
    exact = np.append(by_level, [0.0] * (len(levels.NUMBER) - 4))[codes] * another
    return np.where(codes < 4, exact, np.where(codes == levels.NUMBER.index("one_digit"), ONE_DIGIT, 1.0))


def _is_missing(shape: str) -> np.ndarray:
    """Which levels say nothing because a side is unknown; for place only where both are."""
    names = SHAPES[shape]
    return np.array([level in {"missing", "missing+missing"} for level in names])

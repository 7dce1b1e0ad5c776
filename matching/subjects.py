"""The records of one run of linkage with everything that is looked up per record and per name before any pair is made."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from matching import levels
from matching.beside import ALONE, Beside, among
from matching.columns import Records, is_first_of_january, year_of
from matching.compiled import compiled
from matching.frequency import (
    Frequencies,
    birth_date_table,
    name_frequency,
    place_table,
)
from matching.model import Model
from matching.nameparts import ARRANGED, PartWeights
from matching.nametable import Array, Names
from matching.partshares import PartShares, part_shares
from matching.passes.search import FUZZY
from matching.people import id_provinces
from matching.profile import Profile
from matching.weighing import FIRST_YEAR, YEARS, Weights
from matching.yearshares import with_spans

GENDER_GIVEN_NAME = (0.97, 0.03, 1.0)
"""P(gender same, different) of two people whose given names agree: names tell gender (assumption, reference name tables)."""

GENDER_OTHERWISE = (0.5, 0.5, 1.0)

ONE_DIGIT = 6e-5
"""P(two people's numbers are one slip apart | province, gender and year are the same): 59 of a million tails."""

PARENTS_U = np.array([1e-5, 2e-3, 4e-3, 1.0, 1.0])
"""P(parents' names agree between two families), by level (assumption: a name is borne by one in a thousand)."""

NUMBER_OF_KIN = 0.075
"""P(a claimed number that is another's is that of a certain relative): a third are some relative's, of about four (assumption)."""

BIRTH_PROVINCES = 1_000
"""Codes of birth provinces and countries are below it."""


@dataclass(frozen=True)
class Subjects:
    """Records, their names, and how common these are."""

    records: Records
    names: Names
    text: pa.Array
    """The names themselves, for a registry that is asked in words."""
    name_u: Array
    """names × levels, float32."""
    parts: PartShares | None
    """The same of the parts of names, where the profile compares them."""
    established: Array
    """Sorted keys of given names (`matching.likeness`)."""
    known: Frequencies
    regions: Array
    """Birth province → province of 2025."""
    coarse: Array
    """Whether a record knows no day, or says 1 January."""
    shared_number: Array
    """Whether another record claims the same number."""
    others: Array
    """P(the record is none of those whom its family names, `matching.kinship`); NaN where no family says anything."""
    of_kin: Array
    """P(it is a relative of the entry that its family names)."""

    def __len__(self) -> int:
        return len(self.coarse)

    def without_numbers(self) -> "Subjects":
        """The same records as if none claimed a number: what the rest of the evidence is worth."""
        nothing = np.zeros(len(self), dtype=np.int64)
        records = self.records._replace(number=nothing, number_other=nothing, former=nothing)
        return replace(self, records=records, shared_number=nothing.astype(bool)).with_family(
            *_without_family(len(self))
        )

    def with_family(self, others: Array, of_kin: Array) -> "Subjects":
        """The same records, with what their families say of everybody else."""
        return replace(self, others=others, of_kin=of_kin)


def subjects_of(
    records: Records,
    names: Names,
    text: pa.Array,
    known: Frequencies,
    counts: Mapping[str, Array] | None,
    profile: Profile,
    beside: Beside = ALONE,
) -> Subjects:
    """Look up frequencies for records.

    Args:
        records: the records.
        names: their names.
        text: the same as text.
        known: shares in the registry.
        counts: people in the registry by each key of the names (as name_frequency.table wants), or None.
        profile: how names are read.
        beside: what other records claim.
    """
    return Subjects(
        records=records,
        names=names,
        text=text,
        name_u=name_frequency(known, profile).table(names, counts),
        parts=_part_shares(names, known, counts) if profile.parts else None,
        established=known.words.given_names(),
        known=known,
        regions=_regions(profile),
        coarse=_coarse(records.birth),
        shared_number=_shared(records.number, beside) | _shared(records.former, beside),
        **dict(zip(("others", "of_kin"), _without_family(len(records.birth)), strict=True)),
    )


def _without_family(size: int) -> tuple[Array, Array]:
    return np.full(size, np.nan), np.zeros(size)


def _part_shares(names: Names, known: Frequencies, counts: Mapping[str, Array] | None) -> PartShares:
    words, counted = known.words, None if counts is None else counts["folded"]
    return part_shares(names, words.first, words.middle, words.last, known.entries, counted)


def _coarse(birth: Array) -> Array:
    return np.asarray(((birth & 31) == 0) | is_first_of_january(birth))


def _regions(profile: Profile) -> Array:
    regions = np.zeros(BIRTH_PROVINCES, np.int8)
    if profile.regions:
        for old in id_provinces().values():
            regions[int(old.code)] = int(old.new_code)
    return regions


def _shared(numbers: Array, beside: Beside) -> Array:
    _, inverse, count = np.unique(numbers, return_inverse=True, return_counts=True)
    return np.asarray((count[inverse] > 1) & (numbers != 0) | among(beside.numbers, numbers))


@dataclass(frozen=True)
class ByName:
    """Weights of names under a model: the same for all chunks."""

    name: Array
    relative: Array
    best: Array
    parts: PartWeights


def weights_by_name(subjects: Subjects, model: Model) -> ByName:
    """Names × levels."""
    m, relative_m = (
        np.log2(np.maximum(of, 1e-9))
        for of in (np.array([model.m["name"], model.m["name_bare"]]), np.asarray(model.relative["name"]))
    )
    missing = _is_missing(levels.NAME)
    weight, relative, best = _against_u(subjects.name_u, subjects.names.bare, m, relative_m, missing)
    if subjects.parts is None:
        return ByName(weight, relative, best, _NO_PARTS)
    parts = _weights_of_parts(subjects, subjects.parts, model)
    return ByName(weight, relative, _best_of_parts(parts), parts)


@compiled
def _against_u(
    u: Array, bare: Array, m: Array, relative_m: Array, missing: Array
) -> tuple[Array, Array, Array]:
    """log2(m/u) of names × levels for the person and for a relative, and the greatest of both per name; a million names in one go."""
    weight, relative = np.zeros(u.shape, np.float32), np.zeros(u.shape, np.float32)
    best = np.full(len(u), -np.inf, np.float32)
    for i in range(len(u)):
        of = m[np.int64(bare[i])]
        for level in range(u.shape[1]):
            if not missing[level]:
                log2_u = np.log2(max(np.float64(u[i, level]), 1e-12))
                weight[i, level], relative[i, level] = of[level] - log2_u, relative_m[level] - log2_u
            best[i] = max(best[i], weight[i, level], relative[i, level])
    return weight, relative, best


_NO_PARTS = PartWeights(
    *(np.zeros((0, 1), np.float32),) * 6, np.zeros(0, np.float32), np.zeros(3, np.float32)
)


def _weights_of_parts(subjects: Subjects, shares: PartShares, model: Model) -> PartWeights:
    def against(shape: str, u: Array, names: tuple[str, ...]) -> tuple[Array, Array]:
        log2_u = np.log2(np.maximum(u, 1e-12))
        return _table(model.m[shape], names, log2_u), _table(model.relative[shape], names, log2_u)

    by_parts, whole = (np.maximum(share, 1e-15) for share in (shares.whole_by_parts, shares.whole))
    commoner = np.where(shares.whole > 0, np.log2(by_parts / whole), 0)
    arranged = np.zeros(3, np.float32)
    for arrangement, level in ARRANGED.items():
        arranged[arrangement] = np.log2(model.m["name"][level])
    return PartWeights(
        *against("family", shares.family, levels.NAME_PART),
        *against("middle", shares.middle, levels.MIDDLE),
        *against("given", shares.given, levels.NAME_PART),
        commoner.astype(np.float32),
        arranged,
    )


def _best_of_parts(parts: PartWeights) -> Array:
    """The most that each name can weigh."""
    of_person, of_relative = (
        sum((part.max(axis=1) for part in some), np.zeros(len(parts.whole)))
        for some in (
            (parts.family, parts.middle, parts.given),
            (parts.family_relative, parts.middle_relative, parts.given_relative),
        )
    )
    return np.asarray(np.maximum(of_person, of_relative), dtype=np.float32)


def weights_of(subjects: Subjects, model: Model, rows: Array, by_name: ByName, local: Array) -> Weights:
    """The tables of a chunk of records.

    Args:
        subjects: all records.
        model: what levels weigh.
        rows: the records of the chunk.
        by_name: what names weigh.
        local: rows × readings × residence levels, log2 of how much commoner each name is there (`matching.localnames`).
    """
    records, known = subjects.records, subjects.known
    birth, birth_relative = _birth_weights(
        records.birth[rows], known, model, spans=subjects.parts is not None
    )
    place, place_relative = _place_weights(records, rows, known, model)
    gender = np.log2(np.array([GENDER_OTHERWISE, GENDER_GIVEN_NAME]))
    number_u = np.stack([_number_u(share, known.entries) for share in (model.number_of_another, 0.5)])
    return Weights(
        name=by_name.name, name_relative=by_name.relative, best_name=by_name.best, parts_of_names=by_name.parts,
        birth=birth, birth_relative=birth_relative,
        place=place, place_relative=place_relative, local=local,
        gender=_table(model.m["gender"], levels.GENDER, gender), gender_relative=_table(model.relative["gender"], levels.GENDER, gender),
        number=_table(model.m["number"], levels.NUMBER, number_u), number_relative=_table(model.relative["number"], levels.NUMBER, number_u),
        number_of_kin=float(np.log2(NUMBER_OF_KIN * known.entries)),
        parents=_table(model.m["parents"], levels.PARENTS, np.log2(PARENTS_U)),
        parents_relative=_table(model.relative["parents"], levels.PARENTS, np.log2(PARENTS_U)),
        age=_ages(model, known), people=np.log2(np.maximum(known.years, RAREST_YEAR)),
        reference=np.where(records.reference[rows] > 0, records.reference[rows], model.reference).astype(np.int64),
        regions=subjects.regions, shared_number=subjects.shared_number[rows],
        prior=float(np.log2(model.in_registry / known.entries)), in_registry=float(np.log2(model.in_registry)),
        elsewhere=np.log2(np.nan_to_num(subjects.others[rows], nan=1.0)),
        of_kin=_of_kin(subjects, rows, model),
        relative_prior=float(np.log2(model.relatives / known.entries)), deceased=float(np.log2(model.deceased)),
    )  # fmt: skip


RAREST_YEAR = 1e-5
"""No birth year is rarer among people."""


def _of_kin(subjects: Subjects, rows: Array, model: Model) -> Array:
    """log2 odds, against nobody, of a relative of the entry that the family names; NaN where no family says anything."""
    others, relative = subjects.others[rows], np.maximum(subjects.of_kin[rows], 1e-9)
    return np.where(np.isnan(others), np.nan, np.log2(relative / model.nobody(FUZZY, others)))


def _ages(model: Model, known: Frequencies) -> Array:
    """Ages that were not learned are those of people at large."""
    of_people = np.pad(known.years, YEARS)[model.reference - FIRST_YEAR :][: 2 * YEARS]
    return np.asarray(np.log2(model.ages if len(model.ages) else np.maximum(of_people, RAREST_YEAR)))


def _table(m: Array, names: tuple[str, ...], log2_u: Array) -> Array:
    """log2(m/u), 0 where a side is missing."""
    weight = np.where(_is_missing(names), 0, np.log2(np.maximum(m, 1e-9)) - log2_u)
    return np.asarray(weight, dtype=np.float32)


def _is_missing(names: tuple[str, ...]) -> Array:
    return np.array([level == "missing" for level in names])


def birth_date_u(subjects: Subjects, rows: Array) -> Array:
    """P(level of the birth date | two people): rows × levels."""
    birth = subjects.records.birth[rows]
    return birth_date_table(year_of(birth), (birth & 31) == 0, is_first_of_january(birth), subjects.known)


def _birth_weights(birth: Array, known: Frequencies, model: Model, *, spans: bool) -> tuple[Array, Array]:
    """By distinct date: the people of a chunk share many."""
    distinct, at = np.unique(birth, return_inverse=True)
    share = birth_date_table(year_of(distinct), (distinct & 31) == 0, is_first_of_january(distinct), known)
    u = np.log2(with_spans(share, year_of(distinct), known.years) if spans else share)
    m = np.where(_coarse(distinct)[:, None], model.m["birth_date_coarse"], model.m["birth_date"])
    missing = _is_missing(levels.BIRTH_DATE)
    weight = np.where(missing, 0, np.log2(np.maximum(m, 1e-9)) - u).astype(np.float32)
    relative = np.where(missing, 0, np.log2(np.maximum(model.relative["birth_date"], 1e-9)) - u).astype(
        np.float32
    )
    return weight[at], relative[at]


def _place_weights(records: Records, rows: Array, known: Frequencies, model: Model) -> tuple[Array, Array]:
    province, region, home, commune = (
        getattr(records, name)[rows].astype(int)
        for name in ("birth_province", "birth_region", "home", "commune")
    )
    u = place_table(province, region, home, commune, known)
    shape = u.shape
    nothing = np.zeros((shape[1], shape[2]), bool)
    nothing[-1, -1] = True
    log2_u = np.log2(u)
    m, relative = (
        np.log2(np.maximum(part["place"], 1e-9)).reshape(shape[1:]) for part in (model.m, model.relative)
    )
    return (
        np.where(nothing, 0, m - log2_u).astype(np.float32),
        np.where(nothing, 0, relative - log2_u).astype(np.float32),
    )


def _number_u(another: float, entries: int) -> Array:
    """log2 P(level | somebody else's entry): a claimed number that is another's could be anybody's."""
    u = np.ones(len(levels.NUMBER))
    u[:4] = np.array([1.0, 2.0, 1.0, 2.0]) / entries * another
    u[levels.NUMBER.index("one_digit")] = ONE_DIGIT
    return np.log2(np.maximum(u, 1e-12))

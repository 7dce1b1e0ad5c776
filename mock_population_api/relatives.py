"""The families of students, looked up among the entries of their part: parents, grandparents, uncles and aunts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mock_population_api.draws import Ints

NOBODY = -1


@dataclass(frozen=True)
class Kinship:
    """Positions of parents among the entries of one part, -1 for nobody."""

    father: Ints
    mother: Ints
    alive: npt.NDArray[np.bool_]
    by_mother: Ints
    """All positions, brothers and sisters next to each other."""


def _positions(numbers: pa.ChunkedArray, among: pa.Array) -> Ints:
    positions: Ints = pc.fill_null(pc.index_in(numbers, value_set=among), NOBODY).to_numpy().astype(np.int64)
    return positions


def kinship(entries: pa.Table, truth: pa.Table) -> Kinship:
    """Who is whose parent in a part, the parents that the registry doesn't record included."""
    numbers = entries["personal_id"].combine_chunks()
    told = truth.take(pc.index_in(numbers, value_set=truth["personal_id"].combine_chunks()))
    father = _positions(pc.coalesce(entries["father_id"], told["unrecorded_father"]), numbers)
    mother = _positions(pc.coalesce(entries["mother_id"], told["unrecorded_mother"]), numbers)
    alive = pc.equal(entries["status"], "alive").to_numpy()
    return Kinship(father, mother, alive, np.argsort(mother, kind="stable"))


def _of(column: Ints, rows: Ints) -> Ints:
    return np.where(rows == NOBODY, NOBODY, column[rows])


def grandparents(kin: Kinship, rows: Ints, rng: np.random.Generator) -> Ints:
    """One living grandparent of each, where there is one."""
    father, mother = _of(kin.father, rows), _of(kin.mother, rows)
    all_four = np.stack(
        [_of(kin.mother, mother), _of(kin.father, mother), _of(kin.mother, father), _of(kin.father, father)]
    )
    living = (all_four != NOBODY) & kin.alive[all_four]
    preference = np.where(living, rng.random(all_four.shape), -1.0)
    best = preference.argmax(axis=0)
    found = np.take_along_axis(all_four, best[None], axis=0)[0]
    return np.where(living.any(axis=0), found, NOBODY)


def uncles_and_aunts(kin: Kinship, rows: Ints, rng: np.random.Generator) -> Ints:
    """A living brother or sister of one parent, where there is one."""
    parent = np.where(rng.random(len(rows)) < 0.5, _of(kin.father, rows), _of(kin.mother, rows))
    grandmother = _of(kin.mother, parent)
    ordered = kin.mother[kin.by_mother]
    start, end = (np.searchsorted(ordered, grandmother, side=side) for side in ("left", "right"))
    picked = kin.by_mother[
        np.minimum(start + (rng.random(len(rows)) * (end - start)).astype(np.int64), len(ordered) - 1)
    ]
    fit = (grandmother != NOBODY) & (picked != parent) & kin.alive[picked]
    return np.where(fit, picked, NOBODY)

"""The registry of a synthetic country: seeded families turned into entries, chunk by chunk.

A chunk is a set of families that nobody leaves, so parents and grandparents always stand in the same file as their
children, chunks can be made in any order by any number of processes, and memory stays that of one chunk.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from mock_population_api.assumptions import Assumptions, PeopleAssumptions
from mock_population_api.draws import Floats, Ints, Weighted
from mock_population_api.entries import Entries, register
from mock_population_api.generation_errors import UnknownProvince
from mock_population_api.geography import geography
from mock_population_api.households import NOBODY, People, days, death_days, grow, newcomers
from mock_population_api.personal_ids import Share

Bools = npt.NDArray[np.bool_]

CHUNK = 200_000
"""People in one part file."""
_PER_COUPLE = 16.5
"""How many people with entries descend from one founding couple, about; fewer in a small world, where few can marry."""
_ATTEMPTS = 4


@dataclass(frozen=True)
class _Plan:
    seed: int
    chunk: int
    chunks: int
    people: int
    weights: Floats
    rates: PeopleAssumptions
    out: Path
    truth: Path | None


def province_weights(provinces: Sequence[str] | None, share: float) -> Floats:
    """How many are founded in each of the 63; `share` of all in the chosen provinces of 2025.

    Raises:
        UnknownProvince: for a code that is none of the 34.
    """
    land = geography()
    weights: Floats = land.people / land.people.sum()
    if not provinces:
        return weights
    for code in provinces:
        if code not in land.merged_codes:
            raise UnknownProvince(code, tuple(sorted(set(land.merged_codes))))
    chosen = np.isin(np.array(land.merged_codes), list(provinces))
    if chosen.all():
        return weights
    inside, outside = weights[chosen].sum(), weights[~chosen].sum()
    shifted: Floats = np.where(chosen, weights * share / inside, weights * (1 - share) / outside)
    return shifted


def _kept_exactly(people: People, kept: Bools, count: int, rng: np.random.Generator) -> Bools:
    """Drop people without children of their own until `count` are left at most."""
    surplus = int(kept.sum()) - count
    if surplus <= 0:
        return kept
    parents = np.zeros(len(people), dtype=bool)
    for column in (people.mother, people.father, people.twin):
        parents[column[(column != NOBODY) & kept]] = True
    leaves = np.flatnonzero(kept & ~parents)
    spare = np.flatnonzero(kept & parents)
    dropped = np.concatenate([rng.permutation(leaves), rng.permutation(spare)])[:surplus]
    kept = kept.copy()
    kept[dropped] = False
    return kept


def _strangers(plan: _Plan, count: int, like: Ints, rng: np.random.Generator) -> People:
    """People without kin in the registry, as old as those born on the days `like`."""
    born = rng.choice(like, count) + rng.integers(-180, 0, count)
    homes = Weighted.of(np.arange(len(plan.weights)), plan.weights)
    people = newcomers(born, rng.random(count) < plan.rates.born_female, homes.at(rng.random(count)), rng)
    moved = np.flatnonzero(rng.random(count) < plan.rates.strangers_moved)
    people.home[moved] = homes.at(rng.random(len(moved)))
    people.commune[moved] = geography().draw_communes(people.home[moved], rng)
    return people


def _families(plan: _Plan, rng: np.random.Generator) -> tuple[People, Ints, Bools]:
    """Everybody who ever lived in the chunk, the day each dies, and who has an entry: nearly as many as wanted."""
    wanted = plan.people * (1 - plan.rates.strangers)
    couples = max(3, int(wanted / _PER_COUPLE))
    for _ in range(_ATTEMPTS):
        people = grow(couples, plan.weights, plan.rates, rng)
        dies = death_days(people, plan.rates, rng)
        kept = dies >= days(plan.rates.registry_since)
        if abs(kept.sum() - wanted) < wanted * plan.rates.strangers:
            break
        couples = max(3, int(couples * wanted / max(kept.sum(), 1)))
    return people, dies, _kept_exactly(people, kept, plan.people, rng)


def _chunk(plan: _Plan) -> Entries:
    rng = np.random.default_rng([plan.seed, plan.chunk, 1])
    rates = plan.rates
    people, dies, kept = _families(plan, rng)
    missing = plan.people - int(kept.sum())
    alike = people.born[kept] if kept.any() else people.born
    lone = _strangers(plan, missing, alike, rng)
    people = people.joined(lone)
    far = np.full(missing, np.iinfo(np.int64).max)
    return register(
        people,
        kept=np.concatenate([kept, np.ones(missing, dtype=bool)]),
        dies=np.concatenate([dies, far]),
        rates=rates,
        rng=np.random.default_rng([plan.seed, plan.chunk, 2]),
        share=Share(plan.seed, plan.chunk, plan.chunks),
    )


def _write(table: pa.Table, folder: Path, chunk: int) -> None:
    pq.write_table(table, folder / f"part-{chunk:05d}.parquet", compression="zstd", row_group_size=100_000)


def _write_chunk(plan: _Plan) -> int:
    made = _chunk(plan)
    _write(made.entries, plan.out, plan.chunk)
    if plan.truth is not None:
        _write(made.truth, plan.truth, plan.chunk)
    return plan.people


def _plans(whole: _Plan, chunk: int) -> list[_Plan]:
    """The same for each chunk: nearly equal numbers of people."""
    chunks = max(1, round(whole.people / chunk))
    sizes = [whole.people // chunks + (at < whole.people % chunks) for at in range(chunks)]
    return [replace(whole, chunk=at, chunks=chunks, people=size) for at, size in enumerate(sizes)]


def _run(plans: Sequence[_Plan], workers: int) -> Iterable[int]:
    if workers == 1 or len(plans) == 1:
        yield from map(_write_chunk, plans)
        return
    with ProcessPoolExecutor(min(workers, len(plans)), mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_write_chunk, plan) for plan in plans]):
            yield done.result()


def write_population(  # noqa: PLR0913 - four of them say how it is run, not what is made
    out: Path,
    people: int,
    seed: int,
    *,
    provinces: Sequence[str] | None = None,
    assumptions: Assumptions | None = None,
    truth: Path | None = None,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    chunk: int = CHUNK,
) -> None:
    """Write a registry of exactly `people` entries as `out/part-*.parquet`, the same bytes for the same arguments.

    Args:
        out: folder for the parts; made when absent.
        people: how many entries.
        seed: another seed, another country.
        provinces: codes of 2025 in which most people live; all when None.
        assumptions: the rates; `default` when None.
        truth: folder beside, for what the registry doesn't say: minority, entries that are wrong, unrecorded parents.
        workers: processes; as many as there are processors when None. Doesn't change the result.
        progress: called with the number of people of each chunk done.
        chunk: people in one part, about; families never cross parts. Another size, another country.

    Raises:
        UnknownProvince: for a code that is none of the 34.
        NumbersExhausted: when one group of personal IDs would need more than a million numbers.
    """
    assumptions = assumptions or Assumptions()
    weights = province_weights(provinces, assumptions.people.share_in_chosen_provinces)
    for folder in (out, truth):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob("part-*.parquet"):
                old.unlink()
    whole = _Plan(seed, 0, 1, people, weights, assumptions.people, out, truth)
    for done in _run(_plans(whole, chunk), workers or os.cpu_count() or 1):
        if progress is not None:
            progress(done)

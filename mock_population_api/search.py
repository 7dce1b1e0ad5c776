"""Tracing: who might be meant by a name, a date and a place. The registry's own rules and its own ranking.

A trace is generous: it returns everybody whom at least one rule of RULES finds, best first, at most MOST of them.
Who of them is meant is for the asker to decide. What a rule compares stands in `finding`, what ranks in `ranking`.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mock_population_api.columns import ASKED, NO_DAY
from mock_population_api.dates import days_from, parts_of
from mock_population_api.likeness import prefixes, signatures
from mock_population_api.mapped import Array
from mock_population_api.name_keys import keys_of, spelled
from mock_population_api.name_table import TABLE_OF, places_of
from mock_population_api.people import runs
from mock_population_api.ranking import search
from mock_population_api.schemas import TRACE_QUESTIONS, TRACED
from mock_population_api.store import Store
from mock_population_api.text_hashes import hashes_of
from mock_population_api.unpacking import places_in

MOST = 50
"""Candidates returned for one query at most."""

_ALONE = 200
"""Queries up to which a second thread costs more than it gains."""
_PIECE = 64
"""Queries after which it is looked whether mapped pages must be given back."""


@dataclass(frozen=True)
class Rule:
    """One reason to return an entry."""

    name: str
    means: str


RULES = (
    Rule(
        "name_year",
        "same words of the name in any order, same birth year (so also the same date, and day and month swapped)",
    ),
    Rule(
        "name_day_month",
        "same words of the name, same day and month, year off by 1, 2, 9, 10 or 11",
    ),
    Rule(
        "name_commune",
        "same words of the name, same commune of residence",
    ),
    Rule(
        "name_province",
        "same words of the name, same province of residence or birth, where the birth date asked is absent or coarse",
    ),
    Rule(
        "name_alone",
        "same words of the name, where neither date nor province is asked",
    ),
    Rule(
        "name_near_year",
        "same words of the name, year off by 1, 2, 9, 10 or 11, where neither day nor province is asked",
    ),
    Rule(
        "sound_year",
        "same sound of the name (s/x, tr/ch, d/gi/r/v, l/n, i/y, c/k/q alike; spaces and apostrophes removed), same birth year",
    ),
    Rule(
        "edge_year",
        "same first and last word, same birth year, and a province, the month or the day agrees",
    ),
    Rule(
        "edge_year_alone",
        "same first and last word, same birth year, where neither day nor province is asked",
    ),
    Rule(
        "edge_day_month",
        "same first and last word, same day and month, year off by 1, 2, 9, 10 or 11",
    ),
    Rule(
        "date_name",
        "same birth date and the same given word (last, or first where names are written so), or a similar name that shares a first word or all initials",
    ),
    Rule(
        "date_place",
        "same birth date and province of birth, and gender where it is asked",
    ),
    Rule(
        "swapped_date",
        "day and month swapped, and the same last word or a similar name",
    ),
    Rule(
        "commune_year",
        "same commune of residence, same birth year, and the same last word or a similar name",
    ),
    Rule(
        "commune_name",
        "same commune of residence and a very similar name, where no birth date is asked",
    ),
    Rule(
        "birthplace_year",
        "same province of birth, same birth year, month or day agrees, and a very similar name",
    ),
)


def trace(store: Store, queries: pa.Table) -> pa.Table:
    """Candidates for `queries` (TRACE_QUESTIONS): a table of schema TRACED, by query, then rank."""
    found = _found(store, queries)
    return pa.concat_tables([TRACED.empty_table(), *_rows(store, queries, found, max(len(queries), 1))])


Found = tuple[Array, Array, Array]
"""Positions of entries, where each query's begin, how many fitted each (`ranking.search`)."""


def trace_passes(
    store: Store, queries: pa.Table, pass_rows: int, batch_rows: int = 2_000
) -> Iterator[Iterator[pa.RecordBatch]]:
    """The same rows as `trace`, so many queries at a time, so that a large answer never stands in memory whole.

    Args:
        store: the registry.
        queries: TRACE_QUESTIONS.
        pass_rows: queries that are sought together; the next are sought while the rows of these are put together.
        batch_rows: queries whose rows are put together at once.

    Returns:
        The rows of each pass, to be taken before those of the next.
    """
    passes = [queries.slice(first, pass_rows) for first in range(0, len(queries), pass_rows)]
    with ThreadPoolExecutor(1) as ahead:
        coming = [ahead.submit(_found, store, one) for one in passes[:1]]
        for place, asked in enumerate(passes):
            found = coming.pop().result()
            coming += [ahead.submit(_found, store, one) for one in passes[place + 1 : place + 2]]
            yield _batches(store, asked, found, batch_rows)


def _batches(store: Store, queries: pa.Table, found: Found, batch_rows: int) -> Iterator[pa.RecordBatch]:
    for table in _rows(store, queries, found, batch_rows):
        yield from table.combine_chunks().to_batches()


def warm_up(store: Store) -> None:
    """Answer a question about nobody, so that what has to be compiled or loaded is there before anybody asks."""
    nobody = {name: pa.array([None], pa.string()) for name in TRACE_QUESTIONS.names}
    trace(store, pa.table(nobody | {"ref": pa.array([""])}))


def _rows(store: Store, queries: pa.Table, found: Found, batch_rows: int) -> Iterator[pa.Table]:
    at, starts, fitting = found
    ranks, refs = np.arange(1, MOST + 1, dtype=np.int32), queries["ref"].combine_chunks()
    for first in range(0, len(queries), batch_rows):
        bounds = starts[first : first + batch_rows + 1]
        size = np.diff(bounds)
        if not size.sum():
            continue
        place = np.repeat(np.arange(first, first + len(size)), size)
        rank = ranks[np.arange(bounds[-1] - bounds[0]) - np.repeat(bounds[:-1] - bounds[0], size)]
        people = store.people.at(at[bounds[0] : bounds[-1]])
        more = pa.array(fitting[place] > MOST)
        table = pa.table([refs.take(pa.array(place)), pa.array(rank), more, *people], names=TRACED.names)
        yield store.veil.over_kin(table.cast(TRACED))
    store.used()


def _found(store: Store, queries: pa.Table) -> Found:
    """Who might be meant; many by as many threads as there are cores, neighbours by birth one after the other."""
    asked, letters = _asked(store, queries)
    if len(asked) <= _ALONE:
        return search(asked, letters, store.orders, store.held, 0, len(asked), MOST)
    # who was born in one place and year is sought among the same rows, which are near at hand then
    order = np.lexsort((asked["born"], asked["year"], asked["birth_province"]))
    asked = asked[order]

    def part(first: int) -> Found:
        found = search(asked, letters, store.orders, store.held, first, min(first + _PIECE, len(asked)), MOST)
        store.used()
        return found

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        parts = list(pool.map(part, range(0, len(asked), _PIECE)))
    at, fitting = (np.concatenate([part[place] for part in parts]) for place in (0, 2))
    size = np.concatenate([np.diff(starts) for _, starts, _ in parts])
    back = np.argsort(order)
    ends = np.cumsum(size)
    low, high = (ends - size)[back], ends[back]
    return at[runs(low, high)], np.concatenate(([0], np.cumsum(size[back]))), fitting[back]


def _asked(store: Store, queries: pa.Table) -> tuple[Array, Array]:
    """What the search compares of queries (ASKED), and the letters of their folded names."""
    mapped, texts, names = store.people.mapped, store.people.texts, queries["full_name"]
    letters, starts = store.folding.folded(names)
    asked = np.zeros(len(queries), ASKED)
    asked["folded"], asked["folded_end"], asked["signature"] = (
        starts[:-1],
        starts[1:],
        signatures(letters, starts),
    )
    asked["prefix"] = prefixes(letters, starts)
    asked["spelled"], hashes, known = hashes_of(spelled(names)), keys_of(letters, starts), np.diff(starts) > 0
    for key, table in TABLE_OF.items():
        asked[key] = places_of(mapped[f"{table}_hash"], hashes[key], known)
    _state_dates(asked, queries["birth_date"])
    for name in ("gender", "birth_province", "residence_province", "residence_commune"):
        asked[name] = places_in(texts[name], queries[name])
    asked["named"] = pc.is_valid(names).to_numpy()
    asked["any_gender"] = pc.is_null(queries["gender"]).to_numpy()
    provinces = (pc.is_null(queries[name]).to_numpy() for name in ("birth_province", "residence_province"))
    asked["placeless"] = np.logical_and(*provinces)
    return asked, letters


def _state_dates(asked: Array, dates: pa.ChunkedArray) -> None:
    """Fill in what is asked of dates, which may be a year, a month or a day."""
    year, month, day = parts_of(dates)
    asked["year"], asked["month"] = year, month
    born = days_from(year, month, day)
    asked["born"], asked["day_month"] = born, np.where(born == NO_DAY, 0, month * 100 + day)
    swapped = days_from(year, day, month)
    asked["swapped"] = np.where((born == NO_DAY) | (day == month), NO_DAY, swapped)

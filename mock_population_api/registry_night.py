"""A registry one night later: children born, entries corrected, numbers replaced, deaths recorded.

The next extract is written beside the changes that lead to it, part by part, so that memory is that of one part. What
the registry told before and what it tells now differ by exactly these changes.
"""

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mock_population_api.assumptions import Assumptions, RegistryNightAssumptions
from mock_population_api.enrolment import parts_of
from mock_population_api.entries import ENTRY_TRUTH
from mock_population_api.geography import geography
from mock_population_api.intake import as_of
from mock_population_api.schemas import CHANGE, ENTRY

Json = dict[str, Any]

_MOTHERS = (20, 40)
_NAMESAKES_SINCE = 2015
_FREE_TAIL = 900_000
"""Numbers given at night end in this or more, so that a tenth of all numbers is what they must differ from."""


@dataclass(frozen=True)
class RegistryNight:
    """How many people changed."""

    born: int
    corrected: int
    superseded: int
    deceased: int


class _Numbers:
    """The numbers that are given, in the range from which a night gives others."""

    def __init__(self, parts: list[Path]) -> None:
        self._given = np.unique(np.concatenate([_late_tails(part) for part in parts]))
        self._new: set[int] = set()

    def free(self, structure: str, rng: np.random.Generator) -> str:
        """A number of this structure that nobody has or had."""
        while True:
            number = int(structure) * 1_000_000 + int(rng.integers(_FREE_TAIL, 1_000_000))
            at = np.searchsorted(self._given, number)
            if number not in self._new and (at == len(self._given) or self._given[at] != number):
                self._new.add(number)
                return f"{number:012d}"


def _late_tails(part: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    columns = pq.read_table(part, columns=["personal_id", "superseded_ids"])
    texts = [columns["personal_id"], pc.list_flatten(columns["superseded_ids"])]
    numbers = np.concatenate([text.cast(pa.int64()).to_numpy() for text in texts])
    return numbers[numbers % 1_000_000 >= _FREE_TAIL]


@dataclass
class _Night:
    """One part in the hands of the registrars."""

    table: pa.Table
    wrong: pa.Table
    day: date
    numbers: _Numbers
    rng: np.random.Generator
    changes: list[Json]
    rows: dict[int, Json]
    """Row → the entry as it is now; rows beyond the table are new."""

    def at(self) -> str:
        """A moment of the day."""
        moment = datetime.combine(self.day, time(8), UTC) + timedelta(
            seconds=int(self.rng.integers(0, 28_800))
        )
        return moment.isoformat()

    def row(self, place: int) -> Json:
        """One entry as it is now."""
        if place not in self.rows:
            self.rows[place] = self.table.slice(place, 1).to_pylist()[0]
        return self.rows[place]

    def tell(self, change: str, entry: Json) -> None:
        """Note what happened to an entry, as it is now."""
        self.changes.append({"change": change, "at": self.at(), "superseded_by": None, **entry})

    def some(self, able: pa.Array, wanted: int) -> list[int]:
        """Rows drawn from those that are able and untouched."""
        places = np.setdiff1d(np.flatnonzero(able.to_numpy(zero_copy_only=False)), list(self.rows))
        return sorted(self.rng.permutation(places)[:wanted].tolist())


def evolve_registry(
    registry: Path, truth: Path, out: Path, seed: int, assumptions: Assumptions | None = None
) -> RegistryNight:
    """Age the registry in `registry` by one night.

    Args:
        registry: folder of entries, as `generate` or an earlier night wrote it.
        truth: what the registry doesn't say, part by part; may be absent.
        out: `out/registry` receives the next extract, `out/changes` the changes; may be the world itself.
        seed: another seed, another night.
        assumptions: the rates; `default` when None.

    Raises:
        NoPopulation: when the folder holds no registry.
    """
    rates = (assumptions or Assumptions()).registry_night
    parts = parts_of(registry)
    day = datetime.fromisoformat(as_of(parts)).date() + timedelta(days=1)
    (out / "registry").mkdir(parents=True, exist_ok=True)
    (out / "changes").mkdir(parents=True, exist_ok=True)
    numbers, found = _Numbers(parts), []
    for place, part in enumerate(parts):
        night = _read_part(part, truth / part.name, day, numbers, np.random.default_rng([seed, place, 8]))
        found.append(_pass_night(night, out / "registry" / part.name, rates))
    changes = pa.concat_tables(found).sort_by([("at", "ascending"), ("personal_id", "ascending")])
    _write(changes, out / "changes" / f"{day.isoformat()}.parquet")
    counts = {row["values"]: row["counts"] for row in pc.value_counts(changes["change"]).to_pylist()}
    return RegistryNight(*(counts.get(kind, 0) for kind in ("born", "corrected", "superseded", "deceased")))


def _read_part(part: Path, truth: Path, day: date, numbers: _Numbers, rng: np.random.Generator) -> _Night:
    wrong = pq.read_table(truth, schema=ENTRY_TRUTH) if truth.exists() else ENTRY_TRUTH.empty_table()
    return _Night(pq.read_table(part), wrong, day, numbers, rng, [], {})


def _pass_night(night: _Night, out: Path, rates: RegistryNightAssumptions) -> pa.Table:
    """The changes of one part, whose next state is written to `out`."""
    _die(night, _count(night, rates.deceased))
    _correct(night, _count(night, rates.corrected))
    _renumber(night, _count(night, rates.superseded))
    _bear(night, _count(night, rates.born))
    until = datetime.combine(night.day, time(23, 59), UTC).isoformat()
    stated = {**(night.table.schema.metadata or {}), b"as_of": until.encode()}
    _write(_after(night).replace_schema_metadata(stated), out)
    return pa.Table.from_pylist(night.changes, schema=CHANGE)


def _count(night: _Night, share: float) -> int:
    return max(1, int(night.rng.poisson(len(night.table) * share)))


def _alive(night: _Night) -> pa.Array:
    return pc.equal(night.table["status"], "alive").combine_chunks()


def _years(night: _Night) -> pa.Array:
    return pc.year(night.table["birth_date"]).combine_chunks()


def _die(night: _Night, wanted: int) -> None:
    old = pc.and_(_alive(night), pc.less(_years(night), night.day.year - 60))
    for place in night.some(old, wanted):
        entry = night.row(place)
        entry["status"] = "deceased"
        night.tell("deceased", entry)


def _correct(night: _Night, wanted: int) -> None:
    """Wrong entries are put right; where there are not enough of them, people move within their province."""
    known = night.wrong.filter(pc.greater(pc.list_value_length(night.wrong["wrong"]), 0))
    is_wrong = pc.is_in(night.table["personal_id"], value_set=known["personal_id"].combine_chunks())
    for place in night.some(pc.and_(_alive(night), is_wrong.combine_chunks()), -(-wanted // 2)):
        entry = night.row(place)
        right = known.filter(pc.equal(known["personal_id"], entry["personal_id"])).to_pylist()[0]
        entry |= {
            name: right[name] for name in ("full_name", "birth_date", "gender") if right[name] is not None
        }
        night.tell("corrected", entry)
    for place in night.some(_alive(night), wanted // 2):
        entry = night.row(place)
        entry["residence_commune"] = _other_commune(night, entry)
        night.tell("corrected", entry)


def _other_commune(night: _Night, entry: Json) -> str:
    land = geography()
    merged = [land.merged_codes[province] for province in land.commune_province]
    choices = [
        code
        for code, home in zip(land.commune_codes, merged, strict=True)
        if home == entry["residence_province"] and code != entry["residence_commune"]
    ]
    return str(night.rng.choice(choices)) if choices else entry["residence_commune"]


def _renumber(night: _Night, wanted: int) -> None:
    for place in night.some(_alive(night), wanted):
        entry = night.row(place)
        old = entry["personal_id"]
        entry["personal_id"] = night.numbers.free(old[:6], night.rng)
        entry["superseded_ids"] = [*(entry["superseded_ids"] or []), old]
        told = dict.fromkeys(ENTRY.names) | {"personal_id": old, "former_ids": [], "superseded_ids": []}
        night.changes.append(
            {"change": "superseded", "at": night.at(), **told, "superseded_by": entry["personal_id"]}
        )
        night.tell("corrected", entry)


def _bear(night: _Night, wanted: int) -> None:
    years = _years(night)
    women = pc.and_(pc.equal(night.table["gender"], "F").combine_chunks(), _alive(night))
    fit = pc.and_(
        pc.greater(years, night.day.year - _MOTHERS[1]), pc.less(years, night.day.year - _MOTHERS[0])
    )
    children = pc.greater(years, _NAMESAKES_SINCE)
    named = np.flatnonzero(children.to_numpy(zero_copy_only=False))
    if not len(named):
        return
    for place in night.some(pc.and_(women, fit), wanted):
        mother = night.row(place)
        example = night.table.slice(int(night.rng.choice(named)), 1).to_pylist()[0]
        child = _newborn(night, mother, example)
        night.rows[len(night.table) + len(night.changes)] = child
        night.tell("born", child)


def _newborn(night: _Night, mother: Json, example: Json) -> Json:
    """A child of `mother` and of the father her other children have, called like `example` but for the family name."""
    siblings = night.table.filter(pc.equal(night.table["mother_id"], mother["personal_id"])).to_pylist()
    father = siblings[-1]["father_id"] if siblings else None
    family = (siblings[-1] if siblings else mother)["full_name"].split(" ")[0]
    born = night.day - timedelta(days=int(night.rng.integers(10, 60)))
    female = example["gender"] == "F"
    structure = f"{mother['birth_province']}{2 + int(female)}{born.year % 100:02d}"
    return {
        "personal_id": night.numbers.free(structure, night.rng),
        "full_name": " ".join([family, *example["full_name"].split(" ")[1:]]),
        "birth_date": born,
        "birth_precision": "day",
        "gender": example["gender"],
        "birth_province": mother["birth_province"],
        "residence_province": mother["residence_province"],
        "residence_commune": mother["residence_commune"],
        "father_id": father,
        "mother_id": mother["personal_id"],
        "former_ids": [],
        "superseded_ids": [],
        "status": "alive",
    }


def _after(night: _Night) -> pa.Table:
    """The part as it is now, in the order of its numbers."""
    touched = np.array([place for place in night.rows if place < len(night.table)], dtype=np.int64)
    stays = np.ones(len(night.table), dtype=bool)
    stays[touched] = False
    comes = pa.Table.from_pylist(list(night.rows.values()), schema=night.table.schema)
    return pa.concat_tables([night.table.filter(pa.array(stays)), comes]).sort_by("personal_id")


def _write(table: pa.Table, file: Path) -> None:
    """The file whole or not at all: it may be the one that was read."""
    half = file.with_name(f"{file.name}.new")
    pq.write_table(table, half, compression="zstd")
    shutil.move(half, file)

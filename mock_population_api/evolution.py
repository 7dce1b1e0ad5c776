"""A world one night later: schools have corrected a few records, added numbers, taken in pupils and let some go.

The registry stays as it is; what changes is what schools hold of it.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from mock_population_api.assumptions import Assumptions
from mock_population_api.draws import Ints
from mock_population_api.enrolment import LEVELS, PUPIL_LEVELS, grades_at, merged_of_communes, parts_of
from mock_population_api.entries import ENTRY_TRUTH
from mock_population_api.geography import geography
from mock_population_api.persons import Objects, Persons, as_objects, from_entries, nothing, present
from mock_population_api.record_kinds import EXTRACT_YEAR
from mock_population_api.records import COLUMNS, text_table, truth_of
from mock_population_api.world_folder import World, read_world, write_world

Bools = npt.NDArray[np.bool_]

_KEYS = {"student": ("students", "student_id"), "teacher": ("teachers", "teacher_id")}
_DAY_SECONDS = 8 * 3600
_CODES = 10**8


@dataclass(frozen=True)
class Night:
    """How many records changed."""

    corrected: int
    numbers_added: int
    new_students: int
    left: int


@dataclass
class _Ageing:
    """A world in the hands of its schools for a day."""

    world: World
    registry: ds.Dataset
    entry_truth: pa.Table
    day: date
    rng: np.random.Generator

    def moments(self, count: int) -> Objects:
        """Office hours of the day, as text."""
        morning = datetime.combine(self.day, time(8))
        offsets = self.rng.integers(0, _DAY_SECONDS, count).tolist()
        return np.array([(morning + timedelta(seconds=s)).isoformat() for s in offsets], dtype=object)

    def people(self, personal_ids: Objects) -> Persons:
        """The true persons with these numbers, in this order."""
        numbers = pa.array(personal_ids, pa.string())
        found = self.registry.to_table(filter=ds.field("personal_id").isin(pc.unique(numbers)))
        return from_entries(
            found.take(pc.index_in(numbers, value_set=found["personal_id"].combine_chunks())),
            self.entry_truth,
            knows_day=1.0,
        )


def _columns(table: pa.Table) -> dict[str, Objects]:
    return {name: as_objects(table[name]).copy() for name in table.column_names}


def _clean(columns: dict[str, Objects], rows: Ints, people: Persons) -> None:
    """Name, date, gender and number of these rows as they should be, in place."""
    columns["full_name"][rows] = people.name
    columns["birth_date"][rows] = [day.strftime("%d/%m/%Y") for day in people.born.tolist()]
    columns["gender"][rows] = np.where(people.female, "Nữ", "Nam")
    columns["claimed_id"][rows] = people.personal_id


def _some(able: Bools, share: float, rng: np.random.Generator) -> Ints:
    return np.flatnonzero(able & (rng.random(len(able)) < share))


def _correct(ageing: _Ageing, kind: str, assumed: Assumptions) -> tuple[int, int]:
    """Correct records of one kind and add missing numbers; both counts."""
    table, key = _KEYS[kind]
    columns = _columns(ageing.world.tables[table])
    at = pc.index_in(
        ageing.world.tables[table][key], value_set=ageing.world.truth["record_id"].combine_chunks()
    )
    truth = ageing.world.truth.take(at)
    ids, flawed = as_objects(truth["personal_id"]), pc.list_value_length(truth["errors"]).to_numpy() > 0
    corrected = _some(present(ids) & flawed, assumed.night.corrected, ageing.rng)
    added = _some(present(ids) & ~present(columns["claimed_id"]), assumed.night.number_added, ageing.rng)
    added = np.setdiff1d(added, corrected)
    _clean(columns, corrected, ageing.people(ids[corrected]))
    columns["claimed_id"][added] = ids[added]
    changed = np.concatenate([corrected, added])
    columns["updated_at"][changed] = ageing.moments(len(changed))
    ageing.world.tables[table] = text_table(table, columns)
    ageing.world = World(ageing.world.tables, _without_errors(ageing.world.truth, columns[key][corrected]))
    return len(corrected), len(added)


def _without_errors(truth: pa.Table, record_ids: Objects) -> pa.Table:
    right = pc.is_in(truth["record_id"], value_set=pa.array(record_ids, pa.string()))
    errors = truth["errors"].combine_chunks()
    at = truth.schema.get_field_index("errors")
    return truth.set_column(at, truth.field(at), pc.if_else(right, pa.scalar([], errors.type), errors))


def _let_go(ageing: _Ageing, share: float) -> int:
    """Students who left, with their links and the guardians nobody else has."""
    tables, truth = ageing.world.tables, ageing.world.truth
    stays = pa.array(ageing.rng.random(tables["students"].num_rows) >= share)
    left = tables["students"].filter(pc.invert(stays))["student_id"].combine_chunks()
    links = tables["student_guardians"]
    links = links.filter(pc.invert(pc.is_in(links["student_id"], value_set=left)))
    guardians = tables["guardians"]
    needed = pc.is_in(guardians["guardian_id"], value_set=links["guardian_id"].combine_chunks())
    gone = pa.concat_arrays([left, guardians.filter(pc.invert(needed))["guardian_id"].combine_chunks()])
    tables |= {
        "students": tables["students"].filter(stays),
        "student_guardians": links,
        "guardians": guardians.filter(needed),
    }
    ageing.world = World(tables, truth.filter(pc.invert(pc.is_in(truth["record_id"], value_set=gone))))
    return len(left)


def _new_codes(provinces: Objects, taken: Objects, rng: np.random.Generator) -> Objects:
    known, codes = set(taken), []
    for province in provinces:
        code = f"{province}{rng.integers(_CODES):08d}"
        while code in known:
            code = f"{province}{rng.integers(_CODES):08d}"
        known.add(code)
        codes.append(code)
    return np.array(codes, dtype=object)


def _children_outside(ageing: _Ageing, wanted: int) -> Persons:
    """Pupils of the schools' provinces who stand in no file yet."""
    provinces = pc.unique(ageing.world.tables["schools"]["province_code"].combine_chunks())
    young = pc.year(ds.field("birth_date")) >= EXTRACT_YEAR - 17
    fit = (
        young
        & (pc.year(ds.field("birth_date")) <= EXTRACT_YEAR - 3)
        & ds.field("residence_province").isin(provinces)
    )
    found = ageing.registry.to_table(columns=["personal_id"], filter=fit & (ds.field("status") == "alive"))
    known = ageing.world.truth["personal_id"].combine_chunks()
    free = as_objects(found.filter(pc.invert(pc.is_in(found["personal_id"], value_set=known)))["personal_id"])
    return ageing.people(ageing.rng.permutation(free)[:wanted])


def _schools_for(ageing: _Ageing, people: Persons, level: Ints) -> Objects:
    """A school of each one's level and province, None where there is none."""
    schools = ageing.world.tables["schools"]
    kinds, provinces, codes = (
        as_objects(schools[name]) for name in ("level", "province_code", "school_code")
    )
    homes = merged_of_communes()[people.commune]
    found = nothing(len(people))
    for at, (kind, home) in enumerate(zip(level, homes, strict=True)):
        fit = codes[(kinds == LEVELS[kind].name) & (provinces == home)]
        found[at] = ageing.rng.choice(fit) if len(fit) else None
    return found


def _take_in(ageing: _Ageing, wanted: int, assumed: Assumptions) -> int:
    """New pupils, typed without slips, at schools of their level and province."""
    people = _children_outside(ageing, wanted)
    age = EXTRACT_YEAR - (people.born.astype("datetime64[Y]").astype(np.int64) + 1970)
    level = np.searchsorted([LEVELS[kind].first_age for kind in PUPIL_LEVELS], age, side="right") - 1
    school = _schools_for(ageing, people, level)
    kept = np.flatnonzero(present(school))
    people, level, count = people.take(kept), level[kept], len(kept)
    homes = merged_of_communes()[people.commune].astype(object)
    columns: dict[str, Objects] = {name: nothing(count) for name in COLUMNS["students"]}
    _clean(columns, np.arange(count), people)
    grades = [
        LEVELS[kind].grades[grade] for kind, grade in zip(level, grades_at(age[kept], level), strict=True)
    ]
    columns |= {
        "student_id": _new_codes(
            homes, as_objects(ageing.world.tables["students"]["student_id"]), ageing.rng
        ),
        "school_code": school[kept],
        "grade": np.array(grades, dtype=object),
        "school_year": np.full(count, assumed.schools.school_year, dtype=object),
        "residence_province": homes,
        "residence_commune": np.array(geography().commune_codes, dtype=object)[people.commune],
        "updated_at": ageing.moments(count),
    }
    truth = truth_of("student", columns["student_id"], people, pa.array([[]] * count, pa.list_(pa.string())))
    tables = ageing.world.tables
    tables["students"] = pa.concat_tables([tables["students"], text_table("students", columns)])
    ageing.world = World(tables, pa.concat_tables([ageing.world.truth, truth]))
    return count


def _next_day(tables: dict[str, pa.Table]) -> date:
    last = max(
        pc.max(tables[name]["updated_at"]).as_py() or "" for name in ("students", "teachers", "guardians")
    )
    return datetime.fromisoformat(last).date() + timedelta(days=1)


def evolve(folder: Path, out: Path, seed: int, assumptions: Assumptions | None = None) -> Night:
    """Age the world in `folder` by one night; the registry isn't touched.

    Args:
        folder: a world as `generate` wrote it.
        out: where education and truth go; may be the same folder.
        seed: another seed, another night; the same seed and world, the same bytes.
        assumptions: the rates; `default` when None.

    Raises:
        NoSchools: when the folder holds no education tables.
        NoPopulation: when it holds no registry.
    """
    assumed = assumptions or Assumptions()
    world, form = read_world(folder)
    parts = parts_of(folder / "registry")
    beside = [str(path) for path in sorted((folder / "truth" / "population").glob("part-*.parquet"))]
    entry_truth = ds.dataset(beside, schema=ENTRY_TRUTH).to_table() if beside else ENTRY_TRUTH.empty_table()
    registry = ds.dataset([str(path) for path in parts])
    ageing = _Ageing(world, registry, entry_truth, _next_day(world.tables), np.random.default_rng([seed, 7]))
    wanted = round(world.tables["students"].num_rows * assumed.night.new_students)
    left = _let_go(ageing, assumed.night.left)
    counts = [_correct(ageing, kind, assumed) for kind in _KEYS]
    new = _take_in(ageing, wanted, assumed)
    write_world(ageing.world, out / "education", out / "truth", form)
    return Night(sum(c for c, _ in counts), sum(a for _, a in counts), new, left)

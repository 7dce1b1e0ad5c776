"""An independent world for the quality benchmark; everything is synthetic and every rate an assumption (`assumptions`).

    python -m benchmarks.independent.generate OUT --people 1000000 --students 20000 --teachers 16000 --seed 1 --profile plain

writes OUT/registry/, OUT/education/ and OUT/truth/; the same arguments make the same world.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.independent import assumptions as rates
from benchmarks.independent import rolls, schools, words
from benchmarks.independent.damage import damage
from benchmarks.independent.names import Names
from benchmarks.independent.places import Places, load_places
from benchmarks.independent.population import Batch, entries, make_batch
from benchmarks.independent.records import (
    Records,
    World,
    dates,
    guardian_records,
    numbered,
    student_records,
    teacher_records,
)
from benchmarks.independent.slips import make_scene
from matching.schemas import EDUCATION_TABLES, STUDENT_GUARDIANS

TRUTH = pa.schema([("kind", pa.string()), ("record_id", pa.string()), ("personal_id", pa.string()), ("errors", pa.list_(pa.string())),
                   ("minority", pa.bool_()), ("in_registry", pa.bool_()), ("in_scope", pa.bool_())])  # fmt: skip
"""`personal_id` is null when the person is not in the registry."""

ERRORS = pa.schema([(name, pa.string()) for name in ("kind", "record_id", "field", "error")])
_GUARDIANS_PER_STUDENT = 1.45
_FOREIGN_NUMBERS = "MNPE"


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    out: Path
    people: int
    students: int
    teachers: int
    seed: int
    profile: str
    """A key of `assumptions.PROFILES`."""


@dataclass(frozen=True)
class Country:
    """What all batches share."""

    profile: rates.Profile
    places: Places
    names: Names
    schools: schools.Schools
    batches: int


def generate(wanted: Wanted) -> dict[str, int]:
    """Write a world.

    Returns:
        Rows by table.
    """
    country = _country(wanted)
    for folder in ("registry", "education", "truth"):
        (wanted.out / folder).mkdir(parents=True, exist_ok=True)
        for old in (wanted.out / folder).glob("*.parquet"):
            old.unlink()
    manifest = wanted.out / "MANIFEST.json"
    manifest.unlink(missing_ok=True)
    parts: dict[str, list[pa.Table]] = {
        name: [] for name in ("students", "teachers", "guardians", "student_guardians", "truth", "errors")
    }
    for number in range(country.batches):
        for name, table in _batch(wanted, country, number).items():
            parts[name].append(table)
    tables = {name: pa.concat_tables(found) for name, found in parts.items()}
    tables["schools"] = schools.table(country.schools, country.places)
    for name, table in tables.items():
        folder = "education" if name in EDUCATION_TABLES else "truth"
        pq.write_table(table, wanted.out / folder / f"{name}.parquet", compression="zstd")
    # last: a world with a manifest is complete
    manifest.write_text(json.dumps(_manifest(wanted), indent=2) + "\n", encoding="utf-8")
    return {"registry": wanted.people} | {name: table.num_rows for name, table in tables.items()}


def _country(wanted: Wanted) -> Country:
    places, profile = load_places(), rates.PROFILES[wanted.profile]
    made = schools.make_schools(wanted.seed, places, wanted.people, wanted.students, wanted.teachers, profile)
    batches = min(rates.MOST_BATCHES, -(-wanted.people // rates.BATCH))
    return Country(profile, places, Names(wanted.seed, places), made, batches)


def _manifest(wanted: Wanted) -> dict[str, object]:
    arguments = {name: value for name, value in vars(wanted).items() if name != "out"}
    return {
        "synthetic": True,
        "generator": "benchmarks.independent",
        "arguments": arguments,
        "pyarrow": pa.__version__,
    }


def _share(total: int, number: int, batches: int) -> int:
    return total * (number + 1) // batches - total * number // batches


def _batch(wanted: Wanted, country: Country, number: int) -> dict[str, pa.Table]:
    """One batch: its entries written, its other tables returned."""
    people, students, teachers = (
        _share(total, number, country.batches) for total in (wanted.people, wanted.students, wanted.teachers)
    )
    profile = country.profile
    known = students * (1 + _GUARDIANS_PER_STUDENT * 0.9) + teachers
    near = round(profile.absent_near * known)
    missing = round(profile.absent * known) + near
    batch = make_batch(wanted.seed, number, country.batches, people + missing, country.places, country.names)
    rng = np.random.default_rng([wanted.seed, 4, number])
    pupils = rolls.student_roll(rng, batch, country.schools, students, profile)
    staff = rolls.teacher_roll(rng, batch, country.schools, teachers, profile)
    guardians = rolls.guardian_roll(rng, batch, pupils)
    absent = rolls.absent_people(rng, batch, [pupils.person, staff.person, guardians.person], missing, near)
    table = entries(wanted.seed, number, batch, country.places, absent)
    pq.write_table(
        table,
        wanted.out / "registry" / f"part-{number:05d}.parquet",
        compression="zstd",
        row_group_size=125_000,
    )
    return _records(wanted, country, number, batch, (pupils, staff, guardians), absent)


def _records(
    wanted: Wanted, country: Country, number: int, batch: Batch, roll: tuple, absent: np.ndarray
) -> dict[str, pa.Table]:
    """The tables of education and truth of one batch."""
    pupils, staff, guardians = roll
    rng = np.random.default_rng([wanted.seed, 5, number])
    ids = {
        "student": numbered("", 10, number, country.batches, len(pupils.person)),
        "teacher": numbered("GV", 8, number, country.batches, len(staff.person)),
        "guardian": numbered("PH", 9, number, country.batches, len(guardians.person)),
    }
    world = World(batch, country.schools, country.places)
    records = (
        student_records(rng, world, pupils, ids["student"]),
        teacher_records(rng, world, staff, ids["teacher"]),
        guardian_records(rng, world, guardians, ids["guardian"]),
    )
    scene = make_scene([wanted.seed, 6, number], batch, country.places, country.names)
    for one, twice in zip(records, (pupils.twice, staff.twice, None), strict=True):
        foreign = _foreigners(rng, one, absent, country.profile)
        if twice is None:
            for error in ("step_parent", "grandparent_as_parent"):
                one.note(np.flatnonzero(guardians.mistaken == error), "record", error)
        else:
            one.note(np.flatnonzero(twice), "record", "entered_twice")
        damage(scene, one, country.schools, country.profile)
        one.note(foreign, "nationality", "foreign_national")
    return _tables(records, roll, country, batch, absent)


def _foreigners(
    rng: np.random.Generator, records: Records, absent: np.ndarray, profile: rates.Profile
) -> np.ndarray:
    """Some of those not in the registry are nationals of other countries; their rows."""
    if records.kind == "guardian":
        return np.empty(0, np.int64)
    rows = np.flatnonzero(absent[records.person])
    rows = rows[rng.random(len(rows)) < profile.foreign]
    for row in rows:
        country, *names = words.FOREIGN[rng.integers(len(words.FOREIGN))]
        records.name[row], records.nationality[row] = names[rng.integers(len(names))], country
        letter = _FOREIGN_NUMBERS[rng.integers(4)]
        records.number[row] = f"{letter}{rng.integers(10**7, 10**8)}" if rng.random() < 0.5 else None
        records.birth_place[row] = country
    return rows


def _tables(
    records: tuple[Records, ...], roll: tuple, country: Country, batch: Batch, absent: np.ndarray
) -> dict[str, pa.Table]:
    pupils, staff, guardians = roll
    code = country.schools.code
    own = (
        {
            "student_id": records[0].record_id,
            "school_code": code[pupils.school],
            "grade": pupils.grade,
            "school_year": rates.SCHOOL_YEAR,
        },
        {"teacher_id": records[1].record_id, "school_code": code[staff.school], "role": staff.grade},
        {"guardian_id": records[2].record_id, "phone": records[2].phone},
    )
    found = {
        name: _education(name, one, columns)
        for name, one, columns in zip(("students", "teachers", "guardians"), records, own, strict=True)
    }
    style = country.schools.relation[pupils.school[guardians.link_student]]
    relation = np.array(rolls.RELATIONS, object)[style, guardians.link_slot]
    links = [
        records[0].record_id[guardians.link_student],
        records[2].record_id[guardians.link_guardian],
        relation,
    ]
    found["student_guardians"] = pa.table(
        [pa.array(column, pa.string()) for column in links], schema=STUDENT_GUARDIANS
    )
    found["errors"] = pa.concat_tables([_errors(one) for one in records])
    found["truth"] = pa.concat_tables([_truth(one, batch, absent) for one in records])
    return found


def _education(name: str, records: Records, own: dict) -> pa.Table:
    schema = EDUCATION_TABLES[name]
    columns = own | {
        "full_name": records.name, "birth_date": dates(records), "gender": records.gender, "birth_place": records.birth_place,
        "nationality": records.nationality, "claimed_id": records.number, "residence_province": records.province,
        "residence_commune": records.commune, "updated_at": f"{rates.TODAY.isoformat()}T00:00:00",
    }  # fmt: skip
    size = len(records)
    arrays = [
        pa.repeat(columns[f], size) if isinstance(columns[f], str) else pa.array(columns[f], pa.string())
        for f in schema.names
    ]
    return pa.table(arrays, schema=schema)


def _errors(records: Records) -> pa.Table:
    rows = np.concatenate([rows for rows, _, _ in records.errors] or [np.empty(0, np.int64)])
    field, error = (
        [text for rows, *texts in records.errors for text in [texts[i]] * len(rows)] for i in range(2)
    )
    columns = [[records.kind] * len(rows), records.record_id[rows], field, error]
    return pa.table([pa.array(column, pa.string()) for column in columns], schema=ERRORS)


def _truth(records: Records, batch: Batch, absent: np.ndarray) -> pa.Table:
    there = ~absent[records.person]
    ids = batch.personal_id.take(pa.array(records.person, mask=~there))
    errors: list[list[str]] = [[] for _ in range(len(records))]
    for rows, _, error in records.errors:
        for row in rows.tolist():
            errors[row].append(error)
    foreign = np.array([found[-1:] == ["foreign_national"] for found in errors], bool)
    columns = [
        [records.kind] * len(records),
        records.record_id,
        ids,
        errors,
        batch.people.people[records.person] != 0,
        there,
        ~foreign,
    ]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, TRUTH, strict=True)], schema=TRUTH
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    for name, default in (("people", 1_000_000), ("students", 20_000), ("teachers", 16_000), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--profile", choices=sorted(rates.PROFILES), default="plain")
    asked = parser.parse_args()
    start = time.perf_counter()
    counts = generate(
        Wanted(asked.out, asked.people, asked.students, asked.teachers, asked.seed, asked.profile)
    )
    print(
        ", ".join(f"{name} {count:,}" for name, count in counts.items()),
        f"— {time.perf_counter() - start:.1f} s",
    )


if __name__ == "__main__":
    main()

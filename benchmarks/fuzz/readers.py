"""Every reader with what it is fed: columns of hostile texts, and good files that were changed."""

import csv
import io
import random
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.fuzz.limits import Case, Survived
from benchmarks.fuzz.mutated import Mutator, bytes_of, workbook
from benchmarks.fuzz.texts import SEEDS, column
from connectors.change_files import CHANGES, read_changes
from connectors.files import read_education_folder
from connectors.files_out import unguard, write_csv
from connectors.list_files import read_list
from connectors.registry_answers import read_batch, read_facts, read_lookup, read_relatives, read_trace
from connectors.registry_jobs import _batches
from connectors.registry_messages import Reply, read_json
from matching.normalise.records import normalise_records
from matching.profile import PEOPLE, VIETNAM
from matching.schemas import EDUCATION_TABLES, FOUND, PERSON_COLUMNS, RAW_RECORDS
from pipelines.review_lists import list_labels
from pipelines.settings import read_settings
from review.claims import claims_of

TODAY = date(2026, 11, 21)
KEY = b"the key of the fuzzing only....."
BATCH = 4_000
"""Rows of hostile columns at once."""
Cases = Iterator[Case]
_LIVE = re.compile(r"^[=+\-@\t\r\n\x00＝＋－＠]")
_SPLIT_LIVE = re.compile(r"[;\t\r\n][=+\-@＝＋－＠]")


@dataclass(frozen=True)
class Reader:
    """One reader: its cases without end, from a seed, in a folder of its own."""

    name: str
    cases: Callable[[random.Random, Path], Cases]
    share: float
    """Of the time, of those that are not readers of values."""


def _raw(chance: random.Random, rows: int) -> pa.Table:
    typed = {name: column(chance, name, rows) for name in PERSON_COLUMNS}
    facts = {
        "kind": [chance.choice(("student", "teacher", "guardian")) for _ in range(rows)],
        "record_id": [str(place) for place in range(rows)],
        "province": ["38"] * rows,
        "school_code": [chance.choice(("A", "B", None)) for _ in range(rows)],
    }
    columns = {name: (facts | typed).get(name, [None] * rows) for name in RAW_RECORDS.names}
    return pa.table(
        {name: pa.array(values, pa.string()) for name, values in columns.items()}, schema=RAW_RECORDS
    )


def values(chance: random.Random, _: Path) -> Cases:
    """Names, dates, numbers, genders, places, as columns: each cell a case."""
    while True:
        raw = _raw(chance, BATCH)
        yield BATCH * len(SEEDS), partial(_read_values, raw, VIETNAM if chance.random() < 0.8 else PEOPLE)


def _read_values(raw: pa.Table, profile: object) -> None:
    records, _ = normalise_records(raw, TODAY, profile)  # type: ignore[arg-type]
    if records.num_rows != raw.num_rows:
        raise Survived("rows were lost")
    for row in records.select(["birth_from", "birth_to"]).to_pylist():
        first, last = row["birth_from"], row["birth_to"]
        if (first is None) != (last is None) or (first and not date(1850, 1, 1) <= first <= last):
            raise Survived("a birth date that can't be")
    ids = records["claimed_id"].drop_null().to_pylist() if "claimed_id" in records.column_names else []
    if wrong := [one for one in ids if not re.fullmatch(r"[0-9]{12}", one)]:
        raise Survived(f"{len(wrong)} numbers that are none")


def outputs(chance: random.Random, folder: Path) -> Cases:
    """Hostile texts written to CSV: nothing in it is a formula, and all of it comes back."""
    while True:
        rows = 500
        table = pa.table(
            {name: column(chance, name, rows) for name in ("full_name", "birth_place", "claimed_id")}
        )
        yield rows * 3, partial(_written, table, folder / "out.csv")


def _written(table: pa.Table, path: Path) -> None:
    write_csv(table, path)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        found = list(csv.reader(stream))[1:]
    if any(_LIVE.match(cell) for row in found for cell in row):
        raise Survived("a formula in a CSV")
    if any(_SPLIT_LIVE.search(cell) for row in found for cell in row):
        raise Survived("a formula behind another separator")
    given = [["" if cell is None else cell for cell in row.values()] for row in table.to_pylist()]
    if [[unguard(cell) for cell in row] for row in found] != given:
        raise Survived("another text came back")


@dataclass(frozen=True)
class Files:
    """Good files of which one is changed each time."""

    good: dict[str, bytes]
    mutate: Mutator
    read: Callable[[Path], object]
    """Is handed the folder, or the one file there is."""

    def __call__(self, chance: random.Random, folder: Path) -> Cases:
        """Without end."""
        while True:
            hit = chance.choice(sorted(self.good))
            yield 1, self._laid(folder, {hit: self.mutate(chance, self.good[hit])})

    def unchanged(self, folder: Path) -> Callable[[], object]:
        """The good files themselves."""
        return self._laid(folder, {})

    def _laid(self, folder: Path, changed: dict[str, bytes]) -> Callable[[], object]:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, content in (self.good | changed).items():
            (folder / name).write_bytes(content)
        return partial(self.read, folder if len(self.good) > 1 else folder / next(iter(self.good)))


def _education() -> dict[str, pa.Table]:
    """A small folder: two schools, some dozens of people."""
    chance = random.Random(1)
    names, births, numbers = (SEEDS[name] for name in ("full_name", "birth_date", "claimed_id"))
    rows: dict[str, list[dict[str, str]]] = {
        "schools": [{"school_code": code, "name": f"Trường {code}", "province_code": "38"} for code in "AB"],
        "students": [], "guardians": [], "student_guardians": [],
    }  # fmt: skip
    for place in range(40):
        person = {
            "full_name": chance.choice(names),
            "birth_date": chance.choice(births),
            "claimed_id": chance.choice(numbers),
        }
        rows["students"].append({"student_id": f"S{place}", "school_code": chance.choice("AB"), **person})
        rows["guardians"].append({"guardian_id": f"G{place}", **person})
        rows["student_guardians"].append(
            {"student_id": f"S{place}", "guardian_id": f"G{place}", "relationship": "mẹ"}
        )
    return {table: pa.Table.from_pylist(some, schema=EDUCATION_TABLES[table]) for table, some in rows.items()}


def _as_csv(table: pa.Table, separator: str = ",", encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(table.column_names)
    writer.writerows([["" if cell is None else cell for cell in row.values()] for row in table.to_pylist()])
    return out.getvalue().encode(encoding, "replace")


def _as_parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _as_stream(table: pa.Table) -> bytes:
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return bytes(out.getvalue())


def _changes() -> pa.Table:
    row = {
        "personal_id": "001099000001", "full_name": "TRẦN VĂN AN", "birth_date": date(1999, 1, 1), "birth_precision": "day",
        "gender": "M", "birth_province": "001", "residence_province": "01", "residence_commune": "00004",
        "former_ids": ["012345678"], "superseded_ids": [], "status": "alive", "change": "new",
    }  # fmt: skip
    return pa.Table.from_pylist(
        [row, {**row, "change": "superseded", "superseded_by": "001099000002"}], schema=CHANGES
    )


def _read_stream(path: Path) -> None:
    with path.open("rb") as stream:
        for batch in _batches(stream):
            read_batch(batch, FOUND, pa.array(["001099000001"]), "fuzz")


def _read_answer(path: Path) -> None:
    content = read_json(Reply(200, {"content-type": "application/json"}, path.read_bytes()), "fuzz")
    read_lookup(content, ["001099000001"], "fuzz")
    read_trace(content, ["q"], "fuzz")
    read_relatives(content, ["001099000001"], "fuzz")
    read_facts(content, "fuzz")


_ENTRY = (
    '{"personal_id": "001099000001", "full_name": "TRẦN VĂN AN", "birth_date": "1999-01-01", "birth_precision": "day", "gender": "M", '
    '"birth_province": "001", "residence_province": "01", "residence_commune": "00004", "former_ids": [], "superseded_ids": [], "status": "alive"}'
)
_ANSWERS = (
    '{"entries": 5, "as_of": "2026-11-21", "source": "s", "results": [{"number": "001099000001", "ref": "q", "found": "current", '
    f'"entries": [{_ENTRY}], "more": false, "candidates": [{{"rank": 1, "entry": {_ENTRY}}}], "father": {_ENTRY}, "children": []}}]}}'
).encode()
_SETTINGS = b"""
database_url = "sqlite:///education.db"
home = "var/sync"
language = "vi"
as_of = 2026-11-21
registry_command = ["serve", "{ready_file}"]
registry_workers = 4
gate_rejects = 0.25
"""


def _read_list(path: Path) -> None:
    claims_of(read_list(path), list_labels(), KEY)


def _list_rows() -> pa.Table:
    from connectors.worklist import COLUMNS

    cells = {
        "kind": "student",
        "record_id": "001",
        "decision": "Cùng một người",
        "full_name": "Nguyễn Thị Hương",
    }
    return pa.table({name: [cells.get(name, "x"), cells.get(name, "")] for name in COLUMNS})


def _list_book() -> bytes:
    book, table = openpyxl.Workbook(), _list_rows()
    sheet = book.active
    for row in (table.column_names, *[list(one.values()) for one in table.to_pylist()]):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _settings(path: Path) -> None:
    read_settings(path, environment={})


def readers() -> tuple[Reader, ...]:
    """All of them; values first."""
    education = _education()
    csvs = {f"{name}.csv": _as_csv(table) for name, table in education.items()}
    mixed = {
        **csvs,
        "students.csv": _as_csv(education["students"], ";", "utf-16"),
        "schools.csv": _as_csv(education["schools"], "\t", "cp1258"),
    }
    parquets = {f"{name}.parquet": _as_parquet(table) for name, table in education.items()}
    changes = _changes()
    plain = changes.drop_columns(["former_ids", "superseded_ids"])
    entry = {name: value for name, value in changes.to_pylist()[0].items() if name in FOUND.names}
    found = pa.Table.from_pylist(
        [{**entry, "asked": "001099000001", "found_by": "current"}] * 20, schema=FOUND
    )
    return (
        Reader("values", values, 0),
        Reader("csv written", outputs, 0.05),
        Reader("csv", Files(csvs, bytes_of, _education_folder), 0.15),
        Reader("csv, other encodings", Files(mixed, bytes_of, _education_folder), 0.1),
        Reader("parquet", Files(parquets, bytes_of, _education_folder), 0.15),
        Reader("changes, parquet", Files({"c.parquet": _as_parquet(changes)}, bytes_of, _all_changes), 0.1),
        Reader("changes, csv", Files({"c.csv": _as_csv(plain)}, bytes_of, _all_changes), 0.05),
        Reader("arrow stream", Files({"a.arrow": _as_stream(found)}, bytes_of, _read_stream), 0.1),
        Reader("registry's json", Files({"a.json": _ANSWERS}, bytes_of, _read_answer), 0.05),
        Reader("settings", Files({"s.toml": _SETTINGS}, bytes_of, _settings), 0.05),
        Reader("list, xlsx", Files({"l.xlsx": _list_book()}, workbook, _read_list), 0.15),
        Reader("list, csv", Files({"l.csv": _as_csv(_list_rows())}, bytes_of, _read_list), 0.05),
    )  # fmt: skip


def _education_folder(folder: Path) -> None:
    tables = read_education_folder(folder)
    for name in EDUCATION_TABLES:
        getattr(tables, name).validate(full=True)


def _all_changes(path: Path) -> None:
    read_changes([path]).validate(full=True)

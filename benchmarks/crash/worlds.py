"""Where runs begin: a tiny province as it was loaded, and the night after a first run, with all that a night can bring.

The people are made up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import sqlalchemy as sa
from click.testing import CliRunner

from benchmarks.crash.child import RUN, Start, run_once
from connectors.database import open_database, reading, writing
from connectors.education import load_folder
from connectors.files import read_education_folder
from connectors.worklist import COLUMNS
from mock_population_api.cli import app as mock
from pipelines.cli import run as command
from reporting.texts import texts

PROVINCES = ("38", "48")
SIZE = ("--people", "900", "--students", "90", "--teachers", "24", "--provinces", ",".join(PROVINCES))
SECRET = "a secret of the benchmark only"
FIRST = f"{RUN}-before"
BEFORE = datetime(2026, 11, 20, 18, tzinfo=UTC)
ANSWERS = ("same_1", "not_same", "unsure", "same_1", "not_same", "back_to_school", "no_number")
_HEADER_ROWS = 3


@dataclass(frozen=True)
class World:
    """Synthetic people: a registry folder, an education folder, and the secret of the client."""

    folder: Path

    @property
    def registry(self) -> Path:
        """Entries of the registry."""
        return self.folder / "registry"

    @property
    def secret(self) -> Path:
        """The file with the client's secret."""
        return self.folder / "client.secret"


def make_world(folder: Path) -> World:
    """Make the people, unless they are there."""
    world = World(folder)
    if not world.secret.is_file():
        made = CliRunner().invoke(mock, ["generate", *SIZE, "--out", str(folder)])
        if made.exit_code:
            raise SystemExit(made.output)
        world.secret.touch(mode=0o600)
        world.secret.write_text(SECRET, encoding="utf-8")
    return world


def load(world: World, url: str, provinces: Sequence[str] = PROVINCES) -> None:
    """The schools' records into an empty database; those of some provinces."""
    engine = open_database(url)
    load_folder(engine, read_education_folder(world.folder / "education"))
    with writing(engine) as connection:
        for province in set(PROVINCES) - set(provinces):
            connection.execute(
                sa.text("DELETE FROM schools WHERE province_code = :province"), {"province": province}
            )
    engine.dispose()


def live_until_tonight(start: Start) -> None:
    """A first run, answers of reviewers, and what schools changed since: the next run finds work of every sort."""
    if run_once(start.at(BEFORE, FIRST), ("sync", "--all")):
        raise SystemExit("the first run failed")
    answered = _answer(start)
    engine = open_database(start.url)
    with writing(engine) as connection:
        linked = _linked(connection)
        _change_records(connection, linked, answered)
        _contradict(connection, linked["teacher"][3])
    engine.dispose()


def _answer(start: Start) -> list[tuple[str, str]]:
    """Answers to some open records, by way of the lists; the records."""
    out, answered, left = start.home.parent / "lists", [], list(ANSWERS)
    given = [f"--set={name}={value}" for name, value in start.settings().items()]
    for province in PROVINCES:
        lists = out / province
        if command([*given, "review", "export", str(lists), "--province", province]):
            raise SystemExit("no lists")
        for path in sorted(lists.rglob("*.xlsx")):
            answered += _fill(path, left)
            if command([*given, "review", "import", str(path), "--reviewer", "Reviewer"]):
                raise SystemExit("a list was refused")
    return answered


def _fill(path: Path, left: list[str]) -> list[tuple[str, str]]:
    book, found, text = openpyxl.load_workbook(path), [], texts("vi")
    columns = {name: place for place, name in enumerate(COLUMNS, 1)}
    for sheet in (one for one in book.worksheets if one["A1"].value == COLUMNS[0]):
        for row in range(_HEADER_ROWS + 1, sheet.max_row + 1):
            if left and sheet.cell(row, columns["candidate_1_key"]).value:
                sheet.cell(row, columns["decision"]).value = text(f"answer.{left.pop(0)}")
                found.append(
                    tuple(str(sheet.cell(row, columns[name]).value) for name in ("kind", "record_id"))
                )
    book.save(path)
    return found


def _linked(connection: sa.Connection) -> Mapping[str, list[str]]:
    rows = connection.exec_driver_sql("SELECT kind, record_id FROM links ORDER BY kind, record_id")
    found: dict[str, list[str]] = {}
    for kind, record in rows:
        found.setdefault(kind, []).append(record)
    return found


def _change_records(
    connection: sa.Connection, linked: Mapping[str, list[str]], answered: list[tuple[str, str]]
) -> None:
    """Names typed anew, numbers dropped, a child that moved to the other province, one record gone; one that was answered on."""
    students, teachers, guardians = (linked[kind] for kind in ("student", "teacher", "guardian"))
    changes: list[tuple[str, list[str]]] = [
        ("UPDATE students SET full_name = full_name || 'h' WHERE student_id", students[:6]),
        ("UPDATE students SET claimed_id = NULL WHERE student_id", students[6:12]),
        ("UPDATE teachers SET full_name = upper(full_name) WHERE teacher_id", teachers[:4]),
        ("UPDATE guardians SET birth_date = NULL WHERE guardian_id", guardians[:5]),
        ("DELETE FROM guardians WHERE guardian_id", guardians[5:6]),
    ]
    for kind, record in answered[:2]:
        changes.append((f"UPDATE {kind}s SET gender = NULL WHERE {kind}_id", [record]))
    for statement, records in changes:
        for record in records:
            connection.execute(sa.text(f"{statement} = :record"), {"record": record})
    other = "SELECT min(school_code) FROM schools WHERE province_code = :province"
    for province, record in zip(PROVINCES, (students[12], students[-1]), strict=True):
        connection.execute(
            sa.text(f"UPDATE students SET school_code = ({other}) WHERE student_id = :record"),
            {"province": province, "record": record},
        )


def _contradict(connection: sa.Connection, record: str) -> None:
    """A link that somebody confirmed although it is another's: tonight's run stands against it."""
    wrong = (
        "UPDATE links SET personal_id = '001099000001', confirmed_by_person = true WHERE record_id = :record"
    )
    connection.execute(sa.text(wrong), {"record": record})


def begun(url: str) -> bool:
    """Whether the database knows the run."""
    engine = open_database(url)
    with reading(engine) as connection:
        there = sa.inspect(connection).has_table("sync_runs")
        query = sa.text("SELECT count(*) FROM sync_runs WHERE run = :run")
        known = bool(there and connection.execute(query, {"run": RUN}).scalar_one())
    engine.dispose()
    return known

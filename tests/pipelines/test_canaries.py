"""People whom nobody else is called like, looked for in everything that a run writes, with every stage failing once before it succeeds."""

import functools
import re
import sqlite3
import unicodedata
import zipfile
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO

import pyarrow.parquet as pq
import pytest

import pipelines.sync
from pipelines.errors import Ending, RunIncomplete
from pipelines.progress import Silence
from pipelines.scope import Kind

from .test_sync import change, rows, sync

pytestmark = [pytest.mark.flow, pytest.mark.slow, pytest.mark.xdist_group("prefect")]

NAMES = ("Bùi Thị Hoàng Yến Canh", "Phó Đức Canh Gác", "Lê Kim Canh Chừng")
DATES = ("29/02/2012", "2012-02-29", "29-02-2012", "29.02.2012")
NUMBERS = ("038312098761", "038084098762", "038085098763")
STAGES = ("extract", "normalise", "link", "look_again", "resolve", "gate", "write_back", "report")
OWN_TABLES = (
    "audit_log",
    "sync_runs",
    "sync_partitions",
    "link_rates",
    "run_measures",
    "province_locks",
    "registry_runs",
)


@dataclass(frozen=True)
class Fails:
    """A stage that breaks at its first call, with people in its words, in what it came from and in its locals."""

    times: list[str]

    def first(self, stage):
        @functools.wraps(stage)
        def broken(work, kind):
            if stage.__name__ not in self.times:
                self.times.append(stage.__name__)
                whom = f"{NAMES[0]}, {DATES[0]}, {NUMBERS[0]}"
                try:
                    int(whom)
                except ValueError as error:
                    raise LookupError(f"no such person: {whom}") from error
            return stage(work, kind)

        return broken


@pytest.fixture(scope="module")
def written(world, prefect_server, tmp_path_factory):
    """A run that broke once at every stage; yields its settings, its words and its temporary files."""
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    folder = tmp_path_factory.mktemp("canaries")
    settings = world.settings(folder / "home")
    _bring_canaries(settings)
    fails, words = Fails([]), []
    quick = temporary_settings({PREFECT_API_URL: prefect_server.api, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})
    with pytest.MonkeyPatch.context() as patch, quick:
        (folder / "tmp").mkdir()
        patch.setenv("TMPDIR", str(folder / "tmp"))
        patch.setattr("tempfile.tempdir", str(folder / "tmp"))
        for name in STAGES:
            patch.setattr(pipelines.sync, name, fails.first(getattr(pipelines.sync, name)))
        for _ in STAGES:
            with pytest.raises(RunIncomplete) as stopped:
                sync(settings, Silence(), "run-1", provinces=("38",), kinds=(Kind.STUDENT, Kind.GUARDIAN))
            assert stopped.value.ending is Ending.FAILED
            words.append(str(stopped.value))
        sync(settings, Silence(), "run-1", provinces=("38",), kinds=(Kind.STUDENT, Kind.GUARDIAN))
    assert fails.times == list(STAGES)
    assert rows(settings, "select state from sync_runs") == [("done",)]
    return settings, "\n".join(words), folder / "tmp"


def _bring_canaries(settings):
    """A pupil with both parents, in a school of the province; nobody in the registry is called so."""
    [(school,)] = rows(settings, "select school_code from schools where province_code = '38' limit 1")
    columns = "grade, school_year, gender, birth_place, nationality"
    change(
        settings,
        f"insert into students (student_id, school_code, full_name, birth_date, claimed_id, {columns})"
        f" select 'CANARY-1', ?, ?, ?, ?, {columns} from students where school_code = ? limit 1",
        school, NAMES[0], DATES[0], NUMBERS[0], school,
    )  # fmt: skip
    for place, relationship in ((1, "father"), (2, "mother")):
        change(
            settings,
            "insert into guardians (guardian_id, full_name, birth_date, claimed_id) values (?, ?, ?, ?)",
            f"CANARY-{place + 1}", NAMES[place], DATES[place], NUMBERS[place],
        )  # fmt: skip
        change(
            settings,
            "insert into student_guardians (student_id, guardian_id, relationship) values ('CANARY-1', ?, ?)",
            f"CANARY-{place + 1}", relationship,
        )  # fmt: skip


def forms():
    """How canaries may be written: as typed, decomposed, without marks, in capitals, as bytes of JSON."""
    for name in NAMES:
        bare = "".join(one for one in unicodedata.normalize("NFD", name) if not unicodedata.combining(one))
        for one in (name, unicodedata.normalize("NFD", name), bare.replace("Đ", "D").replace("đ", "d"), bare):
            yield from (one, one.upper(), one.lower())
        yield name.encode("unicode_escape").decode()
    yield from DATES
    yield from NUMBERS


def plain(path, content):
    """The bytes of a file, and of what is packed in it."""
    yield content
    if zipfile.is_zipfile(BytesIO(content)):
        with zipfile.ZipFile(BytesIO(content)) as packed:
            for name in packed.namelist():
                yield packed.read(name)
    if path.suffix == ".parquet":
        yield str(pq.read_table(path, partitioning=None).to_pydict()).encode()


def found_in(paths, wanted):
    """`path: what` for everything that is found."""
    wanted = [one.encode() for one in wanted]
    return [
        f"{path}: {one.decode()}"
        for path in paths
        if path.is_file()
        for text in plain(path, path.read_bytes())
        for one in wanted
        if one in text
    ]


def test_the_search_would_find_them(written):
    settings, _, _ = written
    protected = (settings.home / "runs").rglob("*")
    assert len({line.rpartition(": ")[2] for line in found_in(protected, [*NAMES, *NUMBERS])}) == 6
    lists = list((settings.home / "reports").rglob("unmatched-*"))
    assert found_in(lists, NAMES)


def test_prefect_hears_of_nobody(written, prefect_server):
    _, words, _ = written
    seen = [prefect_server.log, *prefect_server.database.parent.rglob("*")]
    assert b"LookupError" in b"".join(
        path.read_bytes() for path in prefect_server.database.parent.glob("prefect.db*")
    )
    assert found_in(seen, forms()) == []
    assert [one for one in forms() if one in words] == []


def test_nobody_stands_outside_of_the_protected_folders(written):
    settings, _, temporary = written
    protected = settings.home / "runs"
    lists = settings.home / "reports" / "run-1" / "unmatched"
    others = [
        path
        for path in settings.home.rglob("*")
        if not path.is_relative_to(protected) and not path.is_relative_to(lists)
    ]
    assert {"run.json", "report.html", "model.json"} & {path.name for path in others} >= {
        "run.json",
        "report.html",
    }
    assert found_in([*others, *temporary.rglob("*")], forms()) == []


def test_no_whole_number_stands_in_any_list(written):
    settings, _, _ = written
    held = {number for (number,) in rows(settings, "select personal_id from links")}
    lists = (settings.home / "reports").rglob("*")
    assert len(held) > 100
    assert found_in(lists, NUMBERS) == []
    digits = re.compile(rb"(?<![0-9])[0-9]{12}(?![0-9])")
    told = [
        (path.name, number.decode())
        for path in (settings.home / "reports").rglob("*")
        if path.is_file()
        for text in plain(path, path.read_bytes())
        for number in digits.findall(text)
        if number.decode() in held
    ]
    assert told == []


def test_what_the_database_has_of_runs_names_nobody(written):
    settings, _, _ = written
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database:
        there = {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}
        text = "".join(
            str(database.execute(f"select * from {name}").fetchall()) for name in OWN_TABLES if name in there
        )
    assert "run-1" in text
    assert [one for one in forms() if one in text] == []


def test_all_of_it_is_for_its_owner_only(written):
    settings, _, temporary = written
    made = [settings.home, *settings.home.rglob("*"), *temporary.rglob("*")]
    assert [path for path in made if path.stat().st_mode & 0o077] == []

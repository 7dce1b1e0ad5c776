"""Decisions from end to end: a run, its lists, a person in Excel, the import, and the next run."""

import json
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from connectors.database import open_database
from connectors.worklist import COLUMNS
from pipelines.cli import run as command
from pipelines.means import open_means
from pipelines.progress import Silence
from pipelines.review_layout import lay_out_new
from pipelines.review_page import make_page
from pipelines.scope import Scope, new_run
from reporting.texts import texts

from .conftest import AS_OF

pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("prefect-broken")]

PROVINCE = "38"
HEADER_ROWS = 3


def sync(settings, **scope):
    from pipelines.sync import sync_flow

    run = new_run(datetime.now(UTC))
    with open_means(settings, Silence()) as means:
        return run, sync_flow(means)(run, Scope(as_of=AS_OF, provinces=(PROVINCE,), **scope))


def rows(settings, query, *values):
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database:
        return database.execute(query, values).fetchall()


def change(settings, statement, *values):
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database, database:
        database.execute(statement, values)


@dataclass(frozen=True)
class Office:
    """Settings, and the command line as an officer types it."""

    settings: object
    folder: Path
    capsys: pytest.CaptureFixture

    def __call__(self, *words):
        known = {name: getattr(self.settings, name) for name in ("database_url", "home")}
        given = [word for name, value in known.items() for word in ("--set", f"{name}={value}")]
        self.capsys.readouterr()
        code = command([*given, *[str(word) for word in words]])
        told = self.capsys.readouterr()
        assert code == 0, told.err
        return told.out

    def export(self, *options):
        out = self.folder / f"lists-{len(list(self.folder.glob('lists-*')))}"
        self("review", "export", out, "--province", PROVINCE, *options)
        return out

    def take_in(self, path, reviewer="Hoa", *options):
        """Counts of what became of the rows, and the rows."""
        told = json.loads(self("review", "import", path, "--reviewer", reviewer, "--json", *options))
        (file,) = told["files"]
        return {fate: count for fate, count in file["counts"].items() if count}, file["rows"]


@pytest.fixture(scope="module")
def first(world, prefect_server, tmp_path_factory):
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    # so much is asked of a link that enough records stay open
    settings = world.settings(tmp_path_factory.mktemp("reviewed"), link_from=0.9999999)
    quick = temporary_settings({PREFECT_API_URL: prefect_server.api, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})
    with quick:
        sync(settings, everything=True)
    return settings


@pytest.fixture
def office(world, first, tmp_path, prefect_api, capsys):
    home = tmp_path / "home"
    shutil.copytree(first.home.parent, home)
    return Office(world.settings(home, link_from=0.9999999), tmp_path, capsys)


def listed(path):
    """Rows of a workbook by kind and record: cells by column, and where the row stands."""
    book = openpyxl.load_workbook(path)
    found = {}
    for sheet in book.worksheets:
        if sheet["A1"].value != COLUMNS[0]:
            continue
        for number in range(HEADER_ROWS + 1, sheet.max_row + 1):
            cells = {name: sheet.cell(number, at).value or "" for at, name in enumerate(COLUMNS, 1)}
            found[cells["kind"], cells["record_id"]] = cells | {"at": (sheet.title, number)}
    return found


def decide(path, answers, language="vi", note=""):
    """Open a workbook as a person would, choose, save."""
    book, known, text = openpyxl.load_workbook(path), listed(path), texts(language)
    for record, answer in answers.items():
        sheet, number = known[record]["at"]
        book[sheet].cell(number, COLUMNS.index("decision") + 1).value = text(f"answer.{answer}")
        book[sheet].cell(number, COLUMNS.index("note") + 1).value = note
    book.save(path)
    return path


def truth(world):
    table = pq.read_table(world.folder / "truth" / "truth.parquet").select(["record_id", "personal_id"])
    return dict(zip(*[column.to_pylist() for column in table.columns], strict=True))


def with_candidates(path):
    """Open records that have a candidate, students first."""
    found = [key for key, cells in listed(path).items() if cells["candidate_1_key"]]
    return sorted(found, key=lambda key: key[0] != "student")


def reasons(settings):
    query = "select kind, record_id, outcome, reason from review_items"
    return {(kind, record): (outcome, reason) for kind, record, outcome, reason in rows(settings, query)}


def link_of(settings, key):
    query = "select personal_id, reason, decided_by, confirmed_by_person from links where kind = ? and record_id = ?"
    return next(iter(rows(settings, query, *key)), None)


def best_candidate(settings, key):
    (candidates,) = rows(
        settings, "select candidates from review_items where kind = ? and record_id = ?", *key
    )[0]
    return json.loads(candidates)[0]["personal_id"]


def test_what_a_person_decides_in_excel_is_honoured_and_withdrawn_when_the_record_changes(office):
    settings, path = office.settings, office.export() / f"unmatched-{PROVINCE}.xlsx"
    same, denied, unsure, back, none, *_ = with_candidates(path)
    entry, rejected = best_candidate(settings, same), best_candidate(settings, denied)
    answers = {
        same: "same_1",
        denied: "not_same",
        unsure: "unsure",
        back: "back_to_school",
        none: "no_number",
    }
    decide(path, answers, note="đã xem học bạ")

    assert office.take_in(path, "Hoa", "--dry-run")[0] == {"accepted": 5}
    assert rows(settings, "select count(*) from review_decisions") == [(0,)]
    assert office.take_in(path)[0] == {"accepted": 5}
    assert office.take_in(path)[0] == {"unchanged": 5}

    left = listed(office.export() / f"unmatched-{PROVINCE}.xlsx")
    assert unsure in left, "somebody else is to look again"
    assert not {same, denied, back, none} & set(left)

    _, written = sync(settings)
    said = {name: count for name, count in written.items() if name.startswith("said_") and count}
    assert said == {f"said_{one}": 1 for one in ("same", "not_same", "unsure", "back_to_school", "no_number")}
    assert link_of(settings, same) == (entry, "confirmed_by_person", "person", 1)
    assert (link_of(settings, denied) or [None])[0] != rejected
    told = reasons(settings)
    assert told[unsure] == ("clerical_review", "reviewer_unsure")
    assert told[back] == ("unlinked", "sent_to_school")
    assert told[none] == ("unlinked", "no_number_yet")
    page = max((settings.home / "reports").glob("*/report.html")).read_text(encoding="utf-8")
    assert "Quyết định của người xem xét" in page

    table = {"student": "students", "guardian": "guardians", "teacher": "teachers"}
    for kind, record in (same, back):
        change(settings, f"update {table[kind]} set full_name = 'Lò Thị Khác' where {kind}_id = ?", record)
    change(
        settings,
        "update review_entries set seen = 'another' where decision in (select decision from review_decisions where record_id = ?)",
        unsure[1],
    )
    _, written = sync(settings)
    assert (written["said_withdrawn"], written["said_same"]) == (3, 0)
    assert link_of(settings, same)[0] == entry, "no machine replaces what a person confirmed"
    assert reasons(settings)[back][1] != "sent_to_school"
    assert reasons(settings).get(unsure, ("", ""))[1] != "reviewer_unsure"
    assert office.take_in(path)[0] == {"stale": 3, "unchanged": 2}


def test_a_confirmation_that_is_taken_back_ends_the_link(office):
    settings, path = office.settings, office.export() / f"unmatched-{PROVINCE}.xlsx"
    key = with_candidates(path)[0]
    office.take_in(decide(path, {key: "same_1"}))
    sync(settings)
    assert link_of(settings, key)[3] == 1
    assert office.take_in(decide(path, {key: "not_same"}))[0] == {"accepted": 1}
    _, written = sync(settings)
    assert written["ended"] == 1
    assert link_of(settings, key) is None


@pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice is not installed: no file saved by it is read back"
)
def test_lists_saved_again_by_libreoffice_are_read_all_the_same(office, tmp_path):
    source = office.export() / f"unmatched-{PROVINCE}.xlsx"
    keys = with_candidates(source)
    decide(source, {keys[0]: "same_1", keys[1]: "back_to_school"})
    again, text = tmp_path / "again", tmp_path / "text"
    home = f"-env:UserInstallation=file://{tmp_path / 'office'}"
    for form, out in (
        ("xlsx", again),
        ("csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true,false,false,false,-1", text),
    ):
        words = ["soffice", home, "--headless", "--convert-to", form, "--outdir", str(out), str(source)]
        subprocess.run(words, check=True, capture_output=True, timeout=180)
    assert office.take_in(again / source.name, "Hoa", "--dry-run")[0] == {"accepted": 2}
    counted = [
        office.take_in(path, "Hoa", "--dry-run")[0].get("accepted", 0)
        for path in text.glob("*.csv")
        if "dẫn" not in path.name
    ]
    assert sum(counted) == 2


PASSWORD = "một mật khẩu để thử"


@pytest.fixture
def page(office):
    """The page over what the run left, and somebody who has signed in."""
    secret = office.folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD)
    office("review", "user", "add", "hoa", "--name", "Hoa", "--province", PROVINCE, "--password-file", secret)
    engine = open_database(office.settings.database_url)
    assert lay_out_new(office.settings, engine, datetime.now(UTC))
    assert lay_out_new(office.settings, engine, datetime.now(UTC)) == 0
    app = make_page(office.settings, engine, {}, address="http://127.0.0.1/", host="127.0.0.1")
    browser = TestClient(app, base_url="http://127.0.0.1")
    form = {"token": hidden(browser.get("/sign-in").text, "token"), "username": "hoa", "password": PASSWORD}
    assert browser.post("/sign-in", data=form).status_code == 200
    yield browser
    engine.dispose()


def hidden(text, name):
    """A hidden field of the form that decides, or of the only one there is."""
    form = text.split('action="/decide"')[-1]
    return re.search(rf'name="{name}" value="([^"]*)"', form).group(1)


def decided_on_page(browser, key, answer):
    shown = browser.get("/record", params={"record_kind": key[0], "id": key[1]}).text
    names = ("token", "record_kind", "id", "after", "run", "fingerprint", "form")
    return browser.post("/decide", data={name: hidden(shown, name) for name in names} | {"answer": answer})


def test_what_is_decided_on_the_page_is_honoured_as_what_came_by_a_list(office, page):
    settings, path = office.settings, office.export() / f"unmatched-{PROVINCE}.xlsx"
    same, denied, *_ = with_candidates(path)
    entry = best_candidate(settings, same)
    assert "Đã ghi" in decided_on_page(page, same, "same_1").text
    decided_on_page(page, denied, "not_same")
    assert office.take_in(decide(path, {same: "same_1", denied: "not_same"}))[0] == {"unchanged": 2}
    assert not {same, denied} & set(listed(office.export() / f"unmatched-{PROVINCE}.xlsx"))

    sync(settings)
    assert link_of(settings, same) == (entry, "confirmed_by_person", "person", 1)
    engine = open_database(settings.database_url)
    lay_out_new(settings, engine, datetime.now(UTC))
    assert page.get("/record", params={"record_kind": same[0], "id": same[1]}).status_code == 404
    shutil.rmtree(settings.home / "runs")
    lay_out_new(settings, engine, datetime.now(UTC))
    assert rows(settings, "select count(*) from review_case_contents") == [(0,)], "they go with their run"
    engine.dispose()


def test_all_that_a_run_left_open_is_laid_out_as_lists_have_it(office, page):
    path = office.export("--decided") / f"unmatched-{PROVINCE}.xlsx"
    laid_out = rows(
        office.settings,
        "select kind, record_id from review_cases where province = ? order by place",
        PROVINCE,
    )
    assert laid_out == list(listed(path))


def test_users_are_listed_and_shut_out_and_passwords_come_from_files_that_others_cannot_read(office, page):
    (user,) = json.loads(office("review", "user", "list", "--json"))
    assert (user["username"], user["role"], user["provinces"]) == ("hoa", "reviewer", [PROVINCE])
    assert PASSWORD not in json.dumps(user)
    office("review", "user", "disable", "hoa")
    assert json.loads(office("review", "user", "list", "--json"))[0]["disabled"]
    assert "sign-in" in str(page.get("/").url)
    open_file = office.folder / "open"
    open_file.write_text(PASSWORD)
    open_file.chmod(0o644)
    given = ["--set", f"database_url={office.settings.database_url}"]
    add = ["review", "user", "add", "binh", "--name", "Bình", "--password-file", str(open_file)]
    assert command([*given, *add, "--everywhere"]) == 3
    assert command([*given, *add]) == 2, "a scope is never left to chance"

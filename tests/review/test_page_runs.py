"""Runs on the page: who may start one, that it is started once, how far it is, what it changed."""

from io import BytesIO

import openpyxl
import pytest
from starlette.testclient import TestClient

from benchmarks.review_page.serving import add_people, page_of
from connectors.asked_runs import AskedState, Headway, end_asked, note_headway, take_turn
from connectors.review_page_tables import Role
from connectors.review_people import User

from .page_world import ELSEWHERE, NIGHT, RUN, Office, Visitor, change, rows


@pytest.fixture
def database():
    return "sqlite"


@pytest.fixture
def office(engine):
    add_people(engine, (User("lan", "Hà Thị Lan", Role.SUPERVISOR, frozenset({"38"})),))
    return Office(
        [change(f"{place:03d}") for place in range(120)]
        + [change("900", "changed", before="••••••••0002", before_reason="evidence_agrees")]
    )


@pytest.fixture
def visit(engine, clock, office):
    app = page_of(engine, clock, office=office.opened())

    def visitor(username):
        one = Visitor(TestClient(app, base_url="http://127.0.0.1", client=("10.0.0.1", 1)))
        assert one.sign_in(username).status_code == 303
        return one

    return visitor


def start(visitor, province="38", way="dry"):
    visitor.get("/runs")
    return visitor.send("/runs", province=province, way=way)


def test_a_supervisor_starts_a_run_once_and_sees_how_far_it_is(engine, clock, office, visit):
    son = visit("son")
    assert start(son).headers["location"] == "/runs/1"
    assert start(son, way="real").headers["location"] == "/runs/1?joined=1"
    assert "không chạy thêm" in son.page.text
    assert office.started == [1]
    take_turn(engine, 1, RUN, clock())
    note_headway(engine, 1, Headway(20, 7, "student", "link", 1234, 5678), clock())
    page = visit("audit").get("/runs/1").text
    assert '<progress max="20" value="7"' in page
    assert "Học sinh · đối chiếu với hệ thống dân cư · 1.234 / 5.678" in page
    assert office.asked == []


def test_only_a_supervisor_of_the_province_starts_and_sees_it(engine, office, visit):
    for username, sees in (("hoa", 403), ("audit", 200)):
        visitor = visit(username)
        assert visitor.get("/runs").status_code == sees
        token = visitor.get("/mine").text.split('name="token" value="')[1].split('"')[0]
        sent = visitor.post("/runs", {"token": token, "province": "38", "way": "real"})
        assert sent.status_code == 403
    lan = visit("lan")
    assert start(lan, "48").status_code == 403
    assert "Đà Nẵng" not in lan.get("/runs").text
    assert (office.started, rows(engine, "select count(*) from asked_runs")) == ([], [(0,)])
    start(visit("son"), "48")
    assert lan.get("/runs/1").status_code == 404
    lan.get("/runs")
    assert lan.post("/runs/1/stop", lan.fields("/runs")).status_code == 404
    assert lan.get(f"/changes/{ELSEWHERE}").status_code == 404


def test_what_a_run_changed_stands_on_the_page_and_in_the_workbook(engine, clock, office, visit):
    son = visit("son")
    start(son, way="real")
    take_turn(engine, 1, RUN, clock())
    end_asked(engine, 1, AskedState.DONE, clock(), {"added": 120})
    page = son.get("/runs/1").text
    assert office.asked == [(RUN, ("38",), False)]
    assert "900" in page.split("<tbody>")[1]
    first = son.get("/runs/1?change=gained").text
    assert (first.count("<tr>"), "after=100" in first) == (101, True)
    assert son.get("/runs/1?change=gained&after=100").text.count("<tr>") == 21
    book = openpyxl.load_workbook(BytesIO(son.get("/runs/1/changes.xlsx").content))
    assert [sheet.max_row - 2 for sheet in book] == [1, 0, 120]


def test_changes_of_a_night_are_those_within_reach(office, visit):
    lan = visit("lan")
    assert NIGHT in lan.get("/runs").text
    assert ELSEWHERE not in lan.page.text
    assert lan.get(f"/changes/{NIGHT}").status_code == 200
    assert lan.get(f"/changes/{NIGHT}/changes.xlsx").status_code == 200
    assert office.asked == [(NIGHT, ("38",), False)] * 2
    assert lan.get("/changes/..%2F..%2Fetc").status_code == 404


def test_a_run_is_stopped_and_one_that_cannot_start_says_so(engine, office, visit):
    son = visit("son")
    start(son)
    son.get("/runs/1")
    son.send("/runs/1/stop")
    assert "đang dừng" in son.page.text
    office.broken = True
    start(son, "48")
    assert "Gặp lỗi" in son.page.text
    assert rows(engine, "select state, stop_asked_at is not null from asked_runs order by number") == [
        ("waiting", 1),
        ("broken", 0),
    ]


def test_a_page_without_runs_has_none(engine, clock):
    one = Visitor(TestClient(page_of(engine, clock), base_url="http://127.0.0.1", client=("10.0.0.1", 1)))
    one.sign_in("son")
    assert one.get("/runs").status_code == 404
    assert "/runs" not in one.get("/").text

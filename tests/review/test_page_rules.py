"""What the page lets whom do, on both databases: sign-in, forms, scope, roles, pools, undo, conflicts."""

import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from benchmarks.review_page.open_world import RUN, load_world
from benchmarks.review_page.serving import PASSWORD, PEOPLE, add_people, page_of
from connectors.database import open_database, reading, writing
from connectors.review_people import disable_user
from connectors.review_store import live_decisions

from ..connectors.conftest import postgres_server  # noqa: F401 (a fixture, used by name)
from .page_world import Visitor

RECORDS = 24
START = datetime(2026, 11, 23, 1, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def passes(self, **time):
        self.now += timedelta(**time)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request, tmp_path):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'education.db'}"
    else:
        url = request.getfixturevalue("postgres_server").empty_database()
    engine = open_database(url, wait=10)
    load_world(engine, RECORDS)
    load_world(engine, RECORDS, "48", seed=8)
    add_people(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def office(engine, clock):
    """Who signs in by name; each has a browser of their own."""
    app = page_of(engine, clock)

    def visitor(username=None, address="10.0.0.1"):
        http = TestClient(app, base_url="http://127.0.0.1", client=(address, 1))
        one = Visitor(http)
        if username:
            assert one.sign_in(username).status_code == 303
        return one

    return visitor


def rows(engine, query):
    with reading(engine) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def states(engine):
    return dict(rows(engine, "select record_id, state from review_cases"))


def needing(engine, words, province="38"):
    query = f"select record_id from review_cases where words_needed = {words} and province = '{province}' order by place"
    return [record for (record,) in rows(engine, query)]


def need_two(engine, record):
    with writing(engine) as connection:
        connection.exec_driver_sql(f"update review_cases set words_needed = 2 where record_id = '{record}'")


def open_at(visitor, record):
    return visitor.get(f"/record?record_kind=student&id={record}")


def test_nobody_sees_anything_without_signing_in(office):
    stranger = office()
    for path in ("/", "/record?record_kind=student&id=3800000000", "/mine", "/figures"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert stranger.post("/decide", {"answer": "same_1"}).headers["location"] == "/sign-in?ended=1"


def test_a_wrong_password_says_no_more_than_an_unknown_name_and_too_many_have_to_wait(office, clock):
    stranger = office()
    wrong = [stranger.sign_in(name, "not the password") for name in ("hoa", "nobody")]
    assert [answer.status_code for answer in wrong] == [403, 403]
    assert wrong[0].text.split("<main")[1] == wrong[1].text.split("<main")[1]
    for _ in range(4):
        stranger.sign_in("hoa", "not the password")
    assert stranger.sign_in("hoa").status_code == 429, "even the right one, for a while"
    assert office(address="10.0.0.2").sign_in("hoa").status_code == 303, "somebody else can't lock her out"
    clock.passes(minutes=16)
    assert stranger.sign_in("hoa").status_code == 303


def test_sessions_end_when_idle_when_old_at_sign_out_and_when_the_user_is_disabled(engine, office, clock):
    def there(visitor):
        return visitor.get("/").status_code == 200

    hoa = office("hoa")
    for _ in range(22):
        clock.passes(minutes=27)
        assert there(hoa)
    clock.passes(minutes=27)
    assert not there(hoa), "ten hours are over"
    hoa.sign_in("hoa")
    clock.passes(minutes=31)
    assert not there(hoa), "idle"
    hoa.sign_in("hoa")
    hoa.get("/")
    hoa.send("/sign-out")
    assert not there(hoa)
    hoa.sign_in("hoa")
    disable_user(engine, "hoa", clock())
    assert not there(hoa)
    assert hoa.sign_in("hoa").status_code == 403


def test_what_is_kept_of_users_signs_nobody_in(engine, office):
    hoa = office("hoa")
    kept = str(rows(engine, "select * from review_sessions")) + str(rows(engine, "select * from review_users"))
    assert PASSWORD not in kept
    assert hoa.http.cookies["session"] not in kept
    assert "argon2id" in kept


def test_cookies_and_headers_keep_the_page_to_itself(engine, office, clock):
    answer = office().get("/sign-in")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    signed = office()
    cookie = signed.sign_in("hoa").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie, "plain HTTP, on this machine only"
    secure = Visitor(TestClient(page_of(engine, clock, secure=True), base_url="https://localhost"))
    cookie = secure.sign_in("hoa").headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert TestClient(page_of(engine, clock), base_url="http://evil.example").get("/").status_code == 421


@pytest.mark.parametrize("action", ["/decide", "/undo", "/next", "/skip", "/leave", "/sign-out"])
def test_a_form_without_its_token_changes_nothing(engine, office, action):
    hoa = office("hoa")
    hoa.begin()
    fields = hoa.fields("/decide") | {"answer": "same_1"}
    for token in ("", "another", office("binh").page and "x" * 43):
        assert hoa.post(action, fields | {"token": token}).status_code == 403
    foreign = hoa.http.post(action, data=fields, headers={"Sec-Fetch-Site": "cross-site"}, follow_redirects=False)
    assert foreign.status_code == 403
    assert rows(engine, "select count(*) from review_decisions") == [(0,)]


def test_a_sign_in_form_of_another_site_signs_nobody_in(office):
    stranger = office()
    stranger.get("/sign-in")
    answer = stranger.post("/sign-in", {"token": "x", "username": "hoa", "password": PASSWORD})
    assert answer.status_code == 403
    assert "session" not in stranger.http.cookies


def test_a_province_outside_the_scope_is_as_if_it_were_not_there(engine, office):
    hoa, elsewhere = office("hoa"), needing(engine, 1, "48")[0]
    assert elsewhere not in hoa.get("/?province=48").text
    assert "/record?" not in hoa.get("/?province=48").text
    assert open_at(hoa, elsewhere).status_code == 404
    hoa.get("/?province=48")
    hoa.post("/next", {"token": hoa.fields("/sign-out")["token"], "province": "48"})
    assert hoa.record is None
    hoa.begin()
    hoa.post("/decide", hoa.fields("/decide") | {"id": elsewhere, "answer": "same_1"})
    assert rows(engine, "select count(*) from review_decisions") == [(0,)]
    assert rows(engine, f"select count(*) from review_looks where record_id = '{elsewhere}'") == [(0,)]


def test_another_provinces_decision_cannot_be_undone(engine, office):
    nga = office("nga")
    nga.begin()
    nga.decide("not_same")
    (number,) = rows(engine, "select decision from review_decisions")[0]
    for other in ("hoa", "son"):
        visitor = office(other)
        visitor.get("/")
        token = visitor.fields("/sign-out")["token"]
        assert "not_yours" in visitor.post("/undo", {"token": token, "decision": number}).headers["location"]
    assert live_decisions(engine, "student").num_rows


def test_an_auditor_reads_and_nothing_else(engine, office):
    audit, hoa = office("audit"), office("hoa")
    record = hoa.begin()
    assert open_at(audit, record).status_code == 200
    assert 'action="/decide"' not in audit.page.text
    token = audit.fields("/sign-out")["token"]
    fields = hoa.fields("/decide") | {"token": token, "answer": "same_1"}
    for action in ("/decide", "/next", "/skip", "/leave", "/undo"):
        assert audit.post(action, fields).status_code == 403
    assert audit.get("/figures").status_code == 200
    assert hoa.get("/figures").status_code == 403
    assert "hoa" in str(rows(engine, "select username from review_holds")), "a look takes nothing away"
    looks = rows(engine, "select username from review_looks order by look")
    assert looks == [("hoa",), ("audit",)]


def test_a_decision_is_kept_as_a_list_that_came_back_would_have_it(engine, office):
    hoa = office("hoa")
    record = hoa.begin()
    hoa.decide("same_1", note="  đã xem\r\n học bạ ")
    ((kind, key, verdict, note, reviewer, run, source),) = rows(
        engine, "select kind, record_id, verdict, note, reviewer, run, source_file from review_decisions"
    )
    assert (kind, key, verdict, note) == ("student", record, "same", "đã xem học bạ")
    assert (reviewer, run, source) == ("Lê Thị Hoa", RUN, "page")
    (decided,) = live_decisions(engine, "student").to_pylist()
    assert len(decided["personal_id"]) == 12
    assert states(engine)[record] in ("done", "second")
    assert hoa.record != record, "on to the next"
    assert decided["personal_id"] not in hoa.get("/mine").text


def test_no_page_shows_a_whole_number(engine, office):
    son, numbers = office("son"), [one for (one,) in rows(engine, "select entries from review_case_contents")]
    shown = "".join(son.get(path).text for path in ("/", "/mine", "/figures"))
    for record in needing(engine, 1)[:10]:
        shown += open_at(son, record).text
    assert not [one for one in numbers if one[3:15] in shown]
    assert "••••••••" in shown


def test_what_one_has_open_is_not_given_to_another_for_some_minutes(office, clock):
    hoa, binh = office("hoa"), office("binh")
    first = hoa.begin()
    second = binh.begin()
    assert first != second
    assert 'action="/decide"' not in open_at(binh, first).text
    assert "Lê Thị Hoa" in binh.page.text
    clock.passes(minutes=11)
    assert binh.begin() in (first, second)
    assert 'action="/decide"' in open_at(binh, first).text
    assert "held" in hoa.decide("same_1"), "it is somebody else's by now"


def test_skipping_goes_on_and_leaving_frees(office):
    hoa, binh = office("hoa"), office("binh")
    first = hoa.begin()
    hoa.send("/skip")
    assert hoa.record != first
    assert binh.begin() == first
    second = hoa.record
    hoa.send("/leave")
    assert hoa.page.status_code == 200
    binh.send("/skip")
    assert binh.record == second


def test_sent_twice_counts_once(engine, office):
    hoa = office("hoa")
    hoa.begin()
    fields = hoa.fields("/decide") | {"answer": "not_same"}
    for _ in range(3):
        assert hoa.post("/decide", fields).status_code == 303
    assert rows(engine, "select count(*) from review_decisions") == [(1,)]


def test_undo_brings_back_what_was_before(engine, office):
    hoa = office("hoa")
    record = hoa.begin()
    hoa.decide("same_1")
    open_at(hoa, record)
    hoa.decide("not_same")
    assert "Hoàn tác" in hoa.page.text
    hoa.send("/undo")
    assert hoa.record == record
    assert "Đúng người này" in hoa.page.text.split('class="told"')[2]
    (live,) = live_decisions(engine, "student").to_pylist()
    assert live["verdict"] == "same"
    hoa.get("/mine")
    hoa.send("/undo", decision=live["decision"])
    assert live_decisions(engine, "student").num_rows == 0
    assert states(engine)[record] == "open"
    assert hoa.record == record
    hoa.decide("same_1")
    assert live_decisions(engine, "student").num_rows == 1, "the same may be said again after an undo"


def test_what_a_run_has_seen_is_not_undone(engine, office, clock):
    hoa = office("hoa")
    hoa.begin()
    hoa.decide("same_1")
    clock.passes(minutes=1)
    at = clock().isoformat(timespec="microseconds")
    with writing(engine) as connection:
        connection.exec_driver_sql(
            "insert into sync_partitions (run, kind, province, state, rows, finished_at) "
            f"values ('r', 'student', '38', 'done', 1, '{at}')"
        )
    hoa.get("/mine")
    (number,) = rows(engine, "select decision from review_decisions")[0]
    assert "too_late" in hoa.send("/undo", decision=number).headers["location"]
    assert live_decisions(engine, "student").num_rows == 1


def test_a_record_that_changed_since_is_not_decided_on(engine, office):
    hoa = office("hoa")
    record = hoa.begin()
    with writing(engine) as connection:
        connection.exec_driver_sql(f"update students set full_name = 'Lò Thị Khác' where student_id = '{record}'")
    assert "changed" in hoa.decide("same_1")
    assert rows(engine, "select count(*) from review_decisions") == [(0,)]
    assert 'action="/decide"' not in hoa.page.text


def test_a_candidate_that_is_not_there_is_not_confirmed(engine, office):
    hoa = office("hoa")
    hoa.begin()
    fields = hoa.fields("/decide")
    assert "no_such_candidate" in hoa.post("/decide", fields | {"answer": "same_3"}).headers["location"]
    assert "changed" in hoa.post("/decide", fields | {"answer": "perhaps"}).headers["location"]
    assert "changed" in hoa.post("/decide", fields | {"answer": "same_1", "run": "another"}).headers["location"]
    assert rows(engine, "select count(*) from review_decisions") == [(0,)]


def test_two_decide_without_knowing_of_each_other_and_a_supervisor_settles(engine, office):
    hoa, binh, son, record = office("hoa"), office("binh"), office("son"), needing(engine, 1)[0]
    need_two(engine, record)
    assert hoa.begin() == record
    hoa.decide("same_1", note="trùng cha mẹ")
    assert states(engine)[record] == "second"
    hoa.get("/")
    while hoa.begin() and "none_left" not in str(hoa.page.url):
        assert hoa.record != record, "who decided is not asked again"
        hoa.send("/leave")
        break
    assert binh.begin() == record
    assert "trùng cha mẹ" not in binh.page.text
    assert "Lê Thị Hoa" not in binh.page.text
    assert "chờ người thứ hai" not in binh.get("/").text
    open_at(binh, record)
    binh.decide("not_same")
    assert states(engine)[record] == "conflict"

    assert "waits" in open_at(office("nga"), record).text or office("nga").page is not None
    son.get("/?state=conflict")
    assert record in son.page.text
    open_at(son, record)
    assert all(said in son.page.text for said in ("Lê Thị Hoa", "Trần Văn Bình", "trùng cha mẹ"))
    son.decide("same_1")
    assert states(engine)[record] == "done"
    (live,) = live_decisions(engine, "student").to_pylist()
    assert live["verdict"] == "same"


def test_a_reviewer_who_is_no_party_does_not_settle_a_conflict(engine, office):
    hoa, binh, record = office("hoa"), office("binh"), needing(engine, 1)[0]
    son = office("son")
    for visitor, answer in ((hoa, "same_1"), (son, "not_same")):
        open_at(visitor, record)
        visitor.decide(answer)
    assert states(engine)[record] == "conflict"
    open_at(binh, record)
    assert 'action="/decide"' not in binh.page.text
    assert "chờ người giám sát" in binh.page.text
    assert "Vũ Thái Sơn" not in binh.page.text
    open_at(hoa, record)
    hoa.decide("not_same")
    assert states(engine)[record] == "done", "a party may think better of it"


def test_who_is_unsure_asks_another(engine, office):
    hoa, binh = office("hoa"), office("binh")
    record = hoa.begin()
    hoa.decide("unsure")
    assert states(engine)[record] == "unsure"
    assert hoa.begin() != record
    assert binh.begin() == record


def test_filters_find_what_they_name_and_nothing_hostile_breaks_them(office):
    hoa = office("hoa")
    text = hoa.get("/?reason=gender_differs").text
    assert "Sai khác giới tính</td>" in text
    assert "Sai khác ngày sinh</td>" not in text
    assert hoa.get("/?school=38000001").text.count("/record?") == 1
    assert "/record?" not in hoa.get("/?kind=teacher").text
    assert "/record?" not in hoa.get("/?state=done").text
    hoa.begin(reason="gender_differs")
    assert "reason=gender_differs" in hoa.decide("back_to_school")
    assert "/record?" in hoa.get("/?held_by=mine").text
    for odd in ("province=%00", "school=%27%20or%201=1", "state=x", "after=38.9999999999999999999", "kind=%F0"):
        assert hoa.get(f"/?{odd}").status_code == 200
    assert hoa.get("/record?record_kind=nobody&id=1").status_code == 404


def test_a_form_that_is_too_large_is_refused(office):
    hoa = office("hoa")
    hoa.begin()
    assert hoa.send("/decide", answer="same_1", note="x" * 70_000).status_code == 403


def test_both_languages(office):
    hoa = office("hoa")
    hoa.begin()
    hoa.send("/language", language="en", back="//evil.example/")
    assert str(hoa.page.url) == "http://127.0.0.1/"
    assert 'lang="en"' in hoa.page.text
    hoa.begin()
    assert "Typed by the school" in hoa.page.text
    assert PEOPLE[0].name in hoa.page.text

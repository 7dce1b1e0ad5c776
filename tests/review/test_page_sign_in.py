"""Signing in to the page, its forms, cookies and addresses: what strangers and hostile requests are told."""

import pytest
from starlette.testclient import TestClient

from benchmarks.review_page.serving import PASSWORD, PEOPLE, page_of
from connectors.review_people import disable_user

from .page_world import Visitor, needing, open_at, rows


@pytest.fixture
def database():
    return "sqlite"


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
    kept = str(rows(engine, "select * from review_sessions")) + str(
        rows(engine, "select * from review_users")
    )
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
    for token in ("", "another", "x" * 43):
        assert hoa.post(action, fields | {"token": token}).status_code == 403
    foreign = hoa.http.post(
        action, data=fields, headers={"Sec-Fetch-Site": "cross-site"}, follow_redirects=False
    )
    assert foreign.status_code == 403
    assert rows(engine, "select count(*) from review_decisions") == [(0,)]


def test_a_sign_in_form_of_another_site_signs_nobody_in(office):
    stranger = office()
    stranger.get("/sign-in")
    answer = stranger.post("/sign-in", {"token": "x", "username": "hoa", "password": PASSWORD})
    assert answer.status_code == 403
    assert "session" not in stranger.http.cookies


def test_no_page_shows_a_whole_number(engine, office):
    son, numbers = office("son"), [one for (one,) in rows(engine, "select entries from review_case_contents")]
    shown = "".join(son.get(path).text for path in ("/", "/mine", "/figures"))
    for record in needing(engine, 1)[:10]:
        shown += open_at(son, record).text
    assert not [one for one in numbers if one[3:15] in shown]
    assert "••••••••" in shown


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
    for odd in (
        "province=%00",
        "school=%27%20or%201=1",
        "state=x",
        "after=38.9999999999999999999",
        "kind=%F0",
    ):
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

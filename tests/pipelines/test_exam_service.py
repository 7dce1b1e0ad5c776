"""The exam system's read API: one pupil by number, name and birth date; written down before it is answered. The people are made up."""

import json
import logging
import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from connectors.audit import Auditor, audit_log, verify
from connectors.database import open_database, writing
from connectors.education import create_sync_tables
from connectors.education_tables import links
from connectors.linked_students import LinkedStudents
from connectors.registry_tables import link_flags, residences
from pipelines.cli import Exit, run
from pipelines.errors import SettingsWrong
from pipelines.exam_clients import ExamClients
from pipelines.exam_service import PROBLEMS, ExamDesk, Rate, make_exam_app, subject_digest

LAN, TWICE, DEAD, ELEVENTH, SOUTH = (
    "038308000011", "038208000022", "038208000033", "038309000044", "079208000055",
)  # fmt: skip
PUPILS = [
    ("s1", LAN, "NGUYỄN THỊ LAN ", "05/09/2008", "12", "38"),
    ("s2", TWICE, "Lê Văn Hoàng", "2008-03-14", "12", "38"),
    ("s3", TWICE, "Lê Văn Hoàng", "14/3/2008", "12", "38"),
    ("s4", DEAD, "Trần Minh Đức", "2008", "12", "38"),
    ("s5", ELEVENTH, "Phạm Thu Hà", "2009-01-02", "11", "38"),
    ("s6", SOUTH, "Y Ayŭn Niê", "2008-07-08", "12", "79"),
]
KEY = b"a key of the tests"


@pytest.fixture
def desk(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'education.db'}")
    with writing(engine) as connection:
        connection.exec_driver_sql(
            "create table students (student_id text primary key, school_code text, grade text, full_name text, birth_date text)"
        )
        for record, _, name, born, grade, _ in PUPILS:
            connection.exec_driver_sql(
                "insert into students values (?, ?, ?, ?, ?)", (record, "school-1", grade, name, born)
            )
    create_sync_tables(engine)
    shared = {
        "reason": "exact",
        "decided_by": "exact_key",
        "confirmed_by_person": False,
        "run": "r",
        "valid_from": "2026",
    }
    with writing(engine) as connection:
        for record, number, *_, province in PUPILS:
            row = {"kind": "student", "record_id": record, "province": province, "personal_id": number}
            connection.execute(links.insert().values(**row, **shared, match_probability=1.0))
        told = {"kind": "student", "record_id": "s4", "personal_id": DEAD, "province": "38", "run": "r"}
        connection.execute(link_flags.insert().values(**told, flag="deceased", at="2026"))
        for record, number in (("s1", LAN), ("s2", "038208999999")):
            home = {
                "kind": "student",
                "record_id": record,
                "personal_id": number,
                "found": "current",
                "run": "r",
            }
            connection.execute(
                residences.insert().values(**home, province="38", commune="14758", as_of="2026-01-01")
            )
    clients = ExamClients(SimpleNamespace(home=tmp_path))
    clock = SimpleNamespace(now=datetime(2026, 5, 1, 8, tzinfo=UTC))
    yield SimpleNamespace(
        engine=engine,
        clients=clients,
        clock=clock,
        key=clients.add("exam", ()),
        north=clients.add("north", ("38",)),
    )
    engine.dispose()


@pytest.fixture
def client(desk):
    auditor = Auditor(KEY, "exam-api")
    whole = ExamDesk(
        desk.engine,
        LinkedStudents(desk.engine),
        desk.clients,
        auditor,
        lambda: desk.clock.now,
        rate=Rate(5, 10),
    )
    return TestClient(make_exam_app(whole), raise_server_exceptions=False, headers=stated(desk.key))


def stated(key, **other):
    return {
        "Authorization": f"Bearer {key}",
        "X-Officer": "officer-7",
        "X-Purpose": "examination",
        "X-Request-ID": str(uuid.uuid4()),
    } | other


def asked(number, name, born):
    return {"personal_id": number, "full_name": name, "birth_date": born}


def entries(desk):
    with desk.engine.connect() as connection:
        return connection.execute(sa.select(audit_log).order_by(audit_log.c.entry)).mappings().all()


@pytest.mark.parametrize("name", ["Nguyễn Thị Lan", "nguyen thi lan", "NGUYỄN THỊ LAN"])
def test_a_pupil_is_told_to_who_states_name_and_date(client, name):
    answer = client.post("/v1/candidates", json=asked(LAN, name, "2008-09-05"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {
        "found": "agrees",
        "candidates": [
            {
                "record_id": "s1", "school_code": "school-1", "grade": "12", "province": "38", "flag": None,
                "residence_province": "38", "residence_commune": "14758", "residence_as_of": "2026-01-01",
            }
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("number", "name", "born", "found"),
    [
        (LAN, "Nguyễn Thị Lan", "2008-05-09", "differs"),
        (LAN, "Nguyễn Thị Loan", "2008-09-05", "differs"),
        (LAN, "...", "2008-09-05", "differs"),
        (LAN, "Nguyễn Thị Lan", "2008-13-45", "differs"),
        ("038308000099", "Nguyễn Thị Lan", "2008-09-05", "none"),
        (ELEVENTH, "Phạm Thu Hà", "2009-01-02", "none"),
    ],
)
def test_nothing_is_told_to_who_does_not(client, number, name, born, found):
    assert client.post("/v1/candidates", json=asked(number, name, born)).json() == {
        "found": found,
        "candidates": [],
    }


def test_somebody_enrolled_twice_is_two_candidates_and_an_old_residence_is_not_told(client):
    answer = client.post("/v1/candidates", json=asked(TWICE, "Lê Văn Hoàng", "2008-03-14")).json()
    assert [one["record_id"] for one in answer["candidates"]] == ["s2", "s3"]
    assert {one["residence_commune"] for one in answer["candidates"]} == {None}


def test_a_year_is_compared_as_far_as_it_is_known_and_the_deceased_are_flagged(client):
    answer = client.post("/v1/candidates", json=asked(DEAD, "Trần Minh Đức", "2008-11-30")).json()
    assert [one["flag"] for one in answer["candidates"]] == ["deceased"]


def test_a_client_of_one_province_is_told_of_nobody_else(client, desk):
    question = asked(SOUTH, "Y Ayŭn Niê", "2008-07-08")
    assert client.post("/v1/candidates", json=question).json()["found"] == "agrees"
    assert client.post("/v1/candidates", json=question, headers=stated(desk.north)).json()["found"] == "none"


def test_every_answer_is_written_down_with_purpose_and_no_person(client, desk):
    client.post("/v1/candidates", json=asked(LAN, "Nguyễn Thị Lan", "2008-09-05"))
    client.post(
        "/v1/candidates",
        json=asked(LAN, "Trần", "2008-09-05"),
        headers=stated(desk.key, **{"X-Purpose": "exam-priority"}),
    )
    rows = entries(desk)
    facts = [json.loads(row["facts"]) for row in rows]
    assert [(one["client"], one["officer"], one["purpose"], one["found"]) for one in facts] == [
        ("exam", "officer-7", "examination", "agrees"),
        ("exam", "officer-7", "exam-priority", "differs"),
    ]
    assert {one["subject"] for one in facts} == {subject_digest(KEY, LAN)}
    assert LAN not in str(rows)
    assert "Lan" not in str(rows)
    assert not verify(desk.engine, KEY, {}).broken


def test_what_cannot_be_written_down_is_not_answered(client, desk):
    with writing(desk.engine) as connection:
        connection.exec_driver_sql("drop table audit_log")
    answer = client.post("/v1/candidates", json=asked(LAN, "Nguyễn Thị Lan", "2008-09-05"))
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Authorization": ""}, "key_missing"),
        ({"Authorization": "Basic eA=="}, "key_missing"),
        ({"Authorization": "Bearer guessed"}, "key_unknown"),
        ({"X-Officer": ""}, "header_missing"),
        ({"X-Officer": "a b"}, "header_missing"),
        ({"X-Request-ID": "1"}, "header_missing"),
        ({"X-Purpose": "curiosity"}, "purpose_unknown"),
        ({"Content-Type": "text/plain"}, "content_type_unsupported"),
        ({"Content-Encoding": "gzip"}, "content_type_unsupported"),
    ],
)
def test_who_or_what_is_not_allowed(client, desk, change, code):
    answer = client.post("/v1/candidates", json=asked(LAN, "Nguyễn Thị Lan", "2008-09-05"), headers=change)
    assert (answer.status_code, answer.json()["code"]) == (PROBLEMS[code][0], code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not entries(desk)


GOOD = asked(LAN, "Nguyễn Thị Lan", "2008-09-05")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'{"personal_id": 1}', b"[" * 10_000 + b"]" * 10_000, b"\xff\xfe", b'{"a":"\xff"}',
        *[json.dumps({name: value for name, value in GOOD.items() if name != left}).encode() for left in GOOD],
        *[json.dumps(GOOD | {name: wrong}).encode() for name in GOOD for wrong in (None, 5, [], "", "x" * 300, "a\x00b")],
        json.dumps(GOOD | {"more": 1}).encode(),
        json.dumps(GOOD | {"personal_id": "٠" * 12}).encode(),
    ],
)  # fmt: skip
def test_a_bad_question_is_a_problem_that_repeats_nothing(client, body):
    answer = client.post("/v1/candidates", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["code"] in {"question_invalid", "body_too_large"}
    assert answer.status_code in {413, 422}
    assert LAN not in answer.text


def test_a_body_of_ten_megabytes_and_other_addresses_are_refused(client):
    huge = client.post(
        "/v1/candidates", content=b" " * 10_000_000, headers={"Content-Type": "application/json"}
    )
    assert huge.json()["code"] == "body_too_large"
    assert client.get("/v1/candidates").json()["code"] == "method_not_allowed"
    assert client.get("/v1/all").json()["code"] == "not_found"
    assert client.get("/healthz").json() == {"status": "ok"}


def test_who_asks_too_much_must_wait_and_others_need_not(client, desk):
    codes = [client.post("/v1/candidates", json=GOOD).status_code for _ in range(12)]
    assert codes == [200] * 10 + [429] * 2
    assert client.post("/v1/candidates", json=GOOD).headers["Retry-After"] == "1"
    assert client.post("/v1/candidates", json=GOOD, headers=stated(desk.north)).status_code == 200
    desk.clock.now += timedelta(seconds=1)
    assert client.post("/v1/candidates", json=GOOD).status_code == 200


def test_a_key_that_was_taken_away_or_replaced_opens_nothing(client, desk):
    assert desk.clients.remove("exam")
    assert not desk.clients.remove("exam")
    assert client.post("/v1/candidates", json=GOOD).json()["code"] == "key_unknown"
    new = ExamClients(SimpleNamespace(home=desk.clients._path.parent)).add("exam", ())
    assert client.post("/v1/candidates", json=GOOD, headers=stated(new)).status_code == 200
    assert new not in desk.clients._path.read_text(encoding="utf-8")
    assert desk.clients._path.stat().st_mode & 0o077 == 0
    with pytest.raises(SettingsWrong):
        desk.clients.add("Exam System", ())


def test_forced_failures_tell_and_log_nobody(client, desk, monkeypatch, caplog):
    def fails(*_):
        raise RuntimeError(f"{LAN} Nguyễn Thị Lan")

    monkeypatch.setattr(LinkedStudents, "holding", fails)
    with caplog.at_level(logging.DEBUG):
        answer = client.post("/v1/candidates", json=GOOD)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert not any(word in answer.text + caplog.text for word in (LAN, "Lan", "2008-09-05"))


def test_keys_are_given_and_taken_on_the_command_line(tmp_path, capsys):
    settings = ["--set", f"home={tmp_path}", "--set", "database_url=sqlite://", "--lang", "en"]
    assert run([*settings, "exam", "key", "exam", "--province", "38"]) == Exit.DONE
    key = capsys.readouterr().out.strip()
    clients = ExamClients(SimpleNamespace(home=tmp_path))
    assert clients.with_key(key).provinces == ("38",)
    assert run([*settings, "exam", "key", "exam", "--remove"]) == Exit.DONE
    assert clients.with_key(key) is None

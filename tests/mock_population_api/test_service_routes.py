"""The routes in-process: answers, audit, headers, the OpenAPI document."""

import re
from pathlib import Path

import pytest

from mock_population_api.problems import KINDS
from mock_population_api.search import RULES
from mock_population_api.security import PURPOSES, SCOPES


def test_info_says_what_is_held(client, hand_made):
    info = client.get("/v1/info").json()
    assert info["entries"] == len(hand_made.people)
    assert "synthetic" in info["source"]


def test_every_number_is_answered_in_its_place(client, hand_made):
    numbers = [hand_made.LAN, "271450009", "001180999999", "nothing", hand_made.LAN]
    answer = client.post("/v1/lookup", json={"numbers": numbers}).json()
    assert [result["number"] for result in answer["results"]] == numbers
    assert [result["found"] for result in answer["results"]] == [
        "current",
        "former",
        "superseded",
        "none",
        "current",
    ]
    assert [len(result["entries"]) for result in answer["results"]] == [1, 2, 1, 0, 1]
    assert answer["results"][0]["entries"][0] == {
        "personal_id": hand_made.LAN,
        "full_name": "Nguyễn Thị Lan",
        "birth_date": "2011-09-05",
        "birth_precision": "day",
        "gender": "F",
        "birth_province": "001",
        "residence_province": "01",
        "residence_commune": "00004",
        "father_id": hand_made.BINH,
        "mother_id": "001180999999",
        "former_ids": [],
        "superseded_ids": [],
        "status": "alive",
        "father_name": "Nguyễn Văn Bình",
        "mother_name": "Trần Thị Minh",
    }


def test_a_trace_ranks_candidates_and_answers_everybody(client, hand_made):
    queries = [
        {"ref": "b", "full_name": "Không Có Ai", "birth_date": "1911-01-01"},
        {"ref": "a", "full_name": "nguyen thi lan", "birth_date": "2011-09", "residence_commune": None},
    ]
    nobody, lan = client.post("/v1/trace", json={"queries": queries}).json()["results"]
    assert nobody == {"ref": "b", "more": False, "candidates": []}
    assert (lan["ref"], lan["more"], lan["candidates"][0]["rank"]) == ("a", False, 1)
    assert lan["candidates"][0]["entry"]["personal_id"] == hand_made.LAN


def test_relatives_are_whole_entries_or_null(client, hand_made):
    numbers = [hand_made.LAN, hand_made.BINH, "001180999999", "012345678"]
    lan, binh, minh, former = client.post("/v1/relatives", json={"numbers": numbers}).json()["results"]
    assert (lan["father"]["personal_id"], lan["mother"]["personal_id"]) == (hand_made.BINH, hand_made.MINH)
    assert lan["children"] == []
    assert binh["father"] is None
    assert [child["personal_id"] for child in binh["children"]] == [hand_made.AN, hand_made.LAN]
    assert [child["personal_id"] for child in minh["children"]] == [hand_made.AN, hand_made.LAN]
    assert former["children"] == []


def test_verify_gives_verdicts_and_discloses_nothing(client, hand_made):
    questions = [
        {
            "ref": "1",
            "number": hand_made.LAN,
            "full_name": "NGUYEN THI LAN",
            "birth_date": "2011",
            "gender": "M",
        },
        {"ref": "2", "number": hand_made.YEARLY, "birth_date": "1960-07-08"},
        {"ref": "3", "number": "271450009", "full_name": "Phạm Văn Sáu", "birth_date": "1975-08-09"},
        {"ref": "4", "number": "999999999999", "full_name": "Ai", "gender": "F"},
    ]
    answer = client.post("/v1/verify", json={"questions": questions})
    verdicts = [
        tuple(row[name] for name in ("number", "full_name", "birth_date", "gender"))
        for row in answer.json()["results"]
    ]
    assert verdicts == [
        ("current", "agrees", "agrees", "differs"),
        ("current", "not_asked", "agrees", "not_asked"),
        ("former", "agrees", "agrees", "not_asked"),
        ("none", "unknown", "not_asked", "unknown"),
    ]
    assert not re.search(r"\d{9,}|Lan|Sáu", answer.text.replace(answer.json()["as_of"], ""))


@pytest.mark.parametrize("route", ["/v1/lookup", "/v1/relatives"])
def test_an_empty_batch_has_an_empty_answer(client, route):
    assert client.post(route, json={"numbers": []}).json()["results"] == []


def test_everybody_returned_is_in_the_audit_with_who_and_why(client, hand_made):
    client.post("/v1/lookup", json={"numbers": [hand_made.AN, "271450009"]})
    client.post(
        "/v1/trace", json={"queries": [{"ref": "1", "full_name": "Nguyễn Văn An", "birth_date": "2009"}]}
    )
    client.post("/v1/relatives", json={"numbers": [hand_made.BINH]})
    client.post("/v1/verify", json={"questions": [{"ref": "1", "number": hand_made.AN}]})
    lines = client.get("/v1/audit", params={"subject": hand_made.AN}).json()["lines"]
    assert [line["action"] for line in lines] == ["verify", "relatives", "trace", "lookup"]
    assert {line["officer"] for line in lines} == {"officer-7"}
    assert {(line["client"], line["agency"], line["purpose"]) for line in lines} == {
        ("sync", "MOET", "link-education")
    }
    for shared in (hand_made.SHARED_A, hand_made.SHARED_B):
        assert len(client.get("/v1/audit", params={"subject": shared}).json()["lines"]) == 1
    assert client.get("/v1/audit", params={"subject": hand_made.BINH}).json()["lines"] == []


def test_a_look_into_the_audit_is_kept_too(client, hand_made):
    for expected in ([], ["audit"]):
        lines = client.get("/v1/audit", params={"subject": hand_made.DEAD}).json()["lines"]
        assert [line["action"] for line in lines] == expected


def test_the_request_id_comes_back_with_answers_and_problems(client, hand_made):
    for numbers, status in (([], 200), ([1], 422)):
        headers = hand_made.stated()
        answer = client.post("/v1/lookup", json={"numbers": numbers}, headers=headers)
        assert answer.status_code == status
        assert answer.headers["x-request-id"] == headers["X-Request-ID"]
    assert answer.json()["request_id"] == headers["X-Request-ID"]


def test_the_service_says_that_it_lives_and_is_ready(make_client):
    with make_client() as stranger:
        assert stranger.get("/healthz").json() == {"status": "ok"}
        assert stranger.get("/readyz").json() == {"status": "ok"}


def test_the_openapi_document_has_an_example_of_every_problem(client):
    document = client.get("/openapi.json").json()
    assert {"/v1/trace", "/v1/jobs", "/oauth/token", "/v1/audit"} <= set(document["paths"])
    examples = {
        code
        for path in document["paths"].values()
        for operation in path.values()
        for response in operation["responses"].values()
        for code in response.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }
    # an unknown route and a wrong method belong to no operation
    assert examples == set(KINDS) - {"route_unknown", "method_not_allowed"}


def test_every_problem_speaks_both_languages():
    assert all(kind.vi and kind.en and kind.vi != kind.en for kind in KINDS.values())
    assert all(re.fullmatch(r"[a-z_]+", kind.code) for kind in KINDS.values())


def test_the_documentation_names_every_rule_problem_route_scope_and_purpose(client):
    text = Path(__file__).parents[2].joinpath("docs", "registry-api.md").read_text(encoding="utf-8")
    for rule in RULES:
        assert f"| `{rule.name}` | {rule.means} |" in text
    for kind in KINDS.values():
        assert f"| `{kind.code}` | {kind.status} | {'yes' if kind.retryable else 'no'} | {kind.en} |" in text
    paths = client.get("/openapi.json").json()["paths"]
    for path in paths:
        assert path.replace("{job_id}", "{id}") in text
    assert all(f"`{purpose}`" in text for purpose in PURPOSES)
    assert all(f"| {scope} " in text for scope in SCOPES)

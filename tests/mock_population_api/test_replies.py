"""Request IDs: the same one is answered again from memory."""

import uuid

import pytest

from mock_population_api.problems import KINDS, Problem
from mock_population_api.replies import KEPT, Replies, Reply

ANSWER = Reply(200, "application/json", b"{}" * 2000)


def code_of(replies, *question):
    with pytest.raises(Problem) as problem:
        replies.begin(*question)
    return problem.value.kind.code


def test_the_first_is_done_the_second_answered(watch):
    replies = Replies(watch)
    assert replies.begin("sync", "1", b"a") is None
    assert code_of(replies, "sync", "1", b"a") == "request_in_flight"
    replies.keep("sync", "1", ANSWER)
    assert replies.begin("sync", "1", b"a") == ANSWER
    assert code_of(replies, "sync", "1", b"b") == "request_id_reused"
    assert replies.begin("other", "1", b"b") is None


def test_what_failed_may_be_tried_again(watch):
    replies = Replies(watch)
    replies.begin("sync", "1", b"a")
    replies.drop("sync", "1")
    assert replies.begin("sync", "1", b"a") is None


def test_an_answer_is_forgotten_after_a_day(watch):
    replies = Replies(watch)
    replies.begin("sync", "1", b"a")
    replies.keep("sync", "1", ANSWER)
    watch.moment += KEPT
    assert replies.begin("sync", "1", b"b") is None


def test_the_oldest_are_forgotten_before_memory_runs_out(watch):
    replies = Replies(watch, most_bytes=1500)
    for name in "abc":
        replies.begin("sync", name, b"")
        replies.keep("sync", name, ANSWER)
    assert replies.begin("sync", "a", b"") is None
    assert replies.begin("sync", "c", b"") == ANSWER


def test_a_request_sent_twice_is_answered_alike_and_audited_once(client, hand_made):
    headers = {"X-Request-ID": str(uuid.uuid4())}
    first, again = (
        client.post("/v1/lookup", json={"numbers": [hand_made.LAN]}, headers=headers) for _ in range(2)
    )
    assert first.content == again.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(client.get("/v1/audit", params={"subject": hand_made.LAN}).json()["lines"]) == 1


@pytest.mark.parametrize("change", [{"json": {"numbers": ["1"]}}, {"officer": "officer-8"}])
def test_the_same_id_for_something_else_is_refused(client, hand_made, change):
    headers = {"X-Request-ID": str(uuid.uuid4())}
    body = {"numbers": [hand_made.LAN]}
    client.post("/v1/lookup", json=body, headers=headers)
    more = {"X-Officer": change["officer"]} if "officer" in change else {}
    answer = client.post("/v1/lookup", json=change.get("json", body), headers=headers | more)
    assert (answer.status_code, answer.json()["code"]) == (
        KINDS["request_id_reused"].status,
        "request_id_reused",
    )


def test_a_refused_request_is_not_remembered(client, hand_made):
    headers = {"X-Request-ID": str(uuid.uuid4())}
    assert client.post("/v1/lookup", json={"numbers": [1]}, headers=headers).status_code == 422
    assert client.post("/v1/lookup", json={"numbers": ["1"]}, headers=headers).status_code == 200

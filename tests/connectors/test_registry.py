"""RegistryClient: what it returns, what it insists on, what it refuses, what must not be seen; no sleep. The people are made up."""

import json
import logging
import socket
import threading
import traceback
from datetime import date

import httpx2
import pyarrow as pa
import pytest

from connectors.errors import ConnectorError, RegistryNonsense, RegistryRefused, RegistryUnreachable
from connectors.registry import RegistryClient
from connectors.registry_messages import Identity
from connectors.registry_patience import Limits
from matching.schemas import FOUND, RELATIVES, TRACE_QUERY, TRACED

from .fake_registry import (
    CREDENTIALS,
    IDENTITY,
    JSON,
    NAME,
    Registry,
    connected,
    entry,
    number,
    numbers,
    ok,
    problem,
    queries,
)

# what it returns


def test_facts(client):
    facts = client.facts()
    assert (facts.entries, facts.as_of, facts.source) == (7, "2026-01-01T00:00:00Z", "mock")


def test_lookup_returns_found_and_asks_each_number_once(client, registry):
    found = client.lookup(pa.array([number(1), None, "999999999999", number(1)]))
    assert found.schema == FOUND
    assert found["asked"].to_pylist() == [number(1)]
    assert found["found_by"].to_pylist() == ["current"]
    assert found["birth_date"].to_pylist() == [date(2011, 9, 5)]
    assert json.loads(registry.asked("/v1/lookup")[0].content) == {"numbers": [number(1), "999999999999"]}


def test_nothing_asked_is_an_empty_table_and_no_request(client, registry):
    assert client.lookup(pa.array([], pa.string())).schema == FOUND
    assert list(client.trace(TRACE_QUERY.empty_table())) == []
    assert client.relatives(pa.array([None], pa.string())).schema == RELATIVES
    assert registry.seen == []


def test_trace_yields_candidates_in_rank_order(client):
    (traced,) = client.trace(queries("s-1", "s-2"))
    assert traced.schema == TRACED
    assert traced.select(["ref", "rank", "more"]).to_pydict() == {
        "ref": ["s-1", "s-1", "s-2", "s-2"],
        "rank": [1, 2, 1, 2],
        "more": [False] * 4,
    }


def test_trace_wants_a_ref_for_every_query(client):
    with pytest.raises(ValueError, match="ref of its own"):
        client.trace(queries("s-1", "s-1"))


def test_relatives(client):
    relatives = client.relatives(pa.array([number(9)]))
    assert relatives.schema == RELATIVES
    assert relatives["relation"].to_pylist() == ["mother", "child", "child"]


def test_numbers_must_be_text(client):
    with pytest.raises(TypeError, match="zeros"):
        client.lookup(pa.array([1099000001]))


def test_batches_go_out_concurrently_and_come_back_in_order(registry, time):
    barrier = threading.Barrier(3, timeout=20)

    class Slow(Registry):
        def __call__(self, request):
            if request.url.path == "/v1/lookup":
                barrier.wait()
            return super().__call__(request)

    seen = []
    with connected(Slow(), time) as http:
        client = RegistryClient(http, CREDENTIALS, IDENTITY, Limits(batch=2, workers=3), clock=time.clock())
        found = client.lookup(numbers(6), progress=lambda done, total: seen.append((done, total)))
    assert found["asked"].to_pylist() == numbers(6).to_pylist()
    assert seen == [(2, 6), (4, 6), (6, 6)]


# insisting


PASSING = {
    "500": problem(500),
    "503": problem(503),
    "408": problem(408),
    "425": problem(425),
    "429": problem(429),
    "gateway": httpx2.Response(502, text="<html>"),
    "in flight": problem(409, "in_flight", retryable=True),
    "refused connection": httpx2.ConnectError(NAME),
    "timeout": httpx2.ReadTimeout(NAME),
    "reset": httpx2.RemoteProtocolError(NAME),
    "bad gzip": httpx2.DecodingError(NAME),
    "cut off": httpx2.Response(200, content=b'{"as_of": "2026", "resu', headers=JSON),
    "no object": httpx2.Response(200, json=[1]),
    "another page": httpx2.Response(200, html="<p>please sign in</p>"),
    "too deep": httpx2.Response(200, content=b"[" * 100_000, headers=JSON),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_passing_trouble_is_retried_under_the_same_request_id(client, registry, time, fault):
    registry.faults["/v1/lookup"] = [fault, fault]
    assert client.lookup(numbers(1)).num_rows == 1
    asked = registry.asked("/v1/lookup")
    assert len(asked) == 3
    assert len({request.headers["x-request-id"] for request in asked}) == 1
    assert time.waits == [0.5, 1.0]


def test_requests_have_ids_of_their_own(client, registry):
    client.lookup(numbers(1))
    client.lookup(numbers(1))
    assert len({request.headers["x-request-id"] for request in registry.asked("/v1/lookup")}) == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        (
            {"retry-after": "Thu, 01 Jan 2026 00:00:30 GMT", "date": "Thu, 01 Jan 2026 00:00:00 GMT"},
            30,
        ),
    ],
)
def test_retry_after_is_honoured(client, registry, time, headers, seconds):
    registry.faults["/v1/lookup"] = [problem(429, "too_many", **headers)]
    client.lookup(numbers(1))
    assert seconds <= sum(time.waits) <= seconds + 1


def test_the_announced_limit_is_kept(client, registry, time):
    def last_one(reply):
        reply.headers["RateLimit"] = '"burst";r=0;t=9, "day";r=500;t=5000'
        return reply

    registry.faults["/v1/lookup"] = [last_one]
    client.lookup(numbers(1))
    client.lookup(numbers(1))
    assert time.waits == [9.0]


def test_a_used_up_daily_quota_stops_the_run_at_once(client, registry, time):
    registry.faults["/v1/lookup"] = [problem(429, "quota", **{"retry-after": "40000"})]
    with pytest.raises(RegistryUnreachable) as caught:
        client.lookup(numbers(1))
    assert caught.value.url == "https://registry.test/v1/lookup"
    assert time.waits == []


def test_nonsense_to_the_end_is_said_so(client, registry):
    registry.faults["/v1/lookup"] = [httpx2.Response(200, html=NAME)] * 50
    with pytest.raises(RegistryNonsense, match="POST /v1/lookup: content type"):
        client.lookup(numbers(1))


def test_an_answer_that_drips_too_slowly_is_given_up(client, registry, time):
    class Drip(httpx2.SyncByteStream):
        def __iter__(self):
            for _ in range(1000):
                time.now += 10
                yield b" "

    registry.faults["/v1/lookup"] = [httpx2.Response(200, stream=Drip(), headers=JSON)]
    with pytest.raises(RegistryUnreachable):
        client.lookup(numbers(1))
    assert time.now < 1400


def test_an_endless_answer_is_given_up(registry, time):
    class Endless(httpx2.SyncByteStream):
        def __iter__(self):
            while True:
                yield b" " * 1000

    registry.faults["/v1/info"] = [httpx2.Response(200, stream=Endless())]
    with connected(registry, time) as http:
        client = RegistryClient(http, CREDENTIALS, IDENTITY, Limits(answer_bytes=10_000), clock=time.clock())
        assert client.facts().entries == 7


def test_connection_refused_is_unreachable(client, registry, time):
    registry.faults["/oauth/token"] = [httpx2.ConnectError("refused")] * 50
    with pytest.raises(RegistryUnreachable) as caught:
        client.facts()
    assert caught.value.attempts == 6
    assert sum(time.waits) < 30


def test_an_open_breaker_stops_everybody_until_it_has_rested(client, registry, time):
    registry.faults["/v1/info"] = [problem(503)] * 10
    with pytest.raises(RegistryUnreachable):
        client.facts()
    knocks = len(registry.seen)
    with pytest.raises(RegistryUnreachable):
        client.lookup(numbers(1))
    assert len(registry.seen) == knocks
    time.now += 60
    assert client.lookup(numbers(1)).num_rows == 1


def test_retries_beyond_the_budget_wait(registry, time):
    """Two in five requests fail, far over the budget of a fifth: slower, but nothing is lost."""
    registry.faults["/v1/lookup"] = [problem(503), problem(503), None] * 100
    limits = Limits(batch=1, workers=1, bulk_from=1000)
    with connected(registry, time) as http:
        client = RegistryClient(http, CREDENTIALS, IDENTITY, limits, clock=time.clock())
        assert client.lookup(numbers(100)).num_rows == 100
    assert len(registry.asked("/v1/lookup")) == 300
    assert sum(time.waits) > (200 - 20 - 10) / limits.retries_per_second * 0.9


# over a real socket


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        yield listener


def over_tcp(listener, time):
    http = httpx2.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", trust_env=False)
    return RegistryClient(http, CREDENTIALS, IDENTITY, Limits(attempts=4), clock=time.clock()), http


def test_nobody_listens(listener, time):
    client, http = over_tcp(listener, time)
    listener.close()
    with http, pytest.raises(RegistryUnreachable) as caught:
        client.facts()
    assert caught.value.attempts == 4


def test_connections_cut_in_the_middle_of_an_answer(listener, time):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
    bodies = [
        b'{"access_token": "t", "expires_in": 900}',
        b'{"entries": 7, "as_of": "2026", "source": "mock"}',
    ]

    def serve():
        for body, sent in ((bodies[0], 5), (bodies[0], 99), (bodies[1], -1), (bodies[1], 0), (bodies[1], 99)):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                if sent >= 0:
                    connection.sendall(head + str(len(body)).encode() + b"\r\n\r\n" + body[:sent])

    server = threading.Thread(target=serve)
    server.start()
    client, http = over_tcp(listener, time)
    with http:
        assert client.facts().entries == 7
    server.join()


# tokens and refusals


def test_an_expired_token_is_renewed_once(client, registry):
    client.facts()
    registry.tokens += 1
    assert client.lookup(numbers(1)).num_rows == 1
    assert [request.url.path for request in registry.seen[-3:]] == [
        "/v1/lookup",
        "/oauth/token",
        "/v1/lookup",
    ]
    assert registry.seen[-1].headers["x-request-id"] == registry.seen[-3].headers["x-request-id"]


def test_a_token_is_renewed_before_it_expires(client, registry, time):
    client.facts()
    time.now += 839
    client.facts()
    assert registry.tokens == 1
    time.now += 2
    client.facts()
    assert registry.tokens == 2


def test_a_token_refused_twice_is_a_refusal(client, registry):
    registry.faults["/v1/info"] = [problem(401, "token_revoked")] * 2
    with pytest.raises(RegistryRefused) as caught:
        client.facts()
    assert (caught.value.status, caught.value.code) == (401, "token_revoked")


@pytest.mark.parametrize("reply", [{}, {"access_token": "a b"}, {"access_token": "a", "expires_in": "soon"}])
def test_a_token_that_is_none(client, registry, reply):
    registry.faults["/oauth/token"] = [httpx2.Response(200, json=reply)] * 50
    with pytest.raises(RegistryNonsense, match="POST /oauth/token"):
        client.facts()


@pytest.mark.parametrize("status", [301, 400, 403, 404, 409])
def test_other_refusals_are_not_retried_and_redirects_not_followed(client, registry, status):
    registry.faults["/v1/info"] = [problem(status, location="https://elsewhere.test/")]
    with pytest.raises(RegistryRefused) as caught:
        client.facts()
    assert caught.value.status == status
    assert len(registry.asked("/v1/info")) == 1


def test_a_code_that_may_hold_a_person_is_not_repeated(client, registry):
    registry.faults["/v1/info"] = [problem(403, "no:001099000001")]
    with pytest.raises(RegistryRefused, match="403 unknown"):
        client.facts()


def test_identity_must_fit_into_a_header():
    with pytest.raises(ValueError, match="officer"):
        Identity("link", "MOET", "Nguyễn\r\nX-Evil: 1")


# questions that the registry stumbles over


def test_a_bad_question_is_isolated_and_the_rest_answered(client, registry):
    registry.refuses = {number(13), number(800)}
    found = client.lookup(numbers(1000))
    assert found.num_rows == 998
    rejects = client.take_rejects().to_pylist()
    assert [(r["table"], r["row"], r["column"], r["reason"]) for r in rejects] == [
        ("lookup", 14, "number", "refused_422_not_a_number"),
        ("lookup", 801, "number", "refused_422_not_a_number"),
    ]
    assert len(registry.asked("/v1/lookup")) < 45
    assert client.take_rejects().num_rows == 0


def test_half_a_batch_bad(client, registry):
    registry.refuses = set(numbers(20).to_pylist()[::2])
    assert client.lookup(numbers(20)).num_rows == 10
    assert client.take_rejects()["row"].to_pylist() == list(range(1, 20, 2))


def test_when_every_question_is_refused_it_is_not_the_questions(client, registry):
    registry.refuses = set(numbers(1000).to_pylist())
    with pytest.raises(RegistryRefused):
        client.lookup(numbers(1000))
    assert len(registry.asked("/v1/lookup")) < 60


def test_what_cannot_be_a_number_is_rejected_unasked(client, registry):
    assert client.lookup(pa.array(["12", number(1), NAME, number(2) + "\n"])).num_rows == 1
    assert client.take_rejects()["row"].to_pylist() == [1, 3, 4]


def test_a_rejected_query_is_named_by_its_ref(client, registry):
    registry.faults["/v1/trace"] = [problem(400, "bad_query")]
    assert [table.num_rows for table in client.trace(queries("s-1"))] == [0]
    assert client.take_rejects().to_pylist() == [
        {"table": "trace", "row": 1, "record_id": "s-1", "column": None, "reason": "refused_400_bad_query"}
    ]


def test_an_answer_in_unknown_words_is_no_answer(client, registry):
    registry.faults["/v1/lookup"] = [
        ok([{"number": number(1), "found": "merged", "entries": [entry(number(2))]}])
    ]
    assert client.lookup(pa.array([number(1)])).num_rows == 0
    assert client.take_rejects()["reason"].to_pylist() == ["answer_not_understood"]


# what must not be seen


@pytest.mark.parametrize(
    "fault",
    [
        httpx2.Response(
            200,
            json={
                "as_of": "x",
                "results": [
                    {"number": number(1), "found": "current", "entries": [entry(number(1), gender=7)]}
                ],
            },
        ),
        httpx2.Response(200, text=NAME),
        httpx2.Response(200, content=b'{"as_of": "' + NAME.encode(), headers=JSON),
        httpx2.ConnectError(f"{NAME} {number(1)}"),
        problem(403, NAME),
        problem(422, NAME),
        problem(500, NAME),
    ],
)
def test_nobody_stands_in_errors_logs_or_urls(client, registry, caplog, fault):
    caplog.set_level(logging.DEBUG)
    registry.faults["/v1/lookup"] = [fault] * 50
    errors = []
    try:
        client.lookup(pa.array([number(1)]))
    except ConnectorError as error:
        errors.append(error)
    assert [error.__context__ for error in errors] == [None] * len(errors)
    said = "".join(line for error in errors for line in [*traceback.format_exception(error), repr(error)])
    said += caplog.text + "".join(str(request.url) for request in registry.seen)
    said += str(client.take_rejects().to_pylist())
    for secret in ("CANARY", "001099", "2011", "a secret"):
        assert secret not in said

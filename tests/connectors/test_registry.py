"""RegistryClient against a registry of twenty lines that fails on demand; no socket, no sleep.

The people are made up.
"""

import hashlib
import json
import logging
import socket
import threading
import traceback
from collections import defaultdict
from datetime import date
from random import Random
from urllib.parse import parse_qs

import httpx2
import pyarrow as pa
import pytest

from connectors.errors import ConnectorError, RegistryNonsense, RegistryRefused, RegistryUnreachable
from connectors.registry import RegistryClient
from connectors.registry_messages import Credentials, Identity
from connectors.registry_operations import LOOKUP, with_positions
from connectors.registry_patience import Clock, Limits
from matching.schemas import FOUND, RELATIVES, TRACE_QUERY, TRACED

NAME = "NGUYỄN THỊ CANARY"
CREDENTIALS = Credentials("sync", "a secret", "lookup trace bulk")
IDENTITY = Identity("link-education", "MOET", "o-17")
JSON = {"content-type": "application/json"}
ARROW = {"content-type": "application/vnd.apache.arrow.stream"}


def entry(number, **changes):
    return {
        "personal_id": number,
        "full_name": NAME,
        "birth_date": "2011-09-05",
        "birth_precision": "day",
        "gender": "F",
        "birth_province": "001",
        "residence_province": "01",
        "residence_commune": "00004",
        "father_id": None,
        "mother_id": None,
        "former_ids": [],
        "superseded_ids": [],
        "status": "alive",
        "father_name": None,
        "mother_name": "TRẦN THỊ CANARY",
        **changes,
    }


def number(place):
    return f"0010990{place:05d}"


def problem(status, code="refused", *, retryable=False, **headers):
    body = {"code": code, "retryable": retryable, "detail": NAME}
    return httpx2.Response(status, json=body, headers={"content-type": "application/problem+json", **headers})


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self):
        self.now = 1000.0
        self.waits = []
        self._lock = threading.Lock()

    def sleep(self, seconds):
        with self._lock:
            self.now += seconds
            self.waits.append(seconds)

    def clock(self):
        return Clock(now=lambda: self.now, sleep=self.sleep, chance=lambda: 1.0)


class Registry:
    """Knows every number that begins with 001; `faults[route]` are served first, in their order."""

    def __init__(self):
        self.faults = defaultdict(list)
        self.seen = []
        self.refuses = set()
        self.jobs = {}
        self.tokens = 0
        self._lock = threading.Lock()

    def __call__(self, request):
        with self._lock:
            self.seen.append(request)
            route = "result" if request.url.path.endswith("/result") else request.url.path
            route = "poll" if route.startswith("/v1/jobs/") else route
            fault = self.faults[route].pop(0) if self.faults[route] else None
            if isinstance(fault, Exception):
                raise fault
            if callable(fault):
                return fault(self.answer(route, request))
            return fault if fault is not None else self.answer(route, request)

    def answer(self, route, request):
        if route == "/oauth/token":
            assert parse_qs(request.content.decode())["client_secret"] == ["a secret"]
            self.tokens += 1
            return httpx2.Response(
                200, json={"access_token": f"t{self.tokens}", "expires_in": 900, "token_type": "bearer"}
            )
        if request.headers.get("authorization") != f"Bearer t{self.tokens}":
            return problem(401, "token_expired")
        assert request.headers["x-request-id"]
        assert request.headers["x-purpose"] == "link-education"
        routes = {"/v1/jobs": self.job, "poll": self.poll, "result": self.result}
        routes |= {"/v1/info": self.info, "/v1/lookup": self.lookup, "/v1/trace": self.trace}
        return (routes | {"/v1/relatives": self.relatives})[route](request)

    def info(self, _):
        return httpx2.Response(200, json={"entries": 7, "as_of": "2026-01-01T00:00:00Z", "source": "mock"})

    def lookup(self, request):
        numbers = json.loads(request.content)["numbers"]
        assert 0 < len(numbers) <= 1000
        if self.refuses & set(numbers):
            return problem(422, "not_a_number")
        results = [
            {"number": n, "found": "current", "entries": [entry(n)]}
            if n.startswith("001")
            else {"number": n, "found": "none", "entries": []}
            for n in numbers
        ]
        return ok(results)

    def trace(self, request):
        queries = json.loads(request.content)["queries"]
        candidates = [{"rank": rank, "entry": entry(number(rank))} for rank in (1, 2)]
        return ok([{"ref": q["ref"], "more": False, "candidates": candidates} for q in queries])

    def relatives(self, request):
        numbers = json.loads(request.content)["numbers"]
        return ok(
            [
                {"number": n, "father": None, "mother": entry(number(1)), "children": [entry(number(2))] * 2}
                for n in numbers
            ]
        )

    def job(self, request):
        key = request.headers["idempotency-key"]
        if key not in self.jobs:
            asked = pa.ipc.open_stream(request.content).read_all()
            numbers = [n for n in asked["number"].to_pylist() if n.startswith("001")]
            born = date(2011, 9, 5)
            rows = [{"asked": n, "found_by": "current", **entry(n, birth_date=born)} for n in numbers]
            self.jobs[key] = stream(pa.Table.from_pylist(rows, schema=FOUND))
        return httpx2.Response(202, json={"job_id": key})

    def poll(self, request):
        body = self.jobs[request.url.path.split("/")[3]]
        rows = pa.ipc.open_stream(body).read_all().num_rows
        return httpx2.Response(
            200, json={"state": "done", "rows": rows, "sha256": hashlib.sha256(body).hexdigest()}
        )

    def result(self, request):
        body = self.jobs[request.url.path.split("/")[3]]
        first, last = (int(text) for text in request.headers["range"].removeprefix("bytes=").split("-"))
        last = min(last, len(body) - 1)
        return httpx2.Response(
            206,
            content=body[first : last + 1],
            headers={**ARROW, "content-range": f"bytes {first}-{last}/{len(body)}"},
        )

    def asked(self, route):
        return [request for request in self.seen if request.url.path == route]


def ok(results):
    return httpx2.Response(200, json={"as_of": "2026-01-01T00:00:00Z", "results": results, "new": 1})


def stream(table):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


@pytest.fixture
def registry():
    return Registry()


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def client(registry, time):
    with connected(registry, time) as http:
        limits = Limits(workers=1, bulk_from=10_000)
        yield RegistryClient(http, CREDENTIALS, IDENTITY, limits, clock=time.clock())


def connected(registry, time):
    return httpx2.Client(base_url="https://registry.test", transport=httpx2.MockTransport(registry))


def numbers(count):
    return pa.array([number(place) for place in range(count)])


def queries(*refs):
    return pa.Table.from_pylist([{"ref": ref, "full_name": NAME} for ref in refs], schema=TRACE_QUERY)


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


# bulk jobs


@pytest.fixture
def bulk(registry, time):
    limits = Limits(workers=1, batch=2, bulk_from=5, job_rows=10, slice_bytes=1000)
    with connected(registry, time) as http:
        yield RegistryClient(http, CREDENTIALS, IDENTITY, limits, run="run-1", clock=time.clock())


def test_many_questions_go_as_jobs_and_come_in_slices(bulk, registry):
    seen = []
    found = bulk.lookup(numbers(15), progress=lambda done, total: seen.append((done, total)))
    assert found["asked"].to_pylist() == numbers(15).to_pylist()
    assert found.schema == FOUND
    assert len(registry.jobs) == 2
    assert len([r for r in registry.seen if r.url.path.endswith("/result")]) > 5
    assert registry.asked("/v1/lookup") == []
    assert seen == [(10, 15), (15, 15)]


def test_the_registry_waits_are_polled(bulk, registry, time):
    states = [{"state": "queued"}, {"state": "running", "rows": None}, {"state": "a new word"}]
    registry.faults["poll"] = [httpx2.Response(200, json=state) for state in states]
    assert bulk.lookup(numbers(5)).num_rows == 5
    assert time.waits == [0.5, 0.75, 1.125]


def test_a_job_that_is_never_done_is_unreachable(bulk, registry, time):
    registry.faults["poll"] = [httpx2.Response(200, json={"state": "running"})] * 1000
    with pytest.raises(RegistryUnreachable):
        bulk.lookup(numbers(5))
    assert time.now <= 1000 + 3600


def test_work_done_but_answer_lost_makes_one_job(bulk, registry):
    def lost(_):
        raise httpx2.ReadError("lost")

    registry.faults["/v1/jobs"] = [lost, lost]
    assert bulk.lookup(numbers(5)).num_rows == 5
    assert len(registry.jobs) == 1


def test_a_run_started_again_finds_its_jobs(registry, time):
    def client(http, run):
        return RegistryClient(http, CREDENTIALS, IDENTITY, Limits(bulk_from=1), run=run, clock=time.clock())

    with connected(registry, time) as http:
        client(http, "run-1").lookup(numbers(5))
        client(http, "run-1").lookup(numbers(5))
        assert len(registry.jobs) == 1
        client(http, "run-2").lookup(numbers(5))
        client(http, "").lookup(numbers(5))
        client(http, "").lookup(numbers(5))
        assert len(registry.jobs) == 4


def telling(reply):
    """A result that says itself what its manifest says."""
    body = reply.content
    rows = pa.ipc.open_stream(body).read_all().num_rows
    more = {"etag": f'"{hashlib.sha256(body).hexdigest()}"', "x-row-count": str(rows)}
    return httpx2.Response(206, content=reply.content, headers={**reply.headers, **more})


def polls(registry):
    return [r for r in registry.seen if r.method == "GET" and r.url.path.count("/") == 3]


NO_ANSWER = [
    problem(503),
    problem(429, **{"retry-after": "1"}),
    httpx2.ReadError("reset"),
    httpx2.Response(200),
]


@pytest.mark.parametrize("fault", NO_ANSWER)
def test_a_state_that_is_not_told_costs_no_call_more(registry, time, fault):
    registry.faults["poll"] = [fault]
    registry.faults["result"] = [telling]
    with connected(registry, time) as http:
        client = RegistryClient(http, CREDENTIALS, IDENTITY, Limits(bulk_from=1), clock=time.clock())
        assert client.lookup(numbers(5)).num_rows == 5
    assert len(polls(registry)) == len([r for r in registry.seen if r.url.path.endswith("/result")]) == 1


@pytest.mark.parametrize("early", [problem(409, "job_unfinished", retryable=True), None])
def test_a_result_that_is_not_there_or_says_nothing_of_itself_is_waited_for(bulk, registry, time, early):
    registry.faults["poll"] = [problem(503), httpx2.Response(200, json={"state": "running"})]
    registry.faults["result"] = [early] if early else []
    assert bulk.lookup(numbers(5)).num_rows == 5
    assert len(polls(registry)) == 3
    assert time.waits == [0.5, 0.75]


def test_a_registry_that_holds_the_question_is_asked_again_at_once(bulk, registry, time):
    def held(_):
        time.now += 5
        return httpx2.Response(200, json={"state": "running"})

    registry.faults["poll"] = [held] * 3
    assert bulk.lookup(numbers(5)).num_rows == 5
    assert {request.headers["prefer"] for request in polls(registry)} == {"wait=5"}
    assert set(time.waits) == {0.0}


def test_the_registry_is_at_work_on_the_next_job_while_one_is_read(bulk, registry):
    parts = bulk._answers(LOOKUP, with_positions(pa.table({"number": numbers(25)})), None)
    next(parts)
    assert len(registry.jobs) == 2
    assert len(polls(registry)) == 1
    assert sum(part.num_rows for part in parts) + 10 == 25
    assert len(registry.jobs) == 3


def test_a_slice_cut_off_is_fetched_again(bulk, registry):
    def cut(reply):
        return httpx2.Response(
            206,
            content=reply.content[:-10],
            headers={**ARROW, "content-range": reply.headers["content-range"]},
        )

    registry.faults["result"] = [None, cut, httpx2.ReadError("gone")]
    assert bulk.lookup(numbers(5)).num_rows == 5


def test_a_registry_without_ranges(bulk, registry):
    def whole(_):
        return httpx2.Response(200, content=next(iter(registry.jobs.values())), headers=ARROW)

    registry.faults["result"] = [whole]
    assert bulk.lookup(numbers(5)).num_rows == 5
    assert len([r for r in registry.seen if r.url.path.endswith("/result")]) == 1


def flip(reply):
    return httpx2.Response(
        206, content=reply.content[::-1], headers={**ARROW, "content-range": reply.headers["content-range"]}
    )


def test_a_wrong_checksum_is_fetched_again(bulk, registry):
    registry.faults["result"] = [flip]
    assert bulk.lookup(numbers(5)).num_rows == 5


def test_a_checksum_wrong_twice_is_nonsense(bulk, registry):
    registry.faults["result"] = [flip] * 1000
    with pytest.raises(RegistryNonsense, match="SHA-256"):
        bulk.lookup(numbers(5))


@pytest.mark.parametrize("sent", [b"", b"no arrow", stream(FOUND.empty_table())[:-3]])
def test_a_result_that_is_no_arrow_stream(bulk, registry, sent):
    manifest = {"state": "done", "rows": 0, "sha256": hashlib.sha256(sent).hexdigest()}
    registry.faults["poll"] = [httpx2.Response(200, json=manifest)] * 2
    registry.faults["result"] = [httpx2.Response(200, content=sent, headers=ARROW)] * 2
    with pytest.raises(RegistryNonsense):
        bulk.lookup(numbers(5))


def test_a_wrong_row_count_is_nonsense(bulk, registry):
    def short(reply):
        return httpx2.Response(200, json={**reply.json(), "rows": 4})

    registry.faults["poll"] = [short]
    with pytest.raises(RegistryNonsense, match="row count"):
        bulk.lookup(numbers(5))


@pytest.mark.parametrize(
    "fields",
    [{"rows": None}, {"rows": -1}, {"rows": True}, {"sha256": None}, {"sha256": "../"}, {"state": 1}],
)
def test_a_manifest_of_another_form_is_nonsense(bulk, registry, fields):
    registry.faults["poll"] = [lambda reply: httpx2.Response(200, json=reply.json() | fields)]
    with pytest.raises(RegistryNonsense, match=f"GET /v1/jobs/{{id}}: field {next(iter(fields))}"):
        bulk.lookup(numbers(5))


def test_a_job_that_may_not_be_made_is_a_refusal(bulk, registry):
    registry.faults["/v1/jobs"] = [problem(403, "scope_missing")]
    with pytest.raises(RegistryRefused, match="403 scope_missing"):
        bulk.lookup(numbers(5))


@pytest.mark.parametrize("job", [{}, {"job_id": "../../oauth"}, {"job_id": 7}])
def test_a_job_id_that_cannot_stand_in_a_path(bulk, registry, job):
    registry.faults["/v1/jobs"] = [httpx2.Response(202, json=job)] * 50
    with pytest.raises(RegistryNonsense, match="job_id"):
        bulk.lookup(numbers(5))


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        ("/v1/jobs", problem(422, "bad_row")),
        ("poll", httpx2.Response(200, json={"state": "failed"})),
        ("poll", problem(404, "expired")),
        ("result", problem(410, "expired")),
    ],
)
def test_what_a_job_does_not_do_is_asked_in_batches(bulk, registry, route, fault):
    registry.faults[route] = [fault]
    registry.refuses = {number(3)}
    assert bulk.lookup(numbers(5)).num_rows == 4
    assert len(registry.asked("/v1/lookup")) >= 3
    assert bulk.take_rejects()["row"].to_pylist() == [4]


def test_a_job_too_large_is_halved(bulk, registry):
    registry.faults["/v1/jobs"] = [problem(413, "too_large")]
    assert bulk.lookup(numbers(10))["asked"].to_pylist() == numbers(10).to_pylist()
    assert len(registry.jobs) == 2


def test_a_stormy_night_makes_every_job_exactly_once(registry, time):
    """300 submits, 15 % told to slow down, 10 % unavailable, 15 % done with the answer lost."""
    chance = Random(20260101)

    def weather():
        def lost(_):
            raise httpx2.ReadError("lost")

        dice = chance.random()
        return problem(429) if dice < 0.15 else problem(503) if dice < 0.25 else lost if dice < 0.4 else None

    registry.faults["/v1/jobs"] = [weather() for _ in range(2000)]
    limits = Limits(bulk_from=1, job_rows=1, workers=1)
    with connected(registry, time) as http:
        client = RegistryClient(http, CREDENTIALS, IDENTITY, limits, clock=time.clock())
        assert client.lookup(numbers(300))["asked"].to_pylist() == numbers(300).to_pylist()
    assert len(registry.jobs) == 300
    assert 450 < len(registry.asked("/v1/jobs")) < 600


def test_faults_and_threads_change_nothing_in_the_answer(registry, time):
    chance = Random(7)
    weather = [None, None, None, problem(503), problem(429), httpx2.ReadTimeout("slow"), httpx2.Response(200)]
    registry.faults["/v1/lookup"] = chance.choices(weather, k=400)
    registry.refuses = {number(77)}
    limits = Limits(batch=10, workers=4, bulk_from=10_000)
    with connected(registry, time) as http:
        client = RegistryClient(http, CREDENTIALS, IDENTITY, limits, clock=time.clock())
        found = client.lookup(numbers(300))
    assert found["asked"].to_pylist() == [number(place) for place in range(300) if place != 77]
    assert client.take_rejects()["row"].to_pylist() == [78]


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

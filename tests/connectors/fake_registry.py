"""A registry of twenty lines that fails on demand, and a clock that nobody waits for; no socket. The people are made up."""

import hashlib
import json
import threading
from collections import defaultdict
from datetime import date
from urllib.parse import parse_qs

import httpx2
import pyarrow as pa

from connectors.registry_messages import Credentials, Identity
from connectors.registry_patience import Clock
from matching.schemas import FOUND, TRACE_QUERY, TRACED

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
            if request.url.params["operation"] == "trace":
                self.jobs[key] = stream(TRACED.empty_table())
                return httpx2.Response(202, json={"job_id": key})
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


def connected(registry, time):
    return httpx2.Client(base_url="https://registry.test", transport=httpx2.MockTransport(registry))


def numbers(count):
    return pa.array([number(place) for place in range(count)])


def queries(*refs):
    return pa.Table.from_pylist([{"ref": ref, "full_name": NAME} for ref in refs], schema=TRACE_QUERY)

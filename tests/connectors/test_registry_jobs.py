"""RegistryClient with bulk jobs: made once, polled, read in slices, whatever happens meanwhile; the people are made up."""

import hashlib
from random import Random

import httpx2
import pyarrow as pa
import pytest

from connectors.errors import RegistryNonsense, RegistryRefused, RegistryUnreachable
from connectors.registry import RegistryClient
from connectors.registry_operations import LOOKUP, with_positions
from connectors.registry_patience import Limits
from matching.schemas import FOUND

from .fake_registry import ARROW, CREDENTIALS, IDENTITY, connected, number, numbers, problem, queries, stream


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


def test_the_first_job_is_begun_before_its_answers_are_wanted(bulk, registry):
    answers = bulk.trace(queries(*map(str, range(25))))
    assert len(registry.jobs) == 1
    assert not [r for r in registry.seen if r.url.path.endswith("/result")]
    assert sum(part.num_rows for part in answers) == 0
    assert len(registry.jobs) == 3


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

"""Bulk jobs: upload, idempotency, result, expiry, restart, audit."""

import hashlib
import io
import json
import threading
import time
import uuid
from datetime import timedelta

import pyarrow as pa
import pytest

from mock_population_api.jobs import SCHEMAS, JobLimits
from mock_population_api.problems import KINDS, Problem
from mock_population_api.questions import ARROW, NDJSON
from mock_population_api.questions import SCHEMAS as QUESTIONS
from mock_population_api.schemas import FOUND, RELATIVES, TRACE_QUESTIONS, TRACED
from mock_population_api.security import Caller
from mock_population_api.shown import Shown


def stream(table):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def numbers(*values):
    return stream(pa.table({"number": pa.array(values, pa.string())}))


def upload(client, body, operation="lookup", key="key-1", kind=ARROW):
    headers = {"Content-Type": kind} | ({"Idempotency-Key": key} if key else {})
    return client.post(f"/v1/jobs?operation={operation}", content=body, headers=headers)


def finished(client, answer):
    assert answer.status_code == 202, answer.text
    job = answer.json()["job_id"]
    for _ in range(500):
        state = client.get(f"/v1/jobs/{job}").json()
        if state["state"] in {"done", "failed"}:
            return state
        time.sleep(0.01)
    raise AssertionError(state)


def result(client, state):
    return client.get(f"/v1/jobs/{state['job_id']}/result")


def refused(answer, code):
    assert (answer.status_code, answer.json()["code"]) == (KINDS[code].status, code)
    return answer.json()


def test_a_bulk_lookup_has_rows_only_for_numbers_found(client, hand_made):
    state = finished(client, upload(client, numbers(hand_made.LAN, "nothing", "271450009", hand_made.LAN)))
    body = result(client, state).content
    table = pa.ipc.open_stream(body).read_all()
    assert table.schema.equals(FOUND)
    assert table.column("asked").to_pylist() == [hand_made.LAN, "271450009", "271450009"]
    assert (state["rows"], state["sha256"]) == (3, hashlib.sha256(body).hexdigest())
    assert (state["state"], state["progress"]) == ("done", 1.0)


def test_the_bulk_trace_equals_the_single_trace(client, hand_made):
    queries = [
        {
            "ref": f"{place}-{length}",
            "full_name": row["full_name"],
            "birth_date": str(row["birth_date"])[:length],
        }
        for place, row in enumerate(hand_made.people)
        for length in (4, 7, 10)
    ]
    body = stream(pa.Table.from_pylist(queries, schema=TRACE_QUESTIONS))
    table = pa.ipc.open_stream(
        result(client, finished(client, upload(client, body, "trace"))).content
    ).read_all()
    assert table.schema.equals(TRACED)
    single = client.post("/v1/trace", json={"queries": queries}).json()["results"]
    expected = [
        {"ref": answer["ref"], "rank": candidate["rank"], "more": answer["more"], **candidate["entry"]}
        for answer in single
        for candidate in answer["candidates"]
    ]
    assert [row | {"birth_date": str(row["birth_date"])} for row in table.to_pylist()] == expected


def test_bulk_relatives_equal_the_single_ones(client, hand_made):
    asked = [hand_made.LAN, "001180999999", "012345678", hand_made.BINH, "nobody"]
    state = finished(client, upload(client, numbers(*asked), "relatives"))
    table = pa.ipc.open_stream(result(client, state).content).read_all()
    assert table.schema.equals(RELATIVES)
    expected = [
        {"asked": answer["number"], "relation": relation, **entry}
        for answer in client.post("/v1/relatives", json={"numbers": asked}).json()["results"]
        for relation, entry in [
            *((parent, answer[parent]) for parent in ("father", "mother") if answer[parent]),
            *(("child", child) for child in answer["children"]),
        ]
    ]
    assert [row | {"birth_date": str(row["birth_date"])} for row in table.to_pylist()] == expected
    lines = client.get("/v1/audit", params={"subject": hand_made.AN}).json()["lines"]
    assert "jobs/relatives" in {line["action"] for line in lines}


def test_a_question_for_the_state_is_held_until_the_job_is_finished(client, hand_made):
    jobs = client.app.state.service.jobs
    job, _ = jobs.reserve(_caller(), "lookup", "key-1")
    path = f"/v1/jobs/{job.job_id}"
    answer = client.get(path, headers={"Prefer": "respond-async, wait=0"})
    assert (answer.json()["state"], answer.headers["preference-applied"]) == ("queued", "wait=0")
    begins = threading.Timer(0.3, lambda: jobs.submit(job, pa.table({"number": [hand_made.LAN]}), "digest"))
    begins.start()
    answer = client.get(path, headers={"Prefer": "wait=100"})
    assert (answer.json()["state"], answer.headers["preference-applied"]) == ("done", "wait=5")
    assert "preference-applied" not in client.get(path).headers
    whole = result(client, answer.json())
    assert whole.headers["etag"] == f'"{answer.json()["sha256"]}"'
    assert whole.headers["x-row-count"] == "1"


def test_ndjson_does_as_well_and_columns_may_be_absent(client, hand_made):
    lines = [{"ref": "1", "full_name": "nguyen thi lan", "birth_date": "2011"}, {"ref": "2", "gender": "F"}]
    body = "\n".join(json.dumps(line) for line in lines).encode()
    state = finished(client, upload(client, body, "trace", kind=NDJSON))
    table = pa.ipc.open_stream(result(client, state).content).read_all()
    assert table.column("personal_id").to_pylist() == [hand_made.LAN]


def test_texts_may_come_in_any_arrow_form(client, hand_made):
    for kind in (pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())):
        body = stream(pa.table({"number": pa.array([hand_made.LAN], pa.string()).cast(kind)}))
        assert finished(client, upload(client, body, key=str(kind).split("<")[0]))["rows"] == 1


@pytest.mark.parametrize("operation", SCHEMAS)
def test_an_empty_job_has_an_empty_result(client, operation):
    asked = stream(QUESTIONS[operation].empty_table())
    state = finished(client, upload(client, asked, operation))
    assert state["rows"] == 0
    assert pa.ipc.open_stream(result(client, state).content).read_all().schema.equals(SCHEMAS[operation])


def test_the_result_can_be_fetched_in_parts(client, hand_made):
    state = finished(client, upload(client, numbers(hand_made.LAN, hand_made.AN)))
    whole = result(client, state)
    path = f"/v1/jobs/{state['job_id']}/result"
    parts, start = [], 0
    while start < len(whole.content):
        part = client.get(
            path, headers={"Range": f"bytes={start}-{start + 999}", "If-Range": whole.headers["etag"]}
        )
        assert part.status_code == 206
        parts.append(part.content)
        start += len(part.content)
    assert b"".join(parts) == whole.content
    assert client.get(path, headers={"Range": "bytes=-10"}).content == whole.content[-10:]
    for wrong in (f"bytes={len(whole.content)}-", "bytes=9-3", "lines=1-2", "bytes=-"):
        refused(client.get(path, headers={"Range": wrong}), "range_not_satisfiable")


def test_the_same_key_and_body_give_the_same_job(client, hand_made):
    first = upload(client, numbers(hand_made.LAN))
    again = upload(client, numbers(hand_made.LAN))
    finished(client, first)
    later = upload(client, numbers(hand_made.LAN))
    other = upload(client, numbers(hand_made.LAN), key="key-2")
    assert first.json() == again.json() == later.json() != other.json()


def test_the_same_key_with_another_body_or_operation_is_refused(client, hand_made):
    finished(client, upload(client, numbers(hand_made.LAN)))
    refused(upload(client, numbers(hand_made.AN)), "idempotency_key_reused")
    refused(upload(client, numbers(hand_made.LAN), "trace"), "idempotency_key_reused")


def test_a_key_is_required(client, hand_made):
    missing = refused(upload(client, numbers(hand_made.LAN), key=None), "header_missing")
    assert missing["errors"] == [{"header": "Idempotency-Key"}]
    refused(upload(client, numbers(hand_made.LAN), key="a key"), "header_invalid")


def test_a_key_is_taken_while_its_first_upload_is_under_way(client):
    jobs = client.app.state.service.jobs
    caller = Caller("sync", frozenset(), str(uuid.uuid4()), "link-education", "MOET", "officer-7")
    job, is_new = jobs.reserve(caller, "lookup", "key-1")
    assert is_new
    answer = upload(client, numbers("x"))
    refused(answer, "idempotency_in_flight")
    assert answer.headers["retry-after"] == "1"
    jobs.forget(job)
    assert finished(client, upload(client, numbers("x")))["state"] == "done"


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"not arrow", ARROW, "body_malformed"),
        (numbers("1" * 12)[:-60], ARROW, "body_malformed"),
        (stream(pa.table({"numbers": ["1"]})), ARROW, "body_malformed"),
        (stream(pa.table({"number": [1]})), ARROW, "question_invalid"),
        (numbers(None), ARROW, "question_invalid"),
        (numbers("1" * 201), ARROW, "question_invalid"),
        (numbers(*map(str, range(51))), ARROW, "batch_too_large"),
        (numbers("x" * 30_000), ARROW, "body_too_large"),
        (b'{"number": 1}', NDJSON, "body_malformed"),
        (b'{"number": "1"', NDJSON, "body_malformed"),
        (b"", NDJSON, "body_malformed"),
        (b"{}", "application/json", "content_type_unsupported"),
    ],
)
def test_a_refused_upload_leaves_its_key_free(client, hand_made, service_folder, body, kind, code):
    refused(upload(client, body, kind=kind), code)
    assert list((service_folder / "jobs").iterdir()) == []
    assert finished(client, upload(client, numbers(hand_made.LAN)))["rows"] == 1


def test_bad_questions_are_named_by_row(client):
    queries = [{"ref": "1"}, {"ref": "2", "birth_date": "2011-02-29"}, {"ref": None}]
    body = stream(pa.Table.from_pylist(queries, schema=TRACE_QUESTIONS))
    errors = refused(upload(client, body, "trace"), "question_invalid")["errors"]
    assert errors == [{"row": 1, "column": "birth_date"}, {"row": 2, "column": "ref"}]


def test_an_operation_must_be_one_of_three(client):
    refused(upload(client, numbers("x"), "verify"), "question_invalid")


def test_a_job_belongs_to_its_client(client, hand_made):
    state = finished(client, upload(client, numbers(hand_made.LAN)))
    hand_made.sign_in(client, "other")
    refused(client.get(f"/v1/jobs/{state['job_id']}"), "job_unknown")
    refused(result(client, state), "job_unknown")
    refused(client.get("/v1/jobs/none"), "job_unknown")


def test_only_so_many_jobs_may_wait(make_client, hand_made):
    with make_client(JobLimits(most_waiting=0)) as busy:
        hand_made.sign_in(busy)
        answer = upload(busy, numbers("x"))
        refused(answer, "queue_full")
        assert answer.headers["retry-after"] == "30"


def test_results_expire_and_free_their_key(make_client, hand_made, watch, service_folder):
    with make_client(JobLimits(kept=timedelta(minutes=5))) as client:
        hand_made.sign_in(client)
        first = finished(client, upload(client, numbers(hand_made.LAN)))
        watch.forward(minutes=6)
        refused(client.get(f"/v1/jobs/{first['job_id']}"), "result_expired")
        refused(result(client, first), "result_expired")
        assert list((service_folder / "jobs").iterdir()) == []
        assert finished(client, upload(client, numbers(hand_made.AN)))["job_id"] != first["job_id"]


def test_finished_jobs_survive_a_restart(make_client, hand_made):
    with make_client() as before:
        hand_made.sign_in(before)
        state = finished(before, upload(before, numbers(hand_made.LAN)))
        body = result(before, state).content
    with make_client() as after:
        hand_made.sign_in(after)
        assert after.get(f"/v1/jobs/{state['job_id']}").json() == state
        assert result(after, state).content == body
        assert upload(after, numbers(hand_made.LAN)).json()["job_id"] == state["job_id"]


def test_accepted_jobs_are_done_after_a_restart_and_half_uploads_forgotten(make_client, hand_made):
    with make_client() as before:
        hand_made.sign_in(before)
        before.app.state.service.jobs._stopping.set()
        waiting = upload(before, numbers(hand_made.LAN))
        refused(result(before, waiting.json()), "job_unfinished")
        caller = Caller("sync", frozenset(), str(uuid.uuid4()), "link-education", "MOET", "officer-7")
        before.app.state.service.jobs.reserve(caller, "lookup", "half")
    with make_client() as after:
        hand_made.sign_in(after)
        assert finished(after, waiting)["rows"] == 1
        assert finished(after, upload(after, numbers(hand_made.AN), key="half"))["rows"] == 1


@pytest.mark.parametrize("operation", ["lookup", "relatives"])
def test_a_job_that_meets_a_restricted_person_is_done_and_shows_nobody_of_them(
    make_client, hand_made, operation
):
    with make_client(restricted=frozenset([hand_made.MINH])) as client:
        hand_made.sign_in(client)
        state = finished(client, upload(client, numbers(hand_made.MINH, hand_made.LAN), operation))
        assert state["state"] == "done"
        shown = pa.ipc.open_stream(result(client, state).content).read_all()["personal_id"].to_pylist()
        assert hand_made.MINH not in shown
        assert (None in shown) == (operation == "lookup")
        assert client.get("/v1/audit", params={"subject": hand_made.MINH}).json()["lines"] == []
        told = next(one for one in shown if one)
        assert len(client.get("/v1/audit", params={"subject": told}).json()["lines"]) == 1


def test_a_trace_that_is_stopped_half_way_is_done_after_a_restart(make_client, hand_made, monkeypatch):
    rows = [{"ref": str(place), "full_name": "nguyen thi lan", "birth_date": "2011"} for place in range(6)]
    asked = stream(pa.Table.from_pylist(rows, schema=TRACE_QUESTIONS))
    monkeypatch.setattr("mock_population_api.jobs.PASS_ROWS", 2)
    noted = Shown.add
    with make_client() as before:
        hand_made.sign_in(before)
        jobs = before.app.state.service.jobs

        def add(shown, personal_ids):
            noted(shown, personal_ids)
            jobs._stopping.set()

        with monkeypatch.context() as stopping:
            stopping.setattr(Shown, "add", add)
            waiting = upload(before, asked, "trace")
            jobs._worker.join(30)
        assert not jobs._worker.is_alive()
        refused(result(before, waiting.json()), "job_unfinished")
    with make_client() as after:
        hand_made.sign_in(after)
        state = finished(after, waiting)
        table = pa.ipc.open_stream(result(after, state).content).read_all()
        assert table["ref"].to_pylist() == [row["ref"] for row in rows]
        assert set(table["personal_id"].to_pylist()) == {hand_made.LAN}


def test_a_job_that_fails_says_so_and_frees_its_key(client, hand_made, service_folder):
    service = client.app.state.service
    service.jobs._stopping.set()
    job, _ = service.jobs.reserve(_caller(), "lookup", "key-1")
    service.jobs.submit(job, pa.table({"number": ["x"]}), "digest")
    service.jobs._worker.join()
    (service_folder / "jobs" / job.job_id / "questions.arrow").write_bytes(b"spoilt on disk")
    service.jobs._worker = None
    service.jobs._stopping.clear()
    service.jobs.start()
    state = finished(client, _accepted(job))
    assert (state["state"], state["problem"]) == ("failed", "internal_error")
    refused(result(client, state), "job_failed")
    assert finished(client, upload(client, numbers(hand_made.LAN)))["state"] == "done"


class _accepted:  # noqa: N801
    """An answer as the route gives it."""

    status_code = 202

    def __init__(self, job):
        self._job = job

    def json(self):
        return {"job_id": self._job.job_id}


def _caller():
    return Caller("sync", frozenset(), str(uuid.uuid4()), "link-education", "MOET", "officer-7")


def test_everybody_in_a_result_is_in_the_audit_before_it_can_be_fetched(client, hand_made):
    finished(client, upload(client, numbers(hand_made.LAN, "271450009", "none")))
    for subject in (hand_made.LAN, hand_made.SHARED_A, hand_made.SHARED_B):
        lines = client.get("/v1/audit", params={"subject": subject}).json()["lines"]
        assert [(line["action"], line["officer"]) for line in lines] == [("jobs/lookup", "officer-7")]
    assert client.get("/v1/audit", params={"subject": hand_made.AN}).json()["lines"] == []


def test_files_of_jobs_and_audit_are_for_the_owner_only(client, hand_made, service_folder):
    finished(client, upload(client, numbers(hand_made.LAN)))
    kept = [
        file for file in service_folder.rglob("*") if file.is_file() and file.suffix in {".arrows", ".sqlite"}
    ]
    kept += (service_folder / "disclosures").iterdir()
    kept.append(service_folder / "audit.head")
    assert len(kept) == 6
    assert {oct(file.stat().st_mode & 0o077) for file in kept} == {"0o0"}


def test_a_problem_is_raised_for_a_job_nobody_has(client):
    with pytest.raises(Problem):
        client.app.state.service.jobs.get("sync", "x")

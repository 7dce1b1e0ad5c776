"""Requests meant to do harm: always a problem, never a failure of the service, never data, never a name in a log."""

import copy
import gzip
import io
import json
import logging
import shutil
import threading
import traceback
import uuid

import pyarrow as pa
import pytest

from mock_population_api.jobs import JobLimits
from mock_population_api.problems import KINDS
from mock_population_api.questions import ARROW, NDJSON

CANARY, NUMBER = "Nguyễn Canary Hoàng", "001311000013"
JSON = {"Content-Type": "application/json"}

BODIES = {
    "/v1/verify": {
        "questions": [
            {"ref": "1", "number": NUMBER, "full_name": CANARY, "birth_date": "2011-09-05", "gender": "F"}
        ]
    },
    "/v1/lookup": {"numbers": [NUMBER]},
    "/v1/trace": {
        "queries": [
            {
                "ref": "1",
                "full_name": CANARY,
                "birth_date": "2011-09-05",
                "gender": "F",
                "birth_province": "001",
                "residence_province": "01",
                "residence_commune": "00004",
            }
        ]
    },
    "/v1/relatives": {"numbers": [NUMBER]},
    "/v1/residence": {"numbers": [NUMBER]},
    "/v1/enrichments": {
        "facts": [
            {
                "ref": "1",
                "personal_id": NUMBER,
                "role": "student",
                "school_year": "2026-2027",
                "school_code": "01000101",
                "grade": "10",
                "stated_at": "2026-09-05T00:00:00Z",
            }
        ]
    },
}
OPTIONAL = {
    "full_name",
    "birth_date",
    "gender",
    "birth_province",
    "residence_province",
    "residence_commune",
    "grade",
}


@pytest.fixture(scope="module")
def running(built_store, hand_made, tmp_path_factory):
    folder = shutil.copytree(built_store, tmp_path_factory.mktemp("hostile") / "store")
    with hand_made.open_client(
        folder, hand_made.watch(), JobLimits(most_rows=50, most_bytes=100_000)
    ) as opened:
        yield opened


@pytest.fixture
def client(running, hand_made):
    running.headers.clear()
    hand_made.sign_in(running)
    return running


def harmless(answer, *codes):
    """A problem of the contract, that is no failure and repeats nothing."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code == KINDS[body["code"]].status
    assert not codes or body["code"] in codes
    assert "Canary" not in answer.text
    assert NUMBER not in answer.text


def fields():
    for path, body in BODIES.items():
        part = next(iter(body.values()))[0]
        yield from ((path, name) for name in (part if isinstance(part, dict) else ["numbers"]))


def with_field(path, name, value):
    body = copy.deepcopy(BODIES[path])
    rows = next(iter(body.values()))
    if isinstance(rows[0], dict):
        rows[0][name] = value
    else:
        rows[0] = value
    return body


@pytest.mark.parametrize(("path", "name"), list(fields()))
def test_each_field_missing_too_long_of_wrong_type_or_with_nul(client, path, name):
    wrong = ["x" * 201, 7, 1.5, True, [NUMBER], {"a": CANARY}, "\x00", f"{CANARY}\x00"]
    for value in wrong if name in OPTIONAL else [*wrong, None]:
        harmless(client.post(path, json=with_field(path, name, value)), "question_invalid")
    body = copy.deepcopy(BODIES[path])
    rows = next(iter(body.values()))
    if isinstance(rows[0], dict) and name not in OPTIONAL:
        del rows[0][name]
        harmless(client.post(path, json=body), "question_invalid")


@pytest.mark.parametrize("path", BODIES)
def test_each_route_of_json_meets_bodies_that_are_none(client, path):
    whole = json.dumps(BODIES[path], ensure_ascii=False).encode()
    deep = b"[" * 10_000 + b"]" * 10_000
    nested = b'{"queries":' * 10_000 + b"1" + b"}" * 10_000
    for body in (
        whole[:-2],
        whole.replace("ễ".encode(), b"\xff") if b"\xe1" in whole else b'{"a": "\xff"}',
        deep,
        nested,
        b"\x00",
        b"NaN",
    ):
        harmless(client.post(path, content=body, headers=JSON), "body_malformed", "question_invalid")
    harmless(client.post(path, content=b"{" + b" " * 10_000_000, headers=JSON), "body_too_large")
    harmless(client.post(path, content=iter([b" " * 1_000_000] * 10), headers=JSON), "body_too_large")
    bomb = gzip.compress(b" " * 50_000_000)
    harmless(
        client.post(path, content=bomb, headers=JSON | {"Content-Encoding": "gzip"}), "encoding_unsupported"
    )
    harmless(
        client.post(path, content=whole, headers={"Content-Type": "text/csv"}), "content_type_unsupported"
    )


def stream(table, **options):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue()


def upload(client, body, kind=ARROW, operation="lookup", **headers):
    headers = {"Content-Type": kind, "Idempotency-Key": str(uuid.uuid4())} | headers
    return client.post("/v1/jobs", params={"operation": operation}, content=body, headers=headers)


def views(text, times):
    one = pa.array([text], pa.string_view())
    return pa.Array.from_buffers(
        pa.string_view(), times, [None, pa.py_buffer(bytes(one.buffers()[1])[:16] * times), one.buffers()[2]]
    )


LONG = "x" * 5000
UPLOADS = {
    "columns of another question": (stream(pa.table({"ref": ["1"]})), "body_malformed"),
    "a column too many": (stream(pa.table({"number": ["1"], "name": [CANARY]})), "body_malformed"),
    "a column twice": (stream(pa.table([pa.array(["1"])] * 2, names=["number", "number"])), "body_malformed"),
    "numbers as numbers": (stream(pa.table({"number": [1311000013]})), "question_invalid"),
    "texts in a list": (stream(pa.table({"number": [["1"]]})), "question_invalid"),
    "no schema": (b"", "body_malformed"),
    "a Parquet file": (b"PAR1" * 100, "body_malformed"),
    "packed buffers": (
        stream(pa.table({"number": ["1" * 12] * 40}), compression="zstd"),
        "encoding_unsupported",
    ),
    "a packed dictionary": (
        stream(pa.table({"number": pa.array(["1" * 12] * 40).dictionary_encode()}), compression="lz4"),
        "encoding_unsupported",
    ),
    "one long text of many views": (stream(pa.table({"number": views(LONG, 49)})), "question_invalid"),
    "one long text of a dictionary": (
        stream(pa.table({"number": pa.DictionaryArray.from_arrays(pa.array([0] * 49), pa.array([LONG]))})),
        "question_invalid",
    ),
    "rows without buffers": (
        stream(pa.table({"number": pa.Array.from_buffers(pa.null(), 2**31 - 1, [None])})),
        "batch_too_large",
    ),
    "a NUL": (stream(pa.table({"number": ["1\x00"]})), "question_invalid"),
    "texts that are no UTF-8": (
        stream(pa.table({"number": pa.array([b"\xff\xfe"], pa.binary()).view(pa.string())})),
        "body_malformed",
    ),
}


@pytest.mark.parametrize("name", UPLOADS)
def test_an_upload_that_is_not_what_it_says(client, name):
    body, code = UPLOADS[name]
    harmless(upload(client, body), code)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_an_upload_that_breaks_off(client, share):
    body = stream(pa.table({"number": [NUMBER] * 20}))
    harmless(upload(client, body[: int(len(body) * share)]), "body_malformed")


@pytest.mark.parametrize("seed", range(60))
def test_an_upload_with_a_byte_turned_does_not_fail(client, seed):
    body = bytearray(stream(pa.table({"number": [NUMBER] * 20})))
    place = seed * len(body) // 60
    body[place] ^= 0xFF
    answer = upload(client, bytes(body))
    assert answer.status_code in {202, 400, 413, 415, 422}, answer.text


@pytest.mark.parametrize(
    "body",
    [
        b'{"number": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"number": "1", "deep": ' + b'{"a":' * 3000 + b"1" + b"}" * 3001,
        b'{"number": "\xff"}',
        b'{"number": "a\\u0000"}',
        b"[1]",
        b"\x00" * 100,
    ],
)
def test_lines_of_json_meant_to_do_harm(client, body):
    harmless(upload(client, body, NDJSON), "body_malformed", "question_invalid")


def test_a_packed_upload_is_not_unfolded(client):
    answer = upload(client, gzip.compress(b"\n" * 10**7), NDJSON, **{"Content-Encoding": "gzip"})
    harmless(answer, "encoding_unsupported")


def test_another_client_s_job_is_nobody_s(client, hand_made):
    job = upload(client, stream(pa.table({"number": [NUMBER]}))).json()["job_id"]
    hand_made.sign_in(client, "other")
    for path in (
        f"/v1/jobs/{job}",
        f"/v1/jobs/{job}/result",
        "/v1/jobs/..%2F..%2Faudit.sqlite",
        "/v1/jobs/%00",
    ):
        harmless(client.get(path), "job_unknown", "route_unknown")


@pytest.mark.parametrize("bad", ["x" * 10_000, "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30."])
def test_a_forged_token_opens_nothing(client, bad):
    for path, body in BODIES.items():
        harmless(client.post(path, json=body, headers={"Authorization": f"Bearer {bad}"}), "token_invalid")
    harmless(client.get("/v1/audit", params={"subject": NUMBER}, headers={"Authorization": f"Bearer {bad}"}))


@pytest.mark.parametrize("subject", ["", "1", NUMBER + "0", "00131100001x", "' OR 1=1 --", "٠٠١٣١١٠٠٠٠١٣"])
def test_the_audit_is_asked_by_a_number_only(client, subject):
    answer = client.get("/v1/audit", params={"subject": subject})
    assert (answer.status_code, answer.json()["code"]) == (422, "question_invalid")


def everything_said(client, answers, caplog):
    said = [caplog.text, client.get("/metrics").text]
    said += [str(answer.headers) + str(answer.url) for answer in answers]
    said += [answer.text for answer in answers]
    said += [
        "".join(traceback.format_exception(*record.exc_info)) for record in caplog.records if record.exc_info
    ]
    return "\n".join(said)


def test_canaries_are_in_no_log_address_metric_or_trace_back(service_folder, hand_made, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    problems = []
    threading.excepthook, before = (lambda args: problems.append(str(args))), threading.excepthook
    try:
        with hand_made.open_client(service_folder, hand_made.watch()) as failing:
            hand_made.sign_in(failing)
            service = failing.app.state.service
            service.enrichments.close()
            service.audit.close()
            answers = [failing.post(path, json=body) for path, body in BODIES.items()]
            query = {"ref": "1", "full_name": CANARY, "birth_date": "2011-09-05"}
            accepted = upload(failing, stream(pa.Table.from_pylist([query])), operation="trace")
            job = accepted.json()["job_id"]
            while failing.get(f"/v1/jobs/{job}").json()["state"] not in {"failed", "done"}:
                pass
            answers.append(failing.get(f"/v1/jobs/{job}"))
            assert answers[-1].json()["state"] == "failed"
            assert {answer.status_code for answer in answers[:-1]} == {500}
            said = everything_said(failing, [*answers, failing.get("/readyz")], caplog)
    finally:
        threading.excepthook = before
    said += "".join(problems) + "".join(capfd.readouterr())
    for secret in (CANARY, "Canary", NUMBER, "2011-09-05", hand_made.secret):
        assert secret not in said


def test_metrics_count_and_name_nobody(client):
    client.post("/v1/lookup", json={"numbers": [NUMBER]})
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'registry_requests_total{client="sync",route="/v1/lookup",status="200"}' in answer.text
    for name in (
        "registry_request_seconds_bucket",
        "registry_jobs",
        "registry_audit_lines",
        "registry_entries 10.0",
    ):
        assert name in answer.text
    assert NUMBER not in answer.text

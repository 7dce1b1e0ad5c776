"""Each problem can be produced, says the same things, and repeats nothing of what was asked."""

import json
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_population_api.bodies import LARGEST_BODY
from mock_population_api.problems import KINDS
from mock_population_api.security import SCOPES

CANARY = "Nguyễn Canary 001311000013"


@pytest.fixture(scope="module")
def running(built_store, hand_made, tmp_path_factory):
    """One service for the whole file: what is refused changes nothing."""
    folder = shutil.copytree(built_store, tmp_path_factory.mktemp("errors") / "store")
    watch = hand_made.watch()
    with hand_made.open_client(folder, watch) as opened:
        yield opened, watch


@pytest.fixture
def client(running, hand_made):
    opened, _ = running
    opened.headers.clear()
    hand_made.sign_in(opened)
    return opened


@pytest.fixture
def watch(running):
    return running[1]


def is_problem(answer, code):
    kind = KINDS[code]
    assert answer.status_code == kind.status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], body["status"], body["retryable"]) == (code, kind.status, kind.retryable)
    assert body["titles"] == {"vi": kind.vi, "en": kind.en}
    assert "Canary" not in answer.text
    return body


def lookup(client, **kwargs):
    return client.post("/v1/lookup", **({"json": {"numbers": []}} | kwargs))


def test_without_a_token(client):
    answer = lookup(client, headers={"Authorization": ""})
    is_problem(answer, "token_missing")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    is_problem(lookup(client, headers={"Authorization": "Basic abc"}), "token_missing")


def test_with_a_bad_or_an_old_token(client, watch):
    is_problem(lookup(client, headers={"Authorization": f"Bearer {CANARY.encode().hex()}"}), "token_invalid")
    watch.forward(minutes=20)
    is_problem(lookup(client), "token_expired")


def test_no_token_no_word_about_the_body(client):
    is_problem(lookup(client, headers={"Authorization": ""}, json=None, content=b"{"), "token_missing")


@pytest.mark.parametrize("name", ["X-Request-ID", "X-Purpose", "X-Agency", "X-Officer"])
def test_a_header_is_missing_or_wrong(client, name):
    wrong = is_problem(lookup(client, headers={name: "a b"}), "header_invalid")
    assert wrong["errors"] == [{"header": name}]
    del client.headers[name]
    missing = is_problem(lookup(client), "header_missing")
    assert missing["errors"] == [{"header": name}]


def test_an_unknown_purpose(client):
    is_problem(lookup(client, headers={"X-Purpose": "curiosity"}), "purpose_unknown")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v1/info", "info"),
        ("POST", "/v1/verify", "verify"),
        ("POST", "/v1/lookup", "lookup"),
        ("POST", "/v1/trace", "trace"),
        ("POST", "/v1/relatives", "relatives"),
        ("POST", "/v1/jobs?operation=lookup", "bulk"),
        ("GET", "/v1/jobs/x", "bulk"),
        ("GET", "/v1/jobs/x/result", "bulk"),
        ("GET", "/v1/audit?subject=001311000013", "audit"),
        ("GET", "/v1/changes", "changes"),
        ("POST", "/v1/residence", "residence"),
        ("POST", "/v1/enrichments", "enrich"),
        ("GET", "/v1/faults", "faults"),
    ],
)
def test_a_token_allows_only_what_it_says(client, hand_made, method, path, scope):
    others = set(SCOPES) - {scope}
    hand_made.sign_in(client, scope=" ".join(others))
    answer = client.request(method, path, json={} if method == "POST" else None)
    assert is_problem(answer, "scope_missing")["errors"] == [{"scope": scope}]


def test_a_bulk_job_needs_the_scope_of_its_operation_too(client, hand_made):
    hand_made.sign_in(client, scope="bulk lookup")
    answer = client.post("/v1/jobs?operation=trace", headers={"Idempotency-Key": "k"})
    assert is_problem(answer, "scope_missing")["errors"] == [{"scope": "trace"}]


@pytest.mark.parametrize(
    "body", [b"{", b"", b"\xff\xfe", b"[" * 100_000, f'{{"numbers": ["{CANARY}"'.encode()]
)
def test_a_body_that_is_no_json(client, body):
    answer = lookup(client, json=None, content=body, headers={"Content-Type": "application/json"})
    is_problem(answer, "question_invalid" if not body else "body_malformed")


@pytest.mark.parametrize(
    "body",
    [
        [],
        None,
        {"numbers": CANARY},
        {"numbers": [1311000013]},
        {"numbers": [], CANARY[:6]: 1},
        {"numbers": ["0" * 201]},
        {"numbers": ["\ud800"]},
    ],
)
def test_a_body_that_is_no_batch(client, body):
    content = json.dumps(body).encode()
    answer = lookup(client, json=None, content=content, headers={"Content-Type": "application/json"})
    is_problem(answer, "question_invalid")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("birth_date", "05/09/2011"),
        ("birth_date", "2011-02-30"),
        ("birth_date", "2011-13"),
        ("birth_date", ""),
        ("birth_date", "0999"),
        ("gender", "nam"),
        ("birth_province", "1"),
        ("residence_province", "001"),
        ("residence_commune", "4"),
        ("residence_commune", "1234x"),
    ],
)
def test_a_question_of_wrong_form_is_named_by_row_and_column(client, column, value):
    queries = [{"ref": "good", "full_name": CANARY}, {"ref": "bad", "full_name": CANARY, column: value}]
    refused = is_problem(client.post("/v1/trace", json={"queries": queries}), "question_invalid")
    assert refused["errors"] == [{"row": 1, "column": column}]


def test_two_questions_can_not_share_a_ref(client):
    queries = [{"ref": ref} for ref in ("a", "b", "a")]
    refused = is_problem(client.post("/v1/trace", json={"queries": queries}), "question_invalid")
    assert refused["errors"] == [{"row": 0, "column": "ref"}, {"row": 2, "column": "ref"}]


def test_another_content_type(client):
    is_problem(
        lookup(client, json=None, content=b"{}", headers={"Content-Type": "text/plain"}),
        "content_type_unsupported",
    )
    is_problem(lookup(client, json=None, content=b"{}"), "content_type_unsupported")


def test_a_thousand_questions_and_no_more(client):
    assert lookup(client, json={"numbers": ["x"] * 1000}).status_code == 200
    is_problem(lookup(client, json={"numbers": ["x"] * 1001}), "batch_too_large")


def test_a_body_that_is_too_large(client):
    is_problem(lookup(client, json={"numbers": ["x" * LARGEST_BODY]}), "body_too_large")
    chunks = (b"x" * 1_000_000 for _ in range(10))
    answer = lookup(client, json=None, content=chunks, headers={"Content-Type": "application/json"})
    is_problem(answer, "body_too_large")


def test_no_such_route_and_no_such_method(client):
    is_problem(client.get("/v2"), "route_unknown")
    is_problem(client.get("/v1/lookup"), "method_not_allowed")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"grant_type": "password"}, "grant_unsupported"),
        ({"client_secret": "wrong"}, "client_unknown"),
        ({"client_id": "nobody"}, "client_unknown"),
        ({"scope": "lookup everything"}, "scope_unknown"),
    ],
)
def test_a_token_is_refused(client, hand_made, form, code):
    whole = {
        "grant_type": "client_credentials",
        "client_id": "sync",
        "client_secret": hand_made.secret,
    } | form
    is_problem(client.post("/oauth/token", data=whole), code)


def test_a_token_form_that_can_not_be_read(client):
    is_problem(client.post("/oauth/token", json={}), "content_type_unsupported")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    is_problem(client.post("/oauth/token", content=b"\xff=1", headers=headers), "body_malformed")


def test_basic_credentials_do_as_well(client, hand_made):
    form = {"grant_type": "client_credentials", "scope": "lookup"}
    answer = client.post("/oauth/token", data=form, auth=("sync", hand_made.secret))
    assert answer.json()["scope"] == "lookup"
    assert answer.headers["cache-control"] == "no-store"
    broken = client.post("/oauth/token", data=form, headers={"Authorization": "Basic ***"})
    is_problem(broken, "client_unknown")


def test_a_failure_inside_is_a_problem_and_logs_no_person(service_folder, hand_made, caplog):
    with hand_made.open_client(service_folder, hand_made.watch()) as failing:
        hand_made.sign_in(failing)
        failing.app.state.service.audit.close()
        answer = failing.post("/v1/trace", json={"queries": [{"ref": "1", "full_name": CANARY}]})
        is_problem(answer, "internal_error")
        is_problem(failing.get("/readyz"), "not_ready")
    assert "ProgrammingError" in caplog.text
    assert "Canary" not in caplog.text


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
query = st.dictionaries(st.sampled_from(["ref", "full_name", "birth_date", "gender", "extra"]), json_values)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(json_values, st.fixed_dictionaries({"queries": st.lists(query, max_size=3)})))
def test_no_body_makes_the_service_fail(client, body):
    content = json.dumps(body).encode()
    answer = client.post("/v1/trace", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in {200, 400, 422}

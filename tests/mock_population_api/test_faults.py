"""Faults on demand: by rule and by magic number, over a real connection; and what sockets do by themselves."""

import importlib.util
import re
import sys
import uuid
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mock_population_api import models
from mock_population_api.app import create_app
from mock_population_api.building import build_store
from mock_population_api.faults import KINDS, FaultRule, Faults
from mock_population_api.problems import KINDS as PROBLEMS
from mock_population_api.rates import Rate
from mock_population_api.scenarios import PEOPLE, RESTRICTED, SCENARIOS, scenario_entries
from mock_population_api.schemas import ENTRY
from mock_population_api.security import SCOPES, Caller, client_of
from mock_population_api.service import Policy, open_service

_SPEC = importlib.util.spec_from_file_location("toxic_proxy", Path(__file__).with_name("toxic_proxy.py"))
toxic = importlib.util.module_from_spec(_SPEC)
sys.modules["toxic_proxy"] = toxic
_SPEC.loader.exec_module(toxic)


@pytest.fixture(scope="module")
def service(tmp_path_factory, hand_made):
    folder = tmp_path_factory.mktemp("scenarios")
    (folder / "entries").mkdir()
    table = pa.Table.from_pylist([*hand_made.people, *scenario_entries()], schema=ENTRY)
    pq.write_table(table, folder / "entries" / "people.parquet")
    build_store(folder / "entries", folder / "store", "256MB")
    clients = [client_of("sync", hand_made.secret, SCOPES), client_of("other", hand_made.secret)]
    policy = Policy(rate=Rate(burst=100_000), restricted=frozenset(RESTRICTED), scenarios=True)
    return open_service(folder / "store", clients, policy=policy, memory_limit="256MB")


@pytest.fixture(scope="module")
def address(service, hand_made):
    with hand_made.listening(create_app(service)) as address:
        yield address


@pytest.fixture
def http(address, service, hand_made):
    with signed_in(address, hand_made) as client:
        yield client
    service.faults.set([])


@contextmanager
def signed_in(address, hand_made, name="sync"):
    with httpx2.Client(base_url=address, timeout=10) as client:
        form = {"grant_type": "client_credentials", "client_id": name, "client_secret": hand_made.secret}
        token = client.post("/oauth/token", data=form).json()["access_token"]
        client.headers.update({"Authorization": f"Bearer {token}", **hand_made.stated()})
        yield client


def lookup(http, *numbers, request_id=None):
    headers = {"X-Request-ID": request_id or str(uuid.uuid4())}
    return http.post("/v1/lookup", json={"numbers": list(numbers)}, headers=headers)


def set_rules(http, *rules):
    answer = http.put("/v1/faults", json={"rules": list(rules)})
    assert answer.status_code == 200, answer.text
    return answer.json()["rules"]


SAYS = {
    "token_expired": ("token_expired", None),
    "too_many_requests": ("rate_exceeded", "1"),
    "internal_error": ("internal_error", None),
    "bad_gateway": ("bad_gateway", None),
    "unavailable": ("unavailable", "1"),
    "gateway_timeout": ("gateway_timeout", None),
    "maintenance": ("maintenance", "1"),
}


def check_effect(fault, ask, hand_made):
    """Ask, and see what the fault does to the answer."""
    if fault in SAYS:
        code, wait = SAYS[fault]
        answer = ask()
        assert (answer.status_code, answer.json()["code"]) == (PROBLEMS[code].status, code)
        assert (wait is None) == ("Retry-After" not in answer.headers)
    elif fault in {"reset", "lost_answer", "cut_off"}:
        with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
            ask()
    elif fault in {"latency", "slow_drip"}:
        seconds, answer = toxic.seconds_of(ask)
        assert seconds > 0.2
        assert answer.json()["results"]
    else:
        check_content(fault, ask().json(), hand_made)


def check_content(fault, content, hand_made):
    results = content["results"]
    if fault == "partial_batch":
        assert "problem" in results[0]
        assert set(results[0]) == {"number", "problem"}
        assert results[1]["found"]
    elif fault == "stale_replica":
        now = datetime.fromisoformat(hand_made.as_of)
        assert datetime.fromisoformat(content["as_of"]) < now
    elif fault == "new_field":
        assert "added_later" in content
        assert "added_later" in results[0]["entries"][0]
    else:
        assert fault == "unknown_value"
        assert results[0]["entries"][0]["status"] not in {"alive", "deceased"}


@pytest.fixture
def facts(service, hand_made):
    hand_made.as_of = service.store.facts.as_of
    return hand_made


@pytest.mark.parametrize("fault", [kind for kind in KINDS if not kind.endswith("_page")])
def test_each_fault_by_rule(http, facts, fault):
    set_rules(http, {"fault": fault, "route": "/v1/lookup", "seconds": 0.3, "times": 1})
    check_effect(fault, lambda: lookup(http, facts.LAN, facts.AN), facts)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.number)
def test_each_scenario_by_its_number(address, facts, scenario):
    with signed_in(address, facts) as http:
        request_id = str(uuid.uuid4())
        ask = lambda: lookup(http, facts.LAN, facts.AN, scenario.number, request_id=request_id)  # noqa: E731
        check_effect(scenario.fault, ask, facts)
    with signed_in(address, facts) as http:
        if scenario.once:
            answer = lookup(http, facts.LAN, facts.AN, scenario.number, request_id=request_id)
            assert answer.status_code == 200
            # the work of a lost answer was done, so it comes from memory; a reset came before any work
            expected = "true" if scenario.fault in {"lost_answer", "cut_off"} else None
            assert answer.headers.get("Idempotent-Replayed") == expected
        elif scenario.fault in SAYS:
            assert lookup(http, facts.LAN, scenario.number, request_id=request_id).status_code >= 400


def test_a_scenario_works_as_the_ref_of_a_trace_too(http):
    query = {"ref": "000000000503", "full_name": "Ai"}
    assert http.post("/v1/trace", json={"queries": [query]}).status_code == 503


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.number)
def test_each_person_of_the_table_is_as_it_says(http, person):
    result = lookup(http, person.number).json()["results"][0]
    entries = result["entries"]
    if "superseded" in person.means:
        assert (result["found"], entries[0]["personal_id"]) == ("superseded", "000180990002")
    elif "former number" in person.means:
        assert (result["found"], len(entries)) == ("former", 2 if "two people" in person.means else 1)
    elif person.means.startswith("restricted"):
        assert (result["found"], entries) == ("withheld", [])
    elif "not registered" in person.means:
        assert (result["found"], entries) == ("none", [])
    else:
        assert result["found"] == "current"
        check_person(http, person, entries[0])


def check_person(http, person, entry):
    if person.means == "deceased":
        assert entry["status"] == "deceased"
    elif "year of birth" in person.means:
        assert entry["birth_precision"] == "year"
    elif "month of birth" in person.means:
        assert entry["birth_precision"] == "month"
    elif "father is restricted" in person.means:
        assert (entry["father_id"], entry["father_name"]) == (None, None)
        assert entry["mother_name"]
    elif "without parents" in person.means:
        assert (entry["father_id"], entry["mother_id"]) == (None, None)
    elif "itself wrong" in person.means:
        assert (entry["personal_id"][3], entry["gender"]) == ("2", "F")
    elif "namesakes" in person.means:
        query = {"ref": "1", "full_name": entry["full_name"], "birth_date": entry["birth_date"][:4]}
        traced = http.post("/v1/trace", json={"queries": [query]}).json()["results"][0]
        assert (traced["more"], len(traced["candidates"])) == (True, 50)
    else:
        assert (entry["birth_date"], entry["mother_name"]) == ("2011-09-05", "Trần Thị Thử")


def test_a_lost_answer_was_work_done(http, facts, service):
    set_rules(http, {"fault": "lost_answer", "route": "/v1/enrichments", "times": 1})
    stated = {"ref": "1", "personal_id": facts.LAN, "role": "student", "school_year": "2026-2027"}
    stated |= {"school_code": "a", "stated_at": "2026-09-05T00:00:00Z"}
    headers = {"X-Request-ID": str(uuid.uuid4())}
    with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
        http.post("/v1/enrichments", json={"facts": [stated]}, headers=headers)
    assert len(service.enrichments.held("sync", facts.LAN)) == 1
    again = http.post("/v1/enrichments", json={"facts": [stated]}, headers=headers)
    assert again.json()["results"][0]["outcome"] == "created"


def test_a_token_that_expired_in_mid_run_is_of_no_use_any_more(http, address, facts):
    set_rules(http, {"fault": "token_expired", "times": 1})
    assert lookup(http, facts.LAN).json()["code"] == "token_expired"
    assert lookup(http, facts.LAN).json()["code"] == "token_expired"
    with signed_in(address, facts) as renewed:
        assert lookup(renewed, facts.LAN).status_code == 200


def test_faults_are_for_who_has_the_scope_and_strike_only_whom_they_name(http, address, facts):
    set_rules(http, {"fault": "internal_error", "client": "other"})
    assert lookup(http, facts.LAN).status_code == 200
    with signed_in(address, facts, "other") as other:
        assert lookup(other, facts.LAN).status_code == 500
        assert other.put("/v1/faults", json={"rules": []}).json()["code"] == "scope_missing"


def test_rules_can_be_read_and_a_wrong_one_is_refused(http):
    rules = set_rules(http, {"fault": "latency", "share": 0.5, "seed": 7})
    assert http.get("/v1/faults").json()["rules"] == rules
    for wrong in ({"fault": "mischief"}, {"fault": "latency", "share": 2}, {"fault": "latency", "tempo": 1}):
        assert http.put("/v1/faults", json={"rules": [wrong]}).status_code == 422


def caller(client="sync"):
    return Caller(client, frozenset(), str(uuid.uuid4()), "link-education", "MOET", "officer-7")


def pattern(faults, client="sync", route="/v1/lookup", count=200):
    return [faults.draw(caller(client), route, b"") is not None for _ in range(count)]


def test_the_same_seed_strikes_the_same_requests_and_another_others(watch):
    def drawn(seed, client="sync", route="/v1/lookup"):
        faults = Faults(watch)
        faults.set([FaultRule("unavailable", share=0.2, seed=seed)])
        return pattern(faults, client, route)

    first = drawn(1)
    assert first == drawn(1)
    assert 20 < sum(first) < 60
    assert first not in (drawn(2), drawn(1, "other"), drawn(1, route="/v1/trace"))


def test_a_rule_begins_ends_and_counts(watch):
    faults = Faults(watch)
    faults.set([FaultRule("unavailable", after=2, times=3)])
    assert pattern(faults, count=7) == [False, False, True, True, True, False, False]
    assert pattern(faults, "other", count=3) == [False, False, True]
    faults.set([FaultRule("maintenance", lasts_seconds=60)])
    assert pattern(faults, count=1) == [True]
    watch.forward(seconds=61)
    assert pattern(faults, count=1) == [False]


def test_magic_numbers_do_nothing_unless_asked_for(watch):
    body = b'{"numbers": ["000000000500"]}'
    assert Faults(watch).draw(caller(), "/v1/lookup", body) is None
    assert Faults(watch, scenarios=True).draw(caller(), "/v1/lookup", body).kind == "internal_error"


def test_the_contract_and_the_documentation_name_every_fault_scenario_and_person():
    assert get_args(models.FaultRule.model_fields["fault"].annotation) == KINDS
    text = Path(__file__).parents[2].joinpath("docs", "registry.md").read_text(encoding="utf-8")
    for kind in KINDS:
        assert re.search(rf"^\| `{kind}` \|", text, re.MULTILINE), kind
    for scenario in SCENARIOS:
        assert f"| `{scenario.number}` | {scenario.means} |" in text
    for person in PEOPLE:
        assert f"| `{person.number}` | {person.means} |" in text


def test_over_a_bad_line_the_same_request_id_brings_the_same_answer(address, facts, service):
    target = urlsplit(address)
    with toxic.ToxicProxy(target.hostname, target.port) as proxy, signed_in(address, facts) as http:
        request_id = str(uuid.uuid4())
        direct = httpx2.Client(base_url=proxy.address, headers=http.headers, timeout=10)
        proxy.plan.extend([("reset",), ("cut", 300), ("lost",), ("drip", 0.002), None])
        bodies = []
        for _ in range(5):
            try:
                bodies.append(lookup(direct, facts.LAN, request_id=request_id))
            except httpx2.TransportError:
                bodies.append(None)
            direct.close()
            direct = httpx2.Client(base_url=proxy.address, headers=http.headers, timeout=10)
        direct.close()
    assert [body is None for body in bodies] == [True, True, True, False, False]
    assert bodies[3].content == bodies[4].content
    assert len({line.request_id for line in service.audit.about(facts.LAN)} & {request_id}) == 1
    assert sum(line.request_id == request_id for line in service.audit.about(facts.LAN)) == 1

"""The same client against the mock registry's own app, in this process: both sides mean the same contract.

The people are made up.
"""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from connectors.errors import RegistryRefused
from connectors.registry import RegistryClient
from connectors.registry_messages import Credentials, Identity
from connectors.registry_patience import Limits
from matching.schemas import ENTRY, FOUND, RELATIVES, TRACE_QUERY, TRACED
from mock_population_api.app import create_app
from mock_population_api.building import build_store
from mock_population_api.rates import Rate
from mock_population_api.security import PURPOSES, client_of
from mock_population_api.service import Policy, open_service

FATHER, MOTHER, CHILD, GRANDMOTHER = "001079000001", "001181000002", "001311000003", "001152000004"
CREDENTIALS = Credentials("sync", "a secret for this test")
IDENTITY = Identity(PURPOSES[0], "MOET", "officer-17")


def person(number, name, born, gender, **known):
    return {
        "personal_id": number,
        "full_name": name,
        "birth_date": born,
        "birth_precision": "day",
        "gender": gender,
        "birth_province": "001",
        "residence_province": "01",
        "residence_commune": "00004",
        "former_ids": [],
        "superseded_ids": [],
        "status": "alive",
        **known,
    }


PEOPLE = [
    person(FATHER, "Trần Văn Bịa", date(1979, 3, 4), "M", former_ids=["012345678"]),
    person(
        MOTHER, "Lê Thị Bịa", date(1981, 1, 1), "F", birth_precision="year", superseded_ids=["001181999999"]
    ),
    person(CHILD, "Trần Thị Đặt Ra", date(2011, 9, 5), "F", father_id=FATHER, mother_id=MOTHER),
    person(GRANDMOTHER, "Phạm Thị Bịa", date(1952, 7, 1), "F", status="deceased"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    entries = folder / "entries"
    entries.mkdir()
    pq.write_table(pa.Table.from_pylist(PEOPLE, schema=ENTRY), entries / "people.parquet")
    build_store(entries, folder / "store", "256MB")
    return folder / "store"


def serving(store, **policy):
    client = client_of(CREDENTIALS.client_id, CREDENTIALS.client_secret)
    service = open_service(store, [client], policy=Policy(**policy), memory_limit="256MB")
    return TestClient(create_app(service), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def http(store):
    with serving(store) as http:
        yield http


@pytest.fixture(params=["batches", "jobs"])
def client(http, request):
    limits = Limits(workers=2, batch=2, bulk_from=1 if request.param == "jobs" else 1000, poll_first=0.01)
    return RegistryClient(http, CREDENTIALS, IDENTITY, limits)


def query(ref, **known):
    return pa.Table.from_pylist([{"ref": ref, **known}], schema=TRACE_QUERY)


def test_facts(client):
    facts = client.facts()
    assert facts.entries == 4
    assert "synthetic" in facts.source


def test_lookup_by_current_superseded_former_and_unknown_number(client):
    seen = []
    asked = pa.array([CHILD, "001181999999", "012345678", "001399999999", GRANDMOTHER])
    found = client.lookup(asked, progress=lambda done, total: seen.append((done, total)))
    assert found.schema == FOUND
    rows = {row["asked"]: row for row in found.to_pylist()}
    assert {number: (row["found_by"], row["personal_id"]) for number, row in rows.items()} == {
        CHILD: ("current", CHILD),
        "001181999999": ("superseded", MOTHER),
        "012345678": ("former", FATHER),
        GRANDMOTHER: ("current", GRANDMOTHER),
    }
    child = rows[CHILD]
    assert (child["birth_date"], child["father_id"]) == (date(2011, 9, 5), FATHER)
    assert (child["father_name"], child["mother_name"]) == ("Trần Văn Bịa", "Lê Thị Bịa")
    assert rows["001181999999"]["birth_precision"] == "year"
    assert rows[GRANDMOTHER]["status"] == "deceased"
    assert seen[-1] == (5, 5)
    assert client.take_rejects().num_rows == 0


def test_trace(client):
    queries = pa.concat_tables(
        [
            query("s-1", full_name="Trần Thị Đặt Ra", birth_date="2011-09-05", gender="F"),
            query("s-2", full_name="Không Ai Cả", birth_date="2011-09-05"),
            query("g-1", full_name="Lê Thị Bịa", birth_date="1981"),
        ]
    )
    traced = pa.concat_tables(client.trace(queries))
    assert traced.schema == TRACED
    best = {row["ref"]: row["personal_id"] for row in traced.to_pylist() if row["rank"] == 1}
    assert best == {"s-1": CHILD, "g-1": MOTHER}


def test_relatives(client):
    relatives = client.relatives(pa.array([CHILD, FATHER, "001399999999"]))
    assert relatives.schema == RELATIVES
    family = {(row["asked"], row["relation"], row["personal_id"]) for row in relatives.to_pylist()}
    assert family == {(CHILD, "father", FATHER), (CHILD, "mother", MOTHER), (FATHER, "child", CHILD)}


def test_a_query_the_service_does_not_take_is_isolated(client):
    good = query("s-1", full_name="Trần Thị Đặt Ra", birth_date="2011-09-05", gender="F")
    queries = pa.concat_tables([query("s-0", full_name="Ai Đó", birth_date="hôm qua"), good])
    traced = pa.concat_tables(client.trace(queries))
    assert set(traced["ref"].to_pylist()) == {"s-1"}
    rejects = client.take_rejects().to_pylist()
    assert [(reject["record_id"], reject["reason"]) for reject in rejects] == [
        ("s-0", "refused_422_question_invalid")
    ]


def test_jobs_and_batches_answer_the_same(http):
    def found(bulk_from):
        client = RegistryClient(http, CREDENTIALS, IDENTITY, Limits(bulk_from=bulk_from, poll_first=0.01))
        return client.lookup(pa.array([FATHER, MOTHER, CHILD, "012345678"])).sort_by("asked").to_pylist()

    assert found(1) == found(1000)


def test_two_clients_that_share_the_limits_of_one_name_are_both_answered(store, tmp_path):
    """Each learns from the headers what the other has used up."""
    rate = Rate(per_second=20, burst=10)
    everybody = [FATHER, MOTHER, CHILD, GRANDMOTHER, "001399999999", "012345678"] * 5
    with serving(shutil.copytree(store, tmp_path / "store"), rate=rate) as shared:

        def found(seed):
            client = RegistryClient(shared, CREDENTIALS, IDENTITY, Limits(workers=2))
            asked = [everybody[(place + seed) % 30] for place in range(30)]
            return [client.lookup(pa.array([number]))["personal_id"].to_pylist() for number in asked], asked

        began = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(found, (0, 1)))
        took = time.monotonic() - began
    known = {FATHER: FATHER, MOTHER: MOTHER, CHILD: CHILD, GRANDMOTHER: GRANDMOTHER, "012345678": FATHER}
    for people, asked in answers:
        assert people == [[known[number]] if number in known else [] for number in asked]
    # 60 questions, ten at once and twenty a second
    assert took > 2


def test_a_run_started_again_finds_its_job(http):
    limits = Limits(bulk_from=1, poll_first=0.01)
    first, again = (RegistryClient(http, CREDENTIALS, IDENTITY, limits, run="run-1") for _ in range(2))
    asked = pa.array([FATHER, MOTHER])
    assert first.lookup(asked).equals(again.lookup(asked))


def test_wrong_secret_and_unknown_purpose_are_refusals(http):
    with pytest.raises(RegistryRefused, match="client_unknown"):
        RegistryClient(http, Credentials("sync", "not the secret"), IDENTITY).facts()
    nosy = Identity("curiosity", "MOET", "officer-17")
    with pytest.raises(RegistryRefused, match="purpose_unknown"):
        RegistryClient(http, CREDENTIALS, nosy).lookup(pa.array([CHILD]))

"""Restricted people are withheld, under every number and in every answer."""

import pytest

from mock_population_api.errors import RestrictionFileError
from mock_population_api.restrictions import read_restricted
from mock_population_api.store import Store


@pytest.fixture(scope="module")
def withheld(built_store, hand_made):
    """MINH, mother of LAN and AN, who once had another number, is restricted."""
    opened = Store(built_store, restricted=[hand_made.MINH])
    yield opened
    opened.close()


@pytest.fixture
def client(make_client, hand_made):
    with make_client(restricted=frozenset([hand_made.MINH])) as opened:
        hand_made.sign_in(opened)
        yield opened


def test_a_lookup_says_withheld_and_no_more(client, hand_made):
    numbers = [hand_made.MINH, "001180999999", "000000000000"]
    results = client.post("/v1/lookup", json={"numbers": numbers}).json()["results"]
    assert [(result["found"], result["entries"]) for result in results] == [
        ("withheld", []),
        ("withheld", []),
        ("none", []),
    ]


def test_a_trace_is_silent(client):
    query = {"ref": "1", "full_name": "Trần Thị Minh", "birth_date": "1980-12-30"}
    assert client.post("/v1/trace", json={"queries": [query]}).json()["results"][0]["candidates"] == []


def test_kin_do_not_name_the_restricted(client, hand_made):
    lan = client.post("/v1/lookup", json={"numbers": [hand_made.LAN]}).json()["results"][0]["entries"][0]
    assert (lan["mother_id"], lan["mother_name"]) == (None, None)
    assert lan["father_name"] == "Nguyễn Văn Bình"
    families = client.post("/v1/relatives", json={"numbers": [hand_made.LAN, hand_made.MINH]}).json()[
        "results"
    ]
    assert [family["mother"] for family in families] == [None, None]
    assert families[1]["children"] == []


def test_a_verification_tells_nothing(client, hand_made):
    question = {"ref": "1", "number": hand_made.MINH, "full_name": "Trần Thị Minh", "gender": "F"}
    verdict = client.post("/v1/verify", json={"questions": [question]}).json()["results"][0]
    assert verdict == {
        "ref": "1",
        "number": "withheld",
        "full_name": "unknown",
        "birth_date": "not_asked",
        "gender": "unknown",
    }


def test_residence_is_withheld(client, hand_made):
    result = client.post("/v1/residence", json={"numbers": [hand_made.MINH]}).json()["results"][0]
    assert result == {"number": hand_made.MINH, "found": "withheld", "residence": None}


def test_a_bulk_lookup_has_a_row_without_a_person(withheld, hand_made):
    import pyarrow as pa

    row = withheld.lookup(pa.array([hand_made.MINH])).to_pylist()[0]
    assert (row.pop("asked"), row.pop("found_by")) == (hand_made.MINH, "withheld")
    assert set(row.values()) == {None}


def test_nobody_restricted_is_audited_as_shown(client, hand_made):
    client.post("/v1/lookup", json={"numbers": [hand_made.MINH]})
    assert client.get("/v1/audit", params={"subject": hand_made.MINH}).json()["lines"] == []


def test_the_list_is_read_and_held_to_its_form(tmp_path):
    file = tmp_path / "restricted.txt"
    file.write_text("# protected\n\n001180000034\n", encoding="utf-8")
    assert read_restricted(file) == {"001180000034"}
    file.write_text("001180000034\nTrần Thị Minh\n", encoding="utf-8")
    with pytest.raises(RestrictionFileError, match="line 2") as refused:
        read_restricted(file)
    assert "Minh" not in str(refused.value)
    with pytest.raises(RestrictionFileError, match="can't be read"):
        read_restricted(tmp_path / "none")

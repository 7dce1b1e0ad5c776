"""A registry one night later, and the feed that tells of it."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from mock_population_api.building import build_store
from mock_population_api.changes import Changes
from mock_population_api.cli import app
from mock_population_api.errors import ChangesFolderError
from mock_population_api.problems import Problem
from mock_population_api.registry_night import evolve_registry
from mock_population_api.restrictions import Veil
from mock_population_api.schemas import CHANGE, ENTRY

SAMPLES = Path(__file__).parents[2] / "data" / "samples"


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    out = tmp_path_factory.mktemp("night")
    return out, evolve_registry(SAMPLES / "registry", SAMPLES / "truth" / "population", out, 3)


def entries(folder):
    return {
        row["personal_id"]: row
        for path in sorted((folder / "registry").glob("*.parquet"))
        for row in pq.read_table(path).select(ENTRY.names).to_pylist()
    }


def told(folder):
    return [
        row
        for path in sorted((folder / "changes").glob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]


def test_before_and_changes_make_after(night):
    held = entries(SAMPLES)
    for change in told(night[0]):
        entry = {name: change[name] for name in ENTRY.names}
        if change["change"] == "superseded":
            assert held.pop(change["personal_id"])
            assert change["superseded_by"] not in held
        elif change["change"] == "born":
            assert change["personal_id"] not in held
            held[change["personal_id"]] = entry
        else:
            held[change["personal_id"]] = entry
    assert held == entries(night[0])


def test_everything_happens_and_is_counted(night):
    counts = night[1]
    kinds = [change["change"] for change in told(night[0])]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == vars(counts)
    assert set(kinds) == {"born", "corrected", "superseded", "deceased"}


def test_children_have_mothers_and_numbers_of_their_own(night):
    held = entries(night[0])
    for change in told(night[0]):
        if change["change"] == "born":
            mother = held[change["mother_id"]]
            number = change["personal_id"]
            assert (mother["gender"], number[:3]) == ("F", mother["birth_province"])
            assert number[3:6] == f"{2 + (change['gender'] == 'F')}{change['birth_date'].year % 100:02d}"


def test_the_same_seed_the_same_night_and_a_second_night_follows(night, tmp_path):
    evolve_registry(SAMPLES / "registry", SAMPLES / "truth" / "population", tmp_path, 3)
    assert told(tmp_path) == told(night[0])
    before = entries(tmp_path)
    evolve_registry(tmp_path / "registry", SAMPLES / "truth" / "population", tmp_path, 4)
    assert len(list((tmp_path / "changes").iterdir())) == 2
    assert entries(tmp_path) != before
    build_store(tmp_path / "registry", tmp_path / "store")


def change(kind, number, **more):
    row = dict.fromkeys(CHANGE.names) | {
        "change": kind,
        "at": "2026-01-06T08:00:00+00:00",
        "personal_id": number,
    }
    return row | {"former_ids": [], "superseded_ids": []} | more


@pytest.fixture
def folder(tmp_path):
    people = [f"0012{n:08d}" for n in range(7)]
    files = {
        "2026-01-05": [
            change("born", people[0], full_name="Bé Một", birth_date=date(2026, 1, 1), mother_id=people[5]),
            change("corrected", people[1]),
            change("superseded", people[2], superseded_by=people[3]),
        ],
        "2026-01-06": [change("deceased", people[4], status="deceased"), change("corrected", people[5])],
    }
    (tmp_path / "changes").mkdir()
    for name, rows in files.items():
        pq.write_table(pa.Table.from_pylist(rows, schema=CHANGE), tmp_path / "changes" / f"{name}.parquet")
    return tmp_path / "changes", people


def walk(feed, most, since=None):
    seen = []
    while True:
        page = feed.page(since, most)
        seen += page.changes["personal_id"].to_pylist()
        since = page.next
        if not page.more:
            return seen, since


@pytest.mark.parametrize("most", [1, 2, 3, 1000])
def test_pages_are_the_whole_and_nothing_twice(folder, most):
    feed = Changes(folder[0])
    seen, end = walk(feed, most)
    assert seen == folder[1][:3] + folder[1][4:6]
    assert walk(feed, most, end)[0] == []


def test_a_cursor_goes_on_with_files_that_came_later(folder):
    _, end = walk(Changes(folder[0]), 10)
    later = pa.Table.from_pylist([change("corrected", folder[1][6])], schema=CHANGE)
    pq.write_table(later, folder[0] / "2026-01-07.parquet")
    assert walk(Changes(folder[0]), 10, end)[0] == [folder[1][6]]


@pytest.mark.parametrize("cursor", ["", "x", "000000000000-1", "{name}-9", "{name}--1", "{name}-1 "])
def test_another_cursor_is_refused(folder, cursor):
    feed = Changes(folder[0])
    name = feed.page(None).next.partition("-")[0]
    with pytest.raises(Problem) as refused:
        feed.page(cursor.format(name=name))
    assert refused.value.kind.code == "cursor_invalid"


def test_restricted_people_are_not_told_of(folder):
    people = folder[1]
    feed = Changes(folder[0], Veil(frozenset([people[1], people[3], people[5]])))
    page = feed.page(None).changes.to_pylist()
    assert [row["personal_id"] for row in page] == [people[0], people[4]]
    assert page[0]["mother_id"] is None


def test_a_file_of_other_columns_is_refused(folder):
    pq.write_table(pa.table({"a": [1]}), folder[0] / "2026-01-08.parquet")
    with pytest.raises(ChangesFolderError, match="other columns"):
        Changes(folder[0])
    (folder[0] / "2026-01-08.parquet").write_bytes(b"PAR1")
    with pytest.raises(ChangesFolderError, match="not a Parquet file"):
        Changes(folder[0])


def test_the_feed_over_http(make_client, folder, hand_made):
    with make_client(changes=folder[0]) as client:
        hand_made.sign_in(client)
        first = client.get("/v1/changes", params={"limit": 3}).json()
        assert [one["change"] for one in first["changes"]] == ["born", "corrected", "superseded"]
        born, _, superseded = first["changes"]
        assert (born["entry"]["birth_date"], born["entry"]["mother_id"]) == ("2026-01-01", folder[1][5])
        assert (superseded["entry"], superseded["superseded_by"]) == (None, folder[1][3])
        rest = client.get("/v1/changes", params={"since": first["next"]}).json()
        assert ([one["change"] for one in rest["changes"]], rest["more"]) == (
            ["deceased", "corrected"],
            False,
        )
        assert (
            client.get("/v1/audit", params={"subject": folder[1][0]}).json()["lines"][0]["action"]
            == "changes"
        )
        assert client.get("/v1/changes", params={"since": "x"}).json()["code"] == "cursor_invalid"
        for wrong in ({"limit": 0}, {"limit": 1001}, {"since": "x" * 65}):
            assert client.get("/v1/changes", params=wrong).json()["code"] == "question_invalid"


def test_pages_that_come_twice_or_in_disorder(make_client, folder, hand_made):
    with make_client(changes=folder[0]) as client:
        hand_made.sign_in(client)
        first = client.get("/v1/changes", params={"limit": 2}).json()
        for fault, expected in (
            ("duplicate_page", ["born", "corrected"]),
            ("unordered_page", ["deceased", "superseded"]),
        ):
            client.put("/v1/faults", json={"rules": [{"fault": fault, "times": 1}]})
            page = client.get("/v1/changes", params={"since": first["next"], "limit": 2}).json()
            assert [one["change"] for one in page["changes"]] == expected


def test_without_a_folder_there_are_no_changes(client):
    assert client.get("/v1/changes").json()["changes"] == []


def test_residence_with_names_of_places(client, hand_made):
    numbers = [hand_made.LAN, "001180999999", "012345678", "000000000000"]
    results = client.post("/v1/residence", json={"numbers": numbers}).json()["results"]
    assert [result["found"] for result in results] == ["current", "superseded", "none", "none"]
    assert results[0]["residence"]["province_name"] == "Thành phố Hà Nội"
    assert results[0]["residence"]["commune"] == "00004"
    assert results[0]["residence"]["commune_name"]
    assert results[2]["residence"] is None


def test_the_command_says_how_many_changed(tmp_path):
    answer = CliRunner().invoke(app, ["evolve-registry", str(SAMPLES), "--out", str(tmp_path), "--seed", "3"])
    assert answer.exit_code == 0, answer.output
    assert "numbers replaced" in answer.output
    assert CliRunner().invoke(app, ["evolve-registry", str(tmp_path / "changes")]).exit_code == 1


def told_of(number):
    """A file's worth of one change."""
    row = dict.fromkeys(CHANGE.names) | {"change": "corrected", "at": "2026", "personal_id": number}
    return pa.Table.from_pylist([row], schema=CHANGE)


def test_a_file_that_is_added_later_is_offered_from_then_on(tmp_path):
    changes = Changes(tmp_path)
    nothing = changes.page(None)
    assert not nothing.changes.num_rows
    pq.write_table(told_of("001311000013"), tmp_path / "2026-01-01.parquet")
    first = changes.page(nothing.next)
    assert first.changes["personal_id"].to_pylist() == ["001311000013"]
    (tmp_path / "2026-01-02.parquet").write_bytes(b"PAR1 half written")
    assert not changes.page(first.next).changes.num_rows
    pq.write_table(told_of("001078000021"), tmp_path / "2026-01-02.parquet")
    second = changes.page(first.next)
    assert second.changes["personal_id"].to_pylist() == ["001078000021"]
    assert not second.more
    assert changes.total == 2

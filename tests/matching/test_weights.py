"""Match weights taken apart: the parts are the whole, for every record, linked or not."""

import datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.registry_index import build_index
from connectors.snapshot import Snapshot
from matching import model
from matching.found import LinkSettings
from matching.keys import CHILD_YEAR
from matching.linkage import Terms, link
from matching.parts import COMPARED, PARTS
from matching.passes import family
from matching.schemas import ENTRY, RECORDS
from matching.weights_table import WEIGHTS, without_each


def entry(number, name, born, **known):
    base = {
        "personal_id": number,
        "full_name": name,
        "birth_date": datetime.date.fromisoformat(born),
        "birth_precision": "day",
        "gender": "M" if int(number[3]) % 2 == 0 else "F",
        "birth_province": number[:3],
        "residence_province": "38",
        "residence_commune": "14797",
        "status": "alive",
    }
    return {**base, **known}


def record(key, name, born=None, **known):
    day = datetime.date.fromisoformat(born) if born else None
    base = {
        "kind": "student",
        "record_id": key,
        "name": name,
        "birth_from": day,
        "birth_to": day,
        "birth_precision": "day" if day else None,
        "residence_province": "38",
        "residence_commune": "14797",
        "claimed_form": "personal" if "claimed_id" in known else "missing",
    }
    return {**base, **known}


PARENTS = {"father_id": "038080000001", "mother_id": "038182000002"}
PEOPLE = [
    entry("038080000001", "Đỗ Quang Khải", "1980-05-03"),
    entry("038182000002", "Hồ Thị Thu Vân", "1982-07-09"),
    entry("038211000003", "Đỗ Minh Triết", "2011-09-05", **PARENTS),
    entry("038211000004", "Đỗ Minh Trí", "2011-09-05", **PARENTS),
    entry("038211000005", "Lê Văn Hậu", "2011-03-04", status="deceased"),
    *[
        entry(f"0012{year:02}{number:06}", f"Phạm {word} {given}", f"20{year:02}-0{1 + number % 9}-1{number % 10}")
        for year in (10, 11)
        for number, (word, given) in enumerate((w, g) for w in ("Văn", "Đức", "Minh") for g in ("An", "Bình", "Chi", "Dũng"))
    ],
]  # fmt: skip
RECORDS_OF_ALL_SORTS = [
    record("verified", "đỗ minh triết", "2011-09-05", claimed_id="038211000003"),
    record("unmarked", "do minh triet", "2011-09-05", gender="M", birth_province="038"),
    record("of-brother", "đỗ minh trí", "2011-09-05", claimed_id="038211000003"),
    record("slip", "đỗ minh triết", "2011-09-05", claimed_id="038211000030"),
    record("nameless", None, "2011-09-05", claimed_id="038211000003", gender="F"),
    record("two-readings", "ddox minh trieets", "2011-09-05", name_other="đỗ minh triết"),
    record(
        "parents", "đỗ minh triét", "2011-09-06", father_name="đỗ quang khải", mother_name="hồ thị thu vân"
    ),
    record("year-only", "đỗ minh trí", "2011-01-01", birth_precision="year"),
    record("deceased", "lê văn hậu", "2011-03-04"),
    record("elsewhere", "phạm văn an", "2010-01-10", residence_province="01", residence_commune="00004"),
    record("nobody", "trương thị quý", "1999-12-31", residence_province=None, residence_commune=None),
    record("foreigner", "đỗ minh triết", "2011-09-05", left_out="foreign_national"),
]
PARENT_NAMES = [pa.field("father_name", pa.string()), pa.field("mother_name", pa.string())]


@pytest.fixture(scope="module")
def linkage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    pq.write_table(pa.Table.from_pylist(PEOPLE, schema=ENTRY), folder / "part-0.parquet")
    registry = Snapshot(build_index(folder, tmp_path_factory.mktemp("index")))
    records = pa.Table.from_pylist(RECORDS_OF_ALL_SORTS, schema=pa.schema([*RECORDS, *PARENT_NAMES]))
    return link(
        records,
        Terms(registry, model.load()["student"], registry.frequencies(), LinkSettings(sample=20), "run"),
    )


def test_the_parts_are_the_whole(linkage):
    weights = linkage.weights
    assert weights.schema == WEIGHTS
    assert len(weights) > 10
    parts = np.array([weights[part].to_numpy() for part in PARTS], dtype=float)
    np.testing.assert_allclose(parts.sum(axis=0), weights["weight"].to_numpy(), atol=1e-4)


def test_the_parts_are_the_whole_where_a_family_names_entries(tmp_path):
    folder = tmp_path / "registry"
    folder.mkdir()
    pq.write_table(pa.Table.from_pylist(PEOPLE, schema=ENTRY), folder / "part-0.parquet")
    registry = Snapshot(build_index(folder, tmp_path / "index"))
    guardians = [
        record("father", "do quang khải", "1980-01-01", kind="guardian"),
        record("step", "lê văn lam", kind="guardian", child_birth_year=2011),
        record("with_hers", "đỗ quang khải", kind="guardian", claimed_id="038182000002"),
    ]
    records = pa.Table.from_pylist(guardians, schema=pa.schema([*RECORDS, (CHILD_YEAR, pa.int16())]))
    families = pa.table(
        {
            "student_id": ["S"] * 3,
            "guardian_id": ["father", "step", "with_hers"],
            "relationship": ["father"] * 3,
        }
    )
    child = pa.table({"record_id": ["S"], "personal_id": ["038211000003"]})
    kin = family.parents_of_linked(families, child, pa.array([], pa.string()), registry)
    terms = Terms(registry, model.load()["guardian"], registry.frequencies(), LinkSettings(sample=20), "run")
    found = link(records, terms, kin)
    weights = found.weights
    parts = np.array([weights[part].to_numpy() for part in PARTS], dtype=float)
    np.testing.assert_allclose(parts.sum(axis=0), weights["weight"].to_numpy(), atol=1e-4)
    best = {row["record_id"]: row for row in weights.to_pylist() if row["rank"] == 1}
    assert best["father"]["personal_id"] == best["with_hers"]["personal_id"] == "038080000001"
    assert best["father"]["place"] == 0  # he lives where the child does, whoever he is
    assert best["with_hers"]["number"] > 0  # it is his wife's
    assert best["step"]["probability"] < 0.5


def test_the_best_is_the_one_that_was_decided_on(linkage):
    best = {row["record_id"]: row for row in linkage.weights.to_pylist() if row["rank"] == 1}
    for decision in linkage.decisions.to_pylist():
        number = decision["personal_id"] or decision["candidate_id"]
        if number is None:
            assert decision["record_id"] not in best
            continue
        row = best[decision["record_id"]]
        assert (row["personal_id"], row["evidence"]) == (number, decision["evidence"])
        assert row["probability"] == pytest.approx(decision["match_probability"])
    assert "foreigner" not in best
    assert best["verified"]["decided_by"] == "claimed_id"


def test_probabilities_of_a_record_leave_room_for_nobody(linkage):
    rows = linkage.weights.to_pylist()
    for record_id in {row["record_id"] for row in rows}:
        own = [row for row in rows if row["record_id"] == record_id]
        assert [row["rank"] for row in own] == list(range(1, len(own) + 1))
        assert sum(row["probability"] for row in own) + own[0]["nobody"] <= 1 + 1e-9


def weighed(probability, weight, **parts):
    return {"probability": probability, "weight": weight, **dict.fromkeys(COMPARED, 0.0), **parts}


def test_without_a_comparison_that_said_nothing_all_stays_as_it_is():
    (one,) = without_each([weighed(0.75, 20.0, name=10.0)])
    assert one["gender"] == pytest.approx(0.75)
    # a third as likely as what is left of it: 2**-10 of the mass against the other quarter
    assert one["name"] == pytest.approx(2**-10 / (2**-10 + 1 / 3))


def test_without_their_names_twins_are_equal():
    first, second = without_each([weighed(0.999, 20.0, name=12.0), weighed(2**-20 * 0.999, 0.0, name=-8.0)])
    assert first["name"] == pytest.approx(second["name"])
    assert first["place"] == pytest.approx(0.999)


def test_nothing_kept_nothing_said():
    assert without_each([]) == []
    assert set(without_each([weighed(0.0, -900.0)])[0].values()) == {0.0}

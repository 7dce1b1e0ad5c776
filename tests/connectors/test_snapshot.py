"""An index asked as a registry: by number, by family, by name."""

import datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.registry_index import build_index
from connectors.snapshot import Snapshot
from matching.columns import day_of, month_of, year_of
from matching.keys import FOUND_BY, record_columns
from matching.nametable import text_key
from matching.profile import VIETNAM
from matching.registry import KIN_OF, LOOKED_UP
from matching.schemas import ENTRY, RECORDS


def entry(number, name, born="1980-05-03", **known):
    base = {
        "personal_id": number,
        "full_name": name,
        "birth_date": datetime.date.fromisoformat(born),
        "birth_precision": "day",
        "gender": "M",
        "birth_province": "038",
        "residence_province": "38",
        "residence_commune": "14797",
        "former_ids": [],
        "superseded_ids": [],
        "status": "alive",
    }
    return {**base, **known}


FATHER, MOTHER, CHILD, ELDER = "038080000001", "038182000002", "038211000003", "038090000004"
FAMILY = [
    entry(FATHER, "Nguyễn Văn Hùng", former_ids=["271450001"], superseded_ids=["038080999999"]),
    entry(MOTHER, "TRẦN THỊ LAN", "1982-01-01", birth_precision="year", gender="F", former_ids=["271450001"]),
    entry(CHILD, "Nguyễn Minh Anh", "2011-09-05", father_id=FATHER, mother_id=MOTHER),
    entry(ELDER, "Lê Bình", status="deceased", birth_province="028", residence_commune=None),
]


def opened(folder, people, **options):
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(people, schema=ENTRY), folder / "part-0.parquet")
    return Snapshot(build_index(folder, folder.parent / "work"), **options)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return opened(tmp_path_factory.mktemp("family") / "registry", FAMILY, as_of="2026-11-01")


def ids(registry, at):
    return [f"{number:012d}" for number in registry.people().entries.entry[np.asarray(at)].tolist()]


def test_facts(snapshot):
    facts = snapshot.facts()
    assert (facts.entries, facts.as_of, facts.source) == (4, "2026-11-01", "extract registry")
    assert snapshot.profile is VIETNAM


def test_lookup_follows_former_and_superseded_numbers(snapshot):
    found = snapshot.lookup(pa.array([FATHER, "038080999999", "271450001", "999999999999"]))
    assert found.schema == LOOKED_UP
    how = [FOUND_BY[code] for code in found["found_by"].to_pylist()]
    assert sorted(zip(found["asked"].to_pylist(), how, ids(snapshot, found["at"]), strict=True)) == sorted([
        (FATHER, "current", FATHER),
        ("038080999999", "superseded", FATHER),
        ("271450001", "former", FATHER),
        ("271450001", "former", MOTHER),  # issued twice
    ])  # fmt: skip


def test_nine_digits_are_no_personal_id_with_its_zeros_lost(tmp_path):
    registry = opened(tmp_path / "registry", [entry("000123456789", "Lê An")])
    assert len(registry.lookup(pa.array(["123456789"]))) == 0
    assert len(registry.lookup(pa.array(["000123456789"]))) == 1


def test_no_numbers_find_nobody(snapshot):
    nothing = pa.array([], pa.string())
    assert snapshot.lookup(nothing).to_pylist() == snapshot.relatives(nothing).to_pylist() == []


def test_relatives_in_both_directions(snapshot):
    kin = snapshot.relatives(pa.array([CHILD, FATHER, MOTHER, "999999999999"]))
    assert kin.schema == KIN_OF
    assert set(
        zip(kin["asked"].to_pylist(), kin["relation"].to_pylist(), ids(snapshot, kin["at"]), strict=True)
    ) == {
        (CHILD, "father", FATHER),
        (CHILD, "mother", MOTHER),
        (FATHER, "child", CHILD),
        (MOTHER, "child", CHILD),
    }


def test_a_parent_whom_the_registry_does_not_hold_is_no_relative(tmp_path):
    registry = opened(tmp_path / "registry", [entry(CHILD, "Lê An", father_id="038080000099")])
    assert len(registry.relatives(pa.array([CHILD, "038080000099"]))) == 0
    assert registry.people().entries.father_name.tolist() == [-1]


def test_an_entry_twice_does_not_multiply_what_is_found(tmp_path):
    registry = opened(tmp_path / "registry", [*FAMILY, FAMILY[0]])
    assert len(registry.lookup(pa.array([CHILD]))) == 1
    assert len(registry.lookup(pa.array([FATHER]))) == 1
    assert len(registry.relatives(pa.array([FATHER]))) == 1


def test_entries_in_numeric_form(snapshot):
    at = dict(
        zip(
            *(
                snapshot.lookup(pa.array([FATHER, MOTHER, CHILD, ELDER]))[name].to_pylist()
                for name in ("asked", "at")
            ),
            strict=True,
        )
    )
    of, names, _ = snapshot.people()
    child, mother = at[CHILD], at[MOTHER]
    assert of.father_name[child] == of.name[at[FATHER]] >= 0
    assert of.mother_name[child] == of.name[mother]
    assert [int(part(of.birth[child])) for part in (year_of, month_of, day_of)] == [2011, 9, 5]
    assert [int(part(of.birth[mother])) for part in (year_of, month_of, day_of)] == [1982, 0, 0]
    assert (of.gender[child], of.gender[mother]) == (1, 2)
    assert (of.birth_province[child], of.home[child], of.commune[child]) == (38, 38, 14797)
    assert of.deceased.nonzero()[0].tolist() == [at[ELDER]]
    assert of.commune[at[ELDER]] == 0
    assert names.word[names.start[of.name[mother]]] == text_key("tran")


def test_entries_in_full(snapshot):
    full = snapshot.entries(pa.array([CHILD, MOTHER, ELDER, "999999999999"]))
    assert full.schema == ENTRY
    by_id = {row["personal_id"]: row for row in full.to_pylist()}
    assert set(by_id) == {CHILD, MOTHER, ELDER}
    numbers = {"former_ids": None, "superseded_ids": None}
    assert by_id[CHILD] == dict.fromkeys(ENTRY.names) | FAMILY[2] | numbers
    assert by_id[MOTHER] == dict.fromkeys(ENTRY.names) | FAMILY[1] | numbers
    assert (by_id[ELDER]["status"], by_id[ELDER]["residence_commune"]) == ("deceased", None)


def test_a_name_is_shown_as_most_write_it(tmp_path):
    people = [
        entry(f"03808000000{n}", name) for n, name in enumerate(["LÊ BÌNH", "Lê Bình", "LÊ  BÌNH", "Lê Bình"])
    ]
    registry = opened(tmp_path / "registry", people)
    assert set(
        registry.entries(pa.array([one["personal_id"] for one in people]))["full_name"].to_pylist()
    ) == {"Lê Bình"}


def test_an_entry_without_name_or_date_is_there_all_the_same(tmp_path):
    registry = opened(
        tmp_path / "registry", [entry(CHILD, None, birth_precision=None) | {"birth_date": None}]
    )
    (full,) = registry.entries(pa.array([CHILD])).to_pylist()
    assert (full["full_name"], full["birth_date"], full["birth_precision"]) == (None, None, None)


def test_frequencies_are_shares_of_all_people(snapshot):
    known = snapshot.frequencies()
    assert known.entries == 4
    assert sum(known.words.first.values()) == pytest.approx(1)
    assert known.words.first["nguyễn"] == pytest.approx(0.5)
    assert known.years.sum() == pytest.approx(1)
    assert known.places.sum() == pytest.approx(1)
    assert sum(known.communes.values()) == pytest.approx(1)
    assert known.coarse == pytest.approx(0.25)


def test_names_are_counted_by_each_of_their_keys(tmp_path):
    spelt = ["Lê Thị Hoa", "Lê Thị Hoa", "Lê Thị Hòa", "Thị Hoa Lê", "Lê Văn Hoa", "Trần An"]
    registry = opened(tmp_path / "registry", [entry(f"03808000000{n}", name) for n, name in enumerate(spelt)])
    sought = [{"name": name} for name in ("lê thị hoa", "trần an", "trần bình")]
    _, names, text = record_columns(pa.Table.from_pylist(sought, schema=RECORDS), VIETNAM)
    counts = registry.name_counts(names)
    assert text.to_pylist() == ["lê thị hoa", "trần an", "trần bình"]
    assert {key: values.tolist() for key, values in counts.items()} == {
        "key": [2, 1, 0], "folded": [3, 1, 0], "compact": [3, 1, 0], "sound": [3, 1, 0], "sorted": [4, 1, 0], "ends": [4, 1, 0],
    }  # fmt: skip

"""A registry extract on disk: prepared once, asked by number, by family and by blocking rules."""

import datetime
import random

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from connectors import extract as extracts
from connectors.errors import FolderProblem
from connectors.extract import prepare
from connectors.snapshot import Snapshot
from matching.blocking import RULES
from matching.errors import TooManyPairs
from matching.keys import PAIRS, record_keys
from matching.plan import units
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


FATHER, MOTHER, CHILD = "038080000001", "038182000002", "038211000003"
FAMILY = [
    entry(FATHER, "Nguyễn Văn Hùng", former_ids=["271450001"], superseded_ids=["038080999999"]),
    entry(MOTHER, "TRẦN THỊ LAN", "1982-01-01", birth_precision="year", gender="F", former_ids=["271450001"]),
    entry(CHILD, "Nguyễn Minh Anh", "2011-09-05", father_id=FATHER, mother_id=MOTHER),
    entry("038090000004", "Lê Bình", status="deceased", birth_province="028"),
]


def opened(folder, people, parts=1, **options):
    folder.mkdir(exist_ok=True)
    for part in range(parts):
        table = pa.Table.from_pylist(people[part::parts], schema=ENTRY)
        pq.write_table(table, folder / f"part-{part}.parquet")
    return Snapshot(prepare(folder, folder.parent / "work"), **options)


@pytest.fixture
def snapshot(tmp_path):
    registry = opened(tmp_path / "registry", FAMILY, parts=2, as_of="2026-11-01")
    yield registry
    registry.close()


def test_facts(snapshot):
    facts = snapshot.facts()
    assert (facts.entries, facts.as_of, facts.source) == (4, "2026-11-01", "extract registry")


def test_lookup_follows_former_and_superseded_numbers(snapshot):
    found = snapshot.lookup(pa.array([FATHER, "038080999999", "271450001", "999999999999"]))
    answers = sorted(
        zip(
            found["asked"].to_pylist(), found["found_by"].to_pylist(), found["entry"].to_pylist(), strict=True
        )
    )
    assert answers == sorted([
        (FATHER, "current", int(FATHER)),
        ("038080999999", "superseded", int(FATHER)),
        ("271450001", "former", int(FATHER)),
        ("271450001", "former", int(MOTHER)),  # issued twice
    ])  # fmt: skip


def test_relatives_in_both_directions(snapshot):
    kin = snapshot.relatives(pa.array([CHILD, FATHER, MOTHER]))
    answers = set(
        zip(kin["asked"].to_pylist(), kin["relation"].to_pylist(), kin["entry"].to_pylist(), strict=True)
    )
    assert answers == {
        (CHILD, "father", int(FATHER)),
        (CHILD, "mother", int(MOTHER)),
        (FATHER, "child", int(CHILD)),
        (MOTHER, "child", int(CHILD)),
    }


def test_entries_in_numeric_form(snapshot):
    found = {
        row["entry"]: row
        for row in snapshot.lookup(pa.array([FATHER, MOTHER, CHILD, "038090000004"])).to_pylist()
    }
    child, mother, elder = found[int(CHILD)], found[int(MOTHER)], found[38090000004]
    assert child["father_name"] == found[int(FATHER)]["name_key"] != 0
    assert (child["year"], child["month"], child["day"], child["precision"]) == (2011, 9, 5, 3)
    assert (mother["year"], mother["month"], mother["day"], mother["precision"], mother["birth_day"]) == (
        1982,
        None,
        None,
        1,
        None,
    )
    assert (child["gender"], mother["gender"]) == (1, 2)
    assert (child["birth_province"], child["birth_region"], elder["deceased"]) == (38, 38, True)
    names = snapshot.names(pa.array([mother["name_key"]]))
    assert names["name"].to_pylist() == ["trần thị lan"]


def test_entries_in_full(snapshot):
    full = snapshot.entries(pa.array([CHILD]))
    assert full.schema == ENTRY
    assert full["full_name"].to_pylist() == ["Nguyễn Minh Anh"]


def test_columns_that_an_extract_does_not_have_are_unknown(tmp_path):
    folder = tmp_path / "registry"
    folder.mkdir()
    whole = pa.Table.from_pylist(FAMILY, schema=ENTRY)
    pq.write_table(
        whole.drop_columns(
            ["former_ids", "superseded_ids", "father_id", "mother_id", "status", "birth_precision"]
        ),
        folder / "a.parquet",
    )
    registry = Snapshot(prepare(folder, tmp_path / "work"))
    (child,) = registry.lookup(pa.array([CHILD])).to_pylist()
    assert (child["father"], child["deceased"], child["precision"]) == (0, False, 3)


def test_an_extract_is_prepared_once_until_it_changes(tmp_path):
    opened(tmp_path / "registry", FAMILY).close()
    before = (tmp_path / "work" / "entries.parquet").stat().st_mtime_ns
    opened_again = Snapshot(prepare(tmp_path / "registry", tmp_path / "work"))
    assert (tmp_path / "work" / "entries.parquet").stat().st_mtime_ns == before
    opened_again.close()
    changed = opened(tmp_path / "registry", FAMILY[:2])
    assert changed.facts().entries == 2


def test_a_preparation_that_was_interrupted_is_done_again(tmp_path):
    opened(tmp_path / "registry", FAMILY).close()
    (tmp_path / "work" / "prepared.json").unlink()
    (tmp_path / "work" / "entries.parquet").write_bytes(b"half")
    assert Snapshot(prepare(tmp_path / "registry", tmp_path / "work")).facts().entries == 4


def test_prepared_files_are_for_their_owner_only(tmp_path):
    opened(tmp_path / "registry", FAMILY).close()
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "work").glob("*.parquet")} == {0}


def test_no_registry_in_the_folder(tmp_path):
    with pytest.raises(FolderProblem):
        prepare(tmp_path, tmp_path / "work")


def some_people(size, seed):
    """Entries over so few names, dates and places that every blocking rule finds some."""
    draw = random.Random(seed)
    people = []
    for number in range(size):
        gender = draw.choice("MF")
        words = [
            draw.choice(["Nguyễn", "Trần"]),
            draw.choice(["Văn", "Thị", "Minh"]),
            draw.choice(["An", "Ân", "Sen", "Xen"]),
        ]
        if draw.random() < 0.2:
            draw.shuffle(words)
        born = f"{draw.choice([1980, 1981, 1990, 2000])}-{draw.choice(['01', '03', '05'])}-{draw.choice(['01', '03', '05'])}"
        precision = draw.choice(["day", "day", "day", "month", "year"])
        people.append(entry(
            f"0380{number:08d}", " ".join(words), born, birth_precision=precision, gender=gender,
            birth_province=draw.choice(["038", "001", "002"]), residence_province=draw.choice(["38", "01"]),
            residence_commune=draw.choice(["14797", "00004"]),
        ))  # fmt: skip
    return people


def some_records(people):
    rows = [
        {
            "kind": "teacher",
            "record_id": f"T{number}",
            "name": person["full_name"].lower(),
            "birth_from": person["birth_date"] if number % 7 else None,
            "birth_precision": person["birth_precision"] if number % 7 else None,
            "gender": person["gender"],
            "birth_province": person["birth_province"] if number % 3 else None,
            "residence_province": person["residence_province"],
            "residence_commune": person["residence_commune"] if number % 4 else None,
        }
        for number, person in enumerate(people)
    ]
    return pa.Table.from_pylist(rows, schema=RECORDS)


def found(registry, keys, features, rules):
    tables = list(registry.candidates(keys, features, rules))
    assert all(table.schema.equals(PAIRS) for table in tables)
    return [
        pair
        for table in tables
        for pair in zip(table["row"].to_pylist(), table["entry"].to_pylist(), strict=True)
    ]


ALL_RULES = tuple(rule.name for rule in RULES)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crowd")
    registry = opened(folder / "registry", some_people(150, seed=1))
    keys, features = record_keys(some_records(some_people(60, seed=2)))
    yield registry, keys, features, folder / "work" / "entries.parquet"
    registry.close()


def test_rules_find_each_pair_once_and_miss_none(crowd):
    registry, keys, features, entries = crowd
    pairs = found(registry, keys, features, ALL_RULES)
    assert len(pairs) == len(set(pairs))
    with duckdb.connect() as con:
        con.register("records", keys)
        any_rule = " OR ".join(rule.matches() for rule in RULES)
        every = con.sql(f"SELECT r.row, e.entry FROM records r, '{entries}' e WHERE {any_rule}").fetchall()
    assert set(pairs) == set(every)


def test_every_rule_finds_something_of_its_own_somewhere(crowd):
    registry, keys, features, _ = crowd
    assert [rule for rule in ALL_RULES if not found(registry, keys, features, (rule,))] == []


def test_units_of_any_size_find_the_same_pairs(crowd, monkeypatch):
    registry, keys, features, _ = crowd
    whole = set(found(registry, keys, features, ALL_RULES))
    monkeypatch.setattr("matching.plan.PAIRS_PER_UNIT", 50)
    assert set(found(registry, keys, features, ALL_RULES)) == whole


def test_unknown_values_find_nobody(crowd):
    registry, *_ = crowd
    nothing = pa.Table.from_pylist([{"kind": "teacher", "record_id": "T"}], schema=RECORDS)
    assert found(registry, *record_keys(nothing), ALL_RULES) == []


def test_a_rule_that_would_never_end_is_refused():
    with pytest.raises(TooManyPairs, match="leave the rule out"):
        units(0, 10**12, 1000, "date_given")


def test_frequencies_are_shares_of_all_people(crowd):
    registry, *_ = crowd
    known = registry.frequencies()
    assert known.entries == 150
    assert sum(known.words.first.values()) == pytest.approx(1)
    assert known.years.sum() == pytest.approx(1)
    assert known.places.sum() == pytest.approx(1)
    assert sum(known.communes.values()) == pytest.approx(1)


def test_names_are_counted_by_each_of_their_keys(crowd):
    registry, _, features, _ = crowd
    counts = registry.name_counts(features)
    assert len(counts) == len(features)
    assert pc.min(pc.subtract(counts["folded"], counts["name_key"])).as_py() >= 0
    assert pc.min(pc.subtract(counts["sorted"], counts["folded"])).as_py() >= 0


def test_the_format_of_prepared_files_is_part_of_what_they_are(tmp_path, monkeypatch):
    opened(tmp_path / "registry", FAMILY).close()
    before = (tmp_path / "work" / "prepared.json").read_text()
    monkeypatch.setattr(extracts, "FORMAT", extracts.FORMAT + 1)
    opened(tmp_path / "registry", FAMILY).close()
    assert (tmp_path / "work" / "prepared.json").read_text() != before


def test_a_folder_with_a_quote_in_its_name(tmp_path):
    folder = tmp_path / "d'Arc"
    folder.mkdir()
    assert opened(folder / "registry", FAMILY).facts().entries == 4


def test_codes_out_of_range_are_unknown_and_an_entry_twice_does_not_multiply_its_children(tmp_path):
    odd = entry("038090000005", "Lê Hà", residence_province="201", birth_province="abc")
    registry = opened(tmp_path / "registry", [*FAMILY, odd, FAMILY[0]])
    (found_odd,) = registry.lookup(pa.array(["038090000005"])).to_pylist()
    assert (found_odd["residence_province"], found_odd["birth_province"]) == (0, 0)
    assert len(registry.lookup(pa.array([CHILD]))) == 1


@pytest.mark.parametrize("people", [[], [entry("03809000000x", "Lê Hà")]])
def test_a_registry_without_usable_people_is_refused_without_showing_any(tmp_path, people):
    with pytest.raises(FolderProblem) as error:
        opened(tmp_path / "registry", people)
    assert "03809" not in str(error.value)

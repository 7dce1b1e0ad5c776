"""The store: built once, rebuilt when the entries changed, asked by number."""

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_population_api.building import build_store, read_facts, tables_folder
from mock_population_api.errors import RegistryFolderError, StoreInUseError
from mock_population_api.schemas import ENTRY, FOUND, RELATIVES
from mock_population_api.store import Store, locked


def texts(*values):
    return pa.array(values, pa.string())


def test_facts_say_how_many_and_as_of_when(store, hand_made):
    assert store.facts.entries == len(hand_made.people)
    assert store.facts.as_of.endswith("+00:00")


def test_an_extract_may_state_its_own_as_of(tmp_path, hand_made):
    schema = ENTRY.with_metadata({"as_of": "2026-01-01T00:00:00+07:00"})
    folder = hand_made.write(tmp_path / "entries", hand_made.people, schema=schema)
    assert build_store(folder, tmp_path / "store").as_of == "2026-01-01T00:00:00+07:00"


def test_lookup_answers_in_the_order_asked_and_with_the_promised_columns(store, hand_made):
    found = store.lookup(texts(hand_made.DEAD, "000000000000", hand_made.LAN))
    assert found.schema.equals(FOUND)
    assert found.column("asked").to_pylist() == [hand_made.DEAD, hand_made.LAN]
    assert found.column("status").to_pylist() == ["deceased", "alive"]


def test_a_superseded_number_leads_to_the_current_one(store, hand_made):
    found = store.lookup(texts("001180999999")).to_pylist()
    assert [(row["found_by"], row["personal_id"]) for row in found] == [("superseded", hand_made.MINH)]


def test_a_former_number_may_lead_to_two_people(store, hand_made):
    found = store.lookup(texts("271450009")).to_pylist()
    assert {row["personal_id"] for row in found} == {hand_made.SHARED_A, hand_made.SHARED_B}
    assert {row["found_by"] for row in found} == {"former"}


def test_a_number_that_is_current_for_one_leads_to_nobody_else(tmp_path, hand_made):
    claims = hand_made.person("001199000001", "Lê Thị Hai", date(1999, 1, 1), superseded_ids=[hand_made.LAN])
    folder = hand_made.write(tmp_path / "entries", [*hand_made.people, claims])
    build_store(folder, tmp_path / "store")
    found = Store(tmp_path / "store").lookup(texts(hand_made.LAN)).to_pylist()
    assert [(row["found_by"], row["personal_id"]) for row in found] == [("current", hand_made.LAN)]


def test_parents_names_stand_with_the_child_even_through_a_superseded_number(store, hand_made):
    row = store.lookup(texts(hand_made.LAN)).to_pylist()[0]
    assert (row["father_name"], row["mother_name"]) == ("Nguyễn Văn Bình", "Trần Thị Minh")


def test_relatives_are_parents_then_children_oldest_first(store, hand_made):
    related = store.relatives(texts(hand_made.LAN, hand_made.BINH, "nobody"))
    assert related.schema.equals(RELATIVES)
    rows = [(row["asked"], row["relation"], row["personal_id"]) for row in related.to_pylist()]
    assert rows == [
        (hand_made.LAN, "father", hand_made.BINH),
        (hand_made.LAN, "mother", hand_made.MINH),
        (hand_made.BINH, "child", hand_made.AN),
        (hand_made.BINH, "child", hand_made.LAN),
    ]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=20)))
def test_any_text_may_be_asked_as_a_number(store, hand_made, numbers):
    found = store.lookup(texts(*numbers, hand_made.LAN)).column("asked").to_pylist()
    assert found == [hand_made.LAN]


def test_a_store_is_made_again_only_when_the_entries_changed(tmp_path, hand_made):
    folder = hand_made.write(tmp_path / "entries", hand_made.people)
    first = build_store(folder, tmp_path / "store")
    made = tables_folder(tmp_path / "store", first) / "by_name.npy"
    written = made.stat().st_mtime_ns
    assert build_store(folder, tmp_path / "store") == first
    assert made.stat().st_mtime_ns == written
    hand_made.write(folder, hand_made.people[:3])
    second = build_store(folder, tmp_path / "store")
    assert second.entries == 3
    assert not made.exists()
    assert read_facts(tmp_path / "store") == second


def test_entries_may_stand_in_several_files_with_other_columns_around(tmp_path, hand_made):
    folder = hand_made.write(tmp_path / "entries", hand_made.people[:5], "a.parquet")
    rest = pa.Table.from_pylist(hand_made.people[5:], schema=ENTRY).append_column(
        "ethnic", pa.array(["x"] * 5)
    )
    pq.write_table(rest, folder / "b.parquet")
    assert build_store(folder, tmp_path / "store").entries == len(hand_made.people)


def test_a_store_made_of_many_pieces_answers_alike(store, registry, tmp_path, hand_made, monkeypatch):
    monkeypatch.setattr("mock_population_api.unpacking._BATCH", 3)
    monkeypatch.setattr("mock_population_api.orders._PIECE", 3)
    build_store(registry, tmp_path)
    numbers = texts(*(row["personal_id"] for row in hand_made.people), "271450009", "001180999999")
    in_pieces = Store(tmp_path)
    assert in_pieces.lookup(numbers).equals(store.lookup(numbers))
    assert in_pieces.relatives(numbers).equals(store.relatives(numbers))


def test_pages_that_were_given_back_are_read_again(store, hand_made):
    before = store.lookup(texts(hand_made.LAN))
    store.people.mapped.trim()
    assert store.lookup(texts(hand_made.LAN)).equals(before)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda table: table.drop_columns(["status"]), "no column status"),
        (lambda table: table.set_column(0, "personal_id", pa.array(range(10))), "personal_id is int64"),
        (
            lambda table: table.set_column(0, "personal_id", pa.array(["1"] * 10)),
            "10 entries have no personal_id",
        ),
        (lambda table: pa.concat_tables([table, table]), "one personal_id twice"),
    ],
)
def test_a_folder_that_can_not_be_used_is_refused(tmp_path, change, complaint, hand_made):
    (tmp_path / "entries").mkdir()
    pq.write_table(
        change(pa.Table.from_pylist(hand_made.people, schema=ENTRY)), tmp_path / "entries" / "a.parquet"
    )
    with pytest.raises(RegistryFolderError, match=complaint):
        build_store(tmp_path / "entries", tmp_path / "store")
    assert read_facts(tmp_path / "store") is None


def test_no_parquet_and_broken_parquet_are_refused(tmp_path):
    (tmp_path / "entries").mkdir()
    with pytest.raises(RegistryFolderError, match="holds no"):
        build_store(tmp_path / "entries", tmp_path / "store")
    (tmp_path / "entries" / "a.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(RegistryFolderError, match="not a Parquet file"):
        build_store(tmp_path / "entries", tmp_path / "store")
    with pytest.raises(RegistryFolderError, match="no store"):
        Store(tmp_path / "nothing")


def test_a_store_belongs_to_one_process_at_a_time(tmp_path):
    with locked(tmp_path), pytest.raises(StoreInUseError), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_few_numbers_and_many_are_answered_alike(store, hand_made):
    everybody = [number for row in hand_made.people for number in (row["personal_id"], *row["former_ids"])]
    asked = [*everybody, "001180999999", "nobody", "", "000000000000", "999999999999", "\u0660" * 12]
    alone = pa.concat_tables([store.lookup(texts(number)) for number in dict.fromkeys(asked)])
    assert alone.equals(store.lookup(texts(*asked)))


def test_a_former_number_of_very_many_people_is_found_whole(tmp_path, hand_made):
    people = [
        hand_made.person(
            f"0012{n % 20:02d}{n:06d}", "Lê Văn Ba", date(2000 + n % 20, 1, 1), former_ids=["271450009"]
        )
        for n in range(40)
    ]
    other = [hand_made.person("001311000013", "Nguyễn Thị Lan", date(2011, 9, 5), former_ids=["271450008"])]
    build_store(hand_made.write(tmp_path / "entries", people + other), tmp_path / "store")
    assert len(Store(tmp_path / "store").lookup(texts("271450009"))) == 40


@pytest.mark.parametrize("length", [9, 300, 5000])
def test_a_former_number_of_any_length_is_found(tmp_path, hand_made, length):
    odd = "9" * length
    person = hand_made.person("001311000013", "Nguyễn Thị Lan", date(2011, 9, 5), former_ids=[odd])
    build_store(hand_made.write(tmp_path / "entries", [person]), tmp_path / "store")
    found = Store(tmp_path / "store").lookup(texts(odd, odd[:-1])).to_pylist()
    assert [(row["asked"], row["found_by"]) for row in found] == [(odd, "former")]

import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.foreign import febrl, pseudopeople
from benchmarks.foreign.folders import names, numbers_of
from benchmarks.foreign.run import rates
from connectors.education_records import raw_records
from connectors.files import read_education_folder
from connectors.registry_folder import registry_folder
from matching.normalise.records import normalise_records
from matching.profile import PEOPLE
from matching.schemas import KINDS

TODAY = datetime.date(2020, 12, 31)


def frame(rows, columns):
    return pd.DataFrame(rows, columns=columns, dtype=str).replace({"": None})


CENSUS = frame(
    [
        ("0_2", "Diana", "P", "Kofron", "05/06/1994", "Female"),
        ("0_3", "Man of the House", "A", "Kofron", "09/29/1964", "Male"),
        ("0_9", "Ann", "", "Stranger", "09/99/1990", "Female"),
    ],
    ["simulant_id", "first_name", "middle_initial", "last_name", "date_of_birth", "sex"],
)

_EVENT = [
    "simulant_id",
    "ssn",
    "first_name",
    "middle_name",
    "last_name",
    "date_of_birth",
    "sex",
    "event_type",
    "event_date",
]
EVENTS = frame(
    [
        ("0_2", "111-11-1112", "Diana", "Penelope", "Kofron", "19940506", "Female", "death", "19940506"),
        ("0_3", "222-22-2223", "Abel", "Adam", "", "19640929", "", "creation", "19640929"),
        ("0_4", "333-33-3334", "Eve", "Z", "Gone", "19300101", "Female", "creation", "19300101"),
        ("0_3", "222-22-2223", "Abel", "Adam", "Kofron", "19640929", "Male", "death", "20200901"),
        ("0_4", "333-33-3334", "Eve", "Z", "Gone", "19300101", "Female", "death", "20200102"),
    ],
    _EVENT,
)  # fmt: skip

_FEBRL = ["rec_id", "given_name", "surname", "postcode", "state", "date_of_birth", "soc_sec_id"]
ORIGINALS = frame(
    [
        ("rec-7-org", "michaela", "neumann", "4223", "nsw", "19151111", "5304218"),
        ("rec-8-org", "courtney", "painter", "4560", "vic", "", "4066625"),
    ],
    _FEBRL,
)
COPIES = frame([("rec-8-dup-0", "painter", "courtney", "4560", "vci", "19161214", "4066652")], _FEBRL)


def read(out):
    """Records as linkage takes them, entries, and the truth by record."""
    raw = raw_records(read_education_folder(out / "education", KINDS))
    records, _ = normalise_records(raw, TODAY, PEOPLE)
    entries = pa.concat_tables(map(pq.read_table, registry_folder(out / "registry")))
    truth = pq.read_table(out / "truth" / "truth.parquet").to_pylist()
    return records.to_pylist(), entries.to_pylist(), {row["record_id"]: row["personal_id"] for row in truth}


def test_a_census_and_social_security_become_our_folders(tmp_path):
    assert pseudopeople.write(CENSUS, EVENTS, 2020, tmp_path) == "3 records, 3 entries, 2 records have one"
    records, entries, truth = read(tmp_path)
    assert [record["name"] for record in records] == ["kofron p diana", "kofron a", "stranger ann"]
    assert records[0]["birth_from"] == datetime.date(1994, 5, 6)
    by_name = {entry["full_name"]: entry for entry in entries}
    assert truth[records[0]["record_id"]] == by_name["kofron p diana"]["personal_id"]
    assert truth[records[2]["record_id"]] is None
    assert by_name["kofron a abel"]["gender"] == "M"


def test_only_who_died_before_the_census_is_dead(tmp_path):
    pseudopeople.write(CENSUS, EVENTS, 2020, tmp_path)
    states = {entry["full_name"]: entry["status"] for entry in read(tmp_path)[1]}
    assert states == {"kofron p diana": "alive", "kofron a abel": "alive", "gone z eve": "deceased"}


def test_no_number_of_the_simulation_gets_into_the_folders(tmp_path):
    pseudopeople.write(CENSUS, EVENTS, 2020, tmp_path)
    records, entries, _ = read(tmp_path)
    text = str(records) + str(entries)
    assert not any(number in text for number in ("0_2", "1111112", "111-11"))


def test_two_registers_become_our_folders(tmp_path):
    assert febrl.write(ORIGINALS, COPIES, tmp_path) == "1 records, 2 entries"
    (record,), entries, truth = read(tmp_path)
    assert (record["name"], record["claimed_id"]) == ("courtney painter", "000004066652")
    assert (record["residence_province"], record["residence_commune"]) == (None, "04560")
    assert truth[record["record_id"]] == "000004066625"
    assert [(entry["residence_province"], entry["birth_date"]) for entry in entries] == [
        ("02", None),
        ("01", datetime.date(1915, 11, 11)),
    ]


def test_without_the_number_nobody_claims_one(tmp_path):
    febrl.write(ORIGINALS, COPIES, tmp_path, with_number=False)
    assert read(tmp_path)[0][0]["claimed_id"] is None


def test_one_number_twice_is_no_personal_id():
    with pytest.raises(ValueError, match="two originals"):
        febrl.entries_of(pd.concat([ORIGINALS, ORIGINALS]))


def test_numbers_are_distinct_and_say_nothing_of_the_row():
    made = numbers_of(10_000)
    assert len(set(made)) == len(made)
    assert {len(number) for number in made} == {12}
    assert sorted(made) != made


def test_a_part_that_stands_for_no_name_is_left_out():
    parts = [
        pd.Series(["Smith", "Occupant", None]),
        pd.Series(["J.", None, None]),
        pd.Series(["Ann", "Bo", ""]),
    ]
    assert names(parts) == ["smith j ann", "bo", None]


def test_rates_count_links_and_wrong_ones(tmp_path):
    decided = [
        ("1", "linked", "a", 0.99),
        ("2", "linked", "x", 0.995),
        ("3", "clerical_review", None, 0.6),
        ("4", "unlinked", None, None),
    ]
    decisions = [
        {"kind": "teacher", "record_id": one, "outcome": what, "personal_id": who, "candidate_id": who or "c", "match_probability": p}
        for one, what, who, p in decided
    ]  # fmt: skip
    truth = [
        {"kind": "teacher", "record_id": one, "personal_id": who}
        for one, who in zip("1234", "abc", strict=False)
    ]
    truth.append({"kind": "teacher", "record_id": "4", "personal_id": None})
    for name, rows in (("decisions", decisions), ("truth", truth)):
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"{name}.parquet")
    whole = rates(tmp_path / "decisions.parquet", tmp_path / "truth.parquet")
    assert (whole.findable, whole.linked, whole.right) == (3, 2, 1)
    assert (whole.precision, whole.recall) == (0.5, 1 / 3)
    half = rates(tmp_path / "decisions.parquet", tmp_path / "truth.parquet", "match_probability >= 0.5")
    assert (half.linked, half.right) == (3, 2)

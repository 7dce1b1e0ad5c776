import datetime
import inspect

import pyarrow as pa
import pytest

from matching.errors import TableMismatch
from matching.normalise.records import normalise_records
from matching.normalise.rejects import Reject
from matching.schemas import RAW_RECORDS, RECORDS, REJECTS

TODAY = datetime.date(2026, 1, 15)


def typed(**values):
    """One student as a school typed it, with the values given."""
    record = dict.fromkeys(RAW_RECORDS.names) | {
        "kind": "student",
        "record_id": "S1",
        "province": "37",
        "school_code": "37001",
        "full_name": "Nguyễn Thị Mai",
        "birth_date": "05/09/2011",
        "gender": "Nữ",
        "claimed_id": "036311012345",
    }
    return record | values


def read(*records):
    table = pa.Table.from_pylist(list(records), schema=RAW_RECORDS)
    normalised, rejects = normalise_records(table, TODAY)
    return normalised.to_pylist(), rejects.to_pylist()


def reasons(rejects):
    return [(row["column"], row["reason"]) for row in rejects]


def test_a_clean_record_is_read_whole():
    (record,), rejects = read(
        typed(
            birth_place="Nam Định",
            residence_province="37",
            residence_commune="Phường Nam Định",
            nationality="Việt Nam",
            level="lower_secondary",
            grade="9",
        )
    )
    assert rejects == []
    assert record["name"] == "nguyễn thị mai"
    assert record["birth_from"] == record["birth_to"] == datetime.date(2011, 9, 5)
    assert (record["birth_precision"], record["gender"]) == ("day", "F")
    assert (record["birth_province"], record["birth_region"]) == ("036", "37")
    assert record["residence_province"] == "37"
    assert (record["claimed_id"], record["claimed_form"]) == ("036311012345", "personal")
    assert (record["claimed_former"], record["claimed_other"], record["left_out"]) == (None, None, None)
    assert (record["level"], record["grade"]) == ("lower_secondary", "9")


def test_tables_have_the_schemas_of_the_stage():
    table = pa.Table.from_pylist([typed(), typed(birth_date="40/40/40")], schema=RAW_RECORDS)
    records, rejects = normalise_records(table, TODAY)
    assert records.schema == RECORDS
    assert rejects.schema == REJECTS


def test_no_records_make_two_empty_tables():
    records, rejects = normalise_records(RAW_RECORDS.empty_table(), TODAY)
    assert (len(records), len(rejects)) == (0, 0)
    assert (records.schema, rejects.schema) == (RECORDS, REJECTS)


def test_a_table_without_a_column_is_refused_by_name():
    table = RAW_RECORDS.empty_table().drop_columns(["gender", "level"])
    with pytest.raises(TableMismatch, match="raw_records lacks the columns level, gender") as caught:
        normalise_records(table, TODAY)
    assert caught.value.missing == ("level", "gender")


def test_a_record_without_a_usable_name_stays():
    (record,), rejects = read(typed(full_name="chưa có"))
    assert record["name"] is None
    assert record["claimed_id"] == "036311012345"
    assert reasons(rejects) == [("full_name", "name_placeholder")]


def test_every_reject_names_its_record_and_never_the_value():
    _, rejects = read(typed(record_id="S7", kind="teacher", claimed_id="999999999999", birth_date="x/y/z"))
    assert {(row["table"], row["row"], row["record_id"]) for row in rejects} == {("teachers", None, "S7")}
    assert reasons(rejects) == [("birth_date", "date_unreadable"), ("claimed_id", "number_placeholder")]


def test_foreign_nationals_are_left_out_and_nobody_else():
    records, rejects = read(
        typed(nationality="Hàn Quốc"),
        typed(nationality="VN"),
        typed(nationality=None),
        typed(nationality="1"),
    )
    assert [record["left_out"] for record in records] == ["foreign_national", None, None, None]
    assert reasons(rejects) == [("nationality", "nationality_unreadable")]


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({}, "036311012345"),
        ({"birth_date": "2011"}, "036311012345"),
        ({"birth_date": None, "gender": None}, "036311012345"),
        ({"birth_date": "05/09/2010"}, None),
        ({"gender": "Nam"}, None),
    ],
    ids=["agrees", "year agrees", "nothing to compare", "another year", "another gender"],
)
def test_lost_zeros_are_restored_unless_the_number_contradicts_the_record(values, kept):
    (record,), rejects = read(typed(claimed_id="36311012345", **values))
    assert (record["claimed_id"], record["claimed_other"]) == (None, kept)
    assert record["claimed_form"] == ("zero_restored" if kept else "wrong_form")
    assert reasons(rejects) == ([] if kept else [("claimed_id", "number_repair_contradicted")])


def test_a_number_as_typed_is_kept_and_its_contradictions_are_told():
    (record,), rejects = read(typed(birth_date="05/09/2012", gender="Nam"))
    assert record["claimed_id"] == "036311012345"
    assert reasons(rejects) == [
        ("claimed_id", "number_says_other_year"),
        ("claimed_id", "number_says_other_gender"),
    ]
    assert all(Reject(row["reason"]).kept for row in rejects)


@pytest.mark.parametrize(
    ("number", "form", "reason"),
    [
        ("1.20E+11", "lost_in_spreadsheet", "number_lost"),
        ("C1234567", "foreign_document", "number_foreign_document"),
        ("12346", "wrong_form", "number_wrong_form"),
        ("36", "placeholder", "number_placeholder"),
        (None, "missing", None),
    ],
)
def test_the_form_of_a_number_is_kept_beside_the_reason(number, form, reason):
    (record,), rejects = read(typed(claimed_id=number))
    assert record["claimed_form"] == form
    assert reasons(rejects) == ([("claimed_id", reason)] if reason else [])


def test_schools_are_told_apart_by_kind_of_record_too():
    students = [typed(record_id=f"S{day}", birth_date=f"03/{day}/2011", claimed_id=None) for day in (4, 25)]
    teachers = [typed(kind="teacher", record_id="T1", birth_date="03/04/1981", claimed_id=None)]
    records, _ = read(*students, *teachers)
    assert records[0]["birth_from"] == datetime.date(2011, 3, 4)
    assert records[2]["birth_from"] == datetime.date(1981, 4, 3)


def test_genders_in_digits_are_read_by_the_names_and_numbers_of_the_school():
    records, _ = read(
        typed(gender="1", claimed_id=None),
        typed(gender="0", full_name="Lê Văn An", claimed_id=None),
        typed(gender="0", full_name="Lê Minh", claimed_id=None),
        typed(gender="1", full_name="Lê Minh", claimed_id=None, school_code="37002"),
    )
    assert [record["gender"] for record in records] == ["F", "M", "M", "M"]


def test_every_reason_has_a_sentence():
    source = inspect.getsource(Reject)
    assert source.count('"""') // 2 == len(Reject) + 2

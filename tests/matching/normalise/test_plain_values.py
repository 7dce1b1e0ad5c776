import datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.normalise.identifiers import Form
from matching.normalise.plain_values import read_codes, read_dates, read_genders, read_names, read_numbers
from matching.normalise.records import normalise_records
from matching.normalise.rejects import Reject
from matching.profile import PEOPLE, VIETNAM
from matching.schemas import RAW_RECORDS, RECORDS

TODAY = datetime.date(2020, 12, 31)


def dates(*typed):
    read = read_dates(pa.array(typed, pa.string()), pa.array(["one"] * len(typed)), TODAY)
    return [
        (str(day) if day else None, how)
        for day, how in zip(read.first.to_pylist(), read.precision.to_pylist(), strict=True)
    ]


def test_dates_of_any_age_in_the_order_of_the_source():
    assert dates("05/06/1994", "09/29/1994", "02/03/2019", "12/24/1905") == [
        ("1994-05-06", "day"),
        ("1994-09-29", "day"),
        ("2019-02-03", "day"),
        ("1905-12-24", "day"),
    ]


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("1990-04-03", "1990-04-03"),
        ("19900403", "1990-04-03"),
        ("19900431", "1990-01-01"),
        ("20113107", "2011-07-31"),
        ("199O-O4-O3", "1990-04-03"),
        ("09/27/|965", "1965-09-27"),
        ("1969l215", "1969-12-15"),
        ("1990-04-03T23:30:00Z", "1990-04-03"),
        ("2 Aug 1990", "1990-08-02"),
        ("", None),
        ("2031-01-01", None),
        ("soon", None),
    ],
)
def test_a_date(typed, day):
    assert dates(typed)[0][0] == day


@pytest.mark.parametrize(
    ("typed", "gender", "reject"),
    [
        ("Male", "M", None),
        ("f", "F", None),
        ("2", "F", None),
        ("X", None, None),
        ("", None, None),
        ("robot", None, Reject.GENDER_UNREADABLE),
    ],
)
def test_genders(typed, gender, reject):
    read = read_genders(pa.array([typed]))
    assert (read.value.to_pylist(), read.reject.to_pylist()) == ([gender], [reject])


@pytest.mark.parametrize(
    ("typed", "code", "reject"),
    [
        ("6", "00006", None),
        ("99999", "99999", None),
        (" 2600 ", "02600", None),
        ("00000", None, None),
        ("", None, None),
        (None, None, None),
        ("n/a", None, None),
        ("000o0", None, Reject.COMMUNE_UNREADABLE),
        ("123456", None, Reject.COMMUNE_UNREADABLE),
    ],
)
def test_codes_are_looked_up_nowhere(typed, code, reject):
    read = read_codes(pa.array([typed], pa.string()), 5, Reject.COMMUNE_UNREADABLE)
    assert (read.value.to_pylist(), read.reject.to_pylist()) == ([code], [reject])


@pytest.mark.parametrize(
    ("typed", "number", "form"),
    [
        ("5304218", "000005304218", Form.PERSONAL),
        ("786-77-6454", "000786776454", Form.PERSONAL),
        ("999123456789", "999123456789", Form.PERSONAL),
        ("1234567890123", None, Form.WRONG_FORM),
        ("AB123456", None, Form.WRONG_FORM),
        ("0000000", None, Form.PLACEHOLDER),
        ("123456789", None, Form.PLACEHOLDER),
        ("", None, Form.MISSING),
        ("none", None, Form.MISSING),
    ],
)
def test_numbers_say_nothing_but_themselves(typed, number, form):
    read = read_numbers(pa.array([typed]))
    assert (read.personal_id.to_pylist(), read.form.to_pylist()) == ([number], [form.value])


@pytest.mark.parametrize(
    ("typed", "reject"),
    [
        ("Smith Ann", None),
        ("", Reject.NAME_MISSING),
        ("42", Reject.NAME_WITHOUT_LETTERS),
        ("unknown", Reject.NAME_PLACEHOLDER),
        ("a " * 20, Reject.NAME_TOO_LONG),
    ],
)
def test_why_there_is_no_name(typed, reject):
    assert read_names(pa.array([typed])).reject.to_pylist() == [reject]


def raw(**values):
    record = {"kind": "teacher", "record_id": "1", "school_code": "one"} | values
    return pa.Table.from_pylist([record], schema=RAW_RECORDS)


def test_a_record_of_another_country():
    records, rejects = normalise_records(
        raw(
            full_name="Nguyễn-Smith Jr, Ann",
            birth_date="19951111",
            gender="female",
            birth_place="36",
            nationality="Australian",
            claimed_id="9239102",
            residence_province="4",
            residence_commune="2135",
        ),
        TODAY,
        PEOPLE,
    )
    assert records.schema == RECORDS
    assert not len(rejects)
    read = records.to_pylist()[0]
    assert {name: read[name] for name in ("name", "gender", "birth_province", "birth_region")} == {
        "name": "nguyen smith ann",
        "gender": "F",
        "birth_province": "036",
        "birth_region": None,
    }
    assert (read["residence_province"], read["residence_commune"]) == ("04", "02135")
    assert (read["claimed_id"], read["claimed_form"]) == ("000009239102", "personal")
    assert (read["birth_from"], read["left_out"]) == (datetime.date(1995, 11, 11), None)


def test_the_profile_is_vietnam_unless_another_is_asked_for():
    record = raw(full_name="Trần Thị Hoà", gender="x", birth_place="Hà Nội", nationality="Lào")
    assert normalise_records(record, TODAY)[0].equals(normalise_records(record, TODAY, VIETNAM)[0])
    assert normalise_records(record, TODAY)[0]["left_out"].to_pylist() == ["foreign_national"]


_text = st.text(max_size=15)


@given(_text, _text, _text, _text, _text)
def test_whatever_is_typed_there_is_an_answer(name, date, gender, code, number):
    record = raw(
        full_name=name,
        birth_date=date,
        gender=gender,
        birth_place=code,
        residence_province=code,
        residence_commune=code,
        claimed_id=number,
    )
    read, _ = normalise_records(record, TODAY, PEOPLE)
    assert read.schema == RECORDS

import datetime

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matching.normalise.dates import normalise_dates, parse
from matching.normalise.rejects import Reject
from matching.people import PartialDate

TODAY = datetime.date(2026, 1, 15)


def read(text, **how):
    return parse(text, as_of=TODAY, **how)


@pytest.mark.parametrize(
    "text",
    [
        "05/09/2011",
        "5/9/2011",
        "5-9-11",
        "05.09.2011",
        "05 09 2011",
        "05 / 09 / 2011",
        "05//09/2011",
        "05/09-2011",
        "05\\09\\2011",
        "2011-09-05",
        "2011/9/5",
        "2011-09-05T00:00:00",
        "2011-09-05 00:00:00.000",
        "2011-09-05T00:00:00+07:00",
        "2011-09-04T17:00:00Z",
        "2011-09-04T17:00:00.000Z",
        "05/09/2011 00:00",
        "5/9/2011 12:00:00 AM",
        "05/09/2011 12:00:00 SA",
        "20110905",
        "05092011",
        "5092011",
        "050911",
        "40791",
        "40791.0",
        "40791.5",
        "ngày 5 tháng 9 năm 2011",
        "Ngày 05 tháng 09, 2011",
        "5 tháng 9 năm 2011",
        "05-Sep-11",
        "5 September 2011",
        "Sep 5, 2011",
        "'05/09/2011",
        "O5/09/2O11",
        "０５/０９/２０１１",
        " 05/09/2011\u00a0",
        "05/09/2011 (âm lịch)",
    ],
    ids=ascii,
)
def test_every_form_of_a_day_is_the_same_day(text):
    assert read(text) == (read("2011-09-05"))
    assert read(text).date == PartialDate(2011, 9, 5)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2011", PartialDate(2011)),
        ("2011.0", PartialDate(2011)),
        ("năm 2011", PartialDate(2011)),
        ("Sinh năm 1985", PartialDate(1985)),
        ("SN: 1985", PartialDate(1985)),
        ("85", PartialDate(1985)),
        ("00/00/2011", PartialDate(2011)),
        ("--/--/2011", PartialDate(2011)),
        ("?/?/1985", PartialDate(1985)),
        ("09/2011", PartialDate(2011, 9)),
        ("2011-09", PartialDate(2011, 9)),
        ("092011", PartialDate(2011, 9)),
        ("tháng 9 năm 2011", PartialDate(2011, 9)),
        ("tháng 9/2011", PartialDate(2011, 9)),
        ("00/09/2011", PartialDate(2011, 9)),
        ("xx/09/2011", PartialDate(2011, 9)),
        ("01/01/1985", PartialDate(1985, 1, 1)),
    ],
    ids=ascii,
)
def test_what_is_known_of_a_date_is_kept_and_no_more(text, date):
    assert (read(text).date, read(text).reject) == (date, None)


def test_a_spreadsheets_day_numbers_count_from_30_december_1899():
    assert read("44096").date == PartialDate(2020, 9, 22)
    assert read("44096.0").date == PartialDate(2020, 9, 22)
    assert read("9999").date == PartialDate(1927, 5, 17)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("31/02/2011", PartialDate(2011)),
        ("30/02/2011", PartialDate(2011)),
        ("29/02/2011", PartialDate(2011)),
        ("31/04/2011", PartialDate(2011)),
        ("45/03/2011", PartialDate(2011)),
        ("25/13/2011", PartialDate(2011)),
        ("2011-11-31", PartialDate(2011)),
    ],
)
def test_an_impossible_day_leaves_the_year(text, date):
    assert (read(text).date, read(text).reject) == (date, Reject.IMPOSSIBLE_DAY)


@pytest.mark.parametrize(
    ("text", "kind", "reject"),
    [
        ("05/09/2031", None, Reject.FUTURE_DATE),
        ("16/01/2026", None, Reject.FUTURE_DATE),
        ("05/09/1811", None, Reject.ABSURD_AGE),
        ("05/09/1011", None, Reject.ABSURD_AGE),
        ("05/09/2015", "teacher", Reject.ABSURD_AGE),
        ("05/09/2020", "guardian", Reject.ABSURD_AGE),
        ("05/09", None, Reject.DATE_UNREADABLE),
        ("05/09/201", None, Reject.DATE_UNREADABLE),
        ("lớp 5", None, Reject.DATE_UNREADABLE),
        ("99999", None, Reject.DATE_UNREADABLE),
        ("0911", None, Reject.DATE_UNREADABLE),
        ("5", None, Reject.DATE_UNREADABLE),
    ],
    ids=ascii,
)
def test_what_cannot_be_a_birth_date_is_rejected_with_its_reason(text, kind, reject):
    assert (read(text, kind=kind).date, read(text, kind=kind).reject) == (None, reject)


@pytest.mark.parametrize("text", ["", "  ", "-", "không rõ", "N/A", "null", "0", "00/00/0000"], ids=ascii)
def test_nothing_typed_is_nothing_wrong(text):
    assert (read(text).date, read(text).reject) == (None, None)


@pytest.mark.parametrize(
    ("text", "kind", "year"),
    [
        ("5/9/11", "student", 2011),
        ("5/9/65", "student", 1965),
        ("5/9/65", "teacher", 1965),
        ("5/9/99", "teacher", 1999),
        ("5/9/05", "guardian", 2005),
        ("5/9/26", "student", 2026),
        ("5/9/30", "guardian", 1930),
    ],
)
def test_two_digits_are_the_latest_year_that_is_old_enough(text, kind, year):
    later = datetime.date(2026, 12, 31)
    assert parse(text, as_of=later, kind=kind).date.year == year


def test_a_number_above_twelve_is_the_day_whatever_the_habit():
    for day_first in (True, False):
        assert read("25/09/2011", day_first=day_first).date == PartialDate(2011, 9, 25)
        assert read("09/25/2011", day_first=day_first).date == PartialDate(2011, 9, 25)
    assert read("05/09/2011", day_first=False).date == PartialDate(2011, 5, 9)


@given(st.text(max_size=40))
@example("9999-99-99T99:99:99Z")
@example("0001-01-01T00:00:00Z")
@example("9999-12-31T23:00:00Z")
@example("00000000")
@example("31/12/0000")
@example("²²/⁰⁹/2011")
def test_no_text_breaks_the_reading(text):
    reading = read(text)
    assert reading.date is None or reading.date.first <= TODAY


@given(st.text(alphabet="0123456789/-. T:Z", max_size=24))
def test_nothing_made_of_digits_and_separators_breaks_the_reading(text):
    assert read(text, day_first=False).reject is None or read(text).reject in Reject


@given(
    st.dates(datetime.date(1910, 1, 1), TODAY),
    st.sampled_from(
        [
            "%d/%m/%Y",
            "%d-%m-%Y",
            "%d.%m.%Y",
            "%Y-%m-%d",
            "%Y%m%d",
            "%d%m%Y",
            "%Y-%m-%dT%H:%M:%S",
            "%d/%m/%Y %H:%M",
        ]
    ),
)
def test_a_day_survives_being_written_down(day, form):
    assert read(day.strftime(form)).date == PartialDate.on(day)


@given(st.dates(datetime.date(1931, 1, 1), TODAY))
def test_a_day_survives_a_spreadsheet(day):
    assert read(str((day - datetime.date(1899, 12, 30)).days)).date == PartialDate.on(day)


def column(texts, schools, kinds=None):
    return normalise_dates(
        pa.array(texts), pa.array(schools), TODAY, None if kinds is None else pa.array(kinds)
    )


def test_one_day_above_twelve_settles_the_order_for_its_school_only():
    read_column = column(
        ["03/04/2011", "03/25/2011", "03/04/2011", "25/03/2011", "03/04/2011"],
        ["us", "us", "vn", "vn", "silent"],
    )
    assert read_column.first.to_pylist() == [
        datetime.date(2011, 3, 4),
        datetime.date(2011, 3, 25),
        datetime.date(2011, 4, 3),
        datetime.date(2011, 3, 25),
        datetime.date(2011, 4, 3),
    ]


def test_a_slip_does_not_outvote_the_others():
    texts = ["25/03/2011", "26/03/2011", "03/27/2011", "03/04/2011"]
    assert column(texts, ["A"] * 4).first.to_pylist()[-1] == datetime.date(2011, 4, 3)


def test_a_column_gives_first_and_last_day_precision_and_reason():
    read_column = column(["2011", "31/04/2011", None, "2040", "09/2011"], ["A"] * 5)
    assert read_column.first.to_pylist()[0] == datetime.date(2011, 1, 1)
    assert read_column.last.to_pylist()[4] == datetime.date(2011, 9, 30)
    assert read_column.precision.to_pylist() == ["year", "year", None, None, "month"]
    assert read_column.reject.to_pylist() == [None, "impossible_day", None, "future_date", None]
    assert read_column.first.type == pa.date32()


def test_the_kind_of_record_decides_what_age_is_absurd():
    read_column = column(["2015", "2015", "2015"], ["A"] * 3, ["student", "teacher", "guardian"])
    assert read_column.precision.to_pylist() == ["year", None, None]


def test_an_empty_column_of_dates_is_read():
    assert len(column(pa.array([], pa.string()), pa.array([], pa.string())).first) == 0

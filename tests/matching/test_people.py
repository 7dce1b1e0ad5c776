import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.errors import ReferenceDamaged
from matching.people import (
    FormerId,
    Gender,
    PartialDate,
    PersonalId,
    Precision,
    id_provinces,
    provinces,
)
from matching.reference import read_table


def test_the_parts_of_a_date_that_are_known_make_an_interval():
    assert PartialDate(2011).first == datetime.date(2011, 1, 1)
    assert PartialDate(2011).last == datetime.date(2011, 12, 31)
    assert PartialDate(2012, 2).last == datetime.date(2012, 2, 29)
    assert PartialDate(2011, 9, 5).first == PartialDate(2011, 9, 5).last == datetime.date(2011, 9, 5)


@pytest.mark.parametrize(
    ("date", "precision"),
    [(PartialDate(2011), "year"), (PartialDate(2011, 9), "month"), (PartialDate(2011, 9, 5), "day")],
    ids=["year", "month", "day"],
)
def test_precision_is_the_finest_part_known(date, precision):
    assert date.precision == precision


@pytest.mark.parametrize("parts", [(2011, 2, 29), (2011, 13), (2011, None, 5), (0,)], ids=str)
def test_a_date_that_no_calendar_has_cannot_be_made(parts):
    with pytest.raises(ValueError, match=r"."):
        PartialDate(*parts)


def test_dates_agree_at_the_precision_of_the_coarser_one():
    day = PartialDate(2011, 9, 5)
    assert day.agrees(PartialDate(2011))
    assert day.agrees(PartialDate(2011, 9))
    assert not day.agrees(PartialDate(2011, 8))
    assert not day.agrees(PartialDate(2011, 9, 6))


def test_day_and_month_swap_only_where_both_can_be_a_month():
    assert PartialDate(2011, 9, 5).swapped() == PartialDate(2011, 5, 9)
    assert PartialDate(2011, 9, 25).swapped() is None
    assert PartialDate(2011, 9, 9).swapped() is None
    assert PartialDate(2011, 9).swapped() is None


def test_the_first_of_january_is_a_default_and_a_year_alone_is_not():
    assert PartialDate(1970, 1, 1).is_default_day
    assert not PartialDate(1970).is_default_day


def test_a_date_is_coarsened_to_a_precision_and_never_refined():
    assert PartialDate(2011, 9, 5).coarsened(Precision.MONTH) == PartialDate(2011, 9)
    assert PartialDate(2011, 9, 5).coarsened(Precision.YEAR) == PartialDate(2011)
    assert PartialDate(2011).coarsened(Precision.DAY) == PartialDate(2011)


@given(st.dates(), st.integers(1, 3))
def test_partial_dates_survive_their_iso_text(date, parts):
    partial = PartialDate(*(date.year, date.month, date.day)[:parts])
    assert PartialDate.from_iso(partial.iso()) == partial


@pytest.mark.parametrize("text", ["", "2011-13", "2011-02-30", "11", "2011-9", "2011-09-05T00:00:00", "0000"])
def test_other_texts_are_no_iso_date(text):
    assert PartialDate.from_iso(text) is None


def test_a_personal_id_tells_province_gender_and_year():
    child = PersonalId("036311012345")
    assert (child.birth_province, child.gender, child.birth_year) == ("036", Gender.FEMALE, 2011)
    abroad = PersonalId("101099012345")
    assert (abroad.birth_province, abroad.gender, abroad.birth_year) == (None, Gender.MALE, 1999)


@pytest.mark.parametrize(
    "text",
    ["", "36311012345", "003311012345", "028311012345", "036911012345", "03631101234x", "٠٣٦٣١١٠١٢٣٤٥"],
)
def test_what_was_never_issued_is_no_personal_id(text):
    assert PersonalId.parse(text) is None


def test_numbers_hide_in_their_repr_and_their_errors():
    assert "036311012345" not in repr(PersonalId("036311012345"))
    assert "011234567" not in repr(FormerId("011234567"))
    with pytest.raises(ValueError, match=r"^((?!999).)*$"):
        PersonalId("999999999")


def test_a_former_number_names_the_provinces_that_issued_it():
    assert FormerId("011234567").issued_by == ("001",)
    assert FormerId("090123456").issued_by == ("019",)
    assert set(FormerId("361234567").issued_by) == {"092", "093", "094"}
    assert FormerId("991234567").issued_by == ()


def test_there_are_34_provinces_made_of_63():
    assert len(provinces()) == 34
    assert len(id_provinces()) == 63
    assert sum(not province.merged for province in provinces().values()) == 11
    assert provinces()["15"].name == "Lào Cai"
    assert id_provinces()["015"].name == "Yên Bái"
    assert provinces()["79"].full_name == "Thành phố Hồ Chí Minh"
    assert provinces()["46"].name == "Huế"


def test_a_merger_kept_the_code_of_one_of_its_parts():
    for province in provinces().values():
        assert f"0{province.code}" in {old.code for old in province.old}


def test_a_reference_table_that_lacks_a_column_says_which():
    with pytest.raises(ReferenceDamaged, match=r"id_province_codes\.csv: lacks colour"):
        read_table("id_province_codes", ("code", "colour"))
    with pytest.raises(ReferenceDamaged, match=r"nowhere\.csv: is missing"):
        read_table("nowhere", ("code",))


def test_the_licences_of_the_tables_travel_with_them():
    folder = Path(read_table.__code__.co_filename).parent
    licences = (folder / "LICENCES").read_text(encoding="utf-8")
    assert licences.count("Copyright (c)") == 2
    for table in folder.glob("*.csv"):
        assert table.name in (folder / "NOTICE").read_text(encoding="utf-8")

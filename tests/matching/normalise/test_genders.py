import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.normalise.genders import (
    Nationality,
    normalise_genders,
    read_gender,
    read_nationality,
    told_by_name,
)


@pytest.mark.parametrize("text", ["Nam", "NAM", "nam ", "M", "male", "Trai", "1", "1.0"])
def test_words_and_signs_for_a_man(text):
    assert read_gender(text) == "M"


@pytest.mark.parametrize(
    "text", ["Nữ", "NỮ", "nu", "F", "Female", "Gái", "0", "2", "x", "N÷", "Nöõ", "Ná»¯"], ids=ascii
)
def test_words_and_signs_for_a_woman_in_any_encoding(text):
    assert read_gender(text) == "F"


@pytest.mark.parametrize("text", ["", "khác", "?", "nan", "7", "Nguyễn"], ids=ascii)
def test_anything_else_is_unknown(text):
    assert read_gender(text) is None


def genders(texts, schools, told):
    return normalise_genders(pa.array(texts), pa.array(schools), np.array(told)).gender.to_pylist()


def test_a_school_whose_women_are_1_has_its_code_turned_round():
    assert genders(["1", "1", "0", "0"], ["A"] * 4, [1, 0, -1, 0]) == ["F", "F", "M", "M"]
    assert genders(["1", "1", "0", "0"], ["A"] * 4, [-1, 0, 1, 0]) == ["M", "M", "F", "F"]
    assert genders(["1", "0", "1", "0"], ["A", "A", "B", "B"], [1, -1, 0, 0]) == ["F", "M", "M", "F"]


def test_a_record_that_comes_alone_is_read_by_the_code_its_school_was_known_by():
    schools = pa.array(["A", "B", "C"])
    first = normalise_genders(pa.array(["1", "1", "1"]), schools, np.array([1, -1, 0]))
    assert first.habit == {"A": 1, "B": 0}
    alone = normalise_genders(pa.array(["0", "0", "0"]), schools, np.array([0, 0, 1]), first.habit)
    assert alone.gender.to_pylist() == ["M", "F", "F"]
    # a name that says otherwise is a slip there, not another habit
    odd = normalise_genders(pa.array(["1", "1"]), pa.array(["A", "B"]), np.array([-1, 1]), first.habit)
    assert odd.gender.to_pylist() == ["F", "M"]
    assert odd.habit == first.habit


def test_the_code_of_a_school_does_not_touch_its_words():
    assert genders(["1", "Nam", "2"], ["A"] * 3, [1, 0, 0]) == ["F", "M", "F"]


def test_middle_words_tell_gender_and_family_names_do_not():
    told = told_by_name(
        pa.array(["nguyễn thị hoa", "nguyen van an", "thị mai", "văn thị hoa", "văn an", "lê thị", None])
    )
    assert told.tolist() == [1, -1, 1, 1, 0, 0, 0]


def test_what_could_not_be_read_is_reported_and_nothing_typed_is_not():
    read = normalise_genders(
        pa.array(["Nam", "7", "", None]), pa.array(["A"] * 4), np.zeros(4, dtype=np.int64)
    )
    assert read.reject.to_pylist() == [None, "gender_unreadable", None, None]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Việt Nam",
        "VIET NAM",
        "Vietnam",
        "VN",
        "VNM",
        "704",
        "704.0",
        "Kinh",
        "Khơ-me",
        "Ê Đê",
        "ViÖt Nam",
        "Viá»‡t Nam",
        "-",
    ],
    ids=ascii,
)
def test_citizens_under_the_names_that_schools_give_them(text):
    assert read_nationality(text) is Nationality.VIETNAMESE


@pytest.mark.parametrize("text", ["Hàn Quốc", "Lào", "Trung Quốc", "KOR", "410", "Campuchia"], ids=ascii)
def test_other_countries_are_foreign(text):
    assert read_nationality(text) is Nationality.FOREIGN


@pytest.mark.parametrize("text", ["1", "01", "5678"])
def test_codes_of_unknown_lists_are_neither(text):
    assert read_nationality(text) is Nationality.UNREADABLE


@given(st.text(max_size=20))
def test_no_text_breaks_gender_or_nationality(text):
    assert read_gender(text) in ("M", "F", None)
    assert read_nationality(text) in Nationality

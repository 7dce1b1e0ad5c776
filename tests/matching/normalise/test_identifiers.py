import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matching.normalise.identifiers import (
    Form,
    normalise_numbers,
    read_number,
    structure,
    structures,
)
from matching.people import Gender, id_provinces, is_plausible_id

GOOD = "036311012345"


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"'{GOOD}",
        f" {GOOD} ",
        "036 311 012 345",
        "036.311.012.345",
        "036-311-012-345",
        f"ID: {GOOD}",
        f"CCCD {GOOD}",
        f"Số CCCD: {GOOD}",
        f'="{GOOD}"',
        f"{GOOD}.0",
        f"{GOOD} (mẹ)",
        "０３６３１１０１２３４５",
        "٠٣٦٣١١٠١٢٣٤٥",
        f"{GOOD}\u200b",
    ],
    ids=ascii,
)
def test_decoration_is_no_part_of_a_number(text):
    read = read_number(text)
    assert (read.form, read.personal_id, read.other) == (Form.PERSONAL, GOOD, None)


def test_people_registered_abroad_have_a_country_for_a_province():
    assert read_number("101099012345").form is Form.PERSONAL
    assert structure("101099012345").birth_province is None


@pytest.mark.parametrize(
    ("text", "form", "other"),
    [
        ("36311012345", Form.ZERO_RESTORED, GOOD),
        ("36311012345.0", Form.ZERO_RESTORED, GOOD),
        ("36,311,012,345", Form.ZERO_RESTORED, GOOD),
        ("3.6311012345E+10", Form.ZERO_RESTORED, GOOD),
        ("1204012345", Form.ZERO_RESTORED, "001204012345"),
        ("1204012345.0", Form.ZERO_RESTORED, "001204012345"),
        ("O363110I2345", Form.LETTERS_READ, GOOD),
        ("o363ll012345", Form.LETTERS_READ, GOOD),
    ],
)
def test_a_repair_is_a_suggestion_only(text, form, other):
    read = read_number(text)
    assert (read.form, read.personal_id, read.other) == (form, None, other)


@pytest.mark.parametrize(
    ("text", "form", "former"),
    [
        ("012345670", Form.FORMER, "012345670"),
        ("271450001", Form.FORMER, "271450001"),
        ("CMND 012345670", Form.FORMER, "012345670"),
        ("271450001.0", Form.FORMER, "271450001"),
        ("11234567", Form.FORMER_ZERO_RESTORED, "011234567"),
        ("99234567", Form.WRONG_FORM, None),
    ],
)
def test_nine_digits_are_a_former_number_and_eight_may_have_lost_their_zero(text, form, former):
    read = read_number(text)
    assert (read.form, read.former, read.personal_id) == (form, former, None)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("1.20E+11", Form.LOST_IN_SPREADSHEET),
        ("1,20E+11", Form.LOST_IN_SPREADSHEET),
        ("3.63E+10", Form.LOST_IN_SPREADSHEET),
        ("000000000000", Form.PLACEHOLDER),
        ("111111111111", Form.PLACEHOLDER),
        ("123456789012", Form.PLACEHOLDER),
        ("123456789", Form.PLACEHOLDER),
        ("999999999", Form.PLACEHOLDER),
        ("036311000000", Form.PLACEHOLDER),
        ("36", Form.PLACEHOLDER),
        ("36.0", Form.PLACEHOLDER),
        ("-", Form.PLACEHOLDER),
        ("chưa có", Form.PLACEHOLDER),
        ("", Form.MISSING),
        ("nan", Form.MISSING),
        ("C1234567", Form.FOREIGN_DOCUMENT),
        ("AB1234567", Form.FOREIGN_DOCUMENT),
        ("003311012345", Form.WRONG_FORM),
        ("028311012345", Form.WRONG_FORM),
        ("036911012345", Form.WRONG_FORM),
        ("03631101234", Form.WRONG_FORM),
        ("0363110123456", Form.WRONG_FORM),
    ],
    ids=ascii,
)
def test_what_is_no_number_says_what_it_is(text, form):
    read = read_number(text)
    assert (read.form, read.personal_id, read.former, read.other) == (form, None, None, None)


@pytest.mark.parametrize("text", [f"{GOOD} / 012345670", f"012345670;{GOOD}", f"{GOOD}, 012345670"])
def test_two_numbers_in_a_cell_are_both_read(text):
    read = read_number(text)
    assert (read.form, read.personal_id, read.former) == (Form.PERSONAL, GOOD, "012345670")


@given(st.text(max_size=40) | st.text(alphabet="0123456789.,E+- O'lI", max_size=20))
@example("²²²²²²²²²")
@example("1E99")
@example("E+1")
def test_no_text_breaks_the_reading_of_a_number(text):
    read = read_number(text)
    assert read.personal_id is None or is_plausible_id(read.personal_id)
    assert read.other is None or is_plausible_id(read.other)
    assert read.former is None or (len(read.former) == 9 and read.former.isdigit())


ids = st.builds(
    "{}{}{:02d}{:06d}".format,
    st.sampled_from(sorted(id_provinces())),
    st.integers(0, 3),
    st.integers(0, 99),
    st.integers(0, 999_999).filter(lambda tail: len(set(f"{tail:06d}")) > 1),
)


@given(ids)
def test_a_number_that_went_through_a_spreadsheet_is_suggested_whole(number):
    assert read_number(str(int(number))).other == number
    assert read_number(f"{float(number)}").other == number


@given(st.lists(ids | st.text(max_size=14), max_size=20))
@example(["123456789012", "000000000000", "123411012345"])
def test_a_column_says_what_its_cells_say_one_by_one(texts):
    column = normalise_numbers(pa.array(texts, pa.string()))
    read = [read_number(text) for text in texts]
    assert column.form.to_pylist() == [number.form for number in read]
    assert column.personal_id.to_pylist() == [number.personal_id for number in read]
    assert column.former.to_pylist() == [number.former for number in read]
    assert column.other.to_pylist() == [number.other for number in read]


def test_a_missing_number_is_missing():
    assert normalise_numbers(pa.array([None], pa.string())).form.to_pylist() == ["missing"]


def test_a_number_carries_province_gender_and_year():
    assert structure(GOOD).birth_province == "036"
    assert structure(GOOD).gender is Gender.FEMALE
    assert structure(GOOD).birth_year == 2011
    assert structure("003311012345") is None


def test_structures_of_a_column_are_those_of_its_numbers():
    years, women = structures(pa.array([GOOD, None, "001085012345"]))
    np.testing.assert_array_equal(years, [2011, 0, 1985])
    np.testing.assert_array_equal(women[[0, 2]], [True, False])

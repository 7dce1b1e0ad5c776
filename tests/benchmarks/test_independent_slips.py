"""The slips of the independent generator: made where they can be, and only there."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.independent import assumptions, slips_in_names, slips_in_numbers
from benchmarks.independent.numbers import scrambled, tails
from benchmarks.independent.slips import CATALOGUE
from benchmarks.independent.slips_in_names import NAME_SLIPS, plain
from benchmarks.independent.slips_in_numbers import NUMBER_SLIPS


def test_every_error_has_a_weight_and_every_weight_an_error():
    assert set(CATALOGUE) == set(assumptions.WEIGHTS)


@pytest.mark.parametrize(
    ("slip", "name", "expected"),
    [
        ("telex_residue", "Nguyễn", "Nguyeenx"),
        ("telex_residue", "Đỗ", "Ddoox"),
        ("vni_residue", "Trần", "Tra6n2"),
        ("marks_missing", "Đặng Thị Ý", "Dang Thi Y"),
        ("hoi_nga", "Vũ", "Vủ"),
        ("i_y", "Quý", "Quí"),
        ("l_n", "Lan", "Nan"),
        ("tr_ch", "Trinh", "Chinh"),
        ("d_gi", "Dung", "Giung"),
        ("middle_left_out", "Lê Thị Hoa", "Lê Hoa"),
        ("given_first", "Lê Thị Hoa", "Hoa Lê Thị"),
        ("words_merged", "Lê Hoa", "LêHoa"),
    ],
)
def test_slips_in_names(slip, name, expected):
    assert NAME_SLIPS[slip](name, Random(1)) == expected


@pytest.mark.parametrize(("slip", "name"), [("telex_residue", "An"), ("middle_left_out", "Lê Hoa"), ("i_y", "Hoa"), ("apostrophe", "Lê Hoa"), ("clan_left_out", "Lê Hoa")])  # fmt: skip
def test_slips_that_can_not_be_made(slip, name):
    assert NAME_SLIPS[slip](name, Random(1)) is None


@given(
    st.text("aăâeêioôơuưyđĐNghnT 'ŭáãạ", min_size=1, max_size=25),
    st.sampled_from(sorted(NAME_SLIPS)),
    st.integers(0, 99),
)
def test_no_name_breaks_a_slip(name, slip, seed):
    name = " ".join(name.split()) or "An"
    changed = NAME_SLIPS[slip](name, Random(seed))
    assert changed is None or changed


@given(
    st.from_regex(r"0[0-9]{11}|[0-9]{9}", fullmatch=True),
    st.sampled_from(sorted(NUMBER_SLIPS)),
    st.integers(0, 99),
)
def test_slips_in_numbers_change_the_number_or_say_they_can_not(number, slip, seed):
    changed = NUMBER_SLIPS[slip](number, Random(seed))
    assert changed is None or changed != number


def test_zeros_and_digits_are_lost_as_spreadsheets_lose_them():
    assert slips_in_numbers.zero_lost("001204012345", Random(1)).removesuffix(".0") == "1204012345"
    assert slips_in_numbers.zero_lost("123456789", Random(1)) is None
    assert "E+" in slips_in_numbers.scientific_number("079204012345", Random(1))


def test_plain_keeps_only_letters_of_the_alphabet():
    assert plain("Ngưỡng Đỗ Ayŭn") == "Nguong Do Ayun"
    assert slips_in_names.marks_missing("An", Random(0)) is None


def test_six_digits_are_scrambled_one_to_one():
    assert len(np.unique(scrambled(np.arange(1_000_000)))) == 1_000_000


def test_batches_never_share_a_number():
    group = np.zeros(2_000, np.int64)
    drawn = [tails(np.random.default_rng(batch), group, batch, 40) for batch in (0, 1, 39)]

    assert len(np.unique(np.concatenate(drawn))) == 6_000


def test_a_batch_with_too_many_people_of_a_group_is_refused():
    with pytest.raises(ValueError, match="fewer, larger batches"):
        tails(np.random.default_rng(0), np.zeros(30_000, np.int64), 0, 40)

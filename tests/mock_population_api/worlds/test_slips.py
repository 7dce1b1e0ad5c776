import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_population_api.assumptions import PROFILES, SlipAssumptions, profile
from mock_population_api.generation_errors import UnknownProfile
from mock_population_api.habits import draw_habits
from mock_population_api.legacy_encodings import to_decomposed, to_misread, to_tcvn3, to_vni
from mock_population_api.name_slips import (
    NAME_SLIPS,
    hoi_nga,
    i_for_y,
    minority_damage,
    nickname,
    telex,
    thi_dropped,
)
from mock_population_api.name_words import without_marks
from mock_population_api.slip_log import SlipLog
from mock_population_api.typed_dates import calendar, slip_dates, write_dates
from mock_population_api.typed_names import new_tones
from mock_population_api.typed_numbers import two_digits_swapped, write_numbers

NAMES = st.lists(
    st.text("aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạếềểễệ'ñŭ", min_size=1, max_size=6), min_size=1, max_size=5
).map(lambda words: " ".join(word.capitalize() for word in words))


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (to_tcvn3, "Nguyễn Văn Ấn", "NguyÔn V¨n Ên"),
        (to_tcvn3, "Đặng Thị Hường", "§Æng ThÞ H\u00adêng"),
        (to_vni, "Nguyễn Văn Ấn", "Nguyeãn Vaên AÁn"),
        (to_vni, "ĐỖ THỊ HƯỜNG", "ÑOÃ THÒ HÖÔØNG"),
        (to_misread, "Nguyễn", "Nguyá»…n"),
        (without_marks, "Đỗ Thị Hường", "Do Thi Huong"),
        (new_tones, "Hòa Thủy Quý Hoàng", "Hoà Thuỷ Quý Hoàng"),
    ],
)
def test_older_software_leaves_text_like_this(change, before, after):
    assert change(before) == after


def test_misread_text_can_be_read_again():
    name = "Lê Nguyễn Ánh Đàođẳng"
    raw = bytes(
        ord(c) if ord(c) < 256 and not c.encode("cp1252", "ignore") else c.encode("cp1252")[0]
        for c in to_misread(name)
    )
    assert raw.decode("utf-8") == name


def test_decomposed_text_looks_the_same_and_is_longer():
    assert len(to_decomposed("Nguyễn")) == 8


@pytest.mark.parametrize(
    ("slip", "name", "after"),
    [
        (thi_dropped, "Nguyễn Thị Lan", "Nguyễn Lan"),
        (thi_dropped, "Nguyễn Lan", "Nguyễn Lan"),
        (hoi_nga, "Lê Mỹ", "Lê Mỷ"),
        (i_for_y, "Trần Quý", "Trần Quí"),
    ],
)
def test_slips_do_what_they_say(slip, name, after):
    assert slip(name, rng()) == after


def test_keystrokes_are_telex_or_vni():
    seen = {telex("Nguyễn", np.random.default_rng(seed)) for seed in range(20)}
    assert seen == {"Nguyeenx", "Nguye6n4"}


def test_a_nickname_stands_in_brackets():
    assert nickname("Lê An", rng()).startswith("Lê An (")


@given(NAMES, st.integers(0, 50))
def test_no_slip_breaks_on_any_name(name, seed):
    chance = np.random.default_rng(seed)
    for slip in [*(slip for _, slip in NAME_SLIPS), minority_damage]:
        assert slip(name, chance).strip()


def test_impossible_days_are_written_and_serials_count_from_1899():
    days = np.array(["2011-09-05", "2011-03-31", "2020-09-21"], dtype="datetime64[D]")
    dates = calendar(days)
    dates.day[1], dates.month[1] = 30, 2
    forms = np.array(["d/m/yyyy", "excel_serial", "excel_serial"], dtype=object)
    assert write_dates(dates, forms, SlipLog(3)).tolist() == ["5/9/2011", "30/02/2011", "44095"]


def test_date_slips_are_noted_where_they_happen():
    days = np.array(["2011-09-05"] * 500, dtype="datetime64[D]")
    dates, log = calendar(days), SlipLog(500)
    slip_dates(
        dates,
        SlipAssumptions(
            year_off=0.5, wrong_day=0.0, day_month_swapped=0.0, default_day=0.0, impossible_date=0.0
        ),
        log,
        rng(),
    )
    changed = dates.year != 2011
    assert 150 < changed.sum() < 350
    assert [bool(labels) for labels in log.lists().to_pylist()] == changed.tolist()


def test_spreadsheets_damage_numbers():
    numbers = np.array(["001099012345"] * 5 + [None, "chưa có"], dtype=object)
    habit = np.array(["text", "lost_zeros", "float", "scientific", "grouped", "float", "float"], dtype=object)
    assert write_numbers(numbers, habit, SlipLog(7)).tolist() == [
        "001099012345", "1099012345", "1099012345.0", "1.10E+09", "001 099 012 345", None, "chưa có",
    ]  # fmt: skip


@given(st.from_regex(r"\A[0-9]{12}\Z"), st.integers(0, 9))
def test_swapped_digits_keep_the_digits(number, seed):
    swapped = two_digits_swapped(number, np.random.default_rng(seed))
    assert sorted(swapped) == sorted(number)


def test_a_note_can_be_taken_back():
    log = SlipLog(3)
    log.note(np.array([0, 2]), "typo")
    log.forget(np.array([True, False, False]), "typo")
    assert log.lists().to_pylist() == [[], [], ["typo"]]


@pytest.mark.parametrize("name", PROFILES)
def test_mixes_are_shares_of_one(name):
    for form, mix in vars(profile(name).habits).items():
        if isinstance(mix, tuple):
            assert sum(weight for _, weight in mix) == pytest.approx(1.0), form
    draw_habits(50, profile(name).habits, rng())


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(UnknownProfile, match="default, harsh, other"):
        profile("gentle")

import unicodedata

from reporting.collation import name_key


def test_given_names_come_first_then_family_names() -> None:
    names = ["Trần Văn Dũng", "Lê Thị Ước", "Phạm Đạt", "Bùi An", "Đỗ Văn Ân", "Hồ Ăn", "Lê Đông", "An"]
    assert sorted(names, key=name_key) == [
        "An", "Bùi An", "Hồ Ăn", "Đỗ Văn Ân", "Trần Văn Dũng", "Phạm Đạt", "Lê Đông", "Lê Thị Ước",
    ]  # fmt: skip


def test_tones_break_ties_within_the_given_name() -> None:
    names = ["Lê Má", "Lê Mạ", "Lê Ma", "Lê Mã", "Lê Mả", "Lê Mà", "Lê Man"]
    assert sorted(names, key=name_key) == ["Lê Ma", "Lê Mà", "Lê Mả", "Lê Mã", "Lê Má", "Lê Mạ", "Lê Man"]


def test_case_form_and_place_of_the_tone_make_no_difference() -> None:
    assert (
        name_key("LÊ THỊ HÒA")
        == name_key("lê thị hoà")
        == name_key(unicodedata.normalize("NFD", "Lê Thị Hòa"))
    )
    assert name_key("Ðặng An") == name_key("Đặng An")


def test_a_short_word_goes_before_a_longer_one_that_begins_like_it() -> None:
    assert name_key("Nguyễn Thị An") < name_key("Lê Anh")
    assert name_key("Lê Anh") < name_key("Lê Văn Anh")


def test_names_of_other_letters_have_a_place() -> None:
    names = ["Lê Lan", "Y Ngông Niê Kdăm", "H'Nghia Êban", "Y Ayŭn", ""]
    assert sorted(names, key=name_key) == ["", "Y Ayŭn", "H'Nghia Êban", "Y Ngông Niê Kdăm", "Lê Lan"]

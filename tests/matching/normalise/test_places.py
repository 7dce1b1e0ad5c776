import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.normalise.places import find_province, normalise_provinces, region_of_birth_province
from matching.people import id_provinces, provinces


def codes(text):
    match = find_province(text)
    return match and (match.province.code, match.old and match.old.code)


@pytest.mark.parametrize(
    ("text", "new", "old"),
    [
        ("Thanh Hóa", "38", "038"),
        ("Thanh Hoá", "38", "038"),
        ("Thanh Hoa", "38", "038"),
        ("TỈNH THANH HÓA", "38", "038"),
        ("T. Thanh Hóa", "38", "038"),
        ("T.Hóa", "38", "038"),
        ("Nam Định", "37", "036"),
        ("Hà Tây", "01", "001"),
        ("Hà Nội, Việt Nam", "01", "001"),
        ("HN", "01", "001"),
        ("BR-VT", "79", "077"),
        ("Bà Rịa-Vũng Tàu", "79", "077"),
        ("Bà Rịa - Vũng Tàu", "79", "077"),
        ("TT Huế", "46", "046"),
        ("TT-Huế", "46", "046"),
        ("Thừa Thiên - Huế", "46", "046"),
        ("Huế", "46", "046"),
        ("Đắk Nông", "68", "067"),
        ("Đắc Nông", "68", "067"),
        ("Công Tum", "51", "062"),
        ("Bắc Cạn", "19", "006"),
        ("Y.Bái", "15", "015"),
        ("TX Dĩ An", "79", "074"),
        ("Quy Nhơn", "52", "052"),
        ("Qui Nhơn", "52", "052"),
        ("TP Vinh", "40", "040"),
        ("Huyện Đông Anh", "01", "001"),
        ("TP Thái Nguyên", "19", "019"),
        ("xã Diễn Liên, huyện Diễn Châu, tỉnh Nghệ An", "40", "040"),
        ("xa dien lien, dien chau, nghe an", "40", "040"),
        ("xã Diễn Liên huyện Diễn Châu tỉnh Nghệ An", "40", "040"),
        ("Diễn Châu - Nghệ An", "40", "040"),
        ("BV Phụ sản Hà Nội", "01", "001"),
        ("Thanh Hãa", "38", "038"),  # TCVN3
        ("HaØ Noäi", "01", "001"),  # VNI
        ("HÃ  Ná»™i", "01", "001"),  # UTF-8 read as Windows-1252
        ("038", "38", "038"),
        ("015", "15", "015"),
        ("36", "37", "036"),
        ("1", "01", "001"),
        ("38.0", "38", "038"),
    ],
    ids=ascii,
)
def test_a_province_is_found_under_any_of_its_names(text, new, old):
    assert codes(text) == (new, old)


@pytest.mark.parametrize(
    ("text", "new", "if_old"),
    [
        ("Ninh Bình", "37", "037"),
        ("TP.HCM", "79", "079"),
        ("HCM", "79", "079"),
        ("Sài Gòn", "79", "079"),
        ("tp. Hồ Chí Minh", "79", "079"),
        ("Gia Lai", "52", "064"),
        ("Đắc Lắc", "66", "066"),
        ("DakLak", "66", "066"),
        ("15", "15", "015"),
        ("24", "24", "024"),
        ("79", "79", "079"),
    ],
    ids=ascii,
)
def test_names_and_codes_of_both_catalogues_leave_the_old_province_open(text, new, if_old):
    match = find_province(text)
    assert (match.province.code, match.old, match.old_if_old.code) == (new, None, if_old)
    assert not match.only_old


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Hà Nam Ninh", "37"),
        ("Minh Hải", "96"),
        ("Quảng Nam - Đà Nẵng", "48"),
        ("Hoàng Liên Sơn", "15"),
        ("Vĩnh Phú", "25"),
    ],
    ids=ascii,
)
def test_a_province_of_before_1997_is_known_by_where_its_parts_are(text, new):
    match = find_province(text)
    assert (match.province.code, match.old, match.only_old) == (new, None, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "Lào",
        "Campuchia",
        "99",
        "Nghệ Tĩnh",
        "Bình Trị Thiên",
        "Gia Lai - Kon Tum",
        "Sông Bé",
        "ĐN",
        "H.Giang",
        "xã Thái Bình",
        "huyện Châu Thành",
    ],
    ids=ascii,
)
def test_what_names_no_single_province_finds_none(text):
    assert find_province(text) is None


def test_a_district_is_not_the_province_that_shares_its_name():
    assert codes("huyện Quảng Ninh") == ("44", "044")
    assert codes("Huyện Hòa Bình") == ("96", "095")
    assert codes("H. Quang Bình") == ("08", "002")


def test_a_code_that_survived_is_the_code_of_what_it_went_into():
    for old in id_provinces().values():
        assert find_province(old.code).old == old
        assert find_province(old.code[1:]).province.code == old.new_code


def test_every_province_is_found_by_its_own_names():
    for province in provinces().values():
        assert find_province(province.full_name).province == province
        assert find_province(province.name.upper()).province == province
        for old in province.old:
            assert find_province(f"Tỉnh {old.name}").province == province


def test_a_match_tells_whether_the_province_is_part_of_another_now():
    assert find_province("Nam Định").moved
    assert not find_province("Ninh Bình").moved
    assert not find_province("Thừa Thiên Huế").moved


@given(st.text(max_size=50))
def test_no_text_breaks_the_search(text):
    match = find_province(text)
    assert match is None or match.province.code in provinces()


def column(texts, schools):
    return normalise_provinces(pa.array(texts), pa.array(schools))


def test_one_old_name_tells_that_a_school_uses_the_old_catalogue():
    read = column(["Ninh Bình", "Nam Định", "Ninh Bình", "Thanh Hóa"], ["old", "old", "silent", "silent"])
    assert read.province.to_pylist() == ["037", "036", None, "038"]
    assert read.region.to_pylist() == ["37", "37", "37", "38"]


def test_one_old_code_tells_that_a_school_uses_the_old_catalogue():
    read = column(["15", "36", "15"], ["old", "old", "silent"])
    assert read.province.to_pylist() == ["015", "036", None]
    assert read.region.to_pylist() == ["15", "37", "15"]


def test_only_what_was_typed_and_not_found_is_unread():
    read = column(["Campuchia", "", None, "không rõ", "Hà Nội"], ["A"] * 5)
    assert read.unread.tolist() == [True, False, False, False, False]
    assert read.region.to_pylist() == [None, None, None, None, "01"]


def test_the_region_of_a_birth_province_follows_the_mergers():
    regions = region_of_birth_province(pa.array(["001", "036", "015", None, "101"]))
    assert regions.to_pylist() == ["01", "37", "15", None, None]

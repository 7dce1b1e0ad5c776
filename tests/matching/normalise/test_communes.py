import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.normalise.communes import commune_provinces, normalise_residences, read_residence
from matching.normalise.rejects import Reject


@pytest.mark.parametrize(
    ("province", "commune", "home"),
    [
        ("01", "00004", ("01", "00004")),
        ("Hà Nội", "4", ("01", "00004")),
        ("", "00004", ("01", "00004")),
        ("Hà Nội", "00004.0", ("01", "00004")),
        ("01", "00001", ("01", "00097")),  # Phúc Xá went whole into Hồng Hà
        ("01", "Phường Ba Đình", ("01", "00004")),
        ("01", "P. Ba Dinh", ("01", "00004")),
        ("01", "P.Ba Đình", ("01", "00004")),
        ("Thành phố Hà Nội", "ba đình", ("01", "00004")),
        ("01", "Phường Phúc Xá", ("01", "00097")),
        ("01", "Phường Văn Miếu - Quốc Tử Giám", ("01", "00226")),
        ("", "Phường Ba Đình, Hà Nội", ("01", "00004")),
        ("01", "Phường Ba Đình, Quận Ba Đình, Hà Nội", ("01", "00004")),
        ("77", "Đặc khu Côn Đảo", ("79", "26732")),
        ("79", "Huyện Côn Đảo", ("79", "26732")),
    ],
    ids=str,
)
def test_a_commune_is_found_by_code_or_name_old_or_new(province, commune, home):
    read = read_residence(province, commune)
    assert (read.province, read.commune) == home
    assert read.reject is None


@pytest.mark.parametrize(
    ("province", "commune", "reject"),
    [
        ("01", "99999", Reject.COMMUNE_UNREADABLE),
        ("01", "Xã Không Đâu Cả", Reject.COMMUNE_UNREADABLE),
        ("38", "00004", Reject.COMMUNE_ELSEWHERE),
        ("", "Xã Tân Lập", Reject.COMMUNE_UNREADABLE),
    ],
    ids=str,
)
def test_what_is_not_found_leaves_the_province_and_says_why(province, commune, reject):
    read = read_residence(province, commune)
    assert (read.province, read.commune, read.reject) == (province or None, None, reject)


@pytest.mark.parametrize("commune", ["", "-", "không rõ", "0"])
def test_no_commune_typed_is_nothing_wrong(commune):
    assert read_residence("01", commune).reject is None
    assert read_residence("01", commune).province == "01"


def test_namesakes_are_told_apart_by_their_district():
    several = read_residence("79", "Phường 5", old_catalogue=True)
    assert (several.commune, several.reject) == (None, Reject.COMMUNE_AMBIGUOUS)
    assert read_residence("79", "Phường 05, Quận 3").commune is not None
    assert read_residence("79", "P5, Q.3").commune == read_residence("79", "Phường 5, Quận 3").commune


def test_an_old_province_narrows_the_search_to_its_own_communes():
    wide = read_residence("25", "Xã Tân Lập", old_catalogue=True)
    narrow = read_residence("Tỉnh Hòa Bình", "Xã Tân Lập")
    assert wide.commune is None
    assert narrow.province == "25"
    assert narrow.commune is not None


def test_a_name_of_2026_is_the_commune_of_2025():
    assert read_residence("75", "Phường Xuân Lập") == read_residence("75", "Xã Xuân Lập")


def column(provinces, communes, schools):
    return normalise_residences(pa.array(provinces), pa.array(communes), pa.array(schools))


def test_a_school_that_writes_districts_uses_the_old_catalogue():
    name = "Phường Yên Sở"
    read = column(["01"] * 3, [name, "Phường Phúc Xá", name], ["old", "old", "new"])
    assert read.commune.to_pylist() == [read_residence("01", name, old_catalogue=True).commune, "00097",
                                        read_residence("01", name).commune]  # fmt: skip


def test_a_column_of_residences_keeps_its_rows():
    read = column(["Hà Nội", None, "Đâu đó", "38"], ["00004", None, None, "00004"], ["A"] * 4)
    assert read.province.to_pylist() == ["01", None, None, "38"]
    assert read.commune.to_pylist() == ["00004", None, None, None]
    assert read.reject.to_pylist() == [None, None, None, "commune_elsewhere"]
    assert read.province_unread.tolist() == [False, False, True, False]


def test_all_3321_codes_of_2025_are_themselves():
    known = commune_provinces()
    assert len(known) == 3321
    assert all(read_residence("", code).commune == code for code in known)


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_pair_of_texts_breaks_the_reading(province, commune):
    read = read_residence(province, commune)
    assert read.commune is None or commune_provinces()[read.commune] == read.province

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matching.normalise.columns import Distinct
from matching.normalise.habits import is_odd, odd_names
from matching.normalise.names import (
    canonical,
    entry_names,
    fold,
    normalise_names,
    read_name,
    sound,
)
from matching.normalise.rejects import Reject

WORDS = st.sampled_from(
    [
        "Nguyễn",
        "Thị",
        "Hoà",
        "Hòa",
        "Thuý",
        "Thúy",
        "Quý",
        "Quí",
        "Huỳnh",
        "Lựơng",
        "Gìa",
        "Đặng",
        "Ðặng",
        "Niê",
        "Ayŭn",
        "H'Nghia",
        "K’Brẻo",
        "Ý",
        "Uyên",
        "Giang",
    ]
)
NAMES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Nguyễn Văn An", "nguyễn văn an"),
        (unicodedata.normalize("NFD", "Nguyễn Văn An"), "nguyễn văn an"),
        ("Nguyễn Va\u0306n A\u0301n", "nguyễn văn án"),
        ("Ðặng Thu", "đặng thu"),
        ("Ɖặng Thu", "đặng thu"),
        ("ðặng Thu", "đặng thu"),
        ("Hoà Thuý Khoẻ", "hòa thúy khỏe"),
        ("Hoàn Toán Huỳnh Quỳnh", "hoàn toán huỳnh quỳnh"),
        ("Qúy Quý Qùynh", "quý quý quỳnh"),
        ("Lựơng Gìa Thủơ", "lượng già thuở"),
        ("Gìn Giếng Khuỷu Ngoài", "gìn giếng khuỷu ngoài"),
        ("Quí Quý Vi Vy", "quí quý vi vy"),
        ("NGUYỄN\u00a0VĂN  \u200bAN ", "nguyễn văn an"),
        ("Nguyễn\tVăn\nAn", "nguyễn văn an"),
        ("Nguyễn Vаn", "nguyễn van"),  # the а is Cyrillic
        ("ＮＧＵＹＥＮ Van", "nguyen van"),
        ("H’Nghia Êban", "h'nghia êban"),
        ("H' Nghia Êban", "h'nghia êban"),
        ("HʼNghia Êban", "h'nghia êban"),
        ("K`Brẻo", "k'brẻo"),
        ("Y Ngông Niê Kdăm", "y ngông niê kdăm"),
        ("A Huy", "a huy"),
        ("'Nguyễn Văn An'", "nguyễn văn an"),
        ("1. Nguyễn Văn An", "nguyễn văn an"),
        ("Nguyễn Văn An 2", "nguyễn văn an"),
        ("Nguyễn-Văn-An", "nguyễn văn an"),
        ("Nguyễn Văn An - 5A", "nguyễn văn an"),
        ("Nguyễn Thị T.", "nguyễn thị t"),
        ("Ng. Văn An", "ng văn an"),
        ("N.T.Hoa", "n t hoa"),
        ("Nguyễn Văn An (Bin)", "nguyễn văn an"),
        ("Nguyễn Văn An [Bin", "nguyễn văn an"),
        ("Thị Mai", "thị mai"),
    ],
    ids=ascii,
)
def test_a_name_has_one_spelling(typed, name):
    assert canonical(typed) == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Th.S Nguyễn Văn An", "nguyễn văn an"),
        ("ThS. Nguyễn Văn An", "nguyễn văn an"),
        ("PGS.TS. Trần Thị Bích", "trần thị bích"),
        ("BS.CKII Lê An", "lê an"),
        ("Bác sĩ Lê Văn An", "lê văn an"),
        ("Họ và tên: Lê Văn An", "lê văn an"),
        ("Ông Nguyễn Văn An", "nguyễn văn an"),
        ("BÀ TRẦN THỊ BÍCH", "trần thị bích"),
        ("Ba Tran Thi Bich", "tran thi bich"),
        ("Ông Cao Thắng", "ông cao thắng"),
        ("Ông Bkrông", "ông bkrông"),
        ("Mã Văn Tài", "mã văn tài"),
        ("Cổ Thị Mai", "cổ thị mai"),
        ("Tiến Đạt", "tiến đạt"),
    ],
    ids=ascii,
)
def test_titles_fall_where_a_name_follows_and_names_that_look_like_titles_stay(typed, name):
    assert canonical(typed) == name


def test_a_title_that_may_be_a_name_leaves_both_readings():
    assert read_name("Ông Lê Tám").other == "ông lê tám"
    assert read_name("ThS. Lê Tám").other is None


@pytest.mark.parametrize(
    ("typed", "reject"),
    [
        ("", Reject.NAME_MISSING),
        (" \u00a0\u200b", Reject.NAME_MISSING),
        ("không có", Reject.NAME_PLACEHOLDER),
        ("CHUA CO", Reject.NAME_PLACEHOLDER),
        ("n/a", Reject.NAME_PLACEHOLDER),
        ("Họ và tên", Reject.NAME_PLACEHOLDER),
        ("Lớp 5A", Reject.NAME_PLACEHOLDER),
        ("Lop 10A1", Reject.NAME_PLACEHOLDER),
        ("(mẹ)", Reject.NAME_PLACEHOLDER),
        ("36", Reject.NAME_WITHOUT_LETTERS),
        ("---", Reject.NAME_WITHOUT_LETTERS),
        ("李小龙", Reject.NAME_WITHOUT_LETTERS),
        ("thôn một xã hai huyện ba tỉnh bốn nước năm sông sáu núi bảy", Reject.NAME_TOO_LONG),
    ],
    ids=ascii,
)
def test_texts_that_are_no_name_say_why(typed, reject):
    assert read_name(typed) == (None, None, reject)


@pytest.mark.parametrize("name", ["Khổng", "Bế", "Mã", "Không Minh", "Tổ Văn Mai", "Xa"], ids=ascii)
def test_names_that_look_like_words_for_nothing_are_names(name):
    assert canonical(name) == name.lower()


def test_lost_letters_are_reported_and_the_rest_is_used():
    reading = read_name("Nguy?n V?n An")
    assert (reading.name, reading.reject) == ("nguyn vn an", Reject.NAME_LETTERS_LOST)


@pytest.mark.parametrize(
    ("typed", "name", "other"),
    [
        ("Nguyeexn Vawn An", "nguyeexn vawn an", "nguyễn văn an"),
        ("Dduwowngf Coong", "dduwowngf coong", "đường công"),
        ("Nguye6n4 Va8n An", "nguyen van an", "nguyễn văn an"),
        ("Tra62n D9u7c1", "tran duc", "trần đức"),
        ("Tru7o7ng2 Thuy3", "truong thuy", "trường thủy"),
        ("Nguyễn Thij Hoa", "nguyễn thij hoa", "nguyễn thị hoa"),
        ("Moong Văn Xo", "moong văn xo", "mông văn xo"),
        ("Ksor Hwen", "ksor hwen", None),
        ("Nguyễn Văn An 2", "nguyễn văn an", None),
        ("Nguyễn Văn An (Nguyễn Văn Bình)", "nguyễn văn an", "nguyễn văn bình"),
        ("Nguyễn Văn An / Nguyễn Văn Tèo", "nguyễn văn an", "nguyễn văn tèo"),
        ("Nguyễn Văn An (mẹ)", "nguyễn văn an", None),
    ],
    ids=ascii,
)
def test_another_reading_is_offered_beside_the_name(typed, name, other):
    assert read_name(typed)[:2] == (name, other)


@given(st.text(max_size=60))
@example("Ông bà Nguyễn Văn An")
@example("(A) (B")
@example("ThS. ThS.")
@example("' ' '")
@example("İi\u0307")
def test_reading_is_idempotent_and_never_fails(text):
    name = canonical(text)
    if name is not None:
        assert canonical(name) == name
        assert fold(name)


@given(NAMES)
def test_a_name_is_the_same_in_any_composition_and_case(name):
    spellings = [
        name,
        name.upper(),
        name.lower(),
        unicodedata.normalize("NFD", name),
        f"  {name.replace(' ', '  ')}\u00a0",
    ]
    assert len({canonical(spelling) for spelling in spellings}) == 1
    assert len({fold(spelling) for spelling in spellings}) == 1


@given(st.text(max_size=40))
def test_keys_of_any_text_are_ascii_words(text):
    for key in (fold(text), sound(text)):
        assert key.isascii()
        assert key == key.lower()
        assert " ".join(key.split()) == key


def test_folding_drops_marks_and_minority_letters():
    assert fold("đặng thị ỷ") == "dang thi y"
    assert fold("y čem ñăng ayŭn ƀlin") == "y cem nang ayun blin"


def test_spellings_of_a_prefix_share_a_compact_key():
    spellings = ["H'Nghia Êban", "H’Nghia Êban", "H Nghia Êban", "HNghia Êban", "H' Nghia Eban"]
    assert {fold(canonical(spelling)).replace(" ", "") for spelling in spellings} == {"hnghiaeban"}
    assert fold("h'nghia êban") == "h nghia eban"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sơn", "Xơn"),
        ("Trinh", "Chinh"),
        ("Gia", "Da"),
        ("Giang", "Rang"),
        ("Dung", "Zung"),
        ("Đạt", "Dat"),
        ("Nam", "Lam"),
        ("Mỹ", "Mĩ"),
        ("Quý", "Quí"),
        ("Yến", "Iến"),
        ("Vy", "Vi"),
        ("Phan", "Fan"),
        ("Khoa", "Khoá"),
        ("Cường", "Kường"),
        ("Nghĩa", "Ngĩa"),
        ("Ngọc", "Ngọt"),
        ("Phúc", "Phút"),
        ("Hiển", "Hiễn"),
    ],
    ids=ascii,
)
def test_regional_spellings_sound_alike(one, other):
    assert sound(one) == sound(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Quân", "Quang"),
        ("Trân", "Trang"),
        ("Hoàn", "Hoàng"),
        ("Vân", "Dân"),
        ("Mai", "May"),
        ("Thúi", "Thúy"),
        ("Khanh", "Canh"),
        ("Thanh", "Tanh"),
        ("Nga", "Na"),
        ("Nhi", "Ni"),
        ("Phú", "Pú"),
    ],
    ids=ascii,
)
def test_names_of_their_own_sound_apart(one, other):
    assert sound(one) != sound(other)


def test_a_column_keeps_its_rows_and_reports_by_row():
    column = normalise_names(pa.chunked_array([["Lê An", None], ["Lê  An", "36"]]), pa.array(["A"] * 4))
    assert column.name.to_pylist() == ["lê an", None, "lê an", None]
    assert column.reject.to_pylist() == [None, "name_missing", None, "name_without_letters"]


TYPED = st.lists(
    st.sampled_from(
        ["Nguyễn", "nguyen", "THỊ", "Hoà", "Y", "Kdăm", "Ayŭn", "Lees", "Nguyeexn", "Ông", "ThS.", "d'Arc", "36", "Nguy?n", "ÔNG", "Nguyeãn", "V¨n", "Nguyá»…n"]
    ).flatmap(lambda word: st.sampled_from([word, unicodedata.normalize("NFD", word)])),
    min_size=1, max_size=14,
).flatmap(lambda words: st.sampled_from([" ", "  ", "\u00a0", "\t"]).map(lambda space: space.join(words)))  # fmt: skip


@given(st.lists(TYPED, max_size=6))
def test_what_is_read_by_words_is_read_as_name_by_name(typed):
    # few names of schools of their own: no school has a habit
    column = normalise_names(pa.array(typed, pa.string()), pa.array([str(at) for at in range(len(typed))]))
    odd = odd_names(Distinct(pa.array(typed, pa.string())))
    assert odd.tolist() == [is_odd(text) for text in dict.fromkeys(typed)]
    readings = zip(column.name.to_pylist(), column.other.to_pylist(), column.reject.to_pylist(), strict=True)
    for text, reading in zip(typed, readings, strict=True):
        if not is_odd(text):
            assert reading == read_name(text)
    assert entry_names(pa.array(typed, pa.string())).to_pylist() == [canonical(text) for text in typed]


def test_an_empty_column_is_read():
    empty = pa.array([], pa.string())
    assert len(normalise_names(empty, empty).name) == 0
    assert len(entry_names(empty)) == 0


def test_a_registrys_names_are_canonical():
    assert entry_names(pa.array(["NGUYỄN THỊ HOÀ", None])).to_pylist() == ["nguyễn thị hòa", None]

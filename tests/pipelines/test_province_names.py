import pytest

from pipelines.errors import ProvinceAmbiguous, ProvinceNotFound
from pipelines.province_names import became_part, ordered, province_code, province_name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("38", "38"), ("Thanh Hóa", "38"), ("thanh hoa", "38"), ("THANH HOA", "38"), ("Tỉnh Thanh Hóa", "38"),
        ("Hà Tây", "01"), ("tp hcm", "79"), ("Sài Gòn", "79"), ("Yên Bái", "15"), ("00", "00"), ("Lâm", "68"),
    ],
)  # fmt: skip
def test_codes_and_names_of_today_and_before_are_understood(text, code):
    assert province_code(text) == code


def test_several_that_fit_are_listed():
    with pytest.raises(ProvinceAmbiguous) as several:
        province_code("Quảng")
    assert {"22", "44", "51"} <= set(several.value.codes)


@pytest.mark.parametrize("text", ["Atlantis", "", "99"])
def test_what_is_no_province_is_told(text):
    with pytest.raises(ProvinceNotFound):
        province_code(text)


def test_it_is_told_what_became_of_an_old_province():
    assert became_part("Yên Bái").province.name == "Lào Cai"
    assert became_part("Hà Tây").province.name == "Hà Nội"
    assert became_part("Thanh Hóa") is None
    assert became_part("TP.HCM") is None
    assert became_part("38") is None


def test_codes_are_named_and_ordered():
    assert province_name("38") == "Thanh Hóa"
    assert province_name("00") == "00"
    assert ordered(["79", "01", "79"]) == ("01", "79")

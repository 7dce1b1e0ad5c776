import pytest

from matching.errors import UnknownProfile
from matching.normalise import names
from matching.profile import PEOPLE, PROFILES, VIETNAM, profile


def test_a_profile_is_found_by_its_name():
    assert [profile(name) for name in PROFILES] == [VIETNAM, PEOPLE]


def test_an_unknown_profile_names_those_that_exist():
    with pytest.raises(UnknownProfile, match="vietnam, people") as raised:
        profile("atlantis")
    assert raised.value.name == "atlantis"


@pytest.mark.parametrize("name", ["NGUYỄN Thị Thuỷ", "Ths. Trần Văn Nam", "Y Bhăm Êban", "Hoà"])
def test_vietnam_reads_names_as_before(name):
    canonical = names.canonical(name)
    assert VIETNAM.canonical(name) == canonical
    assert VIETNAM.fold(canonical) == names.fold(canonical)
    assert VIETNAM.sound(VIETNAM.fold(canonical)) == names.sound(names.fold(canonical))


def test_people_hears_what_is_written():
    assert PEOPLE.sound(PEOPLE.fold("o brien shane")) == "o brien shane"


def test_only_vietnam_has_merged_regions():
    assert (VIETNAM.regions, PEOPLE.regions) == (True, False)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.normalise.latin_names import canonical, fold, sound


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("GARCÍA-MÁRQUEZ Gabriel", "garcia marquez gabriel"),
        ("O'Brien Séan", "obrien sean"),
        ("O’Brien", "obrien"),
        ("Großmann Jürgen", "grossmann jurgen"),
        ("Øster Æbbe", "oster aebbe"),
        ("Łódzki Michał", "lodzki michal"),
        ("Þórsson Guðrún", "thorsson gudrun"),
        ("St. John  Anne-Marie", "st john anne marie"),
        ("ＳＭＩＴＨ　Ann", "smith ann"),
        ("e\u0301clair", "eclair"),
        ("Иванов Иван", "иванов иван"),
    ],
)
def test_one_spelling(typed, name):
    assert canonical(typed) == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Smith Jr. John", "smith john"),
        ("Smith John, III", "smith john"),
        ("Dr. Smith John", "smith john"),
        ("Smith (Smithy) John", "smith john"),
        ("Senior", "senior"),
        ("Smith V John", "smith v john"),
        ("Smith I John", "smith i john"),
    ],
)
def test_what_stands_beside_a_name_falls_as_long_as_a_word_is_left(typed, name):
    assert canonical(typed) == name


@pytest.mark.parametrize(
    "typed", ["", "  ", "Unknown", "n/a", "---", "12345", "Baby Girl", "Mr.", "Head of Household", "a " * 13]
)
def test_no_name(typed):
    assert canonical(typed) is None


def test_vietnamese_keystrokes_are_letters_here():
    assert canonical("Marx Ross") == "marx ross"


def test_initials_stay():
    assert canonical("Kofron P. Diana") == "kofron p diana"


@given(st.text(max_size=40))
def test_the_spelling_of_a_spelling_is_itself(text):
    name = canonical(text)
    if name is not None:
        assert canonical(name) in (name, None)
        assert fold(name) == name == sound(fold(name))

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from reporting.differences import Kind, marked_date, marked_name, written_date


def _marked(typed: str, shown: str) -> list[tuple[str, str]]:
    return [(str(kind), text) for kind, text in marked_name(typed, shown) if kind is not Kind.SAME]


def test_letters_and_marks_are_told_apart() -> None:
    assert _marked("Nguyễn Thị Hoa", "NGUYỄN THI HÒAN") == [("mark", "I"), ("mark", "Ò"), ("letter", "N")]


def test_a_tone_on_the_other_vowel_is_no_difference() -> None:
    assert _marked("Lê Thị Hoà", "Lê Thị Hòa") == []
    assert _marked("Lê Thúy", "LÊ THUÝ") == []


def test_a_word_more_is_marked_and_a_word_less_shows_where() -> None:
    assert _marked("Trần Lan", "Trần Thị Lan") == [("letter", "Thị ")]
    assert _marked("Trần Thị Lan", "Trần Lan") == [("letter", "L")]


def test_d_with_and_without_bar_differ_by_the_mark() -> None:
    assert _marked("Dung", "Đung") == [("mark", "Đ")]


@given(st.text(max_size=30), st.text(max_size=30))
def test_stretches_make_up_the_text(typed: str, shown: str) -> None:
    import unicodedata

    assert "".join(text for _, text in marked_name(typed, shown)) == unicodedata.normalize("NFC", shown)


def test_day_and_month_swapped_are_marked_as_that() -> None:
    marked = marked_date(date(2011, 3, 4), "day", date(2011, 4, 3), "day")
    assert marked == ((Kind.SWAPPED, "03/04"), (Kind.SAME, "/2011"))


def test_the_part_of_a_date_that_differs_is_marked() -> None:
    assert marked_date(date(2011, 3, 4), "day", date(2012, 3, 4), "day") == (
        (Kind.SAME, "04/03/"),
        (Kind.LETTER, "2012"),
    )


def test_nothing_is_marked_where_a_side_knows_less_than_the_day() -> None:
    assert marked_date(None, None, date(2012, 1, 1), "year") == ((Kind.SAME, "2012"),)
    assert written_date(date(2012, 5, 1), "month") == "05/2012"

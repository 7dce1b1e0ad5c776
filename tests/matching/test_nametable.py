"""Names as numbers: which keys two names share, and how parts of tables are taken and put together."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.nametable import ends, joined, name_key_of, name_table, taken, text_key
from matching.profile import VIETNAM

KEYS = ("key", "folded", "compact", "sound", "sorted", "given_sound", "last_marked", "bare")


def table(*names):
    return name_table(pa.array(names, pa.string()), VIETNAM)


def shared(left, right):
    """The keys that two names have in common."""
    names = table(left, right)
    both = {key: getattr(names, key) for key in KEYS if key != "bare"} | {"ends": ends(names)}
    return {key for key, values in both.items() if values[0] == values[1]}


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ("lê thị hoa", "lê thị hòa", {"folded", "compact", "sound", "sorted", "given_sound", "ends"}),
        ("lê thị sen", "lê thị xen", {"sound", "given_sound"}),
        ("lê thị hoa", "lê văn hoa", {"given_sound", "last_marked", "ends"}),
        ("y ngông niê", "niê y ngông", {"sorted"}),
        ("h nghia êban", "hnghia êban", {"compact", "given_sound", "last_marked"}),
        ("lê thị hoa", "trần văn bình", set()),
    ],
)
def test_names_share_the_keys_of_what_they_have_in_common(left, right, wanted):
    assert shared(left, right) == wanted


def test_a_key_is_the_same_on_every_machine_and_never_unknown():
    assert text_key("an") == -2122837382849043650
    assert table("an").last_marked.tolist() == [text_key("an")]
    assert table("lê an").key.tolist() == [name_key_of(np.array([text_key("lê"), text_key("an")]))]


def test_the_order_of_words_counts_except_where_it_is_said_not_to():
    assert shared("an bình an", "an an bình") == {"sorted"}
    assert "sorted" not in shared("an an bình", "an bình bình")


def test_an_apostrophe_ends_a_word():
    names = table("h'nghia êban")
    assert np.diff(names.start).tolist() == [3]
    assert np.diff(names.marked_start).tolist() == [2]
    assert bytes(names.letters) == b"h nghia eban"
    assert {"folded", "compact", "sound"} <= shared("h'nghia êban", "h nghia êban")


@pytest.mark.parametrize(
    ("name", "bare"), [("nguyen van hung", True), ("nguyễn van hung", False), ("y bhok", True)]
)
def test_bare_is_who_is_written_without_any_mark(name, bare):
    assert table(name).bare.tolist() == [bare]


def test_letters_and_initials():
    names = table("đỗ an")
    assert bytes(names.letters) == b"do an"
    assert names.initial.tolist() == [text_key("d"), text_key("a")]
    assert names.word.tolist() == [text_key("do"), text_key("an")]
    assert names.marked.tolist() == [text_key("đỗ"), text_key("an")]


def test_no_names_make_an_empty_table():
    names = table()
    assert [len(getattr(names, key)) for key in KEYS] == [0] * len(KEYS)
    assert names.start.tolist() == names.marked_start.tolist() == names.letter_start.tolist() == [0]
    assert len(ends(names)) == 0


words = st.sampled_from(
    ["nguyễn", "trần", "thị", "minh", "hòa", "h'nghia", "an", "h", "y", "niê", "kdăm", "êban"]
)
names = st.lists(st.lists(words, min_size=1, max_size=5).map(" ".join), max_size=12, unique=True)


def equal(left, right):
    return all(
        a.dtype == b.dtype and a.flags.c_contiguous and (a.tolist() == b.tolist())
        for a, b in zip(left, right, strict=True)
    )


@settings(max_examples=60, deadline=None)
@given(names, st.data())
def test_what_is_taken_is_as_if_it_was_read_so(texts, data):
    order = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=8)) if texts else []
    assert equal(taken(table(*texts), np.array(order, np.int32)), table(*(texts[at] for at in order)))


@settings(max_examples=60, deadline=None)
@given(st.lists(names, min_size=1, max_size=4))
def test_what_is_put_together_is_as_if_it_was_read_so(parts):
    assert equal(joined([table(*part) for part in parts]), table(*(text for part in parts for text in part)))


@settings(max_examples=60, deadline=None)
@given(names)
def test_a_slice_of_a_column_reads_as_the_column_itself(texts):
    column = pa.array(["x y", *texts, "z"])
    assert equal(name_table(column.slice(1, len(texts)), VIETNAM), table(*texts))


@settings(max_examples=100, deadline=None)
@given(names)
def test_the_same_name_the_same_key_and_another_another(texts):
    keys = table(*texts).key
    assert len(set(keys.tolist())) == len(texts)
    assert (keys != 0).all()
    folded = table(*texts).folded.tolist()
    for i, one in enumerate(texts):
        for j, other in enumerate(texts):
            assert (folded[i] == folded[j]) == (VIETNAM.fold(one) == VIETNAM.fold(other))

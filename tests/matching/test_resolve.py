"""One entry, several records."""

import numpy as np

from matching.keys import text_key
from matching.namebook import NameBook
from matching.resolve import Claims, resolve

NAMES = ["nguyễn văn an", "nguyễn văn ân", "trần thị bình"]


def settled(*records):
    """Each record: name, birth date, weight; all point to one entry."""
    book = NameBook(np.array([text_key(name) for name in NAMES]), NAMES)
    columns = {
        "name_key": np.array([text_key(name) for name, _, _ in records]),
        **{
            part: np.array([date[i] for _, date, _ in records])
            for i, part in enumerate(("year", "month", "day"))
        },
        "precision": np.full(len(records), 3),
    }
    weight = np.array([weight for _, _, weight in records], dtype=float)
    claims = Claims(np.arange(len(records)), np.full(len(records), 7), weight)
    resolution = resolve(claims, columns, book)
    return sorted(resolution.duplicate.tolist()), sorted(resolution.contested.tolist())


def test_one_person_entered_twice_keeps_the_number_in_both_records():
    assert settled(("nguyễn văn an", (2011, 9, 5), 40), ("nguyễn văn ân", (2011, 5, 9), 30)) == ([1], [])


def test_two_people_and_no_clear_winner_both_go_to_review():
    assert settled(("nguyễn văn an", (2011, 9, 5), 40), ("trần thị bình", (2011, 9, 5), 38)) == ([], [0, 1])


def test_the_clearly_stronger_record_keeps_the_entry():
    assert settled(("nguyễn văn an", (2011, 9, 5), 40), ("trần thị bình", (2011, 9, 5), 10)) == ([], [1])


def test_alone_on_an_entry_nothing_happens():
    assert settled(("nguyễn văn an", (2011, 9, 5), 40)) == ([], [])


def test_nothing_linked_nothing_settled():
    empty = np.zeros(0, int)
    resolution = resolve(Claims(empty, empty, empty.astype(float)), {}, NameBook(empty, []))
    assert len(resolution.duplicate) == len(resolution.contested) == 0


def test_a_second_record_of_a_leader_goes_to_review_with_it():
    records = [
        ("nguyễn văn an", (2011, 9, 5), 40),
        ("nguyễn văn an", (2011, 9, 5), 39),
        ("trần thị bình", (2011, 9, 5), 38),
    ]
    assert settled(*records) == ([], [0, 1, 2])

"""One entry, several records."""

import datetime

import numpy as np
import pyarrow as pa

from matching import levels
from matching.keys import record_columns
from matching.profile import VIETNAM
from matching.resolve import Claims, by_itself, resolve
from matching.schemas import RECORDS

NOBODYS_NAMES = np.zeros(0, np.int64)


def records_of(*records):
    rows = [
        {"name": name, "birth_from": datetime.date(*born), "birth_precision": "day"}
        for name, born, _ in records
    ]
    return record_columns(pa.Table.from_pylist(rows, schema=RECORDS), VIETNAM)


def settled(*records):
    """Each record: name, birth date, weight; all point to one entry."""
    columns, names, _ = records_of(*records)
    weight = np.array([weight for _, _, weight in records], dtype=float)
    claims = Claims(np.arange(len(records)), np.full(len(records), 7), weight)
    resolution = resolve(claims, columns, names, NOBODYS_NAMES)
    return sorted(resolution.duplicate.tolist()), sorted(resolution.contested.tolist())


def test_one_person_entered_twice_keeps_the_number_in_both_records():
    assert settled(("nguyễn văn an", (2011, 9, 5), 40), ("nguyễn văn ân", (2011, 5, 9), 30)) == ([1], [])


def test_two_people_and_no_clear_winner_both_go_to_review():
    assert settled(("nguyễn văn an", (2011, 9, 5), 40), ("trần thị bình", (2011, 9, 5), 38)) == ([], [0, 1])


def test_the_clearly_stronger_record_keeps_the_entry():
    assert settled(("nguyễn văn an", (2011, 9, 5), 40), ("trần thị bình", (2011, 9, 5), 10)) == ([], [1])


def test_a_name_alike_of_another_generation_is_somebody_else():
    records = ("nguyễn văn an", (2011, 9, 5), 40), ("nguyễn an", (1980, 3, 4), 10)
    assert settled(*records) == ([], [1])


def test_alone_on_an_entry_nothing_happens():
    assert settled(("nguyễn văn an", (2011, 9, 5), 40)) == ([], [])


def test_nothing_linked_nothing_settled():
    columns, names, _ = records_of()
    empty = np.zeros(0, int)
    resolution = resolve(Claims(empty, empty, empty.astype(float)), columns, names, NOBODYS_NAMES)
    assert len(resolution.duplicate) == len(resolution.contested) == 0


def test_entries_are_settled_each_for_itself():
    columns, names, _ = records_of(
        ("nguyễn văn an", (2011, 9, 5), 0),
        ("nguyễn văn an", (2011, 9, 5), 0),
        ("trần thị bình", (2010, 1, 2), 0),
    )
    claims = Claims(np.arange(3), np.array([7, 7, 8]), np.array([40.0, 39.0, 10.0]))
    resolution = resolve(claims, columns, names, NOBODYS_NAMES)
    assert (resolution.duplicate.tolist(), resolution.contested.tolist()) == ([1], [])


def test_a_second_record_of_a_leader_goes_to_review_with_it():
    records = [
        ("nguyễn văn an", (2011, 9, 5), 40),
        ("nguyễn văn an", (2011, 9, 5), 39),
        ("trần thị bình", (2011, 9, 5), 38),
    ]
    assert settled(*records) == ([], [0, 1, 2])


def test_two_slips_of_one_name_are_one_person_where_each_is_near_the_entry():
    columns, names, _ = records_of(("nguyen vn an", (2011, 9, 5), 0), ("nguyễn văn t an", (2011, 9, 5), 0))
    claims = Claims(np.arange(2), np.array([7, 7]), np.array([40.0, 39.0]), np.array([True, True]))
    resolution = resolve(claims, columns, names, NOBODYS_NAMES)
    assert (resolution.duplicate.tolist(), resolution.contested.tolist()) == ([1], [])


def test_a_link_stands_by_itself_when_it_is_near_the_entry_or_has_a_family():
    compared = np.zeros((4, len(levels.COMPARISONS)), np.int8)
    compared[1, 0] = levels.NAME.index("given_differs")
    compared[2, 1] = levels.BIRTH_DATE.index("far")
    compared[3, 0] = levels.NAME.index("given_differs")
    has_family = np.array([False, False, False, True])
    assert by_itself(compared, has_family).tolist() == [True, False, False, True]

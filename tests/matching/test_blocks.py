"""Where candidates lie: what an index finds is what the rules say of every pair, one by one."""

import datetime
import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from connectors.registry_index import build_index
from connectors.snapshot import Snapshot
from matching import model
from matching.blocking import FEW, RULES, date_rules, name_rules, near_rules, rule_position
from matching.blocks import NOTHING_LISTED, Listed, listed
from matching.columns import day_of, year_of
from matching.engines import local
from matching.engines.engine import Search
from matching.engines.local import searched_in_threads
from matching.errors import TooManyPairs, UnknownRule
from matching.indexing import group_numbers, groups_of, near_names, search_order
from matching.keys import record_columns
from matching.nametable import name_table, taken
from matching.near import near_groups
from matching.profile import VIETNAM
from matching.schemas import ENTRY, RECORDS
from matching.subjects import subjects_of

WORDS = {
    "first": ["Nguyễn", "Trần"],
    "middle": ["Văn", "Thị", "T", "H'"],
    "last": ["An", "Ân", "Sen", "Xen"],
}


def some_name(draw):
    """Few names, and names near them."""
    words = [draw.choice(WORDS["first"]), draw.choice(WORDS["middle"]), draw.choice(WORDS["last"])]
    if draw.random() < 0.15:
        words.insert(1, draw.choice(WORDS["middle"]))
    if draw.random() < 0.15:
        draw.shuffle(words)
    name = " ".join(words)
    if draw.random() < 0.2:
        place = draw.randrange(len(name))
        name = (name[:place] + draw.choice(["", "a", " "]) + name[place + 1 :]).strip() or "An"
    return name if draw.random() < 0.97 else None


def some_people(size, seed):
    """Entries over so few names, dates and places that every blocking rule finds some."""
    draw = random.Random(seed)
    return [
        {
            "personal_id": f"0380{number:08d}",
            "full_name": some_name(draw),
            "birth_date": datetime.date(
                draw.choice([1980, 1981, 1982, 1990]), draw.choice([1, 3, 5]), draw.choice([1, 3, 5])
            )
            if draw.random() < 0.97
            else None,
            "birth_precision": draw.choice(["day", "day", "day", "month", "year"]),
            "gender": draw.choice(["M", "F", "F", None]),
            "birth_province": draw.choice(["038", "001", "002", None]),
            "residence_province": draw.choice(["38", "01"]),
            "residence_commune": draw.choice(["14797", "00004", None]),
            "status": "alive",
        }
        for number in range(size)
    ]


def damaged(person, draw):
    """Another name, a year off, or day and month in the other order."""
    born, what = person["birth_date"], draw.choice(["name", "year", "order"])
    if what == "name" or born is None:
        return person | {"full_name": some_name(draw)}
    changed = (
        born.replace(year=born.year + 1) if what == "year" else born.replace(month=born.day, day=born.month)
    )
    return person | {"birth_date": changed}


def some_records(people, size, seed):
    """Half of them of people in the registry, damaged; the other half of anybody."""
    draw = random.Random(seed + 1000)
    known = [damaged(person, draw) for person in people[: size // 2]]
    everybody = [*known, *some_people(size - size // 2, seed + 2000)]
    rows = [
        {
            "kind": "teacher",
            "record_id": f"T{number}",
            "name": VIETNAM.canonical(person["full_name"] or ""),
            "name_other": VIETNAM.canonical(some_name(draw) or "") if number % 5 == 0 else None,
            "birth_from": person["birth_date"] if number % 7 else None,
            "birth_precision": person["birth_precision"] if number % 7 and person["birth_date"] else None,
            "gender": person["gender"],
            "birth_province": person["birth_province"] if number % 3 else None,
            "residence_province": person["residence_province"] if number % 8 else None,
            "residence_commune": person["residence_commune"] if number % 4 else None,
        }
        for number, person in enumerate(everybody)
    ]
    return pa.Table.from_pylist(rows, schema=RECORDS)


def is_near(a, b):
    """What makes the letters of two names near, `a` on record and `b` in the registry, by their definition."""
    if a == b:
        return False
    words, others = a.split(), b.split()
    alike = [VIETNAM.sound(text).replace(" ", "") for text in (a, b)]
    if alike[0] == alike[1] or a.replace(" ", "") == b.replace(" ", "") or sorted(words) == sorted(others):
        return True
    if (len(words) > 2 and others in without_one(words)) or (
        len(others) > 2 and words in without_one(others)
    ):
        return True
    if len(others) > 2 and words in [
        [*others[:i], word[0], *others[i + 1 :]] for i, word in enumerate(others)
    ]:
        return True
    differing = [(x, y) for x, y in zip(words, others, strict=False) if x != y]
    return len(words) == len(others) and len(differing) == 1 and OSA.distance(*differing[0]) == 1


def without_one(words):
    return [words[:i] + words[i + 1 :] for i in range(len(words))]


class Crowd:
    """A registry, records, and what each pair of them is by definition."""

    def __init__(self, folder, seed, size=150, sought=60):
        people = some_people(size, seed)
        (folder / "registry").mkdir()
        pq.write_table(pa.Table.from_pylist(people, schema=ENTRY), folder / "registry" / "a.parquet")
        self.registry = Snapshot(build_index(folder / "registry", folder / "work"))
        self.columns, self.names, self.text = record_columns(some_records(people, sought, seed), VIETNAM)
        known = self.registry.frequencies()
        counts = self.registry.name_counts(self.names)
        self.subjects = subjects_of(self.columns, self.names, self.text, known, counts, VIETNAM)
        self.rows = np.arange(sought)
        canonical = [VIETNAM.canonical(one["full_name"] or "") for one in people]
        by_id = {int(one["personal_id"]): name for one, name in zip(people, canonical, strict=True)}
        self.entry_names = [fold(by_id[number]) for number in self.registry.people().entries.entry.tolist()]

    def readings(self, row):
        at = [int(self.columns.name[row]), int(self.columns.name_other[row])]
        return [fold(self.text[one].as_py()) for one in at if one >= 0]

    def rules(self, row, at):
        """The rules (bits) met by a pair: what its day, its name and its name's neighbours say."""
        of, entries = self.columns, self.registry.people().entries
        birth, other = int(of.birth[row]), int(entries.birth[at])
        readings, name = self.readings(row), self.entry_names[at]
        same_name = name in readings
        same_given = name is not None and any(given_sound(one) == given_sound(name) for one in readings)
        met = 0
        if birth == other and day_of(birth):
            few = (entries.birth == birth).sum() <= FEW
            met |= date_rules(of, row, entries, at, same_name, same_given, few)
        told = (
            birth,
            of.commune[row],
            of.home[row],
            of.birth_province[row],
            other,
            entries.commune[at],
            entries.home[at],
            entries.birth_province[at],
        )
        if same_name:
            met |= name_rules(*told, self.entry_names.count(name) <= FEW)
        elif (
            any(is_near(one, name or "") for one in readings)
            and year_of(birth)
            and abs(year_of(birth) - year_of(other)) <= 2
        ):
            met |= near_rules(*told, False)
        return met

    def every_pair(self, rows=None):
        """Row and entry of all pairs that some rule finds, and the rules."""
        size = len(self.entry_names)
        rows = self.rows if rows is None else rows
        met = {(row, at): self.rules(row, at) for row in rows.tolist() for at in range(size)}
        return {pair: rules for pair, rules in met.items() if rules}

    def searched(self, blocks, evidence=NOTHING_LISTED, targets=None):
        """The best candidates, and pairs counted."""
        pairs, by_rule = [], np.zeros(len(RULES), np.int64)

        def count(compared, of_rules):
            pairs.append(compared)
            by_rule.__iadd__(of_rules)

        stored = model.load()["teacher"]
        asked = Search(self.registry, self.subjects, stored, self.rows, evidence, targets=targets)
        found = searched_in_threads(asked, blocks, count)
        return found, sum(pairs), by_rule

    def blocks(self, *, widely=True):
        return self.registry.blocks(self.columns, self.names, self.text, self.rows, widely=widely)


def fold(name):
    return None if name is None else VIETNAM.fold(name)


def given_sound(name):
    return VIETNAM.sound(name.split()[-1])


class ThesePairs:
    """Blocks that hold nobody: only what is listed is looked at, as if a search had found it."""

    def __init__(self, blocks):
        self._blocks = blocks

    def sought(self, rows, found):
        sought = self._blocks.sought(rows, found)
        nobody = np.zeros(len(rows), np.int32)
        return sought._replace(day_low=nobody, day_high=nobody, group_start=np.zeros_like(sought.group_start))


@pytest.fixture(scope="module", params=[1, 2, 3])
def crowd(request, tmp_path_factory):
    return Crowd(tmp_path_factory.mktemp(f"crowd{request.param}"), request.param)


@pytest.fixture(scope="module")
def every_pair(crowd):
    return crowd.every_pair()


def test_each_pair_is_found_by_the_rules_that_it_meets_and_no_other(crowd, every_pair):
    wrong = []
    for at in range(len(crowd.entry_names)):
        found, _, _ = crowd.searched(crowd.blocks(), targets=np.full(len(crowd.rows), at, np.int32))
        wanted = [every_pair.get((row, at), 0) for row in crowd.rows.tolist()]
        wrong += [
            (row, at, a, b)
            for row, (a, b) in enumerate(zip(found.target_rules.tolist(), wanted, strict=True))
            if a != b
        ]
    assert wrong == []


def test_every_pair_is_compared_once_and_counts_for_its_first_rule(crowd, every_pair):
    _, pairs, by_rule = crowd.searched(crowd.blocks())
    first = [(rules & -rules).bit_length() - 1 for rules in every_pair.values()]
    assert pairs == len(every_pair)
    assert by_rule.tolist() == np.bincount(first, minlength=len(RULES)).tolist()


def test_every_rule_finds_something_somewhere(every_pair):
    together = np.bitwise_or.reduce(list(every_pair.values()))
    assert [rule.name for bit, rule in enumerate(RULES) if not together >> bit & 1] == []


def test_what_is_kept_are_the_best_of_all_pairs_and_the_mass_of_the_others(crowd, every_pair):
    blocks = crowd.blocks()
    row, at = np.array(sorted(every_pair)).T
    pairs = Listed(row, at.astype(np.int32), np.zeros(len(row), np.int8), np.zeros(len(row)))
    wanted, compared, _ = crowd.searched(ThesePairs(blocks), pairs)
    found, _, _ = crowd.searched(blocks)
    assert compared == len(every_pair)
    for part in ("at", "weight", "relative", "levels", "reading"):
        assert (getattr(found, part) == getattr(wanted, part)).all(), part
    assert found.rest == pytest.approx(wanted.rest, rel=1e-9)
    there = found.at >= 0
    assert there.any()
    assert (
        found.weight[there] >= np.where(there, found.weight, np.inf).min(axis=1).repeat(there.sum(axis=1))
    ).all()


def test_what_is_listed_is_not_compared_again(crowd, every_pair):
    row, at = np.array(sorted(every_pair)[:40]).T
    some = Listed(row, at.astype(np.int32), np.zeros(len(row), np.int8), np.zeros(len(row)))
    found, compared, _ = crowd.searched(crowd.blocks(), some)
    assert compared == len(every_pair)
    assert found.at.tolist() == crowd.searched(crowd.blocks())[0].at.tolist()


def test_narrowly_all_of_the_name_and_day_are_found(crowd, every_pair):
    by_name_and_date = 1 << rule_position("name_date")
    found, pairs, _ = crowd.searched(crowd.blocks(widely=False))
    wanted = {pair for pair, rules in every_pair.items() if rules & by_name_and_date}
    assert pairs == len(wanted)
    seen = {(row, at) for row, of_row in enumerate(found.at.tolist()) for at in of_row if at >= 0}
    assert seen <= wanted


def test_chunks_of_any_size_find_the_same(crowd, monkeypatch):
    whole, pairs, by_rule = crowd.searched(crowd.blocks())
    monkeypatch.setattr(local, "AT_ONCE", 7)
    again, pairs_again, by_rule_again = crowd.searched(crowd.blocks())
    assert (pairs, by_rule.tolist()) == (pairs_again, by_rule_again.tolist())
    for part in ("row", "at", "weight", "rest", "levels"):
        assert (getattr(whole, part) == getattr(again, part)).all(), part


def test_a_search_that_would_never_end_is_refused(crowd, monkeypatch):
    monkeypatch.setattr(local, "NEVER_TOO_MANY", 10)
    monkeypatch.setattr(local, "MOST_LOOKED_AT", 0)
    with pytest.raises(TooManyPairs):
        crowd.searched(crowd.blocks())


def test_unknown_values_find_nobody(crowd):
    columns, names, text = record_columns(
        pa.Table.from_pylist([{"kind": "teacher", "record_id": "T"}], schema=RECORDS), VIETNAM
    )
    for widely in (True, False):
        sought = crowd.registry.blocks(columns, names, text, np.arange(1), widely=widely).sought(
            np.arange(1), NOTHING_LISTED
        )
        assert (sought.day_high - sought.day_low).sum() == len(sought.group_low) == len(sought.listed) == 0


def test_no_rule_of_that_name():
    with pytest.raises(UnknownRule, match="moon_phase"):
        rule_position("moon_phase")


def test_a_pair_listed_twice_keeps_how_a_lookup_found_it_and_its_greatest_prior():
    by_number = Listed(np.array([0, 2]), np.array([7, 7], np.int32), np.array([1, 1], np.int8), np.zeros(2))
    by_family = Listed(
        np.array([0, 0]), np.array([7, 8], np.int32), np.zeros(2, np.int8), np.array([0.9, 0.03])
    )
    both = listed(by_family, by_number)
    assert (both.row.tolist(), both.at.tolist(), both.found_by.tolist(), both.prior.tolist()) == (
        [0, 0, 2], [7, 8, 7], [1, 0, 1], [0.9, 0.03, 0.0],
    )  # fmt: skip
    assert len(listed(NOTHING_LISTED, NOTHING_LISTED).row) == 0


words = st.sampled_from(
    [
        "nguyễn",
        "trần",
        "văn",
        "thị",
        "minh",
        "hòa",
        "h'nghia",
        "an",
        "h",
        "y",
        "niê",
        "sen",
        "xen",
        "êban",
        "anh",
    ]
)
full_names = st.lists(words, min_size=1, max_size=5).map(" ".join)
registries = st.lists(full_names, min_size=1, max_size=25, unique=True)


def found_near(registry, name):
    """Names without marks that an index of names finds near one."""
    names = name_table(pa.array(registry), VIETNAM)
    order = search_order(names)
    ordered = taken(names, order)
    group = group_numbers(ordered)
    groups = groups_of(ordered, group, np.zeros(group[-1] + 2, np.int64))
    sought = name_table(pa.array([name]), VIETNAM)
    start, near = near_groups(sought, np.array([0]), near_names(ordered, group), groups)
    assert start.tolist() == [0, len(near)]
    assert len(set(near.tolist())) == len(near)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    return {VIETNAM.fold(registry[order[first[at]]]) for at in near.tolist()}


@settings(max_examples=150, deadline=None)
@given(registries, full_names)
def test_names_near_a_name_are_those_of_the_definition(registry, name):
    wanted = {VIETNAM.fold(other) for other in registry if is_near(VIETNAM.fold(name), VIETNAM.fold(other))}
    assert found_near(registry, name) == wanted


@settings(max_examples=200, deadline=None)
@given(registries, st.data())
def test_a_name_with_one_slip_in_one_word_is_found(registry, data):
    name = data.draw(st.sampled_from(registry))
    words = VIETNAM.fold(name).split()
    at = data.draw(st.integers(0, len(words) - 1))
    changed = data.draw(slips(words[at]))
    typed = " ".join([*words[:at], changed, *words[at + 1 :]])
    if typed != VIETNAM.fold(name):
        assert VIETNAM.fold(name) in found_near(registry, typed)


@st.composite
def slips(draw, word):
    """A word with a letter more, less or other, or two in the other order; never nothing."""
    place = draw(st.integers(0, len(word) - 1))
    letter = draw(st.sampled_from("abhnxyz"))
    kinds = [word[:place] + letter + word[place:], word[:place] + letter + word[place + 1 :]]
    if len(word) > 1:
        kinds += [
            word[:place] + word[place + 1 :],
            word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
        ]
    return draw(st.sampled_from(kinds))


def test_a_name_is_not_near_itself_however_it_is_marked():
    assert found_near(["lê thị hòa", "lê thị hoa", "le thi hoa"], "lê thị hoá") == set()


def test_a_second_reading_is_found_where_nobody_bears_the_first(tmp_path):
    """Of the first group of names, too: its run begins where an unknown name's does."""
    (tmp_path / "registry").mkdir()
    born = {"birth_date": datetime.date(2000, 3, 4), "birth_precision": "day"}
    pq.write_table(
        pa.Table.from_pylist([{"personal_id": "038200000001", "full_name": "Lê An", **born}], schema=ENTRY),
        tmp_path / "registry" / "a.parquet",
    )
    registry = Snapshot(build_index(tmp_path / "registry", tmp_path / "work"))
    rows = [
        {"name": "le awn", "name_other": "lê an", "birth_from": born["birth_date"], "birth_precision": "day"}
    ]
    columns, names, text = record_columns(pa.Table.from_pylist(rows, schema=RECORDS), VIETNAM)
    sought = registry.blocks(columns, names, text, np.arange(1), widely=False).sought(
        np.arange(1), NOTHING_LISTED
    )
    assert (sought.group_high - sought.group_low).tolist() == [1]

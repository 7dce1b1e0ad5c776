"""A registry that is a service: what is asked of it, and what its answers become."""

import datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from connectors.errors import RegistryUnreachable
from connectors.traced import TracedRegistry
from matching.blocks import NOTHING_LISTED
from matching.keys import record_columns
from matching.profile import VIETNAM
from matching.registry import KIN_OF, LOOKED_UP, RegistryFacts
from matching.schemas import ENTRY, FOUND, RECORDS, RELATIVES, TRACE_QUERY, TRACED

FATHER, CHILD, NAMESAKE = "038080000001", "038211000003", "038211000009"


def answered(number, name, born, **known):
    day = datetime.date.fromisoformat(born)
    base = {"personal_id": number, "full_name": name, "birth_date": day, "birth_precision": "day", "gender": "F",
            "birth_province": "038", "residence_province": "38", "residence_commune": "00004", "status": "alive"}  # fmt: skip
    return base | known


PEOPLE = {
    FATHER: answered(FATHER, "Đỗ Quang Khải", "1980-05-03", gender="M", status="deceased"),
    CHILD: answered(CHILD, "ĐỖ THỊ HÒA", "2011-09-05", father_id=FATHER, father_name="Đỗ Quang Khải"),
    NAMESAKE: answered(NAMESAKE, "Đỗ Thị Hoa", "2011-09-15"),
}


class Service:
    """Answers from PEOPLE: by number, by family, and to a trace by name without marks. It writes down what it was asked."""

    jobs_from = 2

    def __init__(self):
        self.asked = []
        self.fails = False

    def facts(self):
        return RegistryFacts(len(PEOPLE), "2026-11-01", "a service")

    def lookup(self, numbers):
        rows = [
            {"asked": number, "found_by": "current", **PEOPLE[number]}
            for number in numbers.to_pylist()
            if number in PEOPLE
        ]
        return pa.Table.from_pylist(rows, schema=FOUND)

    def unanswered(self, operation):
        return pa.array([], pa.string())

    def relatives(self, numbers):
        rows = [
            {"asked": number, "relation": "father", **PEOPLE[PEOPLE[number]["father_id"]]}
            for number in numbers.to_pylist()
            if PEOPLE[number].get("father_id")
        ]
        return pa.Table.from_pylist(rows, schema=RELATIVES)

    def trace(self, queries):
        assert queries.schema == TRACE_QUERY
        self.asked += queries.to_pylist()
        return self._traced(queries)

    def _traced(self, queries):
        for query in queries.to_pylist():
            if self.fails:
                raise RegistryUnreachable("/v1/trace", 1)
            wanted = VIETNAM.fold(query["full_name"] or "")
            found = [one for one in PEOPLE.values() if VIETNAM.fold(one["full_name"].lower()) == wanted]
            rows = [
                {"ref": query["ref"], "rank": rank + 1, "more": False, **one}
                for rank, one in enumerate(found)
            ]
            yield pa.Table.from_pylist(rows, schema=TRACED)


@pytest.fixture
def service():
    return Service()


def day_of(born):
    return {"birth_from": datetime.date.fromisoformat(born), "birth_precision": "day"}


def record(name, born=None, **known):
    return {"name": name, **(day_of(born) if born else {}), **known}


def blocks(registry, *records, widely=True, rows=None):
    """Personal IDs of the candidates, per record."""
    columns, names, text = record_columns(pa.Table.from_pylist(list(records), schema=RECORDS), VIETNAM)
    chosen = np.arange(len(records)) if rows is None else np.array(rows)
    found = registry.blocks(columns, names, text, chosen, widely=widely)
    sought = found.sought(chosen, NOTHING_LISTED)
    entry = registry.people().entries.entry
    start = sought.listed_start
    return [
        {f"{number:012d}" for number in entry[sought.listed[start[i] : start[i + 1]]].tolist()}
        for i in range(len(chosen))
    ]


def test_a_lookup_tells_positions_of_entries(service):
    registry = TracedRegistry(service)
    found = registry.lookup(pa.array([CHILD, FATHER, "038999999999"]))
    assert found.schema == LOOKED_UP
    entries = registry.people().entries
    assert dict(zip(found["asked"].to_pylist(), entries.entry[found["at"].to_numpy()].tolist(), strict=True)) == {
        CHILD: int(CHILD), FATHER: int(FATHER),
    }  # fmt: skip
    assert found["found_by"].to_pylist() == [1, 1]
    assert dict(zip(entries.entry.tolist(), entries.deceased.tolist(), strict=True)) == {
        int(CHILD): False,
        int(FATHER): True,
    }


def test_relatives_tell_positions_too_and_an_entry_has_one_only(service):
    registry = TracedRegistry(service)
    (father,) = registry.lookup(pa.array([FATHER]))["at"].to_pylist()
    kin = registry.relatives(pa.array([CHILD]))
    assert kin.schema == KIN_OF
    assert kin.to_pylist() == [{"asked": CHILD, "relation": "father", "at": father}]
    assert len(registry.people().entries.entry) == 1


def test_people_grow_and_positions_stay(service):
    registry = TracedRegistry(service)
    assert len(registry.people().entries.entry) == 0
    registry.lookup(pa.array([NAMESAKE]))
    before = registry.people()
    registry.lookup(pa.array([CHILD, NAMESAKE]))
    blocks(registry, record("đỗ quang khải"), record("đỗ thị hòa"))
    after = registry.people()
    assert before.entries.entry.tolist() == [int(NAMESAKE)]
    assert after.entries.entry.tolist() == [int(NAMESAKE), int(CHILD), int(FATHER)]
    own = after.names.key[after.entries.name]
    assert (
        after.entries.father_name[1] == after.entries.name[2]
    )  # a name is one name, whichever answer it came with
    assert after.entries.father_name[[0, 2]].tolist() == [-1, -1]
    assert len(set(own.tolist())) == 3
    assert len(after.order.at) == 0


def test_people_who_were_joined_are_as_those_read_at_once(service):
    one_by_one, at_once = TracedRegistry(service), TracedRegistry(service)
    for number in PEOPLE:
        one_by_one.lookup(pa.array([number]))
    at_once.lookup(pa.array(list(PEOPLE)))
    left, right = one_by_one.people(), at_once.people()
    for field in left.entries._fields:
        a, b = getattr(left.entries, field), getattr(right.entries, field)
        if field.endswith("name"):
            a, b = (np.where(x >= 0, people.names.key[x], 0) for x, people in ((a, left), (b, right)))
        assert a.dtype == b.dtype
        assert a.tolist() == b.tolist(), field


def test_widely_is_all_that_the_service_found(service):
    assert blocks(TracedRegistry(service), record("do thi hoa", "2011-09-05"), record("nobody")) == [
        {CHILD, NAMESAKE},
        set(),
    ]


@pytest.mark.parametrize(
    ("sought", "wanted"),
    [
        (record("do thi hoa", "2011-09-05"), {CHILD}),
        (record("đỗ thị hoa", "2011-09-15"), {NAMESAKE}),
        (record("do thi hoa"), set()),
        (record("do thi hoa", "2011-09-05") | {"birth_precision": "month"}, set()),
        (record("do thi hao", "2011-09-05", name_other="đỗ thị hòa"), {CHILD}),
    ],
)
def test_narrowly_only_those_of_the_name_and_day(service, sought, wanted):
    assert blocks(TracedRegistry(service), sought, widely=False) == [wanted]


def test_both_readings_of_a_name_are_asked(service):
    registry = TracedRegistry(service)
    assert blocks(registry, record("đỗ quang khải", name_other="đỗ thị hòa")) == [{FATHER, CHILD, NAMESAKE}]
    assert [query["full_name"] for query in service.asked] == ["đỗ quang khải", "đỗ thị hòa"]


def test_two_readings_that_find_the_same_find_it_once(service):
    registry = TracedRegistry(service)
    columns, names, text = record_columns(
        pa.Table.from_pylist([record("đỗ thị hòa", name_other="đỗ thị hoa")], schema=RECORDS), VIETNAM
    )
    found = registry.blocks(columns, names, text, np.array([0]), widely=True)
    assert sorted(found.own.at.tolist()) == [0, 1]


def test_no_question_is_asked_twice(service):
    registry = TracedRegistry(service)
    twins = [
        record("đỗ thị hòa", "2011-09-05"),
        record("đỗ thị hòa", "2011-09-05"),
        record("đỗ thị hòa", "2011-09-06"),
    ]
    first = blocks(registry, *twins, widely=False)
    assert len(service.asked) == 2
    assert blocks(registry, *twins) == [{CHILD, NAMESAKE}] * 3
    assert blocks(registry, *twins, widely=False) == first
    assert len(service.asked) == 2


def test_only_the_records_sought_are_asked_about(service):
    registry = TracedRegistry(service)
    people = [record("đỗ quang khải"), record("đỗ thị hòa")]
    assert blocks(registry, *people, rows=[1]) == [{CHILD, NAMESAKE}]
    assert [query["full_name"] for query in service.asked] == ["đỗ thị hòa"]


def test_a_question_says_what_is_known_and_no_more(service):
    registry = TracedRegistry(service)
    year, month = ({"birth_precision": precision} for precision in ("year", "month"))
    places = {"birth_province": "001", "residence_province": "01", "residence_commune": "00004"}
    blocks(
        registry,
        record("đỗ thị hòa", "2011-09-05", gender="F", **places),
        record("đỗ thị hòa", "2011-09-01") | month,
        record("đỗ thị hòa", "2011-01-01") | year,
        record(None),
    )
    unknown = dict.fromkeys(TRACE_QUERY.names)
    asked = sorted((query | {"ref": None} for query in service.asked), key=str)
    assert asked == sorted([
        unknown | {"full_name": "đỗ thị hòa", "birth_date": "2011-09-05", "gender": "F", **places},
        unknown | {"full_name": "đỗ thị hòa", "birth_date": "2011-09"},
        unknown | {"full_name": "đỗ thị hòa", "birth_date": "2011"},
        unknown,
    ], key=str)  # fmt: skip


def expecting(service, *names):
    """A registry that was told of these people and has not yet been asked for anybody."""
    registry = TracedRegistry(service)
    columns, own, text = record_columns(
        pa.Table.from_pylist([record(name) for name in names], schema=RECORDS), VIETNAM
    )
    registry.expect(columns, text, np.arange(len(names)))

    def sought(*rows):
        registry.blocks(columns, own, text, np.array(rows), widely=True)
        return [query["full_name"] for query in service.asked]

    return sought


def test_who_is_expected_is_asked_for_as_soon_as_anybody_is_and_once(service):
    sought = expecting(service, "đỗ quang khải", "đỗ thị hòa", "nobody")
    assert service.asked == []
    assert sought(0) == ["đỗ quang khải", "đỗ thị hòa", "nobody"]
    assert len(sought(0, 1, 2)) == 3


def test_answers_that_were_expected_are_the_answers(service):
    registry = TracedRegistry(service)
    people = [record("nobody"), record("đỗ quang khải"), record("do thi hoa", "2011-09-05")]
    columns, names, text = record_columns(pa.Table.from_pylist(people, schema=RECORDS), VIETNAM)
    registry.expect(columns, text, np.arange(3))
    registry.blocks(columns, names, text, np.array([0]), widely=True)
    later = registry.blocks(columns, names, text, np.arange(3), widely=True).sought(
        np.arange(3), NOTHING_LISTED
    )
    entry = registry.people().entries.entry
    found = [
        {f"{number:012d}" for number in entry[later.listed[low:high]]}
        for low, high in pairwise(later.listed_start.tolist())
    ]
    assert found == blocks(TracedRegistry(Service()), *people)


def test_a_few_who_are_expected_are_asked_for_when_they_are_sought(service):
    sought = expecting(service, "đỗ quang khải", "đỗ thị hòa")
    assert sought(0) == ["đỗ quang khải"]
    assert sought(1) == ["đỗ quang khải", "đỗ thị hòa"]


def test_whoever_was_expected_and_not_answered_is_asked_for_again(service):
    sought = expecting(service, "đỗ quang khải", "đỗ thị hòa", "nobody")
    service.fails = True
    with pytest.raises(RegistryUnreachable):
        sought(0)
    service.fails = False
    assert sought(0, 1, 2)[3:] == ["đỗ quang khải"]
    assert len(sought(0, 1, 2)) == 4


def test_equal_questions_have_one_ref_in_every_run(service):
    for _ in range(2):
        blocks(TracedRegistry(service), record("đỗ thị hòa", "2011-09-05"))
    assert len({query["ref"] for query in service.asked}) == 1


def test_entries_in_full_are_those_that_were_answered(service):
    registry = TracedRegistry(service)
    blocks(registry, record("đỗ thị hòa"))
    registry.lookup(pa.array([CHILD]))
    full = registry.entries(pa.array([CHILD, FATHER]))
    assert full.schema == ENTRY
    assert [(row["personal_id"], row["full_name"], row["father_id"]) for row in full.to_pylist()] == [
        (CHILD, "ĐỖ THỊ HÒA", FATHER)
    ]


def test_a_service_says_its_facts_and_counts_nobody(service):
    registry = TracedRegistry(service)
    assert registry.facts().source == "a service"
    assert registry.profile is VIETNAM
    assert registry.name_counts(registry.people().names) is None

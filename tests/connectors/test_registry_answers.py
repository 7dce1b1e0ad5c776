"""Whatever a registry answers, it becomes a table in the schema or RegistryNonsense that repeats none of it."""

import copy
import json
from datetime import date

import httpx2
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import RegistryNonsense
from connectors.registry import RegistryClient
from connectors.registry_answers import read_batch, read_facts, read_lookup, read_relatives, read_trace
from connectors.registry_messages import Credentials, Identity
from connectors.registry_patience import Clock, Limits
from matching.schemas import FOUND, RELATIVES, TRACE_QUERY, TRACED

ASKED = "001311000001"
ENTRY = {
    "personal_id": "001311000001",
    "full_name": "Made Up",
    "birth_date": "2011-01-01",
    "birth_precision": "year",
    "gender": "F",
    "birth_province": "001",
    "residence_province": "01",
    "residence_commune": None,
    "father_id": None,
    "mother_id": "001180000001",
    "former_ids": ["012345678"],
    "superseded_ids": [],
    "status": "alive",
    "father_name": None,
    "mother_name": "Made Up Too",
}
LOOKUP = {"as_of": "2026-01-01", "results": [{"number": ASKED, "found": "former", "entries": [ENTRY]}]}
TRACE = {
    "as_of": "2026-01-01",
    "results": [{"ref": ASKED, "more": True, "candidates": [{"rank": 1, "entry": ENTRY}]}],
}
RELATIVE = {
    "as_of": "2026-01-01",
    "results": [{"number": ASKED, "father": None, "mother": ENTRY, "children": [ENTRY]}],
}
READERS = {
    "lookup": (read_lookup, LOOKUP, FOUND),
    "trace": (read_trace, TRACE, TRACED),
    "relatives": (read_relatives, RELATIVE, RELATIVES),
}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.just(ASKED),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(value, path=()):
    """Every place in a JSON value, as the keys that lead there."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield from places(child, (*path, key))


def replaced(value, path, by):
    if not path:
        return by
    changed = copy.copy(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], by)
    return changed


@st.composite
def almost_right(draw):
    """A right answer with up to three places replaced by anything."""
    name = draw(st.sampled_from(sorted(READERS)))
    answer = READERS[name][1]
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(sorted(places(answer), key=repr)))
        answer = replaced(answer, path, draw(ANY_JSON))
    return name, answer


def asking(body, content_type="application/json"):
    """A client whose registry answers every question with this."""

    def registry(request):
        if request.url.path == "/oauth/token":
            return httpx2.Response(200, json={"access_token": "t", "expires_in": 900})
        return httpx2.Response(200, content=body, headers={"content-type": content_type})

    http = httpx2.Client(base_url="https://registry.test", transport=httpx2.MockTransport(registry))
    clock = Clock(now=lambda: 0.0, sleep=lambda _: None)
    return RegistryClient(
        http, Credentials("c", "s"), Identity("p", "a", "o"), Limits(workers=1, attempts=1), clock=clock
    )


def ask(client, name):
    if name == "trace":
        query = pa.Table.from_pylist([{"ref": ASKED}], schema=TRACE_QUERY)
        return pa.concat_tables(client.trace(query))
    return getattr(client, name)(pa.array([ASKED]))


@settings(deadline=None, max_examples=300)
@given(almost_right())
def test_any_json_is_a_table_or_nonsense(case):
    name, answer = case
    client = asking(json.dumps(answer).encode())
    try:
        table = ask(client, name)
    except RegistryNonsense as nonsense:
        table, said = None, nonsense.what
    if table is None:
        # what is wrong is told in words of the contract alone
        assert said.isascii()
        assert ASKED not in said
    else:
        assert table.schema == READERS[name][2]
        table.validate(full=True)
        table.to_pylist()


@settings(deadline=None, max_examples=60)
@given(
    st.binary(max_size=60),
    st.sampled_from(["application/json", "text/html", "application/problem+json", b"\xff"]),
)
def test_any_bytes_are_nonsense(body, content_type):
    with pytest.raises(RegistryNonsense):
        ask(asking(body, content_type), "lookup")


@settings(deadline=None)
@given(ANY_JSON)
def test_any_facts(answer):
    client = asking(json.dumps(answer).encode())
    with pytest.raises(RegistryNonsense):
        client.facts()


@pytest.mark.parametrize("name", READERS)
def test_a_right_answer_is_read_in_full(name):
    read, answer, schema = READERS[name]
    rows = read(answer, [ASKED], "route").rows
    assert rows.schema == schema
    expected = {**ENTRY, "birth_date": date(2011, 1, 1)}
    assert rows.select(list(ENTRY)).to_pylist() == [expected] * rows.num_rows
    assert rows.num_rows == (2 if name == "relatives" else 1)


def test_facts():
    facts = read_facts({"entries": 3, "as_of": "2026", "source": "mock", "more": []}, "route")
    assert (facts.entries, facts.as_of, facts.source) == (3, "2026", "mock")


def changed(**fields):
    return replaced(LOOKUP, ("results", 0, "entries", 0), {**ENTRY, **fields})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("personal_id", 1311000001),
        ("personal_id", "01311000001"),
        ("personal_id", "００１３１１００００01"),
        ("personal_id", None),
        ("birth_date", "2011-02-30"),
        ("birth_date", "01/01/2011"),
        ("birth_date", "0000-01-01"),
        ("gender", True),
        ("former_ids", "012345678"),
        ("former_ids", [None]),
        ("former_ids", {}),
        ("mother_name", "\ud800"),
    ],
)
def test_a_value_of_the_wrong_form_is_named_by_route_and_field(field, value):
    with pytest.raises(
        RegistryNonsense, match=rf"^registry answered nonsense: POST /x: entries\[\]: field {field}"
    ):
        read_lookup(changed(**{field: value}), [ASKED], "POST /x")


@pytest.mark.parametrize(
    "field", ["personal_id", "full_name", "birth_date", "birth_precision", "gender", "status"]
)
def test_a_required_field_that_is_missing(field):
    entry = {name: value for name, value in ENTRY.items() if name != field}
    with pytest.raises(RegistryNonsense, match=f"field {field} is missing"):
        read_lookup(replaced(LOOKUP, ("results", 0, "entries", 0), entry), [ASKED], "route")


def test_optional_fields_may_be_missing_and_unknown_ones_are_ignored():
    required = ("personal_id", "full_name", "birth_date", "birth_precision", "gender", "status")
    entry = {**{name: ENTRY[name] for name in required}, "blood_group": "AB"}
    rows = read_lookup(replaced(LOOKUP, ("results", 0, "entries", 0), entry), [ASKED], "route").rows
    assert rows["mother_name"].to_pylist() == [None]


def test_unknown_words_never_count_for_a_link():
    rows = read_lookup(changed(status="missing", gender="X", birth_precision="decade"), [ASKED], "route").rows
    assert rows.select(["status", "gender", "birth_precision"]).to_pylist() == [
        {"status": None, "gender": None, "birth_precision": "year"}
    ]


def test_what_the_registry_does_not_know_is_null():
    unknown = {"full_name": None, "birth_date": None, "birth_precision": None, "gender": None, "status": None}
    rows = read_lookup(changed(**unknown), [ASKED], "route").rows
    assert rows.select(list(unknown)).to_pylist() == [unknown]


@pytest.mark.parametrize("asked", [[], [ASKED, "1"], ["1"], [ASKED, ASKED]])
def test_every_question_must_be_answered_once(asked):
    with pytest.raises(RegistryNonsense, match="each question once"):
        read_lookup(LOOKUP, asked, "route")


def test_an_answer_given_twice():
    twice = {**LOOKUP, "results": LOOKUP["results"] * 2}
    with pytest.raises(RegistryNonsense, match="each question once"):
        read_lookup(twice, [ASKED, "1"], "route")


# batches of a bulk job


def batch(**columns):
    row = {"asked": ASKED, "found_by": "current", **ENTRY, "birth_date": date(2011, 1, 1)}
    table = pa.Table.from_pylist([row], schema=FOUND)
    for name, column in columns.items():
        table = (
            table.drop_columns(name)
            if column is None
            else table.set_column(table.column_names.index(name), name, column)
        )
    return table.to_batches()[0]


def read(given):
    return read_batch(given, FOUND, pa.array([ASKED]), "route")


def test_a_batch_is_read_and_extra_columns_ignored():
    given = pa.record_batch({**dict(zip(FOUND.names, batch().columns, strict=True)), "new": [1]})
    assert read(given).rows.to_pylist() == pa.Table.from_batches([batch()]).to_pylist()


def test_wider_types_of_the_same_kind_are_taken():
    wide = batch(
        full_name=pa.array(["A"], pa.large_string()),
        former_ids=pa.array([["012345678"]], pa.large_list(pa.large_string())),
        mother_name=None,
    )
    rows = read(wide).rows
    assert rows.schema == FOUND
    assert rows["mother_name"].to_pylist() == [None]


@pytest.mark.parametrize(
    "columns",
    [
        {"personal_id": pa.array([1311000001])},
        {"personal_id": None},
        {"asked": None},
        {"asked": pa.array(["001311000002"])},
        {"asked": pa.array([None], pa.string())},
        {"found_by": pa.array([None], pa.string())},
        {"personal_id": pa.array([None], pa.string())},
        {"birth_date": pa.array(["2011-01-01"])},
        {"birth_date": pa.array([2**31 - 1], pa.int32()).cast(pa.date32())},
        {"former_ids": pa.array(["012345678"])},
    ],
    ids=[
        "number",
        "absent",
        "absent key",
        "not asked",
        "null key",
        "null way",
        "null number",
        "text date",
        "far date",
        "no list",
    ],
)
def test_a_batch_of_another_form_is_nonsense(columns):
    with pytest.raises(RegistryNonsense, match=next(iter(columns))):
        read(batch(**columns))


def test_text_that_is_no_text_is_nonsense():
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]
    )
    with pytest.raises(RegistryNonsense, match="full_name"):
        read(batch(full_name=broken))


def test_a_relation_in_an_unknown_word_is_nobody():
    of = {"asked": ASKED, **ENTRY, "birth_date": date(2011, 1, 1)}
    both = [of | {"relation": word} for word in ("mother", "guardian")]
    given = pa.RecordBatch.from_pylist(both, schema=RELATIVES)
    answer = read_batch(given, RELATIVES, pa.array([ASKED]), "route")
    assert answer.rows["relation"].to_pylist() == ["mother"]


def test_numbers_not_found_have_no_row_and_unknown_words_no_answer():
    assert read(batch(found_by=pa.array(["none"]))).rows.num_rows == 0
    answer = read(batch(found_by=pa.array(["merged"])))
    assert (answer.rows.num_rows, answer.unclear) == (0, (ASKED,))

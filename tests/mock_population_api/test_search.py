"""Tracing: what each rule finds, how candidates are ranked, how names are folded."""

import unicodedata
from datetime import date
from itertools import chain, combinations, pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_population_api.building import build_store
from mock_population_api.compiled import compiled
from mock_population_api.likeness import hopeless, likeness, place_letters, prefixes, signatures
from mock_population_api.name_keys import keys_of
from mock_population_api.schemas import TRACE_QUESTIONS, TRACED
from mock_population_api.search import MOST, RULES, trace, trace_passes
from mock_population_api.store import Store
from mock_population_api.text_hashes import letters_of


def queries(*rows):
    rows = [{"ref": str(place)} | row for place, row in enumerate(rows)]
    return pa.Table.from_pylist(rows, schema=TRACE_QUESTIONS)


def found(store, **query):
    return trace(store, queries(query)).column("personal_id").to_pylist()


@pytest.mark.parametrize(
    ("query", "who"),
    [
        ({"full_name": "Nguyễn Thị Lan", "birth_date": "2011-09-05"}, "LAN"),
        ({"full_name": "NGUYEN THI LAN", "birth_date": "2011"}, "LAN"),
        ({"full_name": "Nguyễn Thị Lan", "birth_date": "2011-05-09"}, "LAN"),
        ({"full_name": "Lan Nguyễn Thị", "birth_date": "2011-09"}, "LAN"),
        ({"full_name": "NguyễnThị Lan", "birth_date": "2011"}, "LAN"),
        ({"full_name": "NguyễnThịLan", "birth_date": "2011"}, "LAN"),
        ({"full_name": "Nguyễn Lan", "birth_date": "2011-09-05"}, "LAN"),
        ({"full_name": "Nguyễn Lan", "birth_date": "2011"}, "LAN"),
        ({"full_name": "Nguyễn Thỵ Nan", "birth_date": "2011"}, "LAN"),
        ({"full_name": "Nguyễn Thị Lan", "birth_date": "2010"}, "LAN"),
        ({"full_name": "Nguyễn Thị Lam", "birth_date": "2011-09-05"}, "LAN"),
        ({"full_name": "Nguyễn Lan", "birth_date": "2011-05-09"}, "LAN"),
        ({"full_name": "Nguyễn Thị Lan", "birth_date": "2001-09-05"}, "LAN"),
        ({"full_name": "Nguyễn Hồng Lan", "birth_date": "2010-09-05"}, "LAN"),
        ({"full_name": "Nguyễn Thị Lan", "residence_commune": "00004", "birth_date": "1999-12-31"}, "LAN"),
        ({"full_name": "Nguyễn Thị Lan", "residence_province": "01"}, "LAN"),
        ({"full_name": "Nguyễn Thị Lan"}, "LAN"),
        ({"full_name": "Bé Bin", "birth_date": "2011-09-05", "birth_province": "001", "gender": "F"}, "LAN"),
        ({"full_name": "Nguyễn Thị Lna", "birth_date": "2011", "residence_commune": "00004"}, "LAN"),
        ({"full_name": "Nguyễn Thị Lna", "residence_commune": "00004"}, "LAN"),
        ({"full_name": "Nguyên Thi Lann", "birth_date": "2011-09-06", "birth_province": "001"}, "LAN"),
        ({"full_name": "H'Nghia Eban", "birth_date": "1995"}, "EBAN"),
        ({"full_name": "H Nghĩa Êban", "birth_date": "1995"}, "EBAN"),
        ({"full_name": "Lê Thị Tư", "birth_date": "1960-07-08"}, "YEARLY"),
        ({"full_name": "Vũ Văn Nở", "birth_date": "1950-02-03"}, "DEAD"),
    ],
)
def test_who_is_meant_is_found_in_spite_of_what_is_damaged(store, hand_made, query, who):
    assert getattr(hand_made, who) in found(store, **query)


@pytest.mark.parametrize(
    "query",
    [
        {"full_name": "Nguyễn Thị Lan", "birth_date": "1983-04-17"},
        {"full_name": "Ai Đó Khác", "birth_date": "2011-09-06"},
        {"full_name": None},
        {"full_name": "  ", "birth_date": "2011"},
        {"full_name": "...", "residence_province": "01"},
        {"full_name": "Bé Bin", "birth_date": "2011-09-05", "birth_province": "001", "gender": "M"},
    ],
)
def test_nobody_is_found_where_too_little_agrees(store, query):
    assert found(store, **query) == []


def test_every_rule_has_a_name_of_its_own_and_says_what_it_means():
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.means for rule in RULES)


def test_the_answer_has_the_promised_columns_and_ranks_from_one(store, hand_made):
    traced = trace(store, queries({"full_name": "Nguyễn Văn An", "birth_date": "2009-03-14"}))
    assert traced.schema.equals(TRACED)
    assert [(row["rank"], row["more"], row["personal_id"]) for row in traced.to_pylist()] == [
        (1, False, hand_made.AN)
    ]


def test_a_namesake_of_the_same_day_comes_before_one_of_the_same_year(tmp_path, hand_made):
    people = [
        hand_made.person("001211000001", "Lê Thị Hoa", date(2011, 3, 9)),
        hand_made.person("001211000002", "Lê Thị Hoa", date(2011, 3, 8)),
        hand_made.person("001211000003", "Lê Thị Hỏa", date(2011, 3, 9)),
    ]
    build_store(hand_made.write(tmp_path / "entries", people), tmp_path / "store")
    ranked = found(Store(tmp_path / "store"), full_name="Lê Thị Hoa", birth_date="2011-03-09")
    assert ranked == ["001211000001", "001211000003", "001211000002"]


def test_the_fifty_best_are_returned_and_more_is_said(tmp_path, hand_made):
    people = [
        hand_made.person(f"0012110000{n:02d}", "Lê Thị Hoa", date(2011, 1, 1 + n % 28)) for n in range(60)
    ]
    build_store(hand_made.write(tmp_path / "entries", people), tmp_path / "store")
    store = Store(tmp_path / "store")
    traced = trace(store, queries({"full_name": "Lê Thị Hoa", "birth_date": "2011-01-28"}))
    assert traced.column("rank").to_pylist() == list(range(1, MOST + 1))
    assert set(traced.column("more").to_pylist()) == {True}
    assert traced.column("birth_date").to_pylist()[0] == date(2011, 1, 28)


def test_many_queries_at_once_are_answered_as_each_alone(store, hand_made):
    rows = [
        {
            "full_name": row["full_name"],
            "birth_date": str(row["birth_date"])[:length],
            "birth_province": province,
        }
        for row in hand_made.people
        for length, province in ((4, None), (10, row["birth_province"]))
    ]
    together = trace(store, queries(*rows)).to_pylist()
    alone = [
        row | {"ref": str(place)}
        for place, query in enumerate(rows)
        for row in trace(store, queries(query)).to_pylist()
    ]
    assert together == alone
    assert len({row["ref"] for row in together}) == len(rows)


def test_batches_hold_the_same_rows(store, hand_made):
    asked = queries(
        *[{"full_name": row["full_name"], "birth_date": str(row["birth_date"])} for row in hand_made.people]
    )
    passes = trace_passes(store, asked, pass_rows=7, batch_rows=3)
    in_batches = pa.Table.from_batches(chain.from_iterable(passes), TRACED)
    assert in_batches.equals(trace(store, asked))


def test_people_without_name_commune_or_date_are_held_and_found_by_the_rest(tmp_path, hand_made):
    people = [
        hand_made.person("001211000001", None, date(2011, 3, 9)),
        hand_made.person("001211000002", "Lê Thị Hoa", None, birth_precision=None),
        hand_made.person(
            "001211000003", "Lê Thị Hoa", date(2011, 3, 9), residence_commune=None, residence_province=None
        ),
    ]
    build_store(hand_made.write(tmp_path / "entries", people), tmp_path / "store")
    store = Store(tmp_path / "store")
    assert found(store, birth_date="2011-03-09", birth_province="001") == ["001211000001", "001211000003"]
    assert found(store, full_name="Lê Thị Hoa") == ["001211000002", "001211000003"]
    assert hand_made.MOVED not in found(store, full_name="Lê Thị Hoa", residence_commune="00004")


def folded(store, name):
    with store.cursor() as cursor:
        return cursor.sql("SELECT folded(?)", params=[name]).fetchall()[0][0]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("ĐẶNG  Thị\u200b Ửu", "dang thi uu"),
        ("Ðặng thị ửu", "dang thi uu"),
        ("ɖặng Thị\u00a0Ửu", "dang thi uu"),
        ("H’Nghia Êban", "hnghia eban"),
        ("Y Ayŭn Niê-Kdăm", "y ayun nie kdam"),
        ("", None),
        ("…", None),
    ],
)
def test_folding(store, name, key):
    assert folded(store, name) == key


@given(st.text(max_size=60))
def test_folding_survives_any_text_and_folds_no_further(store, name):
    once = folded(store, name)
    assert once is None or (once.isascii() and once == once.strip() and "  " not in once)
    assert once is None or folded(store, once) == once


@pytest.mark.parametrize(
    ("one", "other"), [("Trần Gia Lâm", "Chần Da Nâm"), ("Vũ Xuân Quý", "Dũ Suân Cuí"), ("Nghĩa", "Ngĩa")]
)
def test_names_that_sound_alike_somewhere_have_one_key(store, one, other):
    keys = keys_of(*store.folding.folded(pa.array([one, other])))
    assert keys["sound"][0] == keys["sound"][1]


WRITTEN = {
    "words": "array_to_string(list_sort(string_split(f, ' ')), ' ')",
    "edge": "split_part(f, ' ', 1) || ' ' || split_part(f, ' ', -1)",
    "first": "split_part(f, ' ', 1)",
    "last": "split_part(f, ' ', -1)",
    "initials": r"regexp_replace(f, '([a-z0-9])[a-z0-9]* ?', '\1', 'g')",
    "sound": "replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace("
    "f, ' ', ''), 'y', 'i'), 'ngh', 'ng'), 'gh', 'g'), 'gi', 'd'), 'tr', 'ch'), 'r', 'd'), 'v', 'd'), 'x', 's'), 'l', 'n'), "
    "'q', 'k'), 'ch', 'C'), 'c', 'k')",
}


# NUL ends a text for DuckDB; the service refuses whoever asks with one
@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.text("aăâbcdđeêghiklmnoôơpqrstuưvxyÀẢÃ '’ỳ-.ÐƉıİØ\u0301\u200b\u00a0中1")
        | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
        min_size=2,
        max_size=8,
    )
)
def test_folded_names_and_their_keys_are_as_the_rules_are_written(store, names):
    letters, starts = store.folding.folded(pa.array(names))
    keys = keys_of(letters, starts)
    written = ", ".join(f"{rule} AS {key}" for key, rule in WRITTEN.items())
    with store.cursor() as cursor:
        cursor.register("asked", pa.table({"place": range(len(names)), "name": names}))
        question = f"SELECT f, {written} FROM (SELECT place, folded(name) AS f FROM asked) ORDER BY place"
        rows = cursor.sql(question).to_arrow_table().to_pylist()
    assert [bytes(letters[low:high]).decode() or None for low, high in pairwise(starts)] == [
        row["f"] for row in rows
    ]
    for one, other in combinations(range(len(names)), 2):
        if rows[one]["f"] and rows[other]["f"]:
            for key in WRITTEN:
                assert (keys[key][one] == keys[key][other]) == (rows[one][key] == rows[other][key])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "c", " "]), min_size=1, max_size=80).map("".join),
    st.text("abc ", min_size=1, max_size=80),
)
def test_likeness_is_as_duckdb_reckons_it(store, one, other):
    letters, starts = letters_of(pa.array([one, other]))
    places, notes = np.zeros(128, np.uint64), np.empty((2, 100), np.uint8)
    ours = compared(letters, starts, places, notes)
    with store.cursor() as cursor:
        theirs = cursor.execute("SELECT jaro_winkler_similarity(?, ?)", [one, other]).fetchall()[0][0]
    assert ours[0] == pytest.approx(theirs, abs=1e-12)
    for least, ruled_out in ((0.8, ours[1]), (0.88, ours[2])):
        assert not (ruled_out and theirs >= least)


@compiled
def compared(letters, starts, places, notes):
    place_letters(letters, starts[0], starts[1], places)
    alike = likeness(letters, starts[0], starts[1], places, letters, starts[1], starts[2], notes)
    one, other = signatures(letters, starts)
    first, second = prefixes(letters, starts)
    return alike, hopeless(one, first, other, second, 0.8), hopeless(one, first, other, second, 0.88)


@given(st.text("aăâbcdđeêghiklmnoôơpqrstuưvxyàảãáạằẳẵắặ '’ỳỷỹýỵ", max_size=40))
def test_folding_knows_no_case_and_no_composition(store, name):
    key = folded(store, name)
    assert folded(store, name.upper()) == key
    assert folded(store, unicodedata.normalize("NFD", name)) == key


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "full_name": st.one_of(st.none(), st.text(max_size=200)),
                "birth_date": st.one_of(st.none(), st.dates(date(1900, 1, 1), date(2030, 1, 1)).map(str)),
                "gender": st.sampled_from([None, "M", "F"]),
                "residence_commune": st.sampled_from([None, "00004"]),
            }
        ),
        max_size=5,
    )
)
def test_no_query_breaks_the_search(store, rows):
    refs = trace(store, queries(*rows)).column("ref").to_pylist()
    assert set(refs) <= {str(place) for place in range(len(rows))}

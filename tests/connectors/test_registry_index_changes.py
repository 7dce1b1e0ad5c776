"""Changes merged into an index: the same as an index of the changed extract, and the old one until it is whole."""

import csv
import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import index_stages
from connectors.change_files import CHANGES
from connectors.errors import ColumnsMissing, FolderProblem
from connectors.registry_changes import merge_changes, touched
from connectors.registry_index import build_index, built_index, held
from connectors.snapshot import Snapshot
from matching.index import Index
from matching.schemas import ENTRY

NUMBERS = [f"03808{n:07d}" for n in range(12)]
NAMES = [
    "Nguyễn Văn Hùng",
    "NGUYEN VAN HUNG",
    "Trần Thị Lan",
    "TRẦN THỊ LAN",
    "Lê Hòa",
    "Lê Hoà",
    "Hồ Ân",
    "?",
    None,
]
OTHERS = ["271450001", "271450002", "038070999991", "12"]


def entry(number, name="Lê An", born="1980-05-03", **known):
    base = dict.fromkeys(ENTRY.names) | {
        "personal_id": number,
        "full_name": name,
        "birth_date": datetime.date.fromisoformat(born),
        "birth_precision": "day",
        "gender": "M",
        "birth_province": "038",
        "residence_province": "38",
        "residence_commune": "14797",
        "former_ids": [],
        "superseded_ids": [],
        "status": "alive",
    }
    return base | known


def extract(folder, people):
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(people, schema=ENTRY), folder / "part.parquet")
    return folder


def changes(path, *rows):
    pq.write_table(pa.Table.from_pylist(list(rows), schema=CHANGES), path)
    return path


def change(what, person, **known):
    return {**(person if isinstance(person, dict) else {"personal_id": person}), "change": what, **known}


def contents(work):
    return {path.name: path.read_bytes() for path in sorted(built_index(work).folder.iterdir())}


def changed(people, rows):
    """The extract as the registry would write it after the changes."""
    left = {one["personal_id"]: one for one in people}
    last = {row["personal_id"]: row for row in rows}
    lead_on = {number: row["superseded_by"] for number, row in last.items() if row["change"] == "superseded"}
    gone = {number: left.pop(number, None) for number in last}
    for number, row in last.items():
        if row["change"] in ("new", "changed"):
            left[number] = {name: row.get(name) for name in ENTRY.names}
    for number in lead_on:
        target, steps = number, 0
        while target in lead_on and steps < 20:
            target, steps = lead_on[target], steps + 1
        if target in left:
            one, before = left[target], gone[number] or {}
            left[target] = one | {
                "superseded_ids": [
                    *(one["superseded_ids"] or []),
                    number,
                    *(before.get("superseded_ids") or []),
                ],
                "former_ids": [*(one["former_ids"] or []), *(before.get("former_ids") or [])],
            }
    return list(left.values())


person = st.builds(
    entry,
    st.sampled_from(NUMBERS),
    st.sampled_from(NAMES),
    st.sampled_from(["1980-05-03", "2011-09-05", "1980-01-01"]),
    birth_precision=st.sampled_from(["day", "year", None]),
    father_id=st.sampled_from([*NUMBERS, None]),
    mother_id=st.sampled_from([*NUMBERS, None]),
    former_ids=st.lists(st.sampled_from(OTHERS), max_size=2),
    superseded_ids=st.none() | st.lists(st.sampled_from(OTHERS), max_size=2),
    residence_commune=st.sampled_from(["14797", "00001", None]),
    status=st.sampled_from(["alive", "deceased"]),
)
registry = st.lists(person, min_size=1, max_size=10, unique_by=lambda one: one["personal_id"])
any_change = st.one_of(
    st.builds(change, st.sampled_from(["new", "changed"]), person),
    st.builds(change, st.just("removed"), st.sampled_from(NUMBERS)),
    st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS))
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: change("superseded", pair[0], superseded_by=pair[1])),
)


@given(registry, st.lists(st.lists(any_change, max_size=6), min_size=1, max_size=2))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_merging_changes_gives_the_index_of_the_changed_extract(tmp_path_factory, people, batches):
    folder = tmp_path_factory.mktemp("merge")
    build_index(extract(folder / "before", people), folder / "merged")
    for number, rows in enumerate(batches):
        people = changed(people, rows)
        file = changes(folder / f"{number}.parquet", *rows)
        if not people:
            with pytest.raises(FolderProblem, match="nobody is left"):
                merge_changes(folder / "merged", [file])
            return
        merge_changes(folder / "merged", [file])
    build_index(extract(folder / "after", people), folder / "built")
    assert contents(folder / "merged") == contents(folder / "built")


FATHER, CHILD, OTHER = NUMBERS[:3]
PEOPLE = [
    entry(FATHER, "Nguyễn Văn Hùng", former_ids=["271450001"]),
    entry(CHILD, "Nguyễn Minh Anh", "2011-09-05", father_id=FATHER),
    entry(OTHER, "Lê Bình", "1990-02-01"),
]


@pytest.fixture
def work(tmp_path):
    build_index(extract(tmp_path / "registry", PEOPLE), tmp_path / "work")
    return tmp_path / "work"


def shown(work, number):
    return Snapshot(built_index(work)).entries(pa.array([number])).to_pylist()


def test_changes_in_csv(work, tmp_path):
    with (tmp_path / "changes.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*CHANGES.names, "remark"])
        writer.writeheader()
        writer.writerow(
            change("new", entry(NUMBERS[5], "Hồ Ân", former_ids="271450005; 271450006", superseded_ids=""))
        )
        writer.writerow(change("removed", OTHER))
    assert merge_changes(work, [tmp_path / "changes.csv"]).entries == 3
    (new,) = shown(work, NUMBERS[5])
    assert (new["full_name"], new["birth_date"]) == ("Hồ Ân", datetime.date(1980, 5, 3))
    assert shown(work, OTHER) == []
    assert len(Snapshot(built_index(work)).lookup(pa.array(["271450005", "271450006"]))) == 2


def test_a_superseded_number_leads_to_the_new_one_and_so_does_what_led_to_it(work, tmp_path):
    merge_changes(work, [changes(tmp_path / "a.parquet", change("superseded", FATHER, superseded_by=OTHER))])
    registry = Snapshot(built_index(work))
    found = registry.lookup(pa.array([FATHER, "271450001"]))
    assert registry.people().entries.entry[found["at"].to_numpy()].tolist() == [int(OTHER)] * 2


def test_what_was_merged_is_not_merged_again(work, tmp_path):
    file = changes(tmp_path / "a.parquet", change("removed", OTHER))
    once = merge_changes(work, [file])
    assert merge_changes(work, [file]) == once
    assert build_index(tmp_path / "registry", work) == once


STAGES = (
    "changes",
    "names",
    "columns",
    "near",
    "counts",
    "entries",
    "order",
    "ids",
    "parents",
    "frequencies",
    "numbers",
    "touched",
)


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_merge_leaves_the_old_index_and_goes_on(work, tmp_path, monkeypatch, stage):
    before, note = contents(work), index_stages.mark_done
    file = changes(tmp_path / "a.parquet", change("changed", entry(OTHER, "Hồ Ân")))

    def killed(building, name):
        if name == stage:
            raise KeyboardInterrupt
        note(building, name)

    with monkeypatch.context() as patched:
        patched.setattr(index_stages, "mark_done", killed)
        with pytest.raises(KeyboardInterrupt):
            merge_changes(work, [file])
    assert contents(work) == before
    assert Index.open(built_index(work).folder).entries.entry.size == 3
    merge_changes(work, [file])
    assert shown(work, OTHER)[0]["full_name"] == "Hồ Ân"
    assert len(list(work.glob("state-*"))) == 1


def test_what_changes_touch_is_told_before_and_after_with_the_children(work, tmp_path):
    was = shown(work, FATHER)[0]["full_name"]
    state = built_index(work).state
    merge_changes(
        work,
        [
            changes(
                tmp_path / "a.parquet", change("changed", entry(FATHER, "Hồ Ân", former_ids=["271450002"]))
            )
        ],
    )
    merged = touched(work)
    people = {(row["personal_id"], row["full_name"]) for row in merged.people.to_pylist()}
    assert people == {(FATHER, was), (FATHER, "Hồ Ân"), (CHILD, shown(work, CHILD)[0]["full_name"])}
    assert set(merged.ids.tolist()) == {int(FATHER), int(CHILD), 271450001, 271450002}
    middle = built_index(work).state
    merge_changes(work, [changes(tmp_path / "b.parquet", change("removed", OTHER))])
    assert touched(work).ids.tolist() == touched(work, middle).ids.tolist() == [int(OTHER)]
    assert touched(work, state).ids.tolist() == sorted([*merged.ids.tolist(), int(OTHER)])
    assert touched(work, built_index(work).state).ids.tolist() == []


def test_after_a_build_from_an_extract_anything_may_have_changed(work):
    assert touched(work) is None
    assert touched(work, "some other state") is None


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (change("born", OTHER), "change is none of"),
        (change("removed", "03808000000x"), "personal_id is not twelve digits"),
        (change("superseded", OTHER), "superseded_by is no other number"),
        (change("superseded", OTHER, superseded_by=OTHER), "superseded_by is no other number"),
    ],
)
def test_a_file_with_a_wrong_row_is_refused_whole_without_showing_it(work, tmp_path, row, what):
    before = contents(work)
    with pytest.raises(FolderProblem, match=what) as error:
        merge_changes(work, [changes(tmp_path / "a.parquet", change("removed", FATHER), row)])
    assert OTHER not in str(error.value)
    assert contents(work) == before


def test_a_wrong_date_is_not_repeated(work, tmp_path):
    header = ",".join([*ENTRY.names[:8], "change"])
    (tmp_path / "a.csv").write_text(f"{header}\n{OTHER},Lê Bình,31/02/1990,day,M,038,38,14797,changed\n")
    with pytest.raises(FolderProblem, match="birth_date") as error:
        merge_changes(work, [tmp_path / "a.csv"])
    assert "1990" not in str(error.value)


def test_files_that_are_no_changes(work, tmp_path):
    (tmp_path / "a.csv").write_text("personal_id,change\n")
    with pytest.raises(ColumnsMissing):
        merge_changes(work, [tmp_path / "a.csv"])
    with pytest.raises(ColumnsMissing):
        merge_changes(work, [tmp_path / "registry" / "part.parquet"])
    with pytest.raises(FolderProblem, match="can't be read"):
        merge_changes(work, [tmp_path / "none.parquet"])


def test_changes_need_an_index_that_nobody_else_changes(work, tmp_path):
    file = changes(tmp_path / "a.parquet", change("removed", OTHER))
    with held(work), pytest.raises(FolderProblem, match="another process"):
        merge_changes(work, [file])
    with pytest.raises(FolderProblem, match="no finished index"):
        merge_changes(tmp_path / "none", [file])

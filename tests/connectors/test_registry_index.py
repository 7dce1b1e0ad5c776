"""An extract made ready for search: once, again when it changed, and whole however often it was interrupted."""

import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors import index_stages, registry_index
from connectors.errors import FolderProblem
from connectors.registry_index import build_index, built_index, held, is_index
from matching.index import Index, arrays_of
from matching.nametable import Names
from matching.profile import PEOPLE
from matching.schemas import ENTRY

FATHER, MOTHER, CHILD = "038080000001", "038182000002", "038211000003"


def entry(number, name, born="1980-05-03", **known):
    base = {
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
    return {**base, **known}


FAMILY = [
    entry(FATHER, "Nguyễn Văn Hùng", former_ids=["271450001"], superseded_ids=["038080999999"]),
    entry(MOTHER, "TRẦN THỊ LAN", "1982-01-01", birth_precision="year", gender="F", former_ids=["271450001"]),
    entry(CHILD, "Nguyễn Minh Anh", "2011-09-05", father_id=FATHER, mother_id=MOTHER),
    entry("038090000004", "Lê Bình", status="deceased", birth_province="028"),
    entry("038090000005", None, "1990-02-01", birth_precision="month"),
]


def extract(folder, people=FAMILY, parts=2):
    folder.mkdir(parents=True, exist_ok=True)
    for part in range(parts):
        pq.write_table(
            pa.Table.from_pylist(people[part::parts], schema=ENTRY), folder / f"part-{part}.parquet"
        )
    return folder


def opened(work):
    return Index.open(built_index(work).folder)


def contents(work):
    return {path.name: path.read_bytes() for path in sorted(built_index(work).folder.iterdir())}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    index = build_index(extract(folder / "registry"), folder / "work")
    return folder, index


def test_an_index_says_what_it_is_of(built):
    folder, index = built
    assert (index.entries, index.source, index.profile) == (len(FAMILY), "registry", "vietnam")
    assert is_index(folder / "work")
    assert built_index(folder / "work") == index


def test_rows_hold_what_the_columns_hold(built):
    work = built_index(built[0] / "work").folder
    for field, column in Index.open(work).entries._asdict().items():
        alone = np.load(work / f"entries.{field}.npy")
        assert column.dtype == alone.dtype
        assert column.tolist() == alone.tolist(), field
        assert column.strides != alone.strides, field


def test_entries_stand_in_the_order_of_their_birth(built):
    index = opened(built[0] / "work")
    assert (np.diff(index.entries.birth) >= 0).all()
    for name in range(index.births.key.size):
        low, high = index.births.start[name : name + 2]
        assert (index.entries.birth[low:high] == index.births.key[name]).all()
    assert index.births.start[-1] == len(FAMILY)


def test_in_the_order_of_names_each_group_stands_together_by_birth(built):
    index = opened(built[0] / "work")
    groups, order = index.groups, index.order
    folded = index.names.folded[index.entries.name[order.at]]
    for group in range(len(groups.names) - 1):
        low, high = groups.entries[group : group + 2]
        assert len(set(folded[low:high].tolist())) <= 1
        assert (np.diff(order.birth[low:high]) >= 0).all()
    for column in ("birth", "commune", "home", "birth_province"):
        assert getattr(order, column).tolist() == getattr(index.entries, column)[order.at].tolist()
    assert sorted(order.at.tolist()) == np.flatnonzero(index.entries.name >= 0).tolist()


def test_all_arrays_have_the_types_that_compiled_code_was_made_for(built):
    index = opened(built[0] / "work")
    wanted = {
        "entries.entry": "int64", "entries.name": "int32", "entries.birth": "int32", "entries.gender": "int8",
        "entries.birth_province": "int16", "entries.home": "int8", "entries.commune": "int32", "entries.deceased": "bool",
        "entries.father_name": "int32", "entries.mother_name": "int32", "order.at": "int32", "order.birth": "int32",
        "order.commune": "int32", "order.home": "int8", "parents.father": "int32", "numbers.found_by": "int8", "by_id": "int32",
    }  # fmt: skip
    found = {path: str(array.dtype) for path, array in arrays_of(index, "")}
    assert {path: found[path] for path in wanted} == wanted
    assert isinstance(index.names, Names)


def test_an_extract_is_indexed_once_until_it_changes(built):
    folder, index = built
    before = {path: path.stat().st_mtime_ns for path in (folder / "work").iterdir()}
    assert build_index(folder / "registry", folder / "work") == index
    assert {path: path.stat().st_mtime_ns for path in (folder / "work").iterdir()} == before


def test_a_changed_extract_is_indexed_anew(tmp_path):
    build_index(extract(tmp_path / "registry"), tmp_path / "work")
    assert build_index(extract(tmp_path / "registry", FAMILY[:2]), tmp_path / "work").entries == 2
    assert opened(tmp_path / "work").entries.entry.tolist() == [int(FATHER), int(MOTHER)]


def test_another_profile_is_another_index(tmp_path):
    build_index(extract(tmp_path / "registry"), tmp_path / "work")
    assert build_index(tmp_path / "registry", tmp_path / "work", PEOPLE).profile == "people"


def test_the_format_of_the_files_is_part_of_what_they_are(tmp_path, monkeypatch):
    build_index(extract(tmp_path / "registry"), tmp_path / "work")
    before = (tmp_path / "work" / "index.json").read_text()
    monkeypatch.setattr(registry_index, "FORMAT", registry_index.FORMAT + 1)
    with pytest.raises(FolderProblem, match="another version"):
        built_index(tmp_path / "work")
    build_index(tmp_path / "registry", tmp_path / "work")
    assert (tmp_path / "work" / "index.json").read_text() != before


STAGES = (
    "spelt",
    "names",
    "columns",
    "near",
    "counts",
    "entries",
    "order",
    "ids",
    "parents",
    "rows",
    "frequencies",
    "numbers",
)


def interrupted_after(monkeypatch, stage):
    """A process that is killed when a stage has written its files, before that is noted."""
    note = index_stages.mark_done

    def killed(building, name):
        if name == stage:
            raise KeyboardInterrupt
        note(building, name)

    monkeypatch.setattr(index_stages, "mark_done", killed)


@pytest.mark.parametrize("stage", STAGES)
def test_a_build_interrupted_in_any_stage_goes_on_and_gives_the_same_files(
    built, tmp_path, monkeypatch, stage
):
    folder, _ = built
    with monkeypatch.context() as patched:
        interrupted_after(patched, stage)
        with pytest.raises(KeyboardInterrupt):
            build_index(folder / "registry", tmp_path / "work")
    assert not is_index(tmp_path / "work")
    done = []
    note = index_stages.mark_done
    monkeypatch.setattr(
        index_stages, "mark_done", lambda building, name: (done.append(name), note(building, name))
    )
    build_index(folder / "registry", tmp_path / "work")
    assert tuple(done) == STAGES[STAGES.index(stage) :]  # what was done is not done again
    assert contents(tmp_path / "work") == contents(folder / "work")


def test_a_build_interrupted_before_its_manifest_is_in_place_goes_on(built, tmp_path, monkeypatch):
    folder, _ = built

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build_index(folder / "registry", tmp_path / "work")
    assert not is_index(tmp_path / "work")
    build_index(folder / "registry", tmp_path / "work")
    assert contents(tmp_path / "work") == contents(folder / "work")


def test_until_a_new_extract_is_indexed_the_old_index_counts(tmp_path, monkeypatch):
    build_index(extract(tmp_path / "registry"), tmp_path / "work")
    with monkeypatch.context() as patched:
        interrupted_after(patched, "numbers")
        with pytest.raises(KeyboardInterrupt):
            build_index(extract(tmp_path / "other", FAMILY[:3]), tmp_path / "work")
    assert len(opened(tmp_path / "work").entries.entry) == len(FAMILY)


def test_what_was_begun_for_another_extract_is_not_gone_on_with(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        interrupted_after(patched, "ids")
        with pytest.raises(KeyboardInterrupt):
            build_index(extract(tmp_path / "registry"), tmp_path / "work")
    assert build_index(extract(tmp_path / "registry", FAMILY[:3]), tmp_path / "work").entries == 3
    assert len(list((tmp_path / "work").glob("state-*"))) == 1


def test_two_processes_do_not_build_one_index(tmp_path):
    with held(tmp_path / "work"), pytest.raises(FolderProblem, match="another process"):
        build_index(extract(tmp_path / "registry"), tmp_path / "work")


def test_nothing_of_the_work_is_left_and_all_is_for_its_owner_only(built):
    work = built[0] / "work"
    paths = sorted(work.rglob("*"))
    assert {path.relative_to(work).parts[0] for path in paths} == {"index.json", "lock", built[1].folder.name}
    assert not [path.name for path in paths if path.name.startswith("raw.") or path.suffix == ".done"]
    assert {
        path.name: path.stat().st_mode & 0o077 for path in [work, *paths] if path.stat().st_mode & 0o077
    } == {}


def test_the_order_of_parts_and_rows_changes_nothing(built, tmp_path):
    folder, _ = built
    build_index(extract(tmp_path / "registry", FAMILY[::-1], parts=3), tmp_path / "work")
    assert contents(tmp_path / "work") == contents(folder / "work")


def test_columns_that_an_extract_does_not_have_are_unknown(tmp_path):
    folder = tmp_path / "registry"
    folder.mkdir()
    optional = ["former_ids", "superseded_ids", "father_id", "mother_id", "status", "birth_precision"]
    pq.write_table(pa.Table.from_pylist(FAMILY, schema=ENTRY).drop_columns(optional), folder / "a.parquet")
    build_index(folder, tmp_path / "work")
    index = opened(tmp_path / "work")
    (at,) = index.positions_of(np.array([int(CHILD)]))
    assert (index.parents.father[at], index.entries.deceased[at], index.entries.birth[at] & 31) == (
        -1,
        False,
        5,
    )


def test_codes_out_of_range_are_unknown(tmp_path):
    odd = entry("038090000006", "Lê Hà", residence_province="201", birth_province="abc")
    build_index(extract(tmp_path / "registry", [*FAMILY, odd]), tmp_path / "work")
    index = opened(tmp_path / "work")
    (at,) = index.positions_of(np.array([38090000006]))
    assert (index.entries.home[at], index.entries.birth_province[at]) == (0, 0)


def test_an_entry_twice_does_not_multiply_its_children(tmp_path):
    build_index(extract(tmp_path / "registry", [*FAMILY, FAMILY[0]]), tmp_path / "work")
    index = opened(tmp_path / "work")
    assert len(index.parents.child) == 2


def test_no_name_in_the_whole_extract_is_no_error(tmp_path):
    build_index(extract(tmp_path / "registry", [entry(FATHER, None)], parts=1), tmp_path / "work")
    index = opened(tmp_path / "work")
    assert len(index.names.key) == 0
    assert index.entries.name.tolist() == [-1]


def test_a_folder_with_a_quote_in_its_name(tmp_path):
    assert build_index(extract(tmp_path / "d'Arc" / "registry"), tmp_path / "d'Arc" / "work").entries == len(
        FAMILY
    )


@pytest.mark.parametrize("people", [[], [entry("03809000000x", "Lê Hà")]])
def test_a_registry_without_usable_people_is_refused_without_showing_any(tmp_path, people):
    with pytest.raises(FolderProblem) as error:
        build_index(extract(tmp_path / "registry", people), tmp_path / "work")
    assert "03809" not in str(error.value)


def test_no_registry_in_the_folder(tmp_path):
    with pytest.raises(FolderProblem):
        build_index(tmp_path, tmp_path / "work")


def test_no_index_in_the_folder(tmp_path):
    assert not is_index(tmp_path)
    with pytest.raises(FolderProblem, match="no finished index"):
        built_index(tmp_path)

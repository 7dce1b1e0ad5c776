"""The education database: folders in, partitions out, on both databases."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.database import bulk_insert, open_database, reading, writing
from connectors.education import (
    BATCH_ROWS,
    LoadCounts,
    load_folder,
    provinces,
    read_families,
    read_links,
    read_partition,
)
from connectors.education_records import families, raw_records
from connectors.education_tables import LINKS, NO_PROVINCE, schools, students
from connectors.errors import ColumnsMissing
from connectors.files import EducationFolder, read_education_folder
from matching.schemas import KINDS, RAW_RECORDS, STUDENTS

TABLES = {
    "schools": "school_code,province_code,level\nX1,01,thpt\nX2,79,thcs\nX3,79,thpt\nX4,,thpt\n",
    "students": "student_id,school_code,full_name,grade,birth_date,updated_at\n"
    "S1,X1,Trần An,12,05/09/2008,2026-11-01T08:00:00\nS2,X2,Lê Bình,9,2011,2026-11-20 23:59:00\n"
    "S3,X9,Stray,1,,\ns4,X3,Vũ Chi,10,,\nS5,X4,Placeless,10,,2026-11-20\nS6,,Schoolless,,,2020-01-01\n",
    "teachers": "teacher_id,school_code,role,full_name\nT1,X2,manager,Vũ Mai\nT2,X1,teacher,Đỗ Út\n",
    "guardians": "guardian_id,full_name,phone\nG1,Một,09\nG2,Hai,\nG3,Ba,\nG4,Bốn,\nG5,Năm,\n",
    "student_guardians": "student_id,guardian_id,relationship\n"
    "S2,G1,Mẹ\nS1,G1,Mẹ\nS3,G1,Mẹ\nS3,G2,Bà\nS2,G3,Bố\ns4,G3,Bố\nS6,G5,Bố\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> EducationFolder:
    """Schools, people and families in two provinces and in none; made up."""
    source = tmp_path / "folder"
    source.mkdir()
    for name, text in TABLES.items():
        (source / f"{name}.csv").write_text(text)
    return read_education_folder(source)


@pytest.fixture
def loaded(bare_engine: sa.Engine, folder: EducationFolder) -> sa.Engine:
    load_folder(bare_engine, folder)
    return bare_engine


def partition(engine: sa.Engine, kind: str, province: str, since: date | None = None) -> pa.Table:
    return pa.Table.from_batches(read_partition(engine, kind, province, since), RAW_RECORDS)


def test_partitions_together_hold_what_the_folder_holds(loaded: sa.Engine, folder: EducationFolder) -> None:
    for kind in KINDS:
        found = pa.concat_tables([partition(loaded, kind, province) for province in provinces(loaded)])
        assert (
            found.sort_by("record_id").to_pylist()
            == raw_records(folder, [kind]).sort_by("record_id").to_pylist()
        )


def test_a_partition_holds_its_own_records_in_order_of_bytes(loaded: sa.Engine) -> None:
    assert provinces(loaded) == ["01", "79", NO_PROVINCE]
    assert partition(loaded, "student", "79")["record_id"].to_pylist() == ["S2", "s4"]
    assert partition(loaded, "student", NO_PROVINCE)["record_id"].to_pylist() == ["S3", "S5", "S6"]
    assert partition(loaded, "guardian", "01")["record_id"].to_pylist() == ["G1"]
    assert partition(loaded, "guardian", "79")["record_id"].to_pylist() == ["G3"]
    assert partition(loaded, "guardian", NO_PROVINCE)["record_id"].to_pylist() == ["G2", "G4", "G5"]
    assert partition(loaded, "teacher", "22").num_rows == 0


def test_a_database_without_strays_has_no_partition_for_them(
    bare_engine: sa.Engine, folder: EducationFolder
) -> None:
    placed = {name: getattr(folder, name).slice(0, 2) for name in ("schools", "students", "teachers")}
    nobody = {name: getattr(folder, name).slice(0, 0) for name in ("guardians", "student_guardians")}
    load_folder(bare_engine, replace(folder, **placed, **nobody))
    assert provinces(bare_engine) == ["01", "79"]


def test_families_are_those_of_the_provinces_students(loaded: sa.Engine, folder: EducationFolder) -> None:
    found = pa.concat_tables([read_families(loaded, province) for province in provinces(loaded)])
    key = [("student_id", "ascending"), ("guardian_id", "ascending")]
    assert found.sort_by(key).to_pylist() == families(folder).sort_by(key).to_pylist()
    assert read_families(loaded, "01").to_pylist() == [
        {"student_id": "S1", "guardian_id": "G1", "relationship": "mother"}
    ]


def test_only_what_changed_since_a_day_is_read_and_what_has_no_date(loaded: sa.Engine) -> None:
    assert partition(loaded, "student", "79", date(2026, 11, 20))["record_id"].to_pylist() == ["S2", "s4"]
    assert partition(loaded, "student", "79", date(2026, 11, 21))["record_id"].to_pylist() == ["s4"]
    assert partition(loaded, "student", "01", date(2026, 11, 2)).num_rows == 0
    assert partition(loaded, "teacher", "01", date(2026, 11, 21)).num_rows == 1


def test_loading_again_changes_nothing_and_says_so(loaded: sa.Engine, folder: EducationFolder) -> None:
    counts = load_folder(loaded, folder)
    assert counts["students"] == LoadCounts(inserted=0, changed=0, unchanged=6)
    assert counts["student_guardians"] == LoadCounts(inserted=0, changed=0, unchanged=7)


def test_loading_brings_in_what_is_new_or_different(loaded: sa.Engine, folder: EducationFolder) -> None:
    rows = folder.students.to_pylist()
    rows[0]["birth_date"] = None
    rows[1]["full_name"] = "Lê Bính"
    more = pa.Table.from_pylist(
        [*rows[:3], {"student_id": "S9", "school_code": "X1", "full_name": "Mới"}], STUDENTS
    )
    assert load_folder(loaded, replace(folder, students=more))["students"] == LoadCounts(1, 2, 1)
    found = {row["record_id"]: row for row in partition(loaded, "student", "01").to_pylist()}
    assert found["S9"]["full_name"] == "Mới"
    assert found["S1"]["birth_date"] is None
    assert partition(loaded, "student", "79")["record_id"].to_pylist() == ["S2", "s4"]


def test_large_partitions_come_in_batches(bare_engine: sa.Engine, folder: EducationFolder) -> None:
    count = BATCH_ROWS + 5
    ids = pa.array([f"S{number:06d}" for number in range(count)])
    columns = {name: pa.nulls(count, pa.string()) for name in STUDENTS.names}
    columns |= {"student_id": ids, "school_code": pa.array(["X1"] * count), "full_name": ids}
    load_folder(bare_engine, replace(folder, students=pa.table(columns)))
    batches = list(read_partition(bare_engine, "student", "01"))
    assert [batch.num_rows for batch in batches] == [BATCH_ROWS, 5]
    assert batches[1]["record_id"].to_pylist()[-1] == ids[-1].as_py()


def test_a_reader_may_stop_half_way(loaded: sa.Engine) -> None:
    batches = read_partition(loaded, "student", "79")
    assert next(batches).num_rows == 2
    batches.close()  # type: ignore[attr-defined]
    with writing(loaded) as connection:
        connection.execute(students.delete())


def test_the_ministrys_own_tables_may_lack_columns_and_have_types(bare_engine: sa.Engine) -> None:
    with writing(bare_engine) as connection:
        for statement in (
            "CREATE TABLE schools (school_code INTEGER, province_code VARCHAR(2))",
            "CREATE TABLE teachers (teacher_id BIGINT, school_code INTEGER, full_name VARCHAR(50), birth_date DATE)",
            "INSERT INTO schools VALUES (7, '01')",
            "INSERT INTO teachers VALUES (12, 7, 'Đỗ Út', '1980-02-03'), (13, 7, '', NULL)",
        ):
            connection.exec_driver_sql(statement)
    assert provinces(bare_engine) == ["01"]
    first, second = partition(bare_engine, "teacher", "01").to_pylist()
    assert (first["record_id"], first["school_code"], first["birth_date"]) == ("12", "7", "1980-02-03")
    assert (first["level"], first["claimed_id"], second["full_name"]) == (None, None, None)


def test_missing_tables_and_columns_are_all_named(bare_engine: sa.Engine) -> None:
    with writing(bare_engine) as connection:
        connection.exec_driver_sql("CREATE TABLE students (student_id TEXT)")
    with pytest.raises(ColumnsMissing) as refused:
        partition(bare_engine, "student", "01")
    assert refused.value.tables == ("schools",)
    assert refused.value.columns == {"students": ("school_code", "full_name")}


def test_a_partition_without_links_gives_an_empty_table(engine: sa.Engine) -> None:
    assert read_links(engine, "student", "01").schema == LINKS
    assert read_links(engine, "student", "01").num_rows == 0


hostile = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1) | st.text(
    st.sampled_from("\\NtN\t\n\r\"',;.Đễ"), min_size=1
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=25,
)
@given(st.lists(hostile, min_size=1, max_size=20))
def test_any_text_is_stored_as_it_is(engine: sa.Engine, texts: list[str]) -> None:
    ids = [f"S{number}" for number in range(len(texts))]
    with writing(engine) as connection:
        connection.execute(students.delete())
        bulk_insert(
            connection,
            students,
            pa.table({"student_id": ids, "full_name": texts, "grade": pa.nulls(len(ids), pa.string())}),
        )
    with reading(engine) as connection:
        rows = connection.execute(
            sa.select(students.c.student_id, students.c.full_name, students.c.grade)
        ).all()
    assert sorted((row.student_id, row.full_name) for row in rows) == sorted(zip(ids, texts, strict=True))
    assert {row.grade for row in rows} == {None}


def test_readers_go_on_while_one_writes(loaded: sa.Engine, database_url: str) -> None:
    other = open_database(database_url)
    with writing(loaded) as connection:
        connection.execute(students.delete())
        assert partition(other, "student", "01").num_rows == 1
    assert partition(other, "student", "01").num_rows == 0
    other.dispose()


def test_any_text_is_read_as_it_was_stored(engine: sa.Engine) -> None:
    awkward = [
        "a,b",
        'say "no"',
        "two\nlines",
        "two\r\nlines",
        "\\N",
        "\\.",
        "",
        " ",
        "NULL",
        "null",
        "NaN",
        "0001",
        "t",
        "Đỗ\tThị",
    ]
    with writing(engine) as connection:
        connection.execute(schools.insert().values(school_code="S1", name="x", province_code="01"))
        rows = [
            {"student_id": f"{place:04d}", "school_code": "S1", "full_name": text}
            for place, text in enumerate(awkward)
        ]
        connection.execute(students.insert(), rows)
    read = pa.Table.from_batches(read_partition(engine, "student", "01"))
    assert read["record_id"].to_pylist() == [f"{place:04d}" for place in range(len(awkward))]
    assert read["full_name"].to_pylist() == [text or None for text in awkward]

import unicodedata

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pytest

from matching.schemas import EDUCATION_TABLES
from mock_population_api.assumptions import PROFILES
from mock_population_api.generation_errors import NoPopulation, NoStudents
from mock_population_api.schools import write_schools
from mock_population_api.typed_names import new_tones

KEYS = {
    "student": ("students", "student_id"),
    "teacher": ("teachers", "teacher_id"),
    "guardian": ("guardians", "guardian_id"),
}
EXPECTED_SLIPS = {
    "thi_dropped", "typo", "wrong_day", "year_off", "default_day", "moved_since", "residence_missing", "birth_place_missing",
    "placeholder", "former_number", "entered_twice", "step_parent", "wrong_gender", "minority_damage",
}  # fmt: skip


def rows_of(world, kind):
    """Records of a kind with their truth and, where there is one, their entry."""
    table, key = KEYS[kind]
    truth = {row["record_id"]: row for row in world.truth.to_pylist() if row["kind"] == kind}
    entries = {row["personal_id"]: row for row in world.registry.to_pylist()}
    return [
        (row, truth[row[key]], entries.get(truth[row[key]]["personal_id"]))
        for row in world.tables[table].to_pylist()
    ]


def test_tables_have_the_contracts_columns_all_text(world):
    assert set(world.tables) == set(EDUCATION_TABLES)
    for name, schema in EDUCATION_TABLES.items():
        assert world.tables[name].schema.equals(schema), name


def test_as_many_records_as_asked_where_enough_people_live(world):
    assert world.counts.students == pytest.approx(1_500, rel=0.02)
    assert world.counts.teachers == pytest.approx(300, rel=0.02)
    assert world.counts.guardians > 1_500


def test_what_is_written_is_what_is_counted_when_too_few_live_there(world, tmp_path):
    counts = write_schools(
        tmp_path / "education",
        world.folder / "registry",
        world.folder / "truth",
        ["66"],
        90_000,
        90_000,
        1,
        truth_out=tmp_path,
    )
    assert 100 < counts.students < 20_000
    assert counts.wanted_students == 90_000


@pytest.mark.parametrize("kind", KEYS)
def test_every_record_has_one_truth(world, kind):
    table, key = KEYS[kind]
    told = world.truth.filter(pc.equal(world.truth["kind"], kind))["record_id"].to_pylist()
    assert sorted(told) == sorted(world.tables[table][key].to_pylist())
    assert len(set(told)) == len(told)


def test_who_is_in_the_registry_is_there_and_nobody_else(world):
    known = set(world.registry["personal_id"].to_pylist())
    for row in world.truth.to_pylist():
        assert row["in_registry"] == (row["personal_id"] is not None)
        assert row["personal_id"] is None or row["personal_id"] in known


def test_schools_are_of_the_chosen_provinces_and_every_level(world):
    assert set(world.tables["schools"]["province_code"].to_pylist()) == {"01", "66"}
    assert {"mầm non", "tiểu học", "THCS", "THPT", "GDTX", "đại học"} <= set(
        world.tables["schools"]["level"].to_pylist()
    )


def test_records_belong_to_schools_and_links_to_records(world):
    schools = set(world.tables["schools"]["school_code"].to_pylist())
    for table in ("students", "teachers"):
        assert set(world.tables[table]["school_code"].to_pylist()) <= schools
    links = world.tables["student_guardians"]
    assert set(links["student_id"].to_pylist()) <= set(world.tables["students"]["student_id"].to_pylist())
    assert set(links["guardian_id"].to_pylist()) == set(world.tables["guardians"]["guardian_id"].to_pylist())


def test_most_links_lead_to_the_parents_of_the_registry(world):
    person = {row["record_id"]: row["personal_id"] for row in world.truth.to_pylist()}
    parents = {row["personal_id"]: (row["father_id"], row["mother_id"]) for row in world.registry.to_pylist()}
    right = [
        person[link["guardian_id"]] in parents[person[link["student_id"]]]
        for link in world.tables["student_guardians"].to_pylist()
        if person[link["student_id"]]
    ]
    assert 0.75 < sum(right) / len(right) < 0.98


def plain(name):
    words = " ".join(unicodedata.normalize("NFC", name).replace("\u00a0", " ").split())
    return new_tones(words.lower())


def test_what_no_slip_is_noted_for_agrees_with_the_entry(world):
    wrong = set(
        world.entry_truth.filter(pc.greater(pc.list_value_length(world.entry_truth["wrong"]), 0))[
            "personal_id"
        ].to_pylist()
    )
    clean = [
        (row, entry)
        for row, truth, entry in rows_of(world, "student")
        if not truth["errors"] and entry and entry["personal_id"] not in wrong
    ]
    assert len(clean) > 200
    for row, entry in clean:
        assert plain(row["full_name"]) == plain(entry["full_name"])
        assert str(entry["birth_date"].year)[2:] in row["birth_date"]
        if row["claimed_id"]:
            assert row["claimed_id"].replace(" ", "").strip("'") == entry["personal_id"]


def test_every_trouble_occurs(world):
    seen = {label for row in world.truth.to_pylist() for label in row["errors"]}
    assert seen >= EXPECTED_SLIPS


def test_guardians_mostly_have_a_year_and_a_phone_only(world):
    guardians = world.tables["guardians"]
    years = pc.match_substring_regex(pc.fill_null(guardians["birth_date"], ""), r"^\d{4}$").to_pylist()
    assert sum(years) / len(years) > 0.75
    assert guardians["claimed_id"].null_count > 0.8 * guardians.num_rows
    assert guardians["phone"].null_count < 0.15 * guardians.num_rows
    digits = pc.replace_substring_regex(pc.drop_null(guardians["phone"]), r"\D", "").to_pylist()
    assert all("199" in number[:5] for number in digits), "a prefix that nobody holds"


def test_foreigners_are_out_of_scope_and_carry_their_nationality(world):
    foreign = [row for row, truth, _ in rows_of(world, "student") if not truth["in_scope"]]
    assert foreign
    assert all(row["nationality"] not in (None, "Việt Nam", "VN", "704") for row in foreign)


def test_a_schools_records_share_its_habits(world):
    students = world.tables["students"].to_pylist()
    by_school = {}
    for row in students:
        by_school.setdefault(row["school_code"], []).append(row["full_name"])
    shouting = [
        sum(name.isupper() for name in names) / len(names) for names in by_school.values() if len(names) > 10
    ]
    uniform = [share < 0.1 or share > 0.9 for share in shouting]
    assert sum(uniform) > 0.85 * len(uniform)
    assert any(share > 0.9 for share in shouting)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_makes_a_world_and_the_same_twice(world, tmp_path, profile):
    for copy in ("a", "b"):
        write_schools(
            tmp_path / copy, world.folder / "registry", world.folder / "truth", ["66"], 200, 40, 3,
            assumptions=PROFILES[profile], truth_out=tmp_path / copy,
        )  # fmt: skip
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_csv_holds_what_parquet_holds(world, tmp_path):
    write_schools(
        tmp_path / "csv", world.folder / "registry", world.folder / "truth", ("01", "66"), 1_500, 300, 7,
        form="csv", truth_out=tmp_path / "truth",
    )  # fmt: skip
    for name, table in world.tables.items():
        options = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(table.column_names, pa.string()),
            strings_can_be_null=True,
            null_values=[""],
        )
        assert pa_csv.read_csv(tmp_path / "csv" / f"{name}.csv", convert_options=options).equals(table), name


def test_a_folder_without_entries_is_an_error(tmp_path):
    with pytest.raises(NoPopulation, match=r"part-\*\.parquet"):
        write_schools(tmp_path / "out", tmp_path, tmp_path, None, 10, 10, 1)


def test_a_school_is_built_around_its_students_were_it_one(tmp_path, world):
    made = world.folder / "registry", world.folder / "truth", None
    with pytest.raises(NoStudents, match="ask for more"):
        write_schools(tmp_path / "none", *made, 0, 10, 1, truth_out=tmp_path / "truth")
    written = write_schools(tmp_path / "one", *made, 1, 10, 1, truth_out=tmp_path / "truth")
    assert (written.students, written.schools) == (1, 1)

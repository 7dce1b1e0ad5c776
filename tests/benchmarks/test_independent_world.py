"""A small world by the independent generator: what every world must keep, whatever its seed."""

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from benchmarks.independent.assumptions import PROFILES
from benchmarks.independent.generate import ERRORS, TRUTH, Wanted, generate
from connectors.files import read_education_folder
from connectors.registry_folder import registry_folder
from matching.schemas import EDUCATION_TABLES, ENTRY

PEOPLE, STUDENTS, TEACHERS = 40_000, 1_500, 1_000


def _made(folder: Path, seed: int = 5, profile: str = "hostile", people: int = PEOPLE) -> Path:
    generate(Wanted(folder, people, STUDENTS, TEACHERS, seed, profile))
    return folder


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return _made(tmp_path_factory.mktemp("world"))


@pytest.fixture
def ask(world):
    with duckdb.connect() as con:
        for table in EDUCATION_TABLES:
            con.sql(f"CREATE VIEW {table} AS FROM '{world}/education/{table}.parquet'")
        con.sql(f"CREATE VIEW registry AS FROM '{world}/registry/*.parquet'")
        for table in ("truth", "errors"):
            con.sql(f"CREATE VIEW {table} AS FROM '{world}/truth/{table}.parquet'")
        yield lambda query: con.sql(query).fetchall()


def test_the_project_reads_both_folders_whole(world):
    education = read_education_folder(world / "education", ("teacher", "student", "guardian"))

    assert education.rejects.num_rows == 0
    assert education.students.num_rows == STUDENTS
    assert registry_folder(world / "registry")


def test_tables_have_their_schemas_and_as_many_rows_as_asked(world):
    assert sum(pq.read_metadata(part).num_rows for part in (world / "registry").glob("*")) == PEOPLE
    assert pq.read_table(next((world / "registry").glob("*"))).schema.equals(ENTRY)
    for name, schema in EDUCATION_TABLES.items():
        assert pq.read_schema(world / "education" / f"{name}.parquet").equals(schema)
    assert pq.read_schema(world / "truth" / "truth.parquet").equals(TRUTH)
    assert pq.read_schema(world / "truth" / "errors.parquet").equals(ERRORS)
    assert pq.read_metadata(world / "education" / "teachers.parquet").num_rows == TEACHERS


def test_the_same_arguments_make_the_same_world_and_another_seed_another(tmp_path):
    worlds = [_made(tmp_path / str(i), seed, people=12_000) for i, seed in enumerate((1, 1, 2))]
    tables = [pq.read_table(world / "education" / "students.parquet") for world in worlds]

    assert tables[0].equals(tables[1])
    assert not tables[0].equals(tables[2])


def test_numbers_are_unique_and_say_what_numbers_say(ask):
    assert ask("SELECT count(*) - count(DISTINCT personal_id) FROM registry") == [(0,)]
    wrong = """
        SELECT count(*) FROM registry
        WHERE length(personal_id) <> 12 OR personal_id[1:3] <> birth_province OR personal_id[5:6] <> strftime(birth_date, '%y')
           OR (personal_id[4]::INT % 2 = 1) <> (gender = 'F') OR personal_id[4]::INT // 2 <> year(birth_date) // 100 - 19
    """
    assert ask(wrong) == [(0,)]
    assert ask(
        "SELECT count(*) FROM (SELECT unnest(former_ids) AS old FROM registry) WHERE length(old) <> 9"
    ) == [(0,)]
    clash = "SELECT count(*) FROM (SELECT unnest(superseded_ids) AS personal_id FROM registry) JOIN registry USING (personal_id)"
    assert ask(clash) == [(0,)]


def test_parents_are_in_the_registry_and_old_enough(ask):
    for parent, gender in (("father_id", "M"), ("mother_id", "F")):
        known = ask(f"SELECT count({parent}) FROM registry WHERE year(birth_date) > 2010")[0][0]
        fit = f"""
            SELECT count(*) FROM registry c JOIN registry p ON p.personal_id = c.{parent}
            WHERE p.gender = '{gender}' AND year(c.birth_date) - year(p.birth_date) BETWEEN 15 AND 75 AND year(c.birth_date) > 2010
        """
        assert ask(fit) == [(known,)]
        assert known > 0


def test_truth_covers_every_record_once_and_names_only_people_of_the_registry(ask):
    records = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, {kind}_id AS record_id FROM {kind}s"
        for kind in ("student", "teacher", "guardian")
    )
    assert ask(
        f"SELECT count(*) FROM ({records}) FULL JOIN truth USING (kind, record_id) WHERE truth.kind IS NULL"
    ) == [(0,)]
    assert ask(f"SELECT count(*) - (SELECT count(*) FROM truth) FROM ({records})") == [(0,)]
    assert ask(
        "SELECT count(*) FROM truth ANTI JOIN registry USING (personal_id) WHERE personal_id IS NOT NULL"
    ) == [(0,)]
    assert ask("SELECT count(*) FROM truth WHERE in_registry <> (personal_id IS NOT NULL)") == [(0,)]


def test_a_record_without_errors_says_what_the_registry_says(ask):
    said = """
        SELECT count(*) FROM truth t JOIN registry r USING (personal_id) JOIN students s ON s.student_id = t.record_id AND t.kind = 'student'
        WHERE t.errors = [] AND (nfc_normalize(lower(s.full_name)) <> lower(r.full_name) OR s.claimed_id NOT IN (SELECT
            unnest(r.superseded_ids) UNION ALL SELECT r.personal_id))
    """
    assert ask(said) == [(0,)]


def test_errors_and_truth_tell_the_same(ask):
    told = "SELECT count(*) FROM (SELECT kind, record_id, unnest(errors) AS error FROM truth)"
    assert ask(told) == ask("SELECT count(*) FROM errors")
    assert ask("SELECT count(*) FROM errors ANTI JOIN truth USING (kind, record_id)") == [(0,)]


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_as_many_records_are_damaged_and_people_absent_as_the_profile_says(tmp_path, profile):
    world, asked = _made(tmp_path, 9, profile), PROFILES[profile]
    damaged, absent = duckdb.sql(
        f"SELECT avg((errors <> [])::INT), avg((personal_id IS NULL)::INT) FROM '{world}/truth/truth.parquet'"
    ).fetchall()[0]

    assert damaged == pytest.approx(asked.damaged, abs=0.04)
    assert absent == pytest.approx(asked.absent + asked.absent_near, rel=0.5)


def test_a_hostile_world_lacks_twins_whose_brother_or_sister_is_there(ask):
    lonely = """
        SELECT count(*) FROM truth t JOIN students s ON s.student_id = t.record_id AND t.kind = 'student'
        JOIN student_guardians USING (student_id) JOIN truth g ON g.record_id = guardian_id JOIN registry other
            ON g.personal_id IN (other.father_id, other.mother_id) AND strftime(other.birth_date, '%d/%m/%Y') = s.birth_date
        WHERE t.personal_id IS NULL
    """
    assert ask(lonely)[0][0] > 0

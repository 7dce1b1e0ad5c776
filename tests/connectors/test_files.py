"""An education folder as a whole: what is missing, what is rejected and why, what is kept."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.education_records import families, raw_records, relationships
from connectors.errors import ColumnsMissing, FolderProblem
from connectors.files import CELL_LIMIT, EducationFolder, read_education_folder
from matching.schemas import EDUCATION_TABLES, FAMILIES, RAW_RECORDS, REJECTS

SCHOOLS = "school_code,province_code,level\nX1,01,thpt\nX2,79,thcs\n"
STUDENTS = (
    "student_id,school_code,full_name,grade,claimed_id\nS1,X1,Trần An,12,001099012345\nS2,X2,Lê Bình,9,\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with schools and students, all of it made up."""
    (tmp_path / "schools.csv").write_text(SCHOOLS)
    (tmp_path / "students.csv").write_text(STUDENTS)
    return tmp_path


def rejected(read: EducationFolder) -> list[tuple[str, int, str | None, str | None, str]]:
    return [tuple(row[name] for name in REJECTS.names) for row in read.rejects.to_pylist()]


def test_absent_tables_are_empty_and_absent_columns_null(folder: Path) -> None:
    read = read_education_folder(folder)
    for name, schema in EDUCATION_TABLES.items():
        assert getattr(read, name).schema == schema
    assert read.students["claimed_id"].to_pylist() == ["001099012345", None]
    assert read.students["birth_date"].null_count == 2
    assert read.guardians.num_rows == 0
    assert read.rejects.schema == REJECTS
    assert rejected(read) == []


def test_everything_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "schools.csv").write_text("name,province_code\nA,01\n")
    (tmp_path / "students.csv").write_text("school_code\nX1\n")
    with pytest.raises(ColumnsMissing) as refused:
        read_education_folder(tmp_path, kinds=["student", "guardian", "teacher"])
    assert refused.value.tables == ("teachers", "guardians", "student_guardians")
    assert refused.value.columns == {"schools": ("school_code",), "students": ("student_id", "full_name")}
    for word in ("teachers", "guardians", "school_code", "student_id, full_name"):
        assert word in str(refused.value)


def test_a_folder_with_nothing_in_it_needs_schools_and_people(tmp_path: Path) -> None:
    with pytest.raises(ColumnsMissing) as refused:
        read_education_folder(tmp_path)
    assert refused.value.tables == ("schools", "students or teachers")
    with pytest.raises(FolderProblem, match="is not a folder"):
        read_education_folder(tmp_path / "nowhere")


def test_a_table_of_zero_bytes_is_refused_and_one_of_a_header_is_empty(folder: Path) -> None:
    (folder / "students.csv").write_text("student_id,school_code,full_name\r\n")
    assert read_education_folder(folder).students.num_rows == 0
    (folder / "students.csv").write_bytes(b"")
    with pytest.raises(FolderProblem, match=r"students\.csv: there is no header"):
        read_education_folder(folder)


def test_rows_that_cannot_be_used_are_rejected_and_the_rest_is_kept(folder: Path) -> None:
    bad = ",X1,Nobody,1,\nstudent_id,school_code,full_name,grade,claimed_id\n S1 ,X2,Again,3,\nS3,X9,Stray,3,\nS4,X1\n"
    (folder / "students.csv").write_text(STUDENTS + bad)
    read = read_education_folder(folder)
    assert read.students["student_id"].to_pylist() == ["S1", "S2", "S3"]
    assert read.students["full_name"][0].as_py() == "Trần An"
    assert rejected(read) == [
        ("students", 7, None, None, "too_few_fields"),
        ("students", 4, "student_id", "student_id", "header_repeated"),
        ("students", 3, None, "student_id", "record_id_missing"),
        ("students", 5, "S1", "student_id", "record_id_repeated"),
        ("students", 6, "S3", "school_code", "school_unknown"),
    ]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("x" * (CELL_LIMIT + 1), "cell_too_long"),
        ("x" * 10_000_000, "cell_too_long"),
        ("An\x00Lê", "cell_has_nul"),
        ("Nguy\ufffdn", "cell_damaged"),
    ],
    ids=["long", "10 MB", "nul", "damaged"],
)
def test_a_cell_that_cannot_be_used_is_nulled_and_its_record_kept(
    folder: Path, cell: str, reason: str
) -> None:
    (folder / "students.csv").write_text(STUDENTS + f"S3,X1,{cell},5,001099000001\n")
    read = read_education_folder(folder)
    assert (
        read.students.to_pylist()[2] | {"full_name": None, "claimed_id": "001099000001"}
        == read.students.to_pylist()[2]
    )
    assert rejected(read) == [("students", 3, "S3", "full_name", reason)]


def test_a_cell_at_the_limit_is_kept_counted_in_letters(folder: Path) -> None:
    (folder / "students.csv").write_text(STUDENTS + f"S3,X1,{'ễ' * CELL_LIMIT},5,\n")
    assert rejected(read_education_folder(folder)) == []


def test_a_record_id_that_cannot_be_used_leaves_no_record(folder: Path) -> None:
    (folder / "students.csv").write_text(STUDENTS + "S\x00,X1,An,5,\n")
    read = read_education_folder(folder)
    assert read.students.num_rows == 2
    assert [row[4] for row in rejected(read)] == ["cell_has_nul", "record_id_missing"]


def test_links_to_nobody_are_rejected(folder: Path) -> None:
    (folder / "guardians.csv").write_text("guardian_id,full_name\nG1,Lê Cha\n")
    links = "student_id,guardian_id,relationship\nS1,G1,Bố\nS1,G9,Mẹ\nS9,G1,Bố\n,G1,Mẹ\nS2,,Mẹ\nS1,G1,cha\n"
    (folder / "student_guardians.csv").write_text(links)
    read = read_education_folder(folder)
    assert families(read).to_pylist() == [{"student_id": "S1", "guardian_id": "G1", "relationship": "father"}]
    assert sorted(rejected(read), key=lambda row: row[1]) == [
        ("student_guardians", 2, "S1", "guardian_id", "guardian_unknown"),
        ("student_guardians", 3, "S9", "student_id", "student_unknown"),
        ("student_guardians", 4, None, "student_id", "record_id_missing"),
        ("student_guardians", 5, "S2", "guardian_id", "record_id_missing"),
        ("student_guardians", 6, "S1", "guardian_id", "record_id_repeated"),
    ]


def test_zeros_that_a_spreadsheet_ate_are_put_back_in_place_codes(folder: Path) -> None:
    (folder / "schools.csv").write_text("school_code,province_code,commune_code\nX1,1,4\nX2,79,26734\n")
    read = read_education_folder(folder)
    assert read.schools["province_code"].to_pylist() == ["01", "79"]
    assert read.schools["commune_code"].to_pylist() == ["00004", "26734"]


def test_parts_in_files_or_in_a_folder_make_one_table(folder: Path) -> None:
    (folder / "students.csv").rename(folder / "Students-01.CSV")
    (folder / "students-02.csv").write_text(
        "full_name;student_id;school_code\nMai;S3;X1\nLan;S1;X1\nTư;S4;X7\n"
    )
    (folder / "students").mkdir()
    (folder / "students" / "more.csv").write_text("full_name\tstudent_id\tschool_code\nHoa\tS5\tX2\n")
    (folder / "students" / "~$more.csv").write_text("a spreadsheet's lock")
    read = read_education_folder(folder)
    assert sorted(read.students["student_id"].to_pylist()) == ["S1", "S2", "S3", "S4", "S5"]
    assert rejected(read) == [
        ("students-02.csv", 2, "S1", "student_id", "record_id_repeated"),
        ("students-02.csv", 3, "S4", "school_code", "school_unknown"),
    ]


def test_a_table_as_csv_and_as_parquet_is_refused(folder: Path) -> None:
    pq.write_table(pa.table({"student_id": ["S1"]}), folder / "students.parquet")
    with pytest.raises(FolderProblem, match="as CSV and as Parquet"):
        read_education_folder(folder)


def test_parquet_of_any_types_is_read_as_the_text_one_would_type(folder: Path) -> None:
    (folder / "students.csv").unlink()
    people = pa.table(
        {
            " Student_ID": pa.array([7, 8], pa.int64()),
            "school_code": pa.array(["X1", "X2"]).dictionary_encode(),
            "full_name": pa.array(["An", None], pa.large_string()),
            "grade": pa.array([12.0, None], pa.float64()),
            "birth_date": pa.array([date(2011, 9, 5), None], pa.date32()),
            "school_year": pa.array([datetime(2025, 9, 5, tzinfo=UTC), None], pa.timestamp("us")),
            "claimed_id": pa.array(["001099012345", ""], pa.string_view()),
            "gender": pa.array([Decimal("1.5"), None]),
            "birth_place": pa.nulls(2),
            "nationality": pa.array([b"VN", None], pa.binary()),
            "residence_province": pa.array(["01", None]).dictionary_encode(),
            "updated_at": pa.array([datetime(2025, 9, 5, 7, 30, tzinfo=UTC), None], pa.timestamp("ms")),
            "residence_commune": pa.array([0.5, float("nan")]),
            "other": pa.array([[1], [2]]),
        }
    )
    pq.write_table(people, folder / "students.parquet")
    first, second = read_education_folder(folder).students.to_pylist()
    assert first == {
        "student_id": "7", "school_code": "X1", "grade": "12", "school_year": "2025-09-05", "full_name": "An",
        "birth_date": "2011-09-05", "gender": "1.5", "birth_place": None, "nationality": "VN",
        "claimed_id": "001099012345", "residence_province": "01", "residence_commune": "0.5",
        "updated_at": "2025-09-05 07:30:00.000",
    }  # fmt: skip
    assert {name for name, value in second.items() if value} == {"student_id", "school_code"}


def test_parquet_that_is_none_or_holds_no_text_is_refused(folder: Path) -> None:
    (folder / "students.csv").unlink()
    people = {"student_id": ["S1"], "school_code": ["X1"], "full_name": [["a", "list"]]}
    pq.write_table(pa.table(people), folder / "students.parquet")
    with pytest.raises(FolderProblem, match="column full_name holds list"):
        read_education_folder(folder)
    (folder / "students.parquet").write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(FolderProblem, match="not a readable Parquet"):
        read_education_folder(folder)


@pytest.fixture
def family_folder(folder: Path) -> EducationFolder:
    """Two provinces, a stray pupil, a teacher, and guardians with children in several places."""
    (folder / "students.csv").write_text(STUDENTS + "S0,X9,Stray,1,\n")
    (folder / "teachers.csv").write_text("teacher_id,school_code,role,full_name\nT1,X2,manager,Vũ Mai\n")
    (folder / "guardians.csv").write_text("guardian_id,full_name\nG1,Một\nG2,Hai\nG3,Ba\nG4,Bốn\n")
    links = "student_id,guardian_id,relationship\nS2,G1,Mẹ\nS1,G1,mẹ đẻ\nS0,G1,MẸ\nS0,G2,Bà\nS2,G3, BA\n"
    (folder / "student_guardians.csv").write_text(links)
    return read_education_folder(folder)


def test_records_of_all_kinds_share_one_shape(family_folder: EducationFolder) -> None:
    records = raw_records(family_folder)
    assert records.schema == RAW_RECORDS
    assert records["kind"].to_pylist() == ["teacher", *["student"] * 3, *["guardian"] * 4]
    by_id = {row["record_id"]: row for row in records.to_pylist()}
    assert (by_id["T1"]["province"], by_id["T1"]["level"], by_id["T1"]["role"]) == ("79", "thcs", "manager")
    assert (by_id["S1"]["province"], by_id["S1"]["grade"], by_id["S1"]["claimed_id"]) == (
        "01",
        "12",
        "001099012345",
    )
    assert (by_id["S0"]["province"], by_id["S0"]["school_code"]) == (None, "X9")


def test_a_guardian_belongs_where_its_first_child_with_a_known_school_does(
    family_folder: EducationFolder,
) -> None:
    records = raw_records(family_folder, ["guardian"]).to_pylist()
    placed = {row["record_id"]: (row["province"], row["school_code"]) for row in records}
    assert placed == {"G1": ("01", "X1"), "G2": (None, "X9"), "G3": ("79", "X2"), "G4": (None, None)}


def test_relationship_words_are_read_with_their_marks() -> None:
    meant = {
        "father": ["Bố", "BA", "cha", " Cha  đẻ ", "father"],
        "mother": ["mẹ", "Má", "MOTHER", "Me\u0323".replace("e\u0323", "ẹ")],
        "guardian": ["Bà", "bà ngoại", "ông", "cha dượng", "chú", "", "guardian", None],
    }
    for relationship, words in meant.items():
        column = pa.chunked_array([pa.array(words, pa.string())])
        assert relationships(column).to_pylist() == [relationship] * len(words)
    assert families(read_empty()).schema == FAMILIES


def read_empty() -> EducationFolder:
    tables = {name: schema.empty_table() for name, schema in EDUCATION_TABLES.items()}
    return EducationFolder(**tables, rejects=REJECTS.empty_table())


def test_an_empty_folder_has_no_records() -> None:
    assert raw_records(read_empty()).num_rows == 0

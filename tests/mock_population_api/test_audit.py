"""The audit: what it tells of a person, and that it can not be changed unseen."""

import sqlite3

import pyarrow as pa
import pytest

from mock_population_api.audit import Audit
from mock_population_api.errors import AuditBroken
from mock_population_api.security import Caller

A, B, C = "001311000013", "001209000042", "001078000021"


def caller(officer="officer-7"):
    return Caller(
        "sync", frozenset(), "6f1c1f0e-3f5c-4c2e-9d52-0f6a0c0f7a11", "link-education", "MOET", officer
    )


@pytest.fixture
def kept(tmp_path, watch):
    audit = Audit(tmp_path, watch)
    audit.record(caller(), "lookup", [A, B, A])
    watch.forward(seconds=1)
    result = tmp_path / "result.arrows"
    table = pa.table({"personal_id": [C, A, C]})
    with pa.OSFile(str(result), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    audit.record_file(caller("officer-8"), "jobs/trace", "job", result)
    watch.forward(seconds=1)
    audit.record(caller("officer-9"), "trace", [])
    audit.record(caller("officer-9"), "trace", [B])
    audit.close()
    return tmp_path


def change(folder, sql):
    with sqlite3.connect(folder / "audit.sqlite", isolation_level=None) as database:
        database.execute(sql)
    database.close()


def intact(folder):
    try:
        audit = Audit(folder)
    except AuditBroken:
        return False
    answer = audit.finding()
    audit.close()
    return answer is None


def test_a_person_sees_who_looked_newest_first(kept):
    audit = Audit(kept)
    assert [(line.officer, line.action) for line in audit.about(A)] == [
        ("officer-8", "jobs/trace"),
        ("officer-7", "lookup"),
    ]
    assert [line.officer for line in audit.about(B)] == ["officer-9", "officer-7"]
    assert [line.officer for line in audit.about(C)] == ["officer-8"]
    assert audit.about("000000000000") == []
    assert audit.lines() == 4
    audit.close()


def test_what_was_written_is_intact(kept):
    assert intact(kept)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE requests SET officer = 'nobody' WHERE line = 1",
        "UPDATE requests SET at = '2020-01-01' WHERE line = 3",
        "DELETE FROM requests WHERE line = 3",
        "DELETE FROM requests WHERE line = 1",
        "DELETE FROM disclosed WHERE line = 1",
        f"UPDATE disclosed SET subject = '{C}' WHERE line = 4",
        f"INSERT INTO disclosed VALUES ('{C}', 3)",
        f"INSERT INTO disclosed VALUES ('{C}', 99)",
    ],
)
def test_a_change_of_any_line_shows(kept, sql):
    change(kept, sql)
    assert not intact(kept)


def test_a_change_of_a_job_s_people_shows(kept):
    file = next((kept / "disclosures").iterdir())
    file.write_bytes(file.read_bytes() + b" ")
    assert not intact(kept)
    file.unlink()
    assert not intact(kept)

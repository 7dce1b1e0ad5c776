"""The audit: what it tells of a person, and that it can not be changed unseen."""

import sqlite3

import pyarrow as pa
import pytest
from click.testing import CliRunner

from mock_population_api.audit import Audit
from mock_population_api.audit_cli import audit as audit_command
from mock_population_api.errors import AuditBroken
from mock_population_api.security import Caller
from mock_population_api.shown import Shown

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
    shown = Shown()
    for numbers in ([C, A, C], [], [A]):
        shown.add(pa.array(numbers, pa.string()))
    audit.record_many(caller("officer-8"), "jobs/trace", "job", shown)
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
        # cut off at the end
        "DELETE FROM requests WHERE line = 4",
        "DELETE FROM requests WHERE line > 1",
        "DELETE FROM requests",
        # put in another order: as two lines, and with all but the digests
        "UPDATE requests SET line = CASE line WHEN 3 THEN -4 WHEN 4 THEN 3 END WHERE line IN (3, 4)",
        "UPDATE requests SET officer = (SELECT officer FROM requests r WHERE r.line = 3 - requests.line) WHERE line IN (1, 2)",
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


def test_a_record_that_was_cut_off_is_not_written_on(kept):
    change(kept, "DELETE FROM disclosed WHERE line = 4")
    change(kept, "DELETE FROM requests WHERE line = 4")
    with pytest.raises(AuditBroken, match="lines up to 4 were written; 3 are there"):
        Audit(kept)


def test_a_head_that_somebody_kept_shows_what_was_cut_from_both_files(kept):
    audit = Audit(kept)
    head = audit.head()
    audit.close()
    change(kept, "DELETE FROM disclosed WHERE line = 4")
    change(kept, "DELETE FROM requests WHERE line = 4")
    (kept / "audit.head").unlink()
    change(kept, "PRAGMA user_version = 0")
    audit = Audit(kept)
    assert audit.finding() is None
    assert audit.finding(head) == "lines up to 4 were written; 3 are there"
    audit.close()


def test_without_its_head_a_record_is_not_written_on(kept):
    (kept / "audit.head").unlink()
    with pytest.raises(AuditBroken, match="head is missing"):
        Audit(kept)


def test_a_line_that_a_crash_left_without_a_head_is_no_finding(kept):
    audit = Audit(kept)
    before = (kept / "audit.head").read_text(encoding="utf-8")
    audit.record(caller(), "lookup", [A])
    audit.close()
    (kept / "audit.head").write_text(before, encoding="utf-8")
    assert intact(kept)


def test_the_command_says_what_it_found(kept):
    whole = CliRunner().invoke(audit_command, [str(kept)])
    assert (whole.exit_code, whole.output) == (0, "4 lines, all as they were written\n")
    change(kept, "UPDATE requests SET officer = 'nobody' WHERE line = 2")
    broken = CliRunner().invoke(audit_command, [str(kept)])
    assert (broken.exit_code, "line 2 is not what was written there" in broken.output) == (1, True)

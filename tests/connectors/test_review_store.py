"""Decisions kept in the database, on SQLite and PostgreSQL: taken in, once, and what several people make of one record."""

import pyarrow as pa
import pytest
import sqlalchemy as sa

from connectors.database import reading, writing
from connectors.education_tables import links, review_items, schools, students
from connectors.list_files import ListFile, ListRow, ListSheet
from connectors.review_page_tables import Role
from connectors.review_people import User, add_user
from connectors.review_store import count_states, live_decisions, waiting
from connectors.review_tables import State, review_decisions, review_states
from connectors.worklist import COLUMNS, SEALED, Answer, record_fingerprint, seal
from review.answers import Labels
from review.errors import ReviewerMayNot, ReviewerUnnamed
from review.honoured import withdraw
from review.importing import Means, take_in
from review.judging import Fate

KEY = b"k" * 32
X, Y = "001315000001", "001315000002"
TYPED = {
    "full_name": "Trần Thị Ước",
    "birth_date": "04/03/2015",
    "gender": "Nữ",
    "birth_place": None,
    "claimed_id": None,
}
LABELS = Labels({name: name for name in COLUMNS}, {str(answer): answer for answer in Answer})


def pseudonym(number):
    return f"N{number[-1]}"


MEANS = Means(LABELS, KEY, pseudonym, lambda *_: {})


def listed(*rows, digest="d1"):
    """A list; a row is record, answer and the candidates shown."""
    lines = [COLUMNS]
    for record, answer, *candidates in rows:
        cells = dict.fromkeys(COLUMNS, "") | {"record_id": record, "kind": "student", "run": "r1"}
        cells["fingerprint"] = record_fingerprint(KEY, TYPED)
        for rank, number in enumerate(candidates, 1):
            cells |= {f"candidate_{rank}_key": pseudonym(number), f"candidate_{rank}_seen": "s"}
        cells["checksum"] = seal(KEY, [cells[column] for column in SEALED])
        lines.append(tuple((cells | {"decision": answer})[name] for name in COLUMNS))
    sheet = ListSheet("", tuple(ListRow(number, cells) for number, cells in enumerate(lines, 1)))
    return ListFile("list.csv", digest, (sheet,))


@pytest.fixture
def office(engine, at):
    """Three open students with two candidates; and one person's import after the other."""
    with writing(engine) as connection:
        connection.execute(schools.insert().values(school_code="A", province_code="38"))
        for record in ("S1", "S2", "S3"):
            connection.execute(students.insert().values(student_id=record, school_code="A", **TYPED))
            shown = f'[{{"personal_id": "{X}"}}, {{"personal_id": "{Y}"}}]'
            facts = {"outcome": "unlinked", "reason": "name_differs", "run": "r1", "open_since_run": "r1"}
            connection.execute(
                review_items.insert().values(
                    kind="student",
                    record_id=record,
                    province="38",
                    candidates=shown,
                    open_since="2026",
                    **facts,
                )
            )
    moments = iter(range(1, 1000))

    def take(reviewer, *rows, dry_run=False, digest=None):
        number = next(moments)
        file = listed(*rows, digest=digest or f"d{number}")
        (taken,) = take_in(engine, [file], MEANS, reviewer, at(60 * number), dry_run=dry_run)
        return [row.fate if row.fate != Fate.STALE else row.why for row in taken.rows]

    return take


def states(engine):
    with reading(engine) as connection:
        last = sa.select(sa.func.max(review_states.c.entry)).group_by(review_states.c.decision)
        joined = review_states.join(review_decisions, review_decisions.c.decision == review_states.c.decision)
        query = sa.select(review_decisions.c.reviewer, review_decisions.c.record_id, review_states.c.state)
        query = (
            query.select_from(joined)
            .where(review_states.c.entry.in_(last))
            .order_by(review_decisions.c.decision)
        )
        return [tuple(row) for row in connection.execute(query)]


def verdicts(engine):
    rows = live_decisions(engine, "student").to_pylist()
    return sorted((row["record_id"], row["verdict"], row["personal_id"]) for row in rows)


def test_what_is_taken_in_stands_with_who_when_and_where(office, engine):
    assert (
        office("Hoa", ("S1", "same_2", X, Y), ("S2", "not_same", X, Y), ("S3", "no_number"))
        == ["accepted"] * 3
    )
    assert verdicts(engine) == [
        ("S1", "same", Y), ("S2", "not_same", X), ("S2", "not_same", Y), ("S3", "no_number", None)
    ]  # fmt: skip
    with reading(engine) as connection:
        row = connection.execute(sa.select(review_decisions).order_by(review_decisions.c.decision)).first()
    assert (row.reviewer, row.source_file, row.source_row, row.run) == ("Hoa", "list.csv", 2, "r1")
    assert row.decided_at.startswith("20")
    assert count_states(engine, "38") == {
        ("same", "active"): 1,
        ("not_same", "active"): 1,
        ("no_number", "active"): 1,
    }


def test_a_dry_run_says_the_same_and_stores_nothing(office, engine):
    rows = ("S1", "same_1", X), ("S2", "same_1", X)
    told = office("Hoa", *rows, dry_run=True)
    assert states(engine) == []
    assert office("Hoa", *rows) == told == ["accepted", "conflicting"]


def test_a_list_that_comes_again_changes_nothing_even_after_a_change_of_mind(office, engine):
    office("Hoa", ("S1", "same_1", X), digest="old")
    assert office("Hoa", ("S1", "same_1", X), digest="saved again") == ["unchanged"]
    assert office("Hoa", ("S1", "not_same", X), digest="new") == ["accepted"]
    before = states(engine)
    assert office("Hoa", ("S1", "same_1", X), digest="old") == ["unchanged"]
    assert states(engine) == before == [("Hoa", "S1", "superseded"), ("Hoa", "S1", "active")]


def test_two_who_differ_wait_for_a_third_and_the_third_settles(office, engine):
    office("Hoa", ("S1", "same_1", X, Y))
    assert office("Lan", ("S1", "not_same", X, Y)) == ["conflicting"]
    assert {one.reviewer for one in waiting(engine)} == {"Hoa", "Lan"}
    assert {verdict for _, verdict, _ in verdicts(engine)} == {"conflict"}
    assert office("Minh", ("S1", "same_1", X, Y)) == ["accepted"]
    assert states(engine) == [
        ("Hoa", "S1", "superseded"),
        ("Lan", "S1", "superseded"),
        ("Minh", "S1", "active"),
    ]
    assert verdicts(engine) == [("S1", "same", X)]


def test_two_records_confirmed_as_one_person_wait(office, engine):
    assert office("Hoa", ("S1", "same_1", X)) == ["accepted"]
    assert office("Lan", ("S2", "same_1", X)) == ["conflicting"]
    assert [state for *_, state in states(engine)] == ["conflict", "conflict"]
    assert office("Minh", ("S2", "not_same", X)) == ["accepted"]
    assert verdicts(engine) == [("S1", "same", X), ("S2", "not_same", X)]


def test_what_has_changed_since_is_stale(office, engine):
    with writing(engine) as connection:
        connection.execute(
            students.update().where(students.c.student_id == "S1").values(full_name="Trần Thị Ướt")
        )
        connection.execute(students.delete().where(students.c.student_id == "S2"))
    told = office(
        "Hoa", ("S1", "unsure", X), ("S2", "unsure", X), ("S3", "same_1", "001315000003"), ("S9", "unsure")
    )
    assert told == ["record_changed", "record_gone", "candidate_unknown", "record_gone"]


def test_what_was_withdrawn_holds_no_longer_and_the_same_list_does_not_revive_it(office, engine, at):
    office("Hoa", ("S1", "same_1", X), ("S2", "unsure", X))
    office("Lan", ("S1", "same_2", X, Y))
    (number, *_) = live_decisions(engine, "student").to_pylist()[0].values()
    assert withdraw(engine, [number], "run 2", at(9_000)) == 1
    assert withdraw(engine, [number], "run 2", at(9_000)) == 1, "a resumed run says the same"
    assert withdraw(engine, [number], "run 3", at(9_000)) == 0
    assert states(engine)[0] == ("Hoa", "S1", State.WITHDRAWN)
    assert states(engine)[2] == ("Lan", "S1", State.ACTIVE), "nobody contradicts it any more"
    assert office("Hoa", ("S1", "same_1", X)) == ["entry_changed"]


def test_candidates_are_known_of_records_that_were_linked_meanwhile(office, engine, at):
    with writing(engine) as connection:
        connection.execute(review_items.delete().where(review_items.c.record_id == "S1"))
        facts = {"reason": "evidence_agrees", "decided_by": "fuzzy", "run": "r2", "valid_from": "2026"}
        connection.execute(
            links.insert().values(
                kind="student",
                record_id="S1",
                province="38",
                personal_id=X,
                confirmed_by_person=False,
                **facts,
            )
        )
    assert office("Hoa", ("S1", "not_same", X)) == ["accepted"]


def test_history_is_only_ever_added_to(office, engine):
    office("Hoa", ("S1", "same_1", X))
    office("Hoa", ("S1", "unsure", X))
    with reading(engine) as connection:
        told = (
            connection.execute(sa.select(review_states.c.state).order_by(review_states.c.entry))
            .scalars()
            .all()
        )
    assert sorted(told) == ["active", "active", "superseded"]


def test_somebody_must_answer_for_decisions(office):
    with pytest.raises(ReviewerUnnamed):
        office("  ", ("S1", "unsure", X))


def test_users_of_the_page_have_the_same_rights_in_lists(office, engine, at):
    people = {
        "Bình": User("binh", "Bình", Role.REVIEWER, frozenset({"38"})),
        "Nga": User("nga", "Nga", Role.REVIEWER, frozenset({"48"})),
        "Sơn": User("son", "Sơn", Role.SUPERVISOR, None),
        "Kiểm": User("kiem", "Kiểm", Role.AUDITOR, None),
    }
    for user in people.values():
        add_user(engine, user, "no password", at(0))
    assert office("Nga", ("S1", "same_1", X)) == ["invalid"]
    office("Hoa", ("S1", "same_1", X))
    office("Lan", ("S1", "not_same", X))
    assert office("Bình", ("S1", "same_1", X)) == ["invalid"]
    assert office("Bình", ("S2", "same_1", X, Y)) == ["accepted"]
    assert ("S1", "conflict", None) in {(row[0], row[1], None) for row in verdicts(engine)}
    assert office("Sơn", ("S1", "same_1", X)) == ["accepted"]
    assert ("S1", "same", X) in verdicts(engine)
    before = states(engine)
    with pytest.raises(ReviewerMayNot):
        office("Kiểm", ("S3", "unsure", X))
    assert states(engine) == before


def test_nobody_decided_anything(bare_engine):
    assert live_decisions(bare_engine, "student").num_rows == 0
    assert isinstance(live_decisions(bare_engine, "student"), pa.Table)

"""Links that are carried or end because of what people say, and the words in which an import is told."""

import pyarrow as pa
import pytest

from connectors.education_tables import LINKS
from connectors.review_store import DECIDED
from connectors.review_tables import State
from matching.decision import BY_PERSON, Outcome, Reason, Verdict
from matching.schemas import DECISIONS, VERDICTS
from pipelines.cli import run
from pipelines.decided import still_carried, taken_back
from pipelines.texts import LANGUAGES, texts
from review.claims import Fault
from review.judging import Fate, Why

X, Y = "001315000001", "001315000002"


def held(record, number, *, confirmed=False):
    facts = {
        "kind": "student",
        "province": "38",
        "reason": "evidence_agrees",
        "decided_by": "fuzzy",
        "run": "r",
        "valid_from": "2026",
    }
    return facts | {"record_id": record, "personal_id": number, "confirmed_by_person": confirmed}


def linked(record, number, decided_by="fuzzy"):
    outcome = Outcome.LINKED if number else Outcome.UNLINKED
    known = {"kind": "student", "reason": "evidence_agrees", "decided_by": decided_by if number else None}
    return known | {"record_id": record, "personal_id": number, "outcome": outcome, "model": "m", "run": "r"}


def verdicts(*rows, schema=VERDICTS):
    return pa.Table.from_pylist(
        [{"kind": "student", "record_id": record, "verdict": verdict, "personal_id": number} for record, verdict, number in rows],
        schema=schema,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("link", "said", "stays"),
    [
        (held("S1", X), [], True),
        (held("S1", X), [("S2", "same", X)], True),
        (held("S1", X), [("S1", "not_same", Y)], True),
        (held("S1", X), [("S1", "not_same", X)], False),
        (held("S1", X), [("S1", "same", X)], False),
        (held("S1", X, confirmed=True), [("S1", "same", X), ("S1", "not_same", Y)], True),
        (held("S1", X, confirmed=True), [("S1", "same", Y)], False),
        (held("S1", X, confirmed=True), [("S1", "unsure", X)], False),
        (held("S1", X, confirmed=True), [("S1", "conflict", X)], False),
    ],
)
def test_a_link_is_carried_unless_somebody_says_something_else(link, said, stays):
    links = pa.Table.from_pylist([link], schema=LINKS)
    assert len(still_carried(links, verdicts(*said, schema=DECIDED))) == stays


@pytest.mark.parametrize(
    ("link", "decision", "said", "becomes"),
    [
        # the machine's own link, denied: it ends
        (held("S1", X), linked("S1", None), ("S1", "not_same", X), (None, BY_PERSON)),
        # and another that the machine found may take its place at once
        (held("S1", X), linked("S1", Y), ("S1", "not_same", X), (Y, "fuzzy")),
        # a confirmed link that was denied since ends first; no machine's link stands in the place of a person's
        (held("S1", X, confirmed=True), linked("S1", Y), ("S1", "not_same", X), (None, BY_PERSON)),
        (held("S1", X, confirmed=True), linked("S1", None), ("S1", "unsure", X), (None, BY_PERSON)),
        (held("S1", X), linked("S1", None), ("S1", "unsure", X), (None, None)),
        (held("S1", X, confirmed=True), linked("S1", None), ("S1", "conflict", X), (None, None)),
        (held("S1", X, confirmed=True), linked("S1", Y, BY_PERSON), ("S1", "same", Y), (Y, BY_PERSON)),
        (held("S2", X, confirmed=True), linked("S1", X), ("S1", "same", X), (X, "fuzzy")),
    ],
)
def test_what_people_took_back_ends(link, decision, said, becomes):
    decisions = pa.Table.from_pylist([decision], schema=DECISIONS)
    (row,) = taken_back(decisions, pa.Table.from_pylist([link], schema=LINKS), verdicts(said)).to_pylist()
    assert (row["personal_id"], row["decided_by"]) == becomes
    assert (row["outcome"] == Outcome.LINKED) == (row["personal_id"] is not None)
    if row["candidate_id"] is not None:
        assert (row["candidate_id"], row["reason"]) == (Y, Reason.WEAK_EVIDENCE)


NOT_THEIRS = {Why.ELSEWHERE, Why.WAITS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_can_become_of_a_row_has_words(language):
    known = texts(language).messages
    wanted = [
        f"review.{Fate.CONFLICTING}",
        *[f"review.{Fate.STALE}.{why}" for why in set(Why) - NOT_THEIRS],
        *[f"review.{Fate.INVALID}.{why}" for why in NOT_THEIRS],
        *[f"review.{Fate.INVALID}.{fault}" for fault in Fault],
        *[f"verdict.{verdict}" for verdict in set(Verdict) - {Verdict.CONFLICT}],
        *[f"state.{state}" for state in State],
        *[
            f"error.ListUnreadable.{cause}"
            for cause in ("absent", "too_large", "kind", "protected", "damaged")
        ],
    ]
    assert [key for key in wanted if key not in known] == []


def test_a_file_that_is_no_list_is_refused_in_words(tmp_path, capsys):
    path = tmp_path / "list.pdf"
    path.write_bytes(b"%PDF")
    words = [
        "--lang",
        "en",
        "--set",
        f"database_url=sqlite:///{tmp_path / 'e.db'}",
        "--set",
        f"home={tmp_path / 'h'}",
    ]
    assert run([*words, "review", "import", str(path), "--reviewer", "Hoa"]) == 3
    assert "neither .xlsx nor .csv" in capsys.readouterr().err
    assert run([*words, "review", "status"]) == 0
    assert "No decisions yet." in capsys.readouterr().err
    assert run([*words, "review", "export", str(tmp_path / "out"), "--province", "38"]) == 3
    assert "sync --province 38" in capsys.readouterr().err

"""One decision of one person on the page, and its undoing: by the rules by which lists are taken in, on one state of the database."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from connectors.audit import Action
from connectors.database import writing
from connectors.education_tables import moment, province_locks, sync_partitions
from connectors.locks import SILENCE
from connectors.people_read import PeopleNow
from connectors.review_cases import Case, Reach, case_of, let_go
from connectors.review_page_tables import TO_DO, CaseState, Role
from connectors.review_people import User
from connectors.review_store import Decision, Key, decisions_numbered, hold_reviews
from connectors.review_tables import OVER
from connectors.worklist import Answer
from matching.decision import Verdict
from review.book import Book
from review.claims import CHOSEN, NOTE_LENGTH, VERDICTS
from review.judging import Fate, Why, entered, out_of_date
from review.trail import Trail

SOURCE = "page"
"""What stands as the file of a decision that was made on the page."""


class Refusal(StrEnum):
    """Why a decision was not taken in, or not undone."""

    GONE = "gone"
    """The record is not open any more, or not within reach."""
    CHANGED = "changed"
    """Another run has laid it out anew, or a field has changed: what was seen is no longer so."""
    HELD = "held"
    """Somebody else has it open."""
    DECIDED = "decided"
    """Somebody else decided on it in the meantime."""
    WAITS = "waits"
    """Others disagree on it; a supervisor settles that."""
    NOT_YOURS = "not_yours"
    TOO_LATE = "too_late"
    """A run has seen the decision, or is under way: decide anew instead."""
    NO_SUCH_CANDIDATE = "no_such_candidate"


@dataclass(frozen=True)
class Word:
    """What somebody chose on the page."""

    key: Key
    answer: Answer
    note: str
    run: str
    fingerprint: str
    form: str
    """Names the form as it was shown: sent twice, it counts once."""


@dataclass(frozen=True)
class Done:
    """What became of it."""

    fate: Fate | None = None
    refused: Refusal | None = None
    number: int | None = None
    """Of the decision, where it can be undone."""
    settles: bool = False


def reach_of(user: User) -> Reach:
    """What a user may see."""
    return Reach(user.username, user.name, user.provinces)


def may_decide(user: User, case: Case, words: list[Decision]) -> Refusal | None:
    """Why a user may not decide on a record; None where they may.

    Args:
        user: Who.
        case: The record.
        words: All decisions on it.
    """
    if user.role == Role.AUDITOR:
        return Refusal.NOT_YOURS
    if case.holder not in (None, user.username):
        return Refusal.HELD
    party = any(one.reviewer == user.name and one.state not in OVER for one in words)
    if user.role == Role.SUPERVISOR or party or case.state in TO_DO:
        return None
    return Refusal.WAITS if case.state == CaseState.CONFLICT else Refusal.DECIDED


def decide(engine: sa.Engine, people: PeopleNow, trail: Trail, user: User, word: Word, now: datetime) -> Done:
    """Take a decision in.

    Args:
        engine: The education database.
        people: How records look now.
        trail: Where it is written down.
        user: Who decides.
        word: What.
        now: When.

    Raises:
        DatabaseProblem: Nothing was taken in.
    """
    reach = reach_of(user)
    with writing(engine) as connection:
        hold_reviews(connection)
        case = case_of(connection, reach, word.key, now)
        if case is None:
            return Done(refused=Refusal.GONE)
        book = Book(connection)
        book.open([word.key])
        book.open_entries(seen.personal_id for seen in case.entries)
        again = [
            one for one in book.on(word.key) if (one.reviewer, one.source_digest) == (user.name, word.form)
        ]
        if again:
            return Done(Fate.UNCHANGED, number=again[-1].number)
        refused = may_decide(user, case, book.on(word.key)) or _unsound(connection, people, case, word)
        if refused is not None:
            return Done(refused=refused)
        fate, stands = entered(book, _decision(case, word, user))
        book.close(now)
        let_go(connection, reach, word.key)
        if fate == Fate.STALE:
            return Done(refused=Refusal.CHANGED)
        facts = {"answer": str(word.answer), "fate": str(fate)}
        trail.deciding(connection, user.username, Action.DECIDED, facts, word.key, case.province, now)
        return Done(
            fate, number=_last_of(connection, user, word.key), settles=stands is not None and stands.settles
        )


def _unsound(connection: sa.Connection, people: PeopleNow, case: Case, word: Word) -> Refusal | None:
    looks = people.fingerprint(connection, word.key)
    why = out_of_date(looks, word.fingerprint)
    if why == Why.RECORD_GONE:
        return Refusal.GONE
    if why is not None or (case.run, case.fingerprint) != (word.run, word.fingerprint):
        return Refusal.CHANGED
    chosen = CHOSEN.get(word.answer)
    return Refusal.NO_SUCH_CANDIDATE if chosen and chosen > len(case.entries) else None


def _decision(case: Case, word: Word, user: User) -> Decision:
    chosen = CHOSEN.get(word.answer)
    return Decision(
        kind=case.kind,
        record_id=case.record_id,
        province=case.province,
        verdict=Verdict.SAME if chosen else VERDICTS[word.answer],
        entries=(case.entries[chosen - 1],) if chosen else case.entries,
        note=" ".join(word.note.split())[:NOTE_LENGTH],
        reviewer=user.name,
        run=word.run,
        fingerprint=word.fingerprint,
        source_file=SOURCE,
        source_row=0,
        source_digest=word.form,
    )


def _last_of(connection: sa.Connection, user: User, key: Key) -> int | None:
    book = Book(connection)
    book.open([key])
    mine = [one.number for one in book.on(key) if one.reviewer == user.name and one.state not in OVER]
    return max(mine, default=None)


def undo(
    engine: sa.Engine, trail: Trail, user: User, number: int, now: datetime
) -> tuple[Refusal | None, Key | None]:
    """Undo one's own decision, as long as no run has seen it.

    Returns:
        Why not, None where it is undone; and the record, where the decision is one's own.

    Raises:
        DatabaseProblem: Nothing was undone.
    """
    with writing(engine) as connection:
        hold_reviews(connection)
        found = decisions_numbered(connection, [number])
        mine = [one for one in found if one.reviewer == user.name]
        reached = [one for one in mine if user.provinces is None or one.province in user.provinces]
        if not reached or user.role == Role.AUDITOR:
            return Refusal.NOT_YOURS, None
        (one,) = reached
        if one.state in OVER:
            return None, one.key
        if _seen_by_run(connection, one, now):
            return Refusal.TOO_LATE, one.key
        book = Book(connection)
        book.open([one.key])
        book.open_entries(one.numbers)
        book.take_back(one.number, SOURCE)
        book.close(now)
        facts = {"verdict": str(one.verdict)}
        trail.deciding(connection, user.username, Action.UNDONE, facts, one.key, one.province, now)
    return None, one.key


def _seen_by_run(connection: sa.Connection, one: Decision, now: datetime) -> bool:
    """Whether a run has written the partition since, or may have read the decision already."""
    done, locked = sync_partitions.c, province_locks.c
    written = sa.exists().where(
        done.kind == one.kind, done.province == one.province, done.finished_at > one.decided_at
    )
    under_way = sa.exists().where(
        locked.province == one.province, locked.heartbeat_at > moment(now - SILENCE)
    )
    return bool(connection.scalar(sa.select(sa.or_(written, under_way))))

"""What becomes of one decision, whatever way it comes in: by a list that came back, or from the page."""

from enum import StrEnum

from connectors.review_store import Decision
from connectors.review_tables import State
from review.book import Book


class Fate(StrEnum):
    """What becomes of a row."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"
    """Had before."""
    CONFLICTING = "conflicting"
    """Taken in; it contradicts somebody else's decision, and both wait for a third."""
    STALE = "stale"
    """What the list showed is no longer so."""
    INVALID = "invalid"


class Why(StrEnum):
    """Why a row is not taken in: what it was about is no more as it was, or whoever is named may not."""

    RECORD_CHANGED = "record_changed"
    RECORD_GONE = "record_gone"
    CANDIDATE_UNKNOWN = "candidate_unknown"
    """No run that is still kept knows the candidate."""
    ENTRY_CHANGED = "entry_changed"
    ELSEWHERE = "elsewhere"
    """The record is of a province that whoever is named may not decide on."""
    WAITS = "waits"
    """Others differ on it; a supervisor settles that."""


def out_of_date(looks: str | None, fingerprint: str) -> Why | None:
    """Why a decision on a record can't be taken in any more.

    Args:
        looks: Fingerprint of the record as it is; None where it is gone.
        fingerprint: Of the record as whoever decides saw it.
    """
    if looks is None:
        return Why.RECORD_GONE
    return None if looks == fingerprint else Why.RECORD_CHANGED


def entered(book: Book, new: Decision) -> tuple[Fate, Decision | None]:
    """Enter a decision where it says something new.

    Returns:
        What became of it, and the decision as it stands now where it was entered.
    """
    before = book.on(new.key)
    mine = [one for one in before if one.reviewer == new.reviewer]
    had = [one for one in mine if _source(one) == _source(new)]
    withdrawn = [one for one in before if one.state == State.WITHDRAWN]
    if any(one in had or _looked_at(one) == _looked_at(new) for one in withdrawn):
        return Fate.STALE, None
    words = [one for one in mine if one.state != State.TAKEN_BACK]
    if had or (words and _content(words[-1]) == _content(new)):
        return Fate.UNCHANGED, None
    stands = book.enter(new)
    return (Fate.CONFLICTING if stands.state == State.CONFLICT else Fate.ACCEPTED), stands


def _looked_at(one: Decision) -> tuple[object, ...]:
    return one.fingerprint, one.entries


def _content(one: Decision) -> tuple[object, ...]:
    return one.verdict, one.note, *_looked_at(one)


def _source(one: Decision) -> tuple[object, ...]:
    return one.source_digest, one.source_row

"""Which of several decisions hold: pure rules on what people said of records that touch each other.

The last word of each person counts. Where the words of two people can't both be true, both wait; a third, who is no party to it, settles it,
and what was said before is superseded. Two records that people linked to one entry wait in the same way, but those of guardians, who have a
record for each of their children; a third may confirm either, or both as one person entered twice. What was withdrawn or taken back counts
no longer.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

from connectors.review_store import Decision, Key
from connectors.review_tables import OVER, State
from matching.decision import Verdict

SEVERAL_RECORDS = frozenset({"guardian"})
"""Kinds of which one person may have several records."""


def states(decisions: Iterable[Decision]) -> dict[int, State]:
    """The state of each decision by its number.

    Args:
        decisions: All decisions on some records and on every record that a person linked to one of their entries.
    """
    by_record: dict[Key, list[Decision]] = defaultdict(list)
    for one in sorted(decisions, key=lambda one: one.number):
        by_record[one.key].append(one)
    found: dict[int, State] = {}
    for of_record in by_record.values():
        found |= _of_record(of_record)
    active = [one for some in by_record.values() for one in some if found[one.number] == State.ACTIVE]
    return found | _of_entries(active)


def _of_record(decisions: Sequence[Decision]) -> dict[int, State]:
    found = {one.number: State.SUPERSEDED for one in decisions}
    found |= {one.number: one.state for one in decisions if one.state in OVER}
    current = current_decisions(decisions)
    differ = any(contradict(one, other) for one, other in combinations(current, 2))
    return found | {one.number: State.CONFLICT if differ else State.ACTIVE for one in current}


def current_decisions(decisions: Sequence[Decision]) -> list[Decision]:
    """The last word of each person on one record, from the last settlement on."""
    last = {one.reviewer: one for one in decisions if one.state not in OVER}
    words = sorted(last.values(), key=lambda one: one.number)
    settled = max((place for place, one in enumerate(words) if one.settles), default=0)
    return words[settled:]


def contradict(one: Decision, other: Decision) -> bool:
    """Whether two decisions on one record can't both be true; a doubt contradicts a certainty."""
    verdicts = {one.verdict, other.verdict}
    if verdicts == {Verdict.SAME}:
        return one.numbers != other.numbers
    if verdicts == {Verdict.SAME, Verdict.NOT_SAME}:
        return bool(one.numbers & other.numbers)
    return len(verdicts) > 1


def claimed(one: Decision) -> frozenset[str]:
    """Entries that no other record of the kind can be linked to if a decision is true."""
    alone = one.verdict == Verdict.SAME and one.kind not in SEVERAL_RECORDS
    return one.numbers if alone else frozenset()


def _of_entries(active: Iterable[Decision]) -> dict[int, State]:
    """Decisions that link several records to one entry, and wait."""
    linking: dict[tuple[str, str], list[Decision]] = defaultdict(list)
    for one in active:
        for number in claimed(one):
            linking[one.kind, number].append(one)
    found: dict[int, State] = {}
    for some in linking.values():
        if len({one.key for one in some}) > 1:
            settled = {one.key for one in some if one.settles}
            found |= {one.number: State.CONFLICT for one in some if one.key not in settled}
    return found


def settles(reviewer: str, verdict: Verdict, key: Key, touching: Sequence[Decision]) -> bool:
    """Whether a new decision ends a conflict: its author is no party to it, or settled it before and decides anew.

    Args:
        reviewer: Who decides.
        verdict: What they say; a doubt settles nothing.
        key: The record.
        touching: The decisions on it and on records of the same entries, with their states.
    """
    if verdict == Verdict.UNSURE:
        return False
    words = current_decisions([one for one in touching if one.key == key])
    if any(one.settles and one.reviewer == reviewer for one in words):
        return True
    parties = {one.reviewer for one in touching if one.state == State.CONFLICT}
    return reviewer not in parties and any(one.state == State.CONFLICT for one in words)

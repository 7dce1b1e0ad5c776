"""Decisions on some records and on all that touch them, with what is entered now; states follow from `review.standing`."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from connectors.review_store import (
    Decision,
    Key,
    add_decisions,
    confirming,
    decisions_of,
    set_states,
)
from connectors.review_tables import OVER, State
from matching.decision import Verdict
from review.case_states import restate
from review.standing import claimed, settles, states

_NOT_STORED = 2**62
"""From here on count the numbers of decisions that the database has not numbered yet."""


class Book:
    """An open transaction's view of decisions; nothing is stored before it is closed."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._decisions: dict[int, Decision] = {}
        self._of_record: dict[Key, list[int]] = defaultdict(list)
        self._of_entry: dict[tuple[str, str], set[Key]] = defaultdict(set)
        self._before: dict[int, State] = {}
        self._causes: dict[int, str] = {}
        self._opened: set[Key] = set()
        self._entries_opened: set[str] = set()

    def open(self, keys: Iterable[Key]) -> None:
        """Read what was decided on records, and on all that touch them."""
        wanted = set(keys) - self._opened
        while wanted:
            self._opened |= wanted
            found = decisions_of(self._connection, wanted)
            for one in found:
                self._before[one.number] = one.state
                self._put(one)
            wanted = confirming(self._connection, _claimed(found)) - self._opened

    def open_entries(self, numbers: Iterable[str]) -> None:
        """Read what was decided on records that somebody linked to some entries; at once is quicker than one by one."""
        wanted = set(numbers) - self._entries_opened
        self._entries_opened |= wanted
        if wanted:
            self.open(confirming(self._connection, wanted))

    def on(self, key: Key) -> list[Decision]:
        """All decisions on a record, in their order."""
        return [self._decisions[number] for number in self._of_record.get(key, ())]

    def enter(self, new: Decision) -> Decision:
        """A decision is made; those that it touches get their states.

        Returns:
            The decision as it stands then.
        """
        if new.verdict == Verdict.SAME:
            self.open_entries(new.numbers)
        entered = replace(new, number=_NOT_STORED + len(self._decisions))
        self._put(entered)
        touching = self._touching(new.key)
        others = [one for one in touching if one.number != entered.number]
        if settles(new.reviewer, new.verdict, new.key, others):
            self._decisions[entered.number] = replace(entered, settles=True)
        self._causes[entered.number] = new.source_file
        self._settle(new.key, new.source_file)
        return self._decisions[entered.number]

    def withdraw(self, numbers: Iterable[int], cause: str) -> int:
        """Decisions whose ground has changed hold no longer; those that they contradicted may.

        Returns:
            How many held until now.
        """
        return self._end(numbers, State.WITHDRAWN, cause)

    def take_back(self, number: int, cause: str) -> int:
        """A decision is undone by whoever made it; what they said before counts again.

        Returns:
            How many held until now.
        """
        return self._end([number], State.TAKEN_BACK, cause)

    def _end(self, numbers: Iterable[int], state: State, cause: str) -> int:
        live = [number for number in numbers if self._decisions[number].state not in OVER]
        for number in live:
            self._decisions[number] = replace(self._decisions[number], state=state)
            self._causes[number] = cause
        for key in {self._decisions[number].key for number in live}:
            self._settle(key, cause)
        return len(live)

    def close(self, now: datetime) -> None:
        """Store what is new, and the states that are."""
        new = [one for number, one in sorted(self._decisions.items()) if number not in self._before]
        numbers = add_decisions(self._connection, new, now)
        stored = dict(zip([one.number for one in new], numbers, strict=True))
        for cause in dict.fromkeys(self._causes.values()):
            changed = {
                stored.get(number, number): self._decisions[number].state
                for number, of in self._causes.items()
                if of == cause and self._before.get(number) != self._decisions[number].state
            }
            set_states(self._connection, changed, cause, now)
        touched = {self._decisions[number].key for number in self._causes}
        restate(self._connection, {key: self.on(key) for key in touched})

    def _put(self, one: Decision) -> None:
        self._decisions[one.number] = one
        self._of_record[one.key].append(one.number)
        for number in claimed(one):
            self._of_entry[one.kind, number].add(one.key)

    def _settle(self, key: Key, cause: str) -> None:
        for number, state in states(self._touching(key)).items():
            if self._decisions[number].state != state:
                self._decisions[number] = replace(self._decisions[number], state=state)
                self._causes[number] = cause

    def _touching(self, key: Key) -> list[Decision]:
        """Decisions on a record, and on every record that claims an entry of one that is among them."""
        keys, fresh = {key}, {key}
        while fresh:
            confirmed = {(of[0], number) for of in fresh for number in _claimed(self.on(of))}
            fresh = {other for entry in confirmed for other in self._of_entry[entry]} - keys
            keys |= fresh
        return sorted((one for of in keys for one in self.on(of)), key=lambda one: one.number)


def _claimed(decisions: Iterable[Decision]) -> set[str]:
    return {number for one in decisions for number in claimed(one)}

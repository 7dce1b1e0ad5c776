"""Education facts about identified people, as the school side sends them: kept as they were stated last.

One fact is what a client says of a person in one role and school year. Sent again it changes nothing; stated at a
later moment it replaces; stated at an earlier one it is refused, for the registry knows better by then.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mock_population_api.security import Clock, now

_TABLE = """
    CREATE TABLE IF NOT EXISTS facts (
        client TEXT NOT NULL, personal_id TEXT NOT NULL, role TEXT NOT NULL, school_year TEXT NOT NULL,
        stated_at TEXT NOT NULL, content TEXT NOT NULL, changed_at TEXT NOT NULL,
        PRIMARY KEY (client, personal_id, role, school_year)) WITHOUT ROWID
"""
_KEY = ("personal_id", "role", "school_year")


@dataclass(frozen=True)
class Outcome:
    """What became of one fact."""

    ref: str
    outcome: str
    """created | updated | unchanged | rejected."""
    reason: str | None = None
    """Why it was rejected: a code of REASONS."""


REASONS = {
    "number_unknown": "the number is nobody's",
    "number_superseded": "the number has been replaced; look it up and send the current one",
    "number_former": "a number of 9 digits doesn't tell who is meant",
    "person_deceased": "the person is deceased",
    "stated_earlier": "a fact stated later is held already",
    "repeated": "another fact of this request is about the same person, role and school year",
}
"""Why a fact is rejected."""


class Enrichments:
    """The facts held beside one store. May be shared by threads."""

    def __init__(self, folder: Path, clock: Clock = now) -> None:
        file = folder / "enrichments.sqlite"
        file.touch(mode=0o600)
        self._clock = clock
        self._lock = threading.Lock()
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(_TABLE)

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._database.close()

    def upsert(
        self, client: str, facts: Iterable[Mapping[str, Any]], refused: Mapping[str, str]
    ) -> list[Outcome]:
        """Keep what `client` states, in one transaction.

        Args:
            client: whose facts these are.
            facts: with `ref`, `personal_id`, `role`, `school_year`, `stated_at` and what else is stated.
            refused: numbers about which nothing is taken → why.

        Returns:
            One outcome for each fact, in their order.
        """
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                outcomes = self._keep_all(client, facts, refused)
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")
        return outcomes

    def held(self, client: str, personal_id: str) -> list[dict[str, Any]]:
        """What `client` has stated of a person, by role and school year."""
        question = "SELECT content FROM facts WHERE client = ? AND personal_id = ? ORDER BY role, school_year"
        with self._lock:
            return [json.loads(row[0]) for row in self._database.execute(question, (client, personal_id))]

    def _keep_all(
        self, client: str, facts: Iterable[Mapping[str, Any]], refused: Mapping[str, str]
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        seen: set[tuple[str, ...]] = set()
        for fact in facts:
            key = tuple(fact[name] for name in _KEY)
            reason = "repeated" if key in seen else refused.get(fact["personal_id"])
            outcomes.append(
                Outcome(fact["ref"], "rejected", reason) if reason else self._keep(client, fact, key)
            )
            seen.add(key)
        return outcomes

    def _keep(self, client: str, fact: Mapping[str, Any], key: tuple[str, ...]) -> Outcome:
        content = json.dumps({name: value for name, value in fact.items() if name != "ref"}, sort_keys=True)
        held = self._database.execute(
            "SELECT stated_at, content FROM facts WHERE client = ? AND personal_id = ? AND role = ? AND school_year = ?",
            (client, *key),
        ).fetchone()
        if held is not None and held[1] == content:
            return Outcome(fact["ref"], "unchanged")
        if held is not None and held[0] >= fact["stated_at"]:
            return Outcome(fact["ref"], "rejected", "stated_earlier")
        moment = self._clock().isoformat(timespec="seconds")
        self._database.execute(
            "INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?, ?, ?)",
            (client, *key, fact["stated_at"], content, moment),
        )
        return Outcome(fact["ref"], "created" if held is None else "updated")

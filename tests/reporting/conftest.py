"""Small partitions of invented people, built one person at a time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from matching.registry import RegistryFacts
from matching.schemas import CANDIDATES, DECISIONS, RAW_RECORDS, RECORDS, REJECTS, SCHOOLS
from reporting.facts import Measures, RunFacts, Scope, measure
from reporting.open_rows import ListFacts, ListTables

TODAY = date(2026, 11, 21)
AGREES = {"name": "same", "birth_date": "same_day", "gender": "same", "number": "same"}


@dataclass
class Partition:
    """Rows of every table of a partition; `person` adds one record and its decision."""

    decisions: list[dict[str, Any]] = field(default_factory=list)
    candidates: list[dict[str, Any]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    raw: list[dict[str, Any]] = field(default_factory=list)
    schools: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)

    def person(self, record_id: str, reason: str = "number_verified", **given: Any) -> None:
        """A record with sensible values; `given` replaces them, `typed` what the school typed."""
        outcome = given.pop("outcome", "linked" if reason in _LINKED else "unlinked")
        typed = given.pop("typed", {})
        key = {"kind": given.pop("kind", "student"), "record_id": record_id}
        decision = {
            "decided_by": given.pop("decided_by", "claimed_id" if outcome == "linked" else None),
            "evidence": given.pop("evidence", AGREES),
        }
        known = {
            "province": "01",
            "school_code": "01000001",
            "level": "primary",
            "grade": "5",
            "name": "nguyễn thị hòa",
            "birth_from": date(2015, 3, 4),
            "birth_to": date(2015, 3, 4),
            "birth_precision": "day",
            "gender": "F",
            "claimed_id": "001315000001",
            **given,
        }
        as_typed = {
            "full_name": "Nguyễn Thị Hòa",
            "birth_date": "04/03/2015",
            "gender": "Nữ",
            "birth_place": "Hà Nội",
            "claimed_id": "001315000001",
            **typed,
        }
        self.decisions.append(
            {**key, "outcome": outcome, "reason": reason, **decision, "model": "m", "run": "r"}
        )
        self.records.append({**key, **known})
        self.raw.append(
            {
                **key,
                **{name: known[name] for name in ("province", "school_code", "level", "grade")},
                **as_typed,
            }
        )

    def candidate(self, record_id: str, rank: int, personal_id: str, name: str, **given: Any) -> None:
        """A candidate of a record."""
        born = given.pop("born", date(2015, 3, 4))
        row = {
            "kind": "student",
            "record_id": record_id,
            "rank": rank,
            "match_probability": 0.42,
            "personal_id": personal_id,
            "entry_full_name": name,
            "entry_birth_date": born,
            "entry_birth_precision": "day",
            "entry_gender": "F",
            "entry_birth_province": "035",
            "evidence": {"name": "one_edit"},
        }
        self.candidates.append({**row, **given})

    @property
    def tables(self) -> dict[str, pa.Table]:
        """The tables by name."""
        schemas = {
            "decisions": DECISIONS, "candidates": CANDIDATES, "records": RECORDS, "raw": RAW_RECORDS,
            "schools": SCHOOLS, "rejects": REJECTS,
        }  # fmt: skip
        return {
            name: pa.Table.from_pylist(getattr(self, name), schema=schema) for name, schema in schemas.items()
        }

    @property
    def lists(self) -> ListTables:
        """What lists are made from."""
        return ListTables(**{name: table for name, table in self.tables.items() if name != "rejects"})

    @property
    def measures(self) -> Measures:
        """The counts."""
        tables = self.tables
        return measure(
            tables["decisions"], tables["records"], tables["schools"], tables["rejects"], today=TODAY
        )


_LINKED = {
    "number_verified", "former_number_verified", "superseded_number_followed", "number_repaired",
    "evidence_agrees", "family_agrees", "duplicate_record",
}  # fmt: skip


@pytest.fixture
def partition() -> Partition:
    """An empty partition."""
    return Partition()


@pytest.fixture
def run_facts() -> RunFacts:
    """The facts of a run over two provinces."""
    return RunFacts(
        run="run-a",
        started="2026-11-21T01:00:00",
        finished="2026-11-21T01:10:30",
        scope=Scope(("teacher", "student"), ("01", "79")),
        model="model-a",
        code_version="0.1.0",
        registry=RegistryFacts(1_234_567, "2026-11-20", "sổ mô phỏng"),
        synthetic=True,
        passes=("claimed_id", "family", "exact_key", "fuzzy"),
        stage_seconds={"extract": 1.5, "link": 8.25},
    )


@pytest.fixture
def list_facts() -> ListFacts:
    """What lists carry: a test key, and pseudonyms that only this test can read."""
    return ListFacts(run="run-a", key=b"k" * 32, pseudonym=_pseudonym(), synthetic=True)


def _pseudonym() -> Callable[[str], str]:
    return lambda personal_id: "p" + "".join("abcdefghij"[int(digit)] for digit in personal_id)

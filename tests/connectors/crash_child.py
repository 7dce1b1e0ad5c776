"""Writes two runs over three partitions, the same every time: what `test_crash.py` kills and starts again."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import sqlalchemy as sa

from connectors.audit import Auditor
from connectors.database import open_database
from connectors.writeback import Partition, write_partition
from matching.schemas import CANDIDATES, DECISIONS

PROVINCES = ("01", "46", "79")
RECORDS = 800


def _decision(province: str, number: int, shift: int) -> dict[str, str | float | None]:
    row: dict[str, str | float | None] = {
        "kind": "student",
        "record_id": f"{province}-{number:05d}",
        "model": "m",
    }
    if number % 4 == shift:
        return row | {"outcome": "unlinked", "reason": "nobody_found", "decided_by": "fuzzy"}
    personal_id = f"001099{number * (1 + shift * (number % 3)):06d}"
    facts = {
        "outcome": "linked",
        "reason": "number_verified",
        "decided_by": "claimed_id",
        "match_probability": 0.99,
    }
    return row | facts | {"personal_id": personal_id}


def write_both_runs(url: str) -> None:
    """Write run r1, then r2, which changes a third of the links and loses others."""
    engine: sa.Engine = open_database(url, wait=30)
    now = datetime(2026, 11, 21, tzinfo=UTC)
    rates = pa.table({"in_scope": [RECORDS]})
    for run, shift in (("r1", 0), ("r2", 1)):
        for province in PROVINCES:
            now += timedelta(seconds=1)
            decisions = [_decision(province, number, shift) for number in range(RECORDS)]
            write_partition(
                engine,
                Partition(run, "student", province),
                pa.Table.from_pylist(decisions, schema=DECISIONS),
                CANDIDATES.empty_table(),
                rates,
                owner="night",
                now=now,
                auditor=Auditor(b"the key of the tests only", "tests"),
            )
    engine.dispose()


if __name__ == "<run_path>":
    globals()["started"].set()
    write_both_runs(globals()["url"])

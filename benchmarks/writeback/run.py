"""What a night's writing costs on a database: the first time, again unchanged, with changes, taken back; and reading.

    python -m benchmarks.writeback.run sqlite:///education.db [--records 1600000] [--json FILE]
    python -m benchmarks.writeback.run 'postgresql://postgres@/postgres?host=FOLDER_OF_ITS_SOCKET'

The database must be empty; it is filled and left. Seconds are wall time and CPU of the phase alone, making the synthetic
decisions left out; on PostgreSQL the CPU of the server's process counts with the client's. *peak* is the largest resident memory of the process that read, in MB.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from benchmarks.writeback.synthetic import OPEN_IN, PROVINCES, decisions, schools, students
from connectors.audit import Auditor, verify
from connectors.database import bulk_insert, open_database, reading, writing
from connectors.education import create_tables, read_links, read_partition
from connectors.education_tables import education_metadata, sync_metadata
from connectors.rollback import roll_back
from connectors.writeback import Partition, write_partition

AUDITOR = Auditor(b"the key of the benchmark only", "benchmark")
LISTS = ("links", "link_history", "link_conflicts", "review_items")


def now() -> datetime:
    return datetime.now(UTC)


def write_run(engine: sa.Engine, run: str, records: int, shift: int = 0) -> dict[str, float]:
    """One run over all provinces; seconds of all partitions together, and of the slowest."""
    seconds, began_cpu = [], cpu(engine)
    making = 0.0
    for code in PROVINCES:
        making -= time.process_time()
        told, found = decisions(code, records, shift)
        making += time.process_time()
        rates = pa.table({"in_scope": [records], "linked": [records - len(range(0, records, OPEN_IN))]})
        began = time.perf_counter()
        write_partition(
            engine, Partition(run, "student", code), told, found, rates, owner=run, now=now(), auditor=AUDITOR
        )
        seconds.append(time.perf_counter() - began)
    spent = cpu(engine) - began_cpu - making
    return {
        "seconds": sum(seconds),
        "cpu": spent,
        "slowest": max(seconds),
        "median": statistics.median(seconds),
    }


def cpu(engine: sa.Engine) -> float:
    """CPU seconds of this process and, where there is one on this machine, of the server's process that works for it."""
    if engine.dialect.name != "postgresql":
        return time.process_time()
    with reading(engine) as connection:
        backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    fields = Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def counted(engine: sa.Engine) -> dict[str, int]:
    with reading(engine) as connection:
        query = {name: sa.select(sa.func.count()).select_from(sync_metadata.tables[name]) for name in LISTS}
        return {name: connection.execute(one).scalar_one() for name, one in query.items()}


def timed(call: Any, *words: Any, **named: Any) -> dict[str, float]:
    began, began_cpu = time.perf_counter(), cpu(words[0])
    call(*words, **named)
    return {"seconds": time.perf_counter() - began, "cpu": cpu(words[0]) - began_cpu}


def fill(engine: sa.Engine, records: int) -> None:
    with writing(engine) as connection:
        bulk_insert(connection, education_metadata.tables["schools"], schools())
        for part in students(records):
            bulk_insert(connection, education_metadata.tables["students"], part)
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")


def read_all(url: str, what: str) -> None:
    """Read every partition, keep nothing; prints rows, seconds, MB. A process of its own, for its memory."""
    engine = open_database(url)
    began, rows = time.perf_counter(), 0
    for code in PROVINCES:
        if what == "links":
            rows += read_links(engine, "student", code).num_rows
        else:
            rows += sum(batch.num_rows for batch in read_partition(engine, "student", code))
    seconds, spent = time.perf_counter() - began, cpu(engine)
    # not ru_maxrss, which begins with what the process that started this one had
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "cpu": spent, "peak": peak}))


def read_apart(url: str, what: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.writeback.run", url, "--read", what]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(url: str, records: int) -> dict[str, Any]:
    engine = open_database(url)
    create_tables(engine)
    # so many records that so many are linked
    each = -(-records * OPEN_IN // ((OPEN_IN - 1) * len(PROVINCES)))
    told: dict[str, Any] = {"records": each * len(PROVINCES), "database": engine.dialect.name}
    told["first"] = write_run(engine, "run-1", each)
    before = counted(engine)
    told["unchanged"] = write_run(engine, "run-2", each)
    told["unchanged"]["rows_written"] = sum(counted(engine).values()) - sum(before.values())
    told["all IDs changed"] = write_run(engine, "run-3", each, shift=1)
    told["rolled back"] = timed(roll_back, engine, "run-3", "run-4", now(), AUDITOR)
    told["audit verified"] = timed(verify, engine, AUDITOR.key, {})
    told["rows"] = counted(engine)
    told["links read"] = read_apart(url, "links")
    told["filled"] = timed(fill, engine, each)
    told["records read"] = read_apart(url, "records")
    engine.dispose()
    return told


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url")
    parser.add_argument("--records", type=int, default=1_600_000, help="links to be written")
    parser.add_argument("--read", choices=("links", "records"))
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if asked.read:
        read_all(asked.url, asked.read)
        return
    told = measure(asked.url, asked.records)
    for phase, figures in told.items():
        print(f"{phase:<16} {json.dumps(figures)}")
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()

"""One bulk trace over HTTP: from the upload's first byte to the last byte of the result.

python -m benchmarks.registry_service.bulk REGISTRY STORE [--queries 1000000]
"""

import argparse
import io
import time
import uuid
from itertools import pairwise
from pathlib import Path

import httpx2
import pyarrow as pa

from benchmarks.registry_service.questions import drawn
from benchmarks.registry_service.serving import Served, serving, stated


def _stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _traced(served: Served, body: bytes) -> tuple[list[float], int, float]:
    """Seconds to bring the questions, to have them answered, to fetch the answers; rows; the most memory of its own (MB) seen meanwhile."""
    kind = {"Content-Type": "application/vnd.apache.arrow.stream", "Idempotency-Key": str(uuid.uuid4())}
    moments, most = [time.perf_counter()], 0.0
    with httpx2.Client(base_url=served.address, headers=served.headers, timeout=600) as http:
        job = http.post("/v1/jobs?operation=trace", content=body, headers=stated() | kind).json()["job_id"]
        moments.append(time.perf_counter())
        while (state := http.get(f"/v1/jobs/{job}", headers=stated()).json())["state"] in {
            "queued",
            "running",
        }:
            most = max(most, served.anonymous())
            time.sleep(0.5)
        assert state["state"] == "done", state
        moments.append(time.perf_counter())
        with http.stream("GET", f"/v1/jobs/{job}/result", headers=stated()) as result:
            for _ in result.iter_bytes():
                pass
    moments.append(time.perf_counter())
    return [later - earlier for earlier, later in pairwise(moments)], state["rows"], most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("registry", type=Path)
    parser.add_argument("store", type=Path)
    parser.add_argument("--queries", type=int, default=1_000_000)
    wanted = parser.parse_args()
    body = _stream(drawn(wanted.registry, wanted.queries, 11).drop_columns(["personal_id"]))
    with serving(wanted.registry, wanted.store) as served:
        seconds, rows, memory = _traced(served, body)
        upload, work, download = seconds
        print(
            f"{wanted.queries:,} queries: {sum(seconds):.1f} s (upload {upload:.1f}, work {work:.1f}, download {download:.1f}), "
            f"{rows:,} candidates, memory of its own {memory:,.0f} MB"
        )


if __name__ == "__main__":
    main()

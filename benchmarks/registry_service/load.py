"""Single questions by 1, 10 and 50 clients at once, each asking again as soon as it is answered: times and throughput.

python -m benchmarks.registry_service.load REGISTRY STORE [--seconds 20] [--clients 1,10,50]
"""

import argparse
import asyncio
import time
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from benchmarks.registry_service.questions import drawn
from benchmarks.registry_service.serving import Served, serving, stated

Json = dict[str, Any]


def _bodies(registry: Path, count: int) -> dict[str, list[Json]]:
    rows = drawn(registry, count, 7).to_pylist()
    numbers = [{"numbers": [row.pop("personal_id")]} for row in rows]
    return {"/v1/lookup": numbers, "/v1/trace": [{"queries": [row]} for row in rows]}


async def _asking(http: httpx2.AsyncClient, path: str, bodies: Any, until: float, seen: list[float]) -> None:
    while (began := time.perf_counter()) < until:
        answer = await http.post(path, json=next(bodies), headers=stated())
        answer.raise_for_status()
        seen.append(time.perf_counter() - began)


async def _run(served: Served, path: str, bodies: list[Json], clients: int, seconds: float) -> np.ndarray:
    limits = httpx2.Limits(max_connections=clients)
    source, seen = cycle(bodies), []
    async with httpx2.AsyncClient(
        base_url=served.address, headers=served.headers, limits=limits, timeout=300
    ) as http:
        until = time.perf_counter() + seconds
        await asyncio.gather(*(_asking(http, path, source, until, seen) for _ in range(clients)))
    return np.array(seen) * 1000


def _told(path: str, clients: int, seconds: float, times: np.ndarray, used: float) -> str:
    p50, p99 = np.percentile(times, [50, 99])
    return f"| {path} | {clients} | {len(times) / seconds:,.1f} | {p50:,.1f} | {p99:,.1f} | {used / len(times) * 1000:.1f} | {len(times)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("registry", type=Path)
    parser.add_argument("store", type=Path)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", default="1,10,50")
    parser.add_argument("--routes", default="/v1/lookup,/v1/trace")
    wanted = parser.parse_args()
    bodies = _bodies(wanted.registry, 2000)
    with serving(wanted.registry, wanted.store) as served:
        print(f"ready after {served.ready_after:.1f} s")
        print(
            "| route | clients | answers a second | p50 ms | p99 ms | processor ms each | answers |\n|---|---|---|---|---|---|---|"
        )
        for path in wanted.routes.split(","):
            for clients in map(int, wanted.clients.split(",")):
                before = served.processor_seconds()
                times = asyncio.run(_run(served, path, bodies[path], clients, wanted.seconds))
                used = served.processor_seconds() - before
                print(_told(path, clients, wanted.seconds, times, used), flush=True)
        print(f"memory of its own {served.anonymous():,.0f} MB, most resident {served.peak():,.0f} MB")


if __name__ == "__main__":
    main()

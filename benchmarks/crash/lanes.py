"""Both databases side by side, each a process of its own; what they found, in words."""

import argparse
import contextlib
import io
import math
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.crash.forked import Wrong, begin_call
from benchmarks.crash.lane import Lane
from benchmarks.crash.registry_process import RegistryProcess
from benchmarks.crash.scenes import Databases, Files, Server, scenes
from benchmarks.crash.worlds import World, make_world
from benchmarks.postgres_server import PostgresServer
from pipelines.cli import run as command

_ORDER = (
    "begin", "extract", "normalise", "link", "look_again", "resolve", "gate", "write_back", "report", "conclude",
)  # fmt: skip


def run_lanes(given: argparse.Namespace, work: Path, api: str) -> int:
    """All of it; 1 where something ended otherwise than undisturbed."""
    began = time.monotonic()
    world = make_world(given.world or work / "world")
    if not given.small:
        _warm(world, work)
    _await_prefect(api)
    names = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    server = PostgresServer() if "postgresql" in names else None
    if server:
        server.start()
    try:
        made: dict[str, Callable[[], Databases]] = {
            "sqlite": lambda: Files(work / "sqlite" / "databases"),
            "postgresql": lambda: Server(server),  # type: ignore[arg-type]
        }
        prepared = time.monotonic() - began
        begun = {name: begin_call(_lane(given, work, world, name, made[name], len(names))) for name in names}
        told = {name: one.answer() for name, one in begun.items()}
    finally:
        if server:
            server.stop()
    return _say(told, prepared, time.monotonic() - began)


def _warm(world: World, work: Path) -> None:
    """Link once from the folders in this process: what is forked from it finds everything imported and compiled."""
    folders = [str(world.folder / "education"), str(world.registry), str(work / "warm")]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
        code = command(["--lang", "en", "link", *folders])
    if code:
        raise SystemExit(said.getvalue())
    shutil.rmtree(work / "warm")


def _await_prefect(api: str) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(f"{api}/health", timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    raise SystemExit("the Prefect server did not come up")


def _lane(
    given: argparse.Namespace,
    work: Path,
    world: World,
    name: str,
    databases: Callable[[], Databases],
    lanes: int,
) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        folder = work / name
        folder.mkdir(parents=True, exist_ok=True)
        lane = Lane(
            name,
            world,
            folder,
            random.Random(f"{given.seed} {name}"),
            RegistryProcess(world, folder / "store"),
            given.work is None,
        )
        lane.registry.start()
        try:
            kinds = ("--kind", "teacher") if given.small else ()
            known = scenes(world, databases(), folder, lane.registry.address, kinds)
            made = [make() for scene, make in known.items() if given.scene in (scene, "both")]
            share = -(-given.kills // lanes)
            ended = time.monotonic() + (given.seconds or math.inf)
            while lane.kills < share and time.monotonic() < ended:
                lane.until_done(made[lane.episodes % len(made)], share - lane.kills)
        except Wrong as wrong:
            lane.problems.append(f"{name}: {wrong}")
        finally:
            lane.registry.kill()
        return _told(lane)

    return run


def _told(lane: Lane) -> dict[str, Any]:
    return {
        "kills": lane.kills, "fell": dict(lane.fell), "runs": lane.episodes, "registry": lane.registry_kills,
        "asked": lane.asked / max(1, lane.episodes), "litter": lane.litter, "problems": lane.problems,
    }  # fmt: skip


def _say(told: dict[str, dict[str, Any]], prepared: float, seconds: float) -> int:
    """What was found; the exit code."""
    fell: Counter[str] = Counter()
    for name, lane in told.items():
        fell.update(lane["fell"])
        print(
            f"{name}: {lane['kills']} kills in {lane['runs']} runs, the registry killed {lane['registry']} times, "
            f"{lane['asked']:.2f} times the questions, {lane['litter']} unfinished files left"
        )
    print("kills by stage: " + ", ".join(f"{stage} {fell[stage]}" for stage in _ORDER))
    print(f"{fell.total()} kills in {seconds:.0f} s, {prepared:.0f} s of them preparing")
    problems = [problem for lane in told.values() for problem in lane["problems"]]
    print(
        "\n".join(["Not as undisturbed:", *problems])
        if problems
        else "Every run ended as the undisturbed one."
    )
    return 1 if problems else 0

"""Runs on one database, killed until done: this process only forks, waits and kills, so that every attempt begins with all imported.

It opens no database and starts no thread; what needs these is done in a child of its own.
"""

import os
import random
import select
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.crash.child import BEGIN, RUN, Start, attempt
from benchmarks.crash.forked import Wrong, fork, in_child
from benchmarks.crash.points import Point, draw
from benchmarks.crash.registry_process import RegistryProcess
from benchmarks.crash.state import Left, left_by
from benchmarks.crash.worlds import World, begun

_PATIENCE = 600.0
"""Seconds in which an attempt must come to an end."""
_REGISTRY_TOO = 0.12
"""Share of the attempts in which the registry is killed as well; an assumption."""
_MOST_ATTEMPTS = 120


@dataclass
class Attempt:
    """One process that runs."""

    pid: int
    events: int
    seen: list[tuple[str, float]] = field(default_factory=list)
    _half: str = ""
    _ended: bool = False

    def read(self, seconds: float) -> bool:
        """Take in what it says within so many seconds; False when it has ended."""
        if self._ended:
            return False
        if select.select([self.events], [], [], max(0.0, seconds))[0]:
            told = os.read(self.events, 65_536).decode()
            self._ended = not told
            *lines, self._half = (self._half + told).split("\n")
            self.seen += [(line, time.monotonic()) for line in lines]
        return not self._ended

    def until(self, event: str) -> bool:
        """Whether it came to an event before it ended."""
        deadline = time.monotonic() + _PATIENCE
        while event not in {one for one, _ in self.seen}:
            if not self.read(deadline - time.monotonic()) or time.monotonic() > deadline:
                return False
        return True

    def end(self, patience: float = _PATIENCE) -> int:
        """Its exit code, once it has ended by itself; it is killed when it does not.

        Raises:
            Wrong: It hung.
        """
        deadline = time.monotonic() + patience
        while self.read(deadline - time.monotonic()):
            if time.monotonic() > deadline:
                self.kill()
                raise Wrong(f"hung after {self.seen[-1][0] if self.seen else BEGIN}")
        return self._reap()

    def kill(self) -> int:
        """Kill it now; its exit code where it was faster."""
        os.kill(self.pid, signal.SIGKILL)
        while self.read(1.0):
            pass
        return self._reap()

    def _reap(self) -> int:
        os.close(self.events)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def begin(start: Start, words: Sequence[str], log: Path) -> Attempt:
    """Fork a process that runs a command."""
    reading, writing = os.pipe()

    def run() -> int:
        os.close(reading)
        return attempt(start, words, writing, log)

    pid = fork(run)
    os.close(writing)
    return Attempt(pid, reading)


@dataclass(frozen=True)
class Scene:
    """A beginning that runs are started from: a database and a home to be copied."""

    name: str
    words: tuple[str, ...]
    copy_database: Callable[[Path], str]
    home: Path


@dataclass
class Lane:
    """One database's share of the kills."""

    name: str
    world: World
    work: Path
    chance: random.Random
    registry: RegistryProcess
    keep_none: bool = True
    fell: Counter[str] = field(default_factory=Counter)
    """Stage → kills that fell there."""
    episodes: int = 0
    registry_kills: int = 0
    asked: float = 0.0
    litter: int = 0
    problems: list[str] = field(default_factory=list)
    _known: dict[str, tuple[Left, list[tuple[str, float]]]] = field(default_factory=dict)

    @property
    def kills(self) -> int:
        """So far."""
        return self.fell.total()

    def undisturbed(self, scene: Scene) -> tuple[Left, list[tuple[str, float]]]:
        """What a run that nobody kills leaves, and its events with their seconds; made once."""
        if scene.name not in self._known:
            start, log = self._begun(scene, f"{scene.name}-undisturbed")
            running = begin(start, scene.words, log)
            if code := running.end():
                raise Wrong(
                    f"the undisturbed run of {scene.name} ended with {code}: {log.read_text()[-800:]}"
                )
            ended = time.monotonic()
            moments = [*[at for _, at in running.seen[1:]], ended]
            events = [(event, after - at) for (event, at), after in zip(running.seen, moments, strict=True)]
            self._known[scene.name] = (_left(start), events)
        return self._known[scene.name]

    def until_done(self, scene: Scene, most: int) -> None:
        """One run, killed at random until it is done, then held against the undisturbed one.

        Args:
            scene: Where it begins.
            most: Kills, at most.
        """
        left, events = self.undisturbed(scene)
        self.episodes += 1
        start, log = self._begun(scene, f"{scene.name}-{self.episodes}")
        order = {event: place for place, (event, _) in enumerate(events)}
        reached, kills = -1, 0
        for _ in range(_MOST_ATTEMPTS):
            point = draw(self.chance, events, reached) if kills < most else None
            running = begin(start, self._words(scene, start), log)
            code = self._meet(running, point)
            if code == -signal.SIGKILL:
                kills += 1
                last = running.seen[-1][0] if running.seen else BEGIN
                self.fell[last.rpartition("/")[2]] += 1
                reached = max([reached, *[order.get(event, -1) for event, _ in running.seen]])
            elif self._done(code, start):
                break
            elif code not in {2, 5}:
                raise Wrong(f"{scene.name}: exit code {code}: {log.read_text()[-800:]}")
        else:
            raise Wrong(f"{scene.name}: not done after {_MOST_ATTEMPTS} attempts")
        self._compare(scene, left, _left(start), kills)
        if self.keep_none:
            shutil.rmtree(start.home.parent)

    def _meet(self, running: Attempt, point: Point | None) -> int:
        """Let it run to the point and kill it, in some cases the registry first; its exit code."""
        if point is None:
            return running.end()
        if not running.until(point.event):
            return running.end()
        if self.chance.random() < _REGISTRY_TOO:
            self.registry.kill()
            self.registry_kills += 1
            running.read(self.chance.uniform(0, 0.3))
            self.registry.start()
        time.sleep(point.after)
        return running.kill()

    def _words(self, scene: Scene, start: Start) -> Sequence[str]:
        """As an officer does it: go on with what broke off; where nothing had begun, begin."""
        known = (start.home / "runs" / RUN).is_dir() and in_child(lambda: begun(start.url))
        return ("sync", "--resume") if known else scene.words

    def _done(self, code: int, start: Start) -> bool:
        """Whether all is done: it says so, or, having been killed at its very end, has nothing to resume."""
        return code == 0 or (code == 2 and (start.home / "audit" / f"{RUN}.json").is_file())

    def _begun(self, scene: Scene, name: str) -> tuple[Start, Path]:
        folder = self.work / name
        folder.mkdir(parents=True)
        home = folder / "home"
        shutil.copytree(scene.home, home)
        url = in_child(lambda: scene.copy_database(folder))
        return Start(url, home, self.registry.address, self.world.secret), folder / "log"

    def _compare(self, scene: Scene, wanted: Left, found: Left, kills: int) -> None:
        self.litter += found.litter
        self.asked += found.asked / max(1, wanted.asked)
        if names := wanted.differs(found):
            self.problems.append(f"{self.name} {scene.name}, after {kills} kills: {', '.join(names)}")


def _left(start: Start) -> Left:
    return Left(**in_child(lambda: left_by(start).as_json()))

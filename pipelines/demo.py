"""The trial: a synthetic world, a database, a mock registry of its own, and a run; the second time, a night later.

Nobody in it is real. The mock registry is another party: its program is called, nothing of it is imported.
"""

import json
import secrets
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.checkpoints import owners_folder
from pipelines.errors import PipelineError
from pipelines.local_registry import READY_FILE

PROVINCES = ("01", "38", "48", "79")
"""Hà Nội, Thanh Hóa, Đà Nẵng, Thành phố Hồ Chí Minh."""
SEED = 1
CLIENT = "identity-sync"


class DemoFailed(PipelineError):
    """A program of the trial is missing or did not do its part.

    Attributes:
        command: Which.
        code: Its exit code; None when it isn't there.
    """

    def __init__(self, command: str, code: int | None) -> None:
        self.command = command
        self.code = code
        super().__init__(f"{command} " + ("is not there" if code is None else f"ended with code {code}"))


@dataclass(frozen=True)
class Size:
    """How large the world is."""

    people: int = 300_000
    students: int = 25_000
    teachers: int = 4_000


@dataclass(frozen=True)
class Demo:
    """The trial's folder."""

    folder: Path

    @property
    def world(self) -> Path:
        """Registry, education and truth, as the mock's program makes them."""
        return self.folder / "world"

    @property
    def database(self) -> Path:
        """The education database."""
        return self.folder / "education.db"

    @property
    def config(self) -> Path:
        """Settings for it: found by every later command in the same place."""
        return self.folder / "identity-sync.toml"

    @property
    def secret(self) -> Path:
        """The secret that we and the mock registry share."""
        return self.folder / "registry.secret"

    @property
    def is_made(self) -> bool:
        """Whether the world is there; its manifest is written last."""
        return (self.world / "MANIFEST.json").is_file()

    @property
    def nights(self) -> int:
        """How many nights the world has seen."""
        manifest = json.loads((self.world / "MANIFEST.json").read_text(encoding="utf-8"))
        return int(manifest.get("arguments", manifest).get("night") or 0)


def make_world(demo: Demo, size: Size) -> None:
    """Make the synthetic world.

    Raises:
        DemoFailed: The mock's program failed.
    """
    owners_folder(demo.folder)
    _mock(
        "generate", "--people", size.people, "--seed", SEED, "--provinces", ",".join(PROVINCES),
        "--students", size.students, "--teachers", size.teachers, "--out", demo.world,
    )  # fmt: skip


def pass_a_night(demo: Demo) -> None:
    """Let schools correct and add records for a day.

    Raises:
        DemoFailed: The mock's program failed.
    """
    _mock("evolve", demo.world, "--seed", demo.nights + 1)


def write_config(demo: Demo) -> None:
    """Write the trial's settings, and a secret of its own, where they are missing."""
    folder = demo.folder.resolve()
    if not demo.secret.is_file():
        demo.secret.touch(mode=0o600)
        demo.secret.write_text(secrets.token_urlsafe(32), encoding="utf-8")
    command = [
        str(_program()), "serve", "--registry", str(folder / "world/registry"), "--store", str(folder / "store"),
        "--client", f"{CLIENT}:{folder / demo.secret.name}", "--ready-file", READY_FILE,
    ]  # fmt: skip
    lines = {
        "database_url": f"sqlite:///{folder / demo.database.name}",
        "home": "sync",
        "registry_client_id": CLIENT,
        "registry_secret_file": demo.secret.name,
        "registry_command": command,
    }
    words = "\n".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in lines.items())
    demo.config.write_text(
        f"# written by identity-sync demo: synthetic people, a mock registry\n{words}\n", encoding="utf-8"
    )


def _program() -> Path:
    """The mock's program, installed beside ours."""
    return Path(sys.executable).with_name("mock-population-api")


def _mock(*arguments: object) -> None:
    words: Sequence[str] = [str(_program()), *map(str, arguments)]
    try:
        # its talk is not our data
        done = subprocess.run(words, check=False, stdout=sys.stderr, stdin=subprocess.DEVNULL)  # noqa: S603 (our own program, our own words)
    except FileNotFoundError:
        raise DemoFailed(words[0], None) from None
    if done.returncode:
        raise DemoFailed(f"{_program().name} {arguments[0]}", done.returncode)

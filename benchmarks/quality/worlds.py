"""Worlds to measure on, made by the mock's own command; everybody in them is invented, how often each error occurs is assumed.

    python -m benchmarks.quality.worlds FOLDER [--people 1000000 --students 20000 --teachers 16000 --seed 1 --profile default]

Makes FOLDER unless it holds a world, and lists the worlds beside it. Several profiles and seeds: several folders.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

OPTIONS = {"people": 1_000_000, "students": 20_000, "teachers": 16_000, "seed": 1, "profile": "default"}
"""What makes a world, and the defaults."""


@dataclass(frozen=True)
class World:
    """The folders of a world."""

    folder: Path

    @property
    def education(self) -> Path:
        """What schools typed."""
        return self.folder / "education"

    @property
    def registry(self) -> Path:
        """The extract."""
        return self.folder / "registry"

    @property
    def truth(self) -> Path:
        """`kind, record_id, personal_id` (null: nobody), `errors`, `minority`, `in_registry`, `in_scope`."""
        return self.folder / "truth" / "truth.parquet"

    @property
    def made_with(self) -> dict[str, object]:
        """The arguments it was made with, empty where there is no manifest."""
        manifest = self.folder / "MANIFEST.json"
        return json.loads(manifest.read_text())["arguments"] if manifest.exists() else {}

    def there(self) -> bool:
        """Whether it is complete: the manifest is written last."""
        return self.truth.exists() and bool(self.made_with)


def made(world: World, asked: dict[str, object]) -> World:
    """The world, made by the mock's command unless it is there."""
    if not world.there():
        options = [f"--{name}={asked[name]}" for name in OPTIONS]
        command = [sys.executable, "-m", "mock_population_api.cli", "generate", *options]
        subprocess.run([*command, "--out", str(world.folder)], check=True)
    return world


def listed(folder: Path) -> list[str]:
    """One line per world directly under a folder."""
    worlds = [World(path) for path in sorted(folder.iterdir()) if World(path).there()]
    return [
        f"{world.folder}  "
        + "  ".join(f"{name} {value}" for name, value in world.made_with.items() if name in OPTIONS)
        for world in worlds
    ]


def main() -> None:
    """Make one, list all beside it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("world", type=Path)
    for name, default in OPTIONS.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    asked = parser.parse_args()
    made(World(asked.world), vars(asked))
    print("\n".join(listed(asked.world.parent)))


if __name__ == "__main__":
    main()

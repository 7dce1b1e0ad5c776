"""Splink 5.0.0 on the same records and the same registry, with the same blocking rules: the peer.

    python -m benchmarks.quality.peer_splink WORLD --kind teacher --work FOLDER [--environment FOLDER] [--records 100000] [--json FILE]

Exports the world (`benchmarks.quality.exports`), makes an environment of its own from `splink_requirements.txt` unless it is
there, runs `splink_program.py` in it, and sweeps its thresholds: the most recall at 0.5, 1 and 2 false links in 10,000, and what its own
P >= .99 gives. Twice: as Splink judges, each pair alone; and with its weights made a probability over all candidates of a record and
none of them, which Splink does not do, to tell how much of a difference that alone explains. Synthetic data only.
"""

import argparse
import datetime
import json
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.quality.curves import Curve, curve, point_line, readings
from benchmarks.quality.exports import entries_in, exported
from benchmarks.quality.measured import Run, measured
from benchmarks.quality.ours import chosen
from benchmarks.quality.worlds import World
from matching.schemas import KINDS

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Peer:
    """What the peer is run with."""

    environment: Path
    """Its virtual environment."""
    work: Path
    """Exports, database, results; of one world."""
    memory: str = "6GB"
    max_pairs: float = 3e6
    """Random pairs for u."""
    training: str = "labels"
    """How m is estimated among pairs of one number: em or labels."""
    place_frequency: bool = True
    """Whether communes and provinces count by their frequency."""


@dataclass(frozen=True)
class PeerResult:
    """What the peer did for one kind."""

    kind: str
    run: Run
    facts: dict[str, object]
    findable: int
    alone: Curve
    shared: Curve
    """With the probability over all candidates, which is ours to add."""

    def as_dict(self) -> dict[str, object]:
        """For JSON; stages in seconds, peak in MB."""
        return {
            "kind": self.kind, "records": self.facts["records"], "findable": self.findable, "run": asdict(self.run),
            "stages": self.facts["stages"], "pairs_kept": self.facts["pairs_kept"],
            "splink": readings(self.alone), "splink_shared": readings(self.shared),
            "curve": self.alone.thinned(), "model": self.facts["model"],
        }  # fmt: skip


def environment(folder: Path) -> Path:
    """Its Python, the environment made by pip unless it is there."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--requirement",
            str(HERE / "splink_requirements.txt"),
        ]
        subprocess.run(pip, check=True)
    return python


def run_peer(world: World, kind: str, peer: Peer, records: int | None, as_of: datetime.date) -> PeerResult:
    """Export, train, predict, sweep.

    Args:
        world: the world.
        kind: which records.
        peer: what it is run with.
        records: about how many of them, chosen by a hash of their number; all when None.
        as_of: the day ages are reckoned to.
    """
    export = peer.work / "export"
    exported(world, export, as_of)
    folder = peer.work / kind
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    job = {
        "records": str(export / f"{kind}.parquet"), "registry": str(export / "registry.parquet"), "kind": kind,
        "entries": entries_in(export), "in_registry": 0.99, "work": str(folder), "memory": peer.memory, "max_pairs": peer.max_pairs,
        "best": str(folder / "best.parquet"), "facts": str(folder / "facts.json"), "training": peer.training,
        "sample": chosen("split_part(unique_id, '#', 1)", one_in(peer, kind, records)), "place_frequency": peer.place_frequency,
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(job, indent=1))
    run = measured(
        [str(environment(peer.environment)), str(HERE / "splink_program.py"), str(folder / "job.json")]
    )
    (folder / "splink.duckdb").unlink()
    return _result(world, kind, folder, job, run)


def one_in(peer: Peer, kind: str, records: int | None) -> int:
    """Of how many records of a kind one is taken, so that about so many are."""
    if not records:
        return 1
    return max(1, round(_count(f"SELECT count(*) FROM '{peer.work}/export/{kind}.parquet'") / records))


def _count(sql: str) -> int:
    return duckdb.sql(sql).fetchall()[0][0]


def _result(world: World, kind: str, folder: Path, job: dict[str, object], run: Run) -> PeerResult:
    best = duckdb.sql(
        f"""
        SELECT b.weight, b.odds, coalesce(b.personal_id = t.personal_id, false) AS correct, b.probability
        FROM '{folder}/best.parquet' b JOIN '{world.truth}' t ON t.kind = '{kind}' AND t.record_id = b.record_id
        """
    ).fetchnumpy()
    findable = _count(
        f"""
        SELECT count(*) FROM '{world.truth}' t WHERE kind = '{kind}' AND personal_id IS NOT NULL AND record_id IN (
            SELECT split_part(unique_id, '#', 1) FROM '{job["records"]}' WHERE {job["sample"]})
        """
    )
    correct = np.asarray(best["correct"], bool)
    shared = np.exp2(np.minimum(best["weight"], 200)) / (1 + best["odds"])
    facts = json.loads((folder / "facts.json").read_text())
    alone = curve(best["weight"], correct, findable)
    return PeerResult(kind, run, facts, findable, _as_probabilities(alone), curve(shared, correct, findable))


def _as_probabilities(alone: Curve) -> Curve:
    """Thresholds as P, of which weights near certainty have more to tell."""
    return Curve(1 / (1 + np.exp2(-alone.threshold)), alone.linked, alone.false_links, alone.findable)


def lines(result: dict[str, object]) -> list[str]:
    """One peer's result as text."""
    run = result["run"]
    stages = ", ".join(f"{name} {taken['cpu']:.0f}" for name, taken in result["stages"].items())
    head = f"{result['kind']}: {result['records']} records; {run['cpu']:.0f} s CPU ({stages}), {run['wall']:.0f} s wall, peak {run['peak']:.0f} MB"
    return [head] + [
        f"  {program:14}{name:12}" + (point_line(point) if point else "no threshold keeps it")
        for program in ("splink", "splink_shared")
        for name, point in result[program].items()
    ]


def add_peer_options(parser: argparse.ArgumentParser) -> None:
    """What the peer can be run with, on a command line."""
    parser.add_argument("--work", type=Path, required=True, help="exports and results; one folder per world")
    parser.add_argument(
        "--environment", type=Path, help="the peer's environment; WORK/environment when left out"
    )
    parser.add_argument("--records", type=int, help="about so many records of a kind; all when left out")
    parser.add_argument("--memory", default="6GB")
    parser.add_argument("--max-pairs", type=float, default=3e6)
    parser.add_argument("--training", choices=("em", "labels"), default="labels")
    parser.add_argument("--no-place-frequency", action="store_true")


def peer_of(asked: argparse.Namespace) -> Peer:
    """The peer of those options."""
    return Peer(
        asked.environment or asked.work / "environment", asked.work, asked.memory, asked.max_pairs, asked.training,
        not asked.no_place_frequency,
    )  # fmt: skip


def today() -> datetime.date:
    """The day ages are reckoned to, as `identity-sync link` reckons them."""
    return datetime.date.today()  # noqa: DTZ011 (the user's own day)


def main() -> None:
    """Run, print, keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("world", type=Path)
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--json", type=Path)
    add_peer_options(parser)
    asked = parser.parse_args()
    result = run_peer(World(asked.world), asked.kind, peer_of(asked), asked.records, today()).as_dict()
    print("\n".join(lines(result)))
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

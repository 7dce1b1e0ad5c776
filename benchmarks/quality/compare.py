"""Both programs on one world: how much each finds at the same rate of false links, what each takes, and a picture of it.

    python -m benchmarks.quality.compare WORLD --work FOLDER [--kinds teacher,student] [--decisions DECISIONS] [--svg FILE] [--json FILE]

Runs `identity-sync link` with default settings (unless decisions are given) and the peer for each kind (`peer_splink`). Our
threshold is swept like the peer's, over the stated probability of each record's best candidate, besides what the default
settings link. Our seconds are those of the whole command, all kinds, normalising and preparing the extract included; the peer's
are those of loading, training and predicting from tables already normalised. Synthetic data only.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.quality.curves import RATES, Curve, point_line
from benchmarks.quality.measured import Run, measured
from benchmarks.quality.ours import Ours, ours
from benchmarks.quality.peer_splink import (
    Peer,
    PeerResult,
    add_peer_options,
    one_in,
    peer_of,
    run_peer,
    today,
)
from benchmarks.quality.peer_splink import lines as peer_lines
from benchmarks.quality.svg import Series, picture
from benchmarks.quality.worlds import World
from matching.schemas import KINDS


def missed_ratios(us: Curve, them: Curve, rates: tuple[float, ...]) -> dict[str, float | None]:
    """Missed links of ours / the peer's at the same rates of false links; None where one keeps the rate nowhere."""
    ratios = {}
    for rate in rates:
        points = us.best_within(rate), them.best_within(rate)
        missed = [1 - point.recall for point in points if point]
        ratios[f"{rate:.2f}"] = missed[0] / missed[1] if len(missed) == 2 and missed[1] else None
    return ratios


def compared(us: Ours, peer: PeerResult) -> dict[str, object]:
    """One kind, both programs."""
    rates = (*RATES, us.per_10000) if us.per_10000 not in RATES else RATES
    return {
        "kind": us.kind,
        "ours": us.as_dict(),
        "peer": peer.as_dict(),
        "missed_ours_to_splink": missed_ratios(us.swept, peer.alone, rates),
        "missed_ours_to_splink_shared": missed_ratios(us.swept, peer.shared, rates),
    }


def lines(row: dict[str, object]) -> list[str]:
    """One kind as text."""
    us = row["ours"]
    points = [f"  ours          {name:12}{point_line(point)}" for name, point in us["ours"].items() if point]
    ratios = [
        f"  missed links, ours / {them} at "
        + ", ".join(f"{rate} in 10,000: {_ratio(value)}" for rate, value in row[key].items())
        for them, key in (
            ("Splink", "missed_ours_to_splink"),
            ("Splink shared", "missed_ours_to_splink_shared"),
        )
    ]
    default = f"  ours          default     recall {us['recall']:.4f}  false {us['false_links']:4} of {us['linked']}  per 10,000 {us['per_10000']:.2f}"
    return [*peer_lines(row["peer"]), *points, default, *ratios]


def _ratio(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def link(world: World, out: Path) -> Run:
    """`identity-sync link` with default settings."""
    folders = [str(folder) for folder in (world.education, world.registry, out)]
    return measured([sys.executable, "-m", "pipelines.cli", "link", *folders])


def drawn(rows: list[tuple[Ours, PeerResult]]) -> str:
    """The curves as SVG: ours drawn through, the peer's dashed, a dot where our default settings lie."""
    panels = [
        (
            us.kind,
            [
                Series("identity-sync", us.swept.thinned(20_000), dashed=False),
                Series("Splink 5.0.0", peer.alone.thinned(20_000), dashed=True),
            ],
            (us.per_10000, us.recall),
        )
        for us, peer in rows
    ]
    return picture(panels)


def cpu_ratio(run: Run | None, peers: list[PeerResult], whole: bool) -> str:
    """Ours / the peer's where both did all records of all kinds."""
    theirs = sum(peer.run.cpu for peer in peers)
    if run is None or not whole:
        return "CPU: compared only when our command is run here and the peer runs all records of all kinds"
    return f"CPU: ours {run.cpu:.0f} s (all kinds, from files as typed), Splink {theirs:.0f} s (from normalised tables): ratio {run.cpu / theirs:.2f}"


def main() -> None:
    """Run both, print, draw, keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("world", type=Path)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--decisions", type=Path, help="ours, made before; else they are made now")
    parser.add_argument("--svg", type=Path)
    parser.add_argument("--json", type=Path)
    add_peer_options(parser)
    asked = parser.parse_args()
    world, peer, kinds = World(asked.world), peer_of(asked), asked.kinds.split(",")
    run = None if asked.decisions else link(world, asked.work / "ours")
    decisions = asked.decisions or asked.work / "ours" / "decisions.parquet"
    rows = [_both(world, decisions, kind, peer, asked.records) for kind in kinds]
    results = [compared(*row) for row in rows]
    for result in results:
        print("\n".join(lines(result)))
    print(cpu_ratio(run, [peer for _, peer in rows], not asked.records and set(kinds) == set(KINDS)))
    _keep(asked.svg, drawn(rows))
    _keep(asked.json, json.dumps({"our_run": run and asdict(run), "kinds": results}, indent=1))


def _both(
    world: World, decisions: Path, kind: str, peer: Peer, records: int | None
) -> tuple[Ours, PeerResult]:
    result = run_peer(world, kind, peer, records, today())
    return ours(world.truth, decisions, kind, one_in(peer, kind, records)), result


def _keep(path: Path | None, text: str) -> None:
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()

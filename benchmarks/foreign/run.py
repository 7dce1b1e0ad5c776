"""Link a foreign pair of folders and say how right that is.

    python -m benchmarks.foreign.run OUT [--profile people]

OUT as `benchmarks.foreign.pseudopeople` or `benchmarks.foreign.febrl` made it. Prints precision and recall of what was linked, and what they would be
if every best candidate from a stated probability on were linked, which is how peers were measured on the same data.
"""

import argparse
import datetime
import json
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.foreign.folders import ABOUT

CUTS = (0.5, 0.9, 0.95, 0.99, 0.999)
"""Probabilities at which the best candidates are counted."""

BARS = {"pseudopeople": (0.9999, 0.99), "febrl": (1.0, 0.992)}
"""Precision and recall to reach on what is linked: above what the best peer reached on the same data."""

_COUNTS = """
    SELECT count(t.personal_id), count(*) FILTER (chosen), count(*) FILTER (chosen AND one = t.personal_id)
    FROM (SELECT record_id, kind, coalesce(personal_id, candidate_id) AS one, ({chosen}) AS chosen FROM read_parquet($decisions))
    JOIN read_parquet($truth) t USING (kind, record_id)
"""


@dataclass(frozen=True)
class Rates:
    """What became of the records that were counted as linked."""

    findable: int
    linked: int
    right: int

    @property
    def precision(self) -> float:
        """Of the links, how many are right; 1 without any."""
        return self.right / self.linked if self.linked else 1.0

    @property
    def recall(self) -> float:
        """Of the people in the registry, how many are linked to themselves."""
        return self.right / max(self.findable, 1)

    def __str__(self) -> str:
        return f"{self.linked:7,} linked {self.linked - self.right:4} wrong  precision {self.precision:.5f}  recall {self.recall:.4f}"


def rates(decisions: Path, truth: Path, chosen: str = "outcome = 'linked'") -> Rates:
    """Count.

    Args:
        decisions: what linkage decided (matching.schemas.DECISIONS).
        truth: kind, record_id, personal_id.
        chosen: a condition on decisions: which of them count as links.
    """
    with duckdb.connect() as con:
        found = con.execute(
            _COUNTS.format(chosen=chosen), {"decisions": str(decisions), "truth": str(truth)}
        ).fetchall()
    return Rates(*found[0])


def linked(out: Path, profile: str) -> Path:
    """Link OUT/education with OUT/registry; the decisions."""
    from pipelines.link_folder import link_folders

    as_of = datetime.date.fromisoformat(json.loads((out / ABOUT).read_text())["as_of"])
    done = link_folders(
        out / "education", out / "registry", out / "out", profile=profile, as_of=as_of, run="foreign"
    )
    return done.decisions


def main() -> None:
    """Link, count, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--profile", default="people")
    asked = parser.parse_args()
    truth = asked.out / "truth" / "truth.parquet"
    began = time.perf_counter()
    decisions = linked(asked.out, asked.profile)
    print(f"{time.perf_counter() - began:.1f} s")
    whole = rates(decisions, truth)
    print(f"as decided {whole}")
    for cut in CUTS:
        print(f"from {cut:<5} {rates(decisions, truth, f'coalesce(match_probability >= {cut}, false)')}")
    source = json.loads((asked.out / ABOUT).read_text())["source"]
    precision, recall = BARS[source]
    reached = whole.precision >= precision and whole.recall >= recall
    print(f"{source}: precision {precision} and recall {recall} {'reached' if reached else 'not reached'}")


if __name__ == "__main__":
    main()

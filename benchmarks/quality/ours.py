"""Our decisions as a curve: the threshold swept over the stated probability of each record's best candidate."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.quality.curves import Curve, curve, readings


@dataclass(frozen=True)
class Ours:
    """What we did for one kind."""

    kind: str
    findable: int
    linked: int
    false_links: int
    swept: Curve

    @property
    def recall(self) -> float:
        """At default settings."""
        return (self.linked - self.false_links) / max(self.findable, 1)

    @property
    def per_10000(self) -> float:
        """At default settings."""
        return 1e4 * self.false_links / max(self.linked, 1)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "findable": self.findable, "linked": self.linked, "false_links": self.false_links, "recall": self.recall,
            "per_10000": self.per_10000, "ours": readings(self.swept), "curve": self.swept.thinned(),
        }  # fmt: skip


def ours(truth: Path, decisions: Path, kind: str, take_one_in: int = 1) -> Ours:
    """Our decisions on one kind.

    Args:
        truth: truth.parquet of a world.
        decisions: decisions.parquet.
        kind: which records.
        take_one_in: the peer's sample, taken here too.
    """
    rows = duckdb.sql(
        f"""
        SELECT coalesce(d.match_probability, 0) AS stated, d.outcome = 'linked' AS linked, t.personal_id IS NOT NULL AS findable,
               coalesce(d.personal_id, d.candidate_id) IS NOT NULL AS proposed,
               coalesce(coalesce(d.personal_id, d.candidate_id) = t.personal_id, false) AS correct
        FROM '{decisions}' d JOIN '{truth}' t USING (kind, record_id)
        WHERE d.kind = '{kind}' AND {chosen("d.record_id", take_one_in)}
        """
    ).fetchnumpy()
    linked, findable, proposed, correct = (
        np.asarray(rows[name], bool) for name in ("linked", "findable", "proposed", "correct")
    )
    swept = curve(np.asarray(rows["stated"])[proposed], correct[proposed], int(findable.sum()))
    return Ours(kind, swept.findable, int(linked.sum()), int((linked & ~correct).sum()), swept)


def chosen(record_id: str, take_one_in: int) -> str:
    """SQL for whether a record is in the sample: the same records with every version of DuckDB."""
    return f"md5_number_lower({record_id}) % {take_one_in} = 0" if take_one_in > 1 else "true"

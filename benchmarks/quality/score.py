"""Decisions against the truth of a generated world: how much is found, how much is wrong, where, and whether stated probabilities hold.

    python -m benchmarks.quality.score WORLD [--decisions OUT/decisions.parquet] [--candidates OUT/candidates.parquet] [--json FILE]

Prints per kind, for all and for minority names: recall, false links with the upper end of their 95 % interval (Clopper and
Pearson), what goes to review and how often its best candidate is right, and how often the true entry was in sight at all; then the same
by the errors that were made on a record, the calibration of the best candidates, and the false links by their evidence. A record
is findable when the registry holds its person. Worlds are synthetic, how often each error occurs in them is assumed.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from benchmarks.quality.curves import point_line
from benchmarks.quality.intervals import upper_bound, within_factor
from benchmarks.quality.ours import ours
from benchmarks.quality.worlds import World

BINS = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0)
"""Edges of the stated probability of the best candidate; the last bin holds its upper edge."""

_SCORED = """
    CREATE OR REPLACE TEMP TABLE scored AS
    WITH offered AS (
        SELECT c.kind, c.record_id FROM read_parquet($candidates) c
        JOIN read_parquet($truth) t USING (kind, record_id) WHERE c.personal_id = t.personal_id GROUP BY ALL)
    SELECT d.kind, d.record_id, d.outcome, d.match_probability AS stated, d.evidence, t.errors, t.minority,
           t.personal_id IS NOT NULL AS findable, d.outcome = 'linked' AS linked, d.outcome = 'clerical_review' AS review,
           coalesce(coalesce(d.personal_id, d.candidate_id) = t.personal_id, false) AS best_right,
           best_right OR o.record_id IS NOT NULL AS in_sight,
           linked AND NOT best_right AS wrong, linked AND best_right AS found
    FROM read_parquet($decisions) d JOIN read_parquet($truth) t USING (kind, record_id)
    LEFT JOIN offered o USING (kind, record_id)
"""

_COUNTS = """
    count(*) AS records, count(*) FILTER (findable) AS findable, count(*) FILTER (linked) AS linked,
    count(*) FILTER (found) AS found, count(*) FILTER (wrong) AS false_links, count(*) FILTER (review) AS review,
    count(*) FILTER (review AND best_right) AS review_right, count(*) FILTER (findable AND in_sight) AS in_sight
"""


@dataclass(frozen=True)
class Rates:
    """What became of a group of records."""

    kind: str
    group: str
    records: int
    findable: int
    linked: int
    found: int
    false_links: int
    review: int
    review_right: int
    in_sight: int

    def as_dict(self) -> dict[str, object]:
        """Counts with the rates that follow from them."""
        return {
            **asdict(self),
            "recall": self.found / max(self.findable, 1),
            "per_10000": 1e4 * self.false_links / max(self.linked, 1),
            "upper_per_10000": 1e4 * upper_bound(self.false_links, self.linked),
            "review_share": self.review / max(self.records, 1),
            "review_best_right": self.review_right / max(self.review, 1),
            "in_sight_share": self.in_sight / max(self.findable, 1),
        }


@dataclass(frozen=True)
class Bin:
    """Best candidates whose stated probability lies between two edges."""

    kind: str
    low: float
    high: float
    records: int
    stated: float
    right: int

    def as_dict(self) -> dict[str, object]:
        """With the verdict: whether the observed error is within a factor of two of the stated one."""
        wrong = self.records - self.right
        return {
            **asdict(self),
            "stated_error": 1 - self.stated,
            "observed_error": wrong / max(self.records, 1),
            "verdict": within_factor(wrong, self.records, 1 - self.stated),
        }


def score(truth: Path, decisions: Path, candidates: Path) -> dict[str, list[dict[str, object]]]:
    """All tables of this module.

    Args:
        truth: truth.parquet of a world.
        decisions: what linkage decided (matching.schemas.DECISIONS).
        candidates: the best candidates of what it did not link (matching.schemas.CANDIDATES).

    Returns:
        `kinds`, `errors`, `calibration`, `false_links`, `thresholds` (best recall at a rate of false links): rows for JSON.
    """
    paths = {"truth": str(truth), "decisions": str(decisions), "candidates": str(candidates)}
    with duckdb.connect() as con:
        con.execute(_SCORED, paths)
        kinds = _rates(con, "'all'", "scored") + _rates(con, "'minority'", "scored WHERE minority")
        errors = _rates(con, "error", "(SELECT *, unnest(errors) AS error FROM scored)")
        errors += _rates(con, "'(none)'", "scored WHERE len(errors) = 0")
        return {
            "kinds": [rates.as_dict() for rates in kinds],
            "errors": [rates.as_dict() for rates in errors],
            "calibration": [one.as_dict() for one in _bins(con)],
            "false_links": _false_links(con),
            "thresholds": _thresholds(truth, decisions, sorted({rates.kind for rates in kinds})),
        }


def _rates(con: duckdb.DuckDBPyConnection, group: str, source: str) -> list[Rates]:
    rows = con.sql(f"SELECT kind, {group} AS grp, {_COUNTS} FROM {source} GROUP BY ALL ORDER BY ALL")
    return [Rates(*row) for row in rows.fetchall()]


def _bins(con: duckdb.DuckDBPyConnection) -> list[Bin]:
    """Every record with a best candidate, linked or not."""
    reached = " + ".join(f"CAST(stated >= {edge} AS INT)" for edge in BINS[1:-1])
    rows = con.sql(
        f"""
        SELECT kind, {reached} AS bin, count(*), avg(stated),
               count(*) FILTER (best_right)
        FROM scored WHERE stated >= {BINS[0]} GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    return [Bin(kind, BINS[at], BINS[at + 1], *rest) for kind, at, *rest in rows]


def _false_links(con: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    """False links counted by the levels they rest on and the errors made on the record."""
    names = con.sql("SELECT unnest(evidence) FROM scored LIMIT 0").columns
    levels = ", ".join(f"'{name}=' || evidence.{name}" for name in names)
    rows = con.sql(
        f"""
        SELECT kind, concat_ws(' ', {levels}) AS evidence, concat_ws('+', CASE WHEN NOT findable THEN '(not in registry)' END,
               nullif(array_to_string(list_sort(errors), '+'), '')) AS made, count(*) AS links, avg(stated) AS stated
        FROM scored WHERE wrong GROUP BY ALL ORDER BY kind, links DESC, evidence, made
        """
    )
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]


def _thresholds(truth: Path, decisions: Path, kinds: list[str]) -> list[dict[str, object]]:
    """What other thresholds than the default ones would give."""
    return [
        {"kind": kind, "at": name, **point}
        for kind in kinds
        for name, point in ours(truth, decisions, kind).as_dict()["ours"].items()
        if point
    ]


def lines(result: dict[str, list[dict[str, object]]]) -> list[str]:
    """The tables as text."""
    return [
        *_rate_lines(result["kinds"], "whose"), "",
        *_rate_lines(result["errors"], "error"), "",
        *_bin_lines(result["calibration"]), "",
        *_false_lines(result["false_links"]), "",
        *(f"{row['kind']:9}{row['at']:12}{point_line(row)}" for row in result["thresholds"]),
    ]  # fmt: skip


def _rate_lines(rows: list[dict[str, object]], group: str) -> list[str]:
    head = (
        f"{'kind':9}{group:25}{'records':>9}{'findable':>9}{'linked':>9}{'recall':>9}{'false':>7}{'per 10,000':>12}{'upper':>8}"
        f"{'review':>9}{'its best right':>16}{'in sight':>10}"
    )
    return [head] + [
        f"{row['kind']:9}{row['group']:25}{row['records']:9}{row['findable']:9}{row['linked']:9}{row['recall']:9.4f}"
        f"{row['false_links']:7}{row['per_10000']:12.2f}{row['upper_per_10000']:8.2f}{row['review_share']:9.4f}"
        f"{row['review_best_right']:16.4f}{row['in_sight_share']:10.4f}"
        for row in rows
    ]


def _bin_lines(rows: list[dict[str, object]]) -> list[str]:
    head = f"{'kind':9}{'stated':16}{'records':>9}{'right':>9}{'stated error':>14}{'observed':>11}  within a factor of two"
    return [head] + [
        f"{row['kind']:9}{row['low']:<7g} {row['high']:<8g}{row['records']:9}{row['right']:9}"
        f"{row['stated_error']:14.6f}{row['observed_error']:11.6f}  {row['verdict']}"
        for row in rows
    ]


def _false_lines(rows: list[dict[str, object]]) -> list[str]:
    head = f"{'kind':9}{'links':>6}{'stated':>10}  evidence | errors made"
    return [head] + [
        f"{row['kind']:9}{row['links']:6}{row['stated']:10.6f}  {row['evidence']} | {row['made'] or '(none)'}"
        for row in rows
    ]


def main() -> None:
    """Score, print, keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("world", type=Path)
    parser.add_argument("--decisions", type=Path, help="WORLD/out/decisions.parquet when left out")
    parser.add_argument("--candidates", type=Path, help="beside the decisions when left out")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    decisions = asked.decisions or asked.world / "out" / "decisions.parquet"
    result = score(
        World(asked.world).truth, decisions, asked.candidates or decisions.with_name("candidates.parquet")
    )
    print("\n".join(lines(result)))
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()

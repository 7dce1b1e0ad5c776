"""What each comparison weighed, for the best candidates of every record: the table that explanations are read from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from matching.deciding import evidence, texts
from matching.found import CASCADE, Searched
from matching.keys import id_text
from matching.parts import COMPARED, PARTS
from matching.schemas import EVIDENCE
from matching.weighing import NEGLIGIBLE

WEIGHTS = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("record_id", pa.string()),
        pa.field("rank", pa.int8()),  # 1 is the best, 3 at most
        pa.field("personal_id", pa.string()),
        *[pa.field(part, pa.float32()) for part in PARTS],  # log2; their sum is the match weight
        pa.field("weight", pa.float64()),  # log2 w_c (matching.posterior)
        pa.field("probability", pa.float64()),  # over all candidates and nobody
        pa.field("nobody", pa.float64()),  # P(none of the candidates), the same for all of a record
        pa.field("evidence", EVIDENCE),
        pa.field("decided_by", pa.string()),  # the pass that weighed them, also of a record that stayed open
        pa.field("model", pa.string()),
    ]
)
"""The best candidates of every record, linked or not, with what each comparison added to their match weight."""


def weights_table(records: pa.Table, searched: Searched) -> pa.Table:
    """WEIGHTS of one kind, in the order of the records.

    A best candidate stands there however unlikely it is; a second or third where it could still count, if not by all of the evidence then
    without some of it.

    Args:
        records: RECORDS.
        searched: what the cascade found for them.
    """
    best = searched.shortlist
    worth = (best.entry != 0) & (best.weight >= NEGLIGIBLE)
    worth[:, :1] = best.entry[:, :1] != 0
    line, place = np.nonzero(worth)
    of_record = pa.array(best.row[line])
    parts = best.parts[line, place]
    return pa.table(
        {
            "kind": records["kind"].take(of_record),
            "record_id": records["record_id"].take(of_record),
            "rank": pa.array((place + 1).astype(np.int8)),
            "personal_id": id_text(best.entry[line, place]),
            **{part: pa.array(parts[:, at]) for at, part in enumerate(PARTS)},
            "weight": pa.array(best.weight[line, place]),
            "probability": pa.array(best.probability[line, place]),
            "nobody": pa.array(best.nobody[line]),
            "evidence": evidence(best.levels[line, place]),
            "decided_by": texts(best.decided_by[line], CASCADE),
            "model": texts(np.zeros(len(line), np.int8), (searched.facts.model.name,)),
        },
        schema=WEIGHTS,
    )


def without_each(candidates: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """The probability of each candidate if one comparison had not been made.

    An approximation among the candidates kept: their weights are taken without that comparison, while the mass of nobody and that of all
    other candidates stay as they are. Others whom only this comparison tells apart from the best (people of another name born that day,
    when the name is left out) are not looked for again, so the true figure may be lower.

    Args:
        candidates: rows of WEIGHTS of one record.

    Returns:
        For each candidate, comparison (`matching.parts.COMPARED`) → its probability.
    """
    best = max(candidates, key=lambda row: row["weight"], default=None)
    if best is None or best["probability"] <= 0:
        return [dict.fromkeys(COMPARED, 0.0) for _ in candidates]
    # all masses are measured by the best candidate's, which is 1
    whole = 1 / best["probability"]
    mass = np.array([2.0 ** (row["weight"] - best["weight"]) for row in candidates])
    others = max(whole - mass.sum(), 0.0)
    part = np.array([[row[name] for name in COMPARED] for row in candidates])
    left = mass[:, None] * np.exp2(-part)
    share = left / (left.sum(axis=0) + others)
    return [dict(zip(COMPARED, map(float, row), strict=True)) for row in share]

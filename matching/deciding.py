"""From what was found to what is said of each record: outcome, reason, evidence."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching import levels
from matching.cascade import CASCADE, Found, LinkSettings, Searched
from matching.decision import Outcome, Reason
from matching.keys import id_text
from matching.passes import family
from matching.resolve import Resolution
from matching.schemas import CANDIDATES, DECISIONS, EVIDENCE

_FIELDS = list(levels.COMPARISONS)
_NAME, _BIRTH, _GENDER, _NUMBER = (_FIELDS.index(f) for f in ("name", "birth_date", "gender", "number"))


@dataclass(frozen=True)
class Facts:
    """Per record, what reasons are drawn from beside the evidence."""

    has_name: np.ndarray
    has_birth: np.ndarray
    form: np.ndarray
    """`claimed_form` of RECORDS, as text."""
    number_found: np.ndarray
    """Whether the registry holds the number that the record claims."""
    shared_number: np.ndarray
    left_out: np.ndarray


def facts_of(records: pa.Table, searched: Searched) -> Facts:
    """Collect them from RECORDS and the search."""
    rows = np.arange(len(records))
    return Facts(
        has_name=pc.is_valid(records["name"]).to_numpy(zero_copy_only=False),
        has_birth=pc.is_valid(records["birth_precision"]).to_numpy(zero_copy_only=False),
        form=np.asarray(records["claimed_form"].fill_null("missing").to_pylist(), dtype=object),
        number_found=np.isin(rows, searched.claims["row"].to_numpy()),
        shared_number=searched.subjects.shared_number,
        left_out=pc.is_valid(records["left_out"]).to_numpy(zero_copy_only=False),
    )


def outcomes(found: Found, resolution: Resolution, facts: Facts, settings: LinkSettings) -> np.ndarray:
    """One Outcome per record."""
    linked = found.decided_by >= 0
    linked[resolution.contested] = False
    review = ~linked & (
        (found.probability >= settings.review_from) | np.isin(np.arange(len(linked)), resolution.contested)
    )
    result = np.where(
        linked, Outcome.LINKED, np.where(review, Outcome.CLERICAL_REVIEW, Outcome.UNLINKED)
    ).astype(object)
    result[facts.left_out] = Outcome.UNLINKED
    return result


def reasons(outcome: np.ndarray, found: Found, resolution: Resolution, facts: Facts) -> np.ndarray:
    """One Reason per record: the first that holds."""
    linked = outcome == Outcome.LINKED
    rows = np.arange(len(outcome))
    result = np.where(linked, _linked_reason(found), _open_reason(found, facts))
    result[linked & np.isin(rows, resolution.duplicate)] = Reason.DUPLICATE_RECORD
    result[np.isin(rows, resolution.contested)] = Reason.ENTRY_SHARED
    return result


def _linked_reason(found: Found) -> np.ndarray:
    """By the number if it carried the link, else by the pass."""
    number = found.levels[:, _NUMBER]
    by_number = {
        "same": Reason.NUMBER_VERIFIED,
        "former_same": Reason.FORMER_NUMBER_VERIFIED,
        "superseded": Reason.SUPERSEDED_NUMBER_FOLLOWED,
        "zero_restored": Reason.NUMBER_REPAIRED,
        "one_digit": Reason.NUMBER_REPAIRED,
    }
    conditions = [number == levels.NUMBER.index(level) for level in by_number]
    conditions.append(found.decided_by == CASCADE.index(family.NAME))
    return np.select(conditions, [*by_number.values(), Reason.FAMILY_AGREES], Reason.EVIDENCE_AGREES).astype(
        object
    )


def _open_reason(found: Found, facts: Facts) -> np.ndarray:
    """What stood in the way, the most telling first."""
    name, birth = found.levels[:, _NAME], found.levels[:, _BIRTH]
    compared = found.entry != 0
    likely = compared & (found.probability >= 0.01)
    rival = likely & (found.runner_up >= found.probability / 4)
    by_number = np.isin(
        found.levels[:, _NUMBER], [levels.NUMBER.index(x) for x in ("same", "former_same", "superseded")]
    )
    name_differs = name >= levels.NAME.index("one_edit")
    name_differs &= name != levels.NAME.index("missing")
    birth_differs = (birth > levels.BIRTH_DATE.index("default_day")) & (
        birth < levels.BIRTH_DATE.index("missing")
    )
    birth_differs &= birth != levels.BIRTH_DATE.index("coarse")
    told = (name != levels.NAME.index("missing")) & (birth != levels.BIRTH_DATE.index("missing"))
    far = (name >= levels.NAME.index("similar")) & (birth >= levels.BIRTH_DATE.index("same_year")) & told
    return np.select(
        [
            facts.left_out,
            found.deceased & (found.probability >= 0.5),
            facts.shared_number & by_number,
            facts.number_found & (~by_number | far),
            rival,
            likely & name_differs & ~(birth_differs & (birth > name)),
            likely & birth_differs,
            likely & (found.levels[:, _GENDER] == levels.GENDER.index("different")),
            likely,
            facts.form == "lost_in_spreadsheet",
            facts.form == "wrong_form",
            ~facts.has_name | ~facts.has_birth,
            np.isin(facts.form, ["personal", "former", "zero_restored"]) & ~facts.number_found,
        ],
        [
            Reason.FOREIGN_NATIONAL,
            Reason.REGISTRY_DECEASED,
            Reason.NUMBER_SHARED,
            Reason.NUMBER_OF_ANOTHER,
            Reason.SEVERAL_FIT,
            Reason.NAME_DIFFERS,
            Reason.BIRTH_DATE_DIFFERS,
            Reason.GENDER_DIFFERS,
            Reason.WEAK_EVIDENCE,
            Reason.NUMBER_LOST,
            Reason.NUMBER_WRONG_FORM,
            Reason.TOO_LITTLE_DATA,
            Reason.NUMBER_UNKNOWN,
        ],
        Reason.NOBODY_FOUND,
    ).astype(object)


def decisions(
    records: pa.Table, outcome: np.ndarray, reason: np.ndarray, found: Found, model: str, run: str
) -> pa.Table:
    """DECISIONS, one row per record in the order of the records."""
    linked = outcome == Outcome.LINKED
    passes = np.array([*CASCADE, None], dtype=object)
    compared = found.entry != 0
    return pa.table(
        {
            "kind": records["kind"],
            "record_id": records["record_id"],
            "outcome": pa.array([str(value) for value in outcome], pa.string()),
            "reason": pa.array([str(value) for value in reason], pa.string()),
            "personal_id": id_text(np.where(linked, found.entry, 0)),
            "candidate_id": id_text(np.where(linked, 0, found.entry)),
            "match_probability": pa.array(found.probability, mask=~compared),
            "runner_up_probability": pa.array(found.runner_up, mask=~compared),
            "decided_by": pa.array(passes[np.where(linked, found.decided_by, -1)], pa.string()),
            "evidence": evidence(found.levels),
            "model": pa.array([model] * len(records), pa.string()),
            "run": pa.array([run] * len(records), pa.string()),
        },
        schema=DECISIONS,
    )


def evidence(codes: np.ndarray) -> pa.Array:
    """Level codes (n × comparisons, -1 for not compared) as EVIDENCE."""
    columns = [
        pa.array(np.array([*names, None], dtype=object)[codes[:, at]], pa.string())
        for at, names in enumerate(levels.COMPARISONS.values())
    ]
    return pa.StructArray.from_arrays(columns, fields=list(EVIDENCE))


MOST_CANDIDATES = 3


def candidates(records: pa.Table, outcome: np.ndarray, searched: Searched, entries: pa.Table) -> pa.Table:
    """CANDIDATES of the records that were not linked, best first.

    Args:
        records: RECORDS.
        outcome: per record.
        searched: the ranked candidates of all records.
        entries: ENTRY rows of all candidates shown, in any order.
    """
    ranked = searched.ranked
    open_row = outcome[ranked.scored.row] != Outcome.LINKED
    shown = np.flatnonzero(open_row & (ranked.rank < MOST_CANDIDATES) & (ranked.probability >= WORTH_SHOWING))
    rows, personal_id = ranked.scored.row[shown], id_text(ranked.scored.entry[shown])
    at = pc.index_in(personal_id, value_set=entries["personal_id"].combine_chunks())
    table = {
        "kind": records["kind"].take(pa.array(rows)),
        "record_id": records["record_id"].take(pa.array(rows)),
        "rank": pa.array((ranked.rank[shown] + 1).astype(np.int8)),
        "match_probability": pa.array(ranked.probability[shown]),
        "evidence": evidence(ranked.scored.levels[shown]),
        "personal_id": personal_id,
    }
    for name in CANDIDATES.names:
        if name not in table:
            table[name] = entries[name.removeprefix("entry_")].take(at)
    return pa.table(table).select(CANDIDATES.names).cast(CANDIDATES)


WORTH_SHOWING = 1e-3
"""A candidate less likely than this tells a reviewer nothing."""


def shown_entries(outcome: np.ndarray, searched: Searched) -> pa.Array:
    """Personal IDs of the entries that `candidates` will show."""
    ranked = searched.ranked
    shown = (outcome[ranked.scored.row] != Outcome.LINKED) & (ranked.rank < MOST_CANDIDATES)
    shown &= ranked.probability >= WORTH_SHOWING
    return id_text(np.unique(ranked.scored.entry[shown]))

"""From what was found to what is said of each record: outcome, reason, evidence."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching import levels
from matching.decision import BY_PERSON, Outcome, Reason, Verdict
from matching.found import CASCADE, CONFIRMED, Found, LinkSettings, Searched
from matching.keys import id_text
from matching.normalise.identifiers import Form
from matching.passes import family
from matching.registry import Silence
from matching.resolve import Resolution
from matching.schemas import CANDIDATES, DECISIONS, EVIDENCE
from matching.verdicts import HOLDS

_FIELDS = list(levels.COMPARISONS)
_NAME, _BIRTH, _GENDER, _BIRTH_PLACE, _RESIDENCE, _NUMBER = (
    _FIELDS.index(f) for f in ("name", "birth_date", "gender", "birth_place", "residence", "number")
)


_VERIFIED = [levels.NUMBER.index(level) for level in ("same", "former_same", "superseded")]
"""Levels of a number that leads to the entry."""
_FORMER = levels.NUMBER.index("former_same")

FORMS = tuple(Form)
"""Codes of the forms of claimed numbers."""


@dataclass(frozen=True)
class Facts:
    """Per record, what reasons are drawn from beside the evidence."""

    has_name: np.ndarray
    has_birth: np.ndarray
    form: np.ndarray
    """`claimed_form` of RECORDS, position in FORMS, -1 when missing."""
    number_found: np.ndarray
    """Whether the registry holds the number that the record claims."""
    shared_number: np.ndarray
    left_out: np.ndarray
    silence: Silence
    """Of whom the registry has not said all, and no verified number stands for the link."""
    held: np.ndarray
    """Position in `matching.verdicts.HOLDS` of what a person said, -1 where nobody left the record open."""


def without_silent(found: Found, silence: Silence) -> Found:
    """What was found, without anything on records of which the registry has not said all.

    Somebody else who fits is no answer: the person may be the one withheld, or the one not told of. A number that was verified, and what
    a person decided, stands.
    """
    number = found.levels[:, _NUMBER]
    silent = silence.unasked & ~np.isin(number, _VERIFIED)
    # a former number does not speak against a present one that is withheld
    silent |= silence.withheld & ~np.isin(number, [level for level in _VERIFIED if level != _FORMER])
    silent |= silence.anywhere() & (found.decided_by < 0)
    silent &= found.decided_by != CONFIRMED
    if not silent.any():
        return found
    return replace(
        found,
        entry=np.where(silent, 0, found.entry),
        probability=np.where(silent, 0.0, found.probability),
        runner_up=np.where(silent, 0.0, found.runner_up),
        levels=np.where(silent[:, None], np.int8(-1), found.levels),
        deceased=found.deceased & ~silent,
        decided_by=np.where(silent, -1, found.decided_by).astype(found.decided_by.dtype),
    )


def through_guardians(found: Found, records: pa.Table, kin: pa.Table | None) -> Found:
    """Pupils who were open until their guardians were known are found through the family, whichever pass then settled them.

    Else a night would take them for links that stand by themselves, and have the guardians confirmed by the children whom they confirmed.

    Args:
        found: what was found.
        records: RECORDS.
        kin: `family.KIN`, who records are likely to be by their family.
    """
    if kin is None:
        return found
    children = kin["record_id"].filter(pc.equal(kin["slot"], family.CHILD)).combine_chunks()
    is_child = pc.is_in(records["record_id"], value_set=children).to_numpy()
    decided_by = np.where(is_child & found.by_machine, CASCADE.index(family.NAME), found.decided_by)
    return replace(found, decided_by=decided_by.astype(found.decided_by.dtype))


def facts_of(records: pa.Table, searched: Searched, silence: Silence) -> Facts:
    """Collect them from RECORDS, the search, and what the registry did not say."""
    number_found = np.zeros(len(records), bool)
    number_found[searched.claims.row] = True
    return Facts(
        has_name=pc.is_valid(records["name"]).to_numpy(zero_copy_only=False),
        has_birth=pc.is_valid(records["birth_precision"]).to_numpy(zero_copy_only=False),
        form=_form_codes(records["claimed_form"]),
        number_found=number_found,
        shared_number=searched.subjects.shared_number,
        left_out=pc.is_valid(records["left_out"]).to_numpy(zero_copy_only=False),
        silence=silence,
        held=searched.verdicts.held,
    )


def _form_codes(forms: pa.ChunkedArray) -> np.ndarray:
    at = pc.index_in(forms.combine_chunks(), value_set=pa.array([str(form) for form in FORMS]))
    return np.asarray(pc.fill_null(at, -1).to_numpy(zero_copy_only=False))


def outcomes(found: Found, resolution: Resolution, facts: Facts, settings: LinkSettings) -> np.ndarray:
    """One outcome per record: its position in OUTCOMES."""
    linked = found.decided_by >= 0
    linked[resolution.contested] = False
    review = found.probability >= settings.review_from
    review[resolution.contested] = True
    review = np.where(facts.held >= 0, np.isin(facts.held, _FOR_REVIEW), review)
    result = np.where(linked, LINKED, np.where(review, REVIEW, UNLINKED)).astype(np.int8)
    result[facts.left_out] = UNLINKED
    return result


_HELD_REASONS = {
    Verdict.CONFLICT: Reason.REVIEWERS_DIFFER,
    Verdict.UNSURE: Reason.REVIEWER_UNSURE,
    Verdict.BACK_TO_SCHOOL: Reason.SENT_TO_SCHOOL,
    Verdict.NO_NUMBER: Reason.NO_NUMBER_YET,
}
_FOR_REVIEW = [HOLDS.index(verdict) for verdict in (Verdict.CONFLICT, Verdict.UNSURE)]
"""What another reviewer is to look at; the others have somebody else to act."""


OUTCOMES, REASONS = tuple(Outcome), tuple(Reason)
LINKED, REVIEW, UNLINKED = (
    OUTCOMES.index(one) for one in (Outcome.LINKED, Outcome.CLERICAL_REVIEW, Outcome.UNLINKED)
)


def reasons(outcome: np.ndarray, found: Found, resolution: Resolution, facts: Facts) -> np.ndarray:
    """One reason per record, the first that holds: its position in REASONS."""
    linked = outcome == LINKED
    result = np.where(linked, _linked_reason(found), _open_reason(found, facts)).astype(np.int8)
    duplicate = np.zeros(len(outcome), bool)
    duplicate[resolution.duplicate] = True
    result[linked & duplicate] = REASONS.index(Reason.DUPLICATE_RECORD)
    result[resolution.contested] = REASONS.index(Reason.ENTRY_SHARED)
    for code, verdict in enumerate(HOLDS):
        result[~linked & (facts.held == code)] = REASONS.index(_HELD_REASONS[verdict])
    return result


def _first_of(conditions: list[tuple[np.ndarray, Reason]], otherwise: Reason) -> np.ndarray:
    """The reason of the first condition that holds."""
    codes = [np.int8(REASONS.index(reason)) for _, reason in conditions]
    return np.select([holds for holds, _ in conditions], codes, np.int8(REASONS.index(otherwise)))


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
    conditions = [(found.decided_by == CONFIRMED, Reason.CONFIRMED_BY_PERSON)]
    conditions += [(number == levels.NUMBER.index(level), reason) for level, reason in by_number.items()]
    conditions.append((found.decided_by == CASCADE.index(family.NAME), Reason.FAMILY_AGREES))
    return _first_of(conditions, Reason.EVIDENCE_AGREES)


def _open_reason(found: Found, facts: Facts) -> np.ndarray:
    """What stood in the way, the most telling first."""
    name, birth = found.levels[:, _NAME], found.levels[:, _BIRTH]
    likely = (found.entry != 0) & (found.probability >= 0.01)
    rival = likely & (found.runner_up >= found.probability / 4)
    by_number = np.isin(found.levels[:, _NUMBER], _VERIFIED)
    name_differs = (name >= levels.NAME.index("one_edit")) & (name != levels.NAME.index("missing"))
    birth_differs = (birth > levels.BIRTH_DATE.index("default_day")) & (
        birth < levels.BIRTH_DATE.index("missing")
    )
    birth_differs &= birth != levels.BIRTH_DATE.index("coarse")
    name_far = name_differs & (name >= levels.NAME.index("two_edits"))
    told = (name != levels.NAME.index("missing")) & (birth != levels.BIRTH_DATE.index("missing"))
    far = (name >= levels.NAME.index("similar")) & (birth >= levels.BIRTH_DATE.index("same_year")) & told
    elsewhere = (found.levels[:, _BIRTH_PLACE] == levels.BIRTH_PLACE.index("different")) & (
        found.levels[:, _RESIDENCE] == levels.RESIDENCE.index("different")
    )
    return _first_of(
        [
            (facts.left_out, Reason.FOREIGN_NATIONAL),
            (facts.silence.withheld, Reason.REGISTRY_WITHHOLDS),
            (facts.silence.unasked, Reason.COULD_NOT_ASK),
            (found.deceased & (found.probability >= 0.5), Reason.REGISTRY_DECEASED),
            (facts.shared_number & by_number, Reason.NUMBER_SHARED),
            (facts.number_found & (~by_number | far | ~likely), Reason.NUMBER_OF_ANOTHER),
            (rival, Reason.SEVERAL_FIT),
            (likely & name_differs & (~birth_differs | name_far), Reason.NAME_DIFFERS),
            (likely & birth_differs, Reason.BIRTH_DATE_DIFFERS),
            (likely & (found.levels[:, _GENDER] == levels.GENDER.index("different")), Reason.GENDER_DIFFERS),
            (likely & elsewhere, Reason.PLACE_DIFFERS),
            (likely, Reason.WEAK_EVIDENCE),
            (_has_form(facts, Form.LOST_IN_SPREADSHEET), Reason.NUMBER_LOST),
            (_has_form(facts, Form.WRONG_FORM), Reason.NUMBER_WRONG_FORM),
            (~facts.has_name | ~facts.has_birth, Reason.TOO_LITTLE_DATA),
            (
                _has_form(facts, Form.PERSONAL, Form.FORMER, Form.ZERO_RESTORED) & ~facts.number_found,
                Reason.NUMBER_UNKNOWN,
            ),
        ],
        Reason.NOBODY_FOUND,
    )


def _has_form(facts: Facts, *forms: Form) -> np.ndarray:
    return np.isin(facts.form, [FORMS.index(form) for form in forms])


def texts(codes: np.ndarray, words: tuple[str, ...]) -> pa.Array:
    """Codes as the words that they stand for; -1 is null."""
    return pa.array([str(word) for word in words], pa.string()).take(pa.array(codes, mask=codes < 0))


def _all(word: str, size: int) -> pa.Array:
    return texts(np.zeros(size, np.int8), (word,))


def decisions(
    records: pa.Table, outcome: np.ndarray, reason: np.ndarray, found: Found, model: str, run: str
) -> pa.Table:
    """DECISIONS, one row per record in the order of the records."""
    linked = outcome == LINKED
    # a person's decision has no probability: it would count among those by which the machine is judged
    compared = (found.entry != 0) & (found.decided_by != CONFIRMED)
    return pa.table(
        {
            "kind": records["kind"],
            "record_id": records["record_id"],
            "outcome": texts(outcome, OUTCOMES),
            "reason": texts(reason, REASONS),
            "personal_id": id_text(np.where(linked, found.entry, 0)),
            "candidate_id": id_text(np.where(linked, 0, found.entry)),
            "match_probability": pa.array(found.probability, mask=~compared),
            "runner_up_probability": pa.array(found.runner_up, mask=~compared),
            "decided_by": texts(np.where(linked, found.decided_by, -1), (*CASCADE, BY_PERSON)),
            "evidence": evidence(found.levels),
            "model": _all(model, len(records)),
            "run": _all(run, len(records)),
        },
        schema=DECISIONS,
    )


def evidence(codes: np.ndarray) -> pa.Array:
    """Level codes (n × comparisons, -1 for not compared) as EVIDENCE."""
    columns = [texts(codes[:, at], names) for at, names in enumerate(levels.COMPARISONS.values())]
    return pa.StructArray.from_arrays(columns, fields=list(EVIDENCE))


MOST_CANDIDATES = 3

WORTH_SHOWING = 1e-3
"""A candidate less likely than this tells a reviewer nothing."""


@dataclass(frozen=True)
class Shown:
    """The candidates that people are shown: one element per candidate, best first within a record."""

    row: np.ndarray
    rank: np.ndarray
    """From 1."""
    entry: np.ndarray
    probability: np.ndarray
    levels: np.ndarray


def shown(outcome: np.ndarray, searched: Searched, silence: Silence) -> Shown:
    """The best candidates of records that were not linked; none where the registry has not said all."""
    of, probability = searched.open, searched.probability[:, :MOST_CANDIDATES]
    worth = (of.at[:, :MOST_CANDIDATES] >= 0) & (probability >= WORTH_SHOWING)
    worth &= ((outcome[of.row] != LINKED) & ~silence.anywhere()[of.row])[:, None]
    line, rank = np.nonzero(worth)
    return Shown(
        of.row[line],
        rank + 1,
        searched.entry[of.at[line, rank]],
        probability[line, rank],
        of.levels[line, rank],
    )


def candidates(records: pa.Table, chosen: Shown, entries: pa.Table) -> pa.Table:
    """CANDIDATES of the records that were not linked, best first.

    Args:
        records: RECORDS.
        chosen: whom to show.
        entries: ENTRY rows of all of them, in any order.
    """
    personal_id = id_text(chosen.entry)
    at = pc.index_in(personal_id, value_set=entries["personal_id"].combine_chunks())
    table = {
        "kind": records["kind"].take(pa.array(chosen.row)),
        "record_id": records["record_id"].take(pa.array(chosen.row)),
        "rank": pa.array(chosen.rank.astype(np.int8)),
        "match_probability": pa.array(chosen.probability),
        "evidence": evidence(chosen.levels),
        "personal_id": personal_id,
    }
    for name in CANDIDATES.names:
        if name not in table:
            table[name] = entries[name.removeprefix("entry_")].take(at)
    return pa.table(table).select(CANDIDATES.names).cast(CANDIDATES)

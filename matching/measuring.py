"""Verified records searched again without their number: what blocking misses, what each rule finds, how true the probabilities are."""

from dataclasses import dataclass, field, replace

import numpy as np

from matching import levels, posterior
from matching.blocking import RULES
from matching.blocks import NOTHING_LISTED, Listed
from matching.comparison import BIRTH_DATE, NAME
from matching.found import CASCADE, Found, RuleFacts
from matching.model import SHRINKAGE, Model
from matching.nametable import Array
from matching.passes import claimed_id, search
from matching.posterior import Bin
from matching.work import Work, entries_at, nobody_of, searched


@dataclass(frozen=True)
class Checked:
    """What verified records showed; nothing where there are none."""

    reliability: list[Bin] = field(default_factory=list)
    """`posterior.reliability` of them."""
    rules: dict[str, RuleFacts] = field(default_factory=dict)


def measured(work: Work, found: Found, claims: Listed, model: Model) -> tuple[Model, Checked]:
    """The model with the shares that blocking was seen to miss, and what else the verified records showed.

    Args:
        work: The run.
        found: What the passes before the search found.
        claims: What numbers found.
        model: As it is.
    """
    verified, sample = (
        np.flatnonzero(found.decided_by == CASCADE.index(claimed_id.NAME)),
        work.settings.sample,
    )
    rows = verified[:: max(1, len(verified) // sample)][:sample] if sample else verified[:0]
    if not len(rows):
        return model, Checked()
    targets = _best_claims(claims, found, rows, work)
    seen = searched(work, search.FUZZY, rows, NOTHING_LISTED, model, targets)
    right = seen.at == targets[:, None]
    reached = int(((seen.target_rules != 0) | right.any(axis=1)).sum())
    by_name_and_date = int((right & _exact(seen.levels)).any(axis=1).sum())
    missed = {
        search.FUZZY: _share(len(rows) - reached, len(rows), model.missed[search.FUZZY]),
        search.EXACT_KEY: _share(len(rows) - by_name_and_date, len(rows), model.missed[search.EXACT_KEY]),
    }
    alone = replace(work, subjects=work.subjects.without_numbers())
    probability, _ = posterior.probabilities(seen, nobody_of(alone, seen.row, model, search.FUZZY))
    table = posterior.reliability(probability[:, 0], right[:, 0])
    return (
        replace(model, missed={**model.missed, **missed}),
        Checked(table, _rule_facts(work, seen.target_rules, len(rows))),
    )


def _best_claims(claims: Listed, found: Found, rows: Array, work: Work) -> Array:
    """Positions of the entries that records were linked to by their numbers."""
    chosen = np.isin(claims.row, rows)
    row, at = claims.row[chosen], claims.at[chosen]
    own = entries_at(work, at) == found.entry[row]
    result = np.full(len(rows), -1, np.int32)
    result[np.searchsorted(rows, row[own])] = at[own]
    return result


def _rule_facts(work: Work, met: Array, sample: int) -> dict[str, RuleFacts]:
    """From the rules (bits) that found the entries of the sample."""
    return {
        rule.name: RuleFacts(
            pairs=work.by_rule[rule.name],
            found=float((met >> bit & 1).sum() / sample),
            alone=float((met == 1 << bit).sum() / sample),
        )
        for bit, rule in enumerate(RULES)
    }


def _exact(compared: Array) -> Array:
    """Pairs that the exact key finds: same letters, same day."""
    same_letters = ("same", "same_unmarked", "marks_differ", "given_marks_lost", "given_marks_differ")
    same_day = ("same_day", "default_day")
    return np.isin(compared[..., NAME], [levels.NAME.index(name) for name in same_letters]) & np.isin(
        compared[..., BIRTH_DATE], [levels.BIRTH_DATE.index(name) for name in same_day]
    )


def _share(count: int, of: int, stored: float) -> float:
    return (count + SHRINKAGE * stored) / (of + SHRINKAGE)

"""What the cascade is told and what it tells: its passes, the settings of a run, the best candidate of every record, and facts about the run."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from matching import levels
from matching.blocks import Listed
from matching.model import Model
from matching.nametable import Array
from matching.passes import claimed_id, family, search
from matching.posterior import Bin, Weighed
from matching.shortlist import Shortlist
from matching.subjects import Subjects
from matching.verdicts import CERTAIN, Pairs, Verdicts

CASCADE = (claimed_id.NAME, family.NAME, search.EXACT_KEY, search.FUZZY)
"""The passes in their order."""

CONFIRMED = len(CASCADE)
"""Stands for a pass where a person linked the record."""


@dataclass(frozen=True)
class LinkSettings:
    """What a run may choose."""

    false_link_target: float = 1e-4
    """Expected false links per link, at most."""
    link_from: float | None = None
    """Never link below this probability; None: from where the model's probabilities are trusted."""
    threshold: float | None = None
    """The probability from which the whole that these records belong to was linked; None: these records tell it themselves."""
    review_from: float = 0.05
    """A best candidate at or above this is worth a reviewer's time."""
    learn: bool = True
    """Learn from these records; not where they are a night's remainder, which is no sample of all."""
    sample: int = 3_000
    """Verified records that are searched again without their number: what blocking misses, how true the probabilities are."""

    def floor(self, model: Model) -> float:
        """The probability below which nothing is linked, unless a threshold is given."""
        return model.link_from if self.link_from is None else self.link_from


@dataclass(frozen=True)
class Found:
    """The best candidate of every record: one element per record; entry 0 where nothing was found."""

    entry: Array
    probability: Array
    runner_up: Array
    weight: Array
    levels: Array
    """records × comparisons (order of matching.levels.COMPARISONS), -1 where nothing was compared."""
    deceased: Array
    decided_by: Array
    """Position in CASCADE of the pass that linked it, CONFIRMED where a person did, -1 while open."""

    @property
    def by_machine(self) -> Array:
        """Whether a pass linked it, and no person."""
        return np.asarray((self.decided_by >= 0) & (self.decided_by != CONFIRMED))


def nothing_found(records: int) -> Found:
    """What is known of so many records before the first pass."""
    return Found(
        entry=np.zeros(records, np.int64),
        probability=np.zeros(records),
        runner_up=np.zeros(records),
        weight=np.zeros(records),
        levels=np.full((records, len(levels.COMPARISONS)), -1, dtype=np.int8),
        deceased=np.zeros(records, bool),
        decided_by=np.full(records, -1, dtype=np.int8),
    )


def with_confirmed(found: Found, pairs: Pairs) -> Found:
    """Records that a person linked: no pass looks at them again, and their entries are taken."""
    for values, known in (
        (found.entry, pairs.entry),
        (found.probability, 1.0),
        (found.weight, CERTAIN),
        (found.decided_by, CONFIRMED),
    ):
        values[pairs.row] = known
    return found


@dataclass(frozen=True)
class RuleFacts:
    """What a blocking rule did."""

    pairs: int
    """Pairs credited to it in the whole run."""
    found: float
    """Share of verified records whose entry it finds."""
    alone: float
    """Share whose entry no other rule finds."""


@dataclass(frozen=True)
class SearchFacts:
    """What the run says about itself."""

    model: Model
    threshold: float
    """The probability from which records were linked."""
    compared: Mapping[str, int]
    """Pass → pairs compared."""
    settled: Mapping[str, int]
    """Pass → records linked by it."""
    rules: Mapping[str, RuleFacts]
    """Blocking rule → what it did."""
    reliability: list[Bin]
    """`posterior.reliability` of verified records searched without their number."""
    expected_false: float
    """Expected false links among the links, from their probabilities."""


@dataclass(frozen=True)
class Searched:
    """What the cascade hands to the decisions."""

    found: Found
    open: Weighed
    """Candidates of the records that stay open."""
    probability: Array
    """Of them, aligned with `open.at`."""
    claims: Listed
    """What claimed numbers found."""
    subjects: Subjects
    """The records in their numeric form."""
    entry: Array
    """Personal IDs as numbers, by position."""
    facts: SearchFacts
    shortlist: Shortlist
    """The best candidates of every record, linked or not, as they were weighed."""
    verdicts: Verdicts
    """What people decided."""

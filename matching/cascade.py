"""The cascade: each pass sees only the records that the passes before left open; the registry stays open to all.

    claimed_id   the number on the record, if name and date agree with its entry
    family       guardians of linked pupils, pupils of linked guardians
    exact_key    same name without marks, same day of birth, if that leaves nobody else
    fuzzy        all blocking rules, all comparisons

Every pass weighs its candidates in the same way (`matching.unit`, `matching.posterior`); what differs is where the candidates
come from and how likely it is that the entry sought is not among them. What an earlier pass found competes in the later ones.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching import levels, posterior
from matching.blocking import RULES
from matching.frequency import Frequencies
from matching.keys import PAIRS, record_keys
from matching.model import SHRINKAGE, Model, learn
from matching.passes import claimed_id, family, search
from matching.posterior import EMPTY, Bin, Ranked, Scored
from matching.registry import Registry
from matching.unit import Subject, Weigher, subject

CASCADE = (claimed_id.NAME, family.NAME, search.EXACT_KEY, search.FUZZY)
"""The passes in their order."""

Progress = Callable[[str, int, int], None]
"""Called after each pass with its name, records settled, records in all."""


@dataclass(frozen=True)
class LinkSettings:
    """What a run may choose."""

    false_link_target: float = 1e-4
    """Expected false links per link, at most."""
    link_from: float = 0.99
    """Never link below this probability."""
    review_from: float = 0.05
    """A best candidate at or above this is worth a reviewer's time."""
    learn: bool = True
    """Learn from these records; not where they are a night's remainder, which is no sample of all."""
    sample: int = 1_000
    """Verified records that are searched again without their number: what blocking misses, how true the probabilities are."""


@dataclass(frozen=True)
class Found:
    """The best candidate of every record: one element per record; entry 0 where nothing was found."""

    entry: np.ndarray
    probability: np.ndarray
    runner_up: np.ndarray
    weight: np.ndarray
    levels: np.ndarray
    """records × comparisons (order of matching.levels.COMPARISONS), -1 where nothing was compared."""
    deceased: np.ndarray
    decided_by: np.ndarray
    """Position in CASCADE of the pass that linked it, -1 while open."""


@dataclass(frozen=True)
class SearchFacts:
    """What the run says about itself."""

    model: Model
    threshold: float
    """The probability from which records were linked."""
    compared: Counter[str]
    """Pass → pairs compared."""
    by_rule: Counter[str]
    """Blocking rule → pairs that no earlier rule found."""
    reliability: list[Bin]
    """`posterior.reliability` of verified records searched without their number."""


@dataclass(frozen=True)
class Searched:
    """What the cascade hands to the decisions."""

    found: Found
    ranked: Ranked
    """All candidates of all records."""
    claims: pa.Table
    """PAIRS found by claimed numbers."""
    subjects: Subject
    """The records in their numeric form."""
    facts: SearchFacts


@dataclass(frozen=True)
class _Work:
    """The fixed inputs of one run of the cascade, and its counters."""

    keys: pa.Table
    features: pa.Table
    records: int
    registry: Registry
    weigher: Weigher
    compared: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)


def search_registry(
    records: pa.Table,
    registry: Registry,
    stored: Model,
    known: Frequencies,
    settings: LinkSettings,
    kin: pa.Table | None = None,
    progress: Progress = lambda *_: None,
) -> Searched:
    """Run the cascade over records of one kind.

    Args:
        records: RECORDS, optionally with `father_name`, `mother_name` (canonical).
        registry: whom to ask.
        stored: the model to shrink to.
        known: how common names, dates and places are in the registry.
        settings: target, thresholds.
        kin: `family.KIN`: who records are likely to be by their family.
        progress: told after each pass.
    """
    keys, features = record_keys(records)
    subjects = subject(keys, features, known, registry.name_counts(features))
    work = _Work(keys, features, len(records), registry, Weigher(subjects, registry))
    in_scope = pc.is_null(records["left_out"]).to_numpy(zero_copy_only=False)
    claims = claimed_id.pairs(keys.filter(pa.array(in_scope[keys["row"].to_numpy()])), registry)
    model = _learned(work, claims, stored) if settings.learn else stored
    sources = {claimed_id.NAME: claims, family.NAME: _kin_pairs(keys, records, kin)}
    found, evidence = _nothing_found(len(records)), PAIRS.empty_table()
    ranked: list[Ranked] = []
    reliability: list[Bin] = []
    for name in CASCADE:
        if name == search.EXACT_KEY and settings.learn:
            model, reliability = _measured(work, found, model, settings.sample)
        evidence = pa.concat_tables([evidence, sources.get(name, PAIRS.empty_table())])
        rows = np.flatnonzero(in_scope & (found.decided_by < 0))
        if name == family.NAME:
            rows = np.intersect1d(rows, sources[name]["row"].to_numpy())
        weighed, weighed_with = _weighed(work, name, rows, evidence, model), model.in_registry
        if name == search.FUZZY and settings.learn:
            model = _with_prior(weighed, model, found, in_scope)
        ranked.append(_ranked(weighed, model, weighed_with, name))
        found = _updated(found, ranked[-1], CASCADE.index(name), settings.link_from, model.links_deceased)
        progress(name, int((found.decided_by >= 0).sum()), len(records))
    limit = _limit(found, settings, model)
    rankings, found = _withdrawn(found, ranked, limit)
    model = replace(model, threshold=limit)
    facts = SearchFacts(model, limit, work.compared, work.by_rule, reliability)
    return Searched(found, rankings, claims, subjects, facts)


def _nothing_found(records: int) -> Found:
    zeros = np.zeros(records)
    return Found(
        entry=zeros.astype(np.int64),
        probability=zeros,
        runner_up=zeros,
        weight=zeros,
        levels=np.full((records, len(levels.COMPARISONS)), -1, dtype=np.int8),
        deceased=zeros.astype(bool),
        decided_by=np.full(records, -1, dtype=np.int8),
    )


def _learned(work: _Work, claims: pa.Table, stored: Model) -> Model:
    """M from the pairs that numbers found."""
    if not len(claims):
        return stored
    subjects = work.weigher.subjects
    bare = subjects.book.bare[subjects.name_positions(claims["record_name"].to_numpy())]
    return learn(stored, work.weigher.levels(claims), bare, subjects.coarse[claims["row"].to_numpy()])


def _kin_pairs(keys: pa.Table, records: pa.Table, kin: pa.Table | None) -> pa.Table:
    """KIN as PAIRS: the record's row for its ID, every reading of its name."""
    kin = family.KIN.empty_table() if kin is None else kin
    row = pc.index_in(kin["record_id"], value_set=records["record_id"].combine_chunks())
    kin = kin.append_column("row", row.cast(pa.int32())).filter(pc.is_valid(row))
    readings = keys.select(["row", "name_key"]).rename_columns(["row", "record_name"])
    return claimed_id.as_pairs(kin.join(readings, "row", join_type="inner", use_threads=False))


def _pairs(work: _Work, name: str, rows: np.ndarray, evidence: pa.Table) -> Iterator[pa.Table]:
    """A pass's pairs of the open rows: what number and family found, and what its blocking rules find."""
    chosen = evidence.filter(pc.is_in(evidence["row"], value_set=pa.array(rows, pa.int32())))
    if len(chosen):
        yield chosen
    if name in search.RULES_OF and len(rows):
        for pairs in search.pairs(name, work.keys, work.features, rows, work.registry):
            work.by_rule.update(_counted(pairs["rule"].to_numpy(), name))
            yield pairs


def _counted(rule: np.ndarray, name: str) -> dict[str, int]:
    """Pairs per blocking rule; a registry with rules of its own counts for none of ours."""
    found = np.bincount(rule[rule >= 0], minlength=len(RULES))
    return {f"{name}/{rule.name}": int(n) for rule, n in zip(RULES, found, strict=True) if n}


@dataclass(frozen=True)
class _Weighed:
    """The best pairs of a pass, and per record the mass and relative mass of the others."""

    kept: Scored
    rest: np.ndarray


def _weighed(
    work: _Work,
    name: str,
    rows: np.ndarray,
    evidence: pa.Table,
    model: Model,
    subjects: Subject | None = None,
) -> _Weighed:
    kept, rest = [EMPTY], np.zeros((work.records, 2))
    for pairs in _pairs(work, name, rows, evidence):
        scored, others, masses = posterior.best(work.weigher.score(pairs, model, subjects))
        rest[others] += masses
        kept.append(scored)
        work.compared[name] += len(pairs)
    return _Weighed(posterior.concat(kept), rest)


def _ranked(weighed: _Weighed, model: Model, weighed_with: float, name: str) -> Ranked:
    """Probabilities under the model's prior, which may have been learned after the pairs were weighed."""
    shift = model.in_registry / weighed_with
    kept = replace(weighed.kept, weight=weighed.kept.weight + np.log2(shift))
    nobody = (1 - model.in_registry) + model.in_registry * model.missed[name]
    return posterior.probabilities(kept, weighed.rest * [shift, 1.0], nobody)


PRIOR_ROUNDS = 10
"""The share of records that are in the registry settles within a few rounds."""


def _with_prior(weighed: _Weighed, model: Model, found: Found, in_scope: np.ndarray) -> Model:
    """P(in registry) as the records of this run show it: expectation-maximisation over all of them (Dempster, Laird, Rubin 1977)."""
    is_open = in_scope & (found.decided_by < 0)
    linked, everybody = int((in_scope & ~is_open).sum()), int(in_scope.sum())
    current = model
    for _ in range(PRIOR_ROUNDS):
        nobody = _ranked(weighed, current, model.in_registry, search.FUZZY).nobody[is_open]
        missed = current.in_registry * current.missed[search.FUZZY]
        there_all_the_same = missed / (1 - current.in_registry + missed)
        present = linked + float((1 - nobody + nobody * there_all_the_same).sum())
        share = (present + SHRINKAGE * model.in_registry) / (everybody + SHRINKAGE)
        current = replace(current, in_registry=min(share, 0.9999))
    return current


def _measured(work: _Work, found: Found, model: Model, sample: int) -> tuple[Model, list[Bin]]:
    """Search verified records without their number: what blocking misses, and how true the probabilities are."""
    verified = np.flatnonzero(found.decided_by == CASCADE.index(claimed_id.NAME))
    rows = verified[:: max(1, len(verified) // sample)][:sample] if sample else verified[:0]
    if not len(rows):
        return model, []
    weighed = _weighed(
        work, search.FUZZY, rows, PAIRS.empty_table(), model, work.weigher.subjects.without_numbers()
    )
    ranked = _ranked(weighed, model, model.in_registry, search.FUZZY)
    right = ranked.scored.entry == found.entry[ranked.scored.row]
    first = ranked.of_rank(0)
    reached = len(np.unique(ranked.scored.row[right]))
    by_name_and_date = len(np.unique(ranked.scored.row[right & _exact(ranked.scored.levels)]))
    missed = {
        search.FUZZY: _share(len(rows) - reached, len(rows), model.missed[search.FUZZY]),
        search.EXACT_KEY: _share(len(rows) - by_name_and_date, len(rows), model.missed[search.EXACT_KEY]),
    }
    table = posterior.reliability(ranked.probability[first], right[first])
    return replace(model, missed={**model.missed, **missed}), table


def _exact(compared: np.ndarray) -> np.ndarray:
    """Pairs that the exact key finds: same letters, same day."""
    name, birth = (compared[:, list(levels.COMPARISONS).index(field)] for field in ("name", "birth_date"))
    same_day = np.isin(birth, [levels.BIRTH_DATE.index(level) for level in ("same_day", "default_day")])
    return np.asarray((name <= levels.NAME.index("marks_differ")) & same_day)


def _share(count: int, of: int, stored: float) -> float:
    return (count + SHRINKAGE * stored) / (of + SHRINKAGE)


def _limit(found: Found, settings: LinkSettings, model: Model) -> float:
    """From which probability all links together keep the target.

    What is looked at apart from the whole (a night's remainder, a second look) are the hard ones: they keep the target by
    themselves, and are held to the whole's threshold besides.
    """
    floor = settings.link_from if settings.learn else max(settings.link_from, model.threshold)
    linked = found.probability[found.decided_by >= 0]
    return posterior.threshold(linked, settings.false_link_target, floor)


def _withdrawn(found: Found, ranked: list[Ranked], limit: float) -> tuple[Ranked, Found]:
    """Links below the limit are open again; and all candidates, as the pass that saw each record last ranked them."""
    last_seen = np.where(found.decided_by >= 0, found.decided_by, len(CASCADE) - 1)
    still_linked = (found.decided_by >= 0) & (found.probability >= limit)
    decided_by = np.where(still_linked, found.decided_by, -1).astype(np.int8)
    last = [ranking.of_rows(last_seen == position) for position, ranking in enumerate(ranked)]
    return posterior.put_together(last), replace(found, decided_by=decided_by)


def _updated(found: Found, ranked: Ranked, position: int, limit: float, links_deceased: bool) -> Found:
    """The best candidates of this pass take the place of what was known of its records."""
    first, second = ranked.of_rank(0), ranked.of_rank(1)
    scored = ranked.scored
    result = {name: getattr(found, name).copy() for name in Found.__dataclass_fields__}
    rows = scored.row[first]
    for name in ("entry", "weight", "levels", "deceased"):
        result[name][rows] = getattr(scored, name)[first]
    result["probability"][rows] = ranked.probability[first]
    result["runner_up"][rows] = 0.0
    result["runner_up"][scored.row[second]] = ranked.probability[second]
    sure = (ranked.probability[first] >= limit) & (links_deceased | ~scored.deceased[first])
    result["decided_by"][rows[sure]] = position
    return Found(**result)

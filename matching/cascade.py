"""The cascade: each pass sees only the records that the passes before left open; the registry stays open to all.

    claimed_id   the number on the record, if name and date agree with its entry
    family       guardians of linked pupils, pupils of linked guardians
    exact_key    same name without marks, same day of birth, if that leaves nobody else
    fuzzy        all blocking rules, all comparisons

Every pass weighs its candidates in the same way (`matching.weighing`, `matching.posterior`); what differs is where the candidates
come from and how likely it is that the entry sought is not among them. What an earlier pass found competes in the later ones.

What people decided (`matching.verdicts`) stands before the first pass and above all of them.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching import levels, posterior
from matching.absent import SURE, checked_threshold, without_own
from matching.beside import ALONE, Beside, among
from matching.blocking import RULES
from matching.blocks import NOTHING_LISTED, Listed, listed
from matching.columns import Records, year_of
from matching.companions import with_companions
from matching.comparison import BIRTH_DATE, COARSE, FIELDS, NAME
from matching.competition import Claimed, competing
from matching.copied import with_copied_dates
from matching.engines.engine import Engine, Search
from matching.engines.local import HERE
from matching.frequency import Frequencies, age_shares
from matching.keys import record_columns
from matching.kinship import Compared, Kin, kin_of, learn_kin, said_by_family, slots_of
from matching.likeness import SAME_SOUND
from matching.model import HARDLY_OTHERS, PARTS, SHRINKAGE, Model, learn, learn_expected
from matching.nameparts import levels_of_parts
from matching.nametable import Array
from matching.parts import P_BIRTH, TAKEN
from matching.passes import claimed_id, family, search
from matching.posterior import Bin, Weighed
from matching.registry import Registry
from matching.shortlist import Shortlist, latest, shortlist
from matching.sorted_keys import distinct
from matching.subjects import Subjects, birth_date_u, subjects_of
from matching.verdicts import CERTAIN, Pairs, Verdicts, verdicts_of, without_denied
from matching.weighing import FIRST_YEAR, YEARS

CASCADE = (claimed_id.NAME, family.NAME, search.EXACT_KEY, search.FUZZY)
"""The passes in their order."""

CONFIRMED = len(CASCADE)
"""Stands for a pass where a person linked the record."""

Progress = Callable[[str, int, int], None]
"""Called after each pass with its name, records settled, records in all."""


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


@dataclass(frozen=True)
class _Work:
    """The fixed inputs of one run of the cascade, its counters, and the best that each pass found."""

    registry: Registry
    subjects: Subjects
    settings: LinkSettings
    verdicts: Verdicts
    beside: Beside = ALONE
    engine: Engine = HERE
    compared: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    shortlists: list[Shortlist] = field(default_factory=list)


def search_registry(  # noqa: PLR0913, PLR0917 (what a run knows before it begins; nothing in it belongs together)
    records: pa.Table,
    registry: Registry,
    stored: Model,
    known: Frequencies,
    settings: LinkSettings,
    kin: pa.Table | None = None,
    progress: Progress = lambda *_: None,
    beside: Beside = ALONE,
    verdicts: pa.Table | None = None,
    engine: Engine = HERE,
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
        beside: what records of the kind hold that aren't given.
        verdicts: VERDICTS, what people decided.
        engine: what runs the search.
    """
    columns, names, text = record_columns(records, registry.profile)
    work = _Work(
        registry,
        subjects_of(columns, names, text, known, registry.name_counts(names), registry.profile, beside),
        settings,
        verdicts_of(verdicts, records),
        beside,
        engine,
    )
    in_scope = pc.is_null(records["left_out"]).to_numpy(zero_copy_only=False)
    claims = claimed_id.claims(columns, np.flatnonzero(in_scope), registry)
    if work.subjects.parts is not None and settings.learn:
        stored = with_companions(stored, registry.people())
    model = _learned(work, claims, stored) if settings.learn else stored
    kin_pairs = kin_of(records, kin)
    if settings.learn:
        model = _with_kin(work, kin_pairs, claims, model)
    by_family = NOTHING_LISTED
    found, evidence = _confirmed(_nothing_found(len(records)), work.verdicts.confirmed), claims
    reliability: list[Bin] = []
    rules: dict[str, RuleFacts] = {}
    for name in CASCADE:
        if name == search.EXACT_KEY and settings.learn:
            if model.verified < FEW_VERIFIED:
                model = _by_expectation(work, np.flatnonzero(in_scope), evidence, model)
            model, reliability, rules = _measured(work, found, claims, model)
        if name == family.NAME and len(kin_pairs.row):
            work, by_family = _with_family(work, kin_pairs, model)
            evidence = listed(claims, by_family)
        rows = _rows_of(name, np.flatnonzero(in_scope & (found.decided_by < 0)), claims, by_family)
        seen = _searched(work, name, rows, evidence, model)
        if name == search.FUZZY and settings.learn:
            seen, model = _with_prior(work, seen, model, found, in_scope)
        found = _updated(work, found, seen, model, name, _settles_from(name, settings, model))
        progress(name, int((found.decided_by >= 0).sum()), len(records))
    return _concluded(work, found, seen, model, evidence, (reliability, rules, claims))


SETTLED = 0.9995
"""From this probability a record needs no search wider than the pass that found its entry; what stays below is searched by all rules."""


def _floor(settings: LinkSettings, model: Model) -> float:
    return model.link_from if settings.link_from is None else settings.link_from


def _settles_from(name: str, settings: LinkSettings, model: Model) -> float:
    floor = _floor(settings, model)
    return floor if name == search.FUZZY else max(floor, SETTLED)


def _rows_of(name: str, is_open: Array, claims: Listed, by_family: Listed) -> Array:
    """The open records that a pass can say something about."""
    if name == claimed_id.NAME:
        return is_open[np.isin(is_open, claims.row)]
    return is_open[np.isin(is_open, by_family.row)] if name == family.NAME else is_open


def _nothing_found(records: int) -> Found:
    return Found(
        entry=np.zeros(records, np.int64),
        probability=np.zeros(records),
        runner_up=np.zeros(records),
        weight=np.zeros(records),
        levels=np.full((records, len(levels.COMPARISONS)), -1, dtype=np.int8),
        deceased=np.zeros(records, bool),
        decided_by=np.full(records, -1, dtype=np.int8),
    )


def _confirmed(found: Found, pairs: Pairs) -> Found:
    """Records that a person linked: no pass looks at them again, and their entries are taken."""
    for values, known in (
        (found.entry, pairs.entry),
        (found.probability, 1.0),
        (found.weight, CERTAIN),
        (found.decided_by, CONFIRMED),
    ):
        values[pairs.row] = known
    return found


def _with_family(work: _Work, kin: Kin, model: Model) -> tuple[_Work, Listed]:
    """What families say of the records, under the model as it is now."""
    said = said_by_family(kin, len(work.subjects), model)
    return replace(work, subjects=work.subjects.with_family(said.others, said.relative)), said.listed


MOST_FAMILIES = 50_000
"""Records whose families are learned from."""


def _with_kin(work: _Work, kin: Kin, claims: Listed, model: Model) -> Model:
    """Shares of the slots, and m of those whom families name."""
    rows = distinct(kin.row[kin.slot != family.CHILD])
    rows = rows[:: len(rows) // MOST_FAMILIES + 1]
    if not len(rows):
        return model
    work, by_family = _with_family(work, kin, model)
    seen = work.engine.searched(Search(work.registry, work.subjects, model, rows, listed(claims, by_family)))
    slot, there = slots_of(kin, seen.row, seen.at)
    compared, bare, coarse = _compared(work, seen, there)
    row = np.broadcast_to(seen.row[:, None], there.shape)[there]
    subjects = work.subjects
    date_u = birth_date_u(subjects, row)
    return learn_kin(
        model,
        Compared(
            slot, compared, bare, coarse,
            subjects.name_u[np.maximum(seen.reading[there], 0), compared["name"]],
            date_u[np.arange(len(row)), compared["birth_date"]],
        ),
    )  # fmt: skip


def _learned(work: _Work, claims: Listed, stored: Model) -> Model:
    """M from the pairs that numbers found, ages from all records."""
    records = work.subjects.records
    model = _with_ages(stored, records)
    rows = distinct(claims.row)
    if not len(rows):
        return model
    seen = work.engine.searched(Search(work.registry, work.subjects, model, rows, claims))
    return learn(model, *_compared(work, seen, seen.at >= 0))


def _searched(
    work: _Work, name: str, rows: Array, evidence: Listed, model: Model, targets: Array | None = None
) -> Weighed:
    """A pass's candidates of some records: what number and family found, and what its blocks hold.

    With targets, the records are searched without their numbers, and it is told what finds each target.
    """
    of = work.subjects if targets is None else work.subjects.without_numbers()
    asked = Search(work.registry, of, model, rows, evidence, search.SEARCHES.get(name), targets)
    seen = work.engine.searched(asked, _counter(work, name))
    return without_denied(seen, _entries_at(work, seen.at), work.verdicts.denied)


def _counter(work: _Work, name: str) -> Callable[[int, Array], None]:
    """Counts pairs of a pass, and of the rules that they are credited to."""

    def count(pairs: int, by_rule: Array) -> None:
        work.compared[name] += pairs
        for rule, found in zip(RULES, by_rule.tolist(), strict=True):
            work.by_rule[rule.name] += found

    return count


FEW_VERIFIED = 200
"""With fewer verified pairs, m is learned from what the search finds."""

ROUNDS = 5
"""Of expectation-maximisation; each searches a sample anew."""


def _by_expectation(work: _Work, rows: Array, evidence: Listed, model: Model) -> Model:
    """M from the candidates of a sample of all records, each counting by its probability."""
    sample = rows[:: max(1, len(rows) // max(work.settings.sample, 1))] if work.settings.sample else rows[:0]
    current = model
    for _ in range(ROUNDS if len(sample) else 0):
        seen = _searched(work, search.FUZZY, sample, evidence, current)
        probability, nobody = posterior.probabilities(seen, _nobody(work, seen.row, current, search.FUZZY))
        there = seen.at >= 0
        compared, bare, coarse = _compared(work, seen, there)
        if work.subjects.parts is None:
            current = learn_expected(model, compared, probability[there], bare, coarse)
            continue
        undated, _ = posterior.probabilities(
            seen.more(P_BIRTH, -seen.parts[..., P_BIRTH]), _nobody(work, seen.row, current, search.FUZZY)
        )
        share = _present(nobody, current, 0, len(sample), model)
        current = replace(
            learn_expected(model, compared, probability[there], bare, coarse, undated[there]),
            in_registry=share,
        )
    return current


def _compared(work: _Work, seen: Weighed, there: Array) -> tuple[dict[str, Array], Array, Array]:
    """Of candidates chosen by a mask: levels per comparison, whether the name is bare, whether the date is coarse."""
    row = np.broadcast_to(seen.row[:, None], there.shape)[there]
    compared = {name: seen.levels[..., at][there] for at, name in enumerate(FIELDS)}
    reading, names = np.maximum(seen.reading[there], 0), work.subjects.names
    if work.subjects.parts is not None:
        compared |= _compared_parts(work, seen.reading[there], seen.at[there], compared["name"])
    bare = names.bare[reading] if len(names.key) else np.zeros(len(reading), bool)
    return compared, bare, work.subjects.coarse[row]


def _compared_parts(work: _Work, reading: Array, at: Array, level: Array) -> dict[str, Array]:
    """The levels of the parts of names."""
    people = work.registry.people()
    found = levels_of_parts(work.subjects.names, reading, people.names, people.entries.name[at], level)
    return dict(zip(PARTS, found.T, strict=True))


def _with_ages(model: Model, records: Records) -> Model:
    """Ages as all records have them."""
    year, told = year_of(records.birth).astype(int), records.reference.astype(int)
    reference = int(np.median(told[told > 0])) if (told > 0).any() else model.reference
    gaps = (year - np.where(told > 0, told, reference))[year > 0]
    return replace(model, ages=age_shares(gaps), reference=reference)


PRIOR_ROUNDS = 10
"""The share of records that are in the registry settles within a few rounds."""


def _with_prior(
    work: _Work, seen: Weighed, model: Model, found: Found, in_scope: Array
) -> tuple[Weighed, Model]:
    """P(in registry) as the records of this run show it, those without a family: expectation-maximisation over all of them (Dempster, Laird, Rubin 1977)."""
    alone = ~(work.subjects.others < HARDLY_OTHERS)
    linked, everybody = int(((found.decided_by >= 0) & alone).sum()), int((in_scope & alone).sum())
    of = seen.of(alone[seen.row])
    current = model
    for _ in range(PRIOR_ROUNDS):
        _, nobody = posterior.probabilities(
            of.under(current.in_registry / model.in_registry), _nobody(work, of.row, current, search.FUZZY)
        )
        current = replace(current, in_registry=_present(nobody, current, linked, everybody, model))
    return seen.under(np.where(alone[seen.row], current.in_registry / model.in_registry, 1.0)), current


def _present(nobody: Array, model: Model, linked: int, everybody: int, stored: Model) -> float:
    """P(in registry) as P(nobody) of the open records, and those linked, show it."""
    missed = model.in_registry * model.missed[search.FUZZY]
    there_all_the_same = missed / (1 - model.in_registry + missed)
    present = linked + float((1 - nobody + nobody * there_all_the_same).sum())
    share = (present + SHRINKAGE * stored.in_registry) / (everybody + SHRINKAGE)
    return min(share, 0.9999)


def _nobody(work: _Work, row: Array, model: Model, name: str) -> Array:
    """P(nobody found) of records in a pass, before evidence."""
    return model.nobody(name, work.subjects.others[row])


def _measured(
    work: _Work, found: Found, claims: Listed, model: Model
) -> tuple[Model, list[Bin], dict[str, RuleFacts]]:
    """Search verified records without their number: what blocking misses, what each rule finds, how true the probabilities are."""
    verified, sample = (
        np.flatnonzero(found.decided_by == CASCADE.index(claimed_id.NAME)),
        work.settings.sample,
    )
    rows = verified[:: max(1, len(verified) // sample)][:sample] if sample else verified[:0]
    if not len(rows):
        return model, [], {}
    targets = _best_claims(claims, found, rows, work)
    seen = _searched(work, search.FUZZY, rows, NOTHING_LISTED, model, targets)
    right = seen.at == targets[:, None]
    reached = int(((seen.target_rules != 0) | right.any(axis=1)).sum())
    by_name_and_date = int((right & _exact(seen.levels)).any(axis=1).sum())
    missed = {
        search.FUZZY: _share(len(rows) - reached, len(rows), model.missed[search.FUZZY]),
        search.EXACT_KEY: _share(len(rows) - by_name_and_date, len(rows), model.missed[search.EXACT_KEY]),
    }
    alone = replace(work, subjects=work.subjects.without_numbers())
    probability, _ = posterior.probabilities(seen, _nobody(alone, seen.row, model, search.FUZZY))
    table = posterior.reliability(probability[:, 0], right[:, 0])
    return (
        replace(model, missed={**model.missed, **missed}),
        table,
        _rule_facts(work, seen.target_rules, len(rows)),
    )


def _best_claims(claims: Listed, found: Found, rows: Array, work: _Work) -> Array:
    """Positions of the entries that records were linked to by their numbers."""
    chosen = np.isin(claims.row, rows)
    row, at = claims.row[chosen], claims.at[chosen]
    own = _entries_at(work, at) == found.entry[row]
    result = np.full(len(rows), -1, np.int32)
    result[np.searchsorted(rows, row[own])] = at[own]
    return result


def _rule_facts(work: _Work, met: Array, sample: int) -> dict[str, RuleFacts]:
    """From the rules (bits) that found the entries of the sample."""
    return {
        rule.name: RuleFacts(
            pairs=work.by_rule[rule.name],
            found=float((met >> bit & 1).sum() / sample),
            alone=float((met == 1 << bit).sum() / sample),
        )
        for bit, rule in enumerate(RULES)
    }


def _entries_at(work: _Work, at: Array) -> Array:
    """Personal IDs (0 for none) of entries by position."""
    entry = work.registry.people().entries.entry
    return np.where(at >= 0, entry[np.maximum(at, 0)], 0) if len(entry) else np.zeros(at.shape, np.int64)


def _exact(compared: Array) -> Array:
    """Pairs that the exact key finds: same letters, same day."""
    same_letters = ("same", "same_unmarked", "marks_differ", "given_marks_lost", "given_marks_differ")
    same_day = ("same_day", "default_day")
    return np.isin(compared[..., NAME], [levels.NAME.index(name) for name in same_letters]) & np.isin(
        compared[..., BIRTH_DATE], [levels.BIRTH_DATE.index(name) for name in same_day]
    )


def _share(count: int, of: int, stored: float) -> float:
    return (count + SHRINKAGE * stored) / (of + SHRINKAGE)


def _updated(work: _Work, found: Found, seen: Weighed, model: Model, name: str, settles: float) -> Found:
    """The best candidates of this pass take the place of what was known of its records."""
    probability, nobody = posterior.probabilities(seen, _nobody(work, seen.row, model, name))
    work.shortlists.append(
        shortlist(seen, _entries_at(work, seen.at), probability, nobody, CASCADE.index(name))
    )
    there = seen.at[:, 0] >= 0
    rows, first = seen.row[there], seen.at[there, 0]
    result = {part.name: getattr(found, part.name).copy() for part in fields(Found)}
    result["entry"][rows] = _entries_at(work, first)
    result["weight"][rows] = seen.weight[there, 0]
    result["levels"][rows] = seen.levels[there, 0]
    result["deceased"][rows] = work.registry.people().entries.deceased[first]
    result["probability"][rows] = probability[there, 0]
    result["runner_up"][rows] = probability[there, 1]
    sure = (result["probability"][rows] >= settles) & (model.links_deceased | ~result["deceased"][rows])
    sure &= ~work.verdicts.forbid(rows, result["entry"][rows])
    if name != search.FUZZY:
        sure &= _agree(result["levels"][rows])
    result["decided_by"][rows] = np.where(sure, CASCADE.index(name), -1)
    return Found(**result)


def _agree(compared: Array) -> Array:
    """Name and date leave no question that a wider search could answer: whether the number is a twin's, say."""
    return (compared[:, NAME] <= SAME_SOUND) & (compared[:, BIRTH_DATE] <= COARSE)


def _concluded(
    work: _Work,
    found: Found,
    seen: Weighed,
    model: Model,
    evidence: Listed,
    facts: tuple[list[Bin], dict[str, RuleFacts], Listed],
) -> Searched:
    """Links below the limit are looked at once more by all rules; then the limit decides."""
    if work.subjects.parts is not None:
        seen, found = _in_competition(work, seen, found, model)
        limit = _checked_limit(work, found, model)
    else:
        limit = _limit(found, work.settings, model)
    by_pass = (found.decided_by >= 0) & (found.decided_by != CONFIRMED)
    doubtful = np.flatnonzero(by_pass & (found.probability < limit))
    again = np.setdiff1d(doubtful, seen.row)
    if len(again):
        more = _searched(work, search.FUZZY, again, evidence, model)
        found, seen = (
            _updated(work, found, more, model, search.FUZZY, limit),
            posterior.put_together([seen, more]),
        )
    linked = (found.decided_by >= 0) & ((found.probability >= limit) | (found.decided_by == CONFIRMED))
    found = replace(found, decided_by=np.where(linked, found.decided_by, -1).astype(np.int8))
    still_open = seen.of(~linked[seen.row])
    if work.settings.learn or not model.taken:
        model = replace(model, taken=_less_likely(work, found))
    if work.subjects.parts is None:
        still_open, found = _beside_the_linked(work, still_open, found, model, limit)
    linked = found.decided_by >= 0
    still_open = still_open.of(~linked[still_open.row])
    probability, _ = posterior.probabilities(still_open, _nobody(work, still_open.row, model, search.FUZZY))
    reliability, rules, claims = facts
    rules = {name: replace(rule, pairs=work.by_rule[name]) for name, rule in rules.items()}
    settled = {name: int((found.decided_by == at).sum()) for at, name in enumerate(CASCADE)}
    expected = float((1 - found.probability[linked]).sum())
    said = SearchFacts(
        replace(model, threshold=limit), limit, work.compared, settled, rules, reliability, expected
    )
    return Searched(
        found,
        still_open,
        probability,
        claims,
        work.subjects,
        work.registry.people().entries.entry,
        said,
        latest(work.shortlists),
        work.verdicts,
    )


ENTERED_TWICE = 0.02
"""P(somebody who has a linked record has another one of the kind), while too few records tell: assumption."""


def _in_competition(work: _Work, seen: Weighed, found: Found, model: Model) -> tuple[Weighed, Found]:
    """All records of the last pass are weighed once more, beside each other and beside those that were settled before."""
    others = np.setdiff1d(np.flatnonzero(found.decided_by >= 0), seen.row)
    held = work.beside.entries
    settled = Claimed(
        np.concatenate([found.entry[others], held]),
        np.concatenate([found.probability[others], np.ones(len(held))]),
    )
    beside, _ = _beside_claims(work, seen, found, model, settled)
    beside = _reordered(beside)
    return beside, _updated(work, found, beside, model, search.FUZZY, _floor(work.settings, model))


def _beside_claims(
    work: _Work, seen: Weighed, found: Found, model: Model, settled: Claimed
) -> tuple[Weighed, float]:
    """Candidates with what dates of relatives and the claims of other records make of them, and P(nobody found)."""
    nobody = float(model.nobody(search.FUZZY, np.ones(1))[0])
    seen = with_copied_dates(seen, nobody, model)
    claimed, free = _by_claims(work, found, model)
    return seen.more(
        TAKEN, competing(seen, _entries_at(work, seen.at), nobody, settled, claimed, free)
    ), nobody


def _by_claims(work: _Work, found: Found, model: Model) -> tuple[float, float]:
    """How much less likely an entry is that another record holds, and how much likelier one that none does; a remainder can't tell the second."""
    if model.taken and not work.settings.learn:
        return model.taken, 1.0
    twice, taken = _entered_twice(work, found)
    return _less_likely(work, found), (1 - twice) / (1 - taken)


def _less_likely(work: _Work, found: Found) -> float:
    """How much less likely an entry is once another record has it: P(entered twice) against the share of such people who are taken.

    Where a run holds few of all people, being taken says nothing; where it holds most of them, much.
    """
    twice, taken = _entered_twice(work, found)
    return float(np.clip(twice / max(taken, 1e-9), 1e-3, 1.0))


def _entered_twice(work: _Work, found: Found) -> tuple[float, float]:
    """Share of people with a linked record who have another one, and share of people like those of the records who have one."""
    entry = found.entry[found.decided_by >= 0]
    people = len(distinct(entry))
    twice = (len(entry) - people + SHRINKAGE * ENTERED_TWICE) / (len(entry) + SHRINKAGE)
    records, known = work.subjects.records, work.subjects.known
    year = year_of(records.birth) - FIRST_YEAR
    density = _density(year[(year >= 0) & (year < YEARS)], known.years) * _density(
        records.home[records.home > 0], known.places.sum(axis=0)
    )
    return twice, min(people * density / known.entries, 0.95)


def _density(codes: Array, people: Array) -> float:
    """How much denser than people at large the records lie where they lie."""
    if not len(codes):
        return 1.0
    share = np.bincount(codes, minlength=len(people))[: len(people)] / len(codes)
    return float((share**2 / np.maximum(people, 1e-5)).sum())


def _beside_the_linked(
    work: _Work, seen: Weighed, found: Found, model: Model, limit: float
) -> tuple[Weighed, Found]:
    """Candidates that are another record's already are less likely: the open records are weighed once more, and linked where that decides."""
    taken = np.sort(np.concatenate([found.entry[found.decided_by >= 0], work.beside.entries]))
    is_taken = among(taken, _entries_at(work, seen.at))
    beside = _reordered(seen.more(TAKEN, np.where(is_taken, np.log2(model.taken), 0.0)))
    return beside, _updated(work, found, beside, model, search.FUZZY, limit)


def _reordered(seen: Weighed) -> Weighed:
    """Best first again."""
    order = np.argsort(-seen.weight, axis=1, kind="stable")
    reordered = {
        name: _in_order(getattr(seen, name), order)
        for name in ("at", "weight", "relative", "levels", "rules", "reading", "parts")
    }
    return replace(seen, **reordered)


def _in_order(values: Array, order: Array) -> Array:
    return np.take_along_axis(values, order if values.ndim == 2 else order[..., None], axis=1)


def _limit(found: Found, settings: LinkSettings, model: Model) -> float:
    """From which probability all links together keep the target.

    What is looked at apart from the whole (a night's remainder) are the hard ones: they keep the target by themselves, and are held to
    the whole's threshold besides; unless they are to be decided as they would be with the whole.
    """
    if settings.threshold is not None:
        return settings.threshold
    floor = _floor(settings, model)
    floor = floor if settings.learn else max(floor, model.threshold)
    # what people confirmed must not pay for doubtful links of the machine
    linked = found.probability[(found.decided_by >= 0) & (found.decided_by != CONFIRMED)]
    return posterior.threshold(linked, settings.false_link_target * CAUTION, floor)


def _checked_limit(work: _Work, found: Found, model: Model) -> float:
    """The same, where the run checks itself on records whose entry is hidden."""
    settings = work.settings
    if settings.threshold is not None or not settings.sample or not settings.learn:
        return _limit(found, settings, model)
    by_pass = (found.decided_by >= 0) & (found.decided_by != CONFIRMED)
    sure = np.flatnonzero(by_pass & (found.probability >= SURE))
    rows = sure[:: max(1, len(sure) // settings.sample)]
    hidden = _best_of_hidden(work, rows, found, model) if len(rows) else np.zeros(0)
    linked = found.probability[by_pass]
    absent = len(found.entry) * (1 - model.in_registry)
    return checked_threshold(
        linked, hidden, absent, settings.false_link_target, CAUTION, _floor(settings, model)
    )


def _best_of_hidden(work: _Work, rows: Array, found: Found, model: Model) -> Array:
    """The best probability of each record once its own entry is left out."""
    seen = _searched(work, search.FUZZY, rows, NOTHING_LISTED, model)
    own = _entries_at(work, seen.at) == found.entry[seen.row][:, None]
    seen = without_own(seen, own & (seen.at >= 0))
    others = np.flatnonzero((found.decided_by >= 0) & (found.entry != 0))
    settled = Claimed(found.entry[others], found.probability[others])
    beside, nobody = _beside_claims(work, seen, found, model, settled)
    probability, _ = posterior.probabilities(beside, nobody)
    return np.asarray(probability.max(axis=1))


CAUTION = 0.6
"""Of the target, what the probabilities may use up: they are estimates themselves."""

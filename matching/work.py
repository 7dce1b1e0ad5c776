"""One run of the cascade: its fixed inputs, its counters, and how it asks the engine for candidates."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from matching.beside import ALONE, Beside
from matching.blocking import RULES
from matching.blocks import Listed
from matching.comparison import FIELDS
from matching.engines.engine import Engine, Search
from matching.engines.local import HERE
from matching.found import LinkSettings
from matching.kinship import Kin, said_by_family
from matching.model import PARTS, Model
from matching.nameparts import levels_of_parts
from matching.nametable import Array
from matching.passes import search
from matching.posterior import Weighed
from matching.registry import Registry
from matching.shortlist import Shortlist
from matching.subjects import Subjects
from matching.verdicts import Verdicts, without_denied


@dataclass(frozen=True)
class Work:
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


def searched(
    work: Work, name: str, rows: Array, evidence: Listed, model: Model, targets: Array | None = None
) -> Weighed:
    """A pass's candidates of some records: what number and family found, and what its blocks hold.

    With targets, the records are searched without their numbers, and it is told what finds each target.
    """
    of = work.subjects if targets is None else work.subjects.without_numbers()
    asked = Search(work.registry, of, model, rows, evidence, search.SEARCHES.get(name), targets)
    seen = work.engine.searched(asked, _counter(work, name))
    return without_denied(seen, entries_at(work, seen.at), work.verdicts.denied)


def _counter(work: Work, name: str) -> Callable[[int, Array], None]:
    """Counts pairs of a pass, and of the rules that they are credited to."""

    def count(pairs: int, by_rule: Array) -> None:
        work.compared[name] += pairs
        for rule, found in zip(RULES, by_rule.tolist(), strict=True):
            work.by_rule[rule.name] += found

    return count


def nobody_of(work: Work, row: Array, model: Model, name: str) -> Array:
    """P(nobody found) of records in a pass, before evidence."""
    return model.nobody(name, work.subjects.others[row])


def entries_at(work: Work, at: Array) -> Array:
    """Personal IDs (0 for none) of entries by position."""
    entry = work.registry.people().entries.entry
    return np.where(at >= 0, entry[np.maximum(at, 0)], 0) if len(entry) else np.zeros(at.shape, np.int64)


def compared_by(work: Work, seen: Weighed, there: Array) -> tuple[dict[str, Array], Array, Array]:
    """Of candidates chosen by a mask: levels per comparison, whether the name is bare, whether the date is coarse."""
    row = np.broadcast_to(seen.row[:, None], there.shape)[there]
    compared = {name: seen.levels[..., at][there] for at, name in enumerate(FIELDS)}
    reading, names = np.maximum(seen.reading[there], 0), work.subjects.names
    if work.subjects.parts is not None:
        compared |= _compared_parts(work, seen.reading[there], seen.at[there], compared["name"])
    bare = names.bare[reading] if len(names.key) else np.zeros(len(reading), bool)
    return compared, bare, work.subjects.coarse[row]


def _compared_parts(work: Work, reading: Array, at: Array, level: Array) -> dict[str, Array]:
    """The levels of the parts of names."""
    people = work.registry.people()
    found = levels_of_parts(work.subjects.names, reading, people.names, people.entries.name[at], level)
    return dict(zip(PARTS, found.T, strict=True))


def with_family(work: Work, kin: Kin, model: Model) -> tuple[Work, Listed]:
    """What families say of the records, under the model as it is now."""
    said = said_by_family(kin, len(work.subjects), model)
    return replace(work, subjects=work.subjects.with_family(said.others, said.relative)), said.listed

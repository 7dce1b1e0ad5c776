"""A number that is the twin's: who fills in forms for both copies one of them twice.

Where the twin whose record it is stands in the registry too, that shows: the record is linked to one entry and claims the number of another, born on
the same day. Where he doesn't, it looks like a person's own number beside a given name that somebody got wrong. How often the first happens in
a run tells how often to expect the second.

Nor need people who are absent have as few twins as others. How many of them have one in the registry shows in those whose best candidate has their day,
home and parents, and another given name.
"""

from dataclasses import replace

import numpy as np

from matching import levels
from matching.blocks import Listed
from matching.columns import day_of
from matching.comparison import BIRTH_DATE, COARSE, NAME, NUMBER
from matching.found import Found
from matching.model import Model
from matching.nametable import Array
from matching.posterior import Weighed
from matching.sorted_keys import distinct
from matching.work import Work, entries_at

STRENGTH = 1.0
"""Copied numbers, or twins of the absent, that the assumption counts for."""

MOST = 100.0
"""Times at most; by the stored .005, every second twin's number would be the other's then."""

ROUNDS = 10

_SAME, _SAME_DAY = levels.NUMBER.index("same"), levels.BIRTH_DATE.index("same_day")
_WORD_MISSING = levels.NAME.index("word_missing")
_CLAIMED = levels.NUMBER.index("one_digit")
"""Levels before it are of the number that was claimed, in whatever form."""
_ONE_DAY = tuple(
    levels.BIRTH_DATE.index(level) for level in ("same_day", "day_month_swapped", "year_off", "one_part_off")
)
"""What remains of one day where a date is complete."""

_ANOTHER_GIVEN = tuple(levels.NAME.index(level) for level in ("given_differs", "family_agrees", "different"))
"""What names of twins look like; where they look more alike than that, a slip is likelier by far."""
_SIMILAR = levels.NAME.index("similar")
"""So does this beside a number, which may be the twin's."""


def numbers_of_twins(work: Work, found: Found, seen: Weighed, claims: Listed, model: Model) -> Model:
    """The model with how many times as often as it assumes records of this run claim a twin's number: never fewer.

    Args:
        work: the run.
        found: what was decided before the last pass.
        seen: candidates of the rest.
        claims: entries behind the numbers that records claim.
        model: its relatives say how many such records to expect.
    """
    entry, compared = found.entry.copy(), found.levels.copy()
    entry[seen.row], compared[seen.row] = entries_at(work, seen.at[:, 0]), seen.levels[:, 0]
    copied = len(distinct(claims.row[_is_twins(work, entry, compared, claims)]))
    twins = model.relatives * model.relative["birth_date"][_SAME_DAY]
    expected = len(distinct(claims.row)) * model.in_registry * twins * model.relative["number"][_SAME]
    times = (copied + STRENGTH) / (expected + STRENGTH)
    return replace(model, twins_numbers=float(np.clip(times, 1.0, MOST)))


def _is_twins(work: Work, entry: Array, compared: Array, claims: Listed) -> Array:
    """Which claimed numbers are those of somebody of another name and born on the same day, while the record's own entry agrees in both."""
    entries, names, _ = work.registry.people()
    own, records = work.subjects.names, work.subjects.records
    birth, level = entries.birth[claims.at], compared[claims.row]
    name, of_holder = records.name[claims.row], entries.name[claims.at]
    alike = np.append(own.folded, 0)[name] == np.append(names.folded, 0)[of_holder]
    agrees = (level[:, NAME] <= _WORD_MISSING) & (level[:, BIRTH_DATE] == _SAME_DAY)
    another = (entry[claims.row] != 0) & (entries.entry[claims.at] != entry[claims.row])
    same_day = (day_of(birth) != 0) & (birth == records.birth[claims.row])
    return np.asarray(agrees & another & same_day & (name >= 0) & (of_holder >= 0) & ~alike)


def absent_twins(seen: Weighed, nobody: Array, model: Model) -> Model:
    """The model with how many times as often as it assumes somebody absent has a twin in the registry: never fewer.

    By expectation-maximisation (Dempster, Laird, Rubin 1977): each record counts by how likely the person is absent, and by how likely the
    candidate is a twin then.

    Args:
        seen: candidates of records whose families say nothing, searched by all rules.
        nobody: P(nobody found) of each, before evidence.
        model: its relatives say how many of the absent have a twin.
    """
    mass, relative = np.exp2(seen.weight), np.exp2(seen.relative)
    there = seen.at >= 0
    told = (seen.levels[..., BIRTH_DATE] == _SAME_DAY) & np.isin(seen.levels[..., NAME], _ANOTHER_GIVEN)
    twin = np.where(there & told, relative, 0.0).sum(axis=1)
    others = relative.sum(axis=1) + seen.rest[:, 1] - twin
    found = mass.sum(axis=1) + seen.rest[:, 0]
    absent = (1 - model.in_registry) / nobody
    twins, times = model.relatives * model.relative["birth_date"][_SAME_DAY], 1.0
    for _ in range(ROUNDS):
        none = nobody * (1 + others + times * twin)
        of_absent = absent * none / (found + none)
        with_twin = times * twin / (1 + others + times * twin)
        expected = twins * of_absent.sum()
        times = float(np.clip(((of_absent * with_twin).sum() + STRENGTH) / (expected + STRENGTH), 1.0, MOST))
    return replace(model, twins_absent=times)


def with_twins(seen: Weighed, model: Model) -> Weighed:
    """Candidates of the last pass, each as likely a twin of the person sought, whose number stands in the record, as the run shows.

    Earlier passes settle only whom name and date leave in no doubt.
    """
    date, number, name = (seen.levels[..., of] for of in (BIRTH_DATE, NUMBER, NAME))
    claimed = number < _CLAIMED
    is_twin = np.isin(name, _ANOTHER_GIVEN) | (claimed & (name == _SIMILAR))
    absent = np.where(is_twin & np.isin(date, _ONE_DAY), np.log2(model.twins_absent), 0.0)
    copied = np.where(claimed & (date <= COARSE), np.log2(model.twins_numbers), 0.0)
    return replace(seen, relative=np.where(seen.at >= 0, seen.relative + absent + copied, seen.relative))

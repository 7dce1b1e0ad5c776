"""Who a record is by its family: how sure that is, as the run's own families show it.

A guardian entered as father is compared with the father that the registry names for the linked pupil. How often he is that man, how often a
relative of his (an uncle, a grandfather), how often somebody else (a step-father) differs from place to place, and so does how well schools
type guardians, who hardly ever come with a number to verify. Name, birth date and gender are three witnesses that slip independently of each other, and
their agreement tells the three stories apart: a mixture whose shares and levels are found by expectation-maximisation (Winkler 1988), without any
verified pair.
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching import levels
from matching.blocks import NOTHING_LISTED, Listed, listed
from matching.model import NOT_LEARNED, SHRINKAGE, SLOTS, Model, learned_table
from matching.nametable import Array
from matching.passes.family import CHILD, SLOT_NAMES

MOST_SURE = 0.99
"""P(the record is one of those whom the family names), at most."""


@dataclass(frozen=True)
class Kin:
    """Records with the entries that their families name: one element per pair."""

    row: Array
    """int64."""
    at: Array
    """int32."""
    slot: Array
    """int8, position in `family.SLOT_NAMES`."""
    prior: Array
    """float64, by assumption."""


NOBODYS_KIN = Kin(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8), np.zeros(0))


def kin_of(records: pa.Table, kin: pa.Table | None) -> Kin:
    """KIN by the record's row; in order, each pair once."""
    if kin is None or not len(kin):
        return NOBODYS_KIN
    row = pc.index_in(kin["record_id"].combine_chunks(), value_set=records["record_id"].combine_chunks())
    of = kin.append_column("row", row).filter(pc.is_valid(row))
    found = Kin(*(of[name].to_numpy() for name in ("row", "at", "slot", "prior")))
    order = np.lexsort((found.at, found.row))
    return Kin(
        found.row[order].astype(np.int64),
        found.at[order],
        found.slot[order].astype(np.int8),
        found.prior[order],
    )


def slots_of(kin: Kin, row: Array, at: Array) -> tuple[Array, Array]:
    """The slots of candidates that families name, and a mask of those.

    Args:
        kin: pairs in order.
        row: n records.
        at: n × candidates, entries by position, -1 for none.
    """
    key, sought = kin.row << 32 | kin.at, row[:, None] << 32 | np.maximum(at, 0)
    place = np.searchsorted(key, sought).clip(max=max(len(key) - 1, 0))
    there = (at >= 0) & (key[place] == sought)
    return kin.slot[place[there]], there


@dataclass(frozen=True)
class ByFamily:
    """What families say of records before they are compared: `listed` per pair, the rest per record."""

    listed: Listed
    """Its priors are P(the record is this entry)."""
    others: Array
    """P(the record is none of those whom its family names); NaN where no family says anything."""
    relative: Array
    """P(the record is a relative of the entry instead)."""


def said_by_family(kin: Kin, records: int, model: Model) -> ByFamily:
    """The priors of those whom families name: where S is the chance that the record is one of them, everybody else shares 1 - S.

    A pupil's brothers and sisters are another matter: who isn't there is their brother all the same, so only the entries are listed.

    Args:
        kin: the pairs.
        records: how many records there are.
        model: with the shares of the slots.
    """
    is_parent = kin.slot != CHILD
    own, of_relatives = (_shares(model, story)[kin.slot] for story in ("same", "relative"))
    assumed = np.array([SLOTS[slot]["same"] for slot in SLOT_NAMES])[kin.slot]
    share = np.where(is_parent, kin.prior * own / assumed, 0.0)
    total = np.bincount(kin.row, share, records)
    share *= np.minimum(1, MOST_SURE / np.maximum(total, 1e-9))[kin.row]
    relative = np.zeros(records)
    np.maximum.at(relative, kin.row, np.where(is_parent, of_relatives, 0.0))
    pairs = Listed(kin.row, kin.at, np.zeros(len(kin.row), np.int8), np.where(is_parent, share, kin.prior))
    others = np.where(total > 0, 1 - np.minimum(total, MOST_SURE), np.nan)
    return ByFamily(listed(pairs) if len(kin.row) else NOTHING_LISTED, others, relative)


def _shares(model: Model, what: str) -> Array:
    return np.array([model.kin[slot][what] for slot in SLOT_NAMES])


A_GUESS = 50.0
"""Pairs that the stored tables of relatives count for, which are assumptions."""

ROUNDS = 20
STORIES = ("same", "relative", "other")
"""Of a pair by family: the person himself, a relative of his, somebody else."""

FIXED = NOT_LEARNED - {"given_differs"}
"""Nobody is linked by his family alone whose whole name is another's: how often such a name is his own stays an assumption."""


@dataclass(frozen=True)
class Compared:
    """Pairs by family as they compare: one element per pair."""

    slot: Array
    levels: Mapping[str, Array]
    """Comparison → level codes."""
    bare: Array
    """Whether the record's name has no marks."""
    coarse: Array
    """Whether its date is coarse or 1 January."""
    name_u: Array
    """P(level of the name | two people)."""
    birth_u: Array
    """P(level of the date | two people)."""


def learn_kin(model: Model, pairs: Compared) -> Model:
    """The model with shares of the slots, and m of names, dates and genders, as the families of this run show them."""
    current = model
    for _ in range(ROUNDS if len(pairs.slot) else 0):
        story = _stories(current, pairs)
        current = replace(
            current,
            m=_learned(model.m, pairs, story[0], _fixed, SHRINKAGE),
            relative=_learned(model.relative, pairs, story[1], lambda _: frozenset(), A_GUESS),
            kin=_kin(model, pairs, story),
        )
    return current


def _stories(model: Model, pairs: Compared) -> Array:
    """P(story) of every pair: stories × pairs."""
    likelihood = np.stack([
        _likelihood(model.m, pairs),
        _likelihood(model.relative, pairs),
        np.where(_told(pairs, "name"), pairs.name_u, 1.0) * np.where(_told(pairs, "birth_date"), pairs.birth_u, 1.0)
        * np.where(_told(pairs, "gender"), 0.5, 1.0),
    ])  # fmt: skip
    mass = likelihood * np.stack([_shares(model, story)[pairs.slot] for story in STORIES])
    return np.asarray(mass / np.maximum(mass.sum(axis=0), 1e-300))


def _likelihood(tables: Mapping[str, Array], pairs: Compared) -> Array:
    """P(levels | story); what is missing says nothing."""
    name, birth, gender = (pairs.levels[field] for field in ("name", "birth_date", "gender"))
    by_name = np.where(pairs.bare, tables["name_bare"][name], tables["name"][name])
    by_birth = np.where(pairs.coarse, tables["birth_date_coarse"][birth], tables["birth_date"][birth])
    by_gender = tables["gender"][gender]
    return np.asarray(
        np.where(_told(pairs, "name"), by_name, 1.0)
        * np.where(_told(pairs, "birth_date"), by_birth, 1.0)
        * np.where(_told(pairs, "gender"), by_gender, 1.0)
    )


def _told(pairs: Compared, field: str) -> Array:
    return np.asarray(pairs.levels[field] != levels.COMPARISONS[field].index("missing"))


def _learned(
    stored: Mapping[str, Array],
    pairs: Compared,
    share: Array,
    fixed: Callable[[str], Set[str]],
    shrinkage: float,
) -> dict[str, Array]:
    """Tables of names, dates and genders from pairs that each count by their share; the other tables as they are."""
    name, birth, gender = (pairs.levels[field] for field in ("name", "birth_date", "gender"))
    chosen = {
        "name": (name, ~pairs.bare),
        "name_bare": (name, pairs.bare),
        "birth_date": (birth, ~pairs.coarse),
        "birth_date_coarse": (birth, pairs.coarse),
        "gender": (gender, np.ones(len(share), bool)),
    }
    tables = {
        shape: learned_table(codes[rows], stored[shape], shape, fixed(shape), share[rows], shrinkage)
        for shape, (codes, rows) in chosen.items()
    }
    return {**stored, **tables}


def _fixed(shape: str) -> Set[str]:
    return FIXED if shape.startswith("name") else frozenset()


def _kin(stored: Model, pairs: Compared, story: Array) -> dict[str, dict[str, float]]:
    """Shares of the stories per slot, shrunk to the stored ones."""
    pairs_of = np.bincount(pairs.slot, minlength=len(SLOT_NAMES)) + SHRINKAGE
    counted = [np.bincount(pairs.slot, of, len(SLOT_NAMES)) for of in story]
    return {
        slot: {
            name: float((count[at] + SHRINKAGE * stored.kin[slot][name]) / pairs_of[at])
            for name, count in zip(STORIES, counted, strict=True)
        }
        for at, slot in enumerate(SLOT_NAMES)
    }

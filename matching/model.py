"""What is learned: m per comparison and kind, how families mislead, who is in the registry at all.

* m: P(level | same person). Learned from records whose claimed number was found and whose other fields leave no
  doubt that it is theirs: true pairs, for nothing, in the data of the run. Each comparison is learned from pairs that
  the *other* comparisons vouch for, so that the selection doesn't flatter it. Few pairs are shrunk towards the
  stored model.
* u: P(level | two people): `matching.frequency`, per record.
* relative: P(level | brother, sister, parent of the person). Relatives share family name, home and parents, twins the day;
  without this, one twin is linked to the other when only one of them is in the registry.

Match weights are log2(m/u), the base that Splink uses.
"""

import json
from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass, field, replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from matching import levels
from matching.errors import ModelUnreadable

Table = np.ndarray

Levels = Mapping[str, np.ndarray]
"""Comparison → level codes, one per pair."""

PLACES = [f"{birth}+{home}" for birth in levels.BIRTH_PLACE for home in levels.RESIDENCE]
"""Birth place and residence are one joint comparison: those who stay where they were born are not two coincidences."""

NOT_FOUND = 0.5
"""P(nobody found) of somebody who should be one of those whom the family names, and isn't: a step-parent lives elsewhere, say (assumption)."""

HARDLY_OTHERS = 0.5
"""Below it a record should be one of those whom the family names."""

SHAPES: dict[str, tuple[str, ...]] = {
    "name": levels.NAME,
    "name_bare": levels.NAME,  # the record's name was typed without any mark
    "family": levels.NAME_PART,  # parts of names, where the profile compares them
    "middle": levels.MIDDLE,
    "given": levels.NAME_PART,
    "birth_date": levels.BIRTH_DATE,
    "birth_date_coarse": levels.BIRTH_DATE,  # the record knows a year or month only, or says 1 January
    "gender": levels.GENDER,
    "place": tuple(PLACES),
    "number": levels.NUMBER,
    "parents": levels.PARENTS,
}
"""Table of m → its levels."""

SHRINKAGE = 200.0
"""Pairs that the stored model counts for when m is learned."""

SLOTS = {
    "own": {"same": 0.9, "relative": 0.03, "other": 0.07},
    "other": {"same": 0.03, "relative": 0.02, "other": 0.95},
    "guardian": {"same": 0.25, "relative": 0.3, "other": 0.45},
    "grandparent": {"same": 0.1, "relative": 0.3, "other": 0.6},
    "parent_of_siblings": {"same": 0.6, "relative": 0.05, "other": 0.35},
    "child": {"same": 0.9, "relative": 0.09, "other": 0.01},
}
"""How an entry is related to a record by the family → P(the record's person is the entry, a relative of it, somebody else): assumptions, where no
run has learned them. `own`: entered as father, and the entry is the father; `other`: entered as father, and it is the mother; `guardian`: entered as
guardian, and it is a parent; `grandparent`: of somebody who may be one; `parent_of_siblings`: entered as father, and the entry is the father of
the mother's other children, where the registry names none for this one; `child`: a pupil, and a child of the linked guardian."""


@dataclass(frozen=True)
class Model:
    """Everything that turns levels into a probability, for one kind of record."""

    name: str
    """Which model: printed in every decision."""
    kind: str
    m: Mapping[str, Table]
    """Comparison (SHAPES) → P(level | same person); levels that mean missing are left out of the sum."""
    relative: Mapping[str, Table]
    """Comparison → P(level | a relative)."""
    in_registry: float
    """P(the person of a record has an entry)."""
    missed: Mapping[str, float]
    """Pass → P(its candidates don't hold the entry | there is one)."""
    kin: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: SLOTS)
    """Slot → shares (SLOTS), as the run's families show them (`matching.kinship`)."""
    number_of_another: float = 0.01
    """P(a claimed number is another person's)."""
    twins_numbers: float = 1.0
    """How many times as often as `relative` says a number is a twin's, as the run shows (`matching.twins`)."""
    twins_absent: float = 1.0
    """How many times as often as `relative` says somebody absent has a twin in the registry, likewise."""
    relatives: float = 2.0
    """Relatives in the registry, on average, that share family name, home or parents."""
    deceased: float = 0.01
    """P(a record is about somebody deceased)."""
    links_deceased: bool = False
    """Whether a deceased person's entry may be linked: a school rightly keeps the late father of a pupil, and no late teacher."""
    link_from: float = 0.99
    """From here on the model's probabilities are trusted to link by; children have twins, and the highest bar."""
    threshold: float = 0.0
    """From which probability a whole partition was linked; what is looked at apart from it is held to that at least."""
    ages: Table = field(default_factory=lambda: np.zeros(0))
    """Share of records by years from their reference year (`frequency.age_shares`); empty while not learned."""
    reference: int = 2000
    """The reference year of records that have none of their own."""
    taken: float = 0.0
    """How much less likely an entry is once another record has it, as the whole showed; 0 while no whole has."""
    verified: int = 0
    """Pairs that m was learned from."""

    def nobody(self, name: str, others: Table) -> Table:
        """P(nobody found) of records in a pass, before evidence.

        Args:
            name: the pass.
            others: P(the record is none of those whom its family names), NaN where no family says anything.
        """
        of_all = (1 - self.in_registry) + self.in_registry * self.missed[name]
        left = np.nan_to_num(others, nan=1.0)
        return np.asarray(left * np.where(left < HARDLY_OTHERS, NOT_FOUND, of_all))


def place_codes(compared: Levels) -> np.ndarray:
    """The joint level of birth place and residence, a position in PLACES."""
    return compared["birth_place"].astype(np.int16) * len(levels.RESIDENCE) + compared["residence"]


def place_m(joint: Table) -> Table:
    """M of all joint levels from those of the fully compared ones; where a side is missing, the margin of the other."""
    known = joint.reshape(4, 4)[:3, :3]
    table = np.ones((4, 4))
    table[:3, :3] = known
    table[:3, 3] = known.sum(axis=1)
    table[3, :3] = known.sum(axis=0)
    return table.ravel()


def learned_table(
    codes: np.ndarray,
    stored: Table,
    shape: str,
    fixed_levels: Set[str],
    weight: np.ndarray | None = None,
    shrinkage: float = SHRINKAGE,
) -> Table:
    """P(level | same person) from counted levels, shrunk towards the stored table; missing doesn't count.

    Args:
        codes: levels of pairs.
        stored: the stored table.
        shape: which table it is.
        fixed_levels: levels that the pairs say nothing about; they keep their stored share.
        weight: P(the pair is right), 1 if None.
        shrinkage: pairs that the stored table counts for.
    """
    size = len(SHAPES[shape])
    counts = np.bincount(codes, weight, minlength=size)[:size].astype(float)
    missing, fixed = _missing(shape), np.array([level in fixed_levels for level in SHAPES[shape]])
    counts[missing | fixed] = 0
    kept = np.where(missing, 0, stored)
    kept = kept / kept.sum()
    own = kept[fixed].sum()
    table: Table = (counts + shrinkage * kept) / (counts.sum() + shrinkage * (1 - own)) * (1 - own)
    table[fixed] = kept[fixed]
    table[missing] = 1.0
    return table


PARTS = ("family", "middle", "given")
"""Tables of parts of names; a stored model of whole names has none."""

NOT_LEARNED = frozenset({"given_differs", "given_agrees", "family_agrees", "different"} & set(levels.NAME))
"""Levels of a name (of no other comparison) that a brother's or sister's number shows as well: how often they are the person's own isn't told by numbers (assumption)."""


def _missing(shape: str) -> np.ndarray:
    return np.array([_says_nothing(level) for level in SHAPES[shape]])


def _says_nothing(level: str) -> bool:
    """A level of a value that one side doesn't have; of a joint level, of either value."""
    return "missing" in level.split("+")


def learn(stored: Model, compared: Levels, bare: np.ndarray, coarse: np.ndarray) -> Model:
    """The model of this run's data, from pairs found by their number.

    Args:
        stored: where to shrink to.
        compared: levels of pairs whose claimed number was found (current, former or superseded).
        bare: per pair, whether the record's name has no marks at all.
        coarse: per pair, whether the record's date is coarse or 1 January.
    """
    name, birth, gender = compared["name"], compared["birth_date"], compared["gender"]
    name_agrees = name <= levels.NAME.index("same_sound")
    birth_agrees = np.isin(birth, [levels.BIRTH_DATE.index("same_day")])
    sure = name_agrees & np.isin(
        birth, [levels.BIRTH_DATE.index(level) for level in ("same_day", "default_day")]
    )
    chosen = {
        "name": (name, birth_agrees & ~bare & (gender != 1)),
        "name_bare": (name, birth_agrees & bare & (gender != 1)),
        "birth_date": (birth, name_agrees & ~coarse),
        "birth_date_coarse": (birth, name_agrees & coarse),
        "gender": (gender, sure),
        "place": (place_codes(compared), sure),
        "parents": (compared["parents"], sure),
    }
    chosen |= {part: (compared[part], birth_agrees & (gender != 1)) for part in PARTS if part in compared}
    tables = {
        shape: learned_table(
            codes[rows], stored.m[shape], shape, NOT_LEARNED if shape.startswith("name") else frozenset()
        )
        for shape, (codes, rows) in chosen.items()
    }
    tables["place"] = place_m(tables["place"])
    # a claimed number whose holder differs in name and birth date was another's
    told = (name != levels.NAME.index("missing")) & (birth != levels.BIRTH_DATE.index("missing"))
    another = (name >= levels.NAME.index("similar")) & (birth >= levels.BIRTH_DATE.index("same_year")) & told
    rate = (another.sum() + 0.01 * SHRINKAGE) / (told.sum() + SHRINKAGE)
    return replace(
        stored,
        name=f"{stored.name}+{int(sure.sum())}",
        m={**stored.m, **tables},
        number_of_another=float(rate),
        verified=int(sure.sum()),
    )


def learn_expected(
    stored: Model,
    compared: Levels,
    probability: np.ndarray,
    bare: np.ndarray,
    coarse: np.ndarray,
    undated: np.ndarray | None = None,
) -> Model:
    """The model of this run's data where no numbers verify pairs: one round of expectation-maximisation (Winkler 1988).

    Args:
        stored: where to shrink to.
        compared: levels of candidate pairs.
        probability: of each pair, by the model so far.
        bare: per pair, whether the record's name has no marks at all.
        coarse: per pair, whether the record's date is coarse or 1 January.
        undated: of each pair, by all but the date. With it each comparison is learned from pairs that the others vouch for, dates from the same
            names and names from the same day; else whoever comes near an absent person by chance teaches that this is how slips are.
    """
    of_dates = probability if undated is None else undated
    everything = np.ones(len(probability), bool)
    chosen = {
        "name": (compared["name"], ~bare),
        "name_bare": (compared["name"], bare),
        "birth_date": (compared["birth_date"], ~coarse),
        "birth_date_coarse": (compared["birth_date"], coarse),
        "gender": (compared["gender"], everything),
        "place": (place_codes(compared), everything),
        "number": (compared["number"], everything),
        "parents": (compared["parents"], everything),
    }
    chosen |= {part: (compared[part], everything) for part in PARTS if part in compared}
    if undated is not None:
        same_day = compared["birth_date"] == levels.BIRTH_DATE.index("same_day")
        same_name = compared["name"] <= levels.NAME.index("same_sound")
        for shape, (codes, rows) in chosen.items():
            if shape in {"name", "name_bare", *PARTS}:
                chosen[shape] = codes, rows & same_day
            elif "date" in shape:
                chosen[shape] = codes, rows & same_name
    tables = {
        shape: learned_table(
            codes[rows],
            stored.m[shape],
            shape,
            frozenset(),
            (of_dates if "date" in shape else probability)[rows],
        )
        for shape, (codes, rows) in chosen.items()
    }
    tables["place"] = place_m(tables["place"])
    return replace(stored, m=tables)


STORED = {"vietnam": "stored_model.json", "people": "stored_people.json"}
"""Profile → its file in the package."""


def load(path: Path | None = None, profile: str = "vietnam") -> dict[str, Model]:
    """The stored models, one per kind; without a path, those that come with the package for a profile.

    Raises:
        ModelUnreadable: no such file, or not one of ours.
    """
    source = path or files("matching") / STORED[profile]
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
        return {kind: _from_json(content, kind) for kind in content["kinds"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelUnreadable(str(path or STORED[profile]), type(error).__name__) from error


def _from_json(content: dict[str, object], kind: str) -> Model:
    facts = dict(content["kinds"][kind])  # type: ignore[index]
    for part in ("m", "relative"):
        facts[part] = {shape: _levels_in_order(shape, table) for shape, table in facts[part].items()}
    for part in ("m", "relative"):
        facts[part]["place"] = place_m(facts[part]["place"])
    facts["ages"] = np.array(facts.get("ages", ()), dtype=float)
    return Model(name=str(content["name"]), kind=kind, **facts)


def _levels_in_order(shape: str, table: dict[str, float]) -> Table:
    """A stored table names its levels: levels that it doesn't know get a small share, never another's."""
    return np.array([table.get(level, 1.0 if _says_nothing(level) else 1e-4) for level in SHAPES[shape]])


def dump(models: Mapping[str, Model], path: Path, name: str) -> None:
    """Write models as a file that `load` reads; each table names its levels."""
    path.write_text(as_text(models, name), encoding="utf-8")


def as_text(models: Mapping[str, Model], name: str) -> str:
    """What stands in such a file."""
    kinds = {kind: _to_json(model) for kind, model in models.items()}
    return json.dumps({"name": name, "kinds": kinds}, indent=1, ensure_ascii=False) + "\n"


def _to_json(model: Model) -> dict[str, object]:
    facts = asdict(model)
    del facts["name"], facts["kind"]
    facts["ages"] = [round(float(share), 12) for share in model.ages]
    for part in ("m", "relative"):
        facts[part] = {
            shape: {
                level: round(float(value), 12)
                for level, value in zip(SHAPES[shape], table, strict=True)
                if not _says_nothing(level)
            }
            for shape, table in getattr(model, part).items()
        }
    return facts

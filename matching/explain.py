"""One decision as facts that can be said in words: what agrees, what differs, who must act.

No sentence stands here. A decision is explained by keys (outcome, reason, comparison, level, actor) that
`reporting.texts` turns into Vietnamese or English: so every text an officer reads is in one catalogue, a
translator needs no Python, and `matching` knows no language. What is domain knowledge stays here: which
levels count as agreement, and whose task a reason is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from matching.decision import Outcome, Reason
from matching.levels import COMPARISONS


class Actor(StrEnum):
    """Who must act before a record can be linked."""

    SCHOOL = "school"
    POLICE = "police"
    JUSTICE = "justice"
    REVIEWER = "reviewer"
    NOBODY = "nobody"


class Standing(StrEnum):
    """How a level counts for a reader."""

    AGREES = "agrees"
    NEAR = "near"
    """Not equal, yet what one person's record and entry often look like."""
    DIFFERS = "differs"
    UNKNOWN = "unknown"
    """Missing on one side, or not compared."""


ACTORS: dict[Reason, tuple[Actor, ...]] = {
    Reason.NUMBER_VERIFIED: (Actor.NOBODY,),
    Reason.FORMER_NUMBER_VERIFIED: (Actor.NOBODY,),
    Reason.SUPERSEDED_NUMBER_FOLLOWED: (Actor.NOBODY,),
    Reason.NUMBER_REPAIRED: (Actor.NOBODY,),
    Reason.EVIDENCE_AGREES: (Actor.NOBODY,),
    Reason.FAMILY_AGREES: (Actor.NOBODY,),
    Reason.DUPLICATE_RECORD: (Actor.SCHOOL,),
    Reason.CONFIRMED_BY_PERSON: (Actor.NOBODY,),
    Reason.SEVERAL_FIT: (Actor.REVIEWER,),
    Reason.ENTRY_SHARED: (Actor.REVIEWER,),
    Reason.NUMBER_SHARED: (Actor.SCHOOL,),
    Reason.NUMBER_OF_ANOTHER: (Actor.SCHOOL,),
    Reason.NUMBER_WRONG_FORM: (Actor.SCHOOL,),
    Reason.NUMBER_LOST: (Actor.SCHOOL,),
    Reason.NUMBER_UNKNOWN: (Actor.SCHOOL, Actor.POLICE),
    Reason.NAME_DIFFERS: (Actor.SCHOOL, Actor.POLICE),
    Reason.BIRTH_DATE_DIFFERS: (Actor.SCHOOL, Actor.POLICE),
    Reason.GENDER_DIFFERS: (Actor.SCHOOL, Actor.POLICE),
    Reason.PLACE_DIFFERS: (Actor.SCHOOL, Actor.POLICE),
    Reason.WEAK_EVIDENCE: (Actor.REVIEWER,),
    Reason.TOO_LITTLE_DATA: (Actor.SCHOOL,),
    Reason.NOBODY_FOUND: (Actor.SCHOOL, Actor.JUSTICE, Actor.POLICE),
    Reason.REGISTRY_DECEASED: (Actor.SCHOOL, Actor.JUSTICE),
    Reason.FOREIGN_NATIONAL: (Actor.NOBODY,),
    Reason.COULD_NOT_ASK: (Actor.NOBODY,),
    Reason.REGISTRY_WITHHOLDS: (Actor.POLICE,),
    Reason.REVIEWERS_DIFFER: (Actor.REVIEWER,),
    Reason.REVIEWER_UNSURE: (Actor.REVIEWER,),
    Reason.SENT_TO_SCHOOL: (Actor.SCHOOL,),
    Reason.NO_NUMBER_YET: (Actor.POLICE, Actor.JUSTICE),
}
"""Reason → who must act, the one to begin with first."""

_LAST_AGREEING_AND_NEAR = {
    "name": ("same", "family_and_given"),
    "birth_date": ("default_day", "coarse"),
    "gender": ("same", "same"),
    "birth_place": ("same", "same_region"),
    "residence": ("same_province", "same_province"),  # people move: another commune is no difference
    "number": ("former_same", "one_digit"),
    "parents": ("one_agrees", "mixed"),
}
_FIELD_OF_REASON = {
    Reason.NAME_DIFFERS: "name",
    Reason.BIRTH_DATE_DIFFERS: "birth_date",
    Reason.GENDER_DIFFERS: "gender",
    Reason.PLACE_DIFFERS: "birth_place",
    Reason.NUMBER_OF_ANOTHER: "number",
    Reason.NUMBER_WRONG_FORM: "number",
    Reason.NUMBER_LOST: "number",
    Reason.NUMBER_UNKNOWN: "number",
    Reason.NUMBER_SHARED: "number",
    Reason.REGISTRY_WITHHOLDS: "number",
}
_SIGNS = {Standing.AGREES: "+", Standing.NEAR: "~", Standing.DIFFERS: "-"}


@dataclass(frozen=True)
class Finding:
    """One comparison, the level it reached and how that counts."""

    comparison: str
    level: str
    standing: Standing


@dataclass(frozen=True)
class Explanation:
    """Why a decision is what it is; every text field is a key of the message catalogue or a name of ours."""

    outcome: Outcome
    reason: Reason
    decided_by: str | None
    findings: tuple[Finding, ...]
    """In the order of `matching.levels.COMPARISONS`, only what was compared."""
    fields: tuple[str, ...]
    """The comparisons to look at first: what the reason names, then whatever else does not agree."""
    actors: tuple[Actor, ...]

    @property
    def match_key(self) -> str:
        """The findings in short, for example `name+ birth_date~ gender-`; never like a formula of a spreadsheet."""
        return " ".join(
            found.comparison + _SIGNS[found.standing] for found in self.findings if found.standing in _SIGNS
        )


def standing(comparison: str, level: str | None) -> Standing:
    """How `level` of `comparison` counts; a level that wasn't reached counts as unknown.

    Raises:
        KeyError: No such comparison.
        ValueError: No such level.
    """
    levels = COMPARISONS[comparison]
    if level is None or level == "missing":
        return Standing.UNKNOWN
    agreeing, near = _LAST_AGREEING_AND_NEAR[comparison]
    place = levels.index(level)
    if place <= levels.index(agreeing):
        return Standing.AGREES
    return Standing.NEAR if place <= levels.index(near) else Standing.DIFFERS


def actors(reason: Reason | str) -> tuple[Actor, ...]:
    """Who must act for `reason`, the one to begin with first.

    Raises:
        ValueError: No such reason.
    """
    return ACTORS[Reason(reason)]


def findings(evidence: Mapping[str, str | None] | None) -> tuple[Finding, ...]:
    """What each comparison of an evidence struct found."""
    if evidence is None:
        return ()
    return _findings(tuple(evidence.get(comparison) for comparison in COMPARISONS))


def explain(
    outcome: str, reason: str, evidence: Mapping[str, str | None] | None, decided_by: str | None = None
) -> Explanation:
    """Explain one row of `matching.schemas.DECISIONS`.

    Raises:
        ValueError: The outcome, the reason or a level isn't one of ours.
    """
    why = Reason(reason)
    found = findings(evidence)
    return Explanation(Outcome(outcome), why, decided_by, found, _fields(why, found), ACTORS[why])


@lru_cache(maxsize=4096)  # a province has a few hundred distinct patterns of levels
def _findings(levels: tuple[str | None, ...]) -> tuple[Finding, ...]:
    return tuple(
        Finding(comparison, level, standing(comparison, level))
        for comparison, level in zip(COMPARISONS, levels, strict=True)
        if level is not None
    )


@lru_cache(maxsize=4096)
def _fields(reason: Reason, found: tuple[Finding, ...]) -> tuple[str, ...]:
    named = _FIELD_OF_REASON.get(reason)
    odd = [one.comparison for one in found if one.standing in {Standing.NEAR, Standing.DIFFERS}]
    return tuple(dict.fromkeys([named, *odd] if named else odd))

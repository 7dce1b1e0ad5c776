"""Which culture of names a run reads: the engine is one, what it takes for the same name is not.

A profile says how a name becomes its canonical spelling, what is left of it without marks and how it sounds, and whether birth
provinces belong to larger regions. Everything else about people is the same everywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass

from matching.errors import UnknownProfile
from matching.normalise import latin_names, names


@dataclass(frozen=True)
class Profile:
    """How names are read, and whether provinces merged."""

    name: str
    canonical: Callable[[str], str | None]
    """A name as written → its one spelling; None where there is no name in it."""
    fold: Callable[[str], str]
    """A canonical name or word → letters without marks."""
    sound: Callable[[str], str]
    """Folded text → its sound, word by word, spaces kept."""
    regions: bool
    """Whether birth provinces merge into the regions of 2025."""
    parts: bool
    """Whether names are compared part by part (`matching.nameparts`)."""


VIETNAM = Profile("vietnam", names.canonical, names.fold, names.sound, regions=True, parts=False)
"""Vietnamese names, numbers and places."""

PEOPLE = Profile(
    "people", latin_names.canonical, latin_names.fold, latin_names.sound, regions=False, parts=True
)
"""Names of other cultures in Latin letters, family name first; codes of places and numbers as they are given."""

PROFILES = {profile.name: profile for profile in (VIETNAM, PEOPLE)}


def profile(name: str) -> Profile:
    """The profile of that name.

    Raises:
        UnknownProfile: there is none; the error names those that exist.
    """
    try:
        return PROFILES[name]
    except KeyError:
        raise UnknownProfile(name, tuple(PROFILES)) from None

"""Names and places as a school's file holds them: slips of single names, then the habits of the school."""

import re
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from mock_population_api.assumptions import HabitAssumptions, SlipAssumptions
from mock_population_api.draws import Ints
from mock_population_api.habits import Codes, Habits
from mock_population_api.legacy_encodings import ENCODINGS
from mock_population_api.name_slips import NAME_SLIPS, Slip, built_apart, minority_damage, thi_dropped
from mock_population_api.persons import Objects
from mock_population_api.slip_log import SlipLog, chosen

_NEW_TONES = {
    "òa": "oà", "óa": "oá", "ỏa": "oả", "õa": "oã", "ọa": "oạ", "òe": "oè", "óe": "oé", "ỏe": "oẻ", "õe": "oẽ",
    "ọe": "oẹ", "ùy": "uỳ", "úy": "uý", "ủy": "uỷ", "ũy": "uỹ", "ụy": "uỵ",
}  # fmt: skip
_OPEN_SYLLABLE = re.compile(f"({'|'.join(_NEW_TONES)})(?!\\w)")


def slip(
    names: Objects, rows: Ints, change: Slip, label: str, log: SlipLog, rng: np.random.Generator
) -> None:
    """Change the names of these rows in place, and note those that did change."""
    after = [change(names[row], rng) for row in rows]
    changed = np.array([new != names[row] for new, row in zip(after, rows, strict=True)], dtype=bool)
    names[rows] = after
    log.note(rows[changed], label)


def slip_names(
    names: Objects,
    minority: npt.NDArray[np.bool_],
    rates: SlipAssumptions,
    log: SlipLog,
    rng: np.random.Generator,
) -> Objects:
    """Names with slips of the ear and the hand."""
    names = names.copy()
    candidates = np.flatnonzero(minority)
    apart = candidates[[built_apart(names[row]) for row in candidates]] if len(candidates) else candidates
    slip(
        names,
        apart[chosen(len(apart), rates.minority_damage, rng)],
        minority_damage,
        "minority_damage",
        log,
        rng,
    )
    for label, change in NAME_SLIPS:
        slip(names, chosen(len(names), getattr(rates, label), rng), change, label, log, rng)
    return names


def drop_thi(
    names: Objects, habits: Habits, rates: HabitAssumptions, log: SlipLog, rng: np.random.Generator
) -> None:
    """Schools that leave out Thị and Văn for many, in place."""
    rows = np.flatnonzero(habits.drops_thi & (rng.random(len(names)) < rates.drops_thi_rate))
    slip(names, rows, thi_dropped, "thi_dropped", log, rng)


def new_tones(text: str) -> str:
    """The tone on the main vowel: hoà for hòa, thuỷ for thủy."""
    return _OPEN_SYLLABLE.sub(lambda match: _NEW_TONES[match.group(1)], text)


def _first_only(text: str) -> str:
    return text[:1].upper() + text[1:].lower()


_CAPITALS: dict[str, Callable[[str], str]] = {"upper": str.upper, "lower": str.lower, "first": _first_only}
_SPACING: dict[str, Callable[[str], str]] = {
    "trailing": lambda text: f"{text} ",
    "nbsp": lambda text: text.replace(" ", "\u00a0", 1),
    "double": lambda text: text.replace(" ", "  ", 1),
}


def _change(values: Objects, form: Codes, changes: Mapping[str, Callable[[str], str]]) -> None:
    """Each value changed as its form says, in place."""
    for name, change in changes.items():
        rows = [row for row in np.flatnonzero(form == name) if values[row] is not None]
        values[rows] = [change(values[row]) for row in rows]


def write_text(values: Objects, habits: Habits) -> Objects:
    """Text in the tone style and encoding of the school."""
    values = values.copy()
    _change(values, habits.tone_style, {"new": new_tones})
    _change(values, habits.encoding, ENCODINGS)
    return values


def write_names(names: Objects, habits: Habits, log: SlipLog) -> Objects:
    """Names in the capitals, spacing, tone style and encoding of the school; what loses information is noted."""
    names = names.copy()
    _change(names, habits.capitals, _CAPITALS)
    _change(names, habits.spacing, _SPACING)
    written = write_text(names, habits)
    for encoding in ENCODINGS:
        rows = np.flatnonzero(habits.encoding == encoding)
        log.note(rows[written[rows] != names[rows]], f"encoding:{encoding}")
    return written

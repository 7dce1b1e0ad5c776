"""How many records are damaged and with what: habits of schools first, then single slips until the share is reached."""

import numpy as np

from benchmarks.independent import assumptions as rates
from benchmarks.independent.places import drawn
from benchmarks.independent.records import DAY, Records
from benchmarks.independent.schools import Schools
from benchmarks.independent.slips import CATALOGUE, Scene
from benchmarks.independent.slips_in_names import plain

_ROUNDS = 10
_SLIPS_PER_FIELD = {"full_name": 2}
_SHIFTED = ("gender", "birth_place", "nationality", "number", "province", "commune")


def damage(scene: Scene, records: Records, schools: Schools, profile: rates.Profile) -> None:
    """Make the records as wrong as the profile says; what was done is noted in them."""
    _habits(scene, records, schools)
    hit = np.zeros(len(records), bool)
    for rows, _, _ in records.errors:
        hit[rows] = True
    rng = scene.rng
    chance = np.where(
        hit, profile.damaged / 2, max(0.0, (profile.damaged - hit.mean()) / (1 - hit.mean() + 1e-9))
    )
    more, most = profile.more_errors
    wanted = np.where(
        rng.random(len(records)) < chance,
        1 + (rng.random(len(records)) < more) + (rng.random(len(records)) < most),
        0,
    )
    _slips(scene, records, wanted)
    _shifted(records, schools)


def _slips(scene: Scene, records: Records, wanted: np.ndarray) -> None:
    """So many slips in each record, drawn by weight; one that can't be made is drawn anew."""
    kind = ("student", "teacher", "guardian").index(records.kind)
    names = list(rates.WEIGHTS)
    running = np.cumsum([rates.WEIGHTS[name][kind] for name in names])
    made = {column: np.zeros(len(records), np.int8) for column, _ in CATALOGUE.values()}
    done: dict[str, np.ndarray] = {}
    for _ in range(_ROUNDS):
        rows = np.flatnonzero(wanted > 0)
        choice = drawn(scene.rng, running, len(rows))
        for number in np.unique(choice):
            name = names[number]
            column, slip = CATALOGUE[name]
            before = done.setdefault(name, np.zeros(len(records), bool))
            whose = rows[choice == number]
            whose = whose[(made[column][whose] < _SLIPS_PER_FIELD.get(column, 1)) & ~before[whose]]
            if len(whose):
                whose = whose[slip(scene, records, whose)]
                made[column][whose] += 1
                wanted[whose] -= 1
                before[whose] = True
                records.note(whose, column, name)


def _habits(scene: Scene, records: Records, schools: Schools) -> None:
    """What a whole school does wrong in a column."""
    habit = schools.habit[records.school]
    for name, (column, change) in _HABITS.items():
        rows = np.flatnonzero(habit == name)
        if len(rows) and not (records.kind == "guardian" and column == "gender"):
            rows = rows[change(scene, records, rows)]
            records.note(rows, column, name)


def _dates_as(style: str):
    def change(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
        records.date_style[rows] = style
        return records.known[rows] == DAY

    return change


def _all_plain(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    before = records.name[rows].copy()
    records.name[rows] = [plain(name) for name in before]
    return records.name[rows] != before


def _women_x(scene: Scene, records: Records, rows: np.ndarray) -> np.ndarray:
    """A column headed "Nữ": x for women, empty for men."""
    records.gender[rows] = np.where(scene.batch.people.woman[records.person[rows]], "x", None)
    return np.ones(len(rows), bool)


def _by(name: str):
    return CATALOGUE[name][1]


_HABITS = {
    "marks_left_out": ("full_name", _all_plain), "serial_dates": ("birth_date", _dates_as("serial")),
    "two_digit_years": ("birth_date", _dates_as("%d/%m/%y")), "month_first": ("birth_date", _dates_as("%m/%d/%Y")),
    "zeros_lost": ("claimed_id", _by("zero_lost")), "scientific": ("claimed_id", _by("scientific_number")),
    "women_marked_x": ("gender", _women_x), "old_codes": ("residence_commune", _by("old_commune")),
}  # fmt: skip


def _shifted(records: Records, schools: Schools) -> None:
    """Every column from gender on stands one to the right."""
    rows = np.flatnonzero(schools.habit[records.school] == "columns_shifted")
    if records.kind == "guardian" or not len(rows):
        return
    for left, right in zip(_SHIFTED[-2::-1], _SHIFTED[:0:-1], strict=True):
        getattr(records, right)[rows] = getattr(records, left)[rows]
    records.gender[rows] = None
    records.note(rows, "gender", "columns_shifted")

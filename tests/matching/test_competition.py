"""Records that compete for entries, dates that are a relative's, companions of one day."""

import numpy as np
import pyarrow as pa
import pytest

from matching import model
from matching.absent import checked_threshold, without_own
from matching.columns import Entries, packed
from matching.companions import with_companions
from matching.comparison import BIRTH_DATE, birth_level, digit_slip
from matching.competition import Claimed, competing
from matching.copied import with_copied_dates
from matching.frequency import birth_date_table
from matching.levels import BIRTH_DATE as DATES
from matching.nametable import name_table
from matching.parts import PARTS
from matching.posterior import probabilities, threshold, weighed
from matching.profile import PEOPLE
from matching.registry import People
from matching.searching import KEPT, nothing_kept
from matching.weighing import FIRST_YEAR, YEARS
from matching.yearshares import with_spans

NOBODY = 0.05
NONE_SETTLED = Claimed(np.zeros(0, np.int64), np.zeros(0))
STORED = model.load(profile="people")["teacher"]


def found(*rows):
    """Rows of candidates (entry, weight, level of dates, relative), the best first."""
    kept = nothing_kept(len(rows))
    for row, candidates in enumerate(rows):
        for place, (entry, weight, level, relative) in enumerate(candidates):
            kept.at[row, place], kept.weight[row, place], kept.relative[row, place] = entry, weight, relative
            kept.levels[row, place, BIRTH_DATE] = DATES.index(level)
    return weighed(np.arange(len(rows)), kept, np.zeros((len(rows), KEPT, len(PARTS)), np.float32))


def candidate(entry, weight, level="far", relative=-60.0):
    return entry, weight, level, relative


def beside(seen, settled=NONE_SETTLED, claimed=1e-3, free=1.0):
    added = competing(seen, seen.at.astype(np.int64), NOBODY, settled, claimed, free)
    return probabilities(seen.more(0, added), NOBODY)[0]


def test_the_surer_record_takes_an_entry_from_the_other():
    seen = found([candidate(1, 20.0)], [candidate(1, 3.0)])
    alone, _ = probabilities(seen, NOBODY)
    probability = beside(seen)
    assert probability[0, 0] == pytest.approx(alone[0, 0], abs=1e-3)
    assert alone[1, 0] > 0.9
    assert probability[1, 0] < 0.2


def test_whose_rival_is_taken_is_surer_of_the_rest():
    seen = found([candidate(1, 20.0)], [candidate(1, 10.0), candidate(2, 10.0)])
    assert probabilities(seen, NOBODY)[0][1, 1] == pytest.approx(0.5, abs=1e-3)
    assert beside(seen)[1, 1] > 0.99


def test_two_equal_claims_leave_both_in_doubt():
    probability = beside(found([candidate(1, 5.0)], [candidate(1, 5.0)]))
    assert probability[0, 0] == pytest.approx(probability[1, 0])
    assert probability[0, 0] < 0.9


def test_two_that_are_beyond_doubt_are_one_person_entered_twice():
    assert beside(found([candidate(1, 30.0)], [candidate(1, 30.0)]))[:, 0].min() > 0.99


def test_an_entry_that_a_settled_record_holds_is_hardly_anybody_elses():
    seen = found([candidate(1, 3.0)])
    assert beside(seen, Claimed(np.array([1]), np.array([0.9999])))[0, 0] < 0.2
    assert beside(seen, Claimed(np.array([2]), np.array([0.9999])))[0, 0] > 0.9


def test_an_entry_that_nobody_claims_is_likelier():
    seen = found([candidate(1, -3.0)])
    assert beside(seen, free=2.0)[0, 0] > beside(seen)[0, 0]


def test_a_date_that_is_a_relatives_speaks_for_the_name():
    own, relative = candidate(1, 0.0), candidate(2, -3.0, "same_day", 3.0)
    copied = with_copied_dates(found([own, relative]), NOBODY, STORED)
    assert copied.weight[0, 0] > 2
    assert copied.weight[0, 1] == -3.0
    alone = with_copied_dates(found([own]), NOBODY, STORED)
    assert -1 < alone.weight[0, 0] < 0


def entries_of(rows):
    """A registry of names and dates."""
    births = np.array([packed(*map(np.array, date)) for _, date in rows])
    nothing = np.zeros(len(rows), np.int32)
    plain = dict.fromkeys(Entries._fields, nothing)
    names = name_table(pa.array([name for name, _ in rows], pa.string()), PEOPLE)
    entries = Entries(**{**plain, "birth": births, "name": np.arange(len(rows), dtype=np.int32)})
    return People(entries, names, None)


def twins(changed):
    return changed.relative["birth_date"][DATES.index("same_day")]


def test_twins_are_as_common_as_in_the_registry():
    days = [(1950 + i // 300, i % 12 + 1, i % 28 + 1) for i in range(3_000)]
    letters = "abcdefghijklmnopqrstuvwxyz"
    family = [f"x{letters[i % 26]}{letters[i // 26 % 26]}{letters[i // 676]}" for i in range(3_000)]
    apart = [(f"{name} anna", day) for name, day in zip(family, days, strict=True)]
    with_twins = [(f"{family[i // 2]} {'anna' if i % 2 else 'maria'}", days[i // 2]) for i in range(3_000)]
    stored = twins(STORED)
    assert twins(with_companions(STORED, entries_of(apart))) < stored / 5
    assert twins(with_companions(STORED, entries_of(with_twins))) > 10 * stored


def test_an_empty_registry_leaves_the_model_as_it_is():
    assert with_companions(STORED, entries_of([])) is STORED


def test_dates_far_from_a_rare_age_are_common():
    people = np.full(YEARS, 1 / YEARS)
    known = type("Known", (), {"years": people, "first_of_january": people * 0, "coarse": 0.0})()
    year = np.array([FIRST_YEAR + 70, 0])
    plain = birth_date_table(year, np.zeros(2, bool), np.zeros(2, bool), known)
    spread = with_spans(plain, year, people)
    far, different = DATES.index("far"), DATES.index("different")
    assert spread[0, far] == pytest.approx(1 - 25 / YEARS)
    assert spread[0, different] == pytest.approx(22 / YEARS)
    assert spread[1, far] == spread[1, different] == 1


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ((1996, 11, 6), (1946, 11, 6), "year_off"),
        ((1996, 11, 6), (1946, 11, 7), "far"),
        ((1996, 11, 6), (1935, 11, 6), "far"),
        ((1996, 1, 1), (1946, 1, 1), "far"),
        ((1996, 11, 6), (1996, 11, 6), "same_day"),
    ],
)
def test_any_one_digit_of_a_year_may_be_mistyped(left, right, wanted):
    a, b = (int(packed(*(np.array(part) for part in date))) for date in (left, right))
    assert DATES[digit_slip(a, b, birth_level(a, b))] == wanted


def test_parts_of_names_are_tables_of_every_kind():
    for kind in model.load(profile="people").values():
        for table in (kind.m, kind.relative):
            assert table["family"][:-1].sum() == pytest.approx(1)
            assert table["given"][:-1].sum() == pytest.approx(1)
            assert table["middle"][:-1].sum() == pytest.approx(1)


def test_who_is_hidden_is_no_candidate():
    seen = found([candidate(1, 20.0), candidate(2, 3.0)])
    probability, _ = probabilities(without_own(seen, seen.at == 1), NOBODY)
    assert probability[0, 0] == 0
    assert probability[0, 1] > 0.9


PROBABILITY = np.r_[np.full(9_000, 1 - 1e-6), np.linspace(0.95, 0.999, 1_000)]


def checked(hidden, absent=300.0):
    return checked_threshold(PROBABILITY, np.array(hidden), absent, 1e-3, 0.6, 0.9)


def test_a_check_that_agrees_spares_the_caution():
    plain = threshold(PROBABILITY, 0.6e-3, 0.9)
    assert threshold(PROBABILITY, 1e-3, 0.9) == checked(np.zeros(3_000)) < plain


def test_a_check_that_disagrees_raises_the_threshold():
    hidden = np.r_[np.zeros(2_500), np.full(500, 0.99)]
    assert checked(hidden) > 0.99


def test_too_few_hidden_check_nothing():
    assert checked(np.zeros(10)) == threshold(PROBABILITY, 0.6e-3, 0.9)
    assert checked(np.zeros(0)) == threshold(PROBABILITY, 0.6e-3, 0.9)

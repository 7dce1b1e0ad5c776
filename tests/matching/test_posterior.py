"""Probabilities over all candidates and none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.levels import COMPARISONS
from matching.parts import PARTS
from matching.posterior import probabilities, put_together, reliability, threshold, weighed
from matching.searching import KEPT, _keep, nothing_kept

UNLIKELY = -60.0


def kept(*pairs, rows=1, relative=UNLIKELY):
    """What a search keeps of pairs: row, entry, weight."""
    found, levels = nothing_kept(rows), np.zeros(len(COMPARISONS), np.int8)
    for row, entry, weight in pairs:
        _keep(found, row, entry, float(weight), relative, levels, 1, 0)
    return weighed(np.arange(rows), found, np.zeros((rows, KEPT, len(PARTS)), np.float32))


def test_two_equally_good_candidates_share_one_half_each_whatever_their_weight():
    probability, _ = probabilities(kept((0, 1, 20.0), (0, 2, 20.0)), 0.02)
    assert probability[0, :2] == pytest.approx([0.5, 0.5], abs=1e-6)


def test_a_candidate_competes_with_nobody_at_all():
    probability, nobody = probabilities(kept((0, 1, 0.0)), 1.0)
    assert probability[0, 0] == nobody[0] == pytest.approx(0.5)


def test_relatives_speak_for_nobody():
    alone, _ = probabilities(kept((0, 1, 5.0)), 0.02)
    with_twin, _ = probabilities(kept((0, 1, 5.0), relative=10.0), 0.02)
    assert with_twin[0, 0] < alone[0, 0]


def test_relatives_that_were_not_kept_speak_all_the_same():
    pairs = [(0, entry, 0.0) for entry in range(KEPT + 4)]
    _, alone = probabilities(kept(*pairs), 0.02)
    _, with_twins = probabilities(kept(*pairs, relative=10.0), 0.02)
    assert with_twins[0] > alone[0]


candidates = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.floats(-30, 40)), min_size=1, max_size=60,
                      unique_by=lambda pair: pair[:2])  # fmt: skip


@settings(deadline=None)
@given(candidates, st.randoms())
def test_probabilities_are_those_of_all_pairs_in_whatever_order_they_come(pairs, chance):
    shuffled = pairs.copy()
    chance.shuffle(shuffled)
    found = kept(*shuffled, rows=4)
    probability, nobody = probabilities(found, 0.05)
    for row in range(4):
        best = sorted((-weight, entry) for of, entry, weight in pairs if of == row)
        mass = np.exp2([-weight for weight, _ in best])
        none = 0.05 * (1 + len(best) * 2.0**UNLIKELY)
        size = min(len(best), KEPT)
        assert found.at[row].tolist() == [entry for _, entry in best[:KEPT]] + [-1] * (KEPT - size)
        assert probability[row, :size] == pytest.approx(mass[:KEPT] / (mass.sum() + none), rel=1e-9)
        assert (probability[row, size:] == 0).all()
        assert nobody[row] == pytest.approx(none / (mass.sum() + none), rel=1e-9)


def test_only_the_best_are_kept_and_the_rest_counts_as_mass():
    found = kept(*[(0, entry, 0.0) for entry in range(KEPT + 4)])
    assert found.at[0].tolist() == list(range(KEPT))
    assert found.rest[0, 0] == pytest.approx(4.0)
    assert found.rest[0, 1] == pytest.approx(4 * 2.0**UNLIKELY)


def test_nobody_and_the_candidates_share_all_there_is():
    probability, nobody = probabilities(kept((0, 1, 3.0), (0, 2, 1.0), rows=2), 0.5)
    assert probability[0].sum() + nobody[0] == pytest.approx(1.0)
    assert nobody[1] == 1.0


def test_a_greater_prior_weighs_on_every_candidate_kept_or_not():
    pairs = [(0, entry, 1.0 + entry / 10) for entry in range(KEPT + 4)]
    shifted, _ = probabilities(kept(*pairs).under(0.25), 0.5)
    anew, _ = probabilities(kept(*((row, entry, weight - 2) for row, entry, weight in pairs)), 0.5)
    assert shifted == pytest.approx(anew)


def test_parts_are_put_together_in_the_order_of_records():
    whole = kept((0, 5, 3.0), (1, 6, 1.0), (2, 7, 2.0), rows=3)
    both = put_together([whole.of(np.array([False, True, False])), whole.of(np.array([0, 2]))])
    assert both.row.tolist() == [0, 1, 2]
    assert (both.at == whole.at).all()
    assert (both.weight == whole.weight).all()


def test_threshold_keeps_the_expected_false_links_at_the_target():
    probability = np.array([1.0] * 999 + [0.9])
    assert threshold(probability, target=1e-4, floor=0.5) == pytest.approx(0.9)
    assert threshold(probability, target=1e-5, floor=0.5) == pytest.approx(1.0)
    assert threshold(np.full(10, 0.9), target=1e-4, floor=0.5) > 1
    assert threshold(probability, target=1e-4, floor=0.95) == pytest.approx(1.0)


def test_nobody_to_link_leaves_the_threshold_where_it_may_not_fall_below():
    assert threshold(np.zeros(0), target=1e-4, floor=0.99) == 0.99


def test_reliability_bins_what_was_stated_against_what_was_right():
    table = reliability(np.array([0.2, 0.97, 0.98, 1.0]), np.array([False, True, False, True]))
    assert [(row[2], row[4]) for row in table] == [(1, 0.0), (2, 0.5), (1, 1.0)]

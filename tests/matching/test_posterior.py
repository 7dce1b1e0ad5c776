"""Probabilities over all candidates and none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.levels import COMPARISONS
from matching.posterior import KEPT, Scored, best, concat, probabilities, reliability, threshold


def scored(*pairs):
    row, entry, weight = (np.array(values) for values in zip(*pairs, strict=True))
    size = len(row)
    return Scored(
        row, entry, weight.astype(float), np.full(size, -60.0),
        np.zeros((size, len(COMPARISONS)), np.int8), np.zeros(size, bool),
    )  # fmt: skip


def test_two_equally_good_candidates_share_one_half_each_whatever_their_weight():
    ranked = probabilities(scored((0, 1, 20.0), (0, 2, 20.0)), np.zeros((1, 2)), 0.02)
    assert ranked.probability == pytest.approx([0.5, 0.5], abs=1e-6)


def test_a_candidate_competes_with_nobody_at_all():
    ranked = probabilities(scored((0, 1, 0.0)), np.zeros((1, 2)), 1.0)
    assert ranked.probability == pytest.approx([0.5])


def test_relatives_speak_for_nobody():
    pair = scored((0, 1, 5.0))
    alone = probabilities(pair, np.zeros((1, 2)), 0.02).probability[0]
    twin = Scored(pair.row, pair.entry, pair.weight, np.array([10.0]), pair.levels, pair.deceased)
    assert probabilities(twin, np.zeros((1, 2)), 0.02).probability[0] < alone


def test_a_pair_found_twice_counts_once():
    ranked = probabilities(scored((0, 1, 20.0), (0, 1, 18.0)), np.zeros((1, 2)), 0.02)
    assert len(ranked.probability) == 1
    assert ranked.probability[0] > 0.99


weights = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 40), st.floats(-30, 40)), min_size=1, max_size=60
)


@given(weights, st.integers(1, 20))
def test_units_in_any_cut_give_the_same_probabilities(pairs, cut):
    pairs = list({(row, entry): (row, entry, weight) for row, entry, weight in pairs}.values())
    kept, rest, rows, masses = [], np.zeros((4, 2)), None, None
    for start in range(0, len(pairs), cut):
        part, rows, masses = best(scored(*pairs[start : start + cut]))
        kept.append(part)
        rest[rows] += masses
    in_units = probabilities(concat(kept), rest, 0.05)
    whole = probabilities(scored(*pairs), np.zeros((4, 2)), 0.05)
    first, in_first = (
        dict(zip(ranked.scored.row[top].tolist(), ranked.probability[top].tolist(), strict=True))
        for ranked, top in ((whole, whole.of_rank(0)), (in_units, in_units.of_rank(0)))
    )
    assert {row for row, _, _ in pairs} == set(first)
    assert in_first == pytest.approx(first, rel=1e-6, abs=1e-12)


@given(weights)
def test_probabilities_of_a_record_never_exceed_one(pairs):
    ranked = probabilities(scored(*pairs), np.zeros((4, 2)), 0.05)
    totals = np.bincount(ranked.scored.row, weights=ranked.probability)
    assert (totals <= 1 + 1e-9).all()


def test_only_the_best_are_kept_and_the_rest_counts_as_mass():
    kept, rows, masses = best(scored(*[(0, entry, 0.0) for entry in range(KEPT + 4)]))
    assert len(kept.row) == KEPT
    assert rows.tolist() == [0]
    assert masses[0, 0] == pytest.approx(4.0)


def test_threshold_keeps_the_expected_false_links_at_the_target():
    probability = np.array([1.0] * 999 + [0.9])
    assert threshold(probability, target=1e-4, floor=0.5) == pytest.approx(0.9)
    assert threshold(probability, target=1e-5, floor=0.5) == pytest.approx(1.0)
    assert threshold(np.full(10, 0.9), target=1e-4, floor=0.5) > 1
    assert threshold(probability, target=1e-4, floor=0.95) == pytest.approx(1.0)


def test_nobody_and_the_candidates_share_all_there_is():
    ranked = probabilities(scored((0, 1, 3.0), (0, 2, 1.0)), np.zeros((2, 2)), 0.5)
    assert ranked.probability.sum() + ranked.nobody[0] == pytest.approx(1.0)
    assert ranked.nobody[1] == 1.0


def test_reliability_bins_what_was_stated_against_what_was_right():
    table = reliability(np.array([0.2, 0.97, 0.98, 1.0]), np.array([False, True, False, True]))
    assert [(row[2], row[4]) for row in table] == [(1, 0.0), (2, 0.5), (1, 1.0)]

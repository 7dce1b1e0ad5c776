"""Of each record the candidates as the last pass weighed them."""

from dataclasses import replace

import numpy as np

from matching.shortlist import NOBODY_LISTED, SHOWN, latest


def lines(rows, probability):
    """A pass that weighed some records."""
    blank = {
        name: np.zeros((len(rows), *value.shape[1:]), value.dtype)
        for name, value in vars(NOBODY_LISTED).items()
    }
    blank["row"] = np.array(rows, np.int64)
    blank["probability"] = np.full((len(rows), SHOWN), probability)
    return replace(NOBODY_LISTED, **blank)


def test_the_last_pass_speaks_for_a_record_and_records_stand_in_order():
    found = latest([lines([5, 1, 7], 0.1), lines([], 0.2), lines([7, 0], 0.3), lines([1], 0.4)])
    assert found.row.tolist() == [0, 1, 5, 7]
    assert found.probability[:, 0].tolist() == [0.3, 0.4, 0.1, 0.3]
    assert found.levels.shape == (4, *NOBODY_LISTED.levels.shape[1:])


def test_where_no_pass_weighed_anybody_nobody_is_listed():
    assert len(latest([]).row) == 0
    assert len(latest([lines([], 0.1)]).row) == 0

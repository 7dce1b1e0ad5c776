"""From which probability a night's records are linked, once the whole has said from which its own are."""

import pytest

from matching import model
from matching.found import LinkSettings
from matching.limits import limit_for_later

MODEL = model.load()["student"]


def test_a_night_is_a_little_more_lenient_than_the_last_record_that_the_whole_linked():
    limit = 0.9977
    assert MODEL.link_from < limit_for_later(limit, LinkSettings(), MODEL) < limit
    assert 1 - limit_for_later(limit, LinkSettings(), MODEL) < 1.1 * (1 - limit)


@pytest.mark.parametrize("limit", [MODEL.link_from, 0.5, 1.0, 1.0000000000000002])
def test_never_below_what_the_model_is_trusted_with_nor_where_nothing_is_linked(limit):
    assert limit_for_later(limit, LinkSettings(), MODEL) == limit


def test_what_was_told_stays_night_after_night():
    assert limit_for_later(0.9977, LinkSettings(threshold=0.9977), MODEL) == 0.9977

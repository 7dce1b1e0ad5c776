from typing import Any

import pytest

from matching.blocking import RULES
from reporting.search_facts import search_kind
from reporting.texts import LANGUAGES, texts


def part(size: int, right: float, *, found: float, missed: float) -> dict[str, Any]:
    """What a partition keeps: `size` verified pairs stated at .999, of which so many were right."""
    return {
        "compared": {"claimed_id": 10, "fuzzy": 1_000},
        "settled": {"claimed_id": 8, "fuzzy": 2},
        "rules": {"name_date": {"pairs": 900, "found": found, "alone": found / 10}},
        "reliability": [[0.5, 0.8, 3, 0.6, 0.5], [0.99, 0.999, size, 0.998, right]],
        "expected_false": 0.25,
        "threshold": 0.995,
        "missed": missed,
    }


def test_partitions_add_up_and_samples_count_by_their_size() -> None:
    one = search_kind(
        "student", [part(97, 1.0, found=1.0, missed=0.01), part(297, 0.99, found=0.5, missed=0.03)]
    )
    assert one is not None
    assert one.compared == {"claimed_id": 20, "fuzzy": 2_000}
    assert (one.linked, one.expected_false) == (20, 0.5)
    assert (one.sampled, one.wrong) == (394, 3)
    [rule] = one.rules
    assert rule.pairs == 1_800
    assert rule.found == pytest.approx((100 * 1.0 + 300 * 0.5) / 400)
    assert one.missed == pytest.approx(0.025)
    assert one.at_most == 2
    assert one.rate_by_sample is not None
    assert 3 / 394 < one.rate_by_sample < 0.03


def test_a_night_without_a_sample_says_so() -> None:
    known = {**part(0, 0, found=0, missed=0.02), "reliability": [], "rules": {}}
    one = search_kind("student", [known])
    assert one is not None
    assert (one.rate_by_sample, one.rules, one.missed) == (None, (), 0.02)


def test_what_was_not_searched_has_no_line() -> None:
    assert search_kind("student", []) is None
    assert search_kind("student", [{}, {"model": "m"}]) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_a_text(language: str) -> None:
    assert [rule.name for rule in RULES if f"rule.{rule.name}" not in texts(language).messages] == []

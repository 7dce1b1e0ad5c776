import pytest

from matching.decision import LINKED_REASONS, Reason
from matching.explain import ACTORS, Actor, Standing, actors, explain, standing
from matching.levels import COMPARISONS

AGREEING = {"name": "same", "birth_date": "same_day", "gender": "same"}


def test_every_reason_has_somebody_to_act() -> None:
    assert set(ACTORS) == set(Reason)
    assert all(ACTORS.values())


def test_only_a_duplicate_asks_anything_of_anybody_once_linked() -> None:
    asked = {reason for reason in LINKED_REASONS if actors(reason) != (Actor.NOBODY,)}
    assert asked == {Reason.DUPLICATE_RECORD}


def test_a_difference_goes_to_the_school_first_and_then_to_the_police() -> None:
    assert actors("name_differs") == (Actor.SCHOOL, Actor.POLICE)


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_standings_follow_the_order_of_the_levels(comparison: str) -> None:
    order = [Standing.AGREES, Standing.NEAR, Standing.DIFFERS, Standing.UNKNOWN]
    seen = [order.index(standing(comparison, level)) for level in COMPARISONS[comparison]]
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert standing(comparison, "missing") is Standing.UNKNOWN


def test_the_first_real_difference_of_each_field() -> None:
    assert standing("name", "marks_differ") is Standing.NEAR
    assert standing("birth_date", "day_month_swapped") is Standing.NEAR
    assert standing("birth_date", "adjacent_year") is Standing.DIFFERS
    assert standing("residence", "same_province") is Standing.AGREES
    assert standing("number", "structure_agrees") is Standing.DIFFERS


def test_the_field_that_the_reason_names_comes_first() -> None:
    evidence = {"name": "one_edit", "birth_date": "different", "gender": "same", "number": None}
    told = explain("unlinked", "birth_date_differs", evidence, "fuzzy")
    assert told.fields == ("birth_date", "name")
    assert told.match_key == "name~ birth_date- gender+"


def test_a_number_of_wrong_form_is_the_field_though_nothing_was_compared() -> None:
    told = explain("unlinked", "number_wrong_form", None)
    assert told.fields == ("number",)
    assert told.findings == ()
    assert told.match_key == ""


def test_a_linked_record_has_no_field_to_look_at() -> None:
    told = explain("linked", "number_verified", {**AGREEING, "number": "same"}, "claimed_id")
    assert told.fields == ()
    assert told.actors == (Actor.NOBODY,)


@pytest.mark.parametrize(
    ("outcome", "reason", "level"),
    [("maybe", "several_fit", "same"), ("unlinked", "bad", "same"), ("unlinked", "several_fit", "alike")],
)
def test_words_that_are_not_ours_are_refused(outcome: str, reason: str, level: str) -> None:
    with pytest.raises(ValueError, match=r"is not|not in"):
        explain(outcome, reason, {"name": level})

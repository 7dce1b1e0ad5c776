import re
from datetime import date
from importlib import resources
from string import Formatter

import pytest

from connectors.merge import Cause
from connectors.rejects import FileReject
from connectors.review_tables import State as DecisionState
from connectors.worklist import COLUMNS, Answer
from matching.decision import Outcome, Reason
from matching.explain import Actor
from matching.found import CASCADE
from matching.levels import COMPARISONS
from matching.normalise.identifiers import Form
from matching.normalise.records import FOREIGN_NATIONAL
from matching.normalise.rejects import Reject
from matching.schemas import EDUCATION_TABLES, KINDS, PERSON_COLUMNS
from reporting.errors import MissingTextError, UnknownLanguageError
from reporting.follow_lists import _COLUMNS, ANSWERS, OFFICES
from reporting.school_levels import LEVELS
from reporting.texts import LANGUAGES, texts
from reporting.verification import Age, Cohort, State

KEY_IN_SOURCE = re.compile(
    r"""(?:\bt|\btext|self\.text|texts\([a-z.]*\))\(\s*f?["']([a-z_0-9.]+(?:\{[^"']*)?)["']"""
)
VOCABULARIES = {
    "pass": CASCADE,
    "reject": [*Reject, *FileReject],
    "claimed_form": Form,
    "left_out": [FOREIGN_NATIONAL],
    "level_of_school": LEVELS,
    "table": EDUCATION_TABLES,
    "column": PERSON_COLUMNS,
}
FOLLOWED = ("aged", "same_number", "duplicates", "conflicts")
OPEN_VOCABULARIES = (
    "pass",
    "left_out",
    "level_of_school",
    "table",
    "column",
    "reject",
    "stage",
    "claimed_form",
)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_catalogues_have_the_same_keys_and_the_same_places_to_fill() -> None:
    vi, en = texts("vi").messages, texts("en").messages
    assert vi.keys() == en.keys()
    assert {key: _places(vi[key]) for key in vi} == {key: _places(en[key]) for key in en}
    assert all(text.strip() == text and text for text in [*vi.values(), *en.values()])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_decision_has_a_text(language: str) -> None:
    text = texts(language)
    words = [
        *(f"{group}.{reason}" for group in ("reason", "advice") for reason in Reason),
        *(f"outcome.{outcome}" for outcome in Outcome),
        *(f"actor.{actor}" for actor in Actor),
        *(f"field.{comparison}" for comparison in COMPARISONS),
        *(f"level.{comparison}.{level}" for comparison, levels in COMPARISONS.items() for level in levels),
        *(f"{group}.{kind}" for group in ("kind", "kinds") for kind in KINDS),
        *(f"{group}.{answer}" for group in ("answer", "answer_help") for answer in Answer),
        *(f"column.{re.sub('^candidate_._(?!key|seen)', '', column)}" for column in COLUMNS),
        *(f"{group}.{word}" for group, words in VOCABULARIES.items() for word in words),
        *(f"{group}.{state}" for group in ("state", "state_help") for state in State),
        *(f"cohort.{cohort}" for cohort in Cohort),
        *(f"age.{age}" for age in Age),
        *(f"cause.{cause}" for cause in Cause),
        *(f"decision_state.{state}" for state in DecisionState),
        *(f"office_about.{office}" for office in OFFICES),
        *(f"office_answer.{answer}" for answers in ANSWERS.values() for answer in answers),
        *(f"{group}.{name}" for group in ("follow", "follow_about") for name in FOLLOWED),
        *(f"column.{column}" for columns in _COLUMNS.values() for column in columns),
        *(f"{group}.unknown" for group in OPEN_VOCABULARIES if group != "claimed_form"),
    ]
    assert [word for word in words if word not in text.messages] == []


def test_every_key_that_the_sources_name_exists() -> None:
    folder = resources.files("reporting")
    sources = [place for place in folder.iterdir() if place.name.endswith(".py")]
    sources += list((folder / "templates").iterdir())
    named = {key for place in sources for key in KEY_IN_SOURCE.findall(place.read_text(encoding="utf-8"))}
    whole = {key for key in named if "{" not in key and not key.endswith(".")}
    assert len(whole) > 60
    assert sorted(whole - texts("vi").messages.keys()) == []
    stems = {key.split("{")[0] for key in named - whole}
    assert [stem for stem in stems if not any(key.startswith(stem) for key in texts("vi").messages)] == []


def test_a_missing_text_is_an_error_and_not_a_key_on_the_page() -> None:
    with pytest.raises(MissingTextError) as missing:
        texts("vi")("reason.bad_mood")
    assert missing.value.key == "reason.bad_mood"
    with pytest.raises(UnknownLanguageError, match="choose one of vi, en"):
        texts("fr")


def test_words_of_others_are_shown_as_they_are_when_unknown() -> None:
    assert texts("vi").label("pass", "moonlight") == "moonlight"
    assert texts("vi").label("pass", None) == "Không rõ bước"


def test_figures_are_written_as_officers_write_them() -> None:
    vi, en = texts("vi"), texts("en")
    assert vi.of(1_204_331, 1_600_000) == "1.204.331 / 1.600.000 (75,3\u00a0%)"
    assert en.of(1_204_331, 1_600_000) == "1,204,331 / 1,600,000 (75.3%)"
    assert (vi.day(date(2026, 11, 2)), en.day(date(2026, 11, 2))) == ("02/11/2026", "2 Nov 2026")
    assert (vi.points(0.84), vi.points(-0.84), vi.points(0.04)) == ("+0,8", "−0,8", "±0,0")


def test_only_nothing_is_0_and_only_everything_is_100() -> None:
    vi = texts("vi")
    shares = [vi.share(part, 100_000) for part in (0, 1, 99_999, 100_000)]
    assert shares == ["0,0\u00a0%", "0,1\u00a0%", "99,9\u00a0%", "100,0\u00a0%"]
    assert vi.share(0, 0) == "–"

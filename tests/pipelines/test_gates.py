from dataclasses import replace
from datetime import date

import pytest

from pipelines.gates import GATES, Figures, failed_gates, in_words, registry_age
from pipelines.settings import Settings
from pipelines.texts import LANGUAGES, texts

SETTINGS = Settings(database_url="sqlite://")
GOOD = Figures(
    in_scope=1000, linked=900, previous_in_scope=1000, previous_linked=910, held=900, changed=0, records=1000,
    rejected=50, expected_false=1e-5, registry_age_days=1,
)  # fmt: skip


def failing(**figures):
    return [one.gate.name for one in failed_gates(replace(GOOD, **figures), SETTINGS)]


def test_good_figures_pass():
    assert failing() == []


@pytest.mark.parametrize(
    ("figures", "gate"),
    [
        ({"linked": 800}, "link_rate"),
        ({"changed": 20}, "changed_ids"),
        ({"in_scope": 700, "linked": 640}, "records"),
        ({"in_scope": 0, "linked": 0, "held": 0}, "records"),
        ({"changed": 20, "held": 0}, "changed_ids"),
        ({"rejected": 300}, "rejects"),
        ({"expected_false": 0.001}, "false_links"),
        ({"registry_age_days": 60}, "registry_age"),
    ],
)
def test_each_gate_fails_on_its_own_figure(figures, gate):
    assert failing(**figures) == [gate]


@pytest.mark.parametrize(
    "figures",
    [
        {"previous_in_scope": 0, "previous_linked": 0},
        {"in_scope": 20, "linked": 1, "previous_in_scope": 20, "previous_linked": 20},
        {"changed": 5},
        {"registry_age_days": None},
        {"linked": 950},
    ],
    ids=["no run before", "too few for a rate", "a handful of changes", "age unknown", "better than before"],
)
def test_gates_are_silent_where_they_have_nothing_to_say(figures):
    assert failing(**figures) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_every_gate_says_what_to_do_in_both_languages(gate, language):
    worst = Figures(1000, 100, 2000, 1980, 900, 500, 1000, 900, 0.5, 900)
    failed = {one.gate.name: one for one in failed_gates(worst, SETTINGS)}
    assert f"--accept-gate {gate.name}" in in_words(failed[gate.name], texts(language))


def test_age_is_counted_in_days():
    assert registry_age("2026-11-01T00:00:00+00:00", date(2026, 11, 21)) == 20
    assert registry_age("2026-11-01", date(2026, 11, 21)) == 20
    assert registry_age("autumn", date(2026, 11, 21)) is None

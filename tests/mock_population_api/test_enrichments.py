"""Education facts: taken in once, whatever is sent again, in whatever order."""

import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mock_population_api import models
from mock_population_api.enrichments import REASONS, Enrichments

NUMBERS = ("001311000013", "001209000042")


def fact(ref="1", person=NUMBERS[0], moment="2026-09-05T00:00:00+00:00", school="01000101", **more):
    return {
        "ref": ref,
        "personal_id": person,
        "role": "student",
        "school_year": "2026-2027",
        "school_code": school,
        "stated_at": moment,
    } | more


def send(client, *facts, **kwargs):
    return client.post("/v1/enrichments", json={"facts": facts}, **kwargs)


def test_what_was_taken_in_and_why_not_the_rest(client, hand_made):
    numbers = [hand_made.LAN, "001180999999", "271450009", hand_made.DEAD, "001300000000", hand_made.LAN]
    answer = send(client, *(fact(str(ref), number) for ref, number in enumerate(numbers))).json()
    assert (answer["accepted"], answer["rejected"]) == (1, 5)
    assert [(result["outcome"], result["reason"]) for result in answer["results"]] == [
        ("created", None),
        ("rejected", "number_superseded"),
        ("rejected", "number_former"),
        ("rejected", "person_deceased"),
        ("rejected", "number_unknown"),
        ("rejected", "repeated"),
    ]


def test_the_later_statement_counts_and_the_same_changes_nothing(client):
    outcomes = [
        send(client, stated).json()["results"][0]["outcome"]
        for stated in (
            fact(),
            fact(),
            # the same moment, written in another zone
            fact(moment="2026-09-05T07:00:00+07:00"),
            fact(moment="2026-09-06T00:00:00Z", school="01000102"),
            fact(moment="2026-09-05T12:00:00Z", school="01000103"),
        )
    ]
    assert outcomes == ["created", "unchanged", "unchanged", "updated", "rejected"]


def test_people_written_about_are_in_the_audit(client, hand_made):
    send(client, fact(person=hand_made.AN))
    lines = client.get("/v1/audit", params={"subject": hand_made.AN}).json()["lines"]
    assert [line["action"] for line in lines] == ["enrichments"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "pupil"},
        {"stated_at": "2026-09-05T00:00:00"},
        {"stated_at": "yesterday"},
        {"school_year": "2026"},
        {"school_code": "a b"},
        {"personal_id": "1"},
        {"extra": 1},
    ],
)
def test_a_fact_of_wrong_form_is_refused(client, wrong):
    answer = send(client, fact() | wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "question_invalid")


def test_five_thousand_facts_and_no_more(client):
    facts = [fact(str(place)) for place in range(5_001)]
    answer = send(client, *facts)
    assert (answer.status_code, answer.json()["code"]) == (413, "batch_too_large")
    answer = send(client, *facts[1:])
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (1, 4_999)


def test_refs_must_differ(client):
    answer = send(client, fact(), fact(person=NUMBERS[1])).json()
    assert answer["errors"] == [{"row": 0, "column": "ref"}, {"row": 1, "column": "ref"}]


def test_the_contract_names_every_reason():
    named = {
        word
        for part in get_args(models.Enriched.model_fields["reason"].annotation)
        for word in get_args(part)
    }
    assert named == set(REASONS)


class Retries(RuleBasedStateMachine):
    """Requests sent once, twice, late, and after a restart: what is held is what was stated last."""

    @initialize()
    def begin(self):
        self.folder = Path(mkdtemp())
        self.held = Enrichments(self.folder)
        self.last = {}
        self.sent = []

    @rule(
        person=st.sampled_from(NUMBERS),
        day=st.integers(1, 28),
        school=st.sampled_from(["a", "b", "c"]),
        times=st.integers(1, 3),
    )
    def state(self, person, day, school, times):
        stated = fact(person=person, moment=f"2026-09-{day:02d}T00:00:00+00:00", school=school)
        self.sent.append(stated)
        for _ in range(times):
            self._send(stated)

    @rule(place=st.integers(0, 50))
    def send_an_old_one_again(self, place):
        if self.sent:
            self._send(self.sent[place % len(self.sent)])

    @rule()
    def restart(self):
        self.held.close()
        self.held = Enrichments(self.folder)

    def _send(self, stated):
        outcome = self.held.upsert("sync", [stated], {})[0].outcome
        before = self.last.get(stated["personal_id"])
        newer = before is None or before["stated_at"] < stated["stated_at"]
        assert outcome == (
            "unchanged"
            if before == stated
            else ("created" if before is None else "updated")
            if newer
            else "rejected"
        )
        if newer:
            self.last[stated["personal_id"]] = stated

    @invariant()
    def what_is_held_is_what_was_stated_last(self):
        for person in NUMBERS:
            expected = (
                [{k: v for k, v in self.last[person].items() if k != "ref"}] if person in self.last else []
            )
            assert self.held.held("sync", person) == expected

    def teardown(self):
        self.held.close()
        shutil.rmtree(self.folder)


TestRetries = Retries.TestCase
TestRetries.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)

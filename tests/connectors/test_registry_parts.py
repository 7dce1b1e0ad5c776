"""What a batch leaves open, people who are withheld, an outage, and what the registry keeps over time; no socket, no sleep.

The people are made up.
"""

import json
import threading
from datetime import date

import httpx2
import pyarrow as pa
import pytest

from connectors.errors import RegistryNonsense, RegistryRefused, RegistryUnreachable
from connectors.registry import RegistryClient
from connectors.registry_messages import Credentials, Identity
from connectors.registry_patience import Clock, Limits
from connectors.registry_records import CHANGES, FACTS
from connectors.traced import TracedRegistry
from matching import model
from matching.decision import Outcome, Reason
from matching.found import LinkSettings
from matching.frequency_file import load_frequencies
from matching.linkage import Terms, link
from matching.schemas import RECORDS

AS_OF = "2026-11-01T00:00:00+00:00"
IDENTITY = Identity("link-education", "MOET", "o-17")


def entry(number, name="Đỗ Thị Bịa", **known):
    base = {"personal_id": number, "full_name": name, "birth_date": "2011-09-05", "birth_precision": "day", "gender": "F",
            "status": "alive", "birth_province": "038", "residence_province": "38", "residence_commune": "14797",
            "former_ids": [], "superseded_ids": []}  # fmt: skip
    return base | known


def found(number):
    return {"number": number, "found": "current", "entries": [entry(number)]}


class Time:
    def __init__(self):
        self.now, self._lock = 0.0, threading.Lock()

    def sleep(self, seconds):
        with self._lock:
            self.now += seconds

    def clock(self):
        return Clock(now=lambda: self.now, sleep=self.sleep, chance=lambda: 1.0)


class Registry:
    """Answers by `answers[route]`, a function of the body or the parameters; writes down what it was asked."""

    def __init__(self, **answers):
        self.answers = {f"/v1/{name}": answer for name, answer in answers.items()}
        self.asked = []

    def __call__(self, request):
        if request.url.path == "/oauth/token":
            return httpx2.Response(200, json={"access_token": "t", "expires_in": 900})
        asked = json.loads(request.content) if request.content else dict(request.url.params)
        self.asked.append(asked)
        answer = self.answers[request.url.path](asked)
        return (
            answer
            if isinstance(answer, httpx2.Response)
            else httpx2.Response(200, json={"as_of": AS_OF, **answer})
        )


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def client_of(time):
    def made(registry, **limits):
        http = httpx2.Client(base_url="https://registry.test", transport=httpx2.MockTransport(registry))
        return RegistryClient(
            http, Credentials("sync", "a secret"), IDENTITY, Limits(**limits), clock=time.clock()
        )

    return made


def numbers(count):
    return [f"0382110{place:05d}" for place in range(count)]


def failing_once_in_two(asked):
    return {
        "results": [
            {"number": number, "problem": "internal_error"}
            if place % 2 == 0 and len(asked["numbers"]) > 1
            else found(number)
            for place, number in enumerate(asked["numbers"])
        ]
    }


def test_what_failed_inside_a_batch_is_asked_again_alone(client_of):
    registry = Registry(lookup=failing_once_in_two)
    client = client_of(registry)
    answer = client.lookup(pa.array(numbers(16)))
    assert sorted(answer["asked"].to_pylist()) == numbers(16)
    assert [len(asked["numbers"]) for asked in registry.asked] == [16, 8, 4, 2, 1]
    assert client.take_rejects().num_rows == 0


def test_a_question_that_fails_again_and_again_stands_alone_in_the_rejects(client_of):
    bad = numbers(3)[1]

    def answer(asked):
        return {
            "results": [{"number": n, "problem": "x"} if n == bad else found(n) for n in asked["numbers"]]
        }

    client = client_of(Registry(lookup=answer))
    assert client.lookup(pa.array(numbers(3)))["asked"].to_pylist() == [numbers(3)[0], numbers(3)[2]]
    assert client.take_rejects().select(["row", "reason"]).to_pylist() == [
        {"row": 2, "reason": "not_answered"}
    ]
    assert client.unanswered("lookup").to_pylist() == [bad]


def withholding(asked):
    return {
        "results": [{"number": number, "found": "withheld", "entries": []} for number in asked["numbers"]]
    }


def namesake(asked):
    candidate = {"rank": 1, "entry": entry("038211000077")}
    return {
        "results": [{"ref": q["ref"], "more": False, "candidates": [candidate]} for q in asked["queries"]]
    }


def decided(client, *records):
    rows = [
        {"kind": "student", "record_id": f"S{place}", "name": "đỗ thị bịa", "birth_from": date(2011, 9, 5), "birth_to": date(2011, 9, 5),
         "birth_precision": "day", "gender": "F", "birth_province": "038", "residence_province": "38", "residence_commune": "14797",
         "claimed_form": "personal", **known}
        for place, known in enumerate(records)
    ]  # fmt: skip
    terms = Terms(
        TracedRegistry(client),
        model.load()["student"],
        load_frequencies(100_000),
        LinkSettings(learn=False, sample=0),
        "run",
    )
    return link(pa.Table.from_pylist(rows, schema=RECORDS), terms)


def test_a_withheld_person_is_no_unknown_number_and_nobody_else_is_linked(client_of):
    client = client_of(Registry(lookup=withholding, trace=namesake))
    answer = client.lookup(pa.array(numbers(1)))
    assert answer.select(["asked", "found_by", "personal_id"]).to_pylist() == [
        {"asked": numbers(1)[0], "found_by": "withheld", "personal_id": None}
    ]
    linkage = decided(client, {"claimed_id": numbers(1)[0]}, {"claimed_form": "missing"})
    withheld, open_one = linkage.decisions.to_pylist()
    assert (withheld["outcome"], withheld["reason"]) == (Outcome.UNLINKED, Reason.REGISTRY_WITHHOLDS)
    assert (withheld["candidate_id"], withheld["match_probability"]) == (None, None)
    assert "S0" not in linkage.candidates["record_id"].to_pylist()
    assert open_one["reason"] != Reason.REGISTRY_WITHHOLDS


def test_a_record_whose_question_got_no_answer_could_not_be_asked(client_of):
    def broken(asked):
        return {"results": [{"ref": q["ref"], "problem": "internal_error"} for q in asked["queries"]]}

    linkage = decided(client_of(Registry(lookup=withholding, trace=broken)), {"claimed_form": "missing"})
    assert linkage.decisions["reason"].to_pylist() == [Reason.COULD_NOT_ASK]


def test_an_unknown_status_and_a_new_field_are_no_failure(client_of):
    def tomorrow(asked):
        return {
            "results": [
                {**found(n), "entries": [entry(n, status="word_of_tomorrow", new={"a": 1})]}
                for n in asked["numbers"]
            ]
        }

    client = client_of(Registry(lookup=tomorrow))
    assert client.lookup(pa.array(numbers(5)))["status"].to_pylist() == [None] * 5
    assert client.take_rejects().num_rows == 0


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("fault", [httpx2.ConnectError("refused"), httpx2.Response(503)])
def test_an_outage_is_told_within_tens_of_seconds(client_of, time, workers, fault):
    def down(_):
        if isinstance(fault, Exception):
            raise fault
        return fault

    client = client_of(Registry(lookup=down), workers=workers, batch=1)
    with pytest.raises(RegistryUnreachable):
        client.lookup(pa.array(numbers(20)))
    # the clock adds up the waits of all threads
    assert 10 <= time.now <= 60 * workers


def test_a_token_that_expires_again_and_again_is_fetched_again(client_of):
    expired = httpx2.Response(
        401,
        json={"code": "token_expired", "retryable": True},
        headers={"content-type": "application/problem+json"},
    )
    answers = [expired, expired, expired]
    registry = Registry(
        lookup=lambda asked: answers.pop() if answers else {"results": [found(n) for n in asked["numbers"]]}
    )
    assert client_of(registry).lookup(pa.array(numbers(1))).num_rows == 1


# what the registry keeps over time


def test_residence_tells_where_and_as_of_when(client_of):
    def answer(asked):
        first, second = asked["numbers"]
        place = {
            "province": "38",
            "province_name": "Thanh Hóa",
            "commune": "14797",
            "commune_name": "X",
            "later": 1,
        }
        return {
            "results": [
                {"number": first, "found": "current", "residence": place},
                {"number": second, "found": "withheld", "residence": None},
            ]
        }

    rows = client_of(Registry(residence=answer)).residence(pa.array(numbers(2))).to_pylist()
    assert [(row["found"], row["commune"], row["as_of"]) for row in rows] == [
        ("current", "14797", AS_OF),
        ("withheld", None, AS_OF),
    ]


def fact(ref):
    return {
        "ref": ref,
        "personal_id": "038211000003",
        "role": "student",
        "school_year": "2026-2027",
        "school_code": "S",
        "stated_at": AS_OF,
    }


def test_facts_are_sent_and_their_outcomes_told(client_of):
    outcomes = {"a": ("created", None), "b": ("rejected", "person_deceased"), "c": ("word_of_tomorrow", None)}

    def answer(asked):
        return {
            "results": [
                {"ref": f["ref"], "outcome": outcomes[f["ref"]][0], "reason": outcomes[f["ref"]][1]}
                for f in asked["facts"]
            ]
        }

    client = client_of(Registry(enrichments=answer))
    told = pa.concat_tables(client.enrich(pa.Table.from_pylist([fact(ref) for ref in "abc"], schema=FACTS)))
    assert told.to_pylist() == [
        {"ref": "a", "outcome": "created", "reason": None},
        {"ref": "b", "outcome": "rejected", "reason": "person_deceased"},
    ]
    assert client.take_rejects().select(["record_id", "reason"]).to_pylist() == [
        {"record_id": "c", "reason": "answer_not_understood"}
    ]


def test_facts_go_by_five_thousands(client_of):
    sizes = []

    def answer(asked):
        sizes.append(len(asked["facts"]))
        return {"results": [{"ref": f["ref"], "outcome": "created", "reason": None} for f in asked["facts"]]}

    client = client_of(Registry(enrichments=answer), workers=1, batch=10)
    facts = pa.Table.from_pylist([fact(str(place)) for place in range(5_001)], schema=FACTS)
    assert [part.num_rows for part in client.enrich(facts)] == [5_000, 1]
    assert sizes == [5_000, 1]


def change(number, word="corrected", **known):
    return {
        "change": word,
        "at": "2026-11-02",
        "personal_id": number,
        "superseded_by": None,
        "entry": entry(number),
        **known,
    }


def paged(pages):
    """The feed; a page stands under the cursor that leads to it."""
    return Registry(changes=lambda asked: pages[asked.get("since")])


def test_changes_come_page_by_page_until_there_are_no_more(client_of):
    a, b = numbers(2)
    gone = change(a, "superseded", superseded_by=b, entry=None)
    registry = paged(
        {
            None: {"changes": [change(b)], "next": "f-1", "more": True},
            "f-1": {"changes": [gone], "next": "f-2", "more": False},
        }
    )
    pages = list(client_of(registry).changes(None))
    rows = pa.concat_tables([page.changes for page in pages])
    assert rows.schema == CHANGES
    assert rows.select(["change", "personal_id", "superseded_by", "birth_date"]).to_pylist() == [
        {"change": "corrected", "personal_id": b, "superseded_by": None, "birth_date": date(2011, 9, 5)},
        {"change": "superseded", "personal_id": a, "superseded_by": b, "birth_date": None},
    ]
    assert pages[-1].next == "f-2"


def test_a_page_that_came_before_is_asked_for_again(client_of):
    before = {"changes": [change(numbers(1)[0])], "next": "f-1", "more": True}
    own = {"changes": [change(numbers(2)[1])], "next": "f-2", "more": False}
    answers = [own, before, before]
    registry = Registry(changes=lambda _: answers.pop())
    (page,) = client_of(registry).changes("f-1")
    assert page.next == "f-2"
    with pytest.raises(RegistryNonsense, match="same page"):
        list(client_of(Registry(changes=lambda _: before)).changes("f-1"))


def test_a_cursor_of_another_feed_is_a_refusal(client_of):
    refused = httpx2.Response(
        422, json={"code": "cursor_invalid"}, headers={"content-type": "application/problem+json"}
    )
    with pytest.raises(RegistryRefused, match="cursor_invalid"):
        list(client_of(Registry(changes=lambda _: refused)).changes("x-1"))

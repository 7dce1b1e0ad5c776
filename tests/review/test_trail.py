"""What is done on the page stands in the audit, and the audit holds."""

import json

from benchmarks.review_page.serving import KEY
from connectors.audit import head_of, verify

from .page_world import rows


def told(engine):
    return rows(engine, "select actor, action, kind, province, facts from audit_log order by entry")


def test_signing_in_and_out_is_written_down_and_a_name_that_nobody_has_is_not(engine, office):
    hoa = office("hoa")
    hoa.send("/sign-out")
    stranger = office()
    stranger.sign_in("hoa", "not her password")
    stranger.sign_in("MyPassword-1", "x")
    seen = told(engine)
    assert [(actor, action) for actor, action, *_ in seen] == [
        ("hoa", "signed_in"), ("hoa", "signed_out"), ("hoa", "sign_in_failed"), ("–", "sign_in_failed"),
    ]  # fmt: skip
    assert json.loads(seen[0][4]) == {"address": "10.0.0.1"}
    assert "MyPassword" not in str(seen)
    assert verify(engine, KEY, {"day": head_of(engine)}).broken == ()


def test_decisions_are_written_down_by_a_keyed_name_of_the_record(engine, office):
    hoa = office("hoa")
    record = hoa.begin(province="38")
    hoa.decide("not_same", note="đã gọi điện")
    number = rows(engine, "select max(decision) from review_decisions")[0][0]
    hoa.get("/")
    hoa.post("/undo", {**hoa.fields("/next"), "decision": str(number)})
    decided, undone = told(engine)[-2:]
    assert (decided[:4], undone[:4]) == (
        ("hoa", "decided", "student", "38"),
        ("hoa", "undone", "student", "38"),
    )
    facts, back = json.loads(decided[4]), json.loads(undone[4])
    assert facts["answer"] == "not_same"
    assert facts["record"] == back["record"]
    assert record not in str(told(engine))
    assert "điện" not in str(told(engine))
    assert verify(engine, KEY, {}).broken == ()


def test_a_form_sent_twice_is_written_down_once(engine, office):
    hoa = office("hoa")
    hoa.begin(province="38")
    fields = hoa.fields("/decide") | {"answer": "unsure", "note": ""}
    hoa.post("/decide", fields)
    hoa.post("/decide", fields)
    assert [action for _, action, *_ in told(engine)].count("decided") == 1

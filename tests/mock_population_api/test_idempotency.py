"""Nothing is done twice: request IDs, idempotency keys of jobs and facts, in any order, over restarts and days.

A model of a few lines says what must come of each request; the service, stopped and started again at will, must agree with it.
"""

import shutil
import time
import uuid

import pyarrow as pa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

REQUEST_IDS = [str(uuid.UUID(int=number)) for number in range(1, 4)]
KEYS, PEOPLE, SCHOOLS, MOMENTS = (
    ("key-a", "key-b"),
    3,
    ("01000101", "01000102"),
    ("2026-09-01", "2026-09-02", "2026-09-03"),
)


class Requests(RuleBasedStateMachine):
    """Requests of one client to a service over one folder, and what they must have led to."""

    def __init__(self, folder, hand_made):
        super().__init__()
        self.folder, self.hand_made, self.watch = folder, hand_made, hand_made.watch()
        self.people = [hand_made.LAN, hand_made.AN, hand_made.EBAN]
        self.answered, self.jobs, self.facts, self.audited = {}, {}, {}, 0
        self.service = None
        self.start()

    def start(self):
        self.client = self.hand_made.open_client(self.folder, self.watch)
        self.client.__enter__()
        self.hand_made.sign_in(self.client)
        self.service = self.client.app.state.service

    def sent(self, request_id, path, body):
        """The answer to a request, held against what was answered under its ID; None where it was refused or answered before."""
        answer = self.client.post(path, json=body, headers={"X-Request-ID": request_id})
        known = self.answered.get(request_id)
        if known is None:
            assert answer.status_code == 200
            assert "Idempotent-Replayed" not in answer.headers
            self.answered[request_id] = (path, body, answer.content)
            self.audited += 1
            return answer
        if known[:2] == (path, body):
            assert (answer.status_code, answer.content) == (200, known[2])
            assert answer.headers["Idempotent-Replayed"] == "true"
        else:
            assert (answer.status_code, answer.json()["code"]) == (422, "request_id_reused")
        return None

    @rule(request_id=st.sampled_from(REQUEST_IDS), person=st.integers(0, PEOPLE - 1))
    def looks_up(self, request_id, person):
        self.sent(request_id, "/v1/lookup", {"numbers": [self.people[person]]})

    @rule(
        request_id=st.sampled_from(REQUEST_IDS),
        person=st.integers(0, PEOPLE - 1),
        school=st.sampled_from(SCHOOLS),
        moment=st.sampled_from(MOMENTS),
    )
    def tells(self, request_id, person, school, moment):
        fact = {
            "ref": "1", "personal_id": self.people[person], "role": "student", "school_year": "2026-2027",
            "school_code": school, "stated_at": f"{moment}T00:00:00+00:00",
        }  # fmt: skip
        answer = self.sent(request_id, "/v1/enrichments", {"facts": [fact]})
        if answer is None:
            return
        held, stated = self.facts.get(person), (moment, school)
        expected = (
            "created"
            if held is None
            else "unchanged"
            if held == stated
            else "updated"
            if held[0] < moment
            else "rejected"
        )
        assert answer.json()["results"][0]["outcome"] == expected
        if expected in {"created", "updated"}:
            self.facts[person] = stated

    @rule(key=st.sampled_from(KEYS), person=st.integers(0, PEOPLE - 1))
    def submits(self, key, person):
        sink = pa.BufferOutputStream()
        questions = pa.table({"number": [self.people[person]]})
        with pa.ipc.new_stream(sink, questions.schema) as writer:
            writer.write_table(questions)
        headers = {"Content-Type": "application/vnd.apache.arrow.stream", "Idempotency-Key": key}
        body = sink.getvalue().to_pybytes()
        answer = self.client.post("/v1/jobs?operation=lookup", content=body, headers=headers)
        known = self.jobs.get(key)
        if known is not None and known[0] != person:
            assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
            return
        job = answer.json()["job_id"]
        if known is not None:
            assert known[1] == job
            return
        assert job not in {other for _, other, _ in self.jobs.values()}
        self.jobs[key] = (person, job, self.result_of(job))
        self.audited += 1

    def result_of(self, job):
        while self.client.get(f"/v1/jobs/{job}").json()["state"] != "done":
            time.sleep(0.005)
        return self.client.get(f"/v1/jobs/{job}/result").content

    @precondition(lambda self: self.jobs)
    @rule(key=st.sampled_from(KEYS))
    def fetches_again(self, key):
        if key in self.jobs:
            assert self.result_of(self.jobs[key][1]) == self.jobs[key][2]

    @rule()
    def is_started_again(self):
        self.client.__exit__(None, None, None)
        self.start()
        # answers are remembered in memory alone: done again they come out the same, or are harmless
        self.answered.clear()

    @rule()
    def a_day_and_an_hour_pass(self):
        self.watch.forward(hours=25)
        self.hand_made.sign_in(self.client)
        self.answered.clear()
        self.jobs.clear()

    @invariant()
    def everything_done_is_audited_once(self):
        assert self.service.audit.lines() == self.audited

    @invariant()
    def as_many_jobs_are_held_as_were_accepted(self):
        self.service.jobs.expire()
        states = self.service.jobs.states()
        assert states["done"] == len(self.jobs)
        assert states["queued"] == states["running"] == states["failed"] == 0

    def teardown(self):
        self.client.__exit__(None, None, None)


def test_nothing_is_done_twice(built_store, tmp_path, hand_made):
    folders = iter(range(1_000_000))

    def machine():
        return Requests(shutil.copytree(built_store, tmp_path / str(next(folders))), hand_made)

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

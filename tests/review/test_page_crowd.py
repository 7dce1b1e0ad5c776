"""Twenty reviewers at once on a real server over PostgreSQL: every record is decided on once, every decision is there once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from benchmarks.review_page.open_world import load_world
from benchmarks.review_page.serving import add_people, served
from connectors.database import open_database
from connectors.review_page_tables import Role
from connectors.review_people import User

from .page_world import Visitor, rows

pytestmark = pytest.mark.postgres
REVIEWERS, RECORDS = 20, 160
ANSWERS = ("same_1", "not_same", "back_to_school", "no_number")


@pytest.fixture
def engine(postgres_server):
    engine = open_database(postgres_server.empty_database())
    load_world(engine, RECORDS)
    people = [
        User(f"reviewer-{at}", f"Người thứ {at}", Role.REVIEWER, frozenset({"38"})) for at in range(REVIEWERS)
    ]
    add_people(engine, tuple(people))
    yield engine
    engine.dispose()


def works(address, at):
    """One reviewer until nothing is left: what was decided on, each form sent twice as a shaky line would."""
    done = []
    with httpx2.Client(base_url=address, timeout=60) as http:
        visitor = Visitor(http)
        assert visitor.sign_in(f"reviewer-{at}").status_code == 303
        record = visitor.begin()
        while record is not None:
            fields = visitor.fields("/decide") | {"answer": ANSWERS[at % len(ANSWERS)], "note": f"{at}"}
            for _ in range(1 + at % 2):
                answer = visitor.post("/decide", fields)
                assert "refused" not in answer.headers["location"]
            done.append(record)
            record = visitor.record
    return done


@pytest.mark.slow
def test_no_decision_is_lost_or_doubled(engine):
    with served(engine) as address, ThreadPoolExecutor(REVIEWERS) as crowd:
        told = list(crowd.map(lambda at: works(address, at), range(REVIEWERS)))
    kept = rows(engine, "select reviewer, record_id from review_decisions")
    sent = [(f"Người thứ {at}", record) for at, done in enumerate(told) for record in done]
    assert Counter(kept) == Counter(sent)
    needed = dict(rows(engine, "select record_id, words_needed from review_cases"))
    assert Counter(record for _, record in kept) == Counter(needed)
    assert rows(engine, "select count(*) from review_cases where state in ('open', 'second', 'unsure')") == [
        (0,)
    ]

"""Somebody who uses the page as a browser does: cookies, hidden fields of forms, redirects followed by hand."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pyarrow as pa

from benchmarks.review_page.serving import PASSWORD
from connectors.database import reading, writing
from reporting.run_changes import RUN_CHANGES, Counted, RunChanges
from review.run_office import PastRun, RunOffice

RUN, NIGHT, ELSEWHERE = "2026-11-23T08-00-00-ab12", "2026-11-22T01-30-00-ab12", "2026-11-22T01-30-00-cd34"
PAST = {
    run: PastRun(run, "2026-11-22T01:30:00+00:00", "done", codes)
    for run, codes in ((NIGHT, ()), (ELSEWHERE, ("48",)))
}


def change(record, what="gained", **more):
    told = dict.fromkeys(RUN_CHANGES.names) | {"stopped": False, "fields": "", "kind": "student"}
    told |= {"record_id": record, "full_name": "Lê Thị Hòa", "province": "38", "after": "••••••••0001"}
    return told | {"change": what, "reason": "number_verified", "cause": "new"} | more


class Office:
    """Runs that are only pretended."""

    def __init__(self, found):
        self.started, self.asked, self.found, self.broken = [], [], found, False

    def start(self, number):
        if self.broken:
            raise FileNotFoundError
        self.started.append(number)

    def changes(self, run, provinces, dry_run):
        self.asked.append((run, tuple(provinces), dry_run))
        counts = [sum(one["change"] == what for one in self.found) for what in ("gained", "lost", "changed")]
        table = pa.Table.from_pylist(self.found, schema=RUN_CHANGES)
        return RunChanges(run, dry_run, True, (Counted("student", "38", tuple(counts), False),), table)

    def opened(self):
        return RunOffice(
            self.start, lambda: ["38", "48"], self.changes, lambda _: list(PAST.values()), PAST.get
        )


_FORM = re.compile(r"<form[^>]*method=\"post\"[^>]*>.*?</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class Visitor:
    """One user of a test client or a real one."""

    def __init__(self, http):
        self.http = http
        self.page = None

    def get(self, path):
        self.page = self.http.get(path, follow_redirects=False)
        return self.page

    def sign_in(self, username, password=PASSWORD):
        self.get("/sign-in")
        return self.send("/sign-in", username=username, password=password)

    def fields(self, action):
        """Hidden fields of the form with that action on the page last got."""
        form = next(one for one in _FORM.findall(self.page.text) if f'action="{action}"' in one)
        return {name: unescape(value) for name, value in _HIDDEN.findall(form)}

    def send(self, action, **more):
        """Fill in and send a form of the page; the answer is followed to the next page."""
        return self.post(action, self.fields(action) | more)

    def post(self, action, fields):
        answer = self.http.post(action, data=fields, follow_redirects=False)
        if answer.status_code == 303:
            self.get(answer.headers["location"])
        else:
            self.page = answer
        return answer

    def begin(self, **filters):
        """The first record there is to do: its ID."""
        self.get("/?" + "&".join(f"{name}={value}" for name, value in filters.items()))
        self.send("/next")
        return self.record

    def decide(self, answer, note=""):
        """Decide on the record that is open; the address that comes next."""
        return self.send("/decide", answer=answer, note=note).headers["location"]

    @property
    def record(self):
        """The record that is open."""
        found = re.search(r'name="id" value="([^"]+)"', self.page.text)
        return found.group(1) if found else None


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self):
        self.now = datetime(2026, 11, 23, 1, tzinfo=UTC)

    def __call__(self):
        return self.now

    def passes(self, **time):
        self.now += timedelta(**time)


def rows(engine, query):
    with reading(engine) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def states(engine):
    return dict(rows(engine, "select record_id, state from review_cases"))


def needing(engine, words, province="38"):
    query = f"select record_id from review_cases where words_needed = {words} and province = '{province}' order by place"
    return [record for (record,) in rows(engine, query)]


def need_two(engine, record):
    with writing(engine) as connection:
        connection.exec_driver_sql(f"update review_cases set words_needed = 2 where record_id = '{record}'")


def open_at(visitor, record):
    return visitor.get(f"/record?record_kind=student&id={record}")

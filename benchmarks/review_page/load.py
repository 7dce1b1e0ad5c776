"""How long each page takes with many open records: one reviewer, then twenty at once; the server is a process of its own.

python -m benchmarks.review_page.load DATABASE_URL [--records 100000] [--times 100] [--crowd 20] [--pause 2]

DATABASE_URL is an empty database (sqlite:///PATH or postgresql://…). A person looks at a record for some seconds; these look for --pause, drawn between
half and one and a half of it; 0 tries how much the server bears.
"""

import argparse
import re
import subprocess
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from random import Random

import httpx2
import numpy as np

from benchmarks.review_page.open_world import load_world
from benchmarks.review_page.serving import PASSWORD, add_people, served
from connectors.database import open_database
from connectors.review_page_tables import Role
from connectors.review_people import User

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_FORM = re.compile(r"<form[^>]*method=\"post\"[^>]*>.*?</form>", re.DOTALL)
PAGES = {
    "list": "/",
    "list, one reason": "/?reason=gender_differs&state=to_do",
    "list, one school": "/?school=38000007&state=to_do",
    "list, conflicts": "/?state=conflict",
    "list, last page": "/?after=38.10099900",
    "own decisions": "/mine",
}

Times = dict[str, list[float]]


class Reviewer:
    """A browser without a screen."""

    def __init__(self, address: str, username: str, times: Times) -> None:
        self.http = httpx2.Client(base_url=address, timeout=300)
        self.times = times
        self.text = self.http.get("/sign-in").text
        self.http.post(
            "/sign-in", data=self.fields("/sign-in") | {"username": username, "password": PASSWORD}
        )

    def fields(self, action: str) -> dict[str, str]:
        """Hidden fields of a form of the page last got."""
        form = next(one for one in _FORM.findall(self.text) if f'action="{action}"' in one)
        return {name: unescape(value) for name, value in _HIDDEN.findall(form)}

    def get(self, name: str, path: str) -> None:
        """Get a page, and note how long it took."""
        began = time.perf_counter()
        answer = self.http.get(path)
        self.times[name].append(time.perf_counter() - began)
        answer.raise_for_status()
        self.text = answer.text

    def send(self, name: str, action: str, **more: str) -> bool:
        """Send a form, then get the page that it leads to; whether that asks for a decision."""
        fields = self.fields(action) | more
        began = time.perf_counter()
        answer = self.http.post(action, data=fields)
        self.times[name].append(time.perf_counter() - began)
        self.get("record", answer.headers["location"])
        return 'action="/decide"' in self.text


def _one(address: str, username: str, times: Times, rounds: int) -> None:
    reviewer = Reviewer(address, username, times)
    for at in range(rounds):
        for name, path in PAGES.items():
            reviewer.get(name, path)
        reviewer.get("list", "/")
        reviewer.send("next", "/next")
        reviewer.send("decide", "/decide", answer=("same_1", "not_same", "back_to_school")[at % 3])
        reviewer.send("undo", "/undo") if at % 10 == 0 else reviewer.send("skip", "/skip")


def _deciding(address: str, username: str, times: Times, rounds: int, pause: float) -> None:
    draw = Random(username)
    reviewer = Reviewer(address, username, times)
    reviewer.get("list", "/")
    reviewer.send("next", "/next")
    for _ in range(rounds):
        time.sleep(pause * draw.uniform(0.5, 1.5))
        reviewer.send("decide", "/decide", answer="not_same")


def _told(title: str, times: Times) -> None:
    print(f"\n{title}\n\n| page | p50 ms | p95 ms | max ms | times |\n|---|---|---|---|---|")
    for name, some in times.items():
        shown = np.array(some) * 1000
        p50, p95 = np.percentile(shown, [50, 95])
        print(f"| {name} | {p50:.1f} | {p95:.1f} | {shown.max():.1f} | {len(some)} |")


def _overseen(address: str, times: Times) -> None:
    supervisor = Reviewer(address, "son", times)
    for _ in range(20):
        supervisor.get("figures", "/figures")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database_url")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--crowd", type=int, default=20)
    parser.add_argument("--pause", type=float, default=2.0)
    parser.add_argument("--serve", action="store_true", help="only serve, for the other process")
    wanted = parser.parse_args()
    engine = open_database(wanted.database_url)
    if wanted.serve:
        with served(engine) as address:
            print(address, flush=True)
            sys.stdin.read()
        return
    began = time.perf_counter()
    load_world(engine, wanted.records)
    print(f"{wanted.records} records made and laid out in {time.perf_counter() - began:.1f} s")
    add_people(engine)
    crowd = [User(f"r{at}", f"Người {at}", Role.REVIEWER, frozenset({"38"})) for at in range(wanted.crowd)]
    add_people(engine, tuple(crowd))
    command = [sys.executable, "-m", "benchmarks.review_page.load", wanted.database_url, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        address = server.stdout.readline().strip()
        alone: Times = defaultdict(list)
        _one(address, "hoa", alone, wanted.times)
        _overseen(address, alone)
        _told("One reviewer", alone)
        together: Times = defaultdict(list)
        with ThreadPoolExecutor(wanted.crowd) as threads:
            rounds = max(1, wanted.times // 5)
            list(
                threads.map(
                    lambda one: _deciding(address, one.username, together, rounds, wanted.pause), crowd
                )
            )
        _told(f"{wanted.crowd} at once, {wanted.pause:g} s a record", together)
        server.stdin.close()


if __name__ == "__main__":
    main()

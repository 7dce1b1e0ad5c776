"""Every reader under hostile input for a moment; `python -m benchmarks.fuzz` does it for long."""

import random
import time

import pytest

from benchmarks.fuzz import readers as readers_module
from benchmarks.fuzz.limits import met
from benchmarks.fuzz.readers import Files, readers

SECONDS = 0.35
READERS = {one.name: one for one in readers()}


@pytest.mark.parametrize("name", READERS)
def test_a_reader_knows_what_to_say_of_hostile_input(name, tmp_path, monkeypatch):
    monkeypatch.setattr(readers_module, "BATCH", 100)
    deadline, seen = time.monotonic() + SECONDS, []
    for _, call in READERS[name].cases(random.Random("short"), tmp_path / "cases"):
        seen.append(met(call))
        if len(seen) >= 3 and time.monotonic() > deadline:
            break
    assert set(seen) <= {"", "ours"}


FILES = {name: one.cases for name, one in READERS.items() if isinstance(one.cases, Files)}


@pytest.mark.parametrize("name", FILES)
def test_what_is_changed_was_good_before(name, tmp_path):
    assert met(FILES[name].unchanged(tmp_path / "cases")) == ""

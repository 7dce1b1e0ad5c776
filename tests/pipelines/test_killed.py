"""A few kills of whole runs; `make crash` does it hundreds of times, on both databases, with all kinds."""

import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.flow, pytest.mark.slow, pytest.mark.xdist_group("prefect-broken")]


def test_runs_that_are_killed_end_as_an_undisturbed_one(prefect_server, tmp_path):
    words = ["--small", "--kills", "4", "--database", "sqlite", "--scene", "first", "--work", str(tmp_path)]
    command = [sys.executable, "-m", "benchmarks.crash", *words, "--prefect-api", prefect_server.api]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(command, check=False, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every run ended as the undisturbed one." in done.stdout

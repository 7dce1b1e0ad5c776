import os
import signal
import subprocess
import sys
import time

import pytest

from pipelines.errors import RegistryNotStarted
from pipelines.local_registry import local_registry

SERVE = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(f'http://here/{os.getpid()}'); time.sleep(60)"
COMMAND = [sys.executable, "-c", SERVE, "{ready_file}"]


def is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_runs_while_it_is_needed_and_no_longer(tmp_path):
    with local_registry(COMMAND, tmp_path / "beside") as address:
        number = int(address.rpartition("/")[2])
        assert is_running(number)
    assert not is_running(number)
    assert list((tmp_path / "beside").iterdir()) == []


def test_it_ends_when_we_are_killed(tmp_path):
    """Else it would hold its store against the run that is resumed."""
    hold = (
        "import sys, time; from pathlib import Path; from pipelines.local_registry import local_registry\n"
        f"with local_registry({COMMAND!r}, Path(sys.argv[1])) as address: print(address, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        number = int(holder.stdout.readline().rpartition("/")[2])
        holder.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while is_running(number) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(number)


@pytest.mark.parametrize("command", [[sys.executable, "-c", "raise SystemExit(3)"], ["/nowhere/at-all"]])
def test_one_that_does_not_come_up_is_told(tmp_path, command):
    with pytest.raises(RegistryNotStarted, match="see "), local_registry(command, tmp_path):
        pass

"""Units of work side by side in processes of this machine."""

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from matching.engines.local import Threads
from matching.engines.processes import Processes, most_at_once
from matching.errors import TooManyPairs, UnitsFailed

TWO = Processes(at_once=2)


def whose(unit):
    """The unit, and the process that did it."""
    return unit[0], os.getpid()


def met(unit):
    """The same, once another process is at work too."""
    (unit[1] / str(os.getpid())).touch()
    deadline = time.monotonic() + 60
    while len(list(unit[1].iterdir())) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return whose(unit)


def stumble(unit):
    """Fails at the second."""
    if unit == 2:
        raise TooManyPairs("all rules", 7, 3)
    return unit


def die(unit):
    """Is ended from outside, as by a system that has no memory left."""
    if unit == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return unit


def test_units_are_done_elsewhere_side_by_side_and_answers_come_in_their_order(tmp_path):
    told = []
    answers = TWO.each(met, [(name, tmp_path) for name in (3, 1, 2, 4)], lambda *counts: told.append(counts))
    assert [unit for unit, _ in answers] == [3, 1, 2, 4]
    processes = {process for _, process in answers}
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(("at_once", "units"), [(1, [(1,), (2,)]), (2, [(1,)])])
def test_a_single_one_needs_no_process(at_once, units):
    answers = Processes(at_once=at_once).each(whose, units)
    assert {process for _, process in answers} == {os.getpid()}


def test_an_error_arrives_as_it_was_raised():
    with pytest.raises(TooManyPairs) as raised:
        TWO.each(stumble, [1, 2, 3])
    assert (raised.value.rule, raised.value.pairs, raised.value.records) == ("all rules", 7, 3)
    assert str(raised.value) == str(TooManyPairs("all rules", 7, 3))


def test_a_process_that_is_ended_from_outside_is_told_of():
    with pytest.raises(UnitsFailed, match="process ended from outside") as raised:
        TWO.each(die, [1, 2, 3, 4])
    assert raised.value.failed > 0


def test_who_is_killed_leaves_nobody_behind(tmp_path):
    program = (
        "from pathlib import Path\n"
        "from matching.engines.processes import Processes\n"
        "from tests.matching.test_processes import linger\n"
        f"Processes(at_once=2).each(linger, [Path({str(tmp_path)!r}) / name for name in 'ab'])\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[2])
    processes = [int(text_of(tmp_path / name)) for name in "ab"]
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{process}").exists() and not is_zombie(process) for process in processes):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def linger(mark):
    """Says which process it is, and goes on for long."""
    mark.with_suffix(".new").write_text(str(os.getpid()))
    mark.with_suffix(".new").rename(mark)
    time.sleep(120)


def text_of(path):
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return path.read_text()


def is_zombie(process):
    """Ended, and nobody has asked yet how."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_inside_a_unit_there_are_threads_for_its_share_of_the_cores():
    assert pickle.loads(pickle.dumps(Processes(threads=8, at_once=4))) == Threads(2)
    assert pickle.loads(pickle.dumps(Processes(threads=1, at_once=4))) == Threads(1)


def test_there_is_always_room_for_one():
    assert 1 <= most_at_once() <= (os.cpu_count() or 1)

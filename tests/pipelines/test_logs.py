"""The last net under everything that is logged."""

import logging
import subprocess
import sys

import pytest

from pipelines.logs import LastNet, in_short, masked

NAME, NUMBER = "Đặng Thị Kín Đáo", "038313012345"


@pytest.fixture
def spoken():
    """Logs through a handler with the net; yields a function that logs and returns what came out."""

    class Kept(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    lines, handler = [], Kept()
    handler.addFilter(LastNet())

    def log(name, *words, **more):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.propagate = False
        try:
            logger.error(*words, **more)
        finally:
            logger.removeHandler(handler)
            logger.propagate = True
        return lines[-1]

    return log


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"x {NUMBER}.", "x ••••."), ("012345678", "••••"), ("run 2026-11-21T01-30-00-ab12", "run 2026-11-21T01-30-00-ab12"),
        ("12345678", "12345678"), ("1234567890123", "1234567890123"), ("port 38765, 1,204,331 records", "port 38765, 1,204,331 records"),
    ],
)  # fmt: skip
def test_numbers_that_can_be_somebodys_are_masked(text, shown):
    assert masked(text) == shown


def test_our_own_words_go_through_with_their_numbers_masked(spoken):
    assert spoken("identity_sync.review", "busy: %s", NUMBER) == "busy: ••••"


def test_the_words_of_others_do_not_go_through(spoken):
    said = spoken("some_driver.pool", "invalid value %r for %s", NAME, NUMBER)
    assert said.startswith("some_driver.pool: error at test_logs:")
    assert NAME not in said


def test_trace_backs_are_classes_and_places(spoken):
    def fail():
        try:
            int(f"{NAME} {NUMBER}")
        except ValueError as error:
            raise RuntimeError(NAME) from error

    try:
        fail()
    except RuntimeError:
        said = spoken("pipelines", "it broke", exc_info=True)
    assert "RuntimeError at test_logs:" in said
    assert "from ValueError at test_logs:" in said
    assert NAME not in said
    assert NUMBER not in said
    assert in_short(None) == ""


def test_what_nobody_catches_is_told_in_short_and_files_are_private(tmp_path):
    program = (
        "import threading, pathlib, sys; from pipelines.logs import guard_process; guard_process()\n"
        f"def fail(): raise ValueError('{NAME} {NUMBER}')\n"
        "thread = threading.Thread(target=fail, name='worker'); thread.start(); thread.join()\n"
        "pathlib.Path(sys.argv[1], 'made').write_text('x'); pathlib.Path(sys.argv[1], 'folder').mkdir()\n"
        "fail()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "worker: ValueError at" in done.stderr
    assert NAME not in done.stderr
    assert NUMBER not in done.stderr
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    assert modes == {"made": "0o600", "folder": "0o700"}

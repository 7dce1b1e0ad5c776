"""The scripts and units beside the program: a backup that is read back, units that name what there is."""

import os
import re
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.cli import _COMMANDS

DEPLOY = Path(__file__).parents[2] / "deploy"
needs_sqlite = pytest.mark.skipif(
    shutil.which("sqlite3") is None, reason="the program sqlite3 is not installed"
)


@pytest.fixture
def installation(tmp_path):
    """A home with a database in it, which a program has open; yields a function that runs a script over it."""
    home, backups = tmp_path / "home", tmp_path / "backups"
    (home / "audit").mkdir(parents=True)
    (home / "prefect").mkdir()
    (home / "audit.key").write_bytes(b"k" * 32)
    (home / "prefect" / "prefect.db").write_text("not needed")
    database = home / "education.db"
    variables = {"DATABASE": str(database), "IDENTITY_SYNC_HOME": str(home), "BACKUPS": str(backups)}

    def script(name, *words):
        done = subprocess.run(
            [DEPLOY / name, *words], env=os.environ | variables, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout.strip() or done.stderr

    with closing(sqlite3.connect(database)) as opened:
        opened.execute("pragma journal_mode = wal")
        opened.execute("create table links (n)")
        opened.execute("insert into links values (1)")
        opened.commit()
        yield script, home, backups


def links(home):
    with closing(sqlite3.connect(home / "education.db")) as database:
        return database.execute("select n from links").fetchall()


@needs_sqlite
def test_a_backup_comes_back_whole_and_private(installation):
    script, home, backups = installation
    code, backup = script("backup")
    assert code == 0, backup
    assert all(path.stat().st_mode & 0o077 == 0 for path in [backups, *backups.rglob("*")])
    (home / "audit.key").unlink()
    with closing(sqlite3.connect(home / "education.db")) as database:
        database.execute("delete from links")
        database.commit()
    assert script("restore", backup)[0] == 0
    assert links(home) == [(1,)]
    assert (home / "audit.key").read_bytes() == b"k" * 32
    assert not (home / "prefect").exists()
    assert len(list(home.parent.glob("home.before-*"))) == 1
    assert all(path.stat().st_mode & 0o077 == 0 for path in [home, *home.rglob("*")])


@needs_sqlite
def test_a_damaged_backup_touches_nothing_and_old_ones_go(installation):
    script, home, backups = installation
    _, backup = script("backup")
    (Path(backup) / "home.tar.gz").write_bytes(b"x")
    assert script("restore", backup)[0] != 0
    assert links(home) == [(1,)]
    assert list(home.parent.glob("home.*")) == []
    long_ago = time.time() - 40 * 86400
    os.utime(backup, (long_ago, long_ago))
    time.sleep(1.1)
    _, newer = script("backup")
    assert [str(path) for path in backups.iterdir()] == [newer]


@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("*.service")), ids=lambda unit: unit.name)
def test_units_start_what_there_is_as_an_account_of_its_own(unit):
    text = unit.read_text(encoding="utf-8")
    [start] = re.findall(r"^ExecStart=(\S+)(.*)$", text, re.MULTILINE)
    program, words = start[0], start[1].split()
    if program.endswith("identity-sync"):
        assert words[0] in _COMMANDS
    else:
        assert (DEPLOY / Path(program).name).is_file()
    assert {"User=identity-sync", "UMask=0077", "NoNewPrivileges=yes", "ProtectSystem=strict"} <= set(
        text.splitlines()
    )

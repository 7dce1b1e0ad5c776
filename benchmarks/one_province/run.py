"""How long one province takes again, from the click on the page to the result: 30,000 invented records of which 1 % were typed anew.

python -m benchmarks.one_province.run FOLDER [--students 11500] [--teachers 1700] [--times 3]

The first call makes the world and links it; later ones begin there. Before each run, other records are changed: of every hundred one, half of them by
their name in capitals, half by a claimed number that is taken away. Timed is what a browser sees: the form is sent, then the page is asked for twice a
second until it shows how the run ended.
"""

import argparse
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import sqlalchemy as sa

from connectors.database import open_database, writing
from connectors.education import load_folder
from connectors.education_tables import TABLE_KEYS
from connectors.files import read_education_folder
from pipelines.demo import Demo, write_config
from pipelines.settings import CONFIG_VARIABLE, read_settings

PROVINCE = "38"
TOKEN = re.compile(r'name="token" value="([^"]*)"')
FIGURE = re.compile(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>")
NAMED = re.compile(r'<p class="(?:told|alarm)" role="status"><b>([^<]+)</b>')


def program(demo: Demo, *words: str) -> None:
    """One of our commands."""
    told = {**os.environ, CONFIG_VARIABLE: str(demo.config.resolve())}
    subprocess.run([sys.executable, "-m", "pipelines.cli", *words], check=True, env=told)


def make(demo: Demo, students: int, teachers: int) -> None:
    """The world and the database."""
    mock = [
        sys.executable,
        "-m",
        "mock_population_api.cli",
        "generate",
        "--provinces",
        PROVINCE,
        "--seed",
        "5",
    ]
    size = ["--people", str(students * 13), "--students", str(students), "--teachers", str(teachers)]
    subprocess.run([*mock, *size, "--out", str(demo.world)], check=True)
    write_config(demo)
    engine = open_database(read_settings(demo.config).settings.database_url)
    load_folder(engine, read_education_folder(demo.world / "education"))
    engine.dispose()


def sign_up(demo: Demo, name: str = "", full_name: str = "") -> tuple[str, str]:
    """A supervisor; of this time only where no name is given."""
    name, password = name or f"son-{secrets.token_hex(4)}", secrets.token_urlsafe(12)
    file = demo.folder / "password"
    file.touch(mode=0o600)
    file.write_text(password, encoding="utf-8")
    program(demo, "review", "user", "add", name, "--name", full_name or name, "--role", "supervisor", "--everywhere",
            "--password-file", str(file))  # fmt: skip
    file.unlink()
    return name, password


def type_anew(demo: Demo, at: int) -> tuple[int, int]:
    """Change every hundredth record; how many, of how many."""
    engine, changed, all_of = open_database(read_settings(demo.config).settings.database_url), 0, 0
    for table in ("students", "teachers", "guardians"):
        key = TABLE_KEYS[table][0]
        with writing(engine) as connection:
            rows = connection.exec_driver_sql(f"select {key}, full_name from {table} order by {key}").all()
            some = rows[at % 100 :: 100]
            for place, (record, name) in enumerate(some):
                column, value = ("full_name", str(name).swapcase()) if place % 2 else ("claimed_id", None)
                told = {"value": value, "record": record}
                connection.execute(
                    sa.text(f"update {table} set {column} = :value where {key} = :record"), told
                )
        changed, all_of = changed + len(some), all_of + len(rows)
    engine.dispose()
    return changed, all_of


@contextmanager
def served(demo: Demo) -> Iterator[str]:
    """The page as an officer has it: its own process."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    told = {**os.environ, CONFIG_VARIABLE: str(demo.config.resolve())}
    words = [sys.executable, "-m", "pipelines.cli", "review", "serve", "--port", port]
    server = subprocess.Popen(words, env=told)
    try:
        with httpx2.Client() as http:
            for _ in range(600):
                try:
                    http.get(f"http://127.0.0.1:{port}/health")
                    break
                except httpx2.TransportError:
                    time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def click_to_result(http: httpx2.Client, way: str) -> tuple[float, str]:
    """Seconds from the form to how the run ended, and what the page then says."""
    token = TOKEN.findall(http.get("/runs").text)[0]
    began = time.monotonic()
    page = http.post("/runs", data={"token": token, "province": PROVINCE, "way": way}).headers["location"]
    while "data-live" in (text := http.get(page).text):
        time.sleep(0.5)
    seconds = time.monotonic() - began
    figures = ", ".join(f"{name} {count}" for name, count in FIGURE.findall(text))
    return seconds, f"{NAMED.findall(text)[0]}: {figures}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--students", type=int, default=11_500)
    parser.add_argument("--teachers", type=int, default=1_700)
    parser.add_argument("--times", type=int, default=3)
    wanted = parser.parse_args()
    demo = Demo(wanted.folder.resolve())
    if not demo.is_made:
        make(demo, wanted.students, wanted.teachers)
        program(demo, "sync", "--all")
    name, password = sign_up(demo)
    with served(demo) as address, httpx2.Client(base_url=address, timeout=30) as http:
        token = TOKEN.findall(http.get("/sign-in").text)[0]
        http.post("/sign-in", data={"token": token, "username": name, "password": password})
        for at in range(wanted.times):
            changed, records = type_anew(demo, int(time.time()) + at)
            for way in ("dry", "real"):
                seconds, told = click_to_result(http, way)
                print(f"{way}: {seconds:.1f} s, {changed:,} of {records:,} records changed; {told}")


if __name__ == "__main__":
    main()

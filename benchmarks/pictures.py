"""The pictures in the documentation, of invented people: the review page, runs on it, the report, a list in a spreadsheet.

python -m benchmarks.pictures docs/images [--width 1280] [--only review-list,run]

Needs Debian's Chromium, and for the picture of the list LibreOffice Calc and pdftoppm.
"""

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.one_province.run import PROVINCE, make, program, served, sign_up
from benchmarks.review_page.open_world import load_world
from benchmarks.review_page.serving import PASSWORD, add_people
from benchmarks.review_page.serving import served as served_here
from connectors.database import open_database, writing
from pipelines.demo import Demo
from pipelines.settings import read_settings

CHROMIUM = "/usr/bin/chromium"
RECORD = "3800000012"
"""One with several candidates and a family."""
STUDENTS, TEACHERS = 900, 120
HEIGHT = 860
STAGES = 3
"""So many stages of a run are done in its picture."""


class Shot:
    """Where pictures go, and which are wanted."""

    def __init__(self, folder: Path, only: frozenset[str]) -> None:
        self.folder, self.only = folder, only
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, page: Page, name: str) -> None:
        """Take one."""
        if not self.only or name in self.only:
            page.screenshot(path=self.folder / f"{name}.png")


def sign_in(page: Page, address: str, username: str, password: str) -> None:
    """Begin a session."""
    page.goto(f"{address}/sign-in")
    page.fill("#username", username)
    page.fill("#password", password)
    page.click("button.main")
    page.wait_for_selector("header.top")


def of_review(browser: Browser, width: int, shot: Shot) -> None:
    """Somebody's work on open records."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{folder}/education.db")
        load_world(engine, 600)
        add_people(engine)
        with served_here(engine) as address:
            page = browser.new_page(viewport={"width": width, "height": HEIGHT})
            page.goto(f"{address}/sign-in")
            shot(page, "review-sign-in")
            sign_in(page, address, "hoa", PASSWORD)
            shot(page, "review-list")
            page.click("form[action='/next'] button")
            for _ in range(4):
                page.click("button[value=not_same]")
            page.wait_for_selector(".strip form.told")
            page.goto(f"{address}/mine")
            shot(page, "review-mine")
            page.goto(f"{address}/record?record_kind=student&id={RECORD}")
            shot(page, "review-record")
            other = browser.new_page(viewport={"width": width, "height": HEIGHT})
            sign_in(other, address, "son", PASSWORD)
            other.goto(f"{address}/figures")
            shot(other, "review-figures")
        engine.dispose()


@contextmanager
def damaged(demo: Demo) -> Iterator[None]:
    """Some students typed with another name and without a number; corrected when the body has ended."""
    engine = open_database(read_settings(demo.config).settings.database_url)
    with writing(engine) as connection:
        connection.exec_driver_sql("create table kept as select * from students order by student_id limit 14")
        some = "where student_id in (select student_id from kept)"
        connection.exec_driver_sql(
            f"update students set full_name = 'Cao ' || full_name || ' Bá', claimed_id = null {some}"
        )
    yield
    with writing(engine) as connection:
        for column in ("full_name", "claimed_id"):
            kept = f"(select {column} from kept where kept.student_id = students.student_id)"
            connection.exec_driver_sql(f"update students set {column} = {kept} {some}")
        connection.exec_driver_sql("drop table kept")
    engine.dispose()


def of_runs(browser: Browser, width: int, shot: Shot) -> None:
    """A province run again on the page, what came of it, the report and a list."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder))
        make(demo, STUDENTS, TEACHERS)
        with damaged(demo):
            program(demo, "sync", "--all")
        name, password = sign_up(demo, "son", "Vũ Thái Sơn")
        with served(demo) as address:
            page = browser.new_page(viewport={"width": width, "height": HEIGHT})
            sign_in(page, address, name, password)
            page.goto(f"{address}/runs")
            page.select_option("#province", PROVINCE)
            shot(page, "runs")
            page.click("form[action='/runs'] button")
            page.wait_for_selector("[data-live] progress")
            while int(page.get_attribute("[data-live] progress", "value") or 0) < STAGES:
                page.wait_for_timeout(100)
            shot(page, "run-progress")
            page.wait_for_selector("dl.figures", timeout=120_000)
            shot(page, "run")
        reports = max((demo.folder / "sync" / "reports").iterdir())
        page.goto((reports / "report.html").as_uri())
        shot(page, "report")
        of_list(reports / "unmatched" / f"unmatched-{PROVINCE}.xlsx", shot.folder)


def of_list(workbook: Path, out: Path) -> None:
    """The first sheet as LibreOffice prints it; nothing where it isn't installed."""
    if not (shutil.which("soffice") and shutil.which("pdftoppm")):
        return
    with tempfile.TemporaryDirectory() as folder:
        words = [
            "soffice",
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--convert-to",
            "pdf",
        ]
        subprocess.run([*words, "--outdir", folder, str(workbook)], check=True, capture_output=True)
        # the upper part, without the margins of the paper
        part = ["-x", "95", "-y", "105", "-W", "1660", "-H", "520"]
        page = ["pdftoppm", "-png", "-r", "150", "-f", "1", "-l", "1", "-singlefile", *part]
        subprocess.run([*page, f"{folder}/{workbook.stem}.pdf", f"{folder}/list"], check=True)
        shutil.copy(f"{folder}/list.png", out / "unmatched.png")


@contextmanager
def browsing() -> Iterator[Browser]:
    """Chromium, without a window."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--only", default="")
    wanted = parser.parse_args()
    shot = Shot(wanted.out, frozenset(filter(None, wanted.only.split(","))))
    with browsing() as browser:
        of_review(browser, wanted.width, shot)
        of_runs(browser, wanted.width, shot)


if __name__ == "__main__":
    main()

"""The pictures of the review page in docs/officer.vi.md, taken by a browser of invented people.

python -m benchmarks.review_page.pictures OUT
"""

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.review_page.open_world import load_world
from benchmarks.review_page.serving import PASSWORD, add_people, served
from connectors.database import open_database

CHROMIUM = "/usr/bin/chromium"
RECORD = "3800000012"
"""One with several candidates and a family."""


def sign_in(page: Page, address: str, username: str) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.click("button.main")
    page.wait_for_selector("h1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=860)
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        engine = open_database(f"sqlite:///{folder}/education.db")
        load_world(engine, 600)
        add_people(engine)
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with served(engine) as address:
            page = browser.new_page(viewport={"width": wanted.width, "height": wanted.height})
            sign_in(page, address, "hoa")
            page.screenshot(path=wanted.out / "review-list.png")
            page.click("form[action='/next'] button")
            for _ in range(4):
                page.click("button[value=not_same]")
            page.wait_for_selector(".strip form.told")
            page.goto(f"{address}/record?record_kind=student&id={RECORD}")
            page.screenshot(path=wanted.out / "review-record.png")
        browser.close()
        engine.dispose()


if __name__ == "__main__":
    main()

"""The pictures of Prefect's page in docs/operations.md, taken by a browser from a running `identity-sync schedule` over a synthetic world.

python -m benchmarks.schedule_page.pictures HOME OUT --port 4200

One run of it must have failed: the picture of what to do with such a run is taken from the last one.
"""

import argparse
from pathlib import Path
from uuid import uuid4

import httpx2
from playwright.sync_api import Page, sync_playwright

from pipelines.page_password import password_file

CHROMIUM = "/usr/bin/chromium"
PROVINCE = "Thanh Hóa"


def sign_in(page: Page, address: str, password: str) -> None:
    page.goto(f"{address}/v2/login")
    page.fill("input[type=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard*")


def choose_province(page: Page, address: str, deployment: str) -> None:
    """The form for one province, filled in and not sent."""
    page.goto(f"{address}/v2/deployments/deployment/{deployment}")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Custom run").click()
    page.get_by_text("Select", exact=True).click()
    page.get_by_role("option", name=PROVINCE).click()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--port", type=int, default=4200)
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    password = password_file(wanted.home).read_text(encoding="utf-8").strip()
    user, _, secret = password.partition(":")
    address = f"http://127.0.0.1:{wanted.port}"
    with httpx2.Client(base_url=f"{address}/api", auth=(user, secret)) as api:
        client = str(uuid4())
        token = api.get("/csrf-token", params={"client": client}).json()["token"]
        api.headers |= {"Prefect-Csrf-Client": client, "Prefect-Csrf-Token": token}
        deployment = api.get("/deployments/name/sync-province/on-demand").json()["id"]
        states = {
            "flow_runs": {"state": {"type": {"any_": ["FAILED", "CRASHED"]}}},
            "sort": "START_TIME_DESC",
        }
        failed = api.post("/flow_runs/filter", json=states).json()[0]["id"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, timezone_id="Asia/Ho_Chi_Minh")
        sign_in(page, address, password)
        page.goto(f"{address}/v2/deployments")
        page.get_by_text("sync-province").wait_for()
        page.wait_for_timeout(1500)
        page.screenshot(path=wanted.out / "prefect-deployments.png")
        choose_province(page, address, deployment)
        page.wait_for_timeout(1500)
        page.screenshot(path=wanted.out / "prefect-province.png")
        page.goto(f"{address}/v2/runs/flow-run/{failed}")
        page.get_by_text("Task Runs", exact=True).wait_for()
        page.get_by_role("button", name="Open menu").last.click()
        page.get_by_role("menuitem", name="Retry").wait_for()
        page.wait_for_timeout(1500)
        page.screenshot(path=wanted.out / "prefect-retry.png")
        browser.close()


if __name__ == "__main__":
    main()

"""The page in a real browser: at two widths, by keys, without script; nothing is asked of anybody else."""

import shutil
from urllib.parse import urlsplit

import pytest

from benchmarks.review_page.open_world import load_world
from benchmarks.review_page.serving import PASSWORD, add_people, served
from connectors.asked_runs import AskedState, Headway, end_asked, note_headway, take_turn
from connectors.database import open_database
from pipelines.means import utc_now

from .page_world import NIGHT, RUN, Office, change, rows

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: no browser is tried"
)
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed: the page is not seen by a browser"
)
WIDTHS = {"phone": (360, 740), "desk": (1440, 900)}


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('page') / 'education.db'}")
    load_world(engine, 24)
    add_people(engine)
    office = Office(
        [change("900", "changed", before="••••••••0002", before_reason="evidence_agrees"), change("1")]
    )
    with served(engine, office.opened()) as address:
        yield engine, address
    engine.dispose()


@pytest.fixture
def visit(browser, world):
    """A window of somebody who has signed in; what goes wrong in it fails the test."""
    contexts, troubles = [], []

    def open_window(username="hoa", size="desk", script=True):
        width, height = WIDTHS[size]
        context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=script)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        page.on(
            "request",
            lambda asked: troubles.append(asked.url) if urlsplit(asked.url).hostname != "127.0.0.1" else None,
        )
        page.goto(f"{world[1]}/sign-in")
        page.fill("#username", username)
        page.fill("#password", PASSWORD)
        page.click("button.main")
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert troubles == []


def begin(page, world):
    page.goto(f"{world[1]}/")
    page.click("form[action='/next'] button")
    page.wait_for_url("**/record?**")


def decisions(world):
    return rows(world[0], "select count(*) from review_decisions")[0][0]


@pytest.mark.parametrize("size", WIDTHS)
def test_pages_fit_the_screen_and_axe_finds_nothing(visit, world, size):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    page = visit("son", size)
    begin(page, world)
    record = page.url.removeprefix(world[1])
    several = "/record?record_kind=student&id=3800000002"
    for path in (
        "/",
        "/?reason=several_fit",
        record,
        several,
        "/mine",
        "/figures",
        "/runs",
        f"/changes/{NIGHT}",
    ):
        page.goto(world[1] + path)
        found = axe.run(page).response
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    page.click("form[action='/sign-out'] button")
    assert axe.run(page).response["violations"] == []


@pytest.mark.parametrize("script", [True, False])
def test_a_run_is_watched_until_it_has_ended(visit, world, script):
    engine, address = world
    page = visit("son", script=script)
    page.goto(f"{address}/runs")
    page.select_option("#province", "38" if script else "48")
    page.click("form[action='/runs'] button")
    page.wait_for_selector("[data-live] progress")
    number = int(page.url.rsplit("/", 1)[1])
    take_turn(engine, number, RUN, utc_now())
    note_headway(engine, number, Headway(20, 7, "student", "link", 5, 9), utc_now())
    if not script:
        page.click("main p a")
    page.wait_for_selector('[data-live] progress[value="7"]')
    end_asked(engine, number, AskedState.DONE, utc_now())
    if not script:
        page.click("main p a")
    page.wait_for_selector("table.changes")
    assert page.locator("table.changes tbody tr").count() == 1


def test_keys_decide_once_are_undone_and_stay_out_of_notes(visit, world):
    page, before = visit("hoa"), decisions(world)
    begin(page, world)
    first = page.url
    page.keyboard.press("n")
    page.keyboard.type("10 năm học bạ")
    assert page.input_value("#note") == "10 năm học bạ"
    page.keyboard.press("Escape")
    page.keyboard.down("0")
    page.keyboard.down("0")  # as a key that is held down
    page.wait_for_selector(".strip form.told")
    page.keyboard.down("0")
    page.keyboard.up("0")
    assert decisions(world) == before + 1
    second = page.url
    assert second != first
    with page.expect_navigation():
        page.keyboard.press("z")
    assert "undone=1" in page.url
    page.uncheck("#keys")
    page.keyboard.press("0")
    page.reload()
    assert not page.is_checked("#keys"), "the choice is remembered"
    assert decisions(world) == before + 1
    page.check("#keys")
    page.keyboard.press("l")
    page.wait_for_selector("table.rows")


def test_score_stays_hidden_until_asked(visit, world):
    page = visit("hoa")
    begin(page, world)
    assert not page.is_visible("details.score p")
    page.keyboard.press("d")
    assert page.is_visible("details.score p")
    page.keyboard.press("l")


def test_everything_works_without_script(visit, world):
    page, before = visit("binh", "phone", script=False), decisions(world)
    begin(page, world)
    page.fill("#note", "không có script")
    page.click("button[value=back_to_school]")
    page.wait_for_selector(".strip form.told")
    assert decisions(world) == before + 1
    page.click("form[action='/undo'] button")
    page.wait_for_url("**undone=1**")
    page.click("form[action='/leave'] button")
    page.wait_for_selector("form.filters")
    page.select_option("#reason", "gender_differs")
    page.click("form.filters button")
    assert "reason=gender_differs" in page.url

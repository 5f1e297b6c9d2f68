"""A day at the workstation, on a real study: a zip is taken in, drawn, signed, corrected, planned, kept from others."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from limner.samples import demo_study
from tests.serve.live import PASSWORD, Live, live_server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE_MS = 150_000
SCREEN = {"width": 1366, "height": 768}


@pytest.fixture
def live(tmp_path) -> Iterator[Live]:
    with live_server(tmp_path / "data", workers=1) as server:
        yield server


def _zip(folder: Path) -> Path:
    path = folder / "study.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(one for one in demo_study().rglob("*") if one.is_file()):
            archive.write(file, f"PATIENT/CT/{file.name}")
    return path


def _log_in(browser: Browser, live: Live, name: str) -> tuple[BrowserContext, Page]:
    context = browser.new_context(viewport=SCREEN, reduced_motion="reduce", locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    assert context.request.post(f"{live.url}/api/session", data={"name": name, "password": PASSWORD}).ok
    return context, context.new_page()


def _ready(page: Page, address: str) -> None:
    page.wait_for_url(address)
    page.wait_for_selector("body[data-ready=true]")


def test_from_a_zip_to_a_signed_report_a_correction_and_a_plan(live, browser, tmp_path):
    admin = live.admin()
    live.person(admin, "planner", "paula")
    live.person(admin, "reader", "rita")
    context, page = _log_in(browser, live, "paula")
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda one: None if one.url.startswith((live.url, "blob:", "data:")) else complaints.append(one.url)
    )

    page.goto(f"{live.url}/studies")
    _ready(page, "**/studies")
    page.locator("[data-pick=files]").first.set_input_files(_zip(tmp_path))
    page.locator("table.list tbody tr a").first.click()
    _ready(page, "**/read/*")
    study = page.url.split("/read/")[1].split("?")[0]
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_text("Liver tumor 1").first.wait_for()

    page.get_by_role("button", name="Sign", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("Seen: one lesion, not sure.")
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Sign", exact=True).click()
    page.locator(".rd-signed").wait_for()
    assert "Paula" in page.locator(".rd-signed").inner_text()

    page.locator("header").get_by_role("link", name="Correct", exact=True).click()
    _ready(page, "**/correct/*")
    page.wait_for_function("() => globalThis.limnerCorrect?.desk.editor.peek()")
    page.keyboard.press("b")
    box = page.locator("[data-plane=axial] canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 25, box["y"] + box["height"] / 2 + 10, steps=4)
    page.mouse.up()
    first = page.url.split("/correct/")[1].split("?")[0]
    page.get_by_role("button", name="Save as version 2 by Paula").click()
    page.wait_for_url(lambda url: "/correct/" in url and first not in url)
    page.wait_for_selector("body[data-ready=true]")
    corrected = page.url.split("/correct/")[1].split("?")[0]
    told = context.request.get(f"{live.url}/api/results/{corrected}").json()
    assert (told["version"], told["author"], told["signed"], told["parent_id"]) == (2, "Paula", None, first)
    assert context.request.get(f"{live.url}/api/results/{first}").json()["signed"]["by"] == "Paula"

    page.goto(f"{live.url}/plan/{first}")  # the version that was signed
    _ready(page, "**/plan/*")
    page.get_by_text("Path 1").first.wait_for()
    with page.expect_response("**/planner/score") as answered:
        page.locator(".plan-scene canvas, .plan canvas").first.focus()
        page.keyboard.press("ArrowUp")
    assert answered.value.ok

    context2, other = _log_in(browser, live, "rita")
    for address in (f"/api/studies/{study}", f"/api/results/{corrected}", f"/api/results/{first}/files/report.html"):
        assert context2.request.get(f"{live.url}{address}").status == 404
    other.goto(f"{live.url}/studies")
    _ready(other, "**/studies")
    assert other.locator("table.list tbody tr").count() == 0
    other.goto(f"{live.url}/read/{study}")
    other.get_by_text("no such study").first.wait_for()
    assert complaints == []
    context.close()
    context2.close()

"""Somebody who has never seen Limner comes to a needle path in at most six clicks, on a real study."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from tests.serve.live import live_server

PATIENCE_MS = 180_000
MOST_CLICKS = 6
PASSWORD = "mauve lantern over the quarry"


@dataclass
class Newcomer:
    """A person at a browser whose clicks are counted; each step leaves a picture where pictures are wanted."""

    page: Page
    pictures: Path | None
    clicks: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def click(self, what: Locator) -> None:
        """One click."""
        name = what.inner_text().strip()
        what.click(timeout=PATIENCE_MS)
        self.clicks.append(name)

    def sees(self, selector: str) -> None:
        """Waits until something stands on the page."""
        self.page.wait_for_selector(selector, timeout=PATIENCE_MS)

    def ready(self, address: str) -> None:
        """Waits until a page's first picture stands."""
        self.page.wait_for_url(address, timeout=PATIENCE_MS)
        self.sees("body[data-ready=true]")

    def picture(self, name: str) -> None:
        """Keeps what is seen now."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")
        shot = self.page.screenshot(animations="disabled", type="jpeg", quality=88)
        if self.pictures:
            (self.pictures / f"{name}.jpg").write_bytes(shot)


@pytest.fixture
def newcomer(browser, tmp_path) -> Iterator[Newcomer]:
    folder = os.environ.get("LIMNER_PICTURES")
    pictures = Path(folder) if folder else None
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    size = {"width": 1366, "height": 768}
    context = browser.new_context(viewport=size, reduced_motion="reduce", locale="en-GB", color_scheme="light")
    person = Newcomer(context.new_page(), pictures)
    person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
    person.page.on("console", lambda said: person.complaints.append(said.text) if said.type == "error" else None)
    yield person
    context.close()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.pictures
def test_from_the_first_start_to_a_plan(newcomer, tmp_path):
    page = newcomer.page
    with live_server(tmp_path / "data", workers=1) as live:
        page.goto(live.opening["admin_link"])
        newcomer.sees("body[data-ready=true]")
        newcomer.picture("1-welcome")
        page.get_by_label("User name").fill("ann")
        page.get_by_label("Your name").fill("Ann Reader")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        newcomer.click(page.get_by_role("button", name="Set the password"))
        newcomer.ready("**/studies")
        newcomer.picture("2-empty")

        newcomer.click(page.get_by_role("button", name="Take it in"))
        newcomer.sees("table.list tbody tr")
        newcomer.picture("3-studies")
        newcomer.click(page.locator("table.list tbody tr a").first)
        newcomer.ready("**/read/*")
        newcomer.click(page.get_by_role("button", name="Draw", exact=True))
        newcomer.sees("text=Liver tumor 1")
        newcomer.picture("4-read")

        newcomer.click(page.get_by_role("navigation", name="This study").get_by_role("link", name="Plan"))
        newcomer.ready("**/plan/*")
        newcomer.sees("text=Path 1")
        newcomer.picture("5-plan")
    assert len(newcomer.clicks) <= MOST_CLICKS, newcomer.clicks
    assert newcomer.complaints == []

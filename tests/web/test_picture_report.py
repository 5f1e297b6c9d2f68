"""The report on a picture in a real browser: overlays are switched without a script, by mouse and by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from limner.report import write_picture_html
from tests.report.picture import outlined


@pytest.fixture
def page(browser: Browser, tmp_path: Path):
    write_picture_html(tmp_path / "report.html", outlined())
    context = browser.new_context(viewport={"width": 380, "height": 700}, offline=True, java_script_enabled=True)
    opened = context.new_page()
    opened.complaints = []
    opened.on("console", lambda message: opened.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.goto((tmp_path / "report.html").as_uri())
    yield opened
    context.close()


def test_overlays_are_switched(page: Page) -> None:
    outlines, doubt = page.locator("img.layer-1"), page.locator("img.layer-3")
    assert outlines.is_visible() and not doubt.is_visible()
    page.locator("label[for=layer-1]").click()
    assert not outlines.is_visible()
    page.locator("#layer-3").focus()
    page.keyboard.press("Space")
    assert doubt.is_visible()
    assert page.complaints == []


def test_layers_lie_exactly_on_the_picture_and_a_telephone_shows_it_whole(page: Page) -> None:
    base, layer = page.locator(".stage > img").first.bounding_box(), page.locator("img.layer-1").bounding_box()
    assert base == layer and base is not None and 200 < base["width"] <= 380
    assert page.evaluate("document.documentElement.scrollWidth") <= 380

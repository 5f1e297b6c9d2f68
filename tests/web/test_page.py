"""The page around the scene: phones, the dark, Chinese, paper, and readers who do not see."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def test_a_phone_needs_no_sideways_scrolling_and_turns_by_touch(open_report):
    report = open_report(**PHONE)
    assert report.ask("document.documentElement.scrollWidth <= innerWidth")
    report.page.locator("[data-view=head]").tap()
    assert report.ask("window.limner.camera()")[1] > 100
    assert report.complaints == []


def test_the_page_is_chinese_throughout(open_report):
    report = open_report("zh")
    assert report.page.get_by_role("button", name="冠状面").is_visible()
    report.page.click("[data-id=tumor-1] .lv-name")
    assert "肝肿瘤 1" in report.page.locator(".lv-facts").inner_text()
    assert "体积" in report.page.locator(".lv-facts").inner_text()
    assert report.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_that_axe_knows(open_report, scheme):
    report = open_report(color_scheme=scheme)
    report.page.click("[data-id=tumor-1] .lv-name")
    report.page.click("[data-cut=axial]")
    found = Axe().run(report.page)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []


def test_dark_is_dark(open_report):
    brightness = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    assert max(open_report(color_scheme="dark").ask(brightness)) < 60
    assert min(open_report(color_scheme="light").ask(brightness)) > 220


def test_without_webgl_the_page_says_so(browser, reports):
    context = browser.new_context(offline=True)
    context.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page = context.new_page()
    page.goto(reports["en"].as_uri())
    page.wait_for_function("window.limner && window.limner.error")
    assert page.locator("#limner-no-scene").is_visible()
    assert page.locator(".lv").count() == 0
    assert page.get_by_role("heading", name="Findings").is_visible()
    context.close()


def test_paper_leaves_the_scene_out(open_report):
    report = open_report()
    report.page.emulate_media(media="print")
    assert not report.page.locator("#limner-viewer").is_visible()
    assert report.page.get_by_role("heading", name="Key images").is_visible()

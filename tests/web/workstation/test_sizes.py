"""From a phone to a wall: tools that stay in reach, letters that are as large as those beside them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
WALL = {"width": 3840, "height": 2160}
BOX = "selector => document.querySelector(selector).getBoundingClientRect().toJSON()"


@pytest.fixture
def open_sized(gallery, browser):
    """Opens a page in a window of a size; the windows are closed afterwards."""

    def opener(name: str, **settings):
        opened = gallery.rooms.open(browser, "/jobs", **settings)
        gallery.go(opened, name)
        return opened

    yield opener
    gallery.rooms.close_windows()


def test_on_a_phone_the_tools_stand_whole_and_the_bar_hides_nothing(open_sized):
    opened = open_sized("correct", **PHONE)
    rail, middle = opened.ask(BOX, ".rd-rail"), opened.ask(BOX, ".rd-middle")
    assert rail["height"] >= 44 and middle["height"] >= 380
    assert middle["top"] >= rail["bottom"] - 1
    assert opened.ask(BOX, ".crumb-study")["right"] <= opened.ask(BOX, ".bar-end")["left"] + 1
    opened.page.get_by_role("button", name="Account of Mona Lis").tap()
    opened.page.get_by_role("menuitem", name="Light").wait_for()  # what the bar has no room for
    opened.page.get_by_role("menuitem", name="中文").tap()
    opened.page.wait_for_selector("html[lang=zh-Hans]")
    opened.page.locator(".bar-end .menu > button").tap()
    opened.page.get_by_role("menuitem", name="English").tap()
    opened.page.wait_for_selector("html[lang=en]")


def test_letters_of_a_chart_follow_the_page_and_not_the_size_of_the_chart(open_sized):
    opened = open_sized("forecast", **PHONE)
    for viewport, most in ((PHONE["viewport"], 16), (WALL, 26)):
        opened.page.set_viewport_size(viewport)
        opened.wait(f"document.querySelector('.chart').viewBox.baseVal.width > {0.3 * viewport['width']}")
        assert 10 <= opened.ask(BOX, ".chart-tick")["height"] <= most


def test_letters_over_a_slice_grow_with_those_of_the_page(open_sized):
    heights = []
    opened = open_sized("read", viewport={"width": 1366, "height": 768})
    opened.ask("() => { limnerRead.desk.reading.layout.value = 'one'; }")
    for viewport in ({"width": 1366, "height": 768}, WALL):
        opened.page.set_viewport_size(viewport)
        opened.wait(f"limnerRead.panes[0].canvas.width > {0.5 * viewport['width']}")
        seen = np.asarray(Image.open(io.BytesIO(opened.picture("axial"))).convert("L"))
        rows = np.flatnonzero((seen[:100, :90] > 150).any(axis=1))  # the number of the slice, and its place in mm
        heights.append(np.ptp(rows))
    assert heights[1] / heights[0] == pytest.approx(1.5, abs=0.2)

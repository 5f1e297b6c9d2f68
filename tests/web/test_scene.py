"""The scene of the report in Chromium: it stands, turns, hides, fades, cuts and tells what is clicked on."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as Pillow

pytestmark = pytest.mark.browser

IDS = ["tumor-2", "tumor-1", "liver-vessels", "liver", "body"]  # innermost first


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Pillow.open(io.BytesIO(png)).convert("RGB"), np.int32)


def changed(a: bytes, b: bytes) -> float:
    """Share of pixels that differ visibly."""
    return float((np.abs(pixels(a) - pixels(b)).max(axis=-1) > 12).mean())


def color_center(png: bytes, kind: str) -> tuple[float, float]:
    """Where a colour lies in the picture, as shares of width and height."""
    rgb = pixels(png)
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    mask = {"yellow": (red - blue > 90) & (green - blue > 50), "blue": (blue - red > 40)}[kind]
    rows, columns = np.nonzero(mask)
    assert rows.size > 30, f"no {kind} in the picture"
    return columns.mean() / rgb.shape[1], rows.mean() / rgb.shape[0]


def test_the_scene_stands_without_a_network_and_without_complaint(report):
    assert report.ask("window.limner.meshes()") == IDS
    assert report.ask("window.limner.shown()") == IDS
    assert len(set(map(tuple, pixels(report.canvas())[::4, ::4].reshape(-1, 3)))) > 200
    assert report.complaints == []
    assert not report.page.locator("#limner-no-scene").is_visible()


def test_right_is_right_and_front_is_front(report):
    report.page.locator("[data-id=body] input[type=checkbox]").click()
    places = {}
    for side in ("anterior", "posterior", "left", "right", "head", "feet"):
        report.page.click(f"[data-view={side}]")
        picture = report.canvas()
        places[side] = np.subtract(color_center(picture, "yellow"), color_center(picture, "blue"))
    # the large tumour lies to the right of the vessel (20 mm), in front of it (18 mm)
    assert places["anterior"][0] < -0.02 < 0.02 < places["posterior"][0]
    assert places["left"][0] < -0.02 < 0.02 < places["right"][0]
    assert places["feet"][0] < -0.02 and places["feet"][1] < -0.02  # as an axial slice is read
    assert places["head"][0] > 0.02 and places["head"][1] < -0.02


def test_hide_show_and_isolate(report):
    before = report.canvas()
    report.page.click("[data-id=liver] input[type=checkbox]")
    assert "liver" not in report.ask("window.limner.shown()")
    assert changed(before, report.canvas()) > 0.02
    report.page.click("[data-id=tumor-1] .lv-only")
    assert report.ask("window.limner.shown()") == ["tumor-1"]
    alone = report.canvas()
    assert changed(before, alone) > 0.05
    report.page.click("[data-id=tumor-1] .lv-only")
    assert report.ask("window.limner.shown()") == [id for id in IDS if id != "liver"]
    report.page.get_by_role("button", name="Reset").click()
    assert changed(before, report.canvas()) == 0


def test_the_liver_is_seen_through_until_it_is_made_solid(report):
    report.page.click("[data-id=body] input[type=checkbox]")
    color_center(report.canvas(), "blue")  # the vessel shines through
    report.page.locator("[data-id=liver] input[type=range]").fill("100")
    assert report.ask("window.limner.state().opacity.liver") == 1
    solid = pixels(report.canvas())
    assert ((solid[..., 2] - solid[..., 0]) > 40).sum() < 30


def test_the_cut_opens_the_liver_and_closes_it_with_a_flat_face(report):
    report.page.click("[data-id=body] input[type=checkbox]")
    report.page.locator("[data-id=liver] input[type=range]").fill("100")
    report.page.click("[data-view=feet]")
    whole = report.canvas()
    report.page.click("[data-cut=axial]")
    state = report.ask("window.limner.state().cut")
    assert state["plane"] == "axial"
    assert state["position_mm"] == pytest.approx(8, abs=0.5)  # through the largest lesion
    cut = report.canvas()
    assert changed(whole, cut) > 0.02
    rgb = pixels(cut)
    x, y = color_center(cut, "yellow")
    at = rgb[round(y * rgb.shape[0]), round(x * rgb.shape[1])]
    flat = (np.abs(rgb - at).max(axis=-1) <= 2).sum()
    assert flat > 300  # the cap of the tumour: one even colour, as no lit surface has
    report.page.locator(".lv-where input").fill("-36")
    assert report.ask("window.limner.state().cut.position_mm") == -36
    assert changed(cut, report.canvas()) > 0.02


def test_the_other_side_of_a_cut(report):
    report.page.click("[data-cut=sagittal]")
    report.page.click("[data-view=left]")
    one = report.canvas()
    report.page.click(".lv-flip")
    report.page.click("[data-view=right]")
    assert report.ask("window.limner.state().cut.flipped") is True
    assert changed(one, report.canvas()) > 0.05


def test_drag_turns_and_keys_do_all_that_the_mouse_does(report):
    start = report.ask("window.limner.camera()")
    box = report.page.locator(".lv-canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    report.page.mouse.move(x, y)
    report.page.mouse.down()
    report.page.mouse.move(x + 90, y + 20, steps=3)
    report.page.mouse.up()
    turned = report.ask("window.limner.camera()")
    assert np.linalg.norm(np.subtract(start, turned)) > 50
    assert report.ask("window.limner.state().selected") is None  # a drag is not a click
    canvas = report.page.locator(".lv-canvas")
    canvas.press("1")
    np.testing.assert_allclose(report.ask("window.limner.camera()"), start, atol=0.5)
    canvas.press("ArrowRight")
    assert report.ask("window.limner.camera()")[0] > start[0] + 20
    canvas.press("+")
    nearer = report.ask("window.limner.camera()")
    assert np.linalg.norm(nearer) < np.linalg.norm(start)
    canvas.press("c")
    assert report.ask("window.limner.state().cut.plane") == "axial"
    canvas.press("]")
    assert report.ask("window.limner.state().cut.position_mm") == pytest.approx(10, abs=0.5)
    canvas.press("r")
    assert report.ask("window.limner.state().cut.plane") is None
    np.testing.assert_allclose(report.ask("window.limner.camera()"), start, atol=0.5)


def test_a_click_into_the_liver_names_the_tumour_in_it(report):
    x, y = color_center(report.canvas(), "yellow")
    canvas = report.page.locator(".lv-canvas")
    box = canvas.bounding_box()
    at = {"x": x * box["width"], "y": y * box["height"]}
    canvas.click(position=at)
    assert report.ask("window.limner.state().selected") == "tumor-1"
    card = report.page.locator(".lv-facts")
    assert "Liver tumor 1" in card.inner_text() and "11.5 ml" in card.inner_text()
    far = report.ask("window.limner.camera()")
    canvas.dblclick(position=at)
    near = report.ask("window.limner.camera()")
    focus = np.array([-45, 8, 18])  # the tumour's centre in the scene's axes
    assert np.linalg.norm(near - focus) < 0.6 * np.linalg.norm(far - focus)
    canvas.press("h")
    assert "tumor-1" not in report.ask("window.limner.shown()")
    canvas.press("Escape")
    assert not card.is_visible()


def test_the_cube_turns_to_the_side_that_is_clicked(report):
    canvas = report.page.locator(".lv-canvas")
    for _ in range(6):
        canvas.press("ArrowRight")  # now the left side is in sight, too
    height = canvas.bounding_box()["height"]
    canvas.click(position={"x": 6 + 46 + 22, "y": height - 6 - 46})
    x, _, z = report.ask("window.limner.camera()")
    assert x > 100 and abs(z) < 5


def test_the_wheel_scrolls_the_page_until_the_scene_is_entered(report):
    canvas = report.page.locator(".lv-canvas")
    canvas.scroll_into_view_if_needed()
    box, start = canvas.bounding_box(), report.ask("window.limner.camera()")
    report.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    report.page.mouse.wheel(0, 40)
    report.settle()
    assert report.ask("window.limner.camera()") == start
    canvas.focus()
    report.page.mouse.wheel(0, -40)
    report.page.wait_for_function(f"window.limner.camera()[2] < {start[2] - 1}")

"""The Forecast page in a real browser: the slider moves curve, figures and lesion together, and doubt is said."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy import select

from limner.image import Image
from limner.io.drawing import read_drawing
from limner.io.nifti import write_nifti_image
from limner.serve.tables import Result
from tests.forecast.drawings import liver_with_tumor
from tests.web.workstation.opened import Opened
from tests.web.workstation.rig import SMALL, Workstation, workstation

pytestmark = pytest.mark.browser
DAYS = 120


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Iterator[Workstation]:
    with workstation(tmp_path_factory.mktemp("forecast") / "data", screen=SMALL) as made:
        yield made


@pytest.fixture(scope="module")
def drawing(bench, tmp_path_factory) -> str:
    """A drawing of a liver with a tumour, and the scan that it is of."""
    folder = tmp_path_factory.mktemp("drawn")
    drawn = liver_with_tumor(folder / "drawing")
    labels = read_drawing(drawn).labels
    scan = Image(np.where(labels.array > 0, 100, -1000).astype(np.int16), labels.grid, "CT", "HU")
    write_nifti_image(scan, folder / "scan.nii.gz", note="phantom", comment="")
    sent = bench.send([folder / "scan.nii.gz"])
    return bench.put(drawn, study=sent.id, series_id=sent.series)


@pytest.fixture(scope="module")
def shared(bench, browser, drawing) -> Opened:
    """A page on which a forecast was asked for and came."""
    opened = bench.open(browser, f"/forecast/{drawing}")
    opened.page.get_by_text("No forecast of this drawing yet").wait_for()
    opened.page.get_by_label("Days ahead").fill(str(DAYS))
    opened.page.get_by_role("button", name="Start a forecast").click()
    opened.page.get_by_role("progressbar").first.wait_for()
    bench.work()
    opened.wait("growing")
    return opened


@pytest.fixture(scope="module")
def told(bench, shared) -> dict:
    with bench.house.database.reading() as db:
        made = db.scalars(select(Result).where(Result.kind == "forecast")).one()
    return json.loads((bench.house.result_folder(made.id) / "forecast.json").read_text())


@pytest.fixture(scope="module")
def address(drawing) -> str:
    return f"/forecast/{drawing}"


@pytest.fixture
def page(shared) -> Iterator[Opened]:
    yield shared
    assert shared.complaints == []


def slide(page: Opened, day: int) -> None:
    slider = page.page.get_by_role("slider", name="Day")
    slider.fill(str(day))
    page.page.wait_for_selector(f".chart-marker[data-day='{day}']")
    page.settle()


def test_a_forecast_is_asked_for_and_comes_whole(page, told):
    """Of the whole time asked for, with its scene, its curve and its interval."""
    assert told["days"][0] == 0 and told["days"][-1] == DAYS
    assert page.page.locator(".forecast-scene canvas").is_visible()
    line = page.page.locator(".chart-line").get_attribute("d")
    assert line.count("L") == len(told["days"]) - 1
    assert page.ask("growing.stage.surfaces.filter(one => one.structure.id.startsWith('day-')).length") > 3
    assert page.page.locator("select").first.locator("option").all_inner_texts()[0].startswith(f"{DAYS} days")
    assert page.page.get_by_role("button", name="Start a forecast").is_enabled()


def test_the_slider_moves_the_curves_marker_and_the_figures(page, told):
    for day in (0, DAYS // 2, DAYS):
        slide(page, day)
        marker = page.page.locator(".chart-marker circle")
        line = page.page.locator(".chart-line").get_attribute("d")
        points = np.array([pair.split() for pair in line[1:].split("L")], float)
        x, y = float(marker.get_attribute("cx")), float(marker.get_attribute("cy"))
        assert points[0, 0] - 0.1 <= x <= points[-1, 0] + 0.1
        assert y == pytest.approx(np.interp(x, *points.T), abs=0.6)
        assert (x - points[0, 0]) / np.ptp(points[:, 0]) == pytest.approx(day / DAYS, abs=0.01)
        expected = np.interp(day, told["days"], told["volume_ml"]["p50"])
        assert f"{expected:.1f} ml" in page.page.locator(".forecast-now").inner_text()
    page.page.wait_for_function(f"() => location.search.includes('day={DAYS}')")  # a reload loses nothing


def test_the_lesion_grows_with_the_day(page):
    boxes = []
    for day in (0, DAYS):
        slide(page, day)
        assert page.ask("growing.day") == day
        shown = page.ask(
            "growing.stage.surfaces.filter(one => one.mesh.visible && one.structure.id.startsWith('day-'))"
            ".map(one => [one.structure.id, one.box.max.x - one.box.min.x])"
        )
        assert {id.split()[0] for id, _ in shown} == {f"day-{day}"}
        boxes.append({id.split()[1]: size for id, size in shown})
    assert boxes[1]["share-50"] > boxes[0]["share-50"]
    assert boxes[1]["share-10"] >= boxes[1]["share-50"] >= boxes[1]["share-90"]


def test_keys_step_through_the_days(page):
    slide(page, 10)
    page.page.locator("canvas").first.focus()
    page.page.keyboard.press("ArrowRight")
    page.page.wait_for_selector(".chart-marker[data-day='11']")
    page.page.keyboard.press("Home")
    page.page.wait_for_selector(".chart-marker[data-day='0']")
    page.page.keyboard.press("End")
    page.page.wait_for_selector(f".chart-marker[data-day='{DAYS}']")


def test_playing_goes_on_by_itself_and_stops_at_the_end(page):
    slide(page, DAYS - 4)
    page.page.get_by_role("button", name="Play").click()
    page.page.wait_for_selector(f".chart-marker[data-day='{DAYS}']")
    page.page.get_by_role("button", name="Play").wait_for()


def test_what_is_not_known_is_said(page, told):
    text = page.page.locator("body").inner_text()
    assert "seen once" in text
    assert "a model’s futures, not the patient’s" in text
    assert "Not for clinical use" in text
    page.page.get_by_text("What this forecast does not know").click()
    for one in told["warnings"]:
        assert one in page.page.locator("body").inner_text()


def test_volumes_are_forecast_from_what_is_typed(bench, browser, address):
    page = bench.open(browser, f"{address}?part=volumes")
    page.page.get_by_role("textbox").first.fill("0, 10\n60, 13\nnonsense\n")
    assert "line 3" in page.page.locator("form").inner_text()
    page.page.get_by_role("textbox").first.fill("day, ml\n0, 10\n60, 13\n120, 17\n")
    page.page.get_by_role("button", name="Forecast", exact=True).click()
    page.page.wait_for_selector(".chart-reading")
    assert page.page.locator(".chart-reading").count() == 3
    assert "five trials" in page.page.locator("body").inner_text()
    assert any("POST /api/forecasts/volumes" in one for one in page.asked)
    assert page.complaints == []

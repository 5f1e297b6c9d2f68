"""The Generate page in a real browser: sliders, seeds, ways, and marks that stay."""

from __future__ import annotations

import statistics

import pytest

from limner.io import read_marks
from tests.web.workstation import pictures
from tests.web.workstation.rig import SMALL, workstation

pytestmark = pytest.mark.browser
SKIN, GLIOMA = "skin-stylegan2", "glioma-mr-stylegan2"
SHOWN = "document.querySelector('.ge-picture')?.src"
SETTLED = "document.querySelector('.ge-shown').ariaBusy !== 'true'"


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    with workstation(tmp_path_factory.mktemp("generate") / "data", screen=SMALL) as made:
        yield made


@pytest.fixture
def page(station, browser):
    opened = station.open(browser, f"/generate?pack={SKIN}&seed=5")
    yield opened
    assert opened.complaints == []


def bytes_of(page, selector: str = ".ge-picture") -> bytes:
    """The bytes that the browser shows."""
    read = "async s => [...new Uint8Array(await (await fetch(document.querySelector(s).src)).arrayBuffer())]"
    return bytes(page.page.evaluate(read, selector))


def moved(page, act, settled: str = SETTLED) -> None:
    """Does something and waits for another picture, the one that was asked for last."""
    before = page.ask(SHOWN)
    act()
    page.page.wait_for_function(f"before => {SHOWN} !== before && {settled}", arg=before)


def test_the_picture_is_the_servers_and_says_that_it_shows_nobody(station, page):
    wish = {"seed": 5, "truncation": 1}
    assert bytes_of(page) == station.client.post(f"/api/generators/{SKIN}/image", json=wish).content
    assert "Pictures of nobody." in page.page.locator(".ge-head").inner_text()
    assert page.page.locator(".ge-stamp").inner_text() == "Synthetic"
    page.page.locator(".ge-thumb img").nth(11).wait_for()


def test_a_slider_changes_it_at_once_and_back_to_nought_is_back(page, capsys):
    slider = page.page.get_by_role("slider", name="Brightness")
    first, times = bytes_of(page), []
    for step in range(1, 13):
        moved(page, lambda step=step: slider.fill(str(step / 10)))
        times.append(float(page.ask("document.body.dataset.roundTrip")))
    with capsys.disabled():
        print(f"\nA slider's round trip in the browser: median {statistics.median(times):.0f} ms")
    assert min(times) < 500  # the printed median is below 100 where nothing else runs
    page.wait("location.search.includes('move.named-7=1.2')")
    moved(page, lambda: page.page.get_by_role("button", name="All directions to 0").click())
    assert bytes_of(page) == first


def test_what_is_saved_carries_both_marks(page, tmp_path):
    with page.page.expect_download() as coming:
        page.page.get_by_role("link", name="Save picture").click()
    coming.value.save_as(tmp_path / "saved.png")
    marks = read_marks(tmp_path / "saved.png")
    assert marks.explicit.seed == 5 and marks.explicit.pack.startswith(SKIN) and marks.invisible is not None


def test_a_way_is_scrubbed_and_played_between_two_seeds(page):
    moved(page, lambda: page.page.get_by_role("slider", name="Place on the way").fill("0.5"))
    half = bytes_of(page)
    moved(page, lambda: page.page.get_by_role("button", name="End: seed 6").click())
    page.wait("location.search.includes('t=1')")
    moved(page, lambda: page.page.get_by_role("button", name="Play").click(), settled="true")
    moved(page, lambda: None, settled="true")  # it goes on by itself
    page.page.get_by_role("button", name="Pause").click()
    page.wait(SETTLED)
    moved(page, lambda: page.page.get_by_role("slider", name="Place on the way").fill("0.5"))
    assert bytes_of(page) == half


def test_a_reload_loses_nothing(page):
    page.page.get_by_label("Class").select_option("vascular lesion")
    moved(page, lambda: page.page.get_by_role("button", name="Show seed 7").click())
    page.wait("location.search.includes('seed=7') && location.search.includes('class=vascular')")
    before = bytes_of(page)
    page.page.reload()
    page.page.wait_for_selector("body[data-ready=true]")
    assert bytes_of(page) == before


def test_a_click_puts_the_tumour_there(station, browser):
    opened = station.open(browser, f"/generate?pack={GLIOMA}&seed=2")
    box = opened.page.locator(".ge-picture").bounding_box()
    at = {"x": 0.7 * box["width"], "y": 0.5 * box["height"]}
    moved(opened, lambda: opened.page.locator(".ge-picture").click(position=at))
    opened.wait("location.search.includes('set.x=0.7') && location.search.includes('set.y=0.5')")
    opened.page.get_by_label("Label map").check()
    opened.page.locator(".ge-labels").wait_for()
    assert opened.complaints == []


def test_a_folder_of_them_is_asked_for(station, page):
    page.page.get_by_label("Pictures", exact=True).fill("3")
    page.page.get_by_role("button", name="Make", exact=True).click()
    page.page.get_by_role("progressbar").first.wait_for()
    [job] = station.client.get("/api/jobs").json()["items"]
    assert job["kind"] == "generate"


def test_a_quiz_is_asked_for_with_real_pictures_of_ones_own(station, page):
    pictures.send(station, pictures.photograph())
    page.page.get_by_role("button", name="Real or made?").click()
    page.page.locator(".ge-choices .ge-thumb").click()
    page.page.get_by_role("button", name="Make a quiz of 2").click()
    page.page.locator("dialog").wait_for(state="detached")
    page.page.get_by_role("progressbar").first.wait_for()


def test_keys_walk_through_seeds(page):
    moved(page, lambda: page.page.keyboard.press("n"))
    page.wait("location.search.includes('seed=6')")
    moved(page, lambda: page.page.keyboard.press("b"))
    page.wait("location.search.includes('seed=5')")


def test_where_no_pack_makes_pictures_the_page_says_so(station, browser):
    opened = station.open(browser, "/studies")
    opened.page.route("**/api/generators", lambda route: route.fulfill(json={"items": [], "total": 0}))
    opened.go("/generate")
    assert opened.page.get_by_text("No pack here makes pictures").is_visible()

"""The work list in a real browser: what comes in, what is found, what is done with it, and who sees it."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest

from limner.samples import demo_study
from tests.web.workstation import front
from tests.web.workstation.opened import Opened

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(station, browser):
    """The work list of the admin."""
    return station.open(browser, "/studies")


def names(opened: Opened) -> list[str]:
    return opened.page.locator("tbody tr .patient a").all_inner_texts()


def until_rows(opened: Opened, n: int) -> None:
    opened.page.locator(f"tbody:has(tr:nth-child({n})):not(:has(tr:nth-child({n + 1})))").wait_for()


def delete_first(opened: Opened) -> None:
    """Takes what came last away again."""
    opened.page.locator("tbody tr:first-child").get_by_role("button", name="Actions").click()
    opened.page.get_by_role("menuitem", name="Delete").click()
    opened.page.get_by_role("button", name="Delete for good").click()
    until_rows(opened, 5)


def some_files(n: int) -> list[dict[str, object]]:
    """The first slices of the built-in study, and something that is no image."""
    files = sorted(demo_study().glob("*.dcm"))[:n]
    found = [{"name": one.name, "mimeType": "application/dicom", "buffer": one.read_bytes()} for one in files]
    return [*found, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"remember the milk"}]


def packed() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for one in sorted(demo_study().glob("*.dcm"))[:3]:
            archive.writestr(f"CD/{one.name}", one.read_bytes())
    return out.getvalue()


def test_the_list_tells_patients_as_people_do_and_sorts(desk):
    assert names(desk) == ["Adams, Ruth", "Brandt, Ida", "陈伟 (Chen, Wei)", "Diaz, Luis", "Endo, Mari"]
    desk.page.get_by_role("button", name="Date").click()
    desk.page.locator("th[aria-sort=descending]").filter(has_text="Date").wait_for()
    desk.page.locator("tbody tr:first-child", has_text="Endo").wait_for()
    desk.page.wait_for_url("**/studies?order=-date")
    desk.page.get_by_role("button", name="Patient").click()
    desk.page.locator("tbody tr:first-child", has_text="Adams").wait_for()


def test_a_search_leaves_no_name_in_the_address_and_filters_survive_a_reload(desk):
    desk.page.keyboard.press("/")
    desk.page.keyboard.type("brandt")
    until_rows(desk, 1)
    assert names(desk) == ["Brandt, Ida"] and "brandt" not in desk.page.url.lower()
    desk.page.get_by_role("button", name="Clear filters").click()
    until_rows(desk, 5)
    desk.page.get_by_label("Modality").select_option("CT")
    until_rows(desk, 3)
    desk.go(desk.page.url.removeprefix(desk.url))
    assert len(names(desk)) == 3
    desk.page.get_by_label("Status").select_option("signed")
    desk.page.get_by_role("heading", name="Nothing fits").wait_for()


def test_the_keyboard_walks_and_acts(desk):
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("ArrowDown")
    assert desk.ask("document.activeElement.textContent") == "Brandt, Ida"
    assert desk.page.locator("tr.here").get_by_role("link").inner_text() == "Brandt, Ida"
    desk.page.keyboard.press("s")
    dialog = desk.page.get_by_role("dialog", name="Who sees this study")
    dialog.get_by_text("Ray Short").wait_for()
    desk.page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    desk.page.keyboard.press("End")
    assert desk.ask("document.activeElement.textContent") == "Endo, Mari"
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/read/*")


def test_a_study_is_at_work_while_its_job_is(desk):
    first = desk.page.locator("tbody tr:first-child")
    first.get_by_role("progressbar").wait_for()
    assert first.locator("[data-act=draw]").count() == 0
    assert desk.page.get_by_role("link", name="1 job at work").is_visible()


def test_sharing_shows_it_to_one_other_and_to_nobody_else(station, browser, desk):
    reader = station.log_in(front.READER)
    seen = {one["patient"]["name"] for one in reader.post("/api/studies/search", json={}).json()["items"]}
    assert seen == {"Adams, Ruth"}  # shared with everyone
    desk.page.get_by_role("button", name="Actions: Diaz, Luis").click()
    desk.page.get_by_role("menuitem", name="Share").click()
    desk.page.get_by_label("Ray Short").check()
    desk.page.get_by_role("button", name="Save").click()
    desk.page.get_by_text("Saved who sees the study").wait_for()
    seen = {one["patient"]["name"] for one in reader.post("/api/studies/search", json={}).json()["items"]}
    assert seen == {"Adams, Ruth", "Diaz, Luis"}
    page = station.open(browser, "/studies", name=front.READER).page
    page.get_by_role("button", name="Actions: Diaz, Luis").click()
    assert page.get_by_role("menuitem", name="Delete").get_attribute("aria-disabled") == "true"


def test_files_are_taken_in_and_what_is_not_is_told(desk):
    desk.page.locator("[data-pick=files]").first.set_input_files(some_files(4))
    panel = desk.page.get_by_role("region", name="Upload")
    panel.get_by_text("1 study taken in").wait_for()
    assert panel.get_by_text("1 file was not taken").is_visible() and panel.get_by_text("notes.txt").is_visible()
    until_rows(desk, 6)
    assert desk.page.locator("tbody tr:first-child td.number").inner_text() == "4"
    panel.get_by_role("button", name="Close").click()
    delete_first(desk)
    assert desk.complaints == []


def test_an_upload_waits_while_others_are_read(desk):
    asked = []

    def busy(route):
        asked.append(route.request.url)
        if len(asked) < 3:
            return route.fulfill(status=503, headers={"Retry-After": "0"}, json={"title": "Busy", "detail": ""})
        return route.continue_()

    desk.page.route("**/api/uploads/*/finish", busy)
    desk.page.locator("[data-pick=files]").first.set_input_files(some_files(2)[:2])
    desk.page.get_by_text("1 study taken in").wait_for()
    assert len(asked) == 3
    until_rows(desk, 6)
    delete_first(desk)


def test_what_only_reads_is_asked_again_where_the_server_is_busy(desk):
    asked = []

    def busy(route):
        asked.append(route.request.url)
        if len(asked) < 3:
            return route.fulfill(status=503, headers={"Retry-After": "0"}, json={"title": "Busy", "detail": ""})
        return route.continue_()

    desk.page.route("**/api/jobs*", busy)
    desk.go("/jobs")
    desk.page.locator("tbody tr").first.wait_for()
    assert len(asked) >= 3


def test_a_dropped_zip_is_taken_in(desk):
    transfer = desk.page.evaluate_handle(
        "text => { const all = new DataTransfer(); const bytes = Uint8Array.from(atob(text), one => one.charCodeAt(0));"
        "all.items.add(new File([bytes], 'cd.zip', {type: 'application/zip'})); return all; }",
        base64.b64encode(packed()).decode(),
    )
    desk.page.dispatch_event("main", "dragenter", {"dataTransfer": transfer})
    assert desk.page.get_by_text("Drop to upload").is_visible()
    desk.page.dispatch_event("main", "drop", {"dataTransfer": transfer})
    desk.page.get_by_text("1 study taken in").wait_for()
    until_rows(desk, 6)
    assert desk.page.locator("tbody tr:first-child td.number").inner_text() == "3"
    delete_first(desk)


def test_an_upload_goes_on_where_a_reload_cut_it_off(desk):
    sent: list[str] = []

    def second_is_lost(route) -> None:
        sent.append(route.request.headers["x-file-name"])
        if len(sent) == 3:
            desk.page.evaluate("location.reload()")
            route.abort()
        else:
            route.continue_()

    files = some_files(6)[:-1]
    desk.page.route("**/api/uploads/*/files", second_is_lost)
    with desk.page.expect_navigation():
        desk.page.locator("[data-pick=files]").first.set_input_files(files)
    desk.page.unroute("**/api/uploads/*/files")
    desk.page.get_by_text("An upload was cut off").wait_for()
    again: list[str] = []
    desk.page.on("request", lambda one: "/files" in one.url and again.append(one.headers["x-file-name"]))
    desk.page.locator("[data-pick=files]").first.set_input_files(files)
    desk.page.get_by_text("1 study taken in").wait_for()
    assert 0 < len(again) < len(files)  # what had arrived was not sent again
    delete_first(desk)

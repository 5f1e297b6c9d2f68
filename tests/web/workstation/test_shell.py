"""The shell in a real browser: in and out, one's place kept, keys, themes, languages, and a server that goes away."""

from __future__ import annotations

import json

import pytest

from tests.serve.live import PASSWORD
from tests.web.workstation import front
from tests.web.workstation.opened import Opened

pytestmark = pytest.mark.browser
DRAWN = """letter => {
  const context = new OffscreenCanvas(40, 40).getContext("2d");
  context.font = `32px ${getComputedStyle(document.body).fontFamily}`;
  context.fillText(letter, 2, 34);
  return [...context.getImageData(0, 0, 40, 40).data].join();
}"""
PAGES = ("/studies", "/packs", "/jobs", "/admin", "/admin/audit", "/admin/rules", "/admin/pacs")


@pytest.fixture
def stranger(station, browser):
    """A browser in which nobody is logged in."""
    return station.window(browser, color_scheme="light")


def log_in(opened: Opened, name: str = front.ADMIN, password: str = PASSWORD) -> None:
    opened.page.get_by_label("User name").fill(name)
    opened.page.get_by_label("Password", exact=True).fill(password)
    opened.page.keyboard.press("Enter")


def test_a_stranger_logs_in_and_comes_to_what_was_asked_for(stranger):
    stranger.go("/admin/rules?x=1")
    assert stranger.ask("location.pathname") == "/login"
    log_in(stranger, password="not this one at all")
    stranger.page.get_by_role("alert").filter(has_text="Name or password is wrong").wait_for()
    assert stranger.page.get_by_label("Password", exact=True).input_value() == ""
    assert [one for one in stranger.complaints if "401" not in one] == []
    log_in(stranger)
    stranger.page.wait_for_url("**/admin/rules?x=1")
    stranger.page.get_by_label("Bone margin").wait_for()


def test_the_way_back_never_leads_to_another_site(stranger):
    stranger.go("/login?back=https://elsewhere.example/studies")
    log_in(stranger)
    stranger.page.wait_for_url(f"{stranger.url}/studies")
    assert [one for one in stranger.complaints if "elsewhere" in one] == []


def test_each_page_stands_without_complaint_and_asks_nothing_of_other_machines(station, browser):
    opened = station.open(browser, "/studies")
    for address in PAGES:
        opened.go(address)
        assert opened.page.locator("h1").first.is_visible(), address
        assert "Adams" not in opened.page.title()
    assert opened.complaints == []


def test_pages_change_without_a_reload_and_the_browser_s_back_works(station, browser):
    opened = station.open(browser, "/studies")
    opened.ask("window.stayed = true")
    opened.page.get_by_role("link", name="Jobs", exact=True).click()
    opened.page.get_by_role("heading", name="Jobs").wait_for()
    opened.page.go_back()
    opened.page.get_by_role("heading", name="Studies").wait_for()
    assert opened.ask("window.stayed") is True
    assert opened.ask("document.activeElement.id") in ("main", "")


def test_an_address_that_names_nothing_says_so(station, browser):
    opened = station.open(browser, "/nonsense/here")
    assert opened.page.get_by_role("heading", name="There is no such page").is_visible()


def test_a_reader_is_told_which_pages_are_not_theirs(stranger):
    stranger.go("/login")
    log_in(stranger, front.READER)
    stranger.page.wait_for_url("**/studies")
    assert stranger.page.get_by_role("link", name="Admin").count() == 0
    stranger.go("/admin")
    assert stranger.page.get_by_role("heading", name="Not for your role").is_visible()


def test_the_keyboard_map_lists_the_keys_of_the_page(station, browser):
    opened = station.open(browser, "/studies")
    opened.page.keyboard.press("?")
    dialog = opened.page.get_by_role("dialog", name="Keyboard")
    dialog.get_by_text("Next study").wait_for()
    assert dialog.get_by_text("Query PACS").is_visible()
    opened.page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    opened.page.keyboard.press("/")
    assert opened.ask("document.activeElement.id") == "search"
    opened.page.keyboard.type("?")  # in a field a key is a letter
    assert dialog.count() == 0


def test_lists_follow_the_system_and_reading_is_dark_until_one_chooses(station, browser):
    opened = station.open(browser, "/studies", color_scheme="light")
    assert opened.ask("document.documentElement.dataset.theme") == "light"
    opened.page.get_by_role("button", name="Dark").click()
    assert opened.ask("document.documentElement.dataset.theme") == "dark"
    opened.go("/studies")
    assert opened.ask("document.documentElement.dataset.theme") == "dark"


def test_the_language_is_switched_at_once_and_kept_for_the_account(station, browser, stranger):
    opened = station.open(browser, "/studies")
    opened.page.get_by_role("button", name="中文").click()
    opened.page.get_by_role("heading", name="检查", exact=True).wait_for()
    assert opened.ask("document.documentElement.lang") == "zh-Hans"
    assert opened.page.title() == "检查 · Limner"
    assert opened.ask(DRAWN, "检") != opened.ask(DRAWN, "查")  # without a font for them both are one empty box
    opened.go("/jobs")
    assert opened.page.get_by_role("heading", name="任务").is_visible()
    stranger.go("/login")
    log_in(stranger)
    stranger.page.get_by_role("heading", name="检查", exact=True).wait_for()
    stranger.page.get_by_role("button", name="English").click()
    stranger.page.get_by_role("heading", name="Studies", exact=True).wait_for()


def test_a_server_that_goes_away_is_told_and_its_return_too(station, browser):
    opened = station.open(browser, "/studies")
    opened.page.context.set_offline(True)
    opened.page.get_by_role("alert").filter(has_text="The server does not answer").wait_for()
    assert opened.page.get_by_role("row").count() > 5  # what is on the screen stays
    opened.page.context.set_offline(False)
    opened.page.locator(".notice-bad").wait_for(state="detached")


def test_a_session_that_ended_leads_to_the_login_and_back(station, browser):
    opened = station.open(browser, "/jobs")
    opened.page.context.clear_cookies()
    opened.page.get_by_role("link", name="Studies", exact=True).click()
    opened.page.wait_for_url("**/login?back=*")
    opened.page.get_by_text("You were logged out").wait_for()
    assert "Adams" not in opened.page.content()
    log_in(opened)
    opened.page.get_by_role("heading", name="Studies").wait_for()


def test_one_leaves_by_the_account_s_menu(station, browser):
    opened = station.open(browser, "/studies")
    opened.page.get_by_role("button", name="Account of Ada Long").click()
    opened.page.keyboard.press("ArrowDown")
    assert opened.ask("document.activeElement.textContent") == "Log out"
    opened.page.keyboard.press("Enter")
    opened.page.wait_for_url("**/login")
    opened.go("/studies")
    assert opened.ask("location.pathname") == "/login"


def test_another_login_in_the_same_browser_takes_the_first_tab_along(station, browser):
    opened = station.open(browser, "/jobs")
    first = opened.page
    second = first.context.new_page()
    second.goto(opened.url + "/login")
    login = "body => fetch('/api/session', {method: 'POST', body, headers: {'Content-Type': 'application/json'}})"
    second.evaluate(login, json.dumps({"name": front.READER, "password": PASSWORD}))
    first.get_by_title("中文").click()  # a change with the token of the login before
    first.wait_for_url("**/studies")
    first.get_by_role("button", name="Ray Short").wait_for()
    second.reload()
    second.goto(opened.url + "/studies")
    second.get_by_role("button", name="Ray Short").click()
    second.get_by_role("menuitem").last.click()
    second.wait_for_url("**/login")
    first.wait_for_url("**/login?back=*")
    assert "Ray Short" not in first.content()


def test_an_api_token_is_shown_once(station, browser):
    opened = station.open(browser, "/studies")
    opened.page.get_by_role("button", name="Account of Ada Long").click()
    opened.page.get_by_role("menuitem", name="My account").click()
    opened.page.get_by_label("What it is for").fill("nightly export")
    opened.page.get_by_role("button", name="Make a token").click()
    secret = opened.page.get_by_label("Text to copy").input_value()
    client = station.anyone()
    bearer = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/jobs", headers=bearer).status_code == 200
    assert client.post("/api/uploads", headers=bearer).status_code == 403  # it may read
    opened.page.get_by_role("button", name="Remove nightly export").click()
    opened.page.get_by_role("button", name="Remove nightly export").wait_for(state="detached")
    assert client.get("/api/jobs", headers=bearer).status_code == 401

"""Nobody is kept out: axe on each page of the shell in both themes, sizes of targets, small and large screens."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.workstation import front
from tests.web.workstation.gallery import LISTS, ROOMS
from tests.web.workstation.opened import Opened
from tests.web.workstation.rig import SCREEN

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
VIEWS = ((SCREEN, "en", "light"), (SCREEN, "zh", "dark"), (PHONE, "zh", "light"), (PHONE, "en", "dark"))
"""Each size with each language and each theme, and each language with each theme."""
ADD_STYLE = "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets.push(s); }"
SHADE = "shade => { document.documentElement.dataset.theme = shade; }"
TARGETS = (
    "[...document.querySelectorAll('button, a.button, select, input:not([type=checkbox]):not([type=radio])')]"
    ".filter(one => one.offsetParent && !one.matches('.link, .sorter'))"
    ".filter(one => one.getBoundingClientRect().height < {least} || one.getBoundingClientRect().width < {least})"
    ".map(one => one.outerHTML.slice(0, 120))"
)


def barriers(opened: Opened) -> list[tuple[str, str, str]]:
    """What axe finds, minor things too: the rule, the first element, and what is amiss there."""
    found = Axe().run(opened.page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:160], one["nodes"][0]["failureSummary"][-120:]) for one in found]


def speak(opened: Opened, lang: str) -> None:
    """Chooses a language as people do."""
    if not opened.ask("document.documentElement.lang").startswith(lang):
        opened.page.evaluate("document.querySelector('.bar .lang').click()")  # on a phone it stands in a menu
        opened.page.wait_for_selector(f"html[lang^={lang}]")
    opened.settle()


@pytest.mark.parametrize("name", [*LISTS, *ROOMS])
def test_no_barrier_that_axe_knows(gallery, windows, name):
    """On each page in both languages and both themes, on a small screen and on a phone; and nothing complains."""
    opened = windows[gallery.station(name).name]
    opened.complaints.clear()
    gallery.go(opened, name)
    opened.page.evaluate(ADD_STYLE, "*, ::before, ::after { transition: none !important; }")
    found = []
    for size, lang, shade in VIEWS:
        opened.page.set_viewport_size(size)
        speak(opened, lang)
        opened.page.evaluate(SHADE, shade)
        opened.settle()
        found += [(lang, size["width"], shade, *one) for one in barriers(opened)]
        if opened.ask("document.documentElement.scrollWidth > innerWidth"):
            found.append((lang, size["width"], "scrolls sideways"))
    assert found == []
    front.keep_picture(opened.page, f"{name}-dark")
    assert opened.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_in_what_opens_above_a_page(station, browser, scheme):
    opened = station.open(browser, "/studies", color_scheme=scheme)
    page = opened.page
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    assert barriers(opened) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Actions: Adams, Ruth").click()
    page.get_by_role("menuitem", name="Share").wait_for()
    assert barriers(opened) == []
    page.get_by_role("menuitem", name="Share").click()
    page.get_by_label("Ray Short").wait_for()
    assert barriers(opened) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Query PACS").click()
    page.get_by_text("No archive is known here").wait_for()
    assert barriers(opened) == []


@pytest.mark.parametrize("name", ["read", "correct"])
def test_escape_closes_what_opens_above_a_page_that_has_that_key_too(gallery, windows, name):
    opened = windows[gallery.station(name).name]
    opened.page.set_viewport_size(SCREEN)
    gallery.go(opened, name)
    speak(opened, "en")
    opened.page.keyboard.press("?")
    opened.page.get_by_role("dialog", name="Keyboard").wait_for()
    assert barriers(opened) == []
    opened.page.keyboard.press("Escape")
    opened.page.get_by_role("dialog").wait_for(state="detached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_before_the_door(station, browser, scheme):
    opened = station.window(browser, color_scheme=scheme, locale="zh-CN")
    for address in ("/login", "/invite#nothing"):
        opened.go(address)
        opened.page.locator("h1").wait_for()
        assert barriers(opened) == [], address
    assert opened.page.get_by_role("heading", name="此链接无效").is_visible()


def test_targets_are_large_enough_for_a_mouse_and_larger_for_fingers(station, browser):
    for least, settings in (
        (32, {}),
        (44, {"has_touch": True, "is_mobile": True, "viewport": {"width": 1024, "height": 768}}),
    ):
        opened = station.open(browser, "/studies", **settings)
        assert opened.ask(TARGETS.format(least=least - 0.5)) == []


@pytest.mark.parametrize("width, height", [(390, 844), (1366, 768), (3840, 2160)])
def test_nothing_is_scrolled_sideways_from_a_phone_to_a_wall(station, browser, width, height):
    opened = station.open(browser, "/studies", viewport={"width": width, "height": height})
    for address in ("/studies", "/packs/skin-lesion", "/admin/rules"):
        opened.go(address)
        assert opened.ask("document.documentElement.scrollWidth <= innerWidth"), (address, width)
    front.keep_picture(opened.page, f"rules-{width}")


def test_the_page_can_be_walked_by_keyboard_from_the_skip_link_on(station, browser):
    opened = station.open(browser, "/studies")
    opened.page.keyboard.press("Tab")
    assert opened.ask("document.activeElement.className") == "skip"
    opened.page.keyboard.press("Enter")
    assert opened.ask("document.activeElement.id") == "main"
    reached = set()
    for _ in range(14):
        opened.page.keyboard.press("Tab")
        reached.add(opened.ask("document.activeElement.textContent.trim() || document.activeElement.tagName"))
    assert {"Query PACS", "Upload", "Adams, Ruth"} <= reached

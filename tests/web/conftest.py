"""A real browser on a real report, from file:// and without a network."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from limner.report import write_html
from tests.report.phantom import content

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
PATIENCE_MS = 60_000


@pytest.fixture(scope="session")
def reports(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    paths = {lang: folder / f"report_{lang}.html" for lang in ("en", "zh")}
    for lang, path in paths.items():
        write_html(path, content(), lang=lang)
    return paths


@pytest.fixture(scope="session")
def npm() -> tuple[dict[str, str], list[str]]:
    """The environment and the command of the npm that `make test` installs."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    environment, _, command = hook.find_node()
    return environment, command


@pytest.fixture(scope="session")
def npm_packages(npm) -> Path:
    """``web/node_modules`` with what checks and tests of the front end need, installed by the lock file."""
    environment, command = npm
    web = ROOT / "web"
    subprocess.run(
        [*command, "ci", "--no-audit", "--no-fund"], cwd=web, env=environment, check=True, capture_output=True
    )
    return web / "node_modules"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        pytest.fail("No Chromium was found; `make test` installs it.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        started.close()


@dataclass
class Opened:
    """A report in the browser, with all that it complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def ask(self, expression: str):
        return self.page.evaluate(expression)

    def note_request(self, request: Request) -> None:
        if request.url.startswith("http"):
            self.complaints.append(request.url)

    def settle(self) -> None:
        """Waits until every asked frame is drawn."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def canvas(self) -> bytes:
        self.settle()
        return self.page.locator(".lv-canvas").screenshot()


@pytest.fixture(scope="module")
def open_report(browser, reports) -> Iterator[Callable[..., Opened]]:
    """Opens the report in a language; keywords go to the browser's context."""
    contexts: list[BrowserContext] = []

    def open(lang: str = "en", **settings) -> Opened:
        settings = {"viewport": {"width": 900, "height": 700}, "offline": True, "reduced_motion": "reduce", **settings}
        contexts.append(browser.new_context(**settings))
        contexts[-1].set_default_timeout(PATIENCE_MS)
        opened = Opened(contexts[-1].new_page())
        opened.page.on("console", lambda message: opened.complaints.append(f"{message.type}: {message.text}"))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("request", opened.note_request)
        opened.page.goto(reports[lang].as_uri())
        opened.page.wait_for_function("window.limner && (window.limner.ready || window.limner.error)")
        assert opened.ask("window.limner.error") is None
        opened.page.wait_for_function("window.limner.frames() > 0")
        return opened

    yield open
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def opened_once(open_report) -> Opened:
    return open_report()


@pytest.fixture
def report(opened_once) -> Opened:
    """The report in English, as it opens: one page for a whole file of tests, reset before each."""
    opened_once.page.locator(".lv-reset").click()
    opened_once.page.locator(".lv-canvas").scroll_into_view_if_needed()
    opened_once.ask("document.activeElement.blur()")
    return opened_once

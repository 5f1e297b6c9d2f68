"""The live page: what it says, that it is whole and cheap, and how it looks in a browser."""

import math
import os
import re
import shutil
import time

import pytest

from limner.train.live import Live, Track


def _filled(path, steps=400, **settings):
    live = Live(path, "skin & lesions", "resnet18, because it is a simple task.", **settings)
    for step in range(1, steps + 1):
        loss = 2 * math.exp(-step / 120) + 0.1 * math.sin(step)
        live.add(step, loss, 2 * math.exp(-step / 120), 1e-3 * (1 - step / steps), 2.0 * step, 0.5 * step / steps)
        if step % 50 == 0:
            live.check(step, 1 - math.exp(-step / 100) - 0.2 * (step == 400))
    return live


def test_what_it_says_while_it_runs_and_at_the_end(tmp_path):
    live = _filled(tmp_path / "live.html", every=1000)
    live.write("running")
    page = (tmp_path / "live.html").read_text()
    assert 'http-equiv="refresh"' in page
    assert "skin &amp; lesions" in page
    assert "<dt>left</dt><dd>about 13 min</dd>" in page  # 800 seconds for the first half
    assert "0.9698 at 350" in page
    assert page.count("<svg") == 3
    live.end("failed", "Out of memory at step 400. <Lower> train.batch")
    page = (tmp_path / "live.html").read_text()
    assert "refresh" not in page
    assert "&lt;Lower&gt; train.batch" in page
    assert "<dt>left" not in page


def test_it_needs_nothing_from_elsewhere(tmp_path):
    _filled(tmp_path / "live.html").write("running")
    page = (tmp_path / "live.html").read_text()
    assert not re.search(r"https?://|<script|<link|@import|url\(", page)
    assert [one.name for one in tmp_path.iterdir()] == ["live.html"]


def test_a_long_run_stays_cheap(tmp_path):
    live = Live(tmp_path / "live.html", "long", every=1000)
    started = time.process_time()
    for step in range(1, 50_001):
        live.add(step, 1.0 / step, 1.0 / step, 1e-3, step, step / 60_000)
    each = (time.process_time() - started) / 50_000
    started = time.process_time()
    live.write("running")
    assert time.process_time() - started < 0.25
    assert each < 2e-4
    assert (tmp_path / "live.html").stat().st_size < 100_000


def test_a_track_keeps_the_whole_line_in_few_points():
    track = Track(most=100)
    for x in range(10_000):
        track.add(x, math.nan if x % 7 == 0 else x)
    assert len(track.points) <= 100
    xs = [x for x, _ in track.points]
    assert xs[0] < 300
    assert xs[-1] > 9500
    assert all(x == y for x, y in track.points)


def test_a_process_that_does_not_write_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _filled(None).end("finished")
    assert not list(tmp_path.iterdir())


def test_nothing_yet_is_a_page_too(tmp_path):
    live = Live(tmp_path / "live.html", "new")
    live.write("running")
    live.add(1, math.nan, math.nan, 1e-3, 0.1, 0.0)
    live.end("failed", "NaN")
    assert "steps left out</dt><dd>1" in (tmp_path / "live.html").read_text()


@pytest.mark.browser
def test_it_looks_right_and_shows_itself_again(tmp_path):
    from playwright.sync_api import sync_playwright

    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "No Chromium was found; `make test` installs it."
    live = _filled(tmp_path / "live.html", every=1.0)
    live.write("running")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 900, "height": 700})
        problems: list[str] = []
        page.on("console", lambda one: problems.append(one.text))
        page.on("requestfailed", lambda one: problems.append(one.url))
        page.goto((tmp_path / "live.html").as_uri())
        assert page.title().startswith("50%")
        assert page.locator("svg").count() == 3
        for width in (900, 380):
            page.set_viewport_size({"width": width, "height": 700})
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.screenshot(path=str(tmp_path / "live.png"), full_page=True)
        live.done = 1.0
        live.end("finished")
        page.wait_for_function("document.title.startsWith('100%')", timeout=15000)
        browser.close()
    assert not problems

"""The quiz in a real browser: asked by key and by click, kept over a reload, told against chance as scipy does."""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest

from limner.image.watermark import detect
from limner.report.quiz import write_quiz

pytestmark = pytest.mark.browser


def pictures(n: int, level: int) -> list[np.ndarray]:
    rng = np.random.default_rng(level)
    return [rng.integers(level, level + 60, (3, 64, 64)).astype(np.uint8) for _ in range(n)]


@pytest.fixture
def open_quiz(browser, tmp_path):
    contexts = []

    def open(n: int = 10, lang: str = "en", **options):
        path = tmp_path / "quiz.html"
        write_quiz(path, pictures(n, 20), pictures(n, 160), lang, pack="skin-stylegan2 0.1.0", seed=4, **options)
        contexts.append(browser.new_context(offline=True, viewport={"width": 420, "height": 800}))
        page = contexts[-1].new_page()
        page.complaints = []
        page.on("console", lambda one: page.complaints.append(one.text) if one.type in ("error", "warning") else None)
        page.on("pageerror", lambda one: page.complaints.append(str(one)))
        page.goto(path.as_uri())
        return page

    yield open
    for one in contexts:
        one.close()


def bright(page, which: int = 0) -> bool:
    """Whether an image shows what was made: those are bright."""
    image = page.locator("#images img").nth(which)
    return image.evaluate(
        "async one => { await one.decode(); const c = document.createElement('canvas').getContext('2d');"
        "c.drawImage(one, 0, 0); return c.getImageData(5, 5, 1, 1).data[0] > 120; }"
    )


def test_all_right_by_keyboard_and_saved(open_quiz):
    page = open_quiz()
    assert "1 and 2 answer" in page.locator("#intro").inner_text()
    page.keyboard.press("Enter")
    for k in range(20):
        assert page.locator("#progress").inner_text() == f"{k + 1} of 20"
        page.keyboard.press("2" if bright(page) else "1")
    assert page.locator("#hits").inner_text().startswith("20 of 20 right: 100 % (83 to 100 %)")
    assert "less than 0.001" in page.locator("#p").inner_text()
    assert "better than chance" in page.locator("#verdict").inner_text()
    assert "10/10 were called real" in page.locator("#split").inner_text()
    assert "skin-stylegan2 0.1.0" in page.locator("#pack").inner_text()
    with page.expect_download() as saved:
        page.locator("#save").click()
    found = json.loads(saved.value.path().read_text())
    assert found["schema"] == "limner.quiz/1" and found["hits"] == found["n"] == len(found["answers"]) == 20
    assert sum(one["truth"] for one in found["answers"]) == 10 and not page.complaints


def test_half_right_is_chance_and_the_figures_are_exact(open_quiz):
    page = open_quiz(n=12)
    page.locator("#start").click()
    for k in range(24):
        made = bright(page)
        page.locator("#second" if made == (k % 24 < 15) else "#first").click()
    with page.expect_download() as saved:
        page.locator("#save").click()
    found, exact = json.loads(saved.value.path().read_text()), binomtest(15, 24, 0.5)
    assert found["hits"] == 15 and found["p"] == pytest.approx(exact.pvalue)
    assert (found["low"], found["high"]) == pytest.approx(tuple(exact.proportion_ci(0.95, "exact")), abs=1e-6)
    assert "do not differ from chance" in page.locator("#verdict").inner_text()


def test_answers_are_kept_until_one_starts_anew(open_quiz):
    page = open_quiz(n=3)
    page.locator("#start").click()
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.reload()
    assert page.locator("#progress").inner_text() == "3 of 6"
    for _ in range(4):
        page.keyboard.press("1")
    page.reload()
    assert "of 6 right" in page.locator("#hits").inner_text()
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#again").click()
    assert page.locator("#progress").inner_text() == "1 of 6"


def test_pairs(open_quiz):
    page = open_quiz(n=6, mode="pair", lang="zh")
    page.keyboard.press("Enter")
    sides = []
    for _ in range(6):
        assert page.locator("#images img").count() == 2
        left = bright(page, 0)
        assert left != bright(page, 1)
        sides.append(left)
        page.keyboard.press("1" if left else "2")
    assert "答对 6 题" in page.locator("#hits").inner_text() and len(set(sides)) == 2
    assert page.locator("#split").inner_text() == "" and not page.complaints


def test_nothing_in_the_page_names_an_origin(tmp_path):
    path = tmp_path / "quiz.html"
    write_quiz(path, pictures(8, 20), pictures(8, 160), seed=1)
    text = path.read_text()
    assert "Synthetic" not in text and "http" not in re.sub(r"http-equiv", "", text)
    images = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])["images"]
    assert len(images) == 16 and len({one[0][:40] for one in images}) == 1
    shown = [np.asarray(Image.open(io.BytesIO(base64.b64decode(one[0].split(",")[1])))) for one in images]
    assert [detect(one) is not None for one in shown] == [one.mean() > 100 for one in shown]  # what was made is marked

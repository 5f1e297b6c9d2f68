"""Pages look as they looked: small pictures, in which times and counts that move are covered, beside committed ones.

``LIMNER_LOOKS=new`` writes them anew; look at each before it is committed.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import structural_similarity

pytestmark = pytest.mark.browser
KEPT = Path(__file__).parent / "looks"
SMALL = (456, 256)
LEAST = 0.9
"""Structural similarity: another version of a font stays above, a panel that moved or a broken theme falls below."""
COVER = "td.nowrap.muted, time, .foot-version, .ago, .when, td.time { visibility: hidden !important; }"
ADD_STYLE = "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets.push(s); }"
PAGES = ("studies", "jobs", "packs", "admin", "admin/rules", "generate")


def _seen(page) -> np.ndarray:
    page.evaluate(
        "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets.push(s); }", COVER
    )
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("L")
    return np.asarray(shot.resize(SMALL, Image.Resampling.BOX))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_a_page_looks_as_it_looked(station, browser, address, scheme):
    opened = station.open(browser, f"/{address}", color_scheme=scheme)
    if address == "generate":
        opened.page.wait_for_load_state("networkidle")  # its pictures come one by one
    seen = _seen(opened.page)
    kept = KEPT / f"{address.replace('/', '-')}-{scheme}.png"
    if os.environ.get("LIMNER_LOOKS") == "new":
        KEPT.mkdir(exist_ok=True)
        Image.fromarray(seen).save(kept, optimize=True)
    before = np.asarray(Image.open(kept))
    alike = structural_similarity(seen, before)
    assert alike >= LEAST, f"{address} in {scheme}: {alike:.3f}; look, then LIMNER_LOOKS=new if it is meant"


def test_the_comparison_sees_a_panel_that_moved():
    kept = np.asarray(Image.open(KEPT / "studies-light.png"))
    assert structural_similarity(kept, np.roll(kept, 12, axis=0)) < LEAST
    assert structural_similarity(kept, 255 - kept) < LEAST

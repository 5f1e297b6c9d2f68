"""Pages look as they looked: small pictures, in which times and counts that move are covered, beside committed ones.

`LIMNER_LOOKS=new python -m pytest tests/web/workstation/test_looks.py` writes them anew; look at each before it is
committed.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

from tests.web.workstation.gallery import LISTS, ROOMS

pytestmark = pytest.mark.browser
KEPT = Path(__file__).parent / "looks"
SMALL = (456, 256)
ALIKE, GONE = 0.9, 0.4
"""Structural similarity of the whole, and the share of what was drawn at a place that may be missing there: another
version of a font stays within both, a panel that moved, an empty canvas or a missing legend does not."""
FAINT = 2.5
"""Grey levels of drawing, of 255, below which a place counts as empty."""
COVER = "td.nowrap.muted, time, .foot-version, .ago, .when, td.time { visibility: hidden !important; }"
STILL = "* { transition: none !important; }"
ADD_STYLE = "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets.push(s); }"
SHADE = "shade => { document.documentElement.dataset.theme = shade; }"


@dataclass(frozen=True)
class Likeness:
    """How a picture stands beside another: ``whole`` is structural similarity, ``gone`` the worst place's loss."""

    whole: float
    gone: float

    @property
    def holds(self) -> bool:
        """Whether it is the same page."""
        return self.whole >= ALIKE and self.gone <= GONE


def likeness(seen: np.ndarray, kept: np.ndarray) -> Likeness:
    """Compares two grey pictures of a page."""
    drawn = [_drawn(one.astype(float)) for one in (seen, kept)]
    gone = np.abs(drawn[0] - drawn[1]) / (np.maximum(*drawn) + FAINT)
    return Likeness(structural_similarity(seen, kept), float(gone.max()))


def _drawn(picture: np.ndarray) -> np.ndarray:
    """How much is drawn at each place: the standard deviation around it."""
    mean, square = gaussian_filter(picture, 9), gaussian_filter(picture**2, 9)
    return np.sqrt(np.maximum(square - mean**2, 0))


def photograph(page) -> np.ndarray:
    """A page as it is seen, small and grey."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("L")
    return np.asarray(shot.resize(SMALL, Image.Resampling.BOX))


def kept(name: str) -> np.ndarray:
    """The committed picture."""
    return np.asarray(Image.open(KEPT / f"{name}.webp").convert("L"))


@pytest.mark.parametrize("name", [*LISTS, *ROOMS])
def test_a_page_looks_as_it_looked(gallery, windows, name):
    opened = windows[gallery.station(name).name]
    gallery.go(opened, name)
    opened.page.evaluate(ADD_STYLE, STILL + COVER + (LISTS | ROOMS)[name].moves)
    for shade in ("light", "dark"):
        opened.page.evaluate(SHADE, shade)
        seen = photograph(opened.page)
        if os.environ.get("LIMNER_LOOKS") == "new":
            Image.fromarray(seen).save(KEPT / f"{name}-{shade}.webp", quality=70, method=6)
        found = likeness(seen, kept(f"{name}-{shade}"))
        assert found.holds, f"{name} in {shade}: {found}; look, then LIMNER_LOOKS=new if it is meant"


def test_the_comparison_sees_what_is_missing(gallery, windows):
    opened = windows[gallery.rooms.name]
    gallery.go(opened, "forecast")
    opened.page.evaluate(SHADE, "dark")
    opened.page.evaluate(ADD_STYLE, STILL + COVER)
    assert likeness(photograph(opened.page), kept("forecast-dark")).holds
    for gone in (".forecast-scene > canvas", ".forecast-shares", ".chart-band", ".forecast-now", ".segmented"):
        opened.page.evaluate("gone => document.querySelector(gone).style.visibility = 'hidden'", gone)
        assert not likeness(photograph(opened.page), kept("forecast-dark")).holds, gone
        opened.page.evaluate("gone => document.querySelector(gone).style.visibility = ''", gone)


def test_the_comparison_sees_a_panel_that_moved():
    before = kept("studies-light")
    for moved in (np.roll(before, 12, axis=0), np.roll(before, 12, axis=1), 255 - before):
        assert not likeness(moved, before).holds
    nudged = np.roll(before, 1, axis=1)  # a letter that is a pixel wider
    assert likeness(nudged, before).gone < GONE

"""Painting on the Correct page by the mouse, and what its map then holds."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tests.web.workstation.opened import Opened

EDITOR, STATE, VIEW = "limnerCorrect.desk.editor.peek()", "limnerCorrect.desk.state", "limnerCorrect.desk.reading.view"


def place(page: Opened, ijk, plane: str = "axial") -> tuple[float, float]:
    """Where the centre of a voxel (x, y, z) lies on the screen."""
    x, y = page.ask(
        "([plane, ijk]) => { const pane = limnerCorrect.panes.find(one => one.plane === plane); "
        "const viewport = pane.viewport(); return viewport.pixel(viewport.grid.centerOf(ijk)); }",
        [plane, ijk],
    )
    box = page.page.locator(f"[data-plane={plane}] canvas").bounding_box()
    return box["x"] + x, box["y"] + y


def look_at(page: Opened, ijk) -> None:
    page.ask(f"ijk => {VIEW}.goTo({VIEW}.volume.value.grid.centerOf(ijk))", ijk)
    page.settle()


def paint(page: Opened, ijk, to=None, plane: str = "axial") -> None:
    look_at(page, ijk)
    mouse = page.page.mouse
    mouse.move(*place(page, ijk, plane))
    mouse.down()
    if to is not None:
        mouse.move(*place(page, to, plane), steps=3)
    mouse.up()
    page.settle()


def labels(page: Opened) -> np.ndarray:
    """The map that is being corrected, (Z, Y, X)."""
    told = page.ask(f"() => ({{shape: {VIEW}.volume.value.info.shape, data: Array.from({EDITOR}.labels)}})")
    return np.array(told["data"], np.uint8).reshape(told["shape"])


def kept(page: Opened, edits: int) -> None:
    page.wait(f"{STATE}.edits.value === {edits} && {STATE}.kept.value === '{'kept' if edits else 'none'}'")


def middle_of(mask: np.ndarray) -> tuple[int, int, int]:
    """The voxel of the largest part that lies deepest."""
    parts, _ = ndimage.label(mask)
    counts = np.bincount(parts.ravel())
    counts[0] = 0
    depth = ndimage.distance_transform_edt(parts == counts.argmax())
    return tuple(int(one) for one in np.unravel_index(int(depth.argmax()), mask.shape))

"""The verb: twice a look and a cut, coarsely and then finely."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from limner.errors import InputError
from limner.infer.click.clicks import Clicked, Clicks, ClickSettings, Mask, Scene
from limner.infer.click.cost import LIKE, costs
from limner.infer.click.look import Look, box_around, look_at
from limner.infer.click.parts import as_voxels, clean, fills, tight
from limner.infer.cut import minimal_cut


def click(scene: Scene, clicks: Clicks, settings: ClickSettings | None = None) -> Clicked:
    """The thing that was clicked on.

    Raises:
        InputError: no point inside, or a point that is not in the scan.
    """
    settings = settings or ClickSettings()
    _check(scene, clicks)
    reach = settings.reach_mm
    while True:
        box = box_around(np.array(clicks.inside), scene.grid, reach)
        look = look_at(scene, clicks, box, settings.nodes // 4)
        rough = _cut(look, settings, reach, with_outside=False)
        if reach >= settings.widest_mm or not fills(rough, box, scene.grid.shape):
            break
        reach = min(2 * reach, settings.widest_mm)
    fine = tight(rough, look, scene.grid)
    look = look_at(scene, clicks, fine, settings.nodes)
    return as_voxels(_cut(look, settings, reach, with_outside=True), look, clicks)


def _check(scene: Scene, clicks: Clicks) -> None:
    if not clicks.inside:
        raise InputError("A click needs a point inside what is meant; only points outside came.")
    for point in (*clicks.inside, *clicks.outside):
        if any(not 0 <= k < n for k, n in zip(point, scene.grid.shape, strict=True)):
            raise InputError(f"The point {point} (z, y, x) is not in the scan of {scene.grid.shape} voxels.")


def _cut(look: Look, settings: ClickSettings, reach_mm: float, *, with_outside: bool) -> Mask:
    """The cheapest border, in blocks: the part that holds the points inside, without holes."""
    if not with_outside:
        look = replace(look, outside=look.outside[:0])
    sigma = [settings.smooth_mm / step for step in look.spacing_mm]
    smooth = ndimage.gaussian_filter(look.values, sigma, mode="nearest")
    cost, scale = costs(smooth, look, settings, reach_mm)
    seen = [smooth / np.float32(scale)]
    if look.probability is not None:
        seen.append(look.probability / np.float32(LIKE))
    mask = minimal_cut(cost, seen, look.spacing_mm, settings.tie)
    return clean(mask, look)

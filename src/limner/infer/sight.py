"""What a pack's net says around one point of a scan that is drawn already: one window, in about a second.

A click asks this. The organ is where it is drawn, so that the coarse net need not look for it again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.data.organ_view import organ_view
from limner.errors import PackError
from limner.image import Grid, Image, LabelMap, resample_array
from limner.infer.decode import organs, softmax
from limner.infer.engines import open_engine
from limner.infer.predict import to_net
from limner.infer.windows import slide
from limner.packs import InputSpec, Net, Pack

Box = tuple[slice, slice, slice]
MARGIN_MM = 25.0
"""Around the organ that the finer net is shown."""
LOOSE_MM = 2.3
"""The coarse net, whose organ the finer one learned with, draws it by so much larger than it is drawn in the end."""


@dataclass(frozen=True, eq=False)
class Sight:
    """A structure's probability around a point; ``sight[box]`` gives it in a box of the scan, 0 where nobody looked.

    Args:
        p: ``(Z, Y, X)`` 0-1 on the net's grid.
        grid: of ``p``.
        scan: of the scan.
    """

    p: NDArray[np.float32]
    grid: Grid
    scan: Grid

    def __getitem__(self, box: Box) -> NDArray[np.float32]:
        """``(Z, Y, X)`` on the scan's grid."""
        z, y, x = (one.stop - one.start for one in box)
        there = self.scan.crop([one.start for one in box], (z, y, x))
        found: NDArray[np.float32] = resample_array(self.p, self.grid, there, outside=0.0)
        return found


def see(
    pack: Pack, image: Image, labels: LabelMap, value: int, at: tuple[int, int, int], engine: str = "auto"
) -> Sight:
    """Asks the net that draws a structure.

    Args:
        pack: a segmentation pack of scans.
        image: in axial order.
        labels: on the image's grid: where the organ is drawn now.
        value: of the structure in the label map.
        at: index ``(z, y, x)`` of the point.
        engine: as :func:`limner.infer.predict` takes it.

    Raises:
        PackError: no net of the pack draws that structure.
    """
    name = next((one.name for one in (*labels.labels, *pack.labels) if one.value == value), "")
    net, classes = _net(pack, name)
    near = _whole(image.grid)
    own: NDArray[np.bool_] | None = None
    median = None
    if net.model == pack.main.model and pack.locator is not None:
        own, median = _organ(pack, image, labels)
        near = _box(np.argwhere(own), image.grid, MARGIN_MM)  # as when the whole scan is drawn
    part = Image(image.array[near], _grid(image.grid, near), image.modality, image.unit, image.clipped)
    volume, grid = to_net(part, net.volume, median)
    seen = volume[None]
    if own is not None and net.volume.channels > 1:
        there = resample_array(own[near].astype(np.uint8), part.grid, grid, nearest=True)
        loose = ndimage.distance_transform_edt(there == 0, sampling=grid.spacing_mm) <= LOOSE_MM
        seen = organ_view(volume, loose, grid.spacing_mm)
    window = _window(grid, grid.index(image.grid.world(at)), net)
    seen, grid = seen[(slice(None), *window)], _grid(grid, window)
    _, opened = open_engine(engine, net)
    logits = slide(
        seen, lambda patch: opened.run({"image": patch})["logits"], net.volume.patch, divisible=net.volume.divisible
    )
    known = pack.spec.calibration
    if known and net.model == pack.main.model:
        logits /= np.float32(known.temperature)
    for organ in organs(softmax(logits), classes, grid, pack.spec.regions):
        if name == organ.name:
            return Sight(organ.whole, grid, image.grid)
        if name in organ.parts:
            return Sight(organ.parts[name], grid, image.grid)
    raise AssertionError(name)


def asked_of(pack: Pack) -> tuple[str, ...]:
    """Structures of a pack that a net of it draws in a scan."""
    if pack.spec.task != "segment" or not isinstance(pack.spec.input, InputSpec):
        return ()
    return tuple({*pack.spec.classes[1:], *(pack.locator.classes[1:] if pack.locator else ())})


def _net(pack: Pack, name: str) -> tuple[Net, tuple[str, ...]]:
    """The net that draws a structure, the finer one where both do."""
    if name in asked_of(pack):
        if name in pack.spec.classes[1:]:
            return pack.main, tuple(pack.spec.classes)
        if pack.locator is not None and name in pack.locator.classes[1:]:
            return pack.locator, tuple(pack.locator.classes)
    raise PackError(
        f"No net of the pack {pack.name!r} draws {name or 'this structure'!r} in a scan, and a click cannot ask it; "
        "click by the graph cut, or paint."
    )


def _window(grid: Grid, at: NDArray[np.float64], net: Net) -> Box:
    """What one look of a net takes in, the point in its middle where the volume's ends allow."""
    found = []
    for n, k, size in zip(grid.shape, at, net.volume.patch, strict=True):
        size = min(n, size)
        start = min(max(0, round(float(k)) - size // 2), n - size)
        found.append(slice(start, start + size))
    return found[0], found[1], found[2]


def _whole(grid: Grid) -> Box:
    z, y, x = grid.shape
    return slice(0, z), slice(0, y), slice(0, x)


def _box(where: NDArray[np.intp], grid: Grid, margin_mm: float) -> Box:
    margin = np.ceil(margin_mm / np.array(grid.spacing_mm)).astype(int)
    low, high = np.maximum(where.min(0) - margin, 0), np.minimum(where.max(0) + 1 + margin, grid.shape)
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1])), slice(int(low[2]), int(high[2]))


def _grid(grid: Grid, box: Box) -> Grid:
    z, y, x = (one.stop - one.start for one in box)
    return grid.crop([one.start for one in box], (z, y, x))


def _organ(pack: Pack, image: Image, labels: LabelMap) -> tuple[NDArray[np.bool_], float]:
    """Where the organ of the main net is drawn, with all in it, and its median value.

    Raises:
        PackError: it is drawn nowhere.
    """
    assert pack.locator is not None
    organ = pack.spec.classes[1]
    names = {organ, *pack.spec.regions.get(organ, ())}
    own = np.isin(labels.array, [one.value for one in labels.labels if one.name in names])
    if not own.any():
        raise PackError(f"The net works inside the {organ}, which is drawn nowhere here: paint it first, and save.")
    some = tuple(slice(None, None, max(1, n // 128)) for n in own.shape)
    values = image.array[some][own[some]] if own[some].any() else image.array[own]
    low, high = pack.locator.volume.window_hu
    return own, float(np.median(np.clip(values, low, high)))

"""A pack on pictures over a scan, slice by slice: what it learned from were slices of such scans."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import GeometryError, PackError
from limner.image import Grid, Image, LabelMap, Picture, Problem, resample_array
from limner.image.mr import SEQUENCES
from limner.infer.decode import to_uint8
from limner.infer.head import head
from limner.infer.masks import MaskDrawer, open_mask_drawer
from limner.infer.predict import Prediction, as_stored, in_axial_order
from limner.packs import Pack, PictureSpec
from limner.tasks import masks as task

Float = NDArray[np.float32]
Bytes = NDArray[np.uint8]

SHARE = (0.01, 99.99)
"""Percentiles of a channel's voxels that become 0 and 255: of a whole scan, as in the slices that were learned from."""
_SQUARE = 1.05
_THICK = 1.5
_COVERED = 0.5


def predict_slices(
    pack: Pack,
    channels: Mapping[str, Image],
    *,
    engine: str = "auto",
    uncertainty: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Prediction:
    """Labels every voxel of the reference channel.

    Every channel is laid on the reference's grid by its place in the world and windowed as a whole; the net then sees
    one axial slice at a time, with square pixels, and its probabilities come back to the grid.

    Args:
        pack: of the task ``segment`` on pictures, whose channels have names.
        channels: name → image. Another stands in for one that is absent, or that does not reach a slice.
        engine: of :data:`limner.infer.engines.ENGINES`, or ``auto``.
        uncertainty: say how unsure each voxel is, too.
        progress: called with the share of slices that is done.

    Raises:
        PackError: the pack does not draw slices, or the reference is not there.
        GeometryError: the reference is one slice, or its axes are not at right angles.
    """
    spec = pack.main.picture
    if not pack.draws_slices or spec.reference is None or spec.reference not in channels:
        raise PackError(f"Pack {pack.name!r} does not draw scans slice by slice, or its reference is missing.")
    start = time.perf_counter()
    reference = channels[spec.reference]
    axial = in_axial_order(reference)
    if min(axial.grid.shape) < 2:
        raise GeometryError(f"A scan of at least two voxels along each axis is expected; got {axial.grid.shape}.")
    grid = square(axial.grid)
    stack, problems = lay_together(spec, channels, grid)
    drawer = open_mask_drawer(pack, engine)
    seen, doubt = _draw(drawer, stack, uncertainty, progress or (lambda _: None))
    maps = np.stack([resample_array(one, grid, axial.grid) for one in seen])
    p = np.concatenate([1 - maps.sum(0, keepdims=True), maps])
    labels = drawer.decode(p)
    expected = task.predicted_dice(p, labels)
    confidence = to_uint8(np.take_along_axis(p, labels[None].astype(np.intp), 0)[0])
    intervals = _intervals(drawer, p, labels, axial.grid)
    if "head" in pack.spec.classical:
        value = next(one.value for one in pack.labels if one.name == "head")
        free = head(axial) & (labels == 0)
        labels[free], confidence[free] = value, 255
    return Prediction(
        labels=LabelMap(as_stored(reference, labels), reference.grid, pack.labels),
        confidence=as_stored(reference, confidence),
        intervals_ml=intervals,
        seconds={"slices": round(time.perf_counter() - start, 3)},
        engine=drawer.engine,
        left_out={},
        uncertainty=None if doubt is None else as_stored(reference, resample_array(doubt, grid, axial.grid)),
        abstained=expected < drawer.calibration.abstain_below,
        expected_dice=expected,
        problems=(*problems, *not_axial(axial.grid)),
    )


def square(grid: Grid) -> Grid:
    """The grid with square pixels in its slices, those of the finer axis; a net that learned from pictures knows no mm.

    >>> square(Grid.axial((4, 10, 20), (5, 2, 1))).shape
    (4, 20, 20)
    """
    z, y, x = grid.spacing_mm
    return grid if max(y, x) <= _SQUARE * min(y, x) else grid.with_spacing((z, min(y, x), min(y, x)))


def lay_together(spec: PictureSpec, channels: Mapping[str, Image], grid: Grid) -> tuple[Bytes, list[Problem]]:
    """The channels ``(C, Z, Y, X)`` on one grid in eight bits, and where others stand in for slices of one."""
    known = {name: _bytes(channels[name], grid) for name in spec.channel_names if name in channels}
    short = {name: _reached(channels[name].grid, grid) < _COVERED for name in known}
    problems, stack = [], []
    for name in spec.channel_names:
        others = [one for one in spec.stand_ins.get(name, []) if one in known]
        if name not in known and not others:
            raise PackError(f"{SEQUENCES[name]} is missing, and nothing stands in for it.")
        order = [one for one in (name, *others) if one in known]
        values = known[order[-1]].copy()
        for one in order[-2::-1]:  # the last wins where all before it do not reach
            values[~short[one]] = known[one][~short[one]]
        stack.append(values)
        if name in known and short[name].any():
            text = f"{SEQUENCES[name]} does not reach {int(short[name].sum())} of {len(values)} slices."
            problems.append(Problem("short-channel", "warning", text))
    return np.stack(stack), problems


def _bytes(image: Image, grid: Grid) -> Bytes:
    """A channel on the reference's grid in eight bits; eight-bit voxels stay as they are."""
    if image.array.dtype == np.uint8:
        low, high = 0.0, 255.0
    else:
        low, high = (float(one) for one in np.percentile(image.array, SHARE))
    if high <= low:
        low, high = float(image.array.min()), float(image.array.max())
    values = resample_array(np.asarray(image.array, np.float32), image.grid, grid, outside=low)
    scaled = (np.clip(values, low, high) - low) * (255.0 / max(high - low, 1e-6))
    return np.asarray(scaled + 0.5, np.uint8)


def _reached(source: Grid, grid: Grid) -> NDArray[np.floating]:
    """Share of each slice's pixels that lie inside another grid ``(Z,)``, looked for on every eighth."""
    z, y, x = (np.arange(0, n, step) for n, step in zip(grid.shape, (1, 8, 8), strict=True))
    where = source.index(grid.world(np.stack(np.meshgrid(z, y, x, indexing="ij"), -1)))
    inside = ((where >= -0.5) & (where <= np.array(source.shape) - 0.5)).all(-1)
    return inside.mean(axis=(1, 2))


def _draw(
    drawer: MaskDrawer, stack: Bytes, uncertainty: bool, progress: Callable[[float], None]
) -> tuple[Float, Bytes | None]:
    """Probabilities ``(K - 1, Z, Y, X)`` of all but the background, and how unsure each voxel is."""
    count = stack.shape[1]
    p = np.empty((len(drawer.pack.spec.classes) - 1, *stack.shape[1:]), np.float32)
    doubt = np.empty(stack.shape[1:], np.uint8) if uncertainty else None
    for z in range(count):
        views = drawer.views_of(Picture(np.ascontiguousarray(stack[:, z])))
        p[:, z] = views.mean(0)[1:]
        if doubt is not None:
            doubt[z] = to_uint8(task.disagreement(views))
        progress((z + 1) / count)
    return p, doubt


def _intervals(drawer: MaskDrawer, p: Float, labels: Bytes, grid: Grid) -> dict[str, tuple[float, float]]:
    """Volumes between the calibration's two borders, shared out among the classes as in a picture."""
    return {
        name: (round(area.low / 1000, 4), round(area.high / 1000, 4))
        for name, area in drawer.areas(p, labels, grid.voxel_ml * 1000, "mm³").items()
    }


def not_axial(grid: Grid) -> list[Problem]:
    """Slices of another plane than the axial one: what the net sees is then made of thick rows."""
    y, x = grid.spacing_mm[1:]
    if max(y, x) <= _THICK * min(y, x):
        return []
    text = (
        f"The slices of the reference series are not axial: in the axial plane its voxels are {y:.1f} × {x:.1f} mm. "
        "The pack learned from axial slices; expect coarser results."
    )
    return [Problem("not-axial", "warning", text)]


def told(found: Prediction) -> dict[str, Any]:
    """What a row of ``limner predict`` says beside the label map."""
    row: dict[str, Any] = {"abstained": found.abstained}
    if found.expected_dice is not None:
        row["confidence"] = round(found.expected_dice, 4)
    return row

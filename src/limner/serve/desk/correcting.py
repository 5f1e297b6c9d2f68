"""What the desk answers while a person corrects a drawing: is this map one of it, and what lies around a click."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np

from limner.errors import GeometryError, InputError
from limner.image import Grid, Image
from limner.infer.click import Clicks, Scene, click
from limner.infer.sight import see
from limner.io import Drawn, read_drawing, read_nifti, read_nifti_labels
from limner.io.sound_nifti import check_nifti
from limner.packs import load_pack
from limner.serve.desk.shelf import Shelf

SAME_MM = 0.05


def check(shelf: Shelf, key: str, *, path: str, most_bytes: int, pack: str | None) -> dict[str, Any]:
    """Whether a file is a label map of a drawing.

    Args:
        shelf: of the desk.
        key: folder of the drawing.
        path: of the file, gzipped NIfTI.
        most_bytes: that its voxels may have.
        pack: folder of the pack that drew it: what it names may be painted, too.

    Returns:
        ``changed``: voxels that differ from the drawing.

    Raises:
        NotAnImageError: no label map, cut off, or larger than it says.
        GeometryError: it lies on another grid.
        InputError: a value that has no name here.
    """
    check_nifti(Path(path), most_bytes)
    drawn = _drawn(shelf, key)
    given = read_nifti_labels(Path(path))
    if not given.grid.same_as(drawn.labels.grid, SAME_MM):
        raise GeometryError(
            f"A corrected map lies on the grid of its drawing, {_where(drawn.labels.grid)}; this one has "
            f"{_where(given.grid)}. Was it saved for another series?"
        )
    names = {one.value: one.name for one in (*drawn.labels.labels, *(load_pack(pack).labels if pack else ()))}
    unknown = [value for value in given.counts() if value and value not in names]
    if unknown:
        known = ", ".join(f"{value} {names[value]}" for value in sorted(names))
        raise InputError(f"The map holds the values {unknown}, which this drawing does not know: {known}.")
    return {"changed": int(np.count_nonzero(given.array != drawn.labels.array))}


def _where(grid: Grid) -> str:
    return f"{grid.shape} voxels (z, y, x) from {grid.origin_mm.round(2).tolist()} mm"


def segment(
    shelf: Shelf, key: str, *, scan: str, label: int,
    inside: list[list[int]], outside: list[list[int]], pack: str | None,
) -> dict[str, Any]:  # fmt: skip
    """What was clicked on.

    Args:
        shelf: of the desk.
        key: folder of the drawing.
        scan: the turned volume.
        label: that is corrected.
        inside: voxels ``(z, y, x)`` of the turned volume.
        outside: likewise.
        pack: folder of the pack whose net is asked, too; None where only the image is looked at.

    Returns:
        ``origin`` and ``shape`` ``(z, y, x)`` of a box, and ``mask``: its voxels as bits, x fastest, gzipped.

    Raises:
        InputError: points that say nothing, or a pack that cannot be asked.
    """
    drawn = _drawn(shelf, key)
    image = _scan(shelf, scan)
    if not image.grid.same_as(drawn.labels.grid, SAME_MM):
        raise GeometryError("The drawing does not lie on the grid of this series; open the series that was drawn.")
    clicks = Clicks(_points(inside), _points(outside))
    sight = None
    if pack is not None and clicks.inside:
        at = clicks.inside[0]  # what the net sees does not change with the clicks that follow
        sight = shelf.get(
            ("sight", key, pack, f"{label} {at}"),
            lambda: see(load_pack(pack), image, drawn.labels, label, at),
        )
    found = click(Scene(image.array, image.grid, drawn.labels.array, label, sight), clicks)
    bits = np.packbits(found.mask.ravel(), bitorder="little")
    return {
        "origin": list(found.start),
        "shape": list(found.mask.shape),
        "mask": gzip.compress(bits.tobytes(), 1, mtime=0),
        "voxels": int(found.mask.sum()),
        "ml": round(float(found.mask.sum()) * image.grid.voxel_ml, 4),
    }


def _drawn(shelf: Shelf, key: str) -> Drawn:
    return shelf.get(("drawing", key), lambda: read_drawing(Path(key)))


def _scan(shelf: Shelf, path: str) -> Image:
    return shelf.get(("scan", path), lambda: read_nifti(Path(path)))


def _points(given: list[list[int]]) -> tuple[tuple[int, int, int], ...]:
    return tuple((int(z), int(y), int(x)) for z, y, x in given)

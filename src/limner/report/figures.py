"""Key images: the slices that a reader looks at first, with the labels drawn over them.

Radiological convention throughout: the patient's right is on the left of the picture. Words stay out of the pictures
(the pages say them in the reader's language), so a picture holds only letters for the sides and millimetres.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.findings import Finding
from limner.image import Image, Label
from limner.report.content import ReportContent
from limner.report.planes import EDGES, PLANES, Frame, Plane, box_of_voxels, sample_image, sample_labels

SOFT_TISSUE_HU = (-160.0, 240.0)
"""Window 400, level 40: the abdomen."""
LUNG_HU = (-1350.0, 150.0)
"""Window 1500, level -600."""
OVERVIEW_PIXELS = 760
CLOSE_UP_PIXELS = 460
CLOSE_UPS = 6
BODY_HU = -300.0
VEIL = 0.2
"""Labels whose surface is fainter (the skin) enclose all else and are not drawn over a slice."""
_SNAP_MM = 40.0


@dataclass(frozen=True)
class KeyImage:
    """One picture and what its caption must say.

    Args:
        png: the file.
        size: ``(width, height)`` in pixels.
        frame: which plane, where.
        subject: the finding that it passes through, None for the middle of the image.
        close_up: whether it shows only the surroundings of the subject.
        labels: what is drawn in colour.
        bar_mm: length of the scale bar.
    """

    png: bytes
    size: tuple[int, int]
    frame: Frame
    subject: Finding | None
    close_up: bool
    labels: tuple[Label, ...]
    bar_mm: int


@dataclass(frozen=True)
class KeyImages:
    """The pictures of one report: the three planes, and each large lesion near by."""

    overview: tuple[KeyImage, ...]
    close_ups: tuple[KeyImage, ...]


_DRAWN: WeakKeyDictionary[ReportContent, KeyImages] = WeakKeyDictionary()


def key_images(content: ReportContent) -> KeyImages:
    """All pictures of a report; drawn once, since the page and the paper show the same."""
    if content not in _DRAWN:
        _DRAWN[content] = KeyImages(overview(content), close_ups(content))
    return _DRAWN[content]


def overview(content: ReportContent) -> tuple[KeyImage, ...]:
    """Axial, coronal and sagittal slice through the largest lesion, else the liver, else the largest organ."""
    subject = main_subject(content)
    through = anchor(content, subject)
    box = body_box(content.image)
    return tuple(
        draw(content, Frame.around(plane, through, box, OVERVIEW_PIXELS), subject, crosshair=through)
        for plane in PLANES
        if _thick_enough(content, plane)
    )


def close_ups(content: ReportContent, limit: int = CLOSE_UPS) -> tuple[KeyImage, ...]:
    """An axial slice through each of the largest lesions, near enough to judge its rim."""
    images = []
    for lesion in content.of_kind("lesion", "box")[:limit]:
        centre = anchor(content, lesion)
        longest = lesion.measure("longest diameter")
        half = max(40.0, 1.1 * longest.value if longest else 0.0)
        box = np.array([centre - half, centre + half])
        frame = Frame.around("axial", centre, box, CLOSE_UP_PIXELS)
        images.append(draw(content, frame, lesion, fill=False, close_up=True))
    return tuple(images)


def main_subject(content: ReportContent) -> Finding | None:
    """What the key images pass through."""
    lesions, organs = content.of_kind("lesion", "box"), content.of_kind("organ")
    livers = [one for one in organs if one.name == "liver"]
    return next(iter([*lesions, *livers, *organs, *content.of_kind("vessel", "tissue")]), None)


def anchor(content: ReportContent, finding: Finding | None) -> NDArray[np.float64]:
    """A point ``(x, y, z)`` mm in the finding: its centre, or its own nearest voxel where the centre lies outside."""
    grid, array = content.labels.grid, content.labels.array
    middle = grid.world((np.array(grid.shape) - 1) / 2)
    if finding is None or finding.center_mm is None:
        return middle
    centre = np.array(finding.center_mm)
    at = np.clip(np.round(grid.index(centre)).astype(int), 0, np.array(grid.shape) - 1)
    if array[tuple(at)] == finding.label:
        return centre
    reach = np.ceil(_SNAP_MM / np.array(grid.spacing_mm)).astype(int)
    low = np.maximum(at - reach, 0)
    near = np.argwhere(array[tuple(slice(a, b) for a, b in zip(low, at + reach + 1, strict=True))] == finding.label)
    if not len(near):
        return centre
    points = grid.world(near + low)
    return points[np.square(points - centre).sum(axis=1).argmin()]


def body_box(image: Image) -> NDArray[np.float64]:
    """World box ``(2, 3)`` of the body with a margin of 8 mm: the largest thing denser than fat in CT, else all.

    It is looked for on every fourth voxel of a slice; a frame needs no more.
    """
    whole = box_of_voxels(image.grid, (0, 0, 0), [n - 1 for n in image.grid.shape])
    if image.unit != "HU":
        return whole
    steps = [max(1, n // 128) for n in image.grid.shape]
    coarse = np.asarray(image.array[:: steps[0], :: steps[1], :: steps[2]], np.float32)
    body, count = ndimage.label(coarse > BODY_HU)
    if count == 0:
        return whole
    largest = int(np.bincount(body.ravel())[1:].argmax())
    found = ndimage.find_objects(body)[largest]
    low = [one.start * step for one, step in zip(found, steps, strict=True)]
    high = [min(one.stop * step, n) - 1 for one, step, n in zip(found, steps, image.grid.shape, strict=True)]
    box = box_of_voxels(image.grid, low, high) + np.array([[-8.0], [8.0]])
    return np.array([np.maximum(box[0], whole[0]), np.minimum(box[1], whole[1])])


def window_of(content: ReportContent) -> tuple[float, float]:
    """As :func:`window`, for the lesions of a report."""
    return window(content.image, [one.name for one in content.drawing.findings if one.kind == "lesion"])


def window(image: Image, lesions: Sequence[str] = ()) -> tuple[float, float]:
    """Values shown as black and white: lung or soft tissue for HU, as the lesions ask, else the outer percentiles."""
    if image.unit == "HU":
        return LUNG_HU if lesions and all("lung" in name for name in lesions) else SOFT_TISSUE_HU
    some = np.asarray(image.array[:: max(1, image.grid.shape[0] // 32), ::4, ::4], np.float64)
    low, high = np.percentile(some[np.isfinite(some)], (1, 99))
    return float(low), float(max(high, low + 1e-6))


def draw(
    content: ReportContent,
    frame: Frame,
    subject: Finding | None,
    *,
    fill: bool = True,
    close_up: bool = False,
    crosshair: NDArray[np.float64] | None = None,
) -> KeyImage:
    """One picture: the slice, its labels as contours (and a tint), letters for the sides, a scale bar, the position.

    Args:
        content: image and labels.
        frame: what to show.
        subject: what it passes through.
        fill: tint the labels, too.
        close_up: said in the caption.
        crosshair: a point ``(x, y, z)`` mm where the other planes cross; marked at the edges.
    """
    from limner.report.ink import Ink

    low, high = window_of(content)
    shares = sample_labels(content.labels, frame)
    shown = [one for one in content.labels.labels if one.value in shares and one.opacity > VEIL]
    shown = [one for one in shown if shares[one.value].max() > 0.5]
    ink = Ink(frame)
    ink.slice(np.nan_to_num((sample_image(content.image, frame) - low) / (high - low)))
    for label in shown:
        tint = {"lesion": 0.26, "vessel": 0.22, "organ": 0.11}.get(label.kind, 0.0) if fill else 0.0
        ink.label(shares[label.value], label.color, tint)
    if crosshair is not None:
        ink.ticks(crosshair.tolist())
    ink.letters(EDGES[frame.plane])
    bar = ink.scale_bar()
    ink.position(f"{frame.axis} = {frame.position_mm:.1f} mm")
    png = ink.png()
    rows, columns = frame.shape
    return KeyImage(png, (columns, rows), frame, subject, close_up, tuple(shown), bar)


def png_size(png: bytes) -> tuple[int, int]:
    """``(width, height)`` of a PNG file."""
    from PIL import Image as Pillow

    with Pillow.open(io.BytesIO(png)) as picture:
        return picture.size


def _thick_enough(content: ReportContent, plane: Plane) -> bool:
    """Whether the plane shows more than a few rows: one slice has no coronal picture."""
    grid = content.image.grid
    extent = np.abs(np.diff(box_of_voxels(grid, (0, 0, 0), [n - 1 for n in grid.shape]), axis=0))[0]
    return bool(plane == "axial" or extent[2] > 20.0)

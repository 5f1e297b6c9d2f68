"""A finding of a scan in its three planes: the scan as it is, and under the heat, with the finding's outline.

No words stand in these pictures, only the letters of the sides and millimetres, so that they serve every language.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from scipy import ndimage

from limner.image import Image, LabelMap
from limner.image.anatomy import named
from limner.infer.explain.explanation import Explanation, HeatMap
from limner.infer.explain.scan_attributes import window_of
from limner.infer.explain.source import ScanSource, margin_mm
from limner.report.planes import EDGES, PLANES, Frame, box_of_voxels, sample_image, sample_labels

PIXELS, GAP = 340, 6
_FOR, _AGAINST, _RIM = np.array([240, 120, 20]), np.array([60, 130, 230]), np.array([90, 255, 120])
_FAINT = 0.08
"""What is fainter than this share of the strongest place is not tinted."""
_BARS_MM = (100, 50, 20, 10, 5, 2, 1)


def planes_png(source: ScanSource, heat: NDArray[np.float32] | None = None) -> bytes:
    """Axial, coronal and sagittal slice through a finding, radiological convention.

    Args:
        source: the finding and its surroundings.
        heat: ``(Z, Y, X)`` on the source's grid, −1 to 1: orange speaks for the finding, blue against it. With it there
            is a second row.
    """
    through, box = source.center_mm, _box_mm(source)
    frames = [Frame.around(plane, through, box, PIXELS) for plane in PLANES]
    rows = 1 if heat is None else 2
    sheet = Pillow.new("RGB", (3 * PIXELS + 2 * GAP, rows * PIXELS + (rows - 1) * GAP), "black")
    low, high = window_of(source.image, source.finding.label.name)
    labels = LabelMap(source.mask.astype(np.uint8), source.grid, (named("lesion", 1),))
    for column, frame in enumerate(frames):
        grey = np.clip((np.nan_to_num(sample_image(source.scan, frame), nan=low) - low) / (high - low), 0, 1)
        rgb = np.repeat(grey[..., None] * 255, 3, axis=2)
        inside = sample_labels(labels, frame).get(1, np.zeros(frame.shape)) > 0.5
        panels = [_outlined(rgb, inside)]
        if heat is not None:
            warm = sample_image(Image(heat, source.grid), frame)
            panels.append(_outlined(_tinted(rgb, np.nan_to_num(warm)), inside))
        for row, panel in enumerate(panels):
            at = column * (PIXELS + GAP), row * (PIXELS + GAP)
            sheet.paste(_lettered(panel, frame), at)
    file = io.BytesIO()
    sheet.save(file, "PNG", compress_level=6)
    return file.getvalue()


def planes_of(explanation: Explanation, made: HeatMap | None = None) -> bytes | None:
    """The planes of an explanation of a scan, under one of its maps; None where a picture was explained."""
    source = explanation.source
    if not isinstance(source, ScanSource):
        return None
    return planes_png(source, None if made is None else made.values)


def _box_mm(source: ScanSource) -> NDArray[np.float64]:
    """A cube around the finding, with its surroundings."""
    own = box_of_voxels(source.finding.grid, (0, 0, 0), [n - 1 for n in source.finding.grid.shape])
    sides = own[1] - own[0]
    half = sides.max() / 2 + margin_mm(sides)
    return np.array([own.mean(0) - half, own.mean(0) + half])


def _outlined(rgb: NDArray[np.floating], inside: NDArray[np.bool_]) -> NDArray[np.floating]:
    """The rim of the finding, drawn just outside it, so that nothing of it is hidden."""
    rim = ndimage.binary_dilation(inside, iterations=2) & ~ndimage.binary_dilation(inside)
    return np.where(rim[..., None], _RIM, rgb)


def _tinted(rgb: NDArray[np.floating], warm: NDArray[np.floating]) -> NDArray[np.floating]:
    strength = np.clip((np.abs(warm) - _FAINT) / (1 - _FAINT), 0, 1)[..., None]
    share = 0.7 * strength**0.7
    return (1 - share) * rgb + share * np.where(warm[..., None] >= 0, _FOR, _AGAINST)


def _lettered(panel: NDArray[np.floating], frame: Frame) -> Pillow.Image:
    """Letters for the sides of the patient, and a bar of a round length."""
    picture = Pillow.new("RGB", (PIXELS, PIXELS), "black")
    picture.paste(Pillow.fromarray(np.clip(panel + 0.5, 0, 255).astype(np.uint8)))
    ink, font = ImageDraw.Draw(picture), ImageFont.load_default(size=15)
    left, right, top, bottom = EDGES[frame.plane]
    middle, far = PIXELS / 2, PIXELS - 11
    for letter, at in ((left, (11, middle)), (right, (far, middle)), (top, (middle, 11)), (bottom, (middle, far))):
        ink.text(at, letter, fill="white", font=font, anchor="mm", stroke_width=2, stroke_fill="black")
    bar = next((one for one in _BARS_MM if one / frame.pixel_mm < 0.3 * PIXELS), _BARS_MM[-1])
    length = bar / frame.pixel_mm
    ink.line([(PIXELS - 10 - length, PIXELS - 9), (PIXELS - 10, PIXELS - 9)], fill="black", width=5)
    ink.line([(PIXELS - 10 - length, PIXELS - 9), (PIXELS - 10, PIXELS - 9)], fill="white", width=2)
    at = (PIXELS - 10 - length / 2, PIXELS - 15)
    small = ImageFont.load_default(size=13)
    ink.text(at, f"{bar} mm", fill="white", font=small, anchor="mb", stroke_width=2, stroke_fill="black")
    return picture

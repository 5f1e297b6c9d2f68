"""What lies over a picture: outlines, boxes and heat as transparent PNG files of one size.

Everything is drawn on the grid that is shown: small pictures enlarged by whole pixels, large ones reduced.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from limner.findings import Finding
from limner.image import Label, Picture, anatomy

LEAST, MOST = 480, 1400
"""Longest side of a picture as it is shown, in pixels."""
_FOR, _AGAINST = np.array([230, 97, 1]), np.array([43, 106, 196])
_SQUARE = np.ones((3, 3), bool)
_FAINT = 0.08  # of the strongest place; what is fainter is not tinted


@dataclass(frozen=True)
class Shown:
    """How a picture of ``size`` ``(Y, X)`` is shown: ``times`` larger (whole) or smaller (below 1)."""

    size: tuple[int, int]
    times: float

    @classmethod
    def of(cls, picture: Picture) -> Shown:
        """The grid for a picture."""
        rows, columns = picture.size
        longest = max(rows, columns)
        times = float(-(-LEAST // longest)) if longest < LEAST else min(1.0, MOST / longest)
        return cls((max(1, round(rows * times)), max(1, round(columns * times))), times)

    def pixels(self, array: NDArray[np.uint8], *, smooth: bool = False) -> Image.Image:
        """``(Y, X)`` or ``(Y, X, C)`` values on this grid; enlarged pixels stay square unless ``smooth``."""
        enlarged = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
        how = enlarged if self.times >= 1 else Image.Resampling.BOX
        return Image.fromarray(array).resize((self.size[1], self.size[0]), how)


def shown_picture(picture: Picture, shown: Shown) -> Image.Image:
    """The picture itself."""
    values = picture.array[0] if picture.array.shape[0] == 1 else np.moveaxis(picture.array[:3], 0, -1)
    return shown.pixels(np.ascontiguousarray(values))


def outlines(mask: NDArray[np.uint8], labels: Sequence[Label], shown: Shown) -> Image.Image:
    """Each label's rim, opaque, with a tint inside."""
    large = np.asarray(shown.pixels(mask)) if shown.times >= 1 else _reduced(mask, shown)
    out = np.zeros((*shown.size, 4), np.uint8)
    width = max(1, round(max(shown.size) / 220))
    for label in labels:
        inside = large == label.value
        if not inside.any():
            continue
        rim = inside & ~ndimage.binary_erosion(inside, _SQUARE, iterations=width)
        dark = ndimage.binary_dilation(inside, _SQUARE, iterations=max(1, width // 2)) & ~inside
        out[inside] = (*label.color, 46)
        out[rim] = (*label.color, 255)
        out[dark] = (0, 0, 0, 150)
    return Image.fromarray(out, "RGBA")


def boxes(findings: Sequence[Finding], shown: Shown) -> Image.Image:
    """A numbered frame for each finding that has a ``box``."""
    out = Image.new("RGBA", (shown.size[1], shown.size[0]))
    ink = ImageDraw.Draw(out)
    width = max(2, round(max(shown.size) / 260))
    font = ImageFont.load_default(size=max(13, round(max(shown.size) / 34)))
    for number, finding in enumerate(findings, start=1):
        x0, y0, x1, y1 = (edge * shown.times for edge in box_of(finding))
        color = anatomy.named(finding.name, 1).color
        for grown, shade in ((width / 2 + 1, (0, 0, 0, 170)), (0.0, (*color, 255))):
            frame = [x0 - grown, y0 - grown, max(x0, x1 - 1) + grown, max(y0, y1 - 1) + grown]
            ink.rectangle(frame, outline=shade, width=width + round(2 * grown))
        at = (x0 + 2 * width, y0 + width)
        ink.text(at, str(number), fill=(*color, 255), font=font, stroke_width=2, stroke_fill=(0, 0, 0, 220))
    return out


def heat(values: NDArray[np.floating], shown: Shown) -> Image.Image:
    """Orange where a place speaks for the answer, blue where it speaks against it; the stronger, the denser."""
    scaled = values / max(float(np.abs(values).max()), 1e-9)
    eight = ((np.clip(scaled, -1, 1) + 1) * 127.5 + 0.5).astype(np.uint8)
    large = np.asarray(shown.pixels(eight, smooth=True), np.float32) / 127.5 - 1
    strength = np.clip((np.abs(large) - _FAINT) / (1 - _FAINT), 0, 1)
    out = np.zeros((*shown.size, 4), np.uint8)
    out[..., :3] = np.where(large[..., None] >= 0, _FOR, _AGAINST)
    out[..., 3] = (215 * strength**0.7).astype(np.uint8)
    return Image.fromarray(out, "RGBA")


def doubt(values: NDArray[np.floating], shown: Shown) -> Image.Image:
    """Violet where the outline is unsure, 0 to 1."""
    eight = (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)
    large = np.asarray(shown.pixels(eight, smooth=True), np.float32) / 255
    out = np.zeros((*shown.size, 4), np.uint8)
    out[..., :3] = (178, 102, 255)
    out[..., 3] = (200 * large).astype(np.uint8)
    return Image.fromarray(out, "RGBA")


def over(picture: Image.Image, *layers: Image.Image) -> Image.Image:
    """The layers laid on the picture."""
    out = picture.convert("RGBA")
    for layer in layers:
        out = Image.alpha_composite(out, layer)
    return out.convert("RGB")


def png(image: Image.Image) -> bytes:
    """The pixels as a PNG file, and nothing else."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=6)
    return file.getvalue()


def box_of(finding: Finding) -> tuple[float, float, float, float]:
    """``(x0, y0, x1, y1)`` in pixels of the picture."""
    x0, y0, x1, y1 = getattr(finding, "box")  # noqa: B009 - a key beside the contract's, which pydantic keeps
    return float(x0), float(y0), float(x1), float(y1)


def _reduced(mask: NDArray[np.uint8], shown: Shown) -> NDArray[np.uint8]:
    size = (shown.size[1], shown.size[0])
    return np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))

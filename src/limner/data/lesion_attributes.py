"""What a clinician says of a lesion, measured: the ABCD of skin; size, margin, lobes, spikes, texture of a nodule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.errors import InputError

Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]

DERMOSCOPY_COLOURS: dict[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "red": (204, 51, 51),
    "light brown": (153, 102, 0),
    "dark brown": (51, 0, 0),
    "blue-grey": (51, 153, 153),
    "black": (0, 0, 0),
}
"""The six colours of the ABCD rule (Stolz et al., 1994) as sRGB anchors; a pixel belongs to the nearest in CIELAB."""

LEAST_SHARE = 0.05
"""A colour counts where it covers this share of the lesion; below, it may be a hair or a reflection."""


@dataclass(frozen=True)
class Attribute:
    """One measurement.

    Args:
        name: key.
        value: see the function that measured it.
        unit: ``px``, ``mm``, ``colours``, or empty for a ratio.
        source: of the formula.
        detail: what else was measured.
    """

    name: str
    value: float
    unit: str
    source: str
    detail: dict[str, Any] = field(default_factory=dict)


def skin_attributes(image: Pixels, mask: Mask, spacing_mm: tuple[float, ...] | None = None) -> tuple[Attribute, ...]:
    """A, B, C and D of a pigmented lesion.

    Args:
        image: ``(3, Y, X)`` sRGB.
        mask: ``(Y, X)``.
        spacing_mm: of a pixel; the diameter is in pixels where None.

    Raises:
        InputError: the mask is empty or too small to be measured.
    """
    _measurable(image, mask)
    return (asymmetry(mask), border_irregularity(mask), colours(image, mask), diameter(mask, spacing_mm))


def nodule_attributes(image: Pixels, mask: Mask, spacing_mm: tuple[float, ...] | None = None) -> tuple[Attribute, ...]:
    """Size, margin, lobulation, spiculation and texture of a nodule or tumour, in 2-D or 3-D.

    Args:
        image: ``(C, *size)``; colours are averaged.
        mask: ``(*size)``.
        spacing_mm: along the axes of space; lengths are in pixels where None.

    Raises:
        InputError: the mask is empty or too small to be measured.
    """
    _measurable(image, mask)
    grey = image.astype(np.float32).mean(0)
    size = diameter(mask, spacing_mm)
    return (
        Attribute("size", size.value, size.unit, size.source),
        margin_width(grey, mask),
        lobulation(mask),
        spiculation(mask),
        texture(grey, mask),
    )


def asymmetry(mask: Mask) -> Attribute:
    """Share of the area that has no partner when the lesion is folded, mean over its two principal axes.

    0 for an ellipse. ``|M xor mirrored M| / (2 |M|)``.

    Source: Stoecker, Li & Moss, *Automatic detection of asymmetry in skin tumors*, Comput. Med. Imaging Graph.
    16:191, 1992; two orthogonal axes as in Stolz et al., *ABCD rule of dermatoscopy*, Eur. J. Dermatol. 4:521, 1994.
    """
    frame = principal_frame(mask)
    folds = [float((mask ^ (mirrored(mask.astype(np.float32), frame, axis) > 0.5)).sum()) for axis in (0, 1)]
    values = [one / (2.0 * float(mask.sum())) for one in folds]
    return Attribute("asymmetry", float(np.mean(values)), "", "Stoecker et al., 1992", {"axes": values})


def border_irregularity(mask: Mask) -> Attribute:
    """``P² / (4 π A)`` of the outline: 1 for a circle.

    Source: Golston, Stoecker, Moss & Dhillon, *Automatic detection of irregular borders in melanoma and other skin
    tumors*, Comput. Med. Imaging Graph. 16:199, 1992.
    """
    outline = contour(mask)
    perimeter = float(np.linalg.norm(np.diff(outline, axis=0), axis=1).sum())
    y, x = outline.T
    area = 0.5 * abs(float(np.sum(y[:-1] * x[1:] - x[:-1] * y[1:])))
    return Attribute("border", perimeter**2 / (4 * np.pi * max(area, 1e-9)), "", "Golston et al., 1992")


def colours(image: Pixels, mask: Mask) -> Attribute:
    """How many of the six colours of dermoscopy the lesion has, each at least :data:`LEAST_SHARE` of it.

    What is nearest to the surrounding skin's median counts as none; white counts where it is lighter than the skin.

    Source: Stolz et al., *ABCD rule of dermatoscopy*, Eur. J. Dermatol. 4:521, 1994; anchors: ours.
    """
    from skimage.color import rgb2lab

    names = list(DERMOSCOPY_COLOURS)
    anchors = rgb2lab(np.array([list(DERMOSCOPY_COLOURS.values())], np.float64) / 255.0)[0]
    lab = rgb2lab(np.moveaxis(image, 0, -1) / 255.0)
    pixels = lab[mask]
    away = ndimage.distance_transform_edt(~mask)
    ring = (away > 2) & (away <= 2 + 0.5 * ball_radius(mask))
    allowed = np.ones((len(pixels), len(names)), bool)
    if ring.any():
        skin = np.median(lab[ring], axis=0)
        anchors = np.concatenate([anchors, skin[None]])
        allowed[:, names.index("white")] = pixels[:, 0] > skin[0]
        allowed = np.concatenate([allowed, np.ones((len(pixels), 1), bool)], axis=1)
    distance = ((pixels[:, None] - anchors[None]) ** 2).sum(-1)
    nearest = np.where(allowed, distance, np.inf).argmin(1)
    shares = np.bincount(nearest, minlength=len(anchors))[: len(names)] / len(pixels)
    found = {n: round(float(s), 3) for n, s in zip(names, shares, strict=True) if s >= LEAST_SHARE}
    detail = {"shares": found, "spread": round(float(np.sqrt(pixels.var(0).sum())), 2)}
    return Attribute("colour", float(len(found)), "colours", "Stolz et al., 1994", detail)


def diameter(mask: Mask, spacing_mm: tuple[float, ...] | None) -> Attribute:
    """The greatest distance between two points of the lesion (Feret), in mm where the spacing is known."""
    from scipy.spatial import ConvexHull, distance

    rim = mask & ~ndimage.binary_erosion(mask)
    spacing = np.array(spacing_mm or [1.0] * mask.ndim)
    points = np.argwhere(rim) * spacing
    if np.ptp(points, axis=0).min() > 0:
        points = points[ConvexHull(points).vertices]
    length = float(distance.pdist(points).max(initial=0.0)) + float(spacing.mean())  # centres to edges
    return Attribute("diameter", length, "mm" if spacing_mm else "px", "Feret's diameter")


def margin_width(grey: NDArray[np.floating], mask: Mask) -> Attribute:
    """Width of the transition from lesion to surroundings as a share of the lesion's radius: sharp below about 0.5.

    Contrast divided by the mean slope across the border (acutance), divided by the radius of a ball of equal size.

    Source: Rangayyan, El-Faramawy, Desautels & Alim, *Measures of acutance and shape for classification of breast
    tumors*, IEEE Trans. Med. Imaging 16:799, 1997.
    """
    inside = ndimage.distance_transform_edt(mask)
    outside = ndimage.distance_transform_edt(~mask)
    radius = ball_radius(mask)
    signed = ndimage.gaussian_filter(inside - outside, 1.0)
    normal = np.array(np.gradient(signed))
    normal /= np.maximum(np.linalg.norm(normal, axis=0), 1e-9)
    slope = (np.array(np.gradient(ndimage.gaussian_filter(grey, 0.5))) * normal).sum(0)
    border = (inside + outside) <= 1.5
    core = inside >= min(0.5 * radius, float(inside.max()))
    ring = (outside > 0.3 * radius) & (outside <= max(0.8 * radius, 0.3 * radius + 2))
    contrast = float(np.median(grey[core]) - np.median(grey[ring])) if ring.any() else 0.0
    mean = float(slope[border].mean())
    width = abs(contrast) / max(abs(mean), 1e-6) / radius if contrast * mean > 0 else float("inf")
    detail = {"contrast": round(contrast / 255, 3)}
    return Attribute("margin", min(width, 10.0), "", "Rangayyan et al., 1997", detail)


def lobulation(mask: Mask) -> Attribute:
    """Share of the convex hull that the lesion leaves out, its spikes taken off first: 0 for a convex body.

    Source: Rangayyan et al., IEEE Trans. Med. Imaging 16:799, 1997 (fractional concavity, here of areas or volumes).
    """
    body = despiked(mask)
    from skimage.morphology import convex_hull_image

    hull = convex_hull_image(body, offset_coordinates=False)
    return Attribute("lobulation", 1.0 - float(body.sum()) / float(max(hull.sum(), 1)), "", "Rangayyan et al., 1997")


def spiculation(mask: Mask) -> Attribute:
    """Share of the lesion that lies in protrusions thinner than 0.6 of its radius.

    Source: opening by a ball, Serra, *Image Analysis and Mathematical Morphology*, 1982; width: ours.
    """
    return Attribute("spiculation", 1.0 - float(despiked(mask).sum()) / float(mask.sum()), "", "Serra, 1982")


def texture(grey: NDArray[np.floating], mask: Mask, levels: int = 16) -> Attribute:
    """Contrast of neighbouring grey levels inside the lesion, 0 for an even one; mean over the axes.

    Grey levels 0–255 are put into 16; ``Σ p(i, j) (i - j)²``.

    Source: Haralick, Shanmugam & Dinstein, *Textural features*, IEEE Trans. SMC 3:610, 1973, feature 2.
    """
    level = np.minimum(grey / 256.0 * levels, levels - 1).astype(int)
    values = []
    for axis in range(mask.ndim):
        a, b = (np.take(level, r, axis) for r in (range(mask.shape[axis] - 1), range(1, mask.shape[axis])))
        both = np.take(mask, range(mask.shape[axis] - 1), axis) & np.take(mask, range(1, mask.shape[axis]), axis)
        values.append(float(((a - b)[both] ** 2).mean()) if both.any() else 0.0)
    return Attribute("texture", float(np.mean(values)), "", "Haralick et al., 1973")


def ball_radius(mask: Mask) -> float:
    """Radius of the disc or ball that is as large as the mask, in pixels."""
    n = float(mask.sum())
    return float(np.sqrt(n / np.pi)) if mask.ndim == 2 else float((3 * n / (4 * np.pi)) ** (1 / 3))


def despiked(mask: Mask) -> Mask:
    """The mask without what is thinner than 0.6 of its radius."""
    reach = max(1.0, 0.3 * ball_radius(mask))
    padded = np.pad(mask, int(reach) + 2)
    eroded = ndimage.distance_transform_edt(padded) > reach
    opened = ndimage.distance_transform_edt(~eroded) <= reach if eroded.any() else padded
    inner = tuple(slice(int(reach) + 2, -(int(reach) + 2)) for _ in mask.shape)
    return np.asarray(opened[inner] & mask)


@dataclass(frozen=True, eq=False)
class PrincipalFrame:
    """A lesion's middle ``(2,)`` and its long and short direction ``(2, 2)``, rows of unit length."""

    center: NDArray[np.float64]
    axes: NDArray[np.float64]


def principal_frame(mask: Mask) -> PrincipalFrame:
    """From the second moments of a 2-D mask."""
    points = np.argwhere(mask).astype(np.float64)
    center = points.mean(0)
    values, vectors = np.linalg.eigh(np.cov((points - center).T))
    return PrincipalFrame(center, vectors.T[np.argsort(-values)])


def mirrored(values: NDArray[np.floating], frame: PrincipalFrame, axis: int) -> NDArray[np.float32]:
    """A 2-D array mirrored about the line through the lesion's middle along one of its axes."""
    u = frame.axes[axis]
    turn = 2.0 * np.outer(u, u) - np.eye(2)
    return np.asarray(
        ndimage.affine_transform(values, turn, frame.center - turn @ frame.center, order=1, mode="nearest"), np.float32
    )


def contour(mask: Mask) -> NDArray[np.float64]:
    """The closed outline ``(N, 2)`` of the largest part of a 2-D mask, smoothed by one pixel."""
    from skimage.measure import find_contours

    soft = ndimage.gaussian_filter(np.pad(mask, 4).astype(np.float32), 1.0)
    found = find_contours(soft, min(0.5, 0.5 * float(soft.max())))
    return np.asarray(max(found, key=len)) - 4.0


def _measurable(image: Pixels, mask: Mask) -> None:
    if mask.shape != image.shape[1:]:
        raise InputError(
            f"A lesion's mask must lie on its picture's grid: the picture has {image.shape[1:]} pixels, the mask "
            f"{mask.shape}."
        )
    if int(mask.sum()) < 9 * (mask.ndim - 1):
        raise InputError(
            f"The lesion's mask holds {int(mask.sum())} pixels; at least {9 * (mask.ndim - 1)} are needed to measure "
            "its shape. Give a mask of the lesion, or leave the attributes out."
        )

"""A lesion with one of its attributes taken out: the picture that the pack is asked about again.

Each edit changes the lesion's outline or what fills it; the picture is then put together again. Where neither changed,
no pixel changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.data.lesion_attributes import Mask, Pixels, ball_radius, despiked, mirrored, principal_frame

SHRINK = 0.6
"""A smaller lesion: its lengths times this."""


@dataclass(frozen=True, eq=False)
class Lesion:
    """A picture taken apart.

    Args:
        image: ``(C, *size)`` uint8.
        mask: ``(*size)``, of the lesion.
        inside: ``(C, *size)`` float32: the lesion, and beyond its border what is nearest within it.
        outside: ``(C, *size)`` float32: the surroundings, and under the lesion what is nearest beyond it.
        radius: of a disc or ball of its size, in pixels.
    """

    image: Pixels
    mask: Mask
    inside: NDArray[np.float32]
    outside: NDArray[np.float32]
    radius: float


@dataclass(frozen=True, eq=False)
class _Body:
    """What an edit changes: the outline, what fills it, and whether its margin becomes a step."""

    mask: Mask
    inside: NDArray[np.float32]
    step: bool = False


def take_apart(image: Pixels, mask: Mask) -> Lesion:
    """Lesion and surroundings, each continued beyond the border by its nearest pixels, smoothed there."""
    values, radius = image.astype(np.float32), ball_radius(mask)
    core = ndimage.distance_transform_edt(mask) > 0.1 * radius
    far = ndimage.distance_transform_edt(~mask) > 0.25 * radius
    if not far.any():
        far = ~mask if not mask.all() else mask
    inside = np.where(mask, values, _continued(values, core, 0.1 * radius))
    return Lesion(image, mask, inside, _continued(values, far, 0.3 * radius), radius)


def without(lesion: Lesion, names: Collection[str]) -> Pixels:
    """The picture without some attributes: those of :data:`EDITS`, in its order."""
    body = _Body(lesion.mask, lesion.inside)
    for name, edit in EDITS.items():
        if name in names:
            body = edit(lesion, body)
    return _together(lesion, body)


def _asymmetry(lesion: Lesion, body: _Body) -> _Body:
    """Outline and filling become the mean of the lesion and its mirror images about both principal axes."""
    frame = principal_frame(body.mask)
    share = body.mask.astype(np.float32)
    layers = np.concatenate([share[None], body.inside * share])
    for axis in (0, 1):
        layers = (layers + np.stack([mirrored(one, frame, axis) for one in layers])) / 2
    mask = _of_size(ndimage.gaussian_filter(layers[0], 0.1 * lesion.radius), int(body.mask.sum()))
    filled = layers[1:] / np.maximum(layers[0], 1e-3)
    known = layers[0] > 0.25
    return replace(body, mask=mask, inside=np.where(known, filled, _continued(filled, known, 1.0)))


def _border(lesion: Lesion, body: _Body) -> _Body:
    """The outline is smoothed over a third of the radius, its area kept."""
    soft = ndimage.gaussian_filter(body.mask.astype(np.float32), lesion.radius / 3)
    return replace(body, mask=_of_size(soft, int(body.mask.sum())))


def _colour(lesion: Lesion, body: _Body) -> _Body:
    """Every colour moves to the lesion's median; details finer than a tenth of the radius stay."""
    sigma = max(1.0, 0.1 * lesion.radius)
    coarse = _smooth_within(body.inside, body.mask, sigma)
    median = np.median(body.inside[:, body.mask], axis=1).reshape(-1, *[1] * body.mask.ndim)
    return replace(body, inside=np.asarray(median + body.inside - coarse, np.float32))


def _texture(lesion: Lesion, body: _Body) -> _Body:
    """Details finer than a third of the radius go; slow changes of brightness stay."""
    return replace(body, inside=_smooth_within(body.inside, body.mask, max(1.0, lesion.radius / 3)))


def _lobulation(lesion: Lesion, body: _Body) -> _Body:
    """The outline becomes its convex hull, shrunk evenly to its former size."""
    from skimage.morphology import convex_hull_image

    hull = convex_hull_image(body.mask, offset_coordinates=False)
    depth = ndimage.distance_transform_edt(np.pad(hull, 1))[tuple(slice(1, -1) for _ in hull.shape)]
    return replace(body, mask=_of_size(depth.astype(np.float32), int(body.mask.sum())))


def _spiculation(lesion: Lesion, body: _Body) -> _Body:
    """Protrusions thinner than 0.6 of the radius go."""
    kept = despiked(body.mask)
    return replace(body, mask=kept) if kept.any() else body


def _margin(lesion: Lesion, body: _Body) -> _Body:
    """The margin becomes a step: inside it the lesion's core, outside it the surroundings."""
    core = ndimage.distance_transform_edt(body.mask) > 0.3 * lesion.radius
    return replace(body, inside=np.where(core, body.inside, _continued(body.inside, core, 1.0)), step=True)


def _shrink(lesion: Lesion, body: _Body) -> _Body:
    """The lesion at 0.6 of its lengths, around its middle."""
    center = np.argwhere(body.mask).mean(0)
    step = np.eye(body.mask.ndim) / SHRINK
    offset = center - step @ center
    mask = ndimage.affine_transform(body.mask.astype(np.float32), step, offset, order=1) > 0.5
    inside = [ndimage.affine_transform(one, step, offset, order=1, mode="nearest") for one in body.inside]
    return replace(body, mask=mask if mask.any() else body.mask, inside=np.stack(inside))


EDITS: dict[str, Callable[[Lesion, _Body], _Body]] = {
    "colour": _colour,
    "texture": _texture,
    "asymmetry": _asymmetry,
    "spiculation": _spiculation,
    "lobulation": _lobulation,
    "border": _border,
    "diameter": _shrink,
    "size": _shrink,
    "margin": _margin,
}
"""What takes an attribute out, in the order in which several are taken."""


def _together(lesion: Lesion, body: _Body) -> Pixels:
    """The picture with another body in it; beside an unchanged border every pixel stays as it was."""
    moved = lesion.mask ^ body.mask
    if body.step:
        moved = moved | (body.mask & ~ndimage.binary_erosion(body.mask))
    near = ndimage.distance_transform_edt(~moved) <= max(2.0, 0.3 * lesion.radius) if moved.any() else moved
    around = np.where(near & ~body.mask, lesion.outside, lesion.image.astype(np.float32))
    soft = ndimage.gaussian_filter(body.mask.astype(np.float32), 0.0 if body.step else 0.7)
    share = np.where(near, soft, body.mask.astype(np.float32))
    behind = np.where(near, lesion.outside, around)
    out = share * body.inside + (1 - share) * behind
    return np.clip(out + 0.5, 0, 255).astype(np.uint8)


def _continued(values: NDArray[np.float32], known: Mask, sigma: float) -> NDArray[np.float32]:
    """Values beyond the known pixels: the nearest of them, smoothed."""
    if known.all() or not known.any():
        return values
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    full = values[(slice(None), *nearest)]
    smooth = np.stack([ndimage.gaussian_filter(one, max(sigma, 0.5)) for one in full])
    return np.where(known, values, smooth).astype(np.float32)


def _smooth_within(values: NDArray[np.float32], mask: Mask, sigma: float) -> NDArray[np.float32]:
    """A Gaussian mean over the mask's pixels only."""
    share = ndimage.gaussian_filter(mask.astype(np.float32), sigma)
    smooth = np.stack([ndimage.gaussian_filter(one * mask, sigma) for one in values])
    return np.where(share > 1e-3, smooth / np.maximum(share, 1e-3), values).astype(np.float32)


def _of_size(field: NDArray[np.float32], count: int) -> Mask:
    """The ``count`` highest places of a field."""
    if count >= field.size:
        return np.ones(field.shape, bool)
    level = np.partition(field.ravel(), field.size - count)[field.size - count]
    return np.asarray((field >= level) & (field > 0))

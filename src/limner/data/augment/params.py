"""What is done to a batch of pictures: how far each change may go, and what was drawn for each picture."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from limner.data.augment.hair import Hairs

Outside = Literal["edge", "mirror"]


@dataclass(frozen=True)
class Strength:
    """How far each change may go; 0 leaves it out. Lengths are shares of the picture's side along each axis.

    Args:
        flip: axes that may be mirrored, of ``z``, ``y``, ``x``; sides that have a name must not be listed.
        rotate_deg: largest turn (in 3-D about every axis). Pixels are taken as squares, voxels as cubes.
        scale: spread of the logarithm of the size.
        shift: largest move.
        shear: largest shear.
        elastic: size of smooth random displacements; they are kept so small that nothing folds.
        brightness, contrast, gamma: spread of each.
        color: spread of each channel's gain (light and white balance).
        noise: largest standard deviation of Gaussian noise, of the range 0–1.
        blur: probability of a blur.
        low_resolution: probability that detail is lost by shrinking and enlarging.
        cutout: probability that a box is greyed out.
        mixup: parameter of the Beta distribution by which two pictures and their labels are blended.
        cutmix: probability that a box of another picture is put in, with its share of the label (mixup otherwise).
        carve: probability that what is marked in another picture, with some of its surroundings, is put in
            (segmentation).
        hair: probability of dark hairs, for dermoscopy.
        outside: what is seen past the picture's edge: its last pixel (``edge``), or the picture in a mirror
            (``mirror``: skin and tissue go on; not where boxes or sides are asked for).
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # a recipe's section "augment" is one of these

    flip: str = ""
    rotate_deg: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    gamma: float = 0.0
    color: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    low_resolution: float = 0.0
    cutout: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    carve: float = 0.0
    hair: float = 0.0
    outside: Outside = "edge"


@dataclass(frozen=True, eq=False)
class BatchParams:
    """What is done to each picture of a batch of N; A is 2 or 3, the axes ``(z,) y, x``.

    A place in the result looks at ``matrix · (place + elastic(place)) + shift`` in the source; a place is −1 … 1 from
    edge to edge along each axis.

    Args:
        matrix: ``(N, A, A)``, in pixels, about the centre.
        shift: ``(N, A)``.
        elastic: ``(N, A, K, …)`` displacements at K control points along each axis; None where there are none.
        gain, offset, gamma: ``(N,)``; ``color``: ``(N, C)``.
        noise: ``(N,)`` standard deviations; ``seed`` of the noise.
        blur: ``(N,)`` standard deviations in pixels; ``shrink``: ``(N,)`` factors of lost resolution.
        holes: ``(N, 2 A)`` box (low, high) as shares of the side; empty where nothing is greyed out.
        partner, share: ``(N,)`` the picture blended in, and the share of the first.
        patch: ``(2 A)`` CutMix box, or None.
        carve: ``(N,)`` how far around what is marked in the partner is put in too, as a share of the side; −1 where
            nothing is.
        hairs: of all pictures, or None.
        outside: as :class:`Strength`.
    """

    matrix: NDArray[np.float32]
    shift: NDArray[np.float32]
    elastic: NDArray[np.float32] | None
    gain: NDArray[np.float32]
    offset: NDArray[np.float32]
    gamma: NDArray[np.float32]
    color: NDArray[np.float32]
    noise: NDArray[np.float32]
    blur: NDArray[np.float32]
    shrink: NDArray[np.float32]
    holes: NDArray[np.float32]
    partner: NDArray[np.int64]
    share: NDArray[np.float32]
    patch: NDArray[np.float32] | None
    carve: NDArray[np.float32]
    seed: int
    hairs: Hairs | None = None
    outside: Outside = "edge"

    @property
    def axes(self) -> int:
        """2 for pictures, 3 for volumes."""
        return self.shift.shape[1]

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it; :meth:`from_dict` gives back the very same numbers."""
        return _plain(self)

    @classmethod
    def from_dict(cls, held: dict[str, Any]) -> BatchParams:
        """What :meth:`as_dict` gave."""
        hairs = held["hairs"] and Hairs(**{name: _array(name, value) for name, value in held["hairs"].items()})
        arrays = {name: _array(name, value) for name, value in held.items() if name not in ("seed", "hairs", "outside")}
        return cls(**arrays, seed=int(held["seed"]), hairs=hairs or None, outside=held["outside"])


def _plain(held: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in fields(held):
        value = getattr(held, one.name)
        found[one.name] = value.tolist() if isinstance(value, np.ndarray) else value
        if isinstance(value, Hairs):
            found[one.name] = _plain(value)
    return found


def _array(name: str, value: Any) -> Any:
    if value is None:
        return None
    return np.array(value, np.int64 if name in ("partner", "picture") else np.float32)

"""What a pack that makes slices thinner, or pixels smaller, expects."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Plane = Literal["through", "in"]
"""Through-plane: slices become thinner. In-plane: the pixels within them become smaller."""


class SlicesSpec(BaseModel):
    """Thick slices, any in-plane grid; or slices of any thickness, whose pixels are coarse.

    Args:
        modality: DICOM modalities that it is for.
        factor: thin slices that each thick one becomes; a thick slice is taken as their mean. In-plane, fine pixels
            along each side of a coarse one, which is taken as the mean of ``factor²``.
        channels: one, the attenuation.
        thin_mm: the least and the most spacing of thin slices (in-plane: of fine pixels) that it may be asked for.
        plane: what becomes finer.
        latent: numbers of each coarse voxel that say what it leaves open; 0 where the net says one thing only.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    modality: list[str]
    factor: int
    thin_mm: tuple[float, float]
    channels: int = 1
    plane: Plane = "through"
    latent: int = 0

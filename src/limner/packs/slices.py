"""What a pack that makes slices thinner expects."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class SlicesSpec(BaseModel):
    """Thick slices, any in-plane grid.

    Args:
        modality: DICOM modalities that it is for.
        factor: thin slices that each thick one becomes; a thick slice is taken as their mean.
        channels: one, the attenuation.
        thin_mm: the least and the most spacing of thin slices that it may be asked for.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    modality: list[str]
    factor: int
    thin_mm: tuple[float, float]
    channels: int = 1

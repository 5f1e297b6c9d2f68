"""What a net expects: volumes, pictures, and the room they take."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from limner.packs.channels import check_channels


class Part(BaseModel):
    """A part of ``pack.json``; what a later version adds to it is kept."""

    model_config = ConfigDict(extra="allow", frozen=True)


class InputSpec(Part):
    """What the net expects: spacing and patch along ``(Z, Y, X)``, HU window scaled to 0–1."""

    modality: list[str]
    spacing_mm: tuple[float, float, float]
    window_hu: tuple[float, float]
    patch: tuple[int, int, int]
    divisible: tuple[int, int, int]
    channels: int = 1
    around_hu: float | None = Field(None, description="half width of a window around the located organ's median")


class PictureSpec(Part):
    """What a net on pictures expects: size along ``(Z,) Y, X`` (sides in ratio, the rest black), values 0–1."""

    modality: list[str]
    size: tuple[int, ...]
    channels: int = 1
    color_constancy: bool = Field(False, description="the light's colour is taken out first (shades of grey)")
    window_hu: tuple[float, float] | None = Field(
        None, description="small volumes: HU that become 0 and 1; the range that occurs where None"
    )
    channel_names: list[str] = Field(
        default_factory=list, description="of slices of a scan: which sequence each channel is, as limner.image.mr says"
    )
    reference: str | None = Field(None, description="the channel whose grid a scan is drawn on")
    stand_ins: dict[str, list[str]] = Field(
        default_factory=dict, description="channel → those that stand in where it is missing, the first that is there"
    )

    @model_validator(mode="after")
    def _known_channels(self) -> PictureSpec:
        check_channels(self, len(self.size))
        return self

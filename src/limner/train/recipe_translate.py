"""The sections of a recipe for translation: which channels become which, and what the result is held to."""

from __future__ import annotations

from pydantic import Field, model_validator

from limner.image.mr import SEQUENCES
from limner.train.recipe_data import PictureSource, Section


class TranslateData(Section):
    """Slices whose channels are sequences of one scan; one of them is made of the others."""

    size: tuple[int, int] = Field(description="pixels along Y, X; what is asked for is as large")
    crop: tuple[int, int] | None = Field(None, description="of what is learned from at once; the whole where None")
    modality: list[str] = Field(default_factory=lambda: ["MR"], min_length=1)
    channel_names: list[str] = Field(min_length=2, description="of the cohorts' pictures, of pre, flair, post")
    given: list[str] = Field(min_length=1, description="channels that the net sees")
    wanted: str = Field(description="the channel that it makes")
    reference: str | None = Field(None, description="of given: the one whose grid a scan is made on; the first")
    unpaired: bool = Field(False, description="given and wanted are drawn apart, as if of different people")
    judge: str | None = Field(
        "brain-glioma-mri", description="pack on all channels by whose features a check judges; SSIM alone where None"
    )
    sources: list[PictureSource] = Field(min_length=1)
    skip_damaged: bool = False

    @property
    def classes(self) -> dict[str, str]:
        """None: nothing is named."""
        return {}

    @property
    def home(self) -> str:
        """The channel whose grid a scan is made on."""
        return self.reference or self.given[0]

    @property
    def asked(self) -> list[str]:
        """All channels that are needed: what is given, then what is wanted."""
        return [*self.given, self.wanted]

    @model_validator(mode="after")
    def _channels_are_known(self) -> TranslateData:
        named = self.channel_names
        if unknown := [name for name in named if name not in SEQUENCES]:
            raise ValueError(f"data.channel_names: {unknown[0]!r} is not one of {', '.join(SEQUENCES)}")
        if len({*named}) < len(named) or len({*self.given}) < len(self.given):
            raise ValueError("data.channel_names and data.given name each channel once")
        if strange := [name for name in self.asked if name not in named]:
            raise ValueError(f"data.given and data.wanted are of data.channel_names, {named}; got {strange[0]!r}")
        if self.wanted in self.given:
            raise ValueError(f"data.wanted, {self.wanted!r}, is given already")
        if self.home not in self.given:
            raise ValueError(f"data.reference is one of data.given, {self.given}; got {self.home!r}")
        if any(one.share is not None for one in self.sources):
            raise ValueError("a source's share of batches is not for translation: pictures of nobody are no pairs")
        if self.crop and any(one > whole for one, whole in zip(self.crop, self.size, strict=True)):
            raise ValueError(f"data.crop {list(self.crop)} is larger than data.size {list(self.size)}")
        return self

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


class LossSpec(Section):
    """Weights of what a translation is held to; what has weight 0 is not worked out.

    l1 alone is a regression; with adversarial it is pix2pix; with perceptual and style, MedGAN, which judged (features
    of a pack in place of a discriminator's) may join; cycle goes with pictures that do not come in pairs.
    """

    l1: float = Field(1.0, ge=0, description="mean absolute error, values in 0–1")
    adversarial: float = Field(0.0, ge=0, description="against a discriminator of patches")
    perceptual: float = Field(0.0, ge=0, description="difference of the discriminator's features")
    style: float = Field(0.0, ge=0, description="difference of their Gram matrices")
    judged: float = Field(0.0, ge=0, description="perceptual distance in the features of data.judge")
    cycle: float = Field(0.0, ge=0, description="mean absolute error there and back, unpaired")
    discriminator: list[int] = Field(default_factory=lambda: [32, 64, 96], min_length=2, description="its features")

    @property
    def needs_rival(self) -> bool:
        """Whether any term asks a discriminator."""
        return bool(self.adversarial or self.perceptual or self.style)


def refuse_losses(net: str, data: TranslateData, loss: LossSpec) -> None:
    """Holds the weights against how the data come.

    Raises:
        ValueError: with what to write instead.
    """
    if net != "auto" and (net == "cyclegan") != data.unpaired:
        raise ValueError("data.unpaired goes with net 'cyclegan', and with it alone: it translates there and back")
    if loss.judged and data.judge is None:
        raise ValueError("loss.judged is a distance in the features of data.judge, which is null: name a pack")
    if data.unpaired and (
        loss.l1 or loss.perceptual or loss.style or loss.judged or not loss.cycle or not loss.adversarial
    ):
        raise ValueError(
            "where data.unpaired, loss.adversarial and loss.cycle say what is right (give both a weight); there is no "
            "truth for loss.l1, loss.perceptual, loss.style and loss.judged (give them 0)"
        )
    if not data.unpaired and loss.cycle:
        raise ValueError("loss.cycle is for data.unpaired")
    if not data.unpaired and not (loss.l1 or loss.adversarial or loss.perceptual):
        raise ValueError("loss: nothing says what is right; give l1, adversarial or perceptual a weight")
    if (loss.perceptual or loss.style) and not loss.adversarial:
        raise ValueError(
            "loss.perceptual and loss.style ask a discriminator, which learns where loss.adversarial is > 0"
        )

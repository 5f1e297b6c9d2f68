"""What a generator or a translator is asked for, as ``pack.json`` says it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from limner.packs.inputs import Part


class DirectionSpec(Part):
    """A direction in the space of styles, and what of a picture it changes.

    Args:
        name: of the attribute that follows it, or ``direction 3`` where none does; several may have one name.
        vector: unit length.
        spread: of styles along it, one standard deviation.
        correlation: of that attribute with the way along it, on generated pictures.
    """

    name: str
    vector: list[float]
    spread: float = 1.0
    correlation: float = 0.0


class ShapeSpec(Part):
    """What label maps that it learned from look like: shares of the side, and how many are empty."""

    empty: float
    area: list[float] = Field(description="quantiles of the marked share of the picture, least to largest")
    center: list[float] = Field(description="mean along y and x, then standard deviation along y and x")


class GeneratorSpec(Part):
    """What a generator takes: ``latent`` numbers become ``layers`` styles of ``width``; noise stands beside them."""

    latent: int
    layers: int
    width: int
    noises: int = 0
    condition: Literal["none", "label", "mask", "place"] = Field(
        "none", description="nothing, a class, a label map, or of each thing that is marked how large it is and where"
    )
    encoder: bool = Field(False, description="encoder.onnx turns a picture into the style that it is made from again")
    shares: list[float] = Field(default_factory=list, description="of each class among what it learned from")
    shapes: list[ShapeSpec] = Field(default_factory=list, description="of each class of its label maps")
    directions: list[DirectionSpec] = Field(default_factory=list)

    def conditions(self, classes: int) -> int:
        """Channels of the condition: classes, or what a label map marks."""
        return {"none": 0, "label": classes, "mask": classes - 1, "place": classes - 1}[self.condition]


class TranslatorSpec(Part):
    """What a translator makes of its input's channels.

    Args:
        wanted: the channel that it makes.
        channel_names: of the pictures that it learned from, and is held against: all in one.
        judge: pack on all channels whose features and outlines say how good a translation is.
        unpaired: it learned from pictures that do not belong together.
    """

    wanted: str
    channel_names: list[str]
    judge: str | None = None
    unpaired: bool = False

"""The section ``loss`` of a recipe: what an image that is made of another one is held to."""

from __future__ import annotations

from pydantic import Field

from limner.train.recipe_data import Section
from limner.train.recipe_thin import ThinData
from limner.train.recipe_translate import TranslateData


class LossSpec(Section):
    """Weights of what an image made of another is held to; what has weight 0 is not worked out.

    l1 alone is a regression; with adversarial it is a GAN, for translation pix2pix; with perceptual and style, MedGAN,
    which judged (features of a pack in place of a discriminator's) may join; cycle goes with pictures that do not come
    in pairs.
    """

    l1: float = Field(1.0, ge=0, description="mean absolute error: of values in 0–1; of CT, in units of 50 HU")
    adversarial: float = Field(0.0, ge=0, description="against a discriminator of patches")
    perceptual: float = Field(0.0, ge=0, description="difference of the discriminator's features")
    style: float = Field(0.0, ge=0, description="difference of their Gram matrices")
    judged: float = Field(0.0, ge=0, description="of translations: perceptual distance in the features of data.judge")
    cycle: float = Field(0.0, ge=0, description="mean absolute error there and back, unpaired")
    discriminator: list[int] = Field(default_factory=lambda: [32, 64, 96], min_length=2, description="its features")

    @property
    def needs_rival(self) -> bool:
        """Whether any term asks a discriminator."""
        return bool(self.adversarial or self.perceptual or self.style)


def refuse_losses(net: str, data: TranslateData | ThinData, loss: LossSpec) -> None:
    """Holds the weights against how the data come; the truth of finer voxels is always known.

    Raises:
        ValueError: with what to write instead.
    """
    unpaired = isinstance(data, TranslateData) and data.unpaired
    if net != "auto" and (net == "cyclegan") != unpaired:
        raise ValueError("data.unpaired goes with net 'cyclegan', and with it alone: it translates there and back")
    if loss.judged and isinstance(data, ThinData):
        raise ValueError("loss.judged is for task 'translate'; here data.judge says which weights are the best")
    if loss.judged and data.judge is None:
        raise ValueError("loss.judged is a distance in the features of data.judge, which is null: name a pack")
    if unpaired and (loss.l1 or loss.perceptual or loss.style or loss.judged or not loss.cycle or not loss.adversarial):
        raise ValueError(
            "where data.unpaired, loss.adversarial and loss.cycle say what is right (give both a weight); there is no "
            "truth for loss.l1, loss.perceptual, loss.style and loss.judged (give them 0)"
        )
    if not unpaired and loss.cycle:
        raise ValueError("loss.cycle is for data.unpaired, of task 'translate'")
    if not unpaired and not (loss.l1 or loss.adversarial or loss.perceptual):
        raise ValueError("loss: nothing says what is right; give l1, adversarial or perceptual a weight")
    if (loss.perceptual or loss.style) and not loss.adversarial:
        raise ValueError(
            "loss.perceptual and loss.style ask a discriminator, which learns where loss.adversarial is > 0"
        )

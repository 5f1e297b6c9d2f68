"""The sections of a recipe that say how a generator learns: ``game`` of StyleGAN2, ``code`` of a VAE.

Of ``code`` a VAE of finer voxels (``sharpen-vae``) takes kl, warmup and free_nats, counted per coarse voxel.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from limner.train.recipe_data import Section


class Stage(Section):
    """A stage of a curriculum: a share of all steps, and the classes that label maps begin to show in it."""

    share: float = Field(gt=0, le=1, description="of train.steps; the last stage lasts to the end")
    adds: list[str] = Field(min_length=1)
    ramp: float = Field(0.25, ge=0, le=1, description="share of the stage over which they fade in; 0 for at once")


class GameSpec(Section):
    """A generator against a discriminator (StyleGAN2, with adaptive augmentation)."""

    r1: float = Field(1.0, ge=0, description="weight of R1: how steep the discriminator may be where pictures are real")
    r1_every: int = Field(16, ge=1, description="steps between two times that R1 is asked for")
    path: float = Field(2.0, ge=0, description="weight of even path lengths, 0 for none")
    path_every: int = Field(8, ge=1)
    adapt: float = Field(
        100.0, ge=0, description="thousands of pictures in which augmentation may rise from never to always; 0 for none"
    )
    discriminator: list[Annotated[int, Field(ge=1)]] | None = Field(
        None, min_length=1, description="its features, finest first; the generator's where None"
    )
    curriculum: list[Stage] = Field(default_factory=list, description="volumes: what label maps show, stage by stage")


class CodeSpec(Section):
    """What an autoencoder learns by (VAE): to make pictures again from few numbers."""

    kl: float = Field(0.0003, ge=0, description="weight of the latent's information, in nats of a picture")
    warmup: int = Field(500, ge=0, description="steps over which that weight rises from nothing")
    free_nats: float = Field(0.05, ge=0, description="of each number of the latent that cost nothing")
    structure: float = Field(0.5, ge=0, description="weight of structural similarity beside plain differences")
    edges: float = Field(1.0, ge=0, description="weight of differences between the steps from pixel to pixel")
    marked: float = Field(3.0, ge=0, description="by how much more a pixel counts where something is marked")
    numbers: float = Field(0.1, ge=0, description="weight of reading off what class it is, or what is marked where")
    moved: float = Field(0.05, ge=0, description="weight of the same in pictures made with another picture's numbers")


def refuse_sections(task: str, net: str, game: GameSpec, code: CodeSpec) -> None:
    """Refuses settings that this net would ignore.

    Raises:
        ValueError: names the section, and the net that it is for.
    """
    sections = (("game", game, GameSpec(), ("stylegan2", "auto")), ("code", code, CodeSpec(), ("vae", "sharpen-vae")))
    for name, given, unset, fitting in sections:
        if given != unset and not (net in fitting and (task == "generate" or net == "sharpen-vae")):
            raise ValueError(
                f"the section {name!r} is for net {fitting[0]!r} of task 'generate', and would be ignored by net "
                f"{net!r} of task {task!r}: leave it out, or name that net"
            )

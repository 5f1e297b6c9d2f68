"""What a recipe says of generated volumes: patches of scans, and a curriculum of what their label maps show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from limner.train.recipe_data import CohortSource, VolumeData
from limner.train.recipe_generate import Stage

if TYPE_CHECKING:
    from limner.train.recipe import Recipe

BONES = "bones"
"""The class that is found by rule where a recipe says so (:mod:`limner.data.bones`)."""


class PatchData(VolumeData):
    """Patches of scans to generate: those of :class:`VolumeData`, made from nothing or from their label map."""

    condition: Literal["none", "mask"] = Field("mask", description="nothing, or the label map of the classes")
    bones_hu: float | None = Field(
        None, description="spine and ribs are found from this attenuation on, and become the class 'bones'"
    )

    @model_validator(mode="after")
    def _only_what_can_be_generated(self) -> PatchData:
        for number, source in enumerate(self.sources):
            if not isinstance(source, CohortSource) or source.paint_tumors:
                what = "paint_tumors" if isinstance(source, CohortSource) else "no images of patients"
                raise ValueError(f"data.sources.{number} has {what}: what is made up would be generated too")
        if self.focus is not None:
            raise ValueError("data.focus is for nets that find; a generator makes the whole patch")
        if self.bones_hu is not None and BONES not in self.classes[1:]:
            raise ValueError(f"data.bones_hu finds the class {BONES!r}, which data.classes does not have")
        if self.bones_hu is not None and not self.window_hu[0] < self.bones_hu <= self.window_hu[1]:
            low, high = self.window_hu
            raise ValueError(f"data.bones_hu lies within the window, {low:g} to {high:g} HU; got {self.bones_hu:g}")
        if self.condition == "mask" and len(self.classes) < 2:
            raise ValueError("data.classes needs two names at least, background first: the label map shows them")
        return self


def check_curriculum(recipe: Recipe) -> None:
    """Holds a curriculum against the data.

    Raises:
        ValueError: with what does not fit.
    """
    stages, data = recipe.game.curriculum, recipe.data
    if not stages:
        return
    if not isinstance(data, PatchData) or data.condition != "mask":
        raise ValueError("game.curriculum is for generated volumes that are made from a label map")
    told = [name for stage in stages for name in stage.adds]
    if sorted(told) != sorted(data.classes[1:]):
        raise ValueError(
            f"game.curriculum adds each of {', '.join(data.classes[1:])} in one stage; it has {', '.join(told)}"
        )
    if sum(stage.share for stage in stages) > 1 + 1e-9:
        raise ValueError("the shares of game.curriculum are at most 1 together")


def shown(stages: Sequence[Stage], classes: Sequence[str], step: int, steps: int) -> list[float]:
    """How strongly each class but the background is shown at a step, 0 to 1: a function of the step alone.

    >>> stages = [Stage(share=0.5, adds=["bones"], ramp=0), Stage(share=0.5, adds=["liver"], ramp=0.5)]
    >>> [shown(stages, ["background", "bones", "liver"], step, 100) for step in (0, 50, 60, 99)]
    [[1.0, 0.0], [1.0, 0.0], [1.0, 0.4], [1.0, 1.0]]
    """
    if not stages:
        return [1.0] * (len(classes) - 1)
    weights, begin = {}, 0.0
    for stage in stages:
        since = step - begin * steps
        fade = stage.ramp * stage.share * steps
        begin += stage.share
        for name in stage.adds:
            weights[name] = float(since >= 0) if fade == 0 else min(1.0, max(0.0, since / fade))
    return [weights[name] for name in classes[1:]]

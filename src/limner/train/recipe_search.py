"""The section ``search`` of a recipe: which settings are tried, and where between."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from limner.train.recipe_data import Section


class RangeSpec(Section):
    """Where a setting is searched: between two numbers, or among choices."""

    low: float | None = None
    high: float | None = None
    log: bool = False
    whole: bool = Field(False, description="whole numbers only")
    choices: list[Any] | None = None

    @model_validator(mode="after")
    def _has_a_range(self) -> RangeSpec:
        ends = self.low is not None and self.high is not None
        if ends == (self.choices is not None):
            raise ValueError("give low and high, or choices")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"low ({self.low}) must be below high ({self.high})")
        if self.log and (self.low or 0) <= 0:
            raise ValueError("log needs low above 0")
        return self


class SearchSpec(Section):
    """A search over settings, by the figure on the check split: key of the recipe → where."""

    space: dict[str, RangeSpec] = Field(min_length=1)
    trials: int = Field(20, ge=1)
    set: dict[str, Any] = Field(default_factory=dict, description="settings of every trial, e.g. train.epochs: 5")
    prune: bool = Field(True, description="end trials early whose checks are below the median of the others")

"""The section ``data`` of a recipe for super-resolution: planes of scans, and what is made of them."""

from __future__ import annotations

from pydantic import Field, model_validator

from limner.packs.slices import Plane
from limner.train.recipe_data import Section


class PlaneSource(Section):
    """A cohort of scans, or a table of crops; planes of their slices are learned from."""

    cohort: str
    split: str | None = "train"
    check: str | None = Field("val", description="split on which the best weights are chosen")
    unit_hu: float = Field(1.0, gt=0, description="HU of a step of the stored values, where they are no HU")
    across: bool = Field(False, description="planes across the slices, whose spacing is the thin one")
    weight: float = Field(1.0, gt=0)
    licence: str


class ThinData(Section):
    """Planes, one of whose axes is averaged into thick slices, or both into coarse pixels."""

    modality: list[str] = Field(default_factory=lambda: ["CT"], min_length=1)
    factor: int = Field(ge=2, le=8, description="thin slices that a thick one becomes; fine pixels along a side")
    plane: Plane = Field("through", description="through: slices become thinner; in: pixels within them smaller")
    patch: tuple[int, int] = Field((12, 64), description="thick slices and columns of what is learned from at once")
    rows: list[int] = Field(default_factory=lambda: [1, 1, 2, 2, 3], min_length=1, description="pixels of a thin slice")
    columns: list[int] = Field(default_factory=lambda: [1, 1, 2], min_length=1, description="pixels across")
    noise_hu: float = Field(12.0, ge=0, description="most noise on thin slices, times augment; it is not to be kept")
    thin_mm: tuple[float, float] = Field(
        (0.6, 4.0), description="spacing of thin slices that the pack may be asked for"
    )
    judge: str | None = Field(
        None, description="pack on CT pictures by whose features a check judges, too; decibels alone where None"
    )
    sources: list[PlaneSource] = Field(min_length=1)

    @property
    def within(self) -> bool:
        """Whether pixels within slices become finer."""
        return self.plane == "in"

    @property
    def classes(self) -> dict[str, str]:
        """None: nothing is named."""
        return {}

    @model_validator(mode="after")
    def _counts(self) -> ThinData:
        if min(*self.rows, *self.columns, *self.patch) < 1:
            raise ValueError("data.rows, data.columns and data.patch are counts, 1 or more")
        if self.within and any(one.across for one in self.sources):
            raise ValueError(
                "data.plane 'in' learns from the slices themselves; a source's across, planes across them, is for "
                "'through'"
            )
        return self

"""How a pack's answers are read off its nets: thresholds and sizes, as packs and recipes name them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator

from limner.packs.task import Task

Share = Annotated[float, Field(ge=0, le=1)]


class Decode(BaseModel):
    """The section ``decode`` of ``pack.json`` and of a recipe's ``pack``: only what was given is written back.

    Unknown settings are refused, since a slip of the pen would otherwise leave the answer as it was, without a word.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    organ_threshold: Share = Field(0.5, description="least probability of an organ's voxel")
    vessel_threshold: Share = Field(0.5, description="of what lies in an organ and is no lesion")
    lesion_threshold: Share = Field(0.5, description="of a lesion's voxel")
    lesion_min_ml: float = Field(0.1, ge=0, description="a smaller lesion is not drawn")
    lesion_min_peak: Share = Field(0.7, description="nor one that is nowhere surer than this")
    organ_min_mean: Share = Field(0.0, description="an organ whose mean probability is lower is not drawn")
    others_min_mean: Share | None = Field(None, description="the same, of organs that the locator alone draws")
    tissue_weight: float = Field(0.0, ge=0, description="what an organ's own attenuation weighs; 0: not asked")
    overlap: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="scans: share of a window that its neighbour sees, too; pictures: IoU of one thing",
    )
    threshold: Share | None = Field(None, description="least score of a mark; that of the calibration where None")
    presence_cells: int = Field(8, ge=1, description="cells whose logits say whether a class is there")

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            refuse(given, list(cls.model_fields), "unknown")
        return given

    @model_serializer
    def _given(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}

    def check(self, task: Task, *, scans: bool) -> None:
        """Refuses settings that a pack of this task would not read.

        Raises:
            ValueError: for the first of them, with the nearest that it does read.
        """
        refuse(dict.fromkeys(self.model_fields_set), READ.get((task, scans), []), "not read by this task")


def refuse(given: Mapping[str, Any], known: list[str], why: str) -> None:
    """Holds the names of settings against those that are known.

    Raises:
        ValueError: for the first strange one.
    """
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"decode: {str(name)!r} is {why}; expected {', '.join(known) or 'no setting'}.{hint}")


READ: dict[tuple[Task, bool], list[str]] = {
    ("segment", True): [
        "organ_threshold",
        "vessel_threshold",
        "lesion_threshold",
        "lesion_min_ml",
        "lesion_min_peak",
        "organ_min_mean",
        "others_min_mean",
        "tissue_weight",
        "overlap",
    ],
    ("detect", True): ["threshold"],
    ("detect", False): ["threshold", "overlap", "presence_cells"],
    ("segment", False): [],
    ("classify", True): [],
    ("classify", False): [],
}
"""What is read, by task and by whether the pack reads scans."""

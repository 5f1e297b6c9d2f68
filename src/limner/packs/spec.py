"""``pack.json``: all that is known about a pack."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from limner.packs.decode import Decode
from limner.packs.inputs import InputSpec, Part, PictureSpec
from limner.packs.made import GeneratorSpec, TranslatorSpec
from limner.packs.slices import SlicesSpec
from limner.packs.task import Task

Kind = Literal["organ", "lesion", "vessel", "tissue"]


class Calibration(Part):
    """What makes probabilities honest, fitted on cases that were not learned from.

    ``abstain_below``: an answer less sure than this is "not sure". ``ece`` before and after the temperature.
    """

    temperature: float = 1.0
    bias: float = Field(
        0.0, description="added after the temperature: to a detector's presence logit, to all that masks mark"
    )
    threshold: float | None = Field(None, description="least score of a mark that a detector shows; of a marked pixel")
    abstain_below: float = 0.0
    ece_before: float | None = None
    ece_after: float | None = None
    area_thresholds: tuple[float, float] | None = Field(
        None, description="segment on pictures: between which probabilities the border that marks the true area lies"
    )
    fitted_on: str = ""


class NetSpec(Part):
    """How to build the net again from ``weights.safetensors``."""

    name: str
    options: dict[str, Any] = Field(default_factory=dict)


class LocatorSpec(Part):
    """A first, coarse net that finds organs in the whole scan; the main net then looks only near its own organ."""

    input: InputSpec
    classes: list[str]
    net: NetSpec | None = None
    share: float = Field(0.5, description="weight of the coarse probability where both nets speak")


class MemorySpec(Part):
    """Peak bytes of the engine: ``fixed_mb + bytes_per_voxel × voxels of a window``."""

    fixed_mb: float
    bytes_per_voxel: float


class TrainingRow(Part):
    """A case that the pack learned from, and its terms."""

    case: str
    source: str
    licence: str


class PackSpec(Part):
    """``pack.json``."""

    schema_: Literal["limner.pack/1"] = Field("limner.pack/1", alias="schema")
    name: str
    version: str
    task: Task
    description: str
    input: InputSpec | PictureSpec | SlicesSpec
    classes: list[str]
    class_values: list[str] = Field(default_factory=list, description="what cohorts call the classes")
    groups: dict[str, list[str]] = Field(default_factory=dict, description="name → classes that count as it")
    multi_label: bool = Field(False, description="classify: several classes may be there at once, or none")
    none_values: list[str] = Field(default_factory=list, description="multi_label: what cohorts call none of them")
    calibration: Calibration | None = None
    mirrors: str = Field("", description="axes of space along which it learned from mirrored pictures too")
    regions: dict[str, list[str]] = Field(default_factory=dict, description="organ → the labels that lie inside it")
    kinds: dict[str, Kind] = Field(default_factory=dict, description="class without a code → what it is; else a lesion")
    classical: list[str] = Field(default_factory=list)
    net: NetSpec | None = None
    locator: LocatorSpec | None = None
    generator: GeneratorSpec | None = None
    translator: TranslatorSpec | None = None
    licence: str
    non_commercial: bool
    training: list[TrainingRow]
    memory: MemorySpec = Field(default_factory=lambda: MemorySpec(fixed_mb=250.0, bytes_per_voxel=550.0))
    decode: Decode = Field(default_factory=Decode)
    figures: list[dict[str, Any]] = Field(default_factory=list)
    history: str = Field("", description="how long it was trained, and where the loss ended")
    citations: list[str] = Field(default_factory=list)
    files: dict[str, str] = Field(default_factory=dict, description="file name → SHA-256")

    @model_validator(mode="after")
    def _read_as_told(self) -> PackSpec:
        self.decode.check(self.task, scans=isinstance(self.input, InputSpec))
        return self

"""The section ``data`` of a recipe: what is learned from, of whole scans or of pictures."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A part of a recipe: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LayerSpec(Section):
    """One mask column: mask value to class name.

    ``within`` limits where it paints; ``otherwise`` says what a case without it cannot tell apart.
    """

    column: str
    values: dict[int, str]
    within: list[str] | None = None
    otherwise: dict[str, str] = Field(default_factory=dict)


class CohortSource(Section):
    """Cases with images."""

    cohort: str
    split: str | None = "train"
    check: str | None = Field(None, description="split on which the best weights are chosen and calibrated")
    only: list[str] | None = Field(None, description="ids that are learned from; all of the split where None")
    weight: float = 1.0
    layers: list[LayerSpec]
    unknown: dict[str, str] = Field(default_factory=dict, description="class → class that it can't be told from here")
    paint_tumors: float = 0.0
    licence: str


class LabelMapSource(Section):
    """Label maps without images: CT is synthesised from them."""

    label_maps: str
    values: dict[int, tuple[str, str]] = Field(description="mask value → (tissue, class)")
    mirrored: list[Literal["z", "y", "x"]] = Field(default_factory=list, description="axes on which the affine lies")
    weight: float = 1.0
    unknown: dict[str, str] = Field(default_factory=dict)
    paint_tumors: float = 0.0
    licence: str


class PhantomSource(Section):
    """Lungs with nodules that are put there: phantom chests, lungs of real scans, real and analytic nodules."""

    chests: int = Field(description="phantom chests to learn from")
    first: int = Field(0, description="seed of the first; those that are checked on follow the last")
    check_chests: int = Field(3, description="further chests for the checks, none for 0")
    check_patches: int = 64
    scans: list[str] = Field(
        default_factory=list, description="CT in Hounsfield units whose lungs are learned from too"
    )
    nodules: str | None = Field(None, description="folder of real nodules, see limner.data.nodules.read_shapes")
    split: str = "train"
    check: str = "val"
    real: float = Field(0.5, description="share of the nodules that are real ones")
    licence: str


class FocusSpec(Section):
    """Work around one organ: its own median sets the window, what is far from it is not asked.

    ``organ`` lists the class of the organ and of what lies inside it.
    """

    organ: list[str]
    within_mm: float = 15.0
    around_hu: float = 70.0


class VolumeData(Section):
    """Whole scans: grid, window, patch and sources."""

    modality: list[str] = Field(default_factory=lambda: ["CT"], min_length=1, description="DICOM modalities it is for")
    spacing_mm: tuple[float, float, float]
    window_hu: tuple[float, float]
    patch: tuple[int, int, int]
    classes: list[str] = Field(description="class 0 is background")
    sources: list[CohortSource | LabelMapSource | PhantomSource]
    focus: FocusSpec | None = None
    class_weights: dict[str, float] = Field(default_factory=dict, description="share of patches centred on a class")


class PatientTable(Section):
    """A CSV beside an archive with the columns ``split``, ``row`` and one that names the patient (or the lesion)."""

    file: str
    column: str = "patient"


class PictureSource(Section):
    """A cohort of pictures, or a MedMNIST archive."""

    cohort: str
    split: str | None = "train"
    check: str | None = Field("val", description="split on which the best weights are chosen")
    values: dict[str, str] = Field(default_factory=dict, description="this cohort's label → key of data.classes")
    leave_out: dict[str, list[str]] = Field(
        default_factory=dict, description="column → values; rows with one of them are not learned from"
    )
    patients: PatientTable | None = None
    licence: str


class PictureData(Section):
    """Photographs, stills, radiographs, small volumes: one size for all, sides in ratio, the rest black."""

    size: tuple[int, ...] = Field(min_length=2, max_length=3, description="pixels along (Z,) Y, X")
    channels: int = 1
    color_constancy: bool = Field(False, description="take the light's colour out, in training and in use: dermoscopy")
    modality: list[str] = Field(default_factory=lambda: ["XC"], description="DICOM modalities that it is for")
    classes: dict[str, str] = Field(min_length=2, description="value in the cohort → name; masks: 0 is background")
    groups: dict[str, list[str]] = Field(default_factory=dict, description="name → classes that count as it")
    column: str | None = Field(None, description="label, mask or boxes, as the task asks, where None")
    sources: list[PictureSource] = Field(min_length=1)
    balance: Literal["none", "sampler", "loss", "logits"] = Field(
        "none", description="rare classes: drawn as often, weighted in the loss, or logits adjusted by their rate"
    )
    balance_strength: float = Field(1.0, description="of logits: less keeps more of what common classes teach")
    paint_opacities: float = Field(0.0, description="detect: share of the radiographs that get painted opacities")
    skip_damaged: bool = False
    strict_patients: bool = Field(
        True, description="leave out who is held out in any source; false for official splits"
    )

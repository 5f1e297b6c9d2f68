"""The section ``data`` of a recipe: what is learned from, of whole scans or of pictures."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from limner.packs.channels import check_channels
from limner.tasks.multilabel import NONE


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
    drawn_mm: list[tuple[float, float, float]] = Field(
        default_factory=list, description="spacings of scans at which chests are drawn in turn; the net's where empty"
    )
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
    values: dict[str, str] = Field(
        default_factory=dict, description="this cohort's label → key of data.classes; with multi_label '' is none"
    )
    leave_out: dict[str, list[str]] = Field(
        default_factory=dict, description="column → values; rows with one of them are not learned from"
    )
    share: float | None = Field(
        None, gt=0, lt=1, description="of the pictures that are learned from; by their number where None"
    )
    cases: int | None = Field(
        None, ge=1, description="learn from so many patients only, drawn by the recipe's seed, from each label in turn"
    )
    patients: PatientTable | None = None
    licence: str

    @field_validator("values", mode="before")
    @classmethod
    def _words(cls, given: Any) -> Any:
        return as_words(given)


class PictureData(Section):
    """Photographs, stills, radiographs, small volumes: one size for all, sides in ratio, the rest black."""

    size: tuple[int, ...] = Field(min_length=2, max_length=3, description="pixels along (Z,) Y, X")
    channels: int = 1
    color_constancy: bool = Field(False, description="take the light's colour out, in training and in use: dermoscopy")
    window_hu: tuple[float, float] | None = Field(
        None, description="small volumes of CT: HU that become black and white; the range that occurs where None"
    )
    channel_names: list[str] = Field(
        default_factory=list, description="slices of MR: which sequence each channel is, of pre, flair, post"
    )
    reference: str | None = Field(None, description="the channel whose grid a scan is drawn on")
    stand_ins: dict[str, list[str]] = Field(
        default_factory=dict, description="channel → those that stand in where it is missing, the first that is there"
    )
    modality: list[str] = Field(default_factory=lambda: ["XC"], description="DICOM modalities that it is for")
    classes: dict[str, str] = Field(
        default_factory=dict, description="value in the cohort → name, or a list of names; masks: 0 is background"
    )
    condition: Literal["none", "label", "mask"] = Field(
        "none", description="generate: whether pictures are made of a class, or from a label map"
    )
    multi_label: bool = Field(
        False, description="classify: several classes may be there at once (labels a|b), or none (an empty label)"
    )
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

    @field_validator("classes", mode="before")
    @classmethod
    def _words(cls, given: Any) -> Any:
        return as_words(dict(zip(given, given, strict=True)) if isinstance(given, list) else given)

    @model_validator(mode="after")
    def _shares_leave_room(self) -> PictureData:
        asked = [one.share for one in self.sources if one.share is not None]
        if asked and (len(asked) == len(self.sources) or sum(asked) >= 1):
            raise ValueError("the shares of sources are together below 1, and one source at least has the rest")
        return self

    @model_validator(mode="after")
    def _known_channels(self) -> PictureData:
        check_channels(self, len(self.size))
        return self


def as_words(given: Any) -> Any:
    """A table whose numbers, which YAML reads where nothing is quoted, are text: cohorts hold text.

    Raises:
        ValueError: YAML has read a word as true or false.
    """
    if not isinstance(given, dict):
        return given
    told = [one for one in (*given, *given.values()) if isinstance(one, bool)]
    if told:
        raise ValueError(f"YAML reads an unquoted yes, no, on or off as {told[0]}: put the word into quotes")
    return {_word(key): _word(value) for key, value in given.items()}


def _word(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


def listed_classes(task: Any, data: dict[str, Any]) -> dict[str, Any]:
    """A list of names as value in the cohort → name.

    The values are 0, 1, … where numbers are what the data hold (masks, and archives whose labels are numbers), else the
    names themselves.

    Raises:
        ValueError: a name stands there twice.
    """
    names = data["classes"]
    if len(set(map(str, names))) < len(names):
        raise ValueError(f"data.classes names a class twice: {', '.join(map(str, names))}")
    paths = [str(one.get("cohort", "")) for one in data.get("sources") or [] if isinstance(one, dict)]
    numbered = task == "segment" or (bool(paths) and all(path.endswith(".npz") for path in paths))
    return {str(place) if numbered else name: name for place, name in enumerate(names)}


def refuse_multi_label(task: str, data: PictureData) -> None:
    """Refuses what does not go with several classes at once.

    Raises:
        ValueError: with what to write instead.
    """
    if task != "classify":
        raise ValueError(f"data.multi_label is for task 'classify', not {task!r}")
    if data.balance == "logits":
        raise ValueError("data.balance: logits is for one class of all; with data.multi_label take loss or sampler")
    joined = [key for key in data.classes if "|" in key]
    if joined:
        raise ValueError(f"data.classes has the value {joined[0]!r}: '|' joins the labels of one example")
    if NONE in {*data.classes, *data.classes.values()}:
        raise ValueError(
            f"data.classes has a class {NONE!r}, and with data.multi_label that is what an example without a class is: "
            f"leave it out. Cohorts may write {NONE!r} or leave the label empty; another word, such as 'No finding', "
            "is led to '' by data.sources.0.values"
        )

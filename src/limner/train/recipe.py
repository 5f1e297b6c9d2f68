"""A recipe: what to train on what, checked before any work."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from limner.data.organ_view import CHANNELS
from limner.errors import RecipeError
from limner.nets import NETS


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LayerSpec(_Part):
    """One mask column: mask value to class name.

    ``within`` limits where it paints; ``otherwise`` says what a case without it cannot tell apart.
    """

    column: str
    values: dict[int, str]
    within: list[str] | None = None
    otherwise: dict[str, str] = Field(default_factory=dict)


class CohortSource(_Part):
    """Cases with images."""

    cohort: str
    split: str | None = "train"
    only: list[str] | None = None
    weight: float = 1.0
    layers: list[LayerSpec]
    unknown: dict[str, str] = Field(default_factory=dict, description="class → class that it can't be told from here")
    paint_tumors: float = 0.0
    licence: str


class LabelMapSource(_Part):
    """Label maps without images: CT is synthesised from them."""

    label_maps: str
    values: dict[int, tuple[str, str]] = Field(description="mask value → (tissue, class)")
    mirrored: list[Literal["z", "y", "x"]] = Field(default_factory=list, description="axes on which the affine lies")
    weight: float = 1.0
    unknown: dict[str, str] = Field(default_factory=dict)
    paint_tumors: float = 0.0
    licence: str


class PhantomSource(_Part):
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


class FocusSpec(_Part):
    """Work around one organ: its own median sets the window, what is far from it is not asked.

    ``organ`` lists the class of the organ and of what lies inside it.
    """

    organ: list[str]
    within_mm: float = 15.0
    around_hu: float = 70.0


class VolumeData(_Part):
    """Whole scans: grid, window, patch and sources."""

    spacing_mm: tuple[float, float, float]
    window_hu: tuple[float, float]
    patch: tuple[int, int, int]
    classes: list[str] = Field(description="class 0 is background")
    sources: list[CohortSource | LabelMapSource | PhantomSource]
    focus: FocusSpec | None = None
    class_weights: dict[str, float] = Field(default_factory=dict, description="share of patches centred on a class")


class PatientTable(_Part):
    """A CSV beside an archive with the columns ``split``, ``row`` and one that names the patient (or the lesion)."""

    file: str
    column: str = "patient"


class PictureSource(_Part):
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


class PictureData(_Part):
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
    paint_opacities: float = Field(0.0, description="detect: share of the radiographs that get painted opacities")
    skip_damaged: bool = False
    strict_patients: bool = Field(
        True, description="leave out who is held out in any source; false for official splits"
    )


class AugmentSpec(_Part):
    """How far each change of a picture may go; see :class:`limner.data.augment.picture.Strength`."""

    flip: str = ""
    rotate_deg: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    gamma: float = 0.0
    color: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    low_resolution: float = 0.0
    cutout: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    hair: float = 0.0
    outside: Literal["edge", "mirror"] = "edge"


class NetSpec(_Part):
    """A net of :data:`limner.nets.NETS` and its options; ``auto`` lets :mod:`limner.train.plan` pick one."""

    name: str = "auto"
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _a_name_alone(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given


class TrainSpec(_Part):
    """The loop. ``minutes`` bounds the time; the learning rate falls with whichever runs out first."""

    steps: int = 1000
    epochs: float | None = Field(None, description="passes over the examples, in place of steps")
    minutes: float | None = None
    batch: int | Literal["auto"] = Field(2, description="examples per step and process; auto: what memory holds")
    rate: float = 2e-3
    weight_decay: float = 1e-4
    warmup: float = 0.03
    ema: float = 0.995
    class_costs: dict[str, float] = Field(default_factory=dict, description="cross-entropy weight, 1 where not named")
    overlap_weight: float = Field(1.0, description="of the Dice term beside cross-entropy; less leaves p more honest")
    clip: float = 1.0
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    threads: int | None = None
    checkpoint_every: int = 100
    check_every: int | None = Field(None, description="steps between checks on data that is not learned from")
    patience: int | None = Field(None, description="checks without a better figure after which the run ends")
    label_smoothing: float = 0.0
    start_from: str | None = Field(None, description="weights.safetensors of an earlier run or pack")


class PackSpecDraft(_Part):
    """What the pack says of itself."""

    name: str
    version: str = "0.1.0"
    description: str
    citation: list[str] = Field(default_factory=list)
    classical: list[str] = Field(default_factory=list)
    regions: dict[str, list[str]] = Field(default_factory=dict, description="organ → classes that lie inside it")
    window: tuple[int, int, int] | None = Field(None, description="window at inference; the patch where None")
    decode: dict[str, float] = Field(default_factory=dict)
    memory: dict[str, float] = Field(
        default_factory=lambda: {"fixed_mb": 250.0, "bytes_per_voxel": 550.0},
        description="measured peak of an engine: fixed, and per voxel of a window",
    )
    locator: str | None = Field(None, description="run folder of the net that finds organs first; it joins this pack")
    locator_share: float = 0.5


class Expectation(_Part):
    """A figure that the pack must reach on a cohort that it has not learned from.

    ``region`` is a region, a class or a group; the figure over all where None.
    """

    cohort: str
    split: str | None = None
    mask: str = "mask"
    regions: dict[str, tuple[int, ...]] | None = None
    region: str | None = None
    metric: str = "dice"
    at_least: float | None = None
    at_most: float | None = None


class RangeSpec(_Part):
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


class SearchSpec(_Part):
    """A search over settings, by the figure on the check split: key of the recipe → where."""

    space: dict[str, RangeSpec] = Field(min_length=1)
    trials: int = Field(20, ge=1)
    set: dict[str, Any] = Field(default_factory=dict, description="settings of every trial, e.g. train.epochs: 5")
    prune: bool = Field(True, description="end trials early whose checks are below the median of the others")


def _form_of(data: Any) -> str:
    """Pictures have a size; scans have a spacing."""
    given = data if isinstance(data, dict) else vars(data)
    return "picture" if "size" in given else "volume"


class Recipe(_Part):
    """The whole of it."""

    task: Literal["segment", "classify", "detect"]
    data: Annotated[
        Annotated[VolumeData, Tag("volume")] | Annotated[PictureData, Tag("picture")], Discriminator(_form_of)
    ]
    net: NetSpec = Field(default_factory=NetSpec)
    augment: float | AugmentSpec = 1.0
    train: TrainSpec = Field(default_factory=TrainSpec)
    pack: PackSpecDraft
    seed: int = 0
    expect: list[Expectation] = Field(default_factory=list)
    search: SearchSpec | None = None

    @property
    def channels(self) -> int:
        """Channels of the net's input."""
        if isinstance(self.data, PictureData):
            return self.data.channels
        return CHANNELS if self.data.focus else 1

    @model_validator(mode="after")
    def _net_is_known(self) -> Recipe:
        if self.net.name not in ("auto", *NETS):
            raise ValueError(f"net {self.net.name!r} is unknown; known are auto, {', '.join(NETS)}")
        return self

    @model_validator(mode="after")
    def _form_fits_the_task(self) -> Recipe:
        pictures = isinstance(self.data, PictureData)
        phantoms = not pictures and any(isinstance(one, PhantomSource) for one in self.data.sources)
        if self.task != "segment" and not pictures and not (self.task == "detect" and phantoms):
            raise ValueError(f"task {self.task!r} learns from pictures or small volumes: data.size is missing")
        if phantoms and self.task != "detect":
            raise ValueError(f"a source with 'chests' teaches task 'detect', not {self.task!r}")
        if isinstance(self.augment, AugmentSpec) != pictures:
            asked = "a section (rotate_deg, noise, …)" if pictures else "one number, its strength"
            raise ValueError(f"augment is {asked} here")
        return self

    @model_validator(mode="after")
    def _classes_are_known(self) -> Recipe:
        if isinstance(self.data, PictureData):
            return _check_pictures(self, self.data)
        known = set(self.data.classes)
        for source in self.data.sources:
            if isinstance(source, PhantomSource):
                continue
            used = {*source.unknown, *source.unknown.values()}
            if isinstance(source, CohortSource):
                used |= {c for layer in source.layers for c in layer.values.values()}
            else:
                used |= {c for _, c in source.values.values()}
            if used - known:
                raise ValueError(f"classes {sorted(used - known)} are used by a source and not listed in data.classes")
        return self


def _check_pictures(recipe: Recipe, data: PictureData) -> Recipe:
    names = set(data.classes.values())
    for group, members in data.groups.items():
        if set(members) - names:
            raise ValueError(f"data.groups.{group} names {sorted(set(members) - names)}, which data.classes does not")
    for source in data.sources:
        unknown = set(source.values.values()) - set(data.classes)
        if unknown:
            raise ValueError(f"values of {source.cohort!r} lead to {sorted(unknown)}, which data.classes does not have")
    return recipe


def read_recipe(path: Path, overrides: list[str] | None = None) -> Recipe:
    """Reads YAML, applies ``key.sub=value`` overrides, expands ``${LIMNER_DATA}``, checks.

    Raises:
        RecipeError: with every problem found, not only the first.
    """
    path = Path(path)
    if not path.is_file():
        raise RecipeError(f"No recipe at {str(path)!r}.")
    try:
        raw = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise RecipeError(f"The recipe {path.name!r} is not YAML: {error}") from error
    for override in overrides or []:
        if "=" not in override:
            raise RecipeError(f"--set takes key=value, e.g. train.steps=200; got {override!r}.")
        _override(raw, *override.split("=", 1))
    os.environ.setdefault("LIMNER_DATA", "../shared/data")
    try:
        return Recipe.model_validate(_with_grid(_expand(raw)))
    except ValidationError as error:
        problems = "\n".join(
            f"  {_place(one['loc'])}: {one['msg']} (got {one['input']!r:.80})" for one in error.errors()
        )
        raise RecipeError(f"The recipe {path.name!r} does not fit its schema:\n{problems}") from error


def _place(parts: tuple[int | str, ...]) -> str:
    """Where in the YAML; the form of the data, which the schema puts into the path, is not written there."""
    return ".".join(str(part) for number, part in enumerate(parts) if number != 1 or part not in ("volume", "picture"))


def _with_grid(raw: Any) -> Any:
    """``data.spacing_mm: auto`` and ``data.patch: auto`` as numbers, from the headers of the scans."""
    data = raw.get("data") if isinstance(raw, dict) else None
    if not isinstance(data, dict) or "auto" not in (data.get("spacing_mm"), data.get("patch")):
        return raw
    from limner.train.fingerprint import fill_data
    from limner.train.plan import means

    return {**raw, "data": fill_data(data, means().memory_gb)}


def _override(raw: Any, key: str, value: str) -> None:
    """Sets one value in place; a number in the key is a place in a list, e.g. ``data.sources.0.weight``."""
    place = raw
    *parents, last = key.split(".")
    for parent in parents:
        if isinstance(place, list) and parent.isdigit() and int(parent) < len(place):
            place = place[int(parent)]
        elif isinstance(place, dict):
            place = place.setdefault(parent, {})
        else:
            raise RecipeError(f"--set {key}={value}: {parent!r} is not a section of the recipe.")
    if not isinstance(place, dict):
        raise RecipeError(f"--set {key}={value}: {last!r} has no place in a list.")
    place[last] = yaml.safe_load(value)


def _expand(value: Any) -> Any:
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda m: os.environ.get(m.group(1), m.group(0)), value)
    if isinstance(value, dict):
        return {k: _expand(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_expand(v) for v in value]
    return value

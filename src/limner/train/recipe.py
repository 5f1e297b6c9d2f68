"""A recipe: what to train on what, checked before any work."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Discriminator, Field, Tag, ValidationError, model_validator

from limner.data.augment.params import Strength
from limner.data.examples import labels_of
from limner.data.organ_view import CHANNELS
from limner.errors import RecipeError
from limner.nets import NETS
from limner.packs.decode import Decode
from limner.packs.spec import Kind
from limner.packs.task import Task
from limner.train.recipe_data import (
    CohortSource,
    PhantomSource,
    PictureData,
    Section,
    VolumeData,
    listed_classes,
    refuse_multi_label,
)
from limner.train.recipe_generate import CodeSpec, GameSpec, refuse_sections
from limner.train.recipe_loss import LossSpec, refuse_losses
from limner.train.recipe_patches import PatchData, check_curriculum
from limner.train.recipe_search import SearchSpec
from limner.train.recipe_thin import ThinData
from limner.train.recipe_translate import TranslateData

UNFIT: dict[str, dict[str, str]] = {
    "classify": {"carve": "it moves what is marked, and classification has no marks"},
    "segment": {"mixup": "masks do not blend", "cutmix": "masks do not blend (carve does for them what it does)"},
    "detect": {
        "mixup": "boxes do not blend",
        "cutmix": "boxes do not blend",
        "carve": "boxes have no border to cut along",
        "outside": "what is seen in the mirror has no box",
    },
    "generate": {
        "mixup": "two pictures in one would be generated too",
        "cutmix": "two pictures in one would be generated too",
        "carve": "what is cut in would be generated too",
        "cutout": "holes would be generated too",
    },
    "translate": {
        "mixup": "two slices in one have no translation",
        "cutmix": "two slices in one have no translation",
        "carve": "nothing is marked",
        "cutout": "what is not seen would have to be made up",
        "hair": "slices have none",
    },
    "superresolve": {},
}
"""Changes of pictures that can't go with a task, and why."""

FITTING: dict[str, tuple[str, ...]] = {
    "segment": ("unet", "cbam-unet", "unet++", "basic-unet", "dynunet", "swin-unetr", "attention-unet"),
    "classify": ("resnet18", "resnet50", "densenet121"),
    "detect": ("center-net",),
    "generate": ("stylegan2", "vae"),
    "translate": ("casnet", "cyclegan"),
    "superresolve": ("sharpen", "sharpen-vae"),
}
"""Nets by the task whose answer they can give: maps of classes, one for all, centres and sizes, pictures, slices."""


class NetSpec(Section):
    """A net of :data:`limner.nets.NETS` and its options; ``auto`` lets :mod:`limner.train.plan` pick one."""

    name: str = "auto"
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _a_name_alone(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given


class TrainSpec(Section):
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
    clip: float | None = Field(
        None, gt=0, description="length above which a gradient is shortened; 1, or 100 for StyleGAN2, where None"
    )
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    threads: int | None = None
    checkpoint_every: int = 100
    check_every: int | None = Field(None, description="steps between checks on data that is not learned from")
    patience: int | None = Field(None, description="checks without a better figure after which the run ends")
    label_smoothing: float = 0.0
    start_from: str | None = Field(None, description="weights.safetensors of an earlier run or pack")
    average_with: list[str] = Field(
        default_factory=list, description="weights.safetensors of nets akin to this one: the pack gets the mean of all"
    )


class PackSpecDraft(Section):
    """What the pack says of itself."""

    name: str
    version: str = "0.1.0"
    description: str
    citation: list[str] = Field(default_factory=list)
    classical: list[str] = Field(default_factory=list)
    regions: dict[str, list[str]] = Field(default_factory=dict, description="organ → classes that lie inside it")
    kinds: dict[str, Kind] = Field(default_factory=dict, description="class → what it is, where its name is not known")
    window: tuple[int, int, int] | None = Field(None, description="window at inference; the patch where None")
    decode: Decode = Field(default_factory=Decode)
    memory: dict[str, float] = Field(
        default_factory=lambda: {"fixed_mb": 250.0, "bytes_per_voxel": 550.0},
        description="measured peak of an engine: fixed, and per voxel of a window",
    )
    locator: str | None = Field(None, description="run folder of the net that finds organs first; it joins this pack")
    locator_share: float = 0.5


class Expectation(Section):
    """A figure that the pack must reach on a cohort that it has not learned from.

    ``region`` is a region, a class or a group; the figure over all where None. With ``explain`` the figure is one of
    explanations by that method (``pointing``, ``deletion_auc``, …), on ``most`` cases of the cohort.
    """

    cohort: str
    split: str | None = None
    mask: str = "mask"
    label: str | None = Field(None, description="column that names the class; that of the recipe where None")
    regions: dict[str, tuple[int, ...]] | None = None
    region: str | None = None
    metric: str = "dice"
    explain: Literal["grad-cam", "lime"] | None = None
    most: int | None = None
    at_least: float | None = None
    at_most: float | None = None


FORMS = ("volume", "patches", "picture", "thin", "translate")
"""Of data, told apart by their keys."""


def _form_of(data: Any) -> str:
    """Pictures have a size, scans a spacing (and a condition where they are made); others have a key of their own."""
    given = data if isinstance(data, dict) else vars(data)
    for key, form in (("factor", "thin"), ("wanted", "translate")):
        if key in given:
            return form
    if "size" in given:
        return "picture"
    return "patches" if "condition" in given else "volume"


class Recipe(Section):
    """The whole of it."""

    task: Task
    data: Annotated[
        Annotated[VolumeData, Tag("volume")]
        | Annotated[PatchData, Tag("patches")]
        | Annotated[PictureData, Tag("picture")]
        | Annotated[ThinData, Tag("thin")]
        | Annotated[TranslateData, Tag("translate")],
        Discriminator(_form_of),
    ]
    net: NetSpec = Field(default_factory=NetSpec)
    augment: float | Strength = 1.0
    train: TrainSpec = Field(default_factory=TrainSpec)
    game: GameSpec = Field(default_factory=GameSpec)
    code: CodeSpec = Field(default_factory=CodeSpec)
    loss: LossSpec = Field(default_factory=LossSpec, description="of tasks that make an image of another")
    pack: PackSpecDraft
    seed: int = 0
    expect: list[Expectation] = Field(default_factory=list)
    search: SearchSpec | None = None

    @property
    def channels(self) -> int:
        """Channels of the net's input."""
        if isinstance(self.data, PictureData):
            return self.data.channels
        if isinstance(self.data, TranslateData):
            return len(self.data.given)
        if isinstance(self.data, ThinData):
            return 1
        return CHANNELS if self.data.focus else 1

    @property
    def changes(self) -> Strength:
        """How far pictures are changed; nothing where the data are scans."""
        return self.augment if isinstance(self.augment, Strength) else Strength()

    @model_validator(mode="before")
    @classmethod
    def _a_list_of_classes(cls, given: Any) -> Any:
        """A picture's classes as a list."""
        data = given.get("data") if isinstance(given, dict) else None
        if not isinstance(data, dict) or "size" not in data or not isinstance(data.get("classes"), list):
            return given
        return {**given, "data": {**data, "classes": listed_classes(given.get("task"), data)}}

    @model_validator(mode="after")
    def _net_is_known(self) -> Recipe:
        if self.net.name not in ("auto", *NETS):
            near = difflib.get_close_matches(self.net.name, NETS, n=1)
            hint = f". Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"net {self.net.name!r} is unknown; known are auto, {', '.join(NETS)}{hint}")
        if self.net.name not in ("auto", *FITTING[self.task]):
            [for_task] = [task for task, names in FITTING.items() if self.net.name in names]
            raise ValueError(
                f"net {self.net.name!r} is for task {for_task!r}, and the task is {self.task!r}, for which there are "
                f"auto, {', '.join(FITTING[self.task])}"
            )
        return self

    @model_validator(mode="after")
    def _form_fits_the_task(self) -> Recipe:
        if isinstance(self.data, TranslateData) != (self.task == "translate"):
            raise ValueError("data.wanted, the channel that is made of others, goes with task 'translate' alone")
        if self.task not in ("translate", "superresolve") and self.loss != LossSpec():
            raise ValueError(f"the section 'loss' is for task 'translate' or 'superresolve', not {self.task!r}")
        pictures = isinstance(self.data, (PictureData, TranslateData))
        if isinstance(self.data, ThinData) != (self.task == "superresolve"):
            raise ValueError(
                "data.factor, how many thin slices a thick one becomes, goes with task 'superresolve' alone"
            )
        phantoms = not pictures and any(isinstance(one, PhantomSource) for one in self.data.sources)
        if isinstance(self.data, PatchData) != (self.task == "generate" and not pictures):
            raise ValueError(
                "data.condition (none or mask) goes with task 'generate', and volumes are generated with it"
            )
        whole = ("segment", "superresolve", "generate")
        if self.task not in whole and not pictures and not (self.task == "detect" and phantoms):
            raise ValueError(f"task {self.task!r} learns from pictures or small volumes: data.size is missing")
        if phantoms and self.task != "detect":
            raise ValueError(f"a source with 'chests' teaches task 'detect', not {self.task!r}")
        if isinstance(self.augment, Strength) != pictures:
            form = "a section (rotate_deg, noise, …)" if pictures else "one number, its strength"
            raise ValueError(f"augment is {form} here")
        asked = {name: why for name, why in UNFIT[self.task].items() if getattr(self.changes, name) not in (0, "edge")}
        if asked:
            told = "; ".join(f"augment.{name}: {why}" for name, why in asked.items())
            raise ValueError(f"{told}. Leave it out for task {self.task!r}")
        return self

    @model_validator(mode="after")
    def _curriculum_fits_the_data(self) -> Recipe:
        check_curriculum(self)
        return self

    @model_validator(mode="after")
    def _losses_fit_the_data(self) -> Recipe:
        if isinstance(self.data, (TranslateData, ThinData)):
            refuse_losses(self.net.name, self.data, self.loss)
        return self

    @model_validator(mode="after")
    def _sections_are_of_the_net(self) -> Recipe:
        refuse_sections(self.task, self.net.name, self.game, self.code)
        return self

    @model_validator(mode="after")
    def _the_pack_fits(self) -> Recipe:
        data = self.data
        known = {*data.classes.values(), *data.groups} if isinstance(data, PictureData) else {*data.classes}
        if strange := sorted(set(self.pack.kinds) - known):
            raise ValueError(f"pack.kinds names {strange}, which data.classes does not have")
        self.pack.decode.check(self.task, scans=not isinstance(data, PictureData))
        return self

    @model_validator(mode="after")
    def _classes_are_known(self) -> Recipe:
        if isinstance(self.data, PictureData):
            return _check_pictures(self, self.data)
        if isinstance(self.data, (ThinData, TranslateData)):
            return self
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
    if recipe.task != "generate" and data.condition != "none":
        raise ValueError(f"data.condition is for task 'generate', not {recipe.task!r}")
    if len(names) < 2 and (recipe.task != "generate" or data.condition != "none"):
        raise ValueError(f"data.classes needs two names at least; it has {len(names)}")
    if data.window_hu is not None:
        if len(data.size) != 3:
            raise ValueError("data.window_hu is for volumes: data.size has three numbers there")
        if not data.window_hu[0] < data.window_hu[1]:
            raise ValueError(f"data.window_hu is [low, high] with low below high; got {list(data.window_hu)}")
    if data.multi_label:
        refuse_multi_label(recipe.task, data)
    for group, members in data.groups.items():
        if set(members) - names:
            raise ValueError(f"data.groups.{group} names {sorted(set(members) - names)}, which data.classes does not")
    for source in data.sources:
        words = {word for one in source.values.values() for word in ([*labels_of(one)] if data.multi_label else [one])}
        unknown = words - set(data.classes)
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
            f"  {_place(one['loc'])}: {one['msg']} (got {one['input']!r:.80})" if one["loc"] else f"  {one['msg']}"
            for one in error.errors()
        )
        raise RecipeError(f"The recipe {path.name!r} does not fit its schema:\n{problems}") from error


def _place(parts: tuple[int | str, ...]) -> str:
    """Where in the YAML; the form of the data, which the schema puts into the path, is not written there."""
    return ".".join(str(part) for number, part in enumerate(parts) if number != 1 or part not in FORMS)


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

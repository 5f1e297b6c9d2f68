"""Model packs: a folder with weights and what is known about them, and no code."""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from limner.errors import PackError
from limner.image import Label, anatomy
from limner.packs.channels import check_channels
from limner.packs.decode import Decode
from limner.packs.slices import SlicesSpec
from limner.packs.task import Task

SHIPPED = Path(__file__).resolve().parent


Kind = Literal["organ", "lesion", "vessel", "tissue"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class InputSpec(_Part):
    """What the net expects: spacing and patch along ``(Z, Y, X)``, HU window scaled to 0–1."""

    modality: list[str]
    spacing_mm: tuple[float, float, float]
    window_hu: tuple[float, float]
    patch: tuple[int, int, int]
    divisible: tuple[int, int, int]
    channels: int = 1
    around_hu: float | None = Field(None, description="half width of a window around the located organ's median")


class PictureSpec(_Part):
    """What a net on pictures expects: size along ``(Z,) Y, X`` (sides in ratio, the rest black), values 0–1."""

    modality: list[str]
    size: tuple[int, ...]
    channels: int = 1
    color_constancy: bool = Field(False, description="the light's colour is taken out first (shades of grey)")
    window_hu: tuple[float, float] | None = Field(
        None, description="small volumes: HU that become 0 and 1; the range that occurs where None"
    )
    channel_names: list[str] = Field(
        default_factory=list, description="of slices of a scan: which sequence each channel is, as limner.image.mr says"
    )
    reference: str | None = Field(None, description="the channel whose grid a scan is drawn on")
    stand_ins: dict[str, list[str]] = Field(
        default_factory=dict, description="channel → those that stand in where it is missing, the first that is there"
    )

    @model_validator(mode="after")
    def _known_channels(self) -> PictureSpec:
        check_channels(self, len(self.size))
        return self


class Calibration(_Part):
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


class NetSpec(_Part):
    """How to build the net again from ``weights.safetensors``."""

    name: str
    options: dict[str, Any] = Field(default_factory=dict)


class LocatorSpec(_Part):
    """A first, coarse net that finds organs in the whole scan; the main net then looks only near its own organ."""

    input: InputSpec
    classes: list[str]
    net: NetSpec | None = None
    share: float = Field(0.5, description="weight of the coarse probability where both nets speak")


class MemorySpec(_Part):
    """Peak bytes of the engine: ``fixed_mb + bytes_per_voxel × voxels of a window``."""

    fixed_mb: float
    bytes_per_voxel: float


class DirectionSpec(_Part):
    """A direction in the space of styles, and what of a picture it changes.

    Args:
        name: of the attribute that follows it, or ``direction 3`` where none does; several may have one name.
        vector: unit length.
        spread: of styles along it, one standard deviation.
        correlation: of that attribute with the way along it, on generated pictures.
    """

    name: str
    vector: list[float]
    spread: float = 1.0
    correlation: float = 0.0


class ShapeSpec(_Part):
    """What label maps that it learned from look like: shares of the side, and how many are empty."""

    empty: float
    area: list[float] = Field(description="quantiles of the marked share of the picture, least to largest")
    center: list[float] = Field(description="mean along y and x, then standard deviation along y and x")


class GeneratorSpec(_Part):
    """What a generator takes: ``latent`` numbers become ``layers`` styles of ``width``; noise stands beside them."""

    latent: int
    layers: int
    width: int
    noises: int = 0
    condition: Literal["none", "label", "mask", "place"] = Field(
        "none", description="nothing, a class, a label map, or of each thing that is marked how large it is and where"
    )
    encoder: bool = Field(False, description="encoder.onnx turns a picture into the style that it is made from again")
    shares: list[float] = Field(default_factory=list, description="of each class among what it learned from")
    shapes: list[ShapeSpec] = Field(default_factory=list, description="of each class of its label maps")
    directions: list[DirectionSpec] = Field(default_factory=list)

    def conditions(self, classes: int) -> int:
        """Channels of the condition: classes, or what a label map marks."""
        return {"none": 0, "label": classes, "mask": classes - 1, "place": classes - 1}[self.condition]


class TranslatorSpec(_Part):
    """What a translator makes of its input's channels.

    Args:
        wanted: the channel that it makes.
        channel_names: of the pictures that it learned from, and is held against: all in one.
        judge: pack on all channels whose features and outlines say how good a translation is.
        unpaired: it learned from pictures that do not belong together.
    """

    wanted: str
    channel_names: list[str]
    judge: str | None = None
    unpaired: bool = False


class TrainingRow(_Part):
    """A case that the pack learned from, and its terms."""

    case: str
    source: str
    licence: str


class PackSpec(_Part):
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


@dataclass(frozen=True)
class Net:
    """One net of a pack: its files, what it expects, what its channels mean.

    ``ports`` are the channels with which it is built again, those of input and classes where None; ``part`` is the
    module of it that this graph is, the whole where empty; ``inner`` are values inside that are asked for instead of
    its outputs.
    """

    pack: str
    model: Path
    weights: Path
    input: InputSpec | PictureSpec | SlicesSpec
    classes: tuple[str, ...]
    build: NetSpec | None
    outputs: tuple[str, ...] = ("logits",)
    ports: tuple[int, int] | None = None
    part: str = ""
    inner: tuple[str, ...] = ()

    @property
    def volume(self) -> InputSpec:
        """The input of a net on scans.

        Raises:
            PackError: this net reads pictures.
        """
        if isinstance(self.input, SlicesSpec):
            raise PackError(f"Pack {self.pack!r} makes voxels finer and names nothing in them: use `limner enhance`.")
        if not isinstance(self.input, InputSpec):
            raise PackError(f"Pack {self.pack!r} reads pictures, not scans. See `limner packs list` for others.")
        return self.input

    @property
    def picture(self) -> PictureSpec:
        """The input of a net on pictures.

        Raises:
            PackError: this net reads scans.
        """
        if isinstance(self.input, SlicesSpec):
            raise PackError(f"Pack {self.pack!r} makes voxels finer and names nothing in them: use `limner enhance`.")
        if not isinstance(self.input, PictureSpec):
            raise PackError(f"Pack {self.pack!r} reads scans, not pictures. See `limner packs list` for others.")
        return self.input

    @property
    def slices(self) -> SlicesSpec:
        """The input of a net that makes slices thinner, or pixels finer.

        Raises:
            PackError: this net does something else.
        """
        if not isinstance(self.input, SlicesSpec):
            raise PackError(f"Pack {self.pack!r} does not make voxels finer. See `limner packs list` for others.")
        return self.input


@dataclass(frozen=True)
class Pack:
    """A pack on disk, read and checked."""

    folder: Path
    spec: PackSpec

    @property
    def name(self) -> str:
        """Name of the pack."""
        return self.spec.name

    @property
    def version(self) -> str:
        """Version of the pack."""
        return self.spec.version

    @property
    def main(self) -> Net:
        """The net that draws."""
        spec = self.spec
        if spec.generator is not None:
            return self.part("synthesis", "model.onnx", OUTPUTS[spec.task])
        files = self.folder / "model.onnx", self.folder / "weights.safetensors"
        named = isinstance(spec.input, PictureSpec) or spec.task in ("detect", "superresolve")
        outputs = OUTPUTS[spec.task] if named else ("logits",)
        if isinstance(spec.input, SlicesSpec) and spec.input.latent:
            outputs = outputs[:1]  # how far its samples differ says what the spread would
        ports = (1, 1) if spec.task == "superresolve" else None
        if spec.task == "translate" and isinstance(spec.input, PictureSpec):
            ports = (spec.input.channels, 1)
        return Net(self.name, *files, spec.input, tuple(spec.classes), spec.net, outputs, ports)

    @property
    def generator(self) -> GeneratorSpec:
        """What it takes to make pictures.

        Raises:
            PackError: this pack makes none.
        """
        if self.spec.generator is None:
            raise PackError(
                f"Pack {self.name!r} generates nothing: its task is {self.spec.task}. Others: `limner packs list`."
            )
        return self.spec.generator

    @property
    def translator(self) -> TranslatorSpec:
        """What it makes of what.

        Raises:
            PackError: this pack translates nothing.
        """
        if self.spec.translator is None:
            raise PackError(
                f"Pack {self.name!r} translates nothing: its task is {self.spec.task}. Others: `limner packs list`."
            )
        return self.spec.translator

    def part(self, name: str, file: str, outputs: tuple[str, ...]) -> Net:
        """One graph of a generator: ``mapping``, ``synthesis``, ``encoder`` or ``decoder``."""
        spec, known = self.spec, self.generator
        ports = known.conditions(len(spec.classes)), spec.input.channels
        files = self.folder / file, self.folder / "weights.safetensors"
        return Net(self.name, *files, spec.input, tuple(spec.classes), spec.net, outputs, ports, name)

    @property
    def draws_slices(self) -> bool:
        """Whether it outlines pictures that are slices of a scan, and so draws a scan slice by slice."""
        return (
            self.spec.task == "segment"
            and isinstance(self.spec.input, PictureSpec)
            and bool(self.spec.input.channel_names)
        )

    @property
    def locator(self) -> Net | None:
        """The net that finds, where the pack has one."""
        spec = self.spec.locator
        if spec is None:
            return None
        files = self.folder / "locator.onnx", self.folder / "locator.safetensors"
        return Net(self.name, *files, spec.input, tuple(spec.classes), spec.net)

    @property
    def structures(self) -> tuple[str, ...]:
        """What the nets name, in the order of the label values: the main net's classes, then the locator's others."""
        found = self.spec.classes[1:]
        if self.spec.locator:
            found = [*found, *(name for name in self.spec.locator.classes[1:] if name not in found)]
        return tuple(found)

    @cached_property
    def sha256(self) -> str:
        """One hash over everything that shapes an answer: ``pack.json`` and the files that it lists."""
        return hashlib.sha256((self.folder / "pack.json").read_bytes()).hexdigest()

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """Every label that a drawing by this pack may hold."""
        ruled = [part for name in self.spec.classical for part in CLASSICAL_LABELS[name]]
        kinds = self.spec.kinds
        return tuple(
            anatomy.named(name, value, kinds.get(name)) for value, name in enumerate([*self.structures, *ruled], 1)
        )

    def region(self, name: str) -> tuple[str, ...]:
        """The labels of a region: an organ holds all that lies inside it.

        Raises:
            PackError: for a region that this pack does not know.
        """
        known = [one.name for one in self.labels]
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise PackError(f"Pack {self.name!r} has no region {name!r}; it has {', '.join(known)}.{hint}")
        return (name, *(one for one in self.spec.regions.get(name, []) if one != name))

    def verify(self) -> None:
        """Holds every file against the hash in ``pack.json``.

        Raises:
            PackError: names the file that differs.
        """
        for name, expected in self.spec.files.items():
            path = self.folder / name
            if not path.is_file():
                raise PackError(f"Pack {self.name!r} lacks its file {name!r}; fetch the pack again.")
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            if found != expected:
                raise PackError(
                    f"Pack {self.name!r}: {name!r} is not the file it was made with "
                    f"(SHA-256 {found[:12]}…, expected {expected[:12]}…); fetch the pack again."
                )


OUTPUTS: dict[str, tuple[str, ...]] = {
    "classify": ("logits", "maps"),
    "segment": ("logits",),
    "detect": ("centers", "sizes", "offsets"),
    "generate": ("picture",),
    "translate": ("picture",),
    "superresolve": ("values", "spread"),
}
"""What a net gives, by task, in this order."""

CLASSICAL_LABELS: dict[str, tuple[str, ...]] = {
    "lungs": ("right lung", "left lung"),
    "bones": ("bones",),
    "body": ("body",),
    "head": ("head",),
}


def load_pack(name_or_path: str | Path) -> Pack:
    """A pack by name (shipped) or folder.

    Raises:
        PackError: not there (with the names that are), or ``pack.json`` does not fit its schema.
    """
    folder = Path(name_or_path)
    if not (folder / "pack.json").is_file():
        folder = SHIPPED / str(name_or_path)
    if not (folder / "pack.json").is_file():
        known = sorted(path.parent.name for path in SHIPPED.glob("*/pack.json"))
        near = difflib.get_close_matches(str(name_or_path), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise PackError(
            f"No pack {str(name_or_path)!r}: expected a shipped name ({', '.join(known) or 'none'}) or a folder with "
            f"pack.json.{hint}"
        )
    try:
        spec = PackSpec.model_validate(json.loads((folder / "pack.json").read_text()))
    except (json.JSONDecodeError, ValidationError) as error:
        raise PackError(f"{folder.name!r} is no pack that this version reads: {error}") from error
    if not (folder / "model.onnx").is_file():
        raise PackError(f"Pack {spec.name!r} lacks its file 'model.onnx'; fetch the pack again.")
    return Pack(folder, spec)


def shipped_pack(name: str) -> Pack:
    """A shipped pack by its name alone: for names that come from outside, and must not be read as paths.

    Raises:
        PackError: no pack has this name.
    """
    known = sorted(path.parent.name for path in SHIPPED.glob("*/pack.json"))
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise PackError(f"No pack {name!r}; there are {', '.join(known) or 'none'}.{hint}")
    return load_pack(SHIPPED / name)


def list_packs() -> tuple[Pack, ...]:
    """The shipped packs, by name."""
    return tuple(load_pack(path.parent) for path in sorted(SHIPPED.glob("*/pack.json")))

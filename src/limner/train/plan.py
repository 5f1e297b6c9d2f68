"""Which net a recipe gets that names none, and why: one sentence."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from limner import nets
from limner.data.cohort import read_cohort
from limner.errors import RecipeError
from limner.nets.dynunet import topology
from limner.train.fingerprint import ANISOTROPIC
from limner.train.memory import available_gb
from limner.train.recipe import NetSpec, Recipe
from limner.train.recipe_data import CohortSource, LabelMapSource, PictureData, PictureSource, VolumeData
from limner.train.recipe_patches import PatchData
from limner.train.recipe_thin import PlaneSource, ThinData
from limner.train.recipe_translate import TranslateData

SMALL_PIXELS = 64
"""Pictures up to this side keep their size through the first layer of a net."""


_CENTERS = "asks for centres and sizes, which it gives without anchors to choose."


@dataclass(frozen=True)
class Plan:
    """What was chosen.

    Args:
        net: name in :data:`limner.nets.NETS`.
        options: of it.
        why: one sentence.
        seen: what the choice rests on: task, size, cases, memory, device.
    """

    net: str
    options: dict[str, Any]
    why: str
    seen: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """``plan.json`` in the run's folder."""
        (folder / "plan.json").write_text(json.dumps(asdict(self), indent=1) + "\n")


@dataclass(frozen=True)
class Means:
    """What a run may use: gigabytes for training, and whether a GPU computes."""

    memory_gb: float
    gpu: bool


def means() -> Means:
    """Of this machine: most of a GPU's memory; on a processor half of what is free, and no patch that takes minutes."""
    import torch

    gpu = bool(torch.cuda.is_available())
    return Means(0.9 * available_gb() if gpu else min(0.5 * available_gb(), 2.0), gpu)


def plan(recipe: Recipe, given: Means | None = None) -> Plan:
    """The net of a recipe: the one that it names, or one by task, size, number of cases and memory.

    Args:
        recipe: with ``net: auto`` (as where it names none), or a net.
        given: what may be used; this machine where None.
    """
    if recipe.net.name != "auto":
        return Plan(recipe.net.name, recipe.net.options, f"{recipe.net.name}, because the recipe names it.")
    if isinstance(recipe.data, TranslateData):
        name = "cyclegan" if recipe.data.unpaired else "casnet"
        pairs = "do not come in pairs" if recipe.data.unpaired else "come in pairs"
        return Plan(name, recipe.net.options, f"{name}, because the pictures {pairs}.")
    have = given or means()
    if isinstance(recipe.data, ThinData):
        return Plan("sharpen", recipe.net.options, "sharpen, because it keeps the thick slices as they are.")
    if isinstance(recipe.data, PictureData):
        chosen = _for_pictures(recipe, recipe.data, have)
    else:
        chosen = _for_volumes(recipe, recipe.data, have)
    size = recipe.data.size if isinstance(recipe.data, PictureData) else recipe.data.patch
    seen = {
        "task": recipe.task,
        "size": list(size),
        "cases": count_cases(recipe),
        "memory_gb": round(have.memory_gb, 1),
        "gpu": have.gpu,
    }
    return Plan(chosen.net, {**chosen.options, **recipe.net.options}, chosen.why, seen)


def with_plan(recipe: Recipe, chosen: Plan) -> Recipe:
    """The recipe with that net.

    Raises:
        RecipeError: the net does not take these options.
    """
    done = recipe.model_copy(update={"net": NetSpec(name=chosen.net, options=chosen.options)})
    try:  # before any data are read: a slip in an option should cost a second
        _build(done)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"net {chosen.net!r} cannot be built with net.options={chosen.options}: {error}.") from error
    return done


def fixed_options(recipe: Recipe) -> dict[str, int]:
    """What the data alone say of a net: its axes of space, and how many slices or pixels it makes of one."""
    if isinstance(recipe.data, ThinData):
        within = {"within": True} if recipe.data.within else {}
        return {"dims": 2, "factor": recipe.data.factor, **within}
    return {"dims": len(recipe.data.size)} if isinstance(recipe.data, PictureData) else {}


def _build(recipe: Recipe) -> None:
    data, kinds = recipe.data, len(recipe.data.classes)
    if recipe.task == "generate":
        from limner.train.generate import build_generator

        by = data.condition if isinstance(data, (PictureData, PatchData)) else "none"
        build_generator(recipe, {"none": 0, "label": kinds, "mask": kinds - 1}[by])
        return
    outputs = 1 if isinstance(data, (ThinData, TranslateData)) else kinds
    nets.build(recipe.net.name, recipe.channels, outputs, **{**fixed_options(recipe), **recipe.net.options})


def _for_pictures(recipe: Recipe, data: PictureData, have: Means) -> Plan:
    cases, dims = count_cases(recipe), len(data.size)
    told = " × ".join(map(str, data.size))
    if recipe.task == "classify":
        small = max(data.size) <= SMALL_PIXELS
        stem = "small" if small else "large"
        width = 32 if (dims == 3 and not have.gpu) or cases < 2000 else 64
        if not small and have.gpu and cases >= 10000:
            why = f"resnet50, because {cases} pictures of {told} can teach a deep net and a GPU is there."
            return Plan("resnet50", {"stem": stem}, why)
        kept = "with a stem that keeps small pictures whole" if small else "with the usual stem"
        few = f"; it is {width} wide, half of the usual" if width < 64 else ""
        why = f"resnet18 {kept}, because classifying {cases} pictures of {told} is a simple task{few}."
        return Plan("resnet18", {"stem": stem, "width": width}, why)
    if recipe.task == "detect":
        return Plan("center-net", {}, f"center-net, because detection in pictures of {told} {_CENTERS}")
    if recipe.task == "generate":
        return _generator(data.size, have)
    if dims == 3 and np.prod(data.size) > 64**3:
        return _planned((1.0,) * dims, data.size, have, "are large")
    return _fine(f"pictures of {told}" if dims == 2 else f"volumes of {told}", have)


def _for_volumes(recipe: Recipe, data: VolumeData, have: Means) -> Plan:
    ratio = max(data.spacing_mm) / min(data.spacing_mm)
    told = " × ".join(map(str, data.patch))
    if isinstance(data, PatchData):
        return _volume_generator(data.patch, have)
    if recipe.task == "detect":
        return Plan("center-net", {"dims": 3}, f"center-net, because detection in patches of {told} {_CENTERS}")
    if ratio >= ANISOTROPIC - 1:
        return _planned(data.spacing_mm, data.patch, have, f"are {ratio:.1f} times coarser along one axis")
    if np.prod(data.patch) > 64**3:
        return _planned(data.spacing_mm, data.patch, have, "are large")
    return _fine(f"patches of {told}", have)


def _generator(size: tuple[int, ...], have: Means) -> Plan:
    side, octaves = size[0], size[0].bit_length() - 2
    if len(size) != 2 or size[1] != side or side != 4 << (octaves - 1) or octaves < 2:
        told = " × ".join(map(str, size))
        raise RecipeError(f"Pictures are generated square, of 8, 16, 32, 64, 128, … pixels; data.size is {told}.")
    wide = 256 if have.gpu else 96
    features = [min(wide, wide * 32 // (4 << k)) for k in range(octaves)]  # halved with each doubling above 32
    why = "what it makes looks real in detail; net: vae has smoother ways and sizes that can be set"
    return Plan("stylegan2", {"features": features}, f"stylegan2, because {why}.")


def _volume_generator(patch: tuple[int, ...], have: Means) -> Plan:
    octaves = max(patch).bit_length() - 2
    wide, finest = (256, 16) if have.gpu else (64, 6)
    features = [min(wide, finest << (octaves - 1 - k)) for k in range(octaves)]
    return Plan("stylegan2", {"features": features}, "stylegan2, which alone makes volumes.")


def _fine(what: str, have: Means) -> Plan:
    first = 32 if have.gpu else 16
    features = [first, 2 * first, 4 * first, 8 * first, 8 * first, first]
    why = f"unet++, because fine borders in {what} gain from its dense skip connections; {first} channels at the finest"
    return Plan("unet++", {"features": features}, why + (" level." if have.gpu else " level, as no GPU is there."))


def _planned(spacing: tuple[float, ...], patch: tuple[int, ...], have: Means, how: str) -> Plan:
    made = topology(spacing, patch)
    if len(made.strides) < 3:
        return _fine(f"volumes of {' × '.join(map(str, patch))}", have)
    first = 32 if have.gpu else 16
    options = {
        "channels": list(made.channels(first)),
        "kernels": [list(k) for k in made.kernels],
        "strides": [list(s) for s in made.strides],
    }
    why = (
        f"dynunet with {len(made.strides)} levels planned from the spacing, because the volumes {how}; {first} "
        f"channels at the finest level{'' if have.gpu else ', as no GPU is there'}."
    )
    return Plan("dynunet", options, why)


def count_cases(recipe: Recipe) -> int:
    """How many cases a recipe learns from, without reading one."""
    count = 0
    for source in recipe.data.sources:
        if isinstance(source, (CohortSource, PictureSource, PlaneSource)):
            count += _count(Path(source.cohort), source.split)
        elif isinstance(source, LabelMapSource):
            pattern = Path(source.label_maps)
            count += len(list(pattern.parent.glob(pattern.name)))
        else:
            count += source.chests
    return count


def _count(path: Path, split: str | None) -> int:
    if path.suffix != ".npz":
        return len(read_cohort(path, files=False).split(split).cases)
    if not path.is_file():
        return 0  # the reader refuses it by name
    with np.load(path, allow_pickle=False) as held:
        names = [n for n in held.files if n.endswith("_labels") and split in (None, n.removesuffix("_labels"))]
        return sum(len(held[name]) for name in names)

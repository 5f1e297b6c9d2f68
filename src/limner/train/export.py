"""From trained weights to a model pack: ONNX, safetensors, ``pack.json``, card. Half precision on disk."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from limner.nets.sharpen_vae import LATENT
from limner.packs import Calibration, LocatorSpec, Net, Pack, PackSpec, TrainingRow, load_pack
from limner.packs.card import card
from limner.packs.net import OUTPUTS
from limner.train.export_generator import export_generator, settle_generator
from limner.train.graph import write_graph
from limner.train.plan import fixed_options
from limner.train.recipe import Recipe
from limner.train.recipe_data import PictureData, VolumeData
from limner.train.recipe_patches import PatchData
from limner.train.recipe_thin import ThinData
from limner.train.recipe_translate import TranslateData
from limner.train.sources import provenance

_FREE = ("cc by 4.0", "cc by 3.0", "cc0", "apache-2.0", "mit")


class _First(nn.Module):
    """The first outputs only: a net may give more while it learns."""

    def __init__(self, net: nn.Module, count: int) -> None:
        super().__init__()
        self.net, self.count = net, count

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        found = self.net(*given)
        return (found,) if isinstance(found, Tensor) else tuple(found[: self.count])


def write_pack(net: nn.Module, recipe: Recipe, folder: Path, calibration: Calibration | None = None) -> Path:
    """Writes ``folder/pack`` aside and renames it.

    Returns:
        The pack's folder.
    """
    aside, final = folder / "pack.partial", folder / "pack"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    net = net.float().cpu().eval()
    if recipe.task == "generate":
        settle_generator(net, recipe)
    save_file(
        {name: value.half().contiguous() for name, value in net.state_dict().items()}, aside / "weights.safetensors"
    )
    generator = export_generator(net, recipe, aside) if recipe.task == "generate" else None
    if generator is None:
        export_onnx(net, recipe, aside / "model.onnx", aside / "weights.safetensors")
    locator = load_pack(Path(recipe.pack.locator) / "pack") if recipe.pack.locator else None
    if locator:
        copy_net(locator.main, aside / "locator.onnx", aside / "locator.safetensors")
    spec = _spec(recipe, aside, locator, _curve_end(folder), calibration).model_copy(update={"generator": generator})
    (aside / "pack.json").write_text(spec.model_dump_json(by_alias=True, indent=1) + "\n")
    (aside / "CARD.md").write_text(card(load_pack(aside)))
    shutil.rmtree(final, ignore_errors=True)
    aside.rename(final)
    return final


def export_onnx(net: nn.Module, recipe: Recipe, path: Path, weights: Path) -> None:
    """ONNX with free Z, Y, X (pictures: of one size, but where they are translated).

    Weights are those of ``weights``, arithmetic is float32.
    """
    data = recipe.data
    pictures = isinstance(data, (PictureData, TranslateData))
    named = pictures or recipe.task in ("detect", "superresolve")
    outputs = OUTPUTS[recipe.task] if named else ("logits",)
    latent = _input(recipe).get("latent", 0)
    if isinstance(data, ThinData):
        size: tuple[int, ...] = (8, 16)
    else:
        size = data.size if isinstance(data, (PictureData, TranslateData)) else _multiple(recipe)
    fixed = isinstance(data, PictureData)
    axes = {0: "n", **({} if fixed else dict(enumerate(("z", "y", "x")[-len(size) :], 2)))}
    there = {**axes, 2: "thin"} if isinstance(data, ThinData) else axes
    if isinstance(data, ThinData) and data.within:
        there = {**there, 3: "fine"}
    given = {"image": torch.zeros(1, recipe.channels, *size)}
    if latent:
        given["latent"], outputs = torch.zeros(1, latent, *size), outputs[:1]
    write_graph(
        _First(net.to(memory_format=torch.contiguous_format), len(outputs)),
        given,
        {**dict.fromkeys(given, axes), **dict.fromkeys(outputs, there)},
        path,
        weights,
    )


def copy_net(net: Net, target: Path, weights: Path) -> None:
    """Copies a net under other names: the ONNX file must point to its weights' new name."""
    shutil.copyfile(net.weights, weights)
    graph = onnx.load(str(net.model), load_external_data=False)
    for initializer in graph.graph.initializer:
        for entry in initializer.external_data:
            if entry.key == "location":
                entry.value = weights.name
    onnx.save(graph, str(target))


def binds(terms: str) -> bool:
    """Whether what is learned from data under these terms can't be passed on freely; unstated terms are not free."""
    return "-nc" in terms or "unstated" in terms or not any(free in terms for free in _FREE)


def _spec(
    recipe: Recipe, folder: Path, locator: Pack | None, history: str, calibration: Calibration | None
) -> PackSpec:
    rows = [TrainingRow(case=row["case"], source=row["from"], licence=row["licence"]) for row in provenance(recipe)]
    rows += [row for row in (locator.spec.training if locator else []) if row not in rows]
    licences = sorted({row.licence for row in rows})
    bound = [text for text in licences if binds(text.lower())]
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(_files(folder))}
    known: dict[str, Any] = {
        "schema": "limner.pack/1",
        "name": recipe.pack.name,
        "version": recipe.pack.version,
        "task": recipe.task,
        "description": recipe.pack.description,
        "input": _input(recipe),
        "classes": list(recipe.data.classes.values())
        if isinstance(recipe.data, PictureData)
        else list(recipe.data.classes),
        "translator": _translator(recipe),
        "class_values": list(recipe.data.classes) if isinstance(recipe.data, PictureData) else [],
        "groups": recipe.data.groups if isinstance(recipe.data, PictureData) else {},
        **_several(recipe),
        "calibration": calibration,
        "mirrors": recipe.changes.flip,
        "regions": recipe.pack.regions,
        "kinds": recipe.pack.kinds,
        "classical": recipe.pack.classical,
        "net": {"name": recipe.net.name, "options": {**_fixed(recipe), **recipe.net.options}},
        "locator": locator and _locator(locator, recipe),
        "licence": "Non-commercial use only: learned from data under " + "; ".join(bound) if bound else "Apache-2.0",
        "non_commercial": bool(bound),
        "training": rows,
        "memory": recipe.pack.memory,
        "decode": recipe.pack.decode,
        "history": history if locator is None else f"Main net: {history} Locator: {locator.spec.history}",
        "citations": recipe.pack.citation,
        "files": files,
    }
    return PackSpec.model_validate(known)


def _several(recipe: Recipe) -> dict[str, Any]:
    """Whether several classes may be there at once, and the cohorts' words for none."""
    if not isinstance(recipe.data, PictureData) or not recipe.data.multi_label:
        return {}
    words = {value for source in recipe.data.sources for value, led_to in source.values.items() if not led_to}
    return {"multi_label": True, "none_values": sorted(words)}


def _fixed(recipe: Recipe) -> dict[str, Any]:
    """What a net is told beside its options when it is built again; a generator, its size."""
    if isinstance(recipe.data, PictureData) and recipe.task == "generate":
        return {"size": recipe.data.size[0], "labels": recipe.data.condition == "mask"}
    if isinstance(recipe.data, PatchData):
        return {"size": recipe.data.patch, "labels": recipe.data.condition == "mask"}
    return fixed_options(recipe)


def _translator(recipe: Recipe) -> dict[str, Any] | None:
    """Which channel a translator makes."""
    data = recipe.data
    if not isinstance(data, TranslateData):
        return None
    return {"wanted": data.wanted, "channel_names": data.channel_names, "judge": data.judge, "unpaired": data.unpaired}


def _input(recipe: Recipe) -> dict[str, Any]:
    data = recipe.data
    if isinstance(data, TranslateData):
        return {
            "modality": data.modality,
            "size": data.size,
            "channels": len(data.given),
            "channel_names": data.given,
            "reference": data.home,
        }
    if isinstance(data, ThinData):
        known = {"modality": data.modality, "factor": data.factor, "thin_mm": data.thin_mm, "plane": data.plane}
        return {**known, "latent": recipe.net.options.get("latent", LATENT) if recipe.net.name == "sharpen-vae" else 0}
    if isinstance(data, PictureData):
        return {
            "modality": data.modality,
            "size": data.size,
            "channels": data.channels,
            "color_constancy": data.color_constancy,
            "window_hu": data.window_hu,
            "channel_names": data.channel_names,
            "reference": data.reference,
            "stand_ins": data.stand_ins,
        }
    return {
        "modality": data.modality,
        "spacing_mm": data.spacing_mm,
        "window_hu": data.window_hu,
        "patch": recipe.pack.window or data.patch,
        "divisible": _multiple(recipe, 1),
        "channels": recipe.channels,
        "around_hu": data.focus.around_hu if data.focus else None,
    }


def _locator(pack: Pack, recipe: Recipe) -> LocatorSpec:
    spec = pack.spec
    return LocatorSpec(input=spec.input, classes=spec.classes, net=spec.net, share=recipe.pack.locator_share)


def _files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.suffix in (".onnx", ".safetensors")]


def _multiple(recipe: Recipe, times: int = 2) -> tuple[int, int, int]:
    """What window sizes must be a multiple of, for the net's strides."""
    if recipe.net.name == "swin-unetr" and isinstance(recipe.data, VolumeData):
        return recipe.data.patch  # its windows of attention are fixed when it is exported
    if isinstance(recipe.data, PatchData):
        return recipe.data.patch
    if recipe.net.name == "center-net":
        coarsest = recipe.net.options.get("stride", 4) * 2 ** (len(recipe.net.options.get("channels", (1,) * 4)) - 1)
        return coarsest * times, coarsest * times, coarsest * times
    strides = recipe.net.options.get("strides")
    depth = len(recipe.net.options.get("channels", (16, 32, 64, 128, 160)))
    if strides:
        product = np.prod(np.array(strides), axis=0)
    elif recipe.net.name in ("unet", "cbam-unet"):
        product = np.array([2 ** (depth - 2), 2 ** (depth - 1), 2 ** (depth - 1)])
    else:
        product = np.array([16, 16, 16])
    return int(product[0]) * times, int(product[1]) * times, int(product[2]) * times


def _curve_end(folder: Path) -> str:
    path = folder / "curve.csv"
    if not path.is_file():
        return "Trained by a recipe of this project."
    rows = list(csv.DictReader(path.read_text().splitlines()))
    steps, minutes = len(rows), float(rows[-1]["seconds"]) / 60
    tail = [float(row["loss"]) for row in rows[-100:]]
    return f"{steps} steps in {minutes:.0f} minutes; mean loss of the last {len(tail)} steps {np.mean(tail):.3f}."

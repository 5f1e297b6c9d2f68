"""From trained weights to a model pack: ONNX, safetensors, ``pack.json``, card. Half precision on disk."""

from __future__ import annotations

import csv
import hashlib
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file
from torch import Tensor, nn

from limner.infer.pack import Pack, PackSpec, load_pack
from limner.train.recipe import Recipe
from limner.train.sources import provenance

_FREE = ("cc by 4.0", "cc by 3.0", "cc0", "apache-2.0", "mit")


class _Finest(nn.Module):
    """The finest logits only, under one name."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> Tensor:
        return self.net(image)[0]  # type: ignore[no-any-return]


def write_pack(net: nn.Module, recipe: Recipe, folder: Path) -> Path:
    """Writes ``folder/pack`` aside and renames it.

    Returns:
        The pack's folder.
    """
    aside, final = folder / "pack.partial", folder / "pack"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    net = net.float().cpu().eval()
    save_file(
        {name: value.half().contiguous() for name, value in net.state_dict().items()}, aside / "weights.safetensors"
    )
    export_onnx(net, recipe, aside / "model.onnx")
    spec = _spec(recipe, aside)
    (aside / "pack.json").write_text(spec.model_dump_json(by_alias=True, indent=1) + "\n")
    (aside / "CARD.md").write_text(card(load_pack(aside), _curve_end(folder)))
    shutil.rmtree(final, ignore_errors=True)
    aside.rename(final)
    return final


def export_onnx(net: nn.Module, recipe: Recipe, path: Path) -> None:
    """ONNX with free Z, Y, X; weights in half precision, arithmetic in float32."""
    example = torch.zeros(1, 1, *_multiple(recipe))
    axes = {0: "n", 2: "z", 3: "y", 4: "x"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter warns of its successor, which needs another package
        torch.onnx.export(
            _Finest(net.to(memory_format=torch.contiguous_format)).eval(),
            (example,),
            str(path),
            input_names=["image"],
            output_names=["logits"],
            dynamic_axes={"image": axes, "logits": axes},
            opset_version=17,
            dynamo=False,
        )
    model = onnx.load(str(path))
    halve(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def halve(model: onnx.ModelProto, least: int = 256) -> None:
    """Stores large float32 initializers as float16 followed by a cast, in place: half the file, float32 arithmetic."""
    casts = []
    for initializer in model.graph.initializer:
        values = numpy_helper.to_array(initializer)
        if values.dtype != np.float32 or values.size < least:
            continue
        name = initializer.name
        initializer.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + ".half"))
        casts.append(helper.make_node("Cast", [name + ".half"], [name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *nodes])


def _spec(recipe: Recipe, folder: Path) -> PackSpec:
    rows = provenance(recipe.data)
    licences = sorted({row["licence"] for row in rows})
    bound = [text for text in licences if not any(free in text.lower() for free in _FREE) or "-nc" in text.lower()]
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(_files(folder))}
    known: dict[str, Any] = {
        "schema": "limner.pack/1",
        "name": recipe.pack.name,
        "version": recipe.pack.version,
        "task": recipe.task,
        "description": recipe.pack.description,
        "input": {
            "modality": ["CT"],
            "spacing_mm": recipe.data.spacing_mm,
            "window_hu": recipe.data.window_hu,
            "patch": recipe.pack.window or recipe.data.patch,
            "divisible": _multiple(recipe, 1),
        },
        "classes": recipe.data.classes,
        "regions": recipe.pack.regions,
        "classical": recipe.pack.classical,
        "net": {"name": recipe.net.name, "options": recipe.net.options},
        "licence": "Non-commercial use only: learned from data under " + "; ".join(bound) if bound else "Apache-2.0",
        "non_commercial": bool(bound),
        "training": [{"case": r["case"], "source": r["from"], "licence": r["licence"]} for r in rows],
        "memory": {"fixed_mb": 250, "bytes_per_voxel": 1200},
        "decode": recipe.pack.decode,
        "citations": recipe.pack.citation,
        "files": files,
    }
    return PackSpec.model_validate(known)


def card(pack: Pack, ended: str) -> str:
    """``CARD.md`` of a pack: what it draws, from which cases it learned, under which terms."""
    spec = pack.spec
    sources: dict[tuple[str, str], list[str]] = {}
    for row in spec.training:
        sources.setdefault((row.source, row.licence), []).append(row.case)
    lines = [
        f"# {spec.name} {spec.version}",
        "",
        spec.description,
        "",
        "**Not for clinical use.** " + spec.licence + ".",
        "",
        "## What it draws",
        "",
        f"Learned: {', '.join(spec.classes[1:])}. By rules on attenuation: {', '.join(spec.classical) or 'nothing'}.",
        f"Input: {', '.join(spec.input.modality)}, window {spec.input.window_hu[0]:g} to {spec.input.window_hu[1]:g} HU, "
        f"grid {' × '.join(f'{s:g}' for s in spec.input.spacing_mm)} mm (Z, Y, X).",
        "",
        "## What it learned from",
        "",
        "| data | terms | cases |",
        "|---|---|---|",
        *(f"| {source} | {terms} | {len(cases)}: {', '.join(cases)} |" for (source, terms), cases in sources.items()),
        "",
        "## How it was trained",
        "",
        ended,
        "",
        *(f"- {citation}" for citation in spec.citations),
        "",
    ]
    return "\n".join(lines)


def _files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name in ("model.onnx", "weights.safetensors")]


def _multiple(recipe: Recipe, times: int = 2) -> tuple[int, int, int]:
    """What window sizes must be a multiple of, for the net's strides."""
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



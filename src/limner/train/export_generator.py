"""A generator as graphs without chance in them: latents to styles, styles to pictures, pictures to styles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn

from limner.nets.stylegan2 import StyleGAN2
from limner.nets.vae import VAE
from limner.packs import GeneratorSpec, ShapeSpec
from limner.train.conditions import conditions_of
from limner.train.directions import find_directions
from limner.train.graph import write_graph
from limner.train.pictures import load_pictures
from limner.train.recipe import Recipe
from limner.train.recipe_data import PictureData
from limner.train.recipe_patches import PatchData
from limner.train.vae import settle


class _Part(nn.Module):
    """One module of a net, its weights under the names that they have in the whole; its first output where several."""

    def __init__(self, net: nn.Module, name: str) -> None:
        super().__init__()
        self.net, self.name = net, name

    def forward(self, *inputs: Tensor) -> Any:
        found = getattr(self.net, self.name)(*inputs)
        return found[0] if isinstance(found, tuple) else found


def settle_generator(net: nn.Module, recipe: Recipe) -> None:
    """What a generator still learns when its training is over, before its weights are written: a VAE its prior."""
    if isinstance(net, VAE) and isinstance(recipe.data, PictureData):
        learned = load_pictures(recipe, recipe.data).train
        settle(net, learned.stack(), conditions_of(learned, recipe.data))


def export_generator(net: nn.Module, recipe: Recipe, folder: Path) -> GeneratorSpec:
    """Writes ``mapping.onnx``, ``model.onnx`` (the synthesis), of a VAE ``encoder.onnx``, over ``weights.safetensors``.

    Returns:
        What the pack says of the generator.

    Raises:
        TypeError: no such export is known for this net.
    """
    data = recipe.data
    net = net.to(memory_format=torch.contiguous_format)
    if isinstance(data, PatchData) and isinstance(
        net, StyleGAN2
    ):  # its label maps are given, and its ways have no name
        return GeneratorSpec(
            latent=net.latent, width=net.width, **_style_graphs(net, data.patch, data.condition, folder)
        )
    if not isinstance(data, PictureData):
        raise TypeError(f"no export of {type(net).__name__} for volumes")
    conditions = conditions_of(load_pictures(recipe, data).train, data)
    if isinstance(net, StyleGAN2):
        known = _style_graphs(net, data.size, data.condition, folder)
        known["directions"] = find_directions(net, conditions, data.channel_names)
    elif isinstance(net, VAE):
        known = _code_graphs(net, data, folder)
    else:
        raise TypeError(f"no export of {type(net).__name__}")
    return GeneratorSpec(latent=net.latent, width=net.width, **known, **_seen(conditions, data))


def _code_graphs(net: VAE, data: PictureData, folder: Path) -> dict[str, Any]:
    """The graphs of an autoencoder: a style is all that a picture is made from."""
    weights = folder / "weights.safetensors"
    condition = {"condition": torch.zeros(2, net.numbers)} if net.numbers else {}
    graphs: list[tuple[str, dict[str, Tensor], str, str]] = [
        ("mapping", {"z": torch.zeros(2, net.latent), **condition}, "style", "mapping.onnx"),
        ("synthesis", {"styles": torch.zeros(2, 1, net.width)}, "picture", "model.onnx"),
        ("encoder", {"image": torch.zeros(2, net.channels, *data.size)}, "style", "encoder.onnx"),
    ]
    for part, given, output, name in graphs:
        write_graph(_Part(net, part), given, {one: {0: "n"} for one in (*given, output)}, folder / name, weights)
    return {"layers": 1, "condition": "place" if net.labels else data.condition, "encoder": True}


def _style_graphs(net: StyleGAN2, size: tuple[int, ...], made_from: str, folder: Path) -> dict[str, Any]:
    """The graphs of StyleGAN2: several styles and noise."""
    weights = folder / "weights.safetensors"
    width, layers, noises = net.width, net.synthesis.layers, net.synthesis.noises
    kinds = 0 if net.labels else net.kinds
    condition = {"condition": torch.zeros(2, kinds)} if kinds else {}
    write_graph(
        _Part(net, "mapping"),
        {"z": torch.zeros(2, net.latent), **condition},
        {name: {0: "n"} for name in ("z", *condition, "style")},
        folder / "mapping.onnx",
        weights,
        fold=False,
    )
    label = {"label": torch.zeros(2, net.kinds, *size)} if net.labels else {}
    write_graph(
        _Part(net, "synthesis"),
        {"styles": torch.zeros(2, layers, width), "noise": torch.zeros(2, noises), **label},
        {name: {0: "n"} for name in ("styles", "noise", *label, "picture")},
        folder / "model.onnx",
        weights,
        fold=False,
    )
    return {"layers": layers, "noises": noises, "condition": made_from}


def _seen(conditions: NDArray[np.uint8], data: PictureData) -> dict[str, Any]:
    """What conditions were learned from, as numbers."""
    if data.condition == "label":
        return {"shares": [round(float(one), 4) for one in conditions.mean(0)]}
    if data.condition == "mask":
        return {"shapes": [_shape(conditions[:, kind]) for kind in range(conditions.shape[1])]}
    return {}


def _shape(maps: NDArray[np.uint8]) -> ShapeSpec:
    """Of label maps ``(N, H, W)``: how large, and where."""
    areas = maps.mean((1, 2))
    there = areas > 0
    if not there.any():
        return ShapeSpec(empty=1.0, area=[0.0, 0.0], center=[0.5, 0.5, 0.0, 0.0])
    centers = (np.array([ndimage.center_of_mass(one) for one in maps[there]]) + 0.5) / maps.shape[1:]
    quantiles = np.quantile(areas[there], np.linspace(0.02, 0.98, 9))
    return ShapeSpec(
        empty=round(float(1 - there.mean()), 4),
        area=[round(float(one), 5) for one in quantiles],
        center=[round(float(one), 4) for one in (*centers.mean(0), *centers.std(0))],
    )

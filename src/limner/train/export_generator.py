"""A generator as graphs without chance in them: latents to styles, styles and noise to pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn

from limner.nets.stylegan2 import StyleGAN2
from limner.packs import GeneratorSpec, ShapeSpec
from limner.train.conditions import conditions_of
from limner.train.directions import find_directions
from limner.train.graph import write_graph
from limner.train.pictures import load_pictures
from limner.train.recipe import Recipe
from limner.train.recipe_data import PictureData


class _Part(nn.Module):
    """One module of a net, its weights under the names that they have in the whole."""

    def __init__(self, net: nn.Module, name: str) -> None:
        super().__init__()
        self.net, self.name = net, name

    def forward(self, *inputs: Tensor) -> Any:
        return getattr(self.net, self.name)(*inputs)


def export_generator(net: nn.Module, recipe: Recipe, folder: Path) -> GeneratorSpec:
    """Writes ``mapping.onnx`` and ``model.onnx`` (the synthesis) over ``weights.safetensors``.

    Returns:
        What the pack says of the generator.

    Raises:
        TypeError: no such export is known for this net.
    """
    data = recipe.data
    if not isinstance(net, StyleGAN2) or not isinstance(data, PictureData):
        raise TypeError(f"no export of {type(net).__name__}")
    weights = folder / "weights.safetensors"
    net = net.to(memory_format=torch.contiguous_format)
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
    label = {"label": torch.zeros(2, net.kinds, *data.size)} if net.labels else {}
    write_graph(
        _Part(net, "synthesis"),
        {"styles": torch.zeros(2, layers, width), "noise": torch.zeros(2, noises), **label},
        {name: {0: "n"} for name in ("styles", "noise", *label, "picture")},
        folder / "model.onnx",
        weights,
        fold=False,
    )
    conditions = conditions_of(load_pictures(recipe, data).train, data)
    return GeneratorSpec(
        latent=net.latent,
        layers=layers,
        width=width,
        noises=noises,
        condition=data.condition,
        directions=find_directions(net, conditions, data.channel_names),
        **_seen(conditions, data),
    )


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
    centers = np.array([ndimage.center_of_mass(one) for one in maps[there]]) / maps.shape[1:]
    quantiles = np.quantile(areas[there], np.linspace(0.02, 0.98, 9))
    return ShapeSpec(
        empty=round(float(1 - there.mean()), 4),
        area=[round(float(one), 5) for one in quantiles],
        center=[round(float(one), 4) for one in (*centers.mean(0), *centers.std(0))],
    )

"""Packs and pictures whose explanation is known: a net that answers "lesion" by how much of the picture is dark."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from limner.image import Picture
from limner.infer import Pack, load_pack

CELL = 4
"""Pixels of a side of one cell of the net's maps."""


def dark_pack(folder: Path, size: tuple[int, ...] = (32, 32), *, lying: bool = False, **changes) -> Pack:
    """A pack of two classes. Its map for ``lesion`` is the darkness of each cell of 4 pixels a side, times a gain.

    Args:
        folder: to write into.
        size: of the pictures, 2-D or 3-D.
        lying: its maps are not those that its logits are the mean of, but their negative.
        changes: to ``pack.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _dark_net(folder / "model.onnx", len(size), lying)
    spec = {
        "schema": "limner.pack/1",
        "name": "dark",
        "version": "1",
        "task": "classify",
        "description": "Darkness, for tests.",
        "input": {"modality": ["XC"], "size": list(size), "channels": 3},
        "classes": ["skin", "lesion"],
        "groups": {"anything": ["skin", "lesion"]},
        "licence": "Apache-2.0",
        "non_commercial": False,
        "training": [],
    }
    (folder / "pack.json").write_text(json.dumps(spec | changes))
    return load_pack(folder)


def _dark_net(path: Path, dims: int, lying: bool) -> None:
    """Darkness above one half, pooled over cells; the logit of ``lesion`` is its mean times 150, less 3."""
    ones = [1] * dims
    dark = np.zeros((4, 3, *ones), np.float32)
    dark[0] = -1 / 3
    head = np.zeros((2, 4, *ones), np.float32)
    head[1, 0] = 150.0
    constants = {
        "w": dark,
        "b": np.array([0.5, 0, 0, 0], np.float32),
        "h": head,
        "bias": np.array([3.0, 0.0], np.float32),
        "sign": np.array(-1.0 if lying else 1.0, np.float32),
        "flat": np.array([0, 2], np.int64),
    }
    nodes = [
        helper.make_node("Conv", ["image", "w", "b"], ["c"], kernel_shape=ones),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("AveragePool", ["r"], ["a"], kernel_shape=[CELL] * dims, strides=[CELL] * dims),
        helper.make_node("Conv", ["a", "h"], ["m"], kernel_shape=ones),
        helper.make_node("Mul", ["m", "sign"], ["maps"]),
        helper.make_node("GlobalAveragePool", ["m"], ["g"]),
        helper.make_node("Reshape", ["g", "flat"], ["v"]),
        helper.make_node("Add", ["v", "bias"], ["logits"]),
    ]
    axes = ["z", "y", "x"][-dims:]
    graph = helper.make_graph(
        nodes,
        "dark",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, *axes])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 2]),
            helper.make_tensor_value_info("maps", TensorProto.FLOAT, None),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


def spot(size: tuple[int, ...], center: tuple[int, ...], radius: float) -> tuple[Picture, np.ndarray]:
    """Bright skin with a dark brown ball in it, and the ball's mask."""
    away = sum((axis - c) ** 2 for axis, c in zip(np.indices(size), center, strict=True))
    mask = away <= radius**2
    skin, brown = (
        np.array(colour, np.uint8).reshape(3, *[1] * len(size)) for colour in ((235, 200, 185), (70, 30, 15))
    )
    return Picture(np.ascontiguousarray(np.where(mask, brown, skin))), mask

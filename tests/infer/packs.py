"""Packs made by tests: a net that thresholds attenuation, so that every answer is known."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from limner.infer import Pack, load_pack


def threshold_pack(folder: Path, levels: dict[str, float], window=(-1000.0, 1000.0), locator=None, **changes) -> Pack:
    """A pack whose net gives each voxel the class with the nearest attenuation.

    Args:
        folder: to write into.
        levels: class → HU; the first is the background.
        window: HU window of the input.
        locator: levels of a first net.
        changes: to ``pack.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _threshold_net(folder / "model.onnx", levels, window)
    files = ["model.onnx"]
    inputs = {"modality": ["CT"], "window_hu": window, "patch": [24, 32, 32], "divisible": [1, 1, 1]}
    spec = {
        "schema": "limner.pack/1",
        "name": "threshold",
        "version": "1",
        "task": "segment",
        "description": "Attenuation thresholds, for tests.",
        "input": {**inputs, "spacing_mm": [2, 2, 2]},
        "classes": list(levels),
        "regions": {"liver": ["liver tumor"]} if "liver tumor" in levels else {},
        "licence": "Apache-2.0",
        "non_commercial": False,
        "training": [],
        "memory": {"fixed_mb": 10, "bytes_per_voxel": 100},
    }
    if "size" not in changes.get("input", {}):  # it reads scans
        spec["decode"] = {"lesion_min_ml": 0.01, "lesion_min_peak": 0.5}
    if locator:
        _threshold_net(folder / "locator.onnx", locator, window)
        files.append("locator.onnx")
        spec["locator"] = {"input": {**inputs, "spacing_mm": [2, 2, 2]}, "classes": list(locator), "share": 0.3}
    spec["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files}
    (folder / "pack.json").write_text(json.dumps(spec | changes))
    return load_pack(folder)


def _threshold_net(path: Path, levels: dict[str, float], window: tuple[float, float]) -> None:
    low, high = window
    centers = (np.array(list(levels.values()), np.float32) - low) / (high - low)
    # −k (x − c)² = −k x² + 2 k c x − k c²; the first term is common to all classes
    sharp = np.float32(4000.0)
    weight = (2 * sharp * centers).reshape(-1, 1, 1, 1, 1).astype(np.float32)
    bias = (-sharp * centers**2).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "w", "b"], ["logits"], kernel_shape=[1, 1, 1])],
        "threshold",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, "z", "y", "x"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(levels), "z", "y", "x"])],
        [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(bias, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))

"""Packs made by tests: a net that thresholds attenuation, so that every answer is known."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from limner.infer import Pack, load_pack


def threshold_pack(folder: Path, levels: dict[str, float], window=(-1000.0, 1000.0), **changes) -> Pack:
    """A pack whose net gives each voxel the class with the nearest attenuation.

    Args:
        folder: to write into.
        levels: class → HU; the first is the background.
        window: HU window of the input.
        changes: to ``pack.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    low, high = window
    centers = (np.array(list(levels.values()), np.float32) - low) / (high - low)
    # −k (x − c)² = −k x² + 2 k c x − k c²; the first term is common to all classes
    sharp = np.float32(4000.0)
    weight = (2 * sharp * centers).reshape(-1, 1, 1, 1, 1).astype(np.float32)
    bias = (-sharp * centers**2).astype(np.float32)
    shape = ["n", 1, "z", "y", "x"]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "w", "b"], ["logits"], kernel_shape=[1, 1, 1])],
        "threshold",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(levels), "z", "y", "x"])],
        [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(bias, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "model.onnx"))
    spec = {
        "schema": "limner.pack/1",
        "name": "threshold",
        "version": "1",
        "task": "segment",
        "description": "Attenuation thresholds, for tests.",
        "input": {
            "modality": ["CT"],
            "spacing_mm": [2, 2, 2],
            "window_hu": window,
            "patch": [24, 32, 32],
            "divisible": [1, 1, 1],
        },
        "classes": list(levels),
        "regions": {"liver": ["liver tumor"]} if "liver tumor" in levels else {},
        "licence": "Apache-2.0",
        "non_commercial": False,
        "training": [],
        "memory": {"fixed_mb": 10, "bytes_per_voxel": 100},
        "decode": {"lesion_min_ml": 0.01, "lesion_min_peak": 0.5},
        "files": {"model.onnx": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()},
    }
    (folder / "pack.json").write_text(json.dumps(spec | changes))
    return load_pack(folder)

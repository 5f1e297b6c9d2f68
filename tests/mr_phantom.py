"""A head with a lesion, at any grid, and a pack that marks what is bright on FLAIR and dark on T1."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from limner.image import Grid
from limner.infer import Pack, load_pack

LESION_MM, LESION_RADIUS_MM = np.array([-30.0, -25.0, 10.0]), 18.0
"""To the patient's right, in front, above the middle."""
LESION_ML = 4 / 3 * np.pi * LESION_RADIUS_MM**3 / 1000
_FAT_MM, _FAT_RADIUS_MM = np.array([35.0, 20.0, -10.0]), 15.0
SIGNAL = {"flair": (300, 900, 900), "pre": (300, 60, 900), "post": (300, 60, 900)}
"""Of brain, lesion, and fat, which is bright on all and must not be marked."""
AXIAL = Grid.axial((24, 64, 64), (5.0, 3.0, 3.0), (-94.5, -94.5, -57.5))


def turned(degrees: float, grid: Grid = AXIAL) -> Grid:
    """The same grid, turned about the middle of the world around an axis that is none of its own."""
    axis = np.array([0.6, 0.64, 0.48])
    cross = np.cross(np.eye(3), axis)
    angle = np.radians(degrees)
    turn = np.eye(4)
    turn[:3, :3] = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return Grid(grid.shape, turn @ grid.affine)


def signal(name: str, grid: Grid) -> np.ndarray:
    """What a sequence shows of the head on a grid, uint16."""
    at = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    brain, lesion, fat = SIGNAL[name]
    found = np.zeros(grid.shape, np.uint16)
    found[(np.square(at / np.array([75.0, 85.0, 200.0])).sum(-1)) <= 1] = brain
    found[np.square(at - LESION_MM).sum(-1) <= LESION_RADIUS_MM**2] = lesion
    radius = _FAT_RADIUS_MM - 4.0 * (name == "flair")  # so that no rim of it is left where grids differ
    found[np.square(at - _FAT_MM).sum(-1) <= radius**2] = fat
    return found


def slice_pack(folder: Path, **changes: object) -> Pack:
    """A net of one convolution, ``(N, 3, 64, 64)`` to two logits: FLAIR less T1 above a third of the range."""
    folder.mkdir(parents=True)
    weight = np.zeros((2, 3, 1, 1), np.float32)
    weight[1, :, 0, 0] = [-40.0, 40.0, 0.0]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "w", "b"], ["logits"])],
        "known",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 64, 64])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 2, 64, 64])],
        [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(np.array([0.0, -16.0], np.float32), "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "model.onnx"))
    spec = {
        "schema": "limner.pack/1",
        "name": "known-slices",
        "version": "1",
        "task": "segment",
        "description": "A net whose answer is known, for tests.",
        "input": {
            "modality": ["MR"], "size": [64, 64], "channels": 3, "channel_names": ["pre", "flair", "post"],
            "reference": "flair", "stand_ins": {"pre": ["post", "flair"], "post": ["flair"]},
        },
        "classes": ["background", "glioma"],
        "calibration": {"area_thresholds": (0.4, 0.6)},
        "classical": ["head"],
        "licence": "Apache-2.0",
        "non_commercial": False,
        "training": [],
        "files": {"model.onnx": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()},
    }  # fmt: skip
    (folder / "pack.json").write_text(json.dumps(spec | changes))
    return load_pack(folder)

"""Pictures made by tests, and a pack that learned from them: dark spots on skin, irregular or round."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import yaml
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

SIZE = 32
CLASSES = {"0": "melanocytic nevus", "1": "melanoma"}


def spot(rng: np.random.Generator, malignant: bool, size: int = SIZE) -> np.ndarray:
    """``(Y, X, 3)``: a round brown spot on skin, or a larger blue-black one with an uneven rim."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    angle, radius = np.arctan2(y, x), np.hypot(y, x)
    rim = 0.17 + (0.1 + 0.06 * np.sin(5 * angle + rng.uniform(0, 6)) if malignant else 0.0)
    skin, lesion = np.array([222, 178, 150.0]), np.array([58, 42, 70.0] if malignant else [140, 90, 60.0])
    inside = 1 / (1 + np.exp((radius - rim) * 60))
    picture = skin + (lesion - skin) * inside[..., None] + rng.normal(0, 6, (size, size, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


def write_cohort(folder: Path, cases: int = 48) -> Path:
    """A cohort of spots, a third of it to check on."""
    folder.mkdir(parents=True, exist_ok=True)
    rng, rows = np.random.default_rng(0), ["id,image,label,split"]
    for number in range(cases):
        Image.fromarray(spot(rng, bool(number % 2))).save(folder / f"{number}.png")
        rows.append(f"c{number},{number}.png,{number % 2},{'val' if number % 3 == 0 else 'train'}")
    (folder / "cohort.csv").write_text("\n".join(rows) + "\n")
    return folder / "cohort.csv"


def train_pack(folder: Path) -> Path:
    """A classifier of a few thousand weights, trained and exported as any other; its pack's folder."""
    from limner.train import train

    recipe = {
        "task": "classify",
        "data": {
            "size": [SIZE, SIZE],
            "channels": 3,
            "modality": ["XC"],
            "classes": CLASSES,
            "groups": {"malignant": ["melanoma"]},
            "sources": [{"cohort": str(write_cohort(folder / "cohort")), "licence": "CC0"}],
        },
        "net": {"name": "resnet18", "options": {"stem": "small", "width": 4}},
        "augment": {"flip": "yx"},
        "train": {"steps": 40, "batch": 16, "rate": 0.01, "ema": 0.5, "check_every": 40, "threads": 1,
                  "precision": "32-true"},
        "pack": {"name": "spots", "description": "Painted spots.", "citation": ["A test."]},
    }  # fmt: skip
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return train(path, [], folder / "run").pack


def changed_pack(pack: Path, folder: Path, **changes: object) -> Path:
    """A copy of a pack with other words in ``pack.json``."""
    shutil.copytree(pack, folder)
    spec = json.loads((folder / "pack.json").read_text())
    (folder / "pack.json").write_text(json.dumps(spec | changes))
    return folder


def mask_pack(folder: Path, **changes: object) -> Path:
    """A net that outlines what is darker than half: ``(N, 1, 64, 64)`` to two logits."""
    weight = np.array([[[[40.0]]], [[[-40.0]]]], np.float32)
    nodes = [helper.make_node("Conv", ["image", "w", "b"], ["logits"])]
    held = {"w": weight, "b": np.array([-20.0, 20.0], np.float32)}
    _save(folder, nodes, held, {"logits": ["n", 2, 64, 64]})
    classes = ["background", "breast lesion"]
    return _pack(folder, "segment", ["US"], classes, {"abstain_below": 0.3, "area_thresholds": (0.4, 0.6)}, **changes)


def box_pack(folder: Path, side: float = 16.0, **changes: object) -> Path:
    """A net that marks the brightest places with boxes of one size; cells of 4 pixels, ``(N, 1, 64, 64)``."""
    mean = np.full((1, 1, 8, 8), 40 / 64, np.float32)
    held = {
        "w": mean,
        "b": np.array([-24.0], np.float32),
        "none": np.zeros((2, 1, 4, 4), np.float32),
        "side": np.full(2, np.log(side / 4), np.float32),
        "middle": np.zeros(2, np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["image", "w", "b"], ["centers"], strides=[4, 4], pads=[2, 2, 2, 2]),
        helper.make_node("Conv", ["image", "none", "side"], ["sizes"], strides=[4, 4]),
        helper.make_node("Conv", ["image", "none", "middle"], ["offsets"], strides=[4, 4]),
    ]
    _save(folder, nodes, held, {"centers": ["n", 1, 16, 16], "sizes": ["n", 2, 16, 16], "offsets": ["n", 2, 16, 16]})
    return _pack(folder, "detect", ["DX"], ["normal", "opacity"], {"threshold": 0.5, "abstain_below": 0.6}, **changes)


def _save(folder: Path, nodes: list, held: dict[str, np.ndarray], outputs: dict[str, list]) -> None:
    folder.mkdir(parents=True)
    graph = helper.make_graph(
        nodes,
        "known",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, 64, 64])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in held.items()],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(folder / "model.onnx")
    )


def _pack(folder: Path, task: str, modality: list[str], classes: list[str], known: dict, **changes: object) -> Path:
    spec = {
        "schema": "limner.pack/1",
        "name": f"known-{task}",
        "version": "1",
        "task": task,
        "description": "A net whose answer is known, for tests.",
        "input": {"modality": modality, "size": [64, 64], "channels": 1},
        "classes": classes,
        "calibration": known,
        "licence": "Apache-2.0",
        "non_commercial": False,
        "training": [],
        "files": {"model.onnx": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()},
    }
    (folder / "pack.json").write_text(json.dumps(spec | changes))
    return folder


def blots(places: list[tuple[int, int, int]], size: tuple[int, int] = (96, 128)) -> np.ndarray:
    """``(Y, X)`` grey: dark discs ``(y, x, radius)`` on a light ground."""
    y, x = np.mgrid[: size[0], : size[1]]
    picture = np.full(size, 200, np.uint8)
    for row, column, radius in places:
        picture[(y - row) ** 2 + (x - column) ** 2 <= radius**2] = 20
    return picture

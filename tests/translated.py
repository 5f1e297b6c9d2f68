"""Slices whose FLAIR is a known function of the other sequences, and a pack that knows it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from limner.infer import Pack, load_pack

NAMES = ["pre", "flair", "post"]


def flair_of(pre: NDArray[np.floating], post: NDArray[np.floating]) -> NDArray[np.float64]:
    """Bright where both are dark: what every phantom here shows."""
    return 255 - 0.6 * np.asarray(pre, float) - 0.2 * np.asarray(post, float)


def write_slices(folder: Path, count: int = 12, side: int = 32, copied: Sequence[int] = (), flat: bool = False) -> Path:
    """A cohort of slices, two of a patient each, patients in train, val and test by turns.

    Args:
        folder, count, side: of the pictures.
        copied: numbers of slices whose missing T1 after contrast medium is replaced by FLAIR.
        flat: pictures of one grey with a little noise, for what is learned without pairs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["id,image,mask,split,patient,site"]
    for k in range(count):
        rng = np.random.default_rng(k)
        coarse = rng.uniform(70, 90, (2, 4, 4)) if flat else rng.uniform(0, 255, (2, 4, 4))
        pre, post = (np.asarray(Image.fromarray(one).resize((side, side), Image.Resampling.BILINEAR)) for one in coarse)
        flair = flair_of(pre, post)
        channels = [pre, flair, flair if k in copied else post]
        Image.fromarray(np.stack(channels, -1).round().clip(0, 255).astype(np.uint8)).save(folder / f"s{k}.png")
        mask = np.zeros((side, side), np.uint8)
        mask[8:16, 8:16] = 255 * (k % 2)
        Image.fromarray(mask).save(folder / f"m{k}.png")
        patient = k // 2
        split = ("train", "train", "train", "train", "val", "test")[patient % 6]
        rows.append(f"s{k},s{k}.png,m{k}.png,{split},patient{patient},here")
    (folder / "cohort.csv").write_text("\n".join(rows) + "\n")
    return folder / "cohort.csv"


def translator_pack(folder: Path, side: int = 32, judge: str | None = None) -> Pack:
    """A net of one convolution that is :func:`flair_of`."""
    folder.mkdir(parents=True)
    weight = np.array([-0.6, -0.2], np.float32).reshape(1, 2, 1, 1)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "w", "b"], ["picture"])],
        "known",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 2, "y", "x"])],
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 1, "y", "x"])],
        [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(np.array([1.0], np.float32), "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "model.onnx"))
    spec = {
        "schema": "limner.pack/1",
        "name": "known-flair",
        "version": "1",
        "task": "translate",
        "description": "A net whose answer is known, for tests.",
        "input": {
            "modality": ["MR"], "size": [side, side], "channels": 2, "channel_names": ["pre", "post"],
            "reference": "post",
        },
        "classes": [],
        "translator": {"wanted": "flair", "channel_names": NAMES, "judge": judge},
        "mirrors": "x",
        "licence": "Apache-2.0",
        "non_commercial": False,
        "training": [],
        "files": {"model.onnx": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()},
    }  # fmt: skip
    (folder / "pack.json").write_text(json.dumps(spec))
    return load_pack(folder)

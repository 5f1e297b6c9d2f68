"""The ways to augment that are timed: ours, MONAI's two, TorchIO's.

All turn by up to 15°, scale by up to a tenth, move by up to a twentieth of the side, bend with seven control points
along an axis or as smoothly, and add noise to the image.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray

from limner.data.augment.picture import Strength, apply_together, apply_values, sample_batch

TURN_DEG, SCALE, MOVE, BEND, NOISE = 15.0, 0.1, 0.05, 0.03, 0.05

Apply = Callable[[NDArray[np.float32], NDArray[np.uint8]], tuple[NDArray[np.float32], NDArray[np.uint8]]]


@dataclass(frozen=True)
class Way:
    """One way: an image and its label ``(Z, Y, X)`` to changed ones, other parameters at each call."""

    name: str
    how: str
    apply: Apply


def ways(side: int, threads: int) -> tuple[list[Way], list[str]]:
    """Every way that is installed, ours first, and the names of libraries that are not."""
    torch.set_num_threads(threads)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    found, missing = [_limner()], []
    makers: dict[str, Callable[[ModuleType, int], list[Way]]] = {"monai": _monai, "torchio": _torchio}
    for name, make in makers.items():
        try:
            importlib.import_module(name)
        except ImportError:
            missing.append(name)
            continue
        found += make(importlib.import_module(name), side)
    return found, missing


def _limner() -> Way:
    import limner

    rng = np.random.default_rng(0)
    strength = Strength(rotate_deg=TURN_DEG, scale=SCALE / 2, shift=MOVE, elastic=BEND)

    def apply(image: NDArray[np.float32], label: NDArray[np.uint8]) -> tuple[Any, Any]:
        params = sample_batch(rng, 1, 1, 3, strength)
        params = replace(params, noise=rng.uniform(0, NOISE, 1).astype(np.float32))  # always, as the others
        x, y = apply_together(torch.from_numpy(image)[None, None], torch.from_numpy(label)[None, None], params)
        return apply_values(x, params)[0, 0].numpy(), y[0, 0].numpy()

    return Way(f"limner {limner.__version__}", "affine and elastic (B-spline, 7³) in one resampling", apply)


def _monai(monai: ModuleType, side: int) -> list[Way]:
    import monai.transforms as some

    keys, modes = ["image", "label"], ("bilinear", "nearest")
    affine = {
        "rotate_range": (np.radians(TURN_DEG),) * 3,
        "scale_range": (SCALE,) * 3,
        "translate_range": (MOVE * side,) * 3,
        "mode": modes,
        "padding_mode": "border",
        "prob": 1.0,
    }
    noise = some.RandGaussianNoised(["image"], prob=1.0, std=NOISE, sample_std=True)
    dense = some.Rand3DElasticd(keys, sigma_range=(5, 7), magnitude_range=(50, 150), **affine)
    knots = some.RandSmoothDeformd(
        keys,
        spatial_size=(side,) * 3,
        rand_size=(7,) * 3,
        field_mode="trilinear",
        align_corners=True,
        def_range=2 * BEND,
        grid_mode=modes,
        prob=1.0,
    )
    name = f"monai {monai.__version__}"
    return [
        Way(name, "Rand3DElastic (with its affine, one resampling)", _of_monai(some.Compose([dense, noise]))),
        Way(
            name,
            "RandAffine, then RandSmoothDeform (trilinear, 7³)",
            _of_monai(some.Compose([some.RandAffined(keys, **affine), knots, noise])),
        ),
    ]


def _of_monai(change: Any) -> Apply:
    def apply(image: NDArray[np.float32], label: NDArray[np.uint8]) -> tuple[Any, Any]:
        found = change({"image": torch.from_numpy(image)[None], "label": torch.from_numpy(label)[None]})
        return found["image"][0].numpy(), found["label"][0].numpy()

    return apply


def _torchio(torchio: ModuleType, side: int) -> list[Way]:
    affine = {"scales": SCALE, "degrees": TURN_DEG, "translation": MOVE * side}
    elastic = {"num_control_points": 7, "max_displacement": 2 * BEND * side}
    both = torchio.RandomAffineElasticDeformation(affine_kwargs=affine, elastic_kwargs=elastic)
    change = torchio.Compose([both, torchio.RandomNoise(std=(0, NOISE))])

    def apply(image: NDArray[np.float32], label: NDArray[np.uint8]) -> tuple[Any, Any]:
        subject = torchio.Subject(
            image=torchio.ScalarImage(tensor=torch.from_numpy(image)[None]),
            label=torchio.LabelMap(tensor=torch.from_numpy(label)[None]),
        )
        found = change(subject)
        return found["image"].data[0].numpy(), found["label"].data[0].numpy()

    name = f"torchio {torchio.__version__}"
    return [Way(name, "RandomAffineElasticDeformation (B-spline, 7³, one resampling)", apply)]

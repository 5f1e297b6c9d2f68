"""The small U-Net of the liver segments, run by numpy alone: this room has no engines, and needs none for 24 × 32 × 40.

It is the net that :mod:`limner.nets.liver_segments` trains; a test holds both to the same numbers.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.errors import PackError

Float4 = NDArray[np.float32]
Weights = dict[str, NDArray[np.float32]]
GROUPS = 4
SLOPE = 0.01
DEPTHS = {"F16": np.float16, "F32": np.float32}


def read_weights(path: Path) -> Weights:
    """Arrays of a safetensors file, widened to float32.

    Raises:
        PackError: the file is missing, cut off, or something else.

    Source: the safetensors layout: eight bytes of length, a JSON header, raw data.
    """
    try:
        raw = path.read_bytes()
        length = int.from_bytes(raw[:8], "little")
        header = json.loads(raw[8 : 8 + length])
        found: Weights = {}
        for name, entry in header.items():
            if name != "__metadata__":
                start, stop = (8 + length + one for one in entry["data_offsets"])
                flat = np.frombuffer(raw[start:stop], DEPTHS[entry["dtype"]])
                found[name] = flat.reshape(entry["shape"]).astype(np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise PackError(
            f"The weights of the liver segments, {path.name!r}, cannot be read ({type(error).__name__}). "
            "Install Limner anew, or make them with `limner bench segments COHORT --learn FILE`."
        ) from error
    return found


def run(weights: Weights, x: Float4) -> Float4:
    """Logits ``(8, Z, Y, X)`` of channels ``(6, Z, Y, X)``; sizes divisible by 4."""
    x0 = _block(weights, "d0", x)
    x1 = _block(weights, "d1", _halved(x0))
    x2 = _block(weights, "d2", _halved(x1))
    up = _block(weights, "u1", np.concatenate([_doubled(x2), x1]))
    up = _block(weights, "u0", np.concatenate([_doubled(up), x0]))
    return _pointwise(weights["out.weight"][:, :, 0, 0, 0], weights["out.bias"], up)


def _block(weights: Weights, name: str, x: Float4) -> Float4:
    for layer in "ab":
        x = _convolved(weights[f"{name}.{layer}.weight"], weights[f"{name}.{layer}.bias"], x)
        x = _normed(weights[f"{name}.n{layer}.weight"], weights[f"{name}.n{layer}.bias"], x)
        x = np.where(x > 0, x, np.float32(SLOPE) * x)
    return x


def _convolved(kernel: Float4, bias: NDArray[np.float32], x: Float4) -> Float4:
    """3 × 3 × 3, zeros around: nine shifted views at a time, by one matrix."""
    _, depth, height, width = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (1, 1)))
    out = np.repeat(bias[:, None], depth * height * width, axis=1)
    for i in range(3):
        slab = padded[:, i : i + depth]
        views = [slab[:, :, j : j + height, k : k + width] for j in range(3) for k in range(3)]
        matrix = kernel[:, :, i].transpose(0, 2, 3, 1).reshape(len(kernel), -1)
        out += matrix @ np.concatenate(views).reshape(matrix.shape[1], -1)
    return out.reshape(-1, depth, height, width)


def _normed(scale: NDArray[np.float32], shift: NDArray[np.float32], x: Float4) -> Float4:
    """Group normalisation. Source: Wu Y., He K., ECCV 2018."""
    groups = x.reshape(GROUPS, -1)
    mean, spread = groups.mean(axis=1, keepdims=True), groups.var(axis=1, keepdims=True)
    even = ((groups - mean) / np.sqrt(spread + 1e-5)).reshape(x.shape)
    return even * scale[:, None, None, None] + shift[:, None, None, None]


def _pointwise(matrix: NDArray[np.float32], bias: NDArray[np.float32], x: Float4) -> Float4:
    return (matrix @ x.reshape(len(x), -1) + bias[:, None]).reshape(-1, *x.shape[1:])


def _halved(x: Float4) -> Float4:
    c, z, y, w = x.shape
    return x.reshape(c, z // 2, 2, y // 2, 2, w // 2, 2).mean(axis=(2, 4, 6))


def _doubled(x: Float4) -> Float4:
    """Trilinear, cell centres a quarter and three quarters between the old ones; edges repeat."""
    near, far = np.float32(0.75), np.float32(0.25)
    for axis in (1, 2, 3):
        padded = np.concatenate([x.take([0], axis), x, x.take([-1], axis)], axis)
        count = x.shape[axis]
        before, after = (padded.take(range(start, start + count), axis) for start in (0, 2))
        pair = np.stack([near * x + far * before, near * x + far * after], axis + 1)
        x = np.asarray(pair.reshape(*x.shape[:axis], 2 * count, *x.shape[axis + 1 :]), np.float32)
    return x

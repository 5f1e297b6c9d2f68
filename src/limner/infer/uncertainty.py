"""How unsure each place of an answer is, as a map beside the labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.image import Grid, resample_array
from limner.infer.decode import Organ, to_uint8

_SLAB = 4e7
"""Voxels of the scan that are held as floats at a time."""


def doubts(fields: Sequence[Organ], target: Grid) -> NDArray[np.uint8]:
    """How unsure a scan's voxels are, of the structure that is least sure there.

    Args:
        fields: what the nets say, each organ on its own grid.
        target: the scan's grid.

    Returns:
        ``(Z, Y, X)`` uint8: 255 × the entropy of "is it there or not" in bits, 0 sure to 255 as likely as not.

    Source: Shannon, Bell Syst. Tech. J. 27:379, 1948, section 6 (the entropy of two possibilities).
    """
    found = np.zeros(target.shape, np.uint8)
    depth, rows, columns = target.shape
    thick = max(1, int(_SLAB // (rows * columns)))
    for start in range(0, depth, thick):
        stop = min(start + thick, depth)
        slab = target.crop((start, 0, 0), (stop - start, rows, columns))
        here = found[start:stop]
        for organ in fields:
            for p in (organ.whole, *organ.parts.values()):
                there = resample_array(np.asarray(p, np.float32), organ.grid, slab)
                np.maximum(here, to_uint8(entropy(there)), out=here)
    return found


def entropy(p: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of something that is there with probability p, in bits.

    >>> entropy(np.array([0.0, 0.5, 1.0], np.float32)).round(3).tolist()
    [0.0, 1.0, 0.0]
    """
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return np.asarray(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)), np.float32)


def path_of(out: Path, name: str, dims: int) -> Path:
    """Where the map of an input goes: a picture for pictures, NIfTI for what has depth."""
    return out / f"{name}.uncertainty{'.png' if dims == 2 else '.nii.gz'}"


def write_map(values: NDArray[np.uint8], path: Path, grid: Grid | None = None) -> Path:
    """Writes a map, 0 to 255 for sure to as likely as not; the file appears whole or not at all.

    Args:
        values: ``(Y, X)`` for a PNG; ``(Z, Y, X)`` for NIfTI, whose header scales it to 0–1.
        path: of the file.
        grid: of the volume; voxels of 1 mm where None.
    """
    from limner import io

    if values.ndim == 2:
        aside = path.with_name(f".{path.stem}.partial.png")
        io.write_picture_labels(values, aside)
        aside.replace(path)
        return path
    shape = (values.shape[0], values.shape[1], values.shape[2])
    io.write_nifti_shares(values, grid or Grid.axial(shape, (1.0, 1.0, 1.0)), path)
    return path


def already(out: Path, names: Sequence[str], dims: int) -> Iterator[str]:
    """Names whose map is there."""
    return (name for name in names if path_of(out, name, dims).exists())

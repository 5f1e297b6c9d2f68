"""Small volumes with a bright ball, as NIfTI in any orientation, and a cohort of them."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np

RADIUS = 3.0


def write_volume(path: Path, axial: np.ndarray, codes: str = "LPS", spacing=(2.0, 1.0, 1.0)) -> Path:
    """Writes an axial array ``(Z, Y, X)`` (spacing along Z, Y, X) with its axes stored as ``codes`` says."""
    plain = nibabel.Nifti1Image(axial.transpose(2, 1, 0), np.diag([-spacing[2], -spacing[1], spacing[0], 1]))
    start = nibabel.orientations.io_orientation(plain.affine)
    turn = nibabel.orientations.ornt_transform(start, nibabel.orientations.axcodes2ornt(codes))
    nibabel.save(plain.as_reoriented(turn), path)
    return path


def ball(shape: tuple[int, int, int], center: tuple[float, ...]) -> np.ndarray:
    """Voxels within :data:`RADIUS` of a voxel, ``(Z, Y, X)``."""
    return sum((axis - c) ** 2 for axis, c in zip(np.indices(shape), center, strict=True)) <= RADIUS**2


def write_balls(folder: Path, count: int = 6) -> Path:
    """Every other volume holds a ball of 100 HU in 0 HU; depths and orientations differ; boxes are in file voxels."""
    folder.mkdir(parents=True, exist_ok=True)
    rng, rows = np.random.default_rng(0), []
    for k in range(count):
        shape = (10 + k % 3, 16, 16)
        center = tuple(int(rng.integers(4, n - 4)) for n in shape)
        inside = ball(shape, center) if k % 2 else np.zeros(shape, bool)
        codes = ("LPS", "RAS", "PSR")[k % 3]
        write_volume(folder / f"v{k}.nii.gz", np.where(inside, 100, 0).astype(np.int16), codes)
        write_volume(folder / f"m{k}.nii.gz", inside.astype(np.uint8), codes)
        stored = np.asarray(nibabel.load(folder / f"m{k}.nii.gz").dataobj)  # (i, j, k) of the file
        found = np.argwhere(stored)
        boxes = [[*found.min(0).tolist(), *(found.max(0) + 1).tolist()]] if len(found) else []
        rows.append(
            {
                "id": f"c{k}",
                "image": f"v{k}.nii.gz",
                "mask": f"m{k}.nii.gz",
                "label": "lesion" if k % 2 else "skin",
                "boxes": boxes,
                "split": ("train", "train", "val", "val", "test", "test")[k % 6],
            }
        )
    (folder / "cohort.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "cohort.jsonl"

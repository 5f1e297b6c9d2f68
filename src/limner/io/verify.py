"""Geometry proves itself: every export is read back from disk and compared, in world millimetres.

A mirrored organ looks healthy. So no writer is believed: what lies on the disk is placed in the world by its own
header, must be where the label map is, and must fit worse when left and right, front and back, or head and foot are
exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from limner.errors import LimnerError, VerificationError
from limner.image import Label, LabelMap, Mesh, Series, reorient, to_axial
from limner.io.check import SAME_MM, Check, compare, judge, same_place, same_side, sides
from limner.io.meshfiles import read_glb, read_stl
from limner.io.nifti import read_nifti_labels
from limner.io.place import Place, moved, place_of_mask, place_of_mesh, places
from limner.io.ragged import border, edge_mm, rounded
from limner.io.reference import dicom_obstacle
from limner.io.seg import read_seg
from limner.io.solid import solid

__all__ = ["Check", "verify_drawing"]

NIFTI, SEG, GLB, MESHES = "labels.nii.gz", "labels.seg.dcm", "scene.glb", "meshes"
FEW_VOXELS = 200
_Read = TypeVar("_Read")


def verify_drawing(folder: Path, labels: LabelMap, meshes: Sequence[Mesh], series: Series | None) -> list[Check]:
    """Reads back ``labels.nii.gz``, ``labels.seg.dcm``, ``scene.glb`` and ``meshes/*.stl`` and compares.

    Args:
        folder: the drawing.
        labels: what was drawn, in memory.
        meshes: what was written to the scene and to STL.
        series: what it was drawn from; where it allows a SEG, the SEG must be there.

    Returns:
        All checks, every one of them passed.

    Raises:
        VerificationError: a file is missing, or lies wrong: names file, label, expected and got in mm, and why.
    """
    folder = Path(folder)
    truth = places(labels)
    checks = _map(NIFTI, labels, truth, _read(folder, NIFTI, lambda path: read_nifti_labels(path, labels.labels)))
    if series is not None and dicom_obstacle(series) is None:
        checks += _map(SEG, labels, truth, _read(folder, SEG, lambda path: read_seg(path, labels.grid)))
    scene = {mesh.id: mesh for mesh in _read(folder, GLB, read_glb)}
    for mesh in meshes:
        if mesh.id not in scene:
            raise VerificationError(f"{GLB} has no mesh {mesh.id!r}; it has {sorted(scene)}. Write the scene again.")
        stl = f"{MESHES}/{mesh.id}.stl"
        place = place_of_mesh(mesh)
        checks += same_place(GLB, mesh.id, place, place_of_mesh(scene[mesh.id]), labels.grid)
        checks += same_place(stl, mesh.id, place, place_of_mesh(_read(folder, stl, read_stl)), labels.grid)
        checks += _fits(scene[mesh.id], mesh.label, labels, truth)
    judge(checks)
    return checks


def _read(folder: Path, name: str, reader: Callable[[Path], _Read]) -> _Read:
    if not (folder / name).is_file():
        raise VerificationError(f"{name} is missing from the drawing: it was not written.")
    try:
        return reader(folder / name)
    except LimnerError as error:
        raise VerificationError(f"{name} cannot be read back: {error}") from error


def _map(file: str, labels: LabelMap, truth: dict[str, Place], read: LabelMap) -> list[Check]:
    """A label map from disk against the one in memory: grid, every voxel, sides, and the place of every label."""
    mine, grid = reorient(labels.array, labels.grid, *to_axial(labels.grid))
    array, there = reorient(read.array, read.grid, *to_axial(read.grid))
    got = LabelMap(_renumbered(array, read.labels, labels), there, labels.labels)
    ends = [one.world([[0, 0, 0], [n - 1 for n in one.shape]]) for one in (grid, there)]
    checks = [compare(file, "grid corners (mm)", ends[0].ravel(), ends[1].ravel(), SAME_MM)]
    checks.append(compare(file, "voxels along Z, Y, X", grid.shape, there.shape, 0.0))
    same = False
    if grid.shape == there.shape:
        differ = sum(int(np.count_nonzero(a != b)) for a, b in zip(mine, got.array, strict=True))
        same = differ == 0
        checks.append(compare(file, "voxels that differ", [0.0], [float(differ)], 0.0))
        thin = (slice(None), slice(1, None, 4), slice(1, None, 4))
        checks += sides(file, "labels", mine[thin], got.array[thin], grid)
    reached = {name: moved(place, grid, there) for name, place in truth.items()} if same else places(got)
    for name, place in truth.items():
        if name in reached:
            checks += same_place(file, name, place, reached[name], grid)
        else:
            checks.append(
                compare(file, f"{name}: volume (ml)", [place.volume_ml], [0.0], 0.0, "The label is not in the file.")
            )
    return checks


def _renumbered(array: NDArray[Any], said: Sequence[Label], labels: LabelMap) -> NDArray[np.unsignedinteger]:
    """Values of a file as our own, by the names of its labels: a SEG numbers its segments from 1."""
    values = {one.name: one.value for one in labels.labels}
    table = np.zeros(int(np.iinfo(array.dtype).max) + 1, dtype=labels.array.dtype)
    for one in said:
        table[one.value] = values.get(one.name, 0)
    if all(values.get(one.name) == one.value for one in said) and array.dtype == table.dtype:
        return array
    return table[array]


def _fits(mesh: Mesh, label: Label, labels: LabelMap, truth: dict[str, Place]) -> list[Check]:
    """What a surface from the scene encloses against the voxels of its label.

    All voxels of the label must be inside; voxels that may be inside (a tumour in the liver, a cavity) may be; no
    other may. Surfaces are smoothed, so the label is rounded at their scale (:mod:`limner.io.ragged`); voxels at its
    border may fall on either side, and so may half as much as was rounded off.
    """
    name = f"{mesh.id} encloses {label.name}"
    if label.name not in truth:
        return [
            Check(
                GLB,
                f"{name}: volume (ml)",
                (0.0,),
                (round(place_of_mesh(mesh).volume_ml, 4),),
                0.0,
                False,
                "No voxel has its label.",
            )
        ]
    grid = labels.grid
    inner = solid(mesh, grid, _box(mesh, label, labels, truth[label.name]))
    there = labels.array[inner.window]
    own = there == label.value
    if label.kind == "lesion":
        own = _touched(own, inner.mask)
    if not own.any() or not inner.mask.any():
        where = place_of_mesh(mesh)
        return [
            compare(
                GLB,
                f"{name}: centroid (mm)",
                truth[label.name].center_mm,
                where.center_mm,
                0.0,
                "It holds no voxel of its label.",
            )
        ]
    allowed = own | (inner.mask & _allowed(own, there, label, labels))
    expected = rounded(allowed, np.array(grid.spacing_mm) * inner.step, edge_mm(mesh))
    voxel_ml = float(np.prod(inner.step)) * grid.voxel_ml
    ragged = 0.5 * float(np.count_nonzero(expected != allowed)) * voxel_ml
    skin = border(expected) * voxel_ml
    mine, theirs = (place_of_mask(one, grid, inner.start, inner.step) for one in (expected, inner.mask))
    size = float(np.linalg.norm(mine.high_mm - mine.low_mm))
    volume_ml = np.count_nonzero(allowed) * voxel_ml
    missed = float(np.count_nonzero(expected != inner.mask)) * voxel_ml
    # Of a few voxels, whole slices fall in or out when the surface is turned back into voxels.
    few = np.count_nonzero(expected) < FEW_VOXELS
    reach = (1.0 if few else 0.5) * max(grid.spacing_mm) + 0.01 * size
    spare = 0.03 * volume_ml + 0.4 * skin + ragged
    # In a plate of one slice, as a hand paints it, few voxel centres lie well within: its place is told by the others.
    share = 0.9 if min(np.ptp(one) for one in np.nonzero(allowed)) == 0 else 0.6
    wrong = f"{name}: volume on the wrong side of its surface (ml)"
    return [
        compare(GLB, f"{name}: centroid (mm)", mine.center_mm, theirs.center_mm, reach),
        compare(GLB, f"{name}: volume (ml)", [volume_ml], [place_of_mesh(mesh).volume_ml], spare),
        compare(GLB, wrong, [0.0], [missed], share * skin + ragged + 4 * grid.voxel_ml),
        same_side(GLB, name, mine, theirs, grid),
        *sides(GLB, name, expected, inner.mask, grid),
    ]


def _box(mesh: Mesh, label: Label, labels: LabelMap, place: Place) -> tuple[slice, ...]:
    """The part of the grid that holds the surface and all voxels of its label; of a lesion, its surroundings.

    A mirrored surface makes this box symmetric about the mirror: so :func:`sides` can turn the box itself.
    """
    corners = [mesh.vertices_mm.min(axis=0), mesh.vertices_mm.max(axis=0)]
    if label.kind != "lesion":
        corners += [place.low_mm, place.high_mm]
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    ends = np.array(np.meshgrid(*zip(low, high, strict=True), indexing="ij")).reshape(3, -1).T
    index = labels.grid.index(ends)
    first = np.clip(np.floor(index.min(axis=0)).astype(int) - 2, 0, np.array(labels.grid.shape) - 1)
    last = np.clip(np.ceil(index.max(axis=0)).astype(int) + 3, first + 1, labels.grid.shape)
    return tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))


def _touched(own: NDArray[np.bool_], inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The connected parts of a lesion label that a surface holds voxels of: each lesion has a surface of its own."""
    from scipy.ndimage import label as connected

    parts, _ = connected(own, structure=np.ones((3, 3, 3)))
    held = np.bincount(parts[inside & own], minlength=2)
    return parts == int(held[1:].argmax()) + 1 if held[1:].any() else np.zeros_like(own)


def _allowed(own: NDArray[np.bool_], there: NDArray[np.generic], label: Label, labels: LabelMap) -> NDArray[np.bool_]:
    """Voxels that may lie inside beside its own: lesions and vessels in an organ, all in the body, cavities."""
    from scipy.ndimage import binary_fill_holes

    others = [one.value for one in labels.labels if one.kind in ("lesion", "vessel") and label.kind == "organ"]
    inner = np.isin(there, others) if others else np.zeros_like(own)
    if label.name == "body":
        inner = there != 0
    return np.stack([binary_fill_holes(slice_) for slice_ in own | inner])

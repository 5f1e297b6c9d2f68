"""Surfaces of a label map: closed, smooth, of the right volume, few triangles, in LPS millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cc3d
import fast_simplification
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.image import LabelMap, Mesh
from limner.scene.field import Field, reduced, shape_field
from limner.scene.nest import lift
from limner.scene.parts import Mask, Part, filled, find_parts

Points = NDArray[np.float64]
Faces = NDArray[np.int32]


@dataclass(frozen=True)
class Detail:
    """How fine the surfaces of a scene are.

    Args:
        triangles: at most about this many in the whole scene (at 180 000 its GLB has some 4.5 MB).
        cells: at most about this many field cells for one structure; a larger one gets a coarser field.
        finest_mm: no field is finer than this.
        speck_ml: parts of a structure under this and under 1 % of it are left out of its surface (not of its volume in
            the findings). Lesions keep every voxel.
    """

    triangles: int = 180_000
    cells: float = 2e6
    finest_mm: float = 0.7
    speck_ml: float = 0.1


@dataclass(frozen=True)
class _Look:
    """Per kind: finest field spacing and smoothing in mm, triangle edge in mm, share of the scene's triangles."""

    target_mm: float
    sigma_mm: float
    edge_mm: float
    most: int


_LOOKS = {
    "lesion": _Look(0.7, 0.8, 1.3, 12_000),
    "vessel": _Look(0.8, 0.7, 1.2, 50_000),
    "organ": _Look(1.2, 1.5, 2.6, 30_000),
    "tissue": _Look(1.3, 0.9, 2.2, 60_000),
}
_BODY = _Look(2.5, 3.0, 7.0, 16_000)


def surfaces(
    labels: LabelMap, detail: Detail | None = None, *, parts: Sequence[Part] | None = None
) -> tuple[Mesh, ...]:
    """One closed mesh for every structure, and one for every lesion.

    An organ's surface goes around the tumours and vessels inside it, and cavities inside a structure are filled. A
    structure that the image cuts off is closed there. Each mesh encloses the volume of its voxels within 1 %.

    Args:
        labels: the label map; any spacing, any orientation, left-handed too.
        detail: how fine.
        parts: of the same map, where they were already found.

    Returns:
        Meshes in LPS mm, faces counter-clockwise seen from outside, in the order of the parts.
    """
    from vtkmodules.vtkCommonCore import vtkSMPTools

    vtkSMPTools.SetBackend("STDThread")
    chosen = detail or Detail()
    there = find_parts(labels) if parts is None else parts
    fine = [_contour(one, chosen) for one in there]
    wanted = _shares(there, fine, chosen.triangles)
    meshes = [_finish(part, shape, count) for part, shape, count in zip(there, fine, wanted, strict=True)]
    lesions = [one for one in meshes if one.label.kind == "lesion"]
    return tuple(_lifted(one, lesions) if one.label.kind == "organ" else one for one in meshes)


def _lifted(organ: Mesh, lesions: Sequence[Mesh]) -> Mesh:
    for one in lesions:
        organ = lift(organ, one)
    return organ


@dataclass(frozen=True, eq=False)
class _Shape:
    """A fine contour in world mm and the volume that it must have."""

    points: Points
    faces: Faces
    volume_mm3: float


def _look(part: Part) -> _Look:
    return _BODY if part.label.name == "body" else _LOOKS[part.label.kind]


def _contour(part: Part, detail: Detail) -> _Shape:
    look = _look(part)
    spacing = part.grid.spacing_mm
    box_mm3 = float(np.prod([(size + 4) * step for size, step in zip(part.mask.shape, spacing, strict=True)]))
    target = max(look.target_mm, detail.finest_mm, (box_mm3 / detail.cells) ** (1 / 3))
    small, factors = reduced(part.mask, spacing, target)
    z, y, x = (step * factor for step, factor in zip(spacing, factors, strict=True))
    cell_ml = part.grid.voxel_ml * int(np.prod(factors))
    solid = small if part.label.kind == "lesion" else _solid(small, part, detail.speck_ml / cell_ml)
    change = int(np.count_nonzero(solid)) - int(np.count_nonzero(small))
    volume = (part.volume_ml + change * cell_ml) * 1000
    # a small thing is not smoothed by more than a third of its radius
    sigma = min(max(look.sigma_mm, 0.6 * target, 0.25 * max(spacing)), 0.33 * (0.75 / np.pi * volume) ** (1 / 3))
    field = shape_field(solid, (z, y, x), target, sigma)
    points, faces = flying_edges(field, field.level_of(volume))
    if not len(faces):  # smoothed away: a thing of a few voxels
        points, faces = flying_edges(shape_field(solid, (z, y, x), min(spacing), 0.0), 0.0)
    world = part.grid.world(points * factors + (np.array(factors) - 1) / 2)
    return _Shape(world, _outward(world, faces), volume)


def _solid(mask: Mask, part: Part, speck: float) -> Mask:
    """The mask without specks (in cells) and without cavities."""
    least = int(min(speck, 0.01 * np.count_nonzero(mask)))
    if least > 1:
        mask = cc3d.dust(mask, threshold=least, connectivity=26)
    if part.label.name == "body":  # bowel gas and an open windpipe make tunnels: the skin is the outer outline
        return np.stack([ndimage.binary_fill_holes(one) for one in mask])
    return mask if part.label.kind == "vessel" else filled(mask)


def flying_edges(field: Field, level: float) -> tuple[Points, Faces]:
    """Points as indices ``(z, y, x)`` of the mask, and faces."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D

    image = vtkImageData()
    image.SetDimensions(*field.values.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(field.values.ravel()))
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, level)
    edges.ComputeNormalsOff()
    edges.ComputeGradientsOff()
    edges.ComputeScalarsOff()
    edges.Update()
    found = edges.GetOutput()
    if not found.GetNumberOfPolys():
        return np.zeros((0, 3)), np.zeros((0, 3), np.int32)
    points = vtk_to_numpy(found.GetPoints().GetData()).astype(np.float64)[:, ::-1]
    faces = vtk_to_numpy(found.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int32)
    return points * field.step + field.start, faces


def _shares(parts: Sequence[Part], shapes: Sequence[_Shape], triangles: int) -> list[int]:
    """Triangles for each: by area and kind, scaled down to the scene's budget, of which lesions take 40 % at most."""
    wanted = [_budget(_look(part), shape) for part, shape in zip(parts, shapes, strict=True)]
    lesions = [part.label.kind == "lesion" for part in parts]
    small = sum(count for count, lesion in zip(wanted, lesions, strict=True) if lesion)
    kept = min(small, int(0.4 * triangles))
    scales = (min(1.0, (triangles - kept) / max(1, sum(wanted) - small)), kept / max(1, small))
    return [int(count * scales[lesion]) for count, lesion in zip(wanted, lesions, strict=True)]


def _budget(look: _Look, shape: _Shape) -> int:
    area = float(np.linalg.norm(_crosses(shape.points, shape.faces), axis=1).sum() / 2)
    return min(look.most, len(shape.faces), max(400, int(area / (0.433 * look.edge_mm**2))))


def _finish(part: Part, shape: _Shape, triangles: int) -> Mesh:
    """Decimate, give back the volume, and name it."""
    points, faces = shape.points, shape.faces
    center = points.mean(axis=0)
    if len(faces) > triangles:
        reduced, kept = fast_simplification.simplify(
            (points - center).astype(np.float32), faces, target_count=max(triangles, 4), agg=5
        )
        if len(kept) and is_closed(kept):
            points, faces = reduced.astype(np.float64) + center, kept.astype(np.int32)
    points = _with_volume(points, faces, shape.volume_mm3)
    return Mesh(points.astype(np.float32), np.ascontiguousarray(faces, dtype=np.int32), part.label, part.id)


def _with_volume(points: Points, faces: Faces, volume_mm3: float) -> Points:
    """Points moved along their normals until the mesh encloses a volume: smoothing and decimation shrink a little."""
    for _ in range(4):
        crosses = _crosses(points, faces)
        missing = volume_mm3 - mesh_volume_mm3(points, faces)
        if abs(missing) < 2e-3 * volume_mm3:
            break
        normals = np.zeros_like(points)
        for corner in range(3):
            np.add.at(normals, faces[:, corner], crosses)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        area = np.linalg.norm(crosses, axis=1).sum() / 2
        points = points + normals * (missing / area)
    return points


def _crosses(points: Points, faces: Faces) -> Points:
    a, b, c = (points[faces[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


def mesh_volume_mm3(points: NDArray[np.floating], faces: Faces) -> float:
    """Signed volume inside closed faces, mm³: positive where they turn outward."""
    centered = np.asarray(points, dtype=np.float64)
    centered = centered - centered.mean(axis=0) if len(centered) else centered
    a, b, c = (centered[faces[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def is_closed(faces: NDArray[np.integer]) -> bool:
    """Whether every directed edge has its opposite: no hole, no flipped face."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    size = int(edges.max()) + 1
    there = np.sort(edges[:, 0] * size + edges[:, 1])
    back = np.sort(edges[:, 1] * size + edges[:, 0])
    return bool(np.array_equal(there, back))


def _outward(points: Points, faces: Faces) -> Faces:
    return faces[:, ::-1] if mesh_volume_mm3(points, faces) < 0 else faces

"""A resection to look at: the cut as a surface that ends at the capsule, and what becomes of the liver's voxels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.image import Label, LabelMap, Mesh
from limner.image.anatomy import concept
from limner.scene.field import Field
from limner.scene.resection.case import Case
from limner.scene.resection.cuts import Cut, segmentwise_of, surfaces_of
from limner.scene.resection.judge import Resection
from limner.scene.resection.sweep import known, taken_at
from limner.scene.surfaces import flying_edges

PAD = 2
SMOOTH = 0.8
"""Of borders between segments, in blocks."""
FAR_MM = 50.0
REMNANT, RESECTED, NO_INFLOW, NO_OUTFLOW, NO_FLOW = 1, 2, 3, 4, 5
_LOOKS = {
    REMNANT: ("remnant", (178, 94, 76)),
    RESECTED: ("resected", (235, 215, 175)),
    NO_INFLOW: ("remnant without inflow", (90, 90, 160)),
    NO_OUTFLOW: ("remnant without outflow", (60, 120, 190)),
    NO_FLOW: ("remnant without flow", (60, 60, 90)),
}


def cut_mesh(cut: Cut, case: Case, value: int = 1, id: str = "resection", *, both_sides: bool = True) -> Mesh:
    """The cut inside the liver, as triangles.

    Unlike other meshes it encloses nothing: it ends at the liver's border. Its front looks at what stays.

    Args:
        cut: any.
        case: the liver.
        value: of its label.
        id: in its scene.
        both_sides: a second skin looks the other way, for viewers that show the fronts of triangles only.

    Returns:
        A mesh in LPS mm; without faces where the cut misses the liver.
    """
    field = _field(cut, case)
    share = np.pad(case.lattice.dense(case.lattice.liver_ml / np.float32(case.lattice.grid.voxel_ml)), PAD)
    inside = ndimage.gaussian_filter(share, 0.5) - np.float32(0.5)
    points, faces = _contour(field)
    if len(faces):
        points, faces = _clipped(points, faces, inside)
    world = case.lattice.grid.world(points - PAD)
    faces = _towards_remnant(points, faces, field, flip=np.linalg.det(case.lattice.grid.affine[:3, :3]) < 0)
    if both_sides:
        world, faces = np.concatenate([world, world]), np.concatenate([faces, faces[:, ::-1] + len(world)])
    label = Label(value, "resection surface", "tissue", concept("resection surface"), (72, 190, 130), 0.8)
    return Mesh(world.astype(np.float32), np.ascontiguousarray(faces, np.int32), label, id)


def regions(resection: Resection, case: Case) -> LabelMap:
    """What becomes of each voxel of the liver, on the grid of the case: 1 stays, 2 is taken out, 3 to 5 lose flow.

    Sides of the cut are told voxel by voxel, flow by blocks.
    """
    lattice = case.lattice
    liver = case.liver
    rows = lattice.full(lattice.number)[liver]
    taken = np.zeros(len(rows), bool)
    surfaces, whole = surfaces_of(resection.cut), segmentwise_of(resection.cut)
    if surfaces:
        index = np.argwhere(liver)
        for start in range(0, len(index), 500_000):
            part = slice(start, start + 500_000)
            taken[part] = taken_at(surfaces, lattice.voxels.world(index[part]).astype(np.float32))
    if whole is not None:
        partition = known(whole, case)
        taken |= partition.chosen(whole.ids)[partition.voxels[liver]]
    lost = np.array([REMNANT, NO_INFLOW, NO_OUTFLOW, NO_FLOW], np.uint8)[(resection.state[rows] >> 1) & 3]
    values = np.zeros(case.grid.shape, np.uint8)
    box = np.zeros(liver.shape, np.uint8)
    box[liver] = np.where(taken, np.uint8(RESECTED), lost)
    values[lattice.box] = box
    labels = tuple(Label(value, name, "organ", concept(name), color) for value, (name, color) in _LOOKS.items())
    return LabelMap(values, case.grid, labels)


def _field(cut: Cut, case: Case) -> NDArray[np.float32]:
    """Signed distance to the cut on the padded lattice, mm, near the liver; positive where liver is taken."""
    lattice = case.lattice
    shape = tuple(size + 2 * PAD for size in lattice.number.shape)
    field = np.full(shape, -FAR_MM, np.float32)
    surfaces, whole = surfaces_of(cut), segmentwise_of(cut)
    if surfaces:
        points = lattice.grid.world(np.argwhere(np.ones(shape, bool)) - PAD).astype(np.float32)
        signed = [one.signed_mm(points) for one in surfaces]
        field = np.maximum.reduce(signed).reshape(shape)
    if whole is not None:
        partition = known(whole, case)
        there = partition.chosen(whole.ids)[partition.filled].astype(np.float32)
        smooth = ndimage.gaussian_filter(np.pad(there, PAD, mode="edge"), SMOOTH, mode="nearest") - np.float32(0.5)
        field = np.maximum(field, smooth * np.float32(2 * SMOOTH * lattice.width_mm()))
    return np.ascontiguousarray(field, np.float32)


def _contour(field: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """The zero level as points ``(z, y, x)`` of the padded lattice, and faces."""
    unit = Field(field, np.zeros(3), np.ones(3), (1.0, 1.0, 1.0))
    return flying_edges(unit, 0.0)


def _clipped(
    points: NDArray[np.float64], faces: NDArray[np.int32], inside: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Triangles cut off where a field is negative."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkFiltersCore import vtkClipPolyData, vtkTriangleFilter

    there = vtkPoints()
    there.SetData(numpy_to_vtk(np.ascontiguousarray(points), deep=True))
    cells = vtkCellArray()
    rows = np.concatenate([np.full((len(faces), 1), 3), faces], axis=1).astype(np.int64)
    cells.SetCells(len(faces), numpy_to_vtkIdTypeArray(rows.ravel(), deep=True))
    poly = vtkPolyData()
    poly.SetPoints(there)
    poly.SetPolys(cells)
    level = ndimage.map_coordinates(inside, points.T, order=1, mode="nearest").astype(np.float64)
    poly.GetPointData().SetScalars(numpy_to_vtk(level, deep=True))
    clip = vtkClipPolyData()
    clip.SetInputData(poly)
    clip.SetValue(0.0)
    triangles = vtkTriangleFilter()
    triangles.SetInputConnection(clip.GetOutputPort())
    triangles.PassLinesOff()
    triangles.PassVertsOff()
    triangles.Update()
    found = triangles.GetOutput()
    if not found.GetNumberOfPolys():
        return np.zeros((0, 3)), np.zeros((0, 3), np.int32)
    kept = vtk_to_numpy(found.GetPoints().GetData()).astype(np.float64)
    return kept, vtk_to_numpy(found.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int32)


def _towards_remnant(
    points: NDArray[np.float64], faces: NDArray[np.int32], field: NDArray[np.float32], *, flip: bool
) -> NDArray[np.int32]:
    """Faces turned so that their normals point down the field, where liver stays."""
    if not len(faces):
        return faces
    a, b, c = (points[faces[:, k]] for k in range(3))
    middle = ((a + b + c) / 3).T
    slope = np.stack(
        [ndimage.map_coordinates(one, middle, order=1, mode="nearest") for one in np.gradient(field)], axis=1
    )
    up = (np.cross(b - a, c - a) * slope).sum(axis=1) > 0
    # a turn of the index frame that mirrors turns the sense of every face
    return np.where((up != flip)[:, None], faces[:, ::-1], faces)

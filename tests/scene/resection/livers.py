"""Livers of ellipsoids, with tumours, trees and segments whose truth is known by geometry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from limner.image import Grid
from limner.scene.resection import Tree

AXIAL = np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]])
OBLIQUE = Rotation.from_euler("xyz", [20, -15, 35], degrees=True).as_matrix() @ AXIAL


@dataclass(frozen=True, eq=False)
class Liver:
    """Masks on a grid, and the centres of voxels."""

    liver: np.ndarray
    tumor: np.ndarray
    grid: Grid

    @property
    def points_mm(self) -> np.ndarray:
        return self.grid.world(np.moveaxis(np.indices(self.grid.shape), 0, -1))

    def ml(self, mask: np.ndarray) -> float:
        return float(np.count_nonzero(mask) * self.grid.voxel_ml)


def grid_around(radii: tuple[float, float, float], spacing: tuple[float, float, float], direction: np.ndarray) -> Grid:
    """A grid with its middle at the world's origin that holds a ball of the largest radius."""
    shape = [int(2 * (max(radii) + 4) / one) + 1 for one in spacing]
    affine = np.eye(4)
    affine[:3, :3] = direction * spacing
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid((shape[0], shape[1], shape[2]), affine)


def ellipsoid(
    radii: tuple[float, float, float],
    tumors: list[tuple[tuple[float, float, float], float]],
    spacing: tuple[float, float, float] = (1.5, 1.0, 1.0),
    direction: np.ndarray = AXIAL,
) -> Liver:
    """A liver of radii along x, y, z in mm around the origin, with balls of tumours (centre, radius) in it."""
    grid = grid_around(radii, spacing, direction)
    points = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    liver = ((points / radii) ** 2).sum(axis=-1) <= 1
    tumor = np.zeros_like(liver)
    for center, radius in tumors:
        tumor |= ((points - center) ** 2).sum(axis=-1) <= radius**2
    return Liver(liver, tumor & liver, grid)


def fork(one: Liver, kind: str = "portal") -> Tree:
    """A trunk (1) that comes from below and forks at the origin into a branch to the left (2) and one to the right (3).

    The left branch forks once more, halfway out, into one to the front (4) and one to the back (5). Territories: each
    voxel belongs to its side; on the left, beyond the second fork, to the front or to the back.
    """
    x, y, _ = np.moveaxis(one.points_mm, -1, 0)
    territory = np.where(x < 0, 3, np.where(x < 20, 2, np.where(y < 0, 4, 5))).astype(np.int32)
    lines = {
        1: ((0, 0, -60), (0, 0, 0)),
        2: ((0, 0, 0), (20, 0, 0)),
        3: ((0, 0, 0), (-40, 0, 0)),
        4: ((20, 0, 0), (36, -20, 0)),
        5: ((20, 0, 0), (36, 20, 0)),
    }
    points = {name: np.linspace(start, end, 41) for name, (start, end) in lines.items()}
    radii = {1: 6.0, 2: 4.0, 3: 4.0, 4: 2.0, 5: 2.0}
    return Tree(
        kind=kind,  # type: ignore[arg-type]
        territory=np.where(one.liver, territory, 0),
        parents={1: 0, 2: 1, 3: 1, 4: 2, 5: 2},
        points_mm=points,
        radii_mm={name: np.full(41, radius) for name, radius in radii.items()},
    )


def octants(one: Liver) -> np.ndarray:
    """Eight segments, 1 to 8 by the signs of x, y, z."""
    x, y, z = np.moveaxis(one.points_mm, -1, 0)
    return np.where(one.liver, 1 + (x > 0) + 2 * (y > 0) + 4 * (z > 0), 0).astype(np.uint8)


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, float)
    return vector / np.linalg.norm(vector)

"""Outer surfaces keep off inner ones."""

from __future__ import annotations

import numpy as np
import trimesh

from limner.image import Mesh
from limner.image.anatomy import label as known
from limner.scene.nest import GAP_MM, lift


def ball(center: tuple[float, float, float], radius: float, name: str) -> Mesh:
    solid = trimesh.creation.icosphere(subdivisions=4, radius=radius)
    points = (solid.vertices + center).astype(np.float32)
    return Mesh(points, np.asarray(solid.faces, np.int32), known(name, 1), name)


def test_a_tumor_that_bulges_out_is_covered_and_nothing_else_moves() -> None:
    liver, tumor = ball((0, 0, 0), 40, "liver"), ball((0, 0, 30.8), 10, "liver tumor")
    lifted = lift(liver, tumor)
    solid = trimesh.Trimesh(lifted.vertices_mm, lifted.faces, process=False)
    heights = np.linalg.norm(lifted.vertices_mm - [0, 0, 30.8], axis=1) - 10
    assert (np.linalg.norm(liver.vertices_mm - [0, 0, 30.8], axis=1) - 10).min() < 0  # it did bulge out
    assert heights.min() > 0.5 * GAP_MM
    assert solid.is_watertight
    far = np.linalg.norm(liver.vertices_mm - [0, 0, 30.8], axis=1) > 15
    assert np.array_equal(lifted.vertices_mm[far], liver.vertices_mm[far])


def test_a_tumor_deep_inside_changes_nothing() -> None:
    liver = ball((0, 0, 0), 40, "liver")
    assert lift(liver, ball((5, 0, 0), 10, "liver tumor")) is liver

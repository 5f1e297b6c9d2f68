"""Planes at any angle: known values, and the way from the world to a pixel and back."""

from __future__ import annotations

import numpy as np
import pytest

from limner.image import Grid
from limner.image.oblique import Oblique, cut


@pytest.fixture
def grid() -> Grid:
    return Grid.axial((40, 50, 60), (2.0, 1.5, 1.0), (-30.0, -35.0, -40.0))


def test_a_linear_volume_is_linear_in_every_plane(grid: Grid) -> None:
    """Linear interpolation is exact on a volume that is linear in the world."""
    slope = np.array([0.7, -1.3, 2.1])
    world = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    plane = Oblique.along((-10, -20, 5), (12, 14, -8), (1, 0, 0), (31, 21), 0.8)
    found = cut(world @ slope, grid, plane)
    np.testing.assert_allclose(found, plane.points_mm() @ slope, atol=1e-9)


def test_points_fall_where_their_pixels_are(grid: Grid) -> None:
    plane = Oblique.along((-10, -20, 5), (12, 14, -8), (0, 0, 1), (31, 21), 0.8)
    rows, columns = np.indices(plane.shape)
    np.testing.assert_allclose(plane.pixel(plane.points_mm()), np.stack([rows, columns], -1), atol=1e-9)


def test_the_line_runs_down_through_the_middle(grid: Grid) -> None:
    plane = Oblique.along((0, -30, 0), (0, 10, 0), (1, 0, 0), (81, 41), 1.0)
    np.testing.assert_allclose(plane.pixel([[0, -30, 0], [0, 10, 0]]), [[20, 20], [60, 20]])


def test_past_the_volume_stands_what_was_asked_for(grid: Grid) -> None:
    plane = Oblique.along((0, -300, 0), (0, -260, 0), (1, 0, 0), (5, 5), 1.0)
    assert (cut(np.ones(grid.shape), grid, plane, outside=-1000.0) == -1000).all()


@pytest.mark.parametrize(("stop", "across"), [((0, 0, 0), (1, 0, 0)), ((0, 5, 0), (0, 1, 0))])
def test_no_plane_without_two_directions(stop: tuple[int, ...], across: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="line"):
        Oblique.along((0, 0, 0), stop, across, (5, 5), 1.0)

"""The lesion as surfaces that grow: of each of a few days, where half of the futures show tumour, and where few do."""

from __future__ import annotations

from collections.abc import Iterator

import fast_simplification
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.forecast.run import Run
from limner.image import Label, Mesh
from limner.image.anatomy import concept
from limner.scene.field import Field
from limner.scene.surfaces import flying_edges, mesh_volume_mm3

FRAMES = 13
SHARES = (0.1, 0.5, 0.9)
"""Of the futures: the outermost surface holds what a tenth of them reach, the innermost what nearly all do."""
TRIANGLES = 1000
SMOOTH_CELLS = 0.6
PAD = 2
COLORS = {0.1: (224, 160, 48), 0.5: (206, 84, 62), 0.9: (150, 40, 60)}


def surfaces_over_time(run: Run) -> tuple[Mesh, ...]:
    """Closed surfaces in LPS mm, named ``day-D share-S`` (days whole, shares in per cent), by day.

    Between the days that were computed the shares are interpolated.
    """
    found: list[Mesh] = []
    for day, share in _frames(run):
        for level in SHARES:
            mesh = _surface(run, share, level, f"day-{day:g} share-{round(100 * level)}")
            if mesh is not None:
                found.append(mesh)
    return tuple(found)


def _frames(run: Run) -> Iterator[tuple[float, NDArray[np.float32]]]:
    days, maps = run.coming.days, run.coming.probability
    for day in sorted({float(round(one)) for one in np.linspace(days[0], days[-1], FRAMES)}):
        after = min(int(np.searchsorted(days, day)), len(days) - 1)
        before = max(0, after - 1)
        gap = days[after] - days[before]
        part = np.float32((day - days[before]) / gap if gap else 0)
        yield day, maps[before] * (1 - part) + maps[after] * part


def _surface(run: Run, share: NDArray[np.float32], level: float, id: str) -> Mesh | None:
    soft = ndimage.gaussian_filter(np.pad(share, PAD), SMOOTH_CELLS, truncate=2.5)
    grid = run.site.grid
    points, faces = flying_edges(Field(soft, np.full(3, -float(PAD)), np.ones(3), grid.spacing_mm), level)
    if not len(faces):
        return None
    world = grid.world(points)
    center = world.mean(axis=0)
    near = (world - center).astype(np.float32)
    if len(faces) > TRIANGLES:
        near, faces = fast_simplification.simplify(near, faces, target_count=TRIANGLES, agg=4)
    faces = faces if mesh_volume_mm3(near, faces) > 0 else faces[:, ::-1]
    name = f"simulated {run.scene.finding.name}"
    label = Label(1, name, "lesion", concept(run.scene.finding.name), COLORS[level], 1.0)
    return Mesh((near + center).astype(np.float32), np.ascontiguousarray(faces, np.int32), label, id)

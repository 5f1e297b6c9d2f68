"""The scene of a plan: the drawing's surfaces, a rod for each needle, and the cut of the best resection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from limner.findings import NeedlePath
from limner.image import Label, Mesh
from limner.image.anatomy import concept
from limner.io import Drawn, read_glb
from limner.scene import surfaces

RADIUS_MM = 1.1
OUTSIDE_MM = 45.0
"""How far a needle is shown before it enters."""
_BEST, _OTHER, _DOUBT = (42, 157, 111), (86, 140, 196), (224, 160, 48)
CUT_VALUE, _FIRST = 199, 200
"""Label values of what is proposed start here; no drawing has so many structures."""


def surfaces_of(drawn: Drawn) -> tuple[Mesh, ...]:
    """The drawing's own scene, or surfaces made of its labels where it has none."""
    path = drawn.file("scene")
    return read_glb(path) if path else surfaces(drawn.labels)


def needle_meshes(paths: Sequence[NeedlePath]) -> tuple[Mesh, ...]:
    """A rod for each path, from outside the body to the tip; the best is green, what is safe only at the mean amber."""
    return tuple(_rod(number, one) for number, one in enumerate(paths))


def _rod(number: int, path: NeedlePath) -> Mesh:
    import trimesh

    entry, target = np.array(path.entry_mm), np.array(path.target_mm)
    outward = (entry - target) / max(float(np.linalg.norm(entry - target)), 1e-9)
    ends = np.stack([target, entry + OUTSIDE_MM * outward])
    rod = trimesh.creation.cylinder(radius=RADIUS_MM, segment=ends, sections=20)
    color = _DOUBT if path.safe_only_at_mean else _BEST if number == 0 else _OTHER
    name = f"needle {path.id}"
    label = Label(_FIRST + number, name, "tissue", concept(name), color, 1.0)
    return Mesh(rod.vertices.astype(np.float32), rod.faces.astype(np.int32), label, path.id)

"""Verbs on a label map: its parts, their surfaces and measures, and a picture of them.

Here lives geometry from voxels to triangles and millimetres, and VTK's one door. No files but the picture, no models.
"""

from limner.scene.measure import measure
from limner.scene.parts import Part, find_parts
from limner.scene.picture import render_png
from limner.scene.surfaces import Detail, surfaces

__all__ = ["Detail", "Part", "find_parts", "measure", "render_png", "surfaces"]

"""Nouns: grids, images, label maps, meshes, studies, and how they are resampled and turned.

Here live values with a place in the world, ``(Z, Y, X)`` in LPS millimetres. No files, no models, no pages.
"""

from limner.image.blocks import blocks_as_slices, fine_grid, slices_as_blocks
from limner.image.grid import Grid
from limner.image.mr import MRFacts
from limner.image.orient import reorient, reorient_grid, to_axial
from limner.image.picture import Fit, Picture, fit_picture
from limner.image.resample import resample, resample_array, resample_labels
from limner.image.study import Problem, Series, Study
from limner.image.thick import degrade, repeat, thick_grid, thin_grid
from limner.image.turn import Turn
from limner.image.volume import Code, Image, Label, LabelMap, Mesh

__all__ = [
    "Code",
    "Fit",
    "Grid",
    "Image",
    "Label",
    "LabelMap",
    "MRFacts",
    "Mesh",
    "Picture",
    "Problem",
    "Series",
    "Study",
    "Turn",
    "blocks_as_slices",
    "degrade",
    "fine_grid",
    "fit_picture",
    "reorient",
    "reorient_grid",
    "repeat",
    "resample",
    "resample_array",
    "resample_labels",
    "slices_as_blocks",
    "thick_grid",
    "thin_grid",
    "to_axial",
]

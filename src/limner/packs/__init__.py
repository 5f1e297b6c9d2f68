"""Model packs: what training writes and inference reads. The shipped ones lie here, a folder each.

A pack's folder holds weights and words, never code; this room holds only the nouns that read and check it.
"""

from limner.packs.decode import Decode
from limner.packs.pack import (
    Calibration,
    DirectionSpec,
    GeneratorSpec,
    InputSpec,
    LocatorSpec,
    Net,
    NetSpec,
    Pack,
    PackSpec,
    PictureSpec,
    ShapeSpec,
    TrainingRow,
    list_packs,
    load_pack,
)
from limner.packs.slices import SlicesSpec

__all__ = [
    "Calibration",
    "Decode",
    "DirectionSpec",
    "GeneratorSpec",
    "InputSpec",
    "LocatorSpec",
    "Net",
    "NetSpec",
    "Pack",
    "PackSpec",
    "PictureSpec",
    "ShapeSpec",
    "SlicesSpec",
    "TrainingRow",
    "list_packs",
    "load_pack",
]

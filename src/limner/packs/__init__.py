"""Model packs: what training writes and inference reads. The shipped ones lie here, a folder each.

A pack's folder holds weights and words, never code; this room holds only the nouns that read and check it.
"""

from limner.packs.decode import Decode
from limner.packs.inputs import InputSpec, PictureSpec
from limner.packs.made import DirectionSpec, GeneratorSpec, ShapeSpec, TranslatorSpec
from limner.packs.net import Net
from limner.packs.pack import Pack
from limner.packs.shelf import list_packs, load_pack, shipped_pack
from limner.packs.slices import SlicesSpec
from limner.packs.spec import Calibration, LocatorSpec, NetSpec, PackSpec, TrainingRow
from limner.packs.weakness import Weakness, weaknesses

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
    "TranslatorSpec",
    "Weakness",
    "list_packs",
    "load_pack",
    "shipped_pack",
    "weaknesses",
]

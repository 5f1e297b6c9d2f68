"""Pictures and volumes of nobody: from seeds, classes and label maps, along the way from one picture to another.

No torch is needed, only an engine; each picture that leaves here is marked as synthetic.
"""

from __future__ import annotations

from limner.infer.generate.generator import Generator, Latent, open_generator
from limner.infer.generate.inversion import invert
from limner.infer.generate.make import generate
from limner.infer.generate.principal import Principal, principal_directions
from limner.infer.generate.studio import Studio, Wish
from limner.infer.generate.workflow import Generated, GenerateOptions, generate_pictures

__all__ = [
    "GenerateOptions",
    "Generated",
    "Generator",
    "Latent",
    "Principal",
    "Studio",
    "Wish",
    "generate",
    "generate_pictures",
    "invert",
    "open_generator",
    "principal_directions",
]

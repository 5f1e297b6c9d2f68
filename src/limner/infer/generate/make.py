"""One door to pictures and volumes of nobody."""

from __future__ import annotations

from pathlib import Path

from limner.infer.generate.generator import Generator
from limner.infer.generate.volumes import generate_volumes
from limner.infer.generate.workflow import Generated, GenerateOptions, Progress, generate_pictures
from limner.packs import PictureSpec


def generate(
    generator: Generator, out: Path, options: GenerateOptions, *, force: bool = False, progress: Progress | None = None
) -> Generated:
    """Makes pictures (:func:`generate_pictures`) or volumes (:func:`generate_volumes`), as the pack does."""
    make = generate_pictures if isinstance(generator.pack.spec.input, PictureSpec) else generate_volumes
    return make(generator, out, options, force=force, progress=progress)

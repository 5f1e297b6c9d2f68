"""Real pictures as latents: what the generator would make them from."""

from __future__ import annotations

import numpy as np

from limner.data.fitted import fit_for
from limner.errors import PackError
from limner.image import Picture
from limner.infer.engines import open_engine
from limner.infer.generate.generator import Generator, Latent


def invert(generator: Generator, picture: Picture) -> Latent:
    """The latent from which the generator makes a picture again, as far as it can.

    Args:
        generator: see :func:`limner.infer.generate.open_generator`.
        picture: fitted to the generator's size here.

    Raises:
        PackError: the pack has no encoder.
    """
    pack, known = generator.pack, generator.known
    if not known.encoder:
        raise PackError(
            f"Pack {pack.name!r} makes pictures from seeds, and has no encoder that would find a given picture among "
            "them. Give seeds, or a pack with encoder.onnx: those whose recipe has net: vae."
        )
    image = fit_for(picture, generator.picture)[0].astype(np.float32) / 127.5 - 1
    _, encoder = open_engine(generator.engine, pack.part("encoder", "encoder.onnx", ("style",)))
    style = encoder.run({"image": image[None]})["style"][0]
    noise = np.zeros(known.noises, np.float32)
    return Latent(np.repeat(style[None], known.layers, 0), noise, generator.made_from.of_style(style))

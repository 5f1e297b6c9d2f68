"""Real pictures as latents: what the generator would make them from."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from limner.data.fitted import fit_for
from limner.errors import MissingExtraError
from limner.image import Picture
from limner.infer.engines import open_engine
from limner.infer.generate.generator import Generator, Latent


def invert(generator: Generator, picture: Picture) -> Latent:
    """The latent from which the generator makes a picture again, as far as it can.

    Args:
        generator: see :func:`limner.infer.generate.open_generator`.
        picture: fitted to the generator's size here.

    An autoencoder is asked once, on any engine; StyleGAN2 is searched, which needs torch and takes a while.

    Raises:
        MissingExtraError: StyleGAN2 is to be searched, and torch is not there.
    """
    pack, known = generator.pack, generator.known
    image = fit_for(picture, generator.picture)[0].astype(np.float32) / 127.5 - 1
    if not known.encoder:
        if not find_spec("torch"):
            raise MissingExtraError("torch", "train", f"Searching a given picture among those of pack {pack.name!r}")
        from limner.infer.generate.project import project

        return project(generator, image * 0.5 + 0.5).latent
    _, encoder = open_engine(generator.engine, pack.part("encoder", "encoder.onnx", ("style",)))
    style = encoder.run({"image": image[None]})["style"][0]
    noise = np.zeros(known.noises, np.float32)
    return Latent(np.repeat(style[None], known.layers, 0), noise, generator.made_from.of_style(style))

"""A pack that reads all sequences says how good one of them is that was made: by what it sees, and what it draws."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from limner.errors import MissingExtraError, PackError
from limner.image import Picture, fit_picture
from limner.infer.engines import Engine
from limner.infer.masks import MaskDrawer, open_mask_drawer
from limner.packs import Pack, TranslatorSpec

Float = NDArray[np.float32]


class Judge:
    """A segmentation pack on slices, shown slices of which one channel was made.

    Args:
        drawer: the pack's outlines, on any engine.
        sight: an engine whose outputs are feature maps.
        modules: their names, finest first.
        places: of the pack's channels among those of the slices.
        wanted: the channel that is made, among those of the slices.
    """

    def __init__(self, drawer: MaskDrawer, sight: Engine, modules: list[str], places: list[int], wanted: int) -> None:
        self.drawer, self._sight, self._modules = drawer, sight, modules
        self._places, self._wanted = places, wanted

    def shown(self, image: NDArray[np.uint8], values: Float) -> NDArray[np.uint8]:
        """A slice ``(all channels, Y, X)`` with other values ``(Y, X)`` in 0-255 of its wanted channel, as judged."""
        found = image.copy()
        found[self._wanted] = np.clip(values + 0.5, 0, 255).astype(np.uint8)
        return np.ascontiguousarray(found[self._places])

    def features(self, picture: NDArray[np.uint8]) -> list[Float]:
        """Feature maps ``(1, C, y, x)`` of what :meth:`shown` gives, finest first."""
        x = fit_picture(picture, self.drawer.pack.main.picture.size)[0][None].astype(np.float32) / 255.0
        found = self._sight.run({"image": x})
        return [found[name] for name in self._modules]

    def outline(self, picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Where it draws something ``(Y, X)``."""
        return np.asarray(self.drawer(Picture(picture)).labels > 0)


def open_judge(pack: Pack, known: TranslatorSpec, engine: str) -> Judge:
    """The judge of a translator.

    Args:
        pack: a U-Net on pictures with named channels, the wanted one among them.
        known: channels of the slices, and which is made.
        engine: for what it draws; its features are torch's.

    Raises:
        PackError: the pack does not read these channels, or is no U-Net. MissingExtraError: torch is not installed.
    """
    spec, build, names = pack.main.picture, pack.spec.net, known.channel_names
    if set(spec.channel_names) - set(names) or known.wanted not in spec.channel_names:
        raise PackError(f"Judge {pack.name!r} reads {spec.channel_names}; the pictures have {names}.")
    if build is None or build.name not in ("unet", "cbam-unet"):
        raise PackError(f"Judge {pack.name!r} is no U-Net, whose features could judge.")
    if not find_spec("torch"):
        raise MissingExtraError("torch", "train", "The perceptual distance, in features of the judge,")
    from limner.infer.engines.torch import Activations

    modules = [f"encoders.{k}" for k in range(len(build.options.get("channels", range(5))))]
    places = [names.index(one) for one in spec.channel_names]
    sight = Activations(pack.main, modules)
    return Judge(open_mask_drawer(pack, engine), sight, modules, places, names.index(known.wanted))

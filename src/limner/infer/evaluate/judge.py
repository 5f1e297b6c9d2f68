"""A pack that reads all sequences says how good one of them is that was made: by what it sees, and what it draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.errors import PackError
from limner.image import Picture
from limner.infer.features import Features, layers
from limner.infer.masks import MaskDrawer, open_mask_drawer
from limner.packs import Pack, TranslatorSpec

Float = NDArray[np.float32]


class Judge:
    """A segmentation pack on slices, shown slices of which one channel was made.

    Args:
        drawer: the pack's outlines.
        sight: what it sees, by layer.
        places: of the pack's channels among those of the slices.
        wanted: the channel that is made, among those of the slices.
    """

    def __init__(self, drawer: MaskDrawer, sight: Features, places: list[int], wanted: int) -> None:
        self.drawer, self._sight = drawer, sight
        self._places, self._wanted = places, wanted

    def shown(self, image: NDArray[np.uint8], values: Float) -> NDArray[np.uint8]:
        """A slice ``(all channels, Y, X)`` with other values ``(Y, X)`` in 0-255 of its wanted channel, as judged."""
        found = image.copy()
        found[self._wanted] = np.clip(values + 0.5, 0, 255).astype(np.uint8)
        return np.ascontiguousarray(found[self._places])

    def features(self, picture: NDArray[np.uint8]) -> list[Float]:
        """Feature maps ``(1, C, y, x)`` of what :meth:`shown` gives, of every stage."""
        return self._sight.maps(picture[None])

    def outline(self, picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Where it draws something ``(Y, X)``."""
        return np.asarray(self.drawer(Picture(picture)).labels > 0)


def open_judge(pack: Pack, known: TranslatorSpec, engine: str) -> Judge:
    """The judge of a translator.

    Args:
        pack: on pictures with named channels, the wanted one among them.
        known: channels of the slices, and which is made.
        engine: for what it draws and sees; features need ``openvino`` or ``onnxruntime``.

    Raises:
        PackError: the pack does not read these channels, or has no stages that are named.
    """
    spec, names = pack.main.picture, known.channel_names
    if set(spec.channel_names) - set(names) or known.wanted not in spec.channel_names:
        raise PackError(f"Judge {pack.name!r} reads {spec.channel_names}; the pictures have {names}.")
    places = [names.index(one) for one in spec.channel_names]
    sight = Features(pack, layers(pack), "auto" if engine == "torch" else engine)
    return Judge(open_mask_drawer(pack, engine), sight, places, names.index(known.wanted))

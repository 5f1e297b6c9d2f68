"""What a shipped net of ours sees in an image: features for measures of realism and of likeness.

Measures on these features are named after them ("Fréchet distance in the features of skin-lesion 0.2.0, layer
features.7"), never "FID" or "LPIPS": those names belong to other nets. The net learned from real images of the kind,
and did not learn to tell made ones; where it learned from the very images that are compared, say so.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from limner.data.fitted import fit_for
from limner.errors import PackError
from limner.image import Picture
from limner.infer.engines import open_engine
from limner.infer.engines.layers import stages
from limner.packs import Pack


class Features:
    """The encoder of a pack on pictures, on any engine but torch.

    Args:
        pack: of pictures, as *skin-lesion*, *brain-glioma-mri*, *lidc-nodule*.
        layers: names of stages, see :func:`layers`; the deepest where none is given.
        engine: ``auto``, ``openvino`` (fastest: nothing past the layers is computed) or ``onnxruntime``.

    Raises:
        PackError: a pack on scans, or one without such stages; an unknown layer, with those there are.
    """

    def __init__(self, pack: Pack, layers: Sequence[str] = (), engine: str = "auto") -> None:
        self.pack, spec = pack, pack.main.picture
        known = stages(pack.main.model)
        if not known:
            raise PackError(f"Pack {pack.name!r} has no encoder whose stages are named: choose another for features.")
        self.layers = tuple(layers) or (list(known)[-1],)
        for name in self.layers:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise PackError(f"Pack {pack.name!r} has no layer {name!r}; it has {', '.join(known)}.{hint}")
        self._values = tuple(known[name] for name in self.layers)
        self._spec = spec
        self.engine, self._engine = open_engine(engine, replace(pack.main, inner=self._values))

    @property
    def size(self) -> tuple[int, ...]:
        """Pixels along each side at which the net looks: images of this size are seen as they are."""
        return self._spec.size

    @property
    def name(self) -> str:
        """What stands beside every figure that was made with them."""
        several = "layers" if len(self.layers) > 1 else "layer"
        return f"features of {self.pack.name} {self.pack.version}, {several} {', '.join(self.layers)}"

    def features(
        self, images: NDArray[np.uint8], *, batch: int = 16, progress: Callable[[str, float], None] | None = None
    ) -> NDArray[np.float32]:
        """Mean of each channel over space, of all layers side by side: ``(N, D)``.

        Args:
            images: ``(N, C, *space)`` of any size, in grey (seen as equal channels) or in the pack's channels.
            batch: at a time.
            progress: is told the share that is done.
        """
        rows = []
        for start in range(0, len(images), batch):
            if progress:
                progress("features", start / len(images))
            found = self.maps(images[start : start + batch])
            rows.append(np.concatenate([one.mean(tuple(range(2, one.ndim))) for one in found], axis=1))
        return np.concatenate(rows)

    def maps(self, images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """The layers' activations, ``(N, C, *smaller)`` each, of one batch: for ``perceptual_distance``."""
        fitted = np.stack([fit_for(Picture(one), self._spec)[0] for one in images])
        found = self._engine.run({"image": fitted.astype(np.float32) / 255.0})
        return [found[value] for value in self._values]


def layers(pack: Pack) -> tuple[str, ...]:
    """The stages whose activations can be had, from the finest to the deepest."""
    return tuple(stages(pack.main.model))

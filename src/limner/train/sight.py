"""What a shipped pack sees in slices of MR, while another net is trained: the judge of its checks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from limner import nets
from limner.errors import RecipeError
from limner.image import fit_picture
from limner.nets.features import activations
from limner.packs import Pack
from limner.tasks.fidelity import perceptual_distance

STAGES = "encoders"
"""Of a U-Net: what it sees before it answers."""


class Sight:
    """Features of slices, and how far those of a made slice lie from the truth's.

    Args:
        pack: a U-Net on pictures with named channels.
        names: channels of the slices that it is shown.
        wanted: the one of them that is made.

    Raises:
        RecipeError: the pack does not read these channels, or is no U-Net.
    """

    def __init__(self, pack: Pack, names: Sequence[str], wanted: str) -> None:
        spec, build = pack.main.picture, pack.spec.net
        if not spec.channel_names or set(spec.channel_names) - set(names) or wanted not in spec.channel_names:
            raise RecipeError(
                f"data.judge {pack.name!r} reads the channels {', '.join(spec.channel_names) or 'without names'}; a "
                f"pack on {wanted} with others of {', '.join(names)} is expected. Without one: data.judge=null."
            )
        if build is None or build.name not in ("unet", "cbam-unet"):
            raise RecipeError(f"data.judge {pack.name!r} is no U-Net, whose features could judge: data.judge=null.")
        self.net = nets.load(build.name, spec.channels, len(pack.spec.classes), pack.main.weights, **build.options)
        self.modules = [f"{STAGES}.{k}" for k in range(len(getattr(self.net, STAGES)))]
        self.size = spec.size
        self.places = [list(names).index(one) for one in spec.channel_names]
        self.wanted = list(names).index(wanted)

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def features(self, image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Feature maps ``(1, C, y, x)``, finest first, of a slice ``(all channels, Y, X)``."""
        x = fit_picture(np.ascontiguousarray(image[self.places]), self.size)[0][None].astype(np.float32) / 255.0
        with torch.autocast("cpu", torch.bfloat16):
            found = activations(self.net, torch.from_numpy(x), self.modules)
        return [one.float().numpy() for one in found]

    def distance(self, made: NDArray[np.float32], image: NDArray[np.uint8], truth: list[NDArray[np.float32]]) -> float:
        """How far a slice with its wanted channel made ``(Y, X)`` in 0–255 lies from what is seen in the true one."""
        shown = image.copy()
        shown[self.wanted] = np.clip(made + 0.5, 0, 255).astype(np.uint8)
        return float(perceptual_distance(self.features(shown), truth)[0])
